//! The result of a run: what everything that measures produces, and what every face is drawn from.
//!
//! The shape is a contract. `report.json` is this, serialized; renaming a field breaks whoever reads it, so [`FORMAT`] then grows.
//! Times are seconds since the schedule began unless a name says otherwise, durations are seconds, shares lie in 0..=1. Read [`Run`] first,
//! then [`Latency`] and [`Objective`].

mod breakdown;
mod integrity;
mod latency;
mod manifest;
mod objective;
mod run;
mod series;

pub use breakdown::{Breakdown, FunnelStep, Slice};
pub use integrity::{Evidence, Finding, FindingKind, Integrity};
pub use latency::{Latency, Percentile};
pub use manifest::{Ended, Machine, Manifest, Recognises, ScenarioSummary, Tells, VendorPlayed};
pub use objective::{Baseline, Held, Objective};
pub use run::{Generator, ReviewSummary, Run, Totals, VendorSummary, Verdict};
pub use series::{IncidentBand, Sample};

/// The version of the shape of [`Run`], written into every `report.json`.
pub const FORMAT: u32 = 1;
