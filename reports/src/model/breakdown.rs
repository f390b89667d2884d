use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One step of the journey: how many came to it, went on, or left there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FunnelStep {
    /// The step's name in the journey, such as `capture_document`.
    pub step: String,
    /// Applicants who came to this step at least once.
    pub entered: u64,
    /// Applicants who went beyond it.
    pub passed: u64,
    /// Applicants who left at it, of their own accord or from waiting.
    pub abandoned: u64,
    /// Applicants still in it when the run ended.
    pub open: u64,
    /// How often the step was tried again, after an error or a refused picture.
    pub retries: u64,
}

/// Outcomes divided by one attribute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Breakdown {
    /// `reason`, `country`, `device` or `document`.
    pub by: String,
    pub slices: Vec<Slice>,
}

/// The applicants of one value of an attribute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Slice {
    /// `DE`, `image_blurred`, `mobile_poor`, …
    pub value: String,
    pub applicants: u64,
    pub approved: u64,
    pub rejected: u64,
    pub abandoned: u64,
    /// Neither decided nor gone when the run ended (expired ones included).
    pub open: u64,
    /// Seconds; none when nobody was decided.
    pub decision_latency_p50: Option<f64>,
    pub decision_latency_p95: Option<f64>,
}
