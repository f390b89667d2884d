//! What a person should read first: sentences with figures, most telling first.

use std::collections::BTreeMap;

use kycsim_reports::figures::{counted, decimal, duration, share};
use kycsim_reports::model::{Ended, FindingKind, IncidentBand, Latency, Run, Sample};

use kycsim_scenarios::vendor::Outcome;

use super::measures::drain_seconds;
use super::truth::Truth;
use crate::record::Records;

const KILLED: &str = "This run was killed: what is shown is what was on disk, and open journeys are unknown.";
const CUT_SHORT: &str = "This run was stopped before its schedule was over; what was measured until then is shown.";

pub(super) fn observations(run: &Run, records: &Records, truth: &Truth<'_>) -> Vec<String> {
    let mut observations = Vec::new();
    match run.manifest.ended {
        Ended::Unfinished => observations.push(KILLED.to_owned()),
        Ended::CutShort => observations.push(CUT_SHORT.to_owned()),
        Ended::Complete => {}
    }
    observations.extend(incorrect(run));
    observations.extend(run.incidents.iter().filter_map(|band| incident(band, &run.series)));
    observations.extend(drain(run, records));
    observations.extend(largest_segment(run));
    observations.extend(review(run));
    observations.extend(changed(records, truth));
    observations.extend(duplicates(run));
    observations.extend(forged(run));
    observations.extend(reconciled(records));
    observations
}

fn incorrect(run: &Run) -> Option<String> {
    let first = run.integrity.findings.first()?;
    let found = counted(run.integrity.findings.len() as u64, "wrong answer", "wrong answers");
    Some(format!("The backend holds {found}; the first is about {}: {}.", first.applicant, first.summary))
}

/// Abandonment inside an incident's band against the time before it.
fn incident(band: &IncidentBand, series: &[Sample]) -> Option<String> {
    let rate = |from: f64, until: f64| {
        let inside: Vec<&Sample> = series.iter().filter(|sample| sample.at > from && sample.at <= until).collect();
        let arrived: f64 = inside.iter().map(|sample| sample.arrivals_per_second).sum();
        let left: f64 = inside.iter().map(|sample| sample.abandonments_per_second).sum();
        (arrived > 0.0).then(|| left / arrived)
    };
    let (before, during) = (rate(0.0, band.from)?, rate(band.from, band.until)?);
    let waiting = |from: f64, until: f64| {
        series.iter().filter(|sample| sample.at > from && sample.at <= until).map(|sample| sample.awaiting_decision).max().unwrap_or(0)
    };
    Some(format!(
        "During \"{}\" {:.0} applicants left for every hundred who came, against {:.0} before it; at most {} waited for a decision, against {}.",
        band.name,
        during * 100.0,
        before * 100.0,
        waiting(band.from, band.until),
        waiting(0.0, band.from),
    ))
}

fn drain(run: &Run, records: &Records) -> Option<String> {
    let last = run.incidents.iter().max_by(|a, b| a.until.total_cmp(&b.until))?;
    if run.series.last().is_some_and(|sample| sample.at < last.until) {
        return None; // the run ended first
    }
    Some(match drain_seconds(records) {
        Some(seconds) => format!("The backlog of \"{}\" had drained {} after it ended.", last.name, duration(seconds)),
        None => format!("The backlog of \"{}\" had not drained when the run ended.", last.name),
    })
}

fn largest_segment(run: &Run) -> Option<String> {
    #[expect(clippy::cast_precision_loss, reason = "counts of attempts")]
    let weight = |latency: &Latency| latency.mean * latency.count as f64;
    let total: f64 = run.segments.iter().map(weight).sum();
    let largest = run.segments.iter().max_by(|a, b| weight(a).total_cmp(&weight(b)))?;
    if total <= 0.0 {
        return None;
    }
    let whose = match largest.name.as_str() {
        "segment.intake" => "the backend's taking the submission in",
        "segment.outbox" => "the backend's outbox, before the vendor had the submission",
        "segment.vendor" => "the vendor's own examination",
        "segment.callback_wait" => "decisions that the vendor had made and not yet told",
        "segment.callback" => "delivering callbacks to the backend",
        "segment.review_wait" => "cases waiting for a reviewer",
        "segment.review" => "the reviewers' work",
        "segment.reconcile" => "decisions that no callback told, until the backend asked",
        "segment.telling" => "the last look: applicants see an outcome when they next ask",
        other => other,
    };
    Some(format!(
        "{} of all the time applicants waited for a decision was {whose} (p95 {}).",
        share(weight(largest) / total),
        duration(largest.p95)
    ))
}

fn review(run: &Run) -> Option<String> {
    let review = &run.review;
    if review.opened == 0 {
        return None;
    }
    let wait = run.latencies.iter().find(|latency| latency.name == "review_wait").filter(|latency| latency.count > 0);
    let wait = wait.map(|wait| format!(", and half of them waited over {} for a reviewer", duration(wait.p50))).unwrap_or_default();
    let little = if review.little_agrees {
        String::new()
    } else {
        format!(
            " The queue's depth does not agree with Little's law (sampled {}, from event times {}): one of the two is wrong.",
            decimal(review.depth_mean),
            decimal(review.little_lambda_w)
        )
    };
    Some(format!(
        "{} went to manual review{wait}; the queue was at most {} deep, and {} busy {} of the time.{little}",
        counted(review.opened, "case", "cases"),
        review.depth_max,
        counted(u64::from(review.reviewers), "reviewer was", "reviewers were"),
        share(review.occupancy)
    ))
}

/// What the vendor thought better of, and what the backend made of it.
fn changed(records: &Records, truth: &Truth<'_>) -> Option<String> {
    let mut changes: BTreeMap<(Outcome, Outcome), u64> = BTreeMap::new();
    let mut statuses: BTreeMap<&str, u64> = BTreeMap::new();
    for (applicant, before, after) in truth.changes() {
        *changes.entry((before, after)).or_insert(0) += 1;
        if let Some(status) = records.answers.get(applicant).and_then(|answer| answer.status.as_deref()) {
            *statuses.entry(status).or_insert(0) += 1;
        }
    }
    let ((before, after), most) = changes.iter().max_by_key(|(_, count)| **count)?;
    let all = counted(changes.values().sum(), "decision", "decisions");
    let said: Vec<String> = statuses.iter().map(|(status, count)| format!("{count} {}", status.replace('_', " "))).collect();
    let said = if said.is_empty() { String::new() } else { format!("; the backend says of them at the end: {}", said.join(", ")) };
    let most = if changes.len() == 1 { "all".to_owned() } else { format!("{most} of them") };
    Some(format!("The vendor changed {all} after it had made them, {most} from {before} to {after}{said}."))
}

fn forged(run: &Run) -> Option<String> {
    let (sent, taken) = (run.vendor.forged, run.integrity.findings.iter().filter(|finding| finding.kind == FindingKind::Forged).count());
    (sent > 0 && run.integrity.checked).then(|| {
        let taken = if taken == 0 { "none was believed".to_owned() } else { format!("the backend believed them about {taken} applicants") };
        format!("{} came that the vendor had not signed, or not now; {taken}.", counted(sent, "delivery", "deliveries"))
    })
}

fn duplicates(run: &Run) -> Option<String> {
    let sent = run.vendor.duplicates;
    let doubled = run.integrity.findings.iter().filter(|finding| finding.kind == FindingKind::Doubled).count();
    (sent > 0 && run.integrity.checked).then(|| {
        let effect =
            if doubled == 0 { "every decision had its effect once".to_owned() } else { format!("{doubled} had their effect twice") };
        format!("The vendor told {} again on purpose; {effect}.", counted(sent, "decision", "decisions"))
    })
}

fn reconciled(records: &Records) -> Option<String> {
    let count = records.answers.values().filter(|answer| answer.events.iter().any(|event| event.kind == "reconciled")).count();
    (count > 0).then(|| {
        format!("The backend learnt of {} by asking, since no callback had told it.", counted(count as u64, "decision", "decisions"))
    })
}
