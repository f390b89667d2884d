use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the vendor and the reviewers decided, held against what the backend says at the end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Integrity {
    /// Whether the comparison could be made at all. A killed run has no final answers from the backend.
    pub checked: bool,
    /// Applicants compared.
    pub applicants: u64,
    /// Of these, how many the vendor or the world still owed a decision when the run ended; no fault of the backend's.
    pub undecided: u64,
    /// Applicants that could not be compared, since the backend did not answer at the end.
    pub unanswered: u64,
    pub findings: Vec<Finding>,
}

/// One applicant about whom the two sides disagree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    pub kind: FindingKind,
    pub applicant: String,
    /// One sentence: what is wrong.
    pub summary: String,
    /// Everybody's story in order of time: the vendor's, the backend's, what the applicant was shown, and the reviewers'.
    pub evidence: Vec<Evidence>,
    /// The command that plays this applicant again and nobody else; empty when the run was not started by a command.
    #[serde(default)]
    pub replay: String,
}

/// What can be wrong. `docs/integrity.md` says of each what mostly causes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// The vendor decided; the backend never took notice.
    Lost,
    /// The backend holds another decision than the one that was made.
    Contradicted,
    /// The applicant was shown an outcome that nobody had decided.
    NeverDecided,
    /// A no was final, and became a yes that nobody had decided.
    ApprovedAfterRejection,
    /// What was over was taken back to an earlier state.
    Regressed,
    /// One decision had its effect more than once.
    Doubled,
    /// The vendor was asked more often than the applicant had submitted.
    DuplicateAttempt,
    /// The backend took a callback for the vendor's that nobody signed, or not now.
    Forged,
    /// The applicant's data went to the vendor without their consent.
    ConsentMissing,
    /// Nobody holds the next move: acknowledged by the backend, and nothing more will happen.
    Stuck,
    /// Another attempt was asked for or handed in, and led to nothing.
    ResubmissionIgnored,
    /// The applicant waits for people, and no reviewer can reach the case; or a case is open about somebody who does not.
    ReviewOrphaned,
}

impl FindingKind {
    /// Every kind, worst first.
    pub const ALL: [Self; 12] = [
        Self::Lost,
        Self::Contradicted,
        Self::NeverDecided,
        Self::ApprovedAfterRejection,
        Self::Regressed,
        Self::Doubled,
        Self::DuplicateAttempt,
        Self::Forged,
        Self::ConsentMissing,
        Self::Stuck,
        Self::ResubmissionIgnored,
        Self::ReviewOrphaned,
    ];

    /// Its word in `report.json`, and the last part of its measure's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Contradicted => "contradicted",
            Self::NeverDecided => "never_decided",
            Self::ApprovedAfterRejection => "approved_after_rejection",
            Self::Regressed => "regressed",
            Self::Doubled => "doubled",
            Self::DuplicateAttempt => "duplicate_attempt",
            Self::Forged => "forged",
            Self::ConsentMissing => "consent_missing",
            Self::Stuck => "stuck",
            Self::ResubmissionIgnored => "resubmission_ignored",
            Self::ReviewOrphaned => "review_orphaned",
        }
    }
}

/// One event, on one side.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Seconds since the schedule began.
    pub at: f64,
    /// `vendor`, `backend`, `applicant` or `reviewer`.
    pub side: String,
    pub event: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_listed_once_and_has_the_word_that_json_has() {
        for (index, kind) in FindingKind::ALL.into_iter().enumerate() {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
            assert_eq!(FindingKind::ALL.iter().position(|each| *each == kind), Some(index));
        }
        assert!(FindingKind::ALL.is_sorted(), "findings are sorted by kind, and the worst come first");
    }
}
