//! Everybody's story about one applicant, in order of time.

use kycsim_reports::model::Evidence;
use kycsim_scenarios::SimTime;
use kycsim_scenarios::ledger::{DeliveryResult, LedgerEntry, LedgerEvent};

use super::super::truth::Truth;
use crate::record::{AnswerRow, AttemptRow, BackendEvent, JourneyRow, ReviewRow};

/// The vendor's ledger, the backend's log and last word, what the applicant did and was shown, and the reviewers' work.
pub(super) fn story(truth: &Truth<'_>, journey: &JourneyRow, answer: Option<&AnswerRow>, reviews: &[&ReviewRow]) -> Vec<Evidence> {
    let mut evidence: Vec<Evidence> =
        truth.entries(&journey.applicant).iter().map(|entry| line(entry.at, "vendor", describe(entry))).collect();
    if let Some(answer) = answer {
        evidence.extend(answer.events.iter().map(|event| line(event.at, "backend", describe_event(event))));
        let says = answer.status.as_deref().unwrap_or("nothing");
        evidence.push(line(answer.at, "backend", format!("says {says} (attempt {}) when asked at the end", answer.attempt)));
    }
    evidence.extend(journey.consented.map(|at| line(at, "applicant", "agreed to the processing of their data".to_owned())));
    evidence.extend(journey.attempts.iter().flat_map(of_attempt));
    evidence.extend(reviews.iter().flat_map(|review| of_review(review)));
    evidence.sort_by(|a, b| a.at.total_cmp(&b.at));
    evidence
}

fn line(at: SimTime, side: &str, event: String) -> Evidence {
    Evidence { at: at.as_secs_f64(), side: side.to_owned(), event }
}

fn of_attempt(attempt: &AttemptRow) -> impl Iterator<Item = Evidence> {
    let submitted = line(attempt.accepted, "applicant", format!("submission of attempt {} acknowledged", attempt.attempt));
    let again =
        attempt.submitted_again.map(|at| line(at, "applicant", format!("went back, and submitted attempt {} again", attempt.attempt)));
    let in_review = attempt.review_seen.map(|at| line(at, "applicant", "was shown: in_review".to_owned()));
    let told = attempt.told.map(|told| line(told.at, "applicant", format!("was shown: {}", told.shown)));
    [Some(submitted), again, in_review, told].into_iter().flatten()
}

fn of_review(review: &ReviewRow) -> impl Iterator<Item = Evidence> {
    let reviewer = review.reviewer;
    let claimed = line(review.claimed, "reviewer", format!("reviewer {reviewer} claimed case {}", review.case));
    let decided = review.decided.map(|at| line(at, "reviewer", format!("reviewer {reviewer} decided: {}", review.decision)));
    let settled = review.settled.map(|at| line(at, "reviewer", format!("reviewer {reviewer} was told that the case needs no decision")));
    [Some(claimed), decided, settled].into_iter().flatten()
}

fn describe_event(event: &BackendEvent) -> String {
    let status = event.status.as_deref().map(|status| format!(": {status}")).unwrap_or_default();
    let attempt = event.attempt.map(|attempt| format!(" (attempt {attempt})")).unwrap_or_default();
    format!("{}{status}{attempt}", event.kind)
}

fn describe(entry: &LedgerEntry) -> String {
    match &entry.event {
        LedgerEvent::SessionCreated => format!("session {} created", entry.session),
        LedgerEvent::Submitted { attempt } => format!("attempt {attempt} submitted"),
        LedgerEvent::Decided { decision, .. } => format!("decided about attempt {}: {decision}", decision.attempt),
        LedgerEvent::Revised { decision } => format!("changed its decision about attempt {}: {decision}", decision.attempt),
        LedgerEvent::Expired => "session expired".to_owned(),
        LedgerEvent::Cancelled => "session cancelled".to_owned(),
        LedgerEvent::Redacted => "session redacted".to_owned(),
        LedgerEvent::CallbackHeld { callback, copy, until } => format!("callback {callback} (copy {copy}) held until {until}"),
        LedgerEvent::CallbackLost { callback } => format!("callback {callback} never sent"),
        LedgerEvent::CallbackGivenUp { callback, copy } => format!("callback {callback} (copy {copy}) given up"),
        LedgerEvent::ReceiverDisabled { receiver } => format!("sends no more callbacks to {receiver}"),
        LedgerEvent::Delivered { callback, kind, copy, attempt_number, defect, result, .. } => {
            let result = match result {
                DeliveryResult::Accepted { status } => format!("accepted with {status}"),
                DeliveryResult::Refused { status } => format!("refused with {status}"),
                DeliveryResult::Failed { reason } => format!("failed: {reason}"),
            };
            let defect = defect.map(|defect| format!(", {}", defect.as_str().replace('_', " "))).unwrap_or_default();
            format!("callback {callback} about `{kind}` (copy {copy}, try {attempt_number}{defect}) {result}")
        }
    }
}
