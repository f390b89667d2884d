use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A distribution of durations, taken from an HDR histogram. All values in seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Latency {
    /// The measure's name, as objectives use it: `decision_latency`, `step.submit`, `segment.vendor`.
    pub name: String,
    /// What is measured, from which moment to which, in words for a reader.
    pub description: String,
    pub count: u64,
    pub mean: f64,
    pub min: f64,
    pub p50: f64,
    pub p75: f64,
    pub p90: f64,
    pub p95: f64,
    pub p99: f64,
    pub p999: f64,
    pub max: f64,
    /// The percentile curve, ascending, dense towards the tail. Empty when nothing was counted.
    pub curve: Vec<Percentile>,
}

/// One point of a percentile curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Percentile {
    /// 0..=100.
    pub percentile: f64,
    pub seconds: f64,
}
