use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Baseline, Breakdown, FunnelStep, IncidentBand, Integrity, Latency, Manifest, Objective, Sample};

/// Everything a run has to say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// [`super::FORMAT`] of the version that wrote it.
    pub format: u32,
    pub manifest: Manifest,
    pub verdict: Verdict,
    /// Sentences that a person should read first, most telling first: what the run shows, with its figures.
    pub observations: Vec<String>,
    pub totals: Totals,
    /// Steps in the order of the journey.
    pub funnel: Vec<FunnelStep>,
    /// The headline distributions: `decision_latency`, `automatic_decision_latency`, `review_wait`, `lag`.
    pub latencies: Vec<Latency>,
    /// What decision latency is made of, in order of time, named `segment.…`.
    pub segments: Vec<Latency>,
    /// The backend's answer time for each step, named `step.…`, from the moment the step was due.
    pub steps: Vec<Latency>,
    /// One sample a second, in order.
    pub series: Vec<Sample>,
    pub incidents: Vec<IncidentBand>,
    pub breakdowns: Vec<Breakdown>,
    pub review: ReviewSummary,
    pub vendor: VendorSummary,
    pub objectives: Vec<Objective>,
    /// What relative objectives were held against; none when no baseline was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Baseline>,
    pub integrity: Integrity,
    pub generator: Generator,
    /// Every measure by the name that objectives use; durations in seconds, shares in 0..=1.
    pub measures: BTreeMap<String, f64>,
}

/// The one word at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every objective held and the integrity check found nothing.
    Passed,
    /// An objective did not hold, or the integrity check found something.
    Failed,
    /// The generator was saturated, or the sample is too small to say.
    Inconclusive,
}

/// What became of the applicants. `arrived` is the sum of all the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Totals {
    pub arrived: u64,
    pub approved: u64,
    pub rejected: u64,
    pub abandoned: u64,
    /// Their verification ran out of time at the backend.
    pub expired: u64,
    /// Waiting in the manual review queue, or in a reviewer's hands, at the end.
    pub in_review: u64,
    /// Anywhere else at the end.
    pub in_flight: u64,
}

/// The manual review queue.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewSummary {
    pub reviewers: u32,
    /// Cases the backend opened, as far as the ledger and the applicants know.
    pub opened: u64,
    pub decided: u64,
    pub depth_max: u64,
    pub depth_end: u64,
    /// Time-average of the sampled depth: the L of Little's law.
    pub depth_mean: f64,
    /// Arrival rate of cases times their mean wait, from our own event times: λW.
    pub little_lambda_w: f64,
    /// Share of the reviewers' time spent on cases.
    pub occupancy: f64,
    /// Whether L and λW agree as well as the sampling allows.
    pub little_agrees: bool,
}

/// What the fake vendor did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VendorSummary {
    pub requests: u64,
    /// Requests that met an injected fault.
    pub faults: u64,
    pub sessions: u64,
    pub decisions: u64,
    /// Decisions changed after they were made.
    #[serde(default)]
    pub revisions: u64,
    /// Requests refused by a rate limit.
    #[serde(default)]
    pub rate_limited: u64,
    /// Deliveries that nobody should believe: unsigned, wrongly signed, or with an old signature.
    #[serde(default)]
    pub forged: u64,
    /// Distinct callback events.
    pub callbacks: u64,
    /// Attempts to deliver them, duplicates and retries included.
    pub deliveries: u64,
    /// Deliveries made on purpose a second time.
    pub duplicates: u64,
    /// Attempts that were not answered with success.
    pub deliveries_failed: u64,
    /// Callbacks that an incident held back.
    pub held: u64,
}

/// The load generator's confession.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Generator {
    /// Goose users: the most requests that could be under way at once.
    pub workers: u32,
    pub steps: u64,
    /// Steps that ended in a panic of ours: any makes the run worthless.
    pub panics: u64,
    /// The largest number of workers busy at once.
    pub busy_max: u32,
    /// Since when the generator itself was the bottleneck, if ever. The verdict is then inconclusive.
    pub saturated_since: Option<f64>,
    /// How that was judged.
    pub saturation_rule: String,
}
