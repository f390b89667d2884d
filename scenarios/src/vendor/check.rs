use rand::RngExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decision::{Decision, Outcome, Reason};
use crate::fate::{Fate, Purpose};
use crate::language::Confidence;
use crate::words::words;

words! {
    /// What a verification is made of.
    Check {
        /// Whether the document is genuine, valid, readable, and whose it is.
        Document = "document",
        /// Whether the face before the camera lives, and is the one on the document.
        Selfie = "selfie",
        /// Whether the person is on a list, known already, or lives where they say.
        Screening = "screening",
    }
}

words! {
    /// What one check found.
    CheckOutcome {
        /// Nothing wrong.
        Clear = "clear",
        /// It cannot tell.
        Unsure = "unsure",
        /// Something is wrong.
        Rejected = "rejected",
    }
}

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CheckResult {
    /// Which.
    pub check: Check,
    /// What it found.
    pub result: CheckOutcome,
    /// How sure it is that all is well, from 0 to 1 in thousandths.
    pub confidence: f64,
    /// Why; empty when nothing is wrong.
    pub reasons: Vec<Reason>,
}

impl Reason {
    /// Which check finds it.
    #[must_use]
    pub const fn check(self) -> Check {
        match self {
            Self::ImageBlurred
            | Self::ImageGlare
            | Self::DocumentUnreadable
            | Self::DocumentExpired
            | Self::DocumentForged
            | Self::UnsupportedDocument
            | Self::UnsupportedJurisdiction
            | Self::LowConfidence
            | Self::Underage => Check::Document,
            Self::SelfieMismatch | Self::LivenessFailed => Check::Selfie,
            Self::AddressMismatch | Self::SanctionsHit | Self::PepMatch | Self::DuplicateIdentity => Check::Screening,
        }
    }
}

/// Returns what each check found that led to `decision`, with scores drawn from the applicant's fate.
#[must_use]
pub fn check_results(decision: &Decision, fate: &Fate, confidence: &Confidence) -> Vec<CheckResult> {
    let mut rng = fate.rng(Purpose::Confidence, decision.attempt);
    let found = |check: &Check| -> Vec<Reason> { decision.reasons.iter().copied().filter(|reason| reason.check() == *check).collect() };
    Check::ALL
        .iter()
        .map(|check| {
            let reasons = found(check);
            let u = rng.random::<f64>();
            let (result, band) = match (reasons.is_empty(), decision.outcome) {
                (true, _) | (false, Outcome::Approved) => (CheckOutcome::Clear, confidence.clear),
                (false, Outcome::Declined) => (CheckOutcome::Rejected, confidence.rejected),
                (false, Outcome::Review | Outcome::Resubmission) => (CheckOutcome::Unsure, confidence.unsure),
            };
            CheckResult { check: *check, result, confidence: band.at(u), reasons }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fate::ApplicantKey;

    #[track_caller]
    fn check(outcome: Outcome, reasons: &[Reason], expected: [CheckOutcome; 3]) {
        let fate = Fate::new(7, ApplicantKey::numbered(1));
        let decision = Decision { attempt: 1, outcome, reasons: reasons.to_vec() };
        let results = check_results(&decision, &fate, &Confidence::default());
        assert_eq!(results.iter().map(|each| each.result).collect::<Vec<_>>(), expected);
        assert_eq!(results.iter().flat_map(|each| each.reasons.clone()).collect::<Vec<_>>(), reasons, "each reason stands with its check");
        assert!(results.iter().all(|each| (each.confidence > 0.8) == (each.result == CheckOutcome::Clear)), "{results:?}");
        assert_eq!(results, check_results(&decision, &fate, &Confidence::default()));
    }

    #[test]
    fn each_reason_shows_in_its_check() {
        use CheckOutcome::{Clear, Rejected, Unsure};
        check(Outcome::Approved, &[], [Clear, Clear, Clear]);
        check(Outcome::Declined, &[Reason::SelfieMismatch], [Clear, Rejected, Clear]);
        check(Outcome::Declined, &[Reason::DocumentForged, Reason::SanctionsHit], [Rejected, Clear, Rejected]);
        check(Outcome::Review, &[Reason::LowConfidence], [Unsure, Clear, Clear]);
        check(Outcome::Resubmission, &[Reason::ImageBlurred], [Unsure, Clear, Clear]);
    }
}
