//! Every measure by the name that objectives use. The list of names stands in `scenarios`; a test holds the two together.

use std::collections::BTreeMap;

use kycsim_reports::model::{FindingKind, FunnelStep, Integrity, ReviewSummary, Totals, VendorSummary};

use super::funnel::capture;
use super::latencies::{Latencies, statistics};
use crate::record::Records;

pub(super) struct Parts<'a> {
    pub(super) latencies: &'a Latencies,
    pub(super) totals: Totals,
    pub(super) funnel: &'a [FunnelStep],
    pub(super) review: ReviewSummary,
    pub(super) vendor: VendorSummary,
    pub(super) integrity: &'a Integrity,
}

#[expect(clippy::cast_precision_loss, reason = "counts of applicants, cases and requests")]
pub(super) fn measures(records: &Records, parts: &Parts<'_>) -> BTreeMap<String, f64> {
    let mut measures = BTreeMap::new();
    for latency in parts.latencies.headline.iter().filter(|latency| latency.count > 0) {
        for (statistic, value) in statistics(latency) {
            measures.insert(format!("{}.{statistic}", latency.name), value);
        }
    }
    let Parts { totals, review, vendor, integrity, .. } = parts;
    let decided = totals.approved + totals.rejected;
    let mut share = |name: &str, part: u64, whole: u64| {
        if whole > 0 {
            measures.insert(name.to_owned(), part as f64 / whole as f64);
        }
    };
    share("approval.rate", totals.approved, decided);
    share("rejection.rate", totals.rejected, decided);
    share("completion.rate", decided, totals.arrived);
    share("abandonment.rate", totals.abandoned, totals.arrived);
    share("vendor.error_rate", vendor.faults, vendor.requests);
    for step in parts.funnel {
        share(&format!("abandonment.{}", step.step), step.abandoned, step.entered);
    }
    let (left, came) = capture(parts.funnel);
    share("abandonment.capture", left, came);
    let mut number = |name: &str, value: f64| measures.insert(name.to_owned(), value);
    number("applicants.arrived", totals.arrived as f64);
    number("applicants.open", (totals.in_flight + totals.in_review) as f64);
    number("callbacks.deliveries", vendor.deliveries as f64);
    number("callbacks.duplicates", vendor.duplicates as f64);
    number("callbacks.forged", vendor.forged as f64);
    number("decisions.revised", vendor.revisions as f64);
    number("vendor.rate_limited", vendor.rate_limited as f64);
    if !records.depths.is_empty() {
        number("review_queue.depth.max", review.depth_max as f64);
        number("review_queue.depth.mean", review.depth_mean);
        number("review_queue.depth.end", review.depth_end as f64);
    }
    if integrity.checked {
        let found = |kind: FindingKind| integrity.findings.iter().filter(|finding| finding.kind == kind).count() as f64;
        number("integrity.findings", integrity.findings.len() as f64);
        for kind in FindingKind::ALL {
            number(&format!("integrity.{}", kind.as_str()), found(kind));
        }
    }
    if let Some(drain) = drain_seconds(records) {
        number("drain.seconds", drain);
    }
    measures
}

/// From the end of the last incident until no more applicants wait for a decision than when it began. None without an incident, or when it never drained.
pub(super) fn drain_seconds(records: &Records) -> Option<f64> {
    let incident = records.scenario.incident.iter().max_by_key(|incident| incident.ends())?;
    let (begins, ends) = (incident.begins().as_secs_f64(), incident.ends().as_secs_f64());
    // Nobody waited before the first sample.
    let before = records.series.iter().rfind(|sample| sample.at <= begins).map_or(0, |sample| sample.awaiting_decision);
    let drained = records.series.iter().find(|sample| sample.at >= ends && sample.awaiting_decision <= before)?;
    Some(drained.at - ends)
}
