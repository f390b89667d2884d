//! What is counted while a run goes on: for the progress line, and for each second's sample.

use std::time::Duration;

use hdrhistogram::Histogram;
use kycsim_reports::model::Sample;
use kycsim_scenarios::SimTime;

use super::progress::Progress;
use super::watch::VendorCounts;
use crate::record::{EndRow, new_histogram};

/// Running totals.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) arrived: u64,
    pub(super) approved: u64,
    pub(super) rejected: u64,
    pub(super) expired: u64,
    pub(super) abandoned: u64,
    pub(super) awaiting: u64,
    pub(super) in_review: u64,
    pub(super) queue_depth: Option<u64>,
    decision_latency: Histogram<u64>,
    second: Second,
}

/// What is forgotten when a second ends.
#[derive(Debug)]
struct Second {
    began: SimTime,
    arrived: u64,
    ended: u64,
    decided: u64,
    vendor: VendorCounts,
    decision_latency: Histogram<u64>,
    lag: Histogram<u64>,
}

impl Tally {
    pub(super) fn new() -> Self {
        Self {
            arrived: 0,
            approved: 0,
            rejected: 0,
            expired: 0,
            abandoned: 0,
            awaiting: 0,
            in_review: 0,
            queue_depth: None,
            decision_latency: new_histogram(),
            second: Second {
                began: SimTime::ZERO,
                arrived: 0,
                ended: 0,
                decided: 0,
                vendor: VendorCounts::default(),
                decision_latency: new_histogram(),
                lag: new_histogram(),
            },
        }
    }

    pub(super) const fn in_flight(&self) -> u64 {
        self.arrived - self.approved - self.rejected - self.expired - self.abandoned
    }

    pub(super) fn end(&mut self, end: EndRow) {
        match end {
            EndRow::Approved { .. } => self.approved += 1,
            EndRow::Rejected { .. } => self.rejected += 1,
            EndRow::Expired { .. } => self.expired += 1,
            EndRow::Abandoned { .. } => self.abandoned += 1,
        }
    }

    pub(super) fn decision(&mut self, latency: Duration) {
        self.decision_latency.saturating_record(micros(latency));
        self.second.decision_latency.saturating_record(micros(latency));
    }

    pub(super) fn lag(&mut self, lag: Duration) {
        self.second.lag.saturating_record(micros(lag));
    }

    /// Ends a second and returns its sample.
    pub(super) fn sample(&mut self, now: SimTime, vendor: VendorCounts) -> Sample {
        let second = &mut self.second;
        let length = (now - second.began).as_secs_f64().max(1e-3);
        #[expect(clippy::cast_precision_loss, reason = "counts of a second")]
        let rate = |count: u64, before: u64| count.saturating_sub(before) as f64 / length;
        let decided = self.approved + self.rejected;
        let sample = Sample {
            at: now.as_secs_f64(),
            arrivals_per_second: rate(self.arrived, second.arrived),
            decisions_per_second: rate(decided, second.decided),
            abandonments_per_second: rate(self.abandoned, second.ended),
            vendor_errors_per_second: rate(vendor.totals.faults, second.vendor.totals.faults),
            callbacks_per_second: rate(vendor.totals.deliveries, second.vendor.totals.deliveries),
            in_flight: self.arrived - decided - self.expired - self.abandoned,
            awaiting_decision: self.awaiting,
            review_queue_depth: self.queue_depth,
            callbacks_pending: vendor.pending,
            decision_latency_p50: quantile(&second.decision_latency, 0.5).map(|latency| latency.as_secs_f64()),
            decision_latency_p95: quantile(&second.decision_latency, 0.95).map(|latency| latency.as_secs_f64()),
            lag_p99: quantile(&second.lag, 0.99).map(|lag| lag.as_secs_f64()),
        };
        (second.began, second.arrived, second.decided, second.ended, second.vendor) = (now, self.arrived, decided, self.abandoned, vendor);
        second.decision_latency.reset();
        second.lag.reset();
        sample
    }

    pub(super) fn progress(&self, elapsed: Duration, incidents: Vec<String>, settling: bool) -> Progress {
        Progress {
            elapsed,
            arrived: self.arrived,
            in_flight: self.in_flight(),
            awaiting_decision: self.awaiting,
            approved: self.approved,
            rejected: self.rejected,
            abandoned: self.abandoned,
            in_review: self.in_review,
            queue_depth: self.queue_depth,
            decision_latency_p50: quantile(&self.decision_latency, 0.5),
            decision_latency_p95: quantile(&self.decision_latency, 0.95),
            incidents,
            settling,
        }
    }
}

fn quantile(histogram: &Histogram<u64>, quantile: f64) -> Option<Duration> {
    (!histogram.is_empty()).then(|| Duration::from_micros(histogram.value_at_quantile(quantile)))
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX).max(1)
}
