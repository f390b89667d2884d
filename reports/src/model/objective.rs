use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One objective and whether it held.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Objective {
    /// The measure: `decision_latency.p95`.
    pub measure: String,
    /// The bound as it was written: `< 60s`.
    pub bound: String,
    /// What was measured, as a reader wants it: `4.2s`, `3.1%`, `0`. None when nothing was measured.
    pub measured: Option<String>,
    pub held: Held,
    /// Why it could not be judged, or by how much it was missed.
    pub note: Option<String>,
}

/// Whether an objective held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    Yes,
    No,
    /// The sample is too small, or the generator was the bottleneck.
    Inconclusive,
}
