use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The state of the world at one moment. Counts are levels unless a name says `_per_second`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// Seconds since the schedule began.
    pub at: f64,
    /// Applicants who arrived in the second before.
    pub arrivals_per_second: f64,
    /// Applicants told a final decision in the second before.
    pub decisions_per_second: f64,
    /// Applicants who left in the second before.
    pub abandonments_per_second: f64,
    /// Requests that the vendor answered with an error, or not at all, in the second before.
    pub vendor_errors_per_second: f64,
    /// Callback deliveries that the vendor attempted in the second before.
    pub callbacks_per_second: f64,
    /// Applicants on their way, neither decided nor gone.
    pub in_flight: u64,
    /// Applicants who have submitted and wait for a decision.
    pub awaiting_decision: u64,
    /// Cases that wait for a reviewer, as the backend says. None when it did not answer.
    pub review_queue_depth: Option<u64>,
    /// Callbacks that the vendor holds back or will send again.
    pub callbacks_pending: u64,
    /// Decision latency of those decided in the second before, seconds.
    pub decision_latency_p50: Option<f64>,
    pub decision_latency_p95: Option<f64>,
    /// How late workers started what was due in the second before (p99, seconds).
    pub lag_p99: Option<f64>,
}

/// An incident, to be drawn as a band behind every time series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IncidentBand {
    pub name: String,
    /// What it does, in words.
    pub description: String,
    pub from: f64,
    pub until: f64,
}
