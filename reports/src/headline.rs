//! The few figures that every face shows first.

use crate::figures;
use crate::model::{Held, Latency, Run, Verdict};

/// The measure that the whole run is about.
const DECISION_LATENCY: &str = "decision_latency";

/// What a reader wants to know in the first five seconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Headline {
    pub verdict: Verdict,
    /// Why the verdict is what it is, one short phrase each.
    pub reasons: Vec<String>,
    pub arrived: u64,
    /// Applicants told a final decision.
    pub decided: u64,
    /// Seconds; none when nobody was decided.
    pub decision_latency_p50: Option<f64>,
    pub decision_latency_p95: Option<f64>,
    /// 0..=1; none when nobody arrived.
    pub abandonment_rate: Option<f64>,
    pub review_depth_max: u64,
    /// When the last sample was taken: how long the run lasted, in seconds.
    pub lasted: f64,
}

impl Headline {
    /// Returns the headline of a run.
    #[must_use]
    pub fn of(run: &Run) -> Self {
        let latency = decision_latency(run).filter(|latency| latency.count > 0);
        let totals = &run.totals;
        Self {
            verdict: run.verdict,
            reasons: reasons(run),
            arrived: totals.arrived,
            decided: totals.approved + totals.rejected,
            decision_latency_p50: latency.map(|latency| latency.p50),
            decision_latency_p95: latency.map(|latency| latency.p95),
            abandonment_rate: figures::ratio(totals.abandoned, totals.arrived),
            review_depth_max: run.review.depth_max,
            lasted: run.series.last().map_or(0.0, |sample| sample.at),
        }
    }
}

/// Returns the distribution of decision latency, which a killed run may lack.
#[must_use]
pub fn decision_latency(run: &Run) -> Option<&Latency> {
    run.latencies.iter().find(|latency| latency.name == DECISION_LATENCY)
}

fn reasons(run: &Run) -> Vec<String> {
    let mut reasons = Vec::new();
    let all = run.objectives.len();
    let judged = |held| run.objectives.iter().filter(|objective| objective.held == held).count();
    let (missed, unsure) = (judged(Held::No), judged(Held::Inconclusive));
    let of_all = |number| match all {
        1 => "the one objective".to_owned(),
        _ if number == all => format!("all {all} objectives"),
        _ => format!("{number} of {all} objectives"),
    };
    if missed > 0 {
        reasons.push(format!("{} missed", of_all(missed)));
    }
    if unsure > 0 {
        reasons.push(format!("{} could not be judged", of_all(unsure)));
    }
    if all > 0 && missed + unsure == 0 {
        reasons.push(format!("{} held", of_all(all)));
    }
    match u64::try_from(run.integrity.findings.len()) {
        Ok(0) if run.integrity.checked => reasons.push("integrity clean".to_owned()),
        Ok(0) => reasons.push("integrity not checked".to_owned()),
        Ok(found) => reasons.push(figures::counted(found, "integrity finding", "integrity findings")),
        Err(_) => reasons.push("very many integrity findings".to_owned()),
    }
    if let Some(since) = run.generator.saturated_since {
        reasons.push(format!("the generator was the bottleneck from {}", figures::duration(since)));
    }
    if run.generator.panics > 0 {
        reasons.push(figures::counted(run.generator.panics, "panic of the generator", "panics of the generator"));
    }
    reasons
}
