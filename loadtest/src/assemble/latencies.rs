//! Distributions of durations, and what decision latency is made of.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use kycsim_reports::model::{Latency, Percentile};
use kycsim_scenarios::journey::{Shown, Step};
use kycsim_scenarios::language::describe_distribution;
use kycsim_scenarios::{ApplicantKey, SimTime};

use super::truth::Truth;
use crate::record::{AttemptRow, JourneyRow, Measured, Records, ReviewRow};

/// The joints at which decision latency is taken apart, in order of time.
const SEGMENTS: [(&str, &str); 9] = [
    ("segment.intake", "The submission: due until the backend acknowledged it."),
    ("segment.outbox", "The backend's outbox: acknowledged until the vendor had everything."),
    ("segment.vendor", "The vendor's examination: submitted until decided."),
    ("segment.callback_wait", "The vendor's callbacks: decided until the first delivery began."),
    ("segment.callback", "Delivery: first begun until the backend accepted one."),
    ("segment.review_wait", "The review queue: callback accepted until a reviewer claimed the case."),
    ("segment.review", "The reviewer: case claimed until decided."),
    ("segment.reconcile", "No callback came: decided until the applicant was told all the same."),
    ("segment.telling", "The last look: outcome known to the backend until the applicant saw it."),
];

#[derive(Debug)]
pub(super) struct Latencies {
    pub(super) headline: Vec<Latency>,
    pub(super) segments: Vec<Latency>,
    pub(super) steps: Vec<Latency>,
}

impl Latencies {
    pub(super) fn of(records: &Records, truth: &Truth<'_>) -> Self {
        let mut measured = Measured::default();
        spans(records, truth, &mut |span| measured.record(span.name, span.until - span.from));
        let empty = crate::record::new_histogram();
        let of = |name: &str, description: &str| {
            let histogram = measured.0.get(name).or_else(|| records.measured.0.get(name)).unwrap_or(&empty);
            summarise(name, description, histogram)
        };
        let headline = ["decision_latency", "automatic_decision_latency", "review_wait", "callback_latency", "api_latency", "lag"];
        Self {
            headline: headline.into_iter().map(|name| of(name, describe_distribution(name))).collect(),
            segments: SEGMENTS.into_iter().map(|(name, about)| of(name, about)).filter(|latency| latency.count > 0).collect(),
            steps: Step::ALL.iter().map(|step| of(&format!("step.{step}"), &format!("Due until answered: {step}."))).collect(),
        }
    }

    pub(super) fn headline(&self, name: &str) -> Option<&Latency> {
        self.headline.iter().find(|latency| latency.name == name)
    }
}

/// A stretch of somebody's time. It counts in the window in which it begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span<'a> {
    pub(super) name: &'static str,
    pub(super) applicant: &'a ApplicantKey,
    pub(super) from: SimTime,
    pub(super) until: SimTime,
}

/// Shows every span that the rows tell of, each once.
pub(super) fn spans<'a>(records: &'a Records, truth: &Truth<'_>, see: &mut dyn FnMut(Span<'a>)) {
    let reviews: BTreeMap<&ApplicantKey, &ReviewRow> = records.reviews.iter().map(|review| (&review.applicant, review)).collect();
    for journey in &records.journeys {
        let review = reviews.get(&journey.applicant).copied();
        for attempt in &journey.attempts {
            take_apart(journey, attempt, review, truth, see);
        }
    }
    for review in &records.reviews {
        let opened = truth.last_accepted(&review.applicant, review.claimed).or(review.opened);
        if let Some(from) = opened {
            see(Span { name: "review_wait", applicant: &review.applicant, from, until: review.claimed });
        }
    }
}

fn take_apart<'a>(
    journey: &'a JourneyRow,
    attempt: &AttemptRow,
    review: Option<&ReviewRow>,
    truth: &Truth<'_>,
    see: &mut dyn FnMut(Span<'a>),
) {
    let vendor = truth.attempt(&journey.applicant, attempt.attempt);
    let mut span = |name: &'static str, from: Option<SimTime>, until: Option<SimTime>| {
        if let (Some(from), Some(until)) = (from, until) {
            see(Span { name, applicant: &journey.applicant, from, until });
        }
    };
    let decided = vendor.decided.map(|(at, _)| at);
    span("callback_latency", decided, vendor.accepted);
    let Some(told) = attempt.told.filter(|told| told.shown != Shown::Expired) else { return };
    let told = Some(told.at);
    span("decision_latency", Some(attempt.due), told);
    span("segment.intake", Some(attempt.due), Some(attempt.accepted));
    span("segment.outbox", Some(attempt.accepted), vendor.submitted);
    span("segment.vendor", vendor.submitted, decided);
    // The case of this attempt, and of no earlier one: it was claimed after the submission, and decided before the applicant was told.
    let review = review.filter(|review| review.claimed >= attempt.due && review.decided.is_some_and(|at| Some(at) <= told));
    if review.is_none() {
        span("automatic_decision_latency", Some(attempt.due), told);
    }
    if vendor.accepted.is_none_or(|accepted| Some(accepted) > told) {
        // The backend asked, and knew before a callback told it.
        span("segment.reconcile", decided, told);
        return;
    }
    span("segment.callback_wait", decided, vendor.first_sent);
    span("segment.callback", vendor.first_sent, vendor.accepted);
    match review {
        Some(review) => {
            span("segment.review_wait", vendor.accepted, Some(review.claimed));
            span("segment.review", Some(review.claimed), review.decided);
            span("segment.telling", review.decided, told);
        }
        None => span("segment.telling", vendor.accepted, told),
    }
}

/// The statistics that objectives may ask for, by name.
pub(super) fn statistics(latency: &Latency) -> [(&'static str, f64); 6] {
    let Latency { mean, p50, p90, p95, p99, max, .. } = *latency;
    [("mean", mean), ("p50", p50), ("p90", p90), ("p95", p95), ("p99", p99), ("max", max)]
}

pub(super) fn summarise(name: &str, description: &str, histogram: &Histogram<u64>) -> Latency {
    let at = |quantile: f64| seconds(histogram.value_at_quantile(quantile));
    Latency {
        name: name.to_owned(),
        description: description.to_owned(),
        count: histogram.len(),
        mean: histogram.mean() / 1e6,
        min: seconds(histogram.min()),
        p50: at(0.5),
        p75: at(0.75),
        p90: at(0.9),
        p95: at(0.95),
        p99: at(0.99),
        p999: at(0.999),
        max: seconds(histogram.max()),
        curve: curve(histogram),
    }
}

/// Ten points for each halving of what is left above, which a logarithmic axis spreads evenly; none beyond what so many values can tell.
fn curve(histogram: &Histogram<u64>) -> Vec<Percentile> {
    if histogram.is_empty() {
        return Vec::new();
    }
    #[expect(clippy::cast_precision_loss, reason = "a count of measurements")]
    let smallest_tail = 1.0 / histogram.len() as f64;
    let points = (0..=200).map(|step| 1.0 - 0.5_f64.powf(f64::from(step) / 10.0)).take_while(|quantile| 1.0 - quantile >= smallest_tail);
    points
        .map(|quantile| Percentile { percentile: quantile * 100.0, seconds: seconds(histogram.value_at_quantile(quantile)) })
        .chain(std::iter::once(Percentile { percentile: 100.0, seconds: seconds(histogram.max()) }))
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "microseconds below an hour")]
fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}
