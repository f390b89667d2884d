//! The sandbox's conventions: who is called `Consider`, and what a check's request itself orders. An order of whoever runs the test comes before them.

use kycsim_scenarios::vendor::{Outcome, Reason};
use serde::{Deserialize, Serialize};

use super::breakdown::{Finding, Leaf};
use super::report_kinds::{Family, ReportKind};

/// What one convention orders.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Convention {
    /// Which reports are `consider`, by their places in the check.
    reports: Vec<usize>,
    /// What the document report is, more exactly.
    sub_result: SubResult,
    /// The place in [`TITLES`] of the one leaf that fails.
    title: Option<usize>,
}

/// What a document report may be made to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SubResult {
    Clear,
    Caution,
    Suspected,
    Rejected,
}

impl SubResult {
    const ALL: [Self; 4] = [Self::Clear, Self::Caution, Self::Suspected, Self::Rejected];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Caution => "caution",
            Self::Suspected => "suspected",
            Self::Rejected => "rejected",
        }
    }

    pub(super) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == word)
    }

    /// What the core makes of a document that is so, and the leaf that fails unless the convention names one.
    const fn means(self) -> (Outcome, Reason, Leaf) {
        match self {
            Self::Clear => (Outcome::Declined, Reason::LowConfidence, document("image_integrity", "conclusive_document_quality")),
            Self::Caution => (Outcome::Review, Reason::DocumentExpired, document("data_validation", "document_expiration")),
            Self::Suspected => (Outcome::Declined, Reason::DocumentForged, document("visual_authenticity", "fonts")),
            Self::Rejected => (Outcome::Resubmission, Reason::ImageBlurred, document("image_integrity", "image_quality")),
        }
    }
}

const fn document(branch: &'static str, leaf: &'static str) -> Leaf {
    Leaf { family: Family::Document, branch, leaf, property: None }
}

const fn face(branch: &'static str, leaf: &'static str) -> Leaf {
    Leaf { family: Family::Facial, branch, leaf, property: None }
}

/// The first names that let one leaf fail, with the last name `Consider`; what the core makes of it.
const TITLES: &[(&str, Leaf, SubResult, Reason)] = &[
    (
        "Image Integrity - Supported Document",
        document("image_integrity", "supported_document"),
        SubResult::Rejected,
        Reason::UnsupportedDocument,
    ),
    ("Image Integrity - Image Quality", document("image_integrity", "image_quality"), SubResult::Rejected, Reason::ImageBlurred),
    ("Visual Authenticity - Fonts", document("visual_authenticity", "fonts"), SubResult::Suspected, Reason::DocumentForged),
    (
        "Visual Authenticity - Security Features",
        document("visual_authenticity", "security_features"),
        SubResult::Suspected,
        Reason::DocumentForged,
    ),
    (
        "Visual Authenticity - Face Detection",
        document("visual_authenticity", "face_detection"),
        SubResult::Suspected,
        Reason::DocumentForged,
    ),
    ("Data Validation - Document Numbers", document("data_validation", "document_numbers"), SubResult::Caution, Reason::LowConfidence),
    ("Data Consistency - Document Type", document("data_consistency", "document_type"), SubResult::Caution, Reason::LowConfidence),
    (
        "Visual Authenticity - Spoofing Detection",
        face("visual_authenticity", "spoofing_detection"),
        SubResult::Suspected,
        Reason::LivenessFailed,
    ),
    ("Face Comparison - Face Match", face("face_comparison", "face_match"), SubResult::Suspected, Reason::SelfieMismatch),
    ("Image Integrity - Source Integrity", face("image_integrity", "source_integrity"), SubResult::Suspected, Reason::LivenessFailed),
    ("Image Integrity - Face Detected", face("image_integrity", "face_detected"), SubResult::Rejected, Reason::SelfieMismatch),
];

/// Who is to be considered.
const CONSIDER: &str = "consider";

impl Convention {
    /// Returns what the conventions make of a check; none when everything is clear by them.
    pub(super) fn of(
        kinds: &[&'static ReportKind],
        name: (Option<&str>, Option<&str>),
        consider: &[String],
        sub_result: Option<SubResult>,
    ) -> Option<Self> {
        let family = |wanted: Family| kinds.iter().position(|kind| kind.family == wanted);
        let (first_name, last_name) = name;
        if last_name.is_some_and(|name| name.eq_ignore_ascii_case(CONSIDER)) {
            let title = TITLES.iter().position(|(title, leaf, ..)| first_name == Some(title) && family(leaf.family).is_some());
            let of_title = title.and_then(|place| TITLES.get(place));
            let reports = match of_title {
                Some((_, leaf, ..)) => family(leaf.family).into_iter().collect(),
                None => (0..kinds.len()).collect(),
            };
            let sub_result = sub_result.or(of_title.map(|(_, _, means, _)| *means)).unwrap_or(SubResult::Suspected);
            return Some(Self { reports, sub_result, title });
        }
        let mut reports: Vec<usize> =
            kinds.iter().enumerate().filter(|(_, kind)| consider.iter().any(|name| name == kind.name)).map(|(place, _)| place).collect();
        // A sub-result that is not clear says that of the document report.
        if let Some(document) =
            family(Family::Document).filter(|place| sub_result.is_some_and(|said| said != SubResult::Clear) && !reports.contains(place))
        {
            reports.push(document);
        }
        if reports.is_empty() {
            return None;
        }
        Some(Self { reports, sub_result: sub_result.unwrap_or(SubResult::Suspected), title: None })
    }

    /// Returns what the core is to decide.
    pub(super) fn suggests(&self, kinds: &[&'static ReportKind]) -> (Outcome, Vec<Reason>) {
        let (outcome, of_document, _) = self.sub_result.means();
        if let Some((_, _, _, reason)) = self.titled() {
            return (outcome, vec![*reason]);
        }
        let considered = self.reports.iter().filter_map(|place| kinds.get(*place));
        let mut reasons = Vec::new();
        let mut of_document_only = true;
        for kind in considered {
            let reason = match kind.family {
                Family::Document => of_document,
                Family::Facial => Reason::SelfieMismatch,
                Family::Watchlist => Reason::SanctionsHit,
                Family::KnownFaces => Reason::DuplicateIdentity,
                Family::IdentityEnhanced | Family::ProofOfAddress => Reason::AddressMismatch,
                Family::Other => Reason::LowConfidence,
            };
            of_document_only &= kind.family == Family::Document;
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        // Better pictures of a document help nobody whose other reports are not clear.
        (if of_document_only { outcome } else { Outcome::Declined }, reasons)
    }

    /// Returns what each report says.
    pub(super) fn findings(&self, kinds: &[&'static ReportKind]) -> Vec<Finding> {
        let finding = |(place, kind): (usize, &&'static ReportKind)| {
            if !self.reports.contains(&place) {
                return Finding::clear(kind);
            }
            let leaf = self.titled().map(|(_, leaf, ..)| *leaf).filter(|leaf| leaf.family == kind.family);
            let of_document = (kind.family == Family::Document).then(|| self.sub_result.means().2);
            let first = kind.tree.first().map(|branch| Leaf {
                family: kind.family,
                branch: branch.name,
                leaf: branch.leaves.first().copied().unwrap_or_default(),
                property: None,
            });
            leaf.or(of_document)
                .or(first)
                .map_or_else(|| Finding::clear(kind), |leaf| Finding::ordered(kind, self.sub_result.as_str(), leaf))
        };
        kinds.iter().enumerate().map(finding).collect()
    }

    fn titled(&self) -> Option<&'static (&'static str, Leaf, SubResult, Reason)> {
        self.title.and_then(|place| TITLES.get(place))
    }
}

#[cfg(test)]
mod tests {
    use super::super::breakdown::title;
    use super::super::report_kinds::{KINDS, kind_of};
    use super::*;

    fn usual() -> Vec<&'static ReportKind> {
        ["document", "facial_similarity_photo"].iter().map(|name| kind_of(name).unwrap()).collect()
    }

    /// What each report says: its result, sub-result, and the leaf.
    fn said(convention: &Convention) -> Vec<(&'static str, Option<&'static str>, Option<String>)> {
        let findings = convention.findings(&usual());
        findings.into_iter().map(|found| (found.result, found.sub_result, found.leaves.first().map(|(leaf, _)| title(leaf)))).collect()
    }

    #[test]
    fn who_is_called_consider_is_considered() {
        for last_name in ["Consider", "CONSIDER", "consider"] {
            let convention = Convention::of(&usual(), (Some("Mara"), Some(last_name)), &[], None).unwrap();
            assert_eq!(convention.suggests(&usual()), (Outcome::Declined, vec![Reason::DocumentForged, Reason::SelfieMismatch]));
            let said = said(&convention);
            assert_eq!((said[0].0, said[0].1, said[1].0), ("consider", Some("suspected"), "consider"));
        }
        assert!(Convention::of(&usual(), (Some("Consider"), Some("Mara")), &[], None).is_none());
    }

    #[test]
    fn a_title_as_first_name_lets_exactly_that_leaf_fail() {
        for (name, leaf, sub_result, reason) in TITLES {
            assert_eq!(*name, title(leaf));
            assert!(KINDS.iter().any(|kind| kind.family == leaf.family && kind.has(leaf.branch, leaf.leaf)), "{name}");
            let convention = Convention::of(&usual(), (Some(name), Some("Consider")), &[], None).unwrap();
            assert_eq!(convention.suggests(&usual()), (sub_result.means().0, vec![*reason]));
            let failed: Vec<_> = said(&convention).into_iter().filter_map(|(.., leaf)| leaf).collect();
            assert_eq!(failed, [*name]);
        }
    }

    #[test]
    fn a_request_orders_reports_and_the_sub_result() {
        let facial = vec!["facial_similarity_photo".to_owned()];
        let convention = Convention::of(&usual(), (None, None), &facial, None).unwrap();
        assert_eq!(convention.suggests(&usual()), (Outcome::Declined, vec![Reason::SelfieMismatch]));
        assert_eq!(said(&convention)[0].0, "clear");
        for (word, outcome) in [("rejected", Outcome::Resubmission), ("suspected", Outcome::Declined), ("caution", Outcome::Review)] {
            let convention = Convention::of(&usual(), (None, None), &[], SubResult::from_word(word)).unwrap();
            assert_eq!(convention.suggests(&usual()).0, outcome);
            assert_eq!(said(&convention)[0].1, Some(word));
        }
        assert!(Convention::of(&usual(), (None, None), &[], Some(SubResult::Clear)).is_none());
    }
}
