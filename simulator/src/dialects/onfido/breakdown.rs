//! What reports say of a decision: which of them are not clear, and at which leaf of their trees.
//!
//! [`ROWS`] is the one place that lays the core's reasons beside Onfido's leaves: the wire and the page in `docs/dialects/` both follow it.

use kycsim_scenarios::vendor::{Outcome, Reason};
use serde_json::{Map, Value, json};

use super::report_kinds::{Family, ReportKind};

/// A leaf of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Leaf {
    pub(super) family: Family,
    pub(super) branch: &'static str,
    /// Empty for a branch that is a leaf itself.
    pub(super) leaf: &'static str,
    /// Which of the leaf's properties says why.
    pub(super) property: Option<&'static str>,
}

/// Where a reason shows.
pub(super) struct Row {
    pub(super) reason: Reason,
    /// The first leaf whose report was asked for.
    pub(super) leaves: &'static [Leaf],
    /// The same where better pictures are asked for; none: as ever.
    pub(super) resubmission: &'static [Leaf],
}

const fn at(family: Family, branch: &'static str, leaf: &'static str) -> Leaf {
    Leaf { family, branch, leaf, property: None }
}

const fn why(branch: &'static str, leaf: &'static str, property: &'static str) -> Leaf {
    Leaf { family: Document, branch, leaf, property: Some(property) }
}

const fn row(reason: Reason, leaves: &'static [Leaf], resubmission: &'static [Leaf]) -> Row {
    Row { reason, leaves, resubmission }
}

use Family::{Document, Facial, IdentityEnhanced, KnownFaces, ProofOfAddress, Watchlist};

/// What nothing better is known of, when better pictures are asked for.
const OTHER_PHOTO_ISSUE: &[Leaf] = &[why("image_integrity", "image_quality", "other_photo_issue")];

/// Every reason, in the order of the taxonomy.
pub(super) const ROWS: &[Row] = &[
    row(Reason::ImageBlurred, &[why("image_integrity", "image_quality", "blurred_photo")], &[]),
    row(Reason::ImageGlare, &[why("image_integrity", "image_quality", "glare_on_photo")], &[]),
    row(Reason::DocumentUnreadable, OTHER_PHOTO_ISSUE, &[]),
    row(Reason::DocumentExpired, &[at(Document, "data_validation", "document_expiration")], &[]),
    row(Reason::DocumentForged, &[at(Document, "visual_authenticity", "fonts")], &[]),
    row(Reason::UnsupportedDocument, &[at(Document, "image_integrity", "supported_document")], &[]),
    row(Reason::UnsupportedJurisdiction, &[at(Document, "data_comparison", "issuing_country")], &[]),
    row(Reason::SelfieMismatch, &[at(Facial, "face_comparison", "face_match")], &[at(Facial, "image_integrity", "face_detected")]),
    row(
        Reason::LivenessFailed,
        &[at(Facial, "visual_authenticity", "spoofing_detection")],
        &[at(Facial, "image_integrity", "source_integrity")],
    ),
    row(Reason::LowConfidence, &[why("image_integrity", "conclusive_document_quality", "obscured_data_points")], &[]),
    row(
        Reason::AddressMismatch,
        &[
            at(ProofOfAddress, "data_comparison", "address"),
            at(IdentityEnhanced, "address", "credit_agencies"),
            at(Document, "data_comparison", "document_numbers"),
        ],
        OTHER_PHOTO_ISSUE,
    ),
    row(Reason::Underage, &[at(Document, "age_validation", "minimum_accepted_age")], &[]),
    row(
        Reason::SanctionsHit,
        &[at(Watchlist, "sanction", ""), at(Document, "compromised_document", "document_database")],
        OTHER_PHOTO_ISSUE,
    ),
    row(Reason::PepMatch, &[at(Watchlist, "politically_exposed_person", ""), at(Document, "police_record", "")], OTHER_PHOTO_ISSUE),
    row(
        Reason::DuplicateIdentity,
        &[at(KnownFaces, "previously_seen_faces", ""), at(Document, "compromised_document", "repeat_attempts")],
        OTHER_PHOTO_ISSUE,
    ),
];

/// What one report says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) result: &'static str,
    /// Of documents only.
    pub(super) sub_result: Option<&'static str>,
    /// The leaves that are not clear, and what they say.
    pub(super) leaves: Vec<(Leaf, &'static str)>,
}

impl Finding {
    /// Nothing is wrong.
    pub(super) fn clear(kind: &ReportKind) -> Self {
        Self { result: "clear", sub_result: (kind.family == Document).then_some("clear"), leaves: Vec::new() }
    }

    /// Something is wrong at these leaves.
    fn of(kind: &ReportKind, outcome: Outcome, leaves: Vec<Leaf>) -> Self {
        let Some(sub_result) = sub_result(outcome).filter(|_| !leaves.is_empty()) else { return Self::clear(kind) };
        if kind.family == Document {
            let said = |leaf: &Leaf| match outcome {
                Outcome::Resubmission if leaf.branch == "image_integrity" => "unidentified", // the picture says nothing, for or against
                Outcome::Approved | Outcome::Declined | Outcome::Review | Outcome::Resubmission => "consider",
            };
            let leaves = leaves.into_iter().map(|leaf| (leaf, said(&leaf))).collect();
            return Self { result: "consider", sub_result: Some(sub_result), leaves };
        }
        let result = if outcome == Outcome::Declined { "consider" } else { "unidentified" };
        Self { result, sub_result: None, leaves: leaves.into_iter().map(|leaf| (leaf, result)).collect() }
    }

    /// Something is wrong as a sandbox convention orders it.
    pub(super) fn ordered(kind: &ReportKind, sub_result: &'static str, leaf: Leaf) -> Self {
        let sub_result = (kind.family == Document).then_some(sub_result);
        Self { result: "consider", sub_result, leaves: vec![(leaf, "consider")] }
    }
}

/// How a document report calls what leads to an outcome; nothing for an approval.
pub(super) const fn sub_result(outcome: Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Approved => None,
        Outcome::Declined => Some("suspected"),
        Outcome::Review => Some("caution"),
        Outcome::Resubmission => Some("rejected"),
    }
}

/// Returns what each report says that led to a decision.
pub(super) fn findings(kinds: &[&'static ReportKind], outcome: Outcome, reasons: &[Reason]) -> Vec<Finding> {
    let mut wrong: Vec<Vec<Leaf>> = vec![Vec::new(); kinds.len()];
    for reason in reasons.iter().filter(|_| outcome != Outcome::Approved) {
        if let Some((report, leaf)) = shows(*reason, outcome, kinds)
            && !wrong[report].contains(&leaf)
        {
            wrong[report].push(leaf);
        }
    }
    // No report that was asked for looks at what is wrong: the first says so, or the check would be clear.
    if outcome != Outcome::Approved
        && wrong.iter().all(Vec::is_empty)
        && let Some((first, leaf)) = wrong.first_mut().zip(first_leaf(kinds))
    {
        first.push(leaf);
    }
    kinds.iter().zip(wrong).map(|(kind, leaves)| Finding::of(kind, outcome, leaves)).collect()
}

/// Returns where a reason shows in these reports.
fn shows(reason: Reason, outcome: Outcome, kinds: &[&'static ReportKind]) -> Option<(usize, Leaf)> {
    let row = ROWS.iter().find(|row| row.reason == reason)?;
    let again = row.resubmission.iter().filter(|_| outcome == Outcome::Resubmission);
    again.chain(row.leaves).find_map(|leaf| {
        let report = kinds.iter().position(|kind| kind.family == leaf.family && kind.has(leaf.branch, leaf.leaf))?;
        Some((report, *leaf))
    })
}

fn first_leaf(kinds: &[&'static ReportKind]) -> Option<Leaf> {
    let kind = kinds.first()?;
    let branch = kind.tree.first()?;
    Some(at(kind.family, branch.name, branch.leaves.first().copied().unwrap_or_default()))
}

/// Returns a leaf as people are told of it: `Image Integrity - Image Quality`.
pub(super) fn title(leaf: &Leaf) -> String {
    let words = |name: &str| {
        let words: Vec<String> = name
            .split('_')
            .map(|word| {
                let mut letters = word.chars();
                letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
            })
            .collect();
        words.join(" ")
    };
    if leaf.leaf.is_empty() { words(leaf.branch) } else { format!("{} - {}", words(leaf.branch), words(leaf.leaf)) }
}

/// Returns the whole tree of a report, with what was found at its leaves; `properties` says what else a leaf has.
pub(super) fn tree(kind: &ReportKind, finding: &Finding, properties: impl Fn(&str) -> Map<String, Value>) -> Map<String, Value> {
    let said = |branch: &str, leaf: &str| finding.leaves.iter().find(|(at, _)| at.branch == branch && at.leaf == leaf);
    let mut tree = Map::new();
    for branch in kind.tree {
        if branch.leaves.is_empty() {
            let result = said(branch.name, "").map_or("clear", |(_, result)| *result);
            tree.insert(branch.name.to_owned(), json!({ "result": result }));
            continue;
        }
        let mut leaves = Map::new();
        for leaf in branch.leaves {
            let mut properties = properties(leaf);
            let found = said(branch.name, leaf);
            if let Some(property) = found.and_then(|(at, _)| at.property) {
                properties.insert(property.to_owned(), json!("true"));
            }
            let result = found.map_or("clear", |(_, result)| *result);
            leaves.insert((*leaf).to_owned(), json!({"result": result, "properties": properties}));
        }
        let wrong = finding.leaves.iter().any(|(at, _)| at.branch == branch.name);
        tree.insert(branch.name.to_owned(), json!({"result": if wrong { "consider" } else { "clear" }, "breakdown": leaves}));
    }
    tree
}

#[cfg(test)]
mod tests {
    use super::super::report_kinds::{KINDS, kind_of};
    use super::*;

    fn kinds(names: &[&str]) -> Vec<&'static ReportKind> {
        names.iter().map(|name| kind_of(name).unwrap()).collect()
    }

    const USUAL: &[&str] = &["document", "facial_similarity_photo", "watchlist_standard"];

    #[test]
    fn every_reason_has_a_row_and_every_row_a_leaf_that_there_is() {
        assert_eq!(ROWS.iter().map(|row| row.reason).collect::<Vec<_>>(), Reason::ALL);
        for leaf in ROWS.iter().flat_map(|row| row.leaves.iter().chain(row.resubmission)) {
            assert!(KINDS.iter().any(|kind| kind.family == leaf.family && kind.has(leaf.branch, leaf.leaf)), "{leaf:?}");
        }
    }

    #[test]
    fn every_reason_makes_the_check_consider_and_the_outcome_can_be_told() {
        for names in [USUAL, &["document"], &["document", "facial_similarity_photo"], &["watchlist_standard"], &["device_intelligence"]] {
            let kinds = kinds(names);
            for reason in Reason::ALL.iter().copied() {
                for outcome in [Outcome::Declined, Outcome::Review, Outcome::Resubmission] {
                    let found = findings(&kinds, outcome, &[reason]);
                    assert_eq!(found.iter().filter(|finding| finding.result != "clear").count(), 1, "{reason} {outcome} {names:?}");
                }
            }
            assert!(findings(&kinds, Outcome::Approved, &[]).iter().all(|finding| finding.result == "clear"));
        }
    }

    #[track_caller]
    fn check(outcome: Outcome, reason: Reason, expected: [(&str, Option<&str>); 3], leaf: (&str, &str, &str)) {
        let found = findings(&kinds(USUAL), outcome, &[reason]);
        let results: Vec<_> = found.iter().map(|finding| (finding.result, finding.sub_result)).collect();
        assert_eq!(results, expected);
        let leaves: Vec<_> = found.iter().flat_map(|finding| &finding.leaves).map(|(at, said)| (at.branch, at.leaf, *said)).collect();
        assert_eq!(leaves, [leaf]);
    }

    #[test]
    fn outcomes_are_told_as_the_page_says() {
        let clear = ("clear", Some("clear"));
        let expired = ("data_validation", "document_expiration", "consider");
        check(Outcome::Declined, Reason::DocumentExpired, [("consider", Some("suspected")), ("clear", None), ("clear", None)], expired);
        check(Outcome::Review, Reason::DocumentExpired, [("consider", Some("caution")), ("clear", None), ("clear", None)], expired);
        let blurred = ("image_integrity", "image_quality", "unidentified");
        check(Outcome::Resubmission, Reason::ImageBlurred, [("consider", Some("rejected")), ("clear", None), ("clear", None)], blurred);
        let face = ("face_comparison", "face_match");
        check(Outcome::Declined, Reason::SelfieMismatch, [clear, ("consider", None), ("clear", None)], (face.0, face.1, "consider"));
        check(Outcome::Review, Reason::SelfieMismatch, [clear, ("unidentified", None), ("clear", None)], (face.0, face.1, "unidentified"));
        let detected = ("image_integrity", "face_detected", "unidentified");
        check(Outcome::Resubmission, Reason::SelfieMismatch, [clear, ("unidentified", None), ("clear", None)], detected);
        check(Outcome::Declined, Reason::SanctionsHit, [clear, ("clear", None), ("consider", None)], ("sanction", "", "consider"));
    }

    #[test]
    fn a_branch_is_consider_when_a_leaf_is_not_clear() {
        let kind = kind_of("document").unwrap();
        let found = findings(&[kind], Outcome::Resubmission, &[Reason::ImageBlurred]).remove(0);
        let tree = tree(kind, &found, |_| Map::new());
        assert_eq!(tree["image_integrity"]["result"], "consider");
        assert_eq!(
            tree["image_integrity"]["breakdown"]["image_quality"],
            json!({"result": "unidentified", "properties": {"blurred_photo": "true"}})
        );
        assert_eq!(tree["visual_authenticity"]["result"], "clear");
        assert_eq!(tree["police_record"], json!({"result": "clear"}));
        assert_eq!(tree.len(), 9, "every branch is there");
    }

    /// Returns a row of the table in `docs/dialects/onfido.md`.
    fn written(row: &Row) -> String {
        let leaf = |leaf: &Leaf| {
            let family = match leaf.family {
                Document => "document",
                Facial => "facial_similarity",
                Watchlist => "watchlist",
                KnownFaces => "known_faces",
                IdentityEnhanced => "identity_enhanced",
                ProofOfAddress => "proof_of_address",
                Family::Other => "other",
            };
            let path = [Some(family), Some(leaf.branch), Some(leaf.leaf).filter(|leaf| !leaf.is_empty())];
            let path = path.into_iter().flatten().collect::<Vec<_>>().join(".");
            leaf.property.map_or_else(|| format!("`{path}`"), |property| format!("`{path}` `{property}`"))
        };
        let leaves = |leaves: &[Leaf]| leaves.iter().map(leaf).collect::<Vec<_>>().join(", or ");
        let again = if row.resubmission.is_empty() { "the same".to_owned() } else { leaves(row.resubmission) };
        format!("| `{}` | {} | {again} |", row.reason, leaves(row.leaves))
    }

    #[test]
    fn the_page_has_the_table_of_reasons_as_it_is() {
        let page = include_str!("../../../../docs/dialects/onfido.md");
        let rows: Vec<_> = ROWS.iter().map(written).collect();
        let missing: Vec<_> = rows.iter().filter(|row| !page.contains(row.as_str())).collect();
        assert!(missing.is_empty(), "not on the page:\n{missing:#?}");
        assert_eq!(
            page.lines().filter(|line| Reason::ALL.iter().any(|reason| line.starts_with(&format!("| `{reason}` |")))).count(),
            ROWS.len()
        );
    }

    #[test]
    fn a_leaf_has_a_title() {
        assert_eq!(title(&ROWS[0].leaves[0]), "Image Integrity - Image Quality");
        assert_eq!(title(&at(Watchlist, "sanction", "")), "Sanction");
    }
}
