//! From a run's folder to its result: joins what was recorded on the three sides, and judges it. Reads no clock and touches no disk.

mod baseline;
mod breakdowns;
mod facts;
mod funnel;
mod integrity;
mod latencies;
mod measures;
mod objectives;
mod observations;
mod part;
mod review;
mod truth;

use kycsim_reports::model::{Ended, FORMAT, Generator, Held, IncidentBand, Run, Totals, Verdict};
use kycsim_scenarios::Scenario;

use crate::record::{EndRow, Records};
use facts::Facts;
use truth::Truth;

/// Makes the result of a run from its records. Objectives that hang on a baseline are inconclusive.
#[must_use]
pub fn assemble(records: &Records) -> Run {
    assemble_against(records, None)
}

/// Makes the result of a run from its records, and holds it against another run where an objective asks for that.
#[must_use]
pub fn assemble_against(records: &Records, baseline: Option<&Records>) -> Run {
    let truth = Truth::new(&records.ledger);
    let facts = Facts::of(records, &truth);
    let baseline_truth = baseline.map(|baseline| Truth::new(&baseline.ledger));
    let reference = baseline.zip(baseline_truth.as_ref()).map(|(baseline, truth)| Facts::of(baseline, truth));
    let questions = objectives::questions(&facts, reference.as_ref());
    let generator = generator(records, objectives::saturation(&facts, objectives::shortest_bound(&questions)));
    let reference_is_fit = reference.as_ref().is_none_or(objectives::generator_kept_up);
    let objectives = objectives::judge(&questions, &generator, reference_is_fit);
    drop(questions);
    let verdict = verdict(&objectives, &facts.integrity, &generator);
    let mut run = Run {
        format: FORMAT,
        manifest: records.manifest.clone(),
        verdict,
        observations: Vec::new(),
        totals: facts.totals,
        funnel: facts.funnel,
        latencies: facts.latencies.headline,
        segments: facts.latencies.segments,
        steps: facts.latencies.steps,
        series: records.series.clone(),
        incidents: bands(&records.scenario),
        breakdowns: breakdowns::breakdowns(&records.journeys, &truth),
        review: facts.review,
        vendor: facts.vendor,
        objectives,
        baseline: baseline.map(|baseline| baseline::describe(records, baseline)),
        integrity: facts.integrity,
        generator,
        measures: facts.measures,
    };
    run.observations = observations::observations(&run, records, &truth);
    run
}

/// What became of everybody. A killed run knows of open journeys only that they arrived.
fn totals(records: &Records) -> Totals {
    let mut totals = Totals::default();
    for journey in &records.journeys {
        match (journey.end, journey.in_review) {
            (Some(EndRow::Approved { .. }), _) => totals.approved += 1,
            (Some(EndRow::Rejected { .. }), _) => totals.rejected += 1,
            (Some(EndRow::Expired { .. }), _) => totals.expired += 1,
            (Some(EndRow::Abandoned { .. }), _) => totals.abandoned += 1,
            (None, true) => totals.in_review += 1,
            (None, false) => totals.in_flight += 1,
        }
    }
    if records.manifest.ended == Ended::Unfinished {
        totals.in_flight += records.series.last().map_or(0, |sample| sample.in_flight);
    }
    totals.arrived = totals.approved + totals.rejected + totals.expired + totals.abandoned + totals.in_review + totals.in_flight;
    totals
}

fn bands(scenario: &Scenario) -> Vec<IncidentBand> {
    let band = |incident: &kycsim_scenarios::language::Incident| IncidentBand {
        name: incident.name().to_owned(),
        description: incident.describe(),
        from: incident.begins().as_secs_f64(),
        until: incident.ends().as_secs_f64(),
    };
    scenario.incident.iter().map(band).collect()
}

fn generator(records: &Records, saturation: objectives::Saturation) -> Generator {
    let row = records.generator.unwrap_or_default();
    Generator {
        workers: row.workers,
        steps: row.steps,
        panics: row.panics,
        busy_max: row.busy_max,
        saturated_since: saturation.since,
        saturation_rule: saturation.rule,
    }
}

fn verdict(
    objectives: &[kycsim_reports::model::Objective],
    integrity: &kycsim_reports::model::Integrity,
    generator: &Generator,
) -> Verdict {
    // A wrong decision is wrong however busy the generator was; a missed bound may be the generator's own doing.
    if !integrity.findings.is_empty() {
        return Verdict::Failed;
    }
    let saturated = generator.saturated_since.is_some() || generator.panics > 0;
    if objectives.iter().any(|objective| objective.held == Held::No) {
        return if saturated { Verdict::Inconclusive } else { Verdict::Failed };
    }
    if saturated || !integrity.checked || objectives.iter().any(|objective| objective.held == Held::Inconclusive) {
        return Verdict::Inconclusive;
    }
    Verdict::Passed
}
