//! Whether the objectives held, and whether the generator was fit to say so.

use std::collections::BTreeMap;

use kycsim_reports::figures;
use kycsim_reports::model::{Generator, Held, Objective as Judged};
use kycsim_scenarios::language::{Objective, Unit};

use super::latencies::Latencies;
use crate::record::Records;

/// The generator's own delay may be a tenth of the shortest bound on a duration; this much when there is no such bound.
const LAG_ALLOWED: f64 = 0.25;
/// No bound makes the allowance smaller than a busy machine's scheduler needs.
const LAG_ALLOWED_LEAST: f64 = 0.05;

/// Since when the generator was the bottleneck, and how that was judged.
#[derive(Debug)]
pub(super) struct Saturation {
    pub(super) since: Option<f64>,
    pub(super) rule: String,
}

pub(super) fn saturation(records: &Records, latencies: &Latencies) -> Saturation {
    let shortest_bound = records
        .scenario
        .expect
        .0
        .iter()
        .filter(|objective| objective.measure.unit() == Unit::Duration && objective.bound > 0.0)
        .map(|objective| objective.bound)
        .reduce(f64::min);
    let allowed = shortest_bound.map_or(LAG_ALLOWED, |bound| (bound / 10.0).max(LAG_ALLOWED_LEAST));
    let lag = latencies.headline("lag").map_or(0.0, |lag| lag.p99);
    let since = records.series.iter().find(|sample| sample.lag_p99.is_some_and(|lag| lag > allowed)).map(|sample| sample.at);
    let rule = format!(
        "saturated when the p99 of lag (due until begun) is over {}, {}",
        figures::duration(allowed),
        if shortest_bound.is_some() {
            "a tenth of the shortest bound on a duration"
        } else {
            "the allowance of a run without bounds on durations"
        }
    );
    Saturation { since: since.filter(|_| lag > allowed), rule }
}

pub(super) fn judge(
    objectives: &[Objective],
    measures: &BTreeMap<String, f64>,
    latencies: &Latencies,
    generator: &Generator,
) -> Vec<Judged> {
    objectives.iter().map(|objective| judge_one(objective, measures, latencies, generator)).collect()
}

fn judge_one(objective: &Objective, measures: &BTreeMap<String, f64>, latencies: &Latencies, generator: &Generator) -> Judged {
    let name = objective.measure.as_str();
    let measured = measures.get(name).copied();
    let judged = |held, note: Option<String>| Judged {
        measure: name.to_owned(),
        bound: objective.written.clone(),
        measured: measured.map(|value| written(objective.measure.unit(), value)),
        held,
        note,
    };
    let Some(value) = measured else { return judged(Held::Inconclusive, Some("nothing was measured".to_owned())) };
    if let Some((distribution, statistic)) = name.rsplit_once('.')
        && let Some(latency) = latencies.headline(distribution)
        && latency.count < needed(statistic)
    {
        let note = format!("a {statistic} needs {} values, and there were {}", needed(statistic), latency.count);
        return judged(Held::Inconclusive, Some(note));
    }
    match (objective.holds(value), generator.saturated_since) {
        (true, _) => judged(Held::Yes, None),
        (false, Some(since)) => judged(Held::Inconclusive, Some(format!("the generator was saturated from {since:.0} s on"))),
        (false, None) => judged(Held::No, None),
    }
}

/// How many values a statistic needs before it says anything: a percentile needs one value beyond it.
fn needed(statistic: &str) -> u64 {
    match statistic {
        "p99" => 100,
        "p95" => 20,
        "p90" => 10,
        "p50" => 2,
        _ => 1,
    }
}

/// A measured value as a reader wants it.
fn written(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Duration => figures::duration(value),
        Unit::Share => figures::share(value),
        Unit::Count => figures::decimal(value),
    }
}
