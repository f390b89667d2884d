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
    /// Both sides' story in order of time.
    pub evidence: Vec<Evidence>,
}

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// The vendor decided; the backend never took notice.
    Lost,
    /// The backend holds another decision than the one that was made.
    Contradicted,
    /// One decision had its effect more than once.
    Doubled,
    /// The backend took a callback for the vendor's that nobody signed, or not now.
    Forged,
    /// Nobody holds the next move: acknowledged by the backend, and nothing more will happen.
    Stuck,
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
