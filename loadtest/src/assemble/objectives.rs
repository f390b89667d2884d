//! Whether the objectives held, and whether the generator was fit to say so.

use kycsim_reports::figures;
use kycsim_reports::model::{Generator, Held, Objective as Judged};
use kycsim_scenarios::language::{Objective, Unit};

use super::facts::Facts;
use super::part::Reading;

/// The generator's own delay may be a tenth of the shortest bound on a duration; this much when there is no such bound.
const LAG_ALLOWED: f64 = 0.25;
/// No bound makes the allowance smaller than a busy machine's scheduler needs.
const LAG_ALLOWED_LEAST: f64 = 0.05;

/// A share of fewer than this is an anecdote.
const SHARE_NEEDS_LEAST: u64 = 10;

/// Since when the generator was the bottleneck, and how that was judged.
#[derive(Debug)]
pub(super) struct Saturation {
    pub(super) since: Option<f64>,
    pub(super) rule: String,
}

/// An objective, and what was measured to answer it.
#[derive(Debug)]
pub(super) struct Question<'a> {
    objective: &'a Objective,
    reading: Reading,
    /// What the baseline measured; none when the bound does not ask, or there is no baseline.
    baseline: Option<Reading>,
}

impl Question<'_> {
    /// The bound as a value; none when it hangs on a baseline that measured nothing.
    fn bound(&self) -> Option<f64> {
        self.objective.bound.value(self.baseline.as_ref().and_then(|reading| reading.value))
    }

    fn unit(&self) -> Unit {
        self.objective.subject.measure.unit()
    }
}

/// Measures what every objective asks for, here and in the baseline.
pub(super) fn questions<'a>(facts: &Facts<'a>, baseline: Option<&Facts<'_>>) -> Vec<Question<'a>> {
    let incidents = &facts.records.scenario.incident;
    let ask = |objective: &'a Objective| {
        let subject = &objective.subject;
        // A good day has no outage: it is looked at at the time when this day had one.
        let otherwise = subject.window.as_ref().and_then(|window| window.moments(incidents));
        let baseline = baseline.filter(|_| objective.bound.is_relative()).map(|baseline| baseline.reading(subject, otherwise));
        Question { objective, reading: facts.reading(subject, None), baseline }
    };
    facts.records.scenario.expect.0.iter().map(ask).collect()
}

/// The shortest duration that anything is held against.
pub(super) fn shortest_bound(questions: &[Question<'_>]) -> Option<f64> {
    let durations = questions.iter().filter(|question| question.unit() == Unit::Duration);
    durations.filter_map(Question::bound).filter(|bound| *bound > 0.0).reduce(f64::min)
}

/// Whether a baseline's own generator was fit to set a measure.
pub(super) fn generator_kept_up(baseline: &Facts<'_>) -> bool {
    let shortest = shortest_bound(&questions(baseline, None));
    saturation(baseline, shortest).since.is_none() && baseline.records.generator.is_none_or(|generator| generator.panics == 0)
}

pub(super) fn saturation(facts: &Facts<'_>, shortest_bound: Option<f64>) -> Saturation {
    let (records, latencies) = (facts.records, &facts.latencies);
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

pub(super) fn judge(questions: &[Question<'_>], generator: &Generator, baseline_is_fit: bool) -> Vec<Judged> {
    questions.iter().map(|question| judge_one(question, generator, baseline_is_fit)).collect()
}

fn judge_one(question: &Question<'_>, generator: &Generator, baseline_is_fit: bool) -> Judged {
    let Question { objective, reading, baseline } = question;
    let (subject, unit) = (&objective.subject, question.unit());
    let (held, note) = match answer(question, generator, baseline_is_fit) {
        Ok(held) => (if held { Held::Yes } else { Held::No }, None),
        Err(why) => (Held::Inconclusive, Some(why)),
    };
    Judged {
        measure: subject.measure.as_str().to_owned(),
        narrowed: (!subject.is_whole()).then(|| subject.narrowed()),
        bound: objective.written.clone(),
        measured: reading.value.map(|value| written(unit, value)),
        count: reading.count,
        baseline: baseline.as_ref().and_then(|baseline| baseline.value).map(|value| written(unit, value)),
        held,
        note,
    }
}

/// Whether the objective held, or why that cannot be said.
fn answer(question: &Question<'_>, generator: &Generator, baseline_is_fit: bool) -> Result<bool, String> {
    let Question { objective, reading, baseline } = question;
    let value = reading.value.ok_or_else(|| missing(reading))?;
    if let Some(few) = too_few(question, reading) {
        return Err(few);
    }
    if objective.bound.is_relative() {
        let baseline = baseline.as_ref().ok_or("there is no baseline run to hold it against; give one with --baseline")?;
        if baseline.value.is_none() {
            return Err(format!("in the baseline, {}", missing(baseline)));
        }
        if let Some(few) = too_few(question, baseline) {
            return Err(format!("in the baseline, {few}"));
        }
        if !baseline_is_fit {
            return Err("the baseline's own generator was the bottleneck".to_owned());
        }
    }
    let bound = question.bound().ok_or("there is no bound")?;
    match (objective.comparison.holds(value, bound), generator.saturated_since) {
        (true, _) => Ok(true),
        (false, Some(since)) => Err(format!("the generator was saturated from {since:.0} s on")),
        (false, None) => Ok(false),
    }
}

fn missing(reading: &Reading) -> String {
    reading.note.clone().unwrap_or_else(|| "nothing was measured".to_owned())
}

/// Says so when the reading is of too few to say anything.
fn too_few(question: &Question<'_>, reading: &Reading) -> Option<String> {
    let subject = &question.objective.subject;
    let (count, name) = (reading.count?, subject.measure.as_str());
    let (what, needed) = match question.unit() {
        Unit::Duration => {
            let statistic = name.rsplit_once('.').map_or(name, |(_, statistic)| statistic);
            (format!("a {statistic}"), needed(statistic))
        }
        Unit::Share if !subject.is_whole() => ("a share with this bound".to_owned(), needed_for_share(question.bound()?)),
        Unit::Share | Unit::Count => return None,
    };
    (count < needed).then(|| format!("{what} needs {needed} values, and there were {count}"))
}

/// How many a share of a part needs: so many that one of them weighs no more than lies between the bound and none, or all.
fn needed_for_share(bound: f64) -> u64 {
    let edge = bound.min(1.0 - bound);
    if edge <= 0.0 {
        return SHARE_NEEDS_LEAST;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates, and an edge is positive")]
    let needed = (1.0 / edge - 1e-9).ceil() as u64; // less a breath: 1 - 0.9 is not quite a tenth
    needed.max(SHARE_NEEDS_LEAST)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_needs_as_many_as_its_bound_is_near_to_none_or_all() {
        assert_eq!(needed_for_share(0.08), 13);
        assert_eq!(needed_for_share(0.05), 20);
        assert_eq!(needed_for_share(0.95), 20);
        assert_eq!(needed_for_share(0.9), 10);
        assert_eq!(needed_for_share(0.5), 10);
        assert_eq!(needed_for_share(0.0), 10);
        assert_eq!(needed_for_share(1.2), 10); // a baseline and some more may lie beyond all
    }
}
