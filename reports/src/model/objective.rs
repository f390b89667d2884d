use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One objective and whether it held.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Objective {
    /// The measure: `decision_latency.p95`.
    pub measure: String,
    /// What the measure is narrowed to, as it was written: `during outage where device = "mobile_poor"`. None when it is of the whole run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub narrowed: Option<String>,
    /// The bound as it was written: `< 60s`.
    pub bound: String,
    /// What was measured, as a reader wants it: `4.2s`, `3.1%`, `0`. None when nothing was measured.
    pub measured: Option<String>,
    /// In how many applicants, attempts, cases, deliveries or samples it was measured. None when the run does not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// What the baseline measured, when the bound hangs on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
    pub held: Held,
    /// Why it could not be judged, or by how much it was missed.
    pub note: Option<String>,
}

/// The run that relative objectives were held against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// The run's own name.
    pub id: String,
    /// The name of its scenario.
    pub scenario: String,
    pub seed: u64,
    /// In what it is unlike this run: another scenario, seed, or machine. Empty when only time went by.
    pub differs: Vec<String>,
}

impl Objective {
    /// What it is about: the measure, and what it is narrowed to.
    #[must_use]
    pub fn subject(&self) -> String {
        match &self.narrowed {
            Some(narrowed) => format!("{} {narrowed}", self.measure),
            None => self.measure.clone(),
        }
    }
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
