//! The verdict on correctness: what was decided, against what the backend says at the end.

use std::collections::BTreeMap;
use std::time::Duration;

use kycsim_reports::model::{Evidence, Finding, FindingKind, Integrity};
use kycsim_scenarios::journey::Shown;
use kycsim_scenarios::language::ReviewDecision;
use kycsim_scenarios::ledger::{DeliveryResult, LedgerEntry, LedgerEvent};
use kycsim_scenarios::vendor::Outcome;
use kycsim_scenarios::{ApplicantKey, SimTime};

use super::truth::Truth;
use crate::record::{AnswerRow, BackendEvent, EndRow, JourneyRow, Records, ReviewRow};

/// A decision younger than this may still be on its way.
const GRACE: Duration = Duration::from_secs(10);

pub(super) fn check(records: &Records, truth: &Truth<'_>) -> Integrity {
    let journeys: BTreeMap<&ApplicantKey, &JourneyRow> = records.journeys.iter().map(|row| (&row.applicant, row)).collect();
    let reviews: BTreeMap<&ApplicantKey, &ReviewRow> = records.reviews.iter().map(|row| (&row.applicant, row)).collect();
    let begun = records.journeys.iter().filter(|journey| journey.verification.is_some()).count();
    let mut integrity = Integrity {
        checked: begun == 0 || !records.answers.is_empty(),
        applicants: records.answers.len() as u64,
        undecided: 0,
        unanswered: (begun - begun.min(records.answers.len())) as u64,
        findings: Vec::new(),
    };
    for answer in records.answers.values() {
        let Some(status) = answer.status.as_deref() else {
            integrity.unanswered += 1;
            continue;
        };
        let Some(journey) = journeys.get(&answer.applicant) else { continue };
        let applicant = Applicant { answer, status, journey, review: reviews.get(&answer.applicant).copied(), truth };
        let doubled = applicant.doubled();
        match applicant.judge() {
            Judgement::Sound => {}
            Judgement::Undecided => integrity.undecided += 1,
            Judgement::Wrong(kind, summary) => integrity.findings.push(applicant.finding(kind, summary)),
        }
        integrity.findings.extend(doubled.map(|summary| applicant.finding(FindingKind::Doubled, summary)));
    }
    integrity.findings.sort_by(|a, b| (a.kind, &a.applicant).cmp(&(b.kind, &b.applicant)));
    integrity
}

enum Judgement {
    Sound,
    /// The vendor, or time, still owes something.
    Undecided,
    Wrong(FindingKind, String),
}

/// Everything that is known of one applicant.
struct Applicant<'a> {
    answer: &'a AnswerRow,
    status: &'a str,
    journey: &'a JourneyRow,
    review: Option<&'a ReviewRow>,
    truth: &'a Truth<'a>,
}

impl Applicant<'_> {
    fn judge(&self) -> Judgement {
        let told = self.told_otherwise();
        if let Some(summary) = told {
            return Judgement::Wrong(FindingKind::Contradicted, summary);
        }
        // A reviewer's word is the last one.
        if let Some(ReviewRow { decided: Some(_), decision, reviewer, .. }) = self.review {
            return self.judge_reviewed(*decision, *reviewer);
        }
        match self.truth.latest_decision(&self.answer.applicant) {
            // What the backend holds is about a later attempt, or about none that the vendor knows.
            Some((_, decision)) if self.status == "submitted" && self.answer.attempt > decision.attempt => self.judge_undecided(),
            Some((at, decision)) => self.judge_decided(at, decision.outcome, &decision.to_string()),
            None => self.judge_undecided(),
        }
    }

    fn judge_reviewed(&self, decision: ReviewDecision, reviewer: u32) -> Judgement {
        let expected = match decision {
            ReviewDecision::Approve => "approved",
            ReviewDecision::Reject => "rejected",
        };
        match self.status {
            status if status == expected => Judgement::Sound,
            "pending_review" => {
                Judgement::Wrong(FindingKind::Stuck, format!("reviewer {reviewer} decided to {decision}, and the case is still open"))
            }
            status => {
                Judgement::Wrong(FindingKind::Contradicted, format!("reviewer {reviewer} decided to {decision}, the backend says {status}"))
            }
        }
    }

    fn judge_decided(&self, at: SimTime, outcome: Outcome, decision: &str) -> Judgement {
        match (outcome, self.status) {
            // The vendor's word is an input: a backend may look more closely than the vendor asked for, but it may not turn a no into a yes.
            (_, "pending_review")
            | (Outcome::Approved, "approved")
            | (Outcome::Declined, "rejected")
            | (Outcome::Resubmission, "needs_resubmission" | "capture_in_progress" | "expired") => Judgement::Sound,
            (_, "submitted") if self.answer.at - at < GRACE => Judgement::Undecided,
            (_, "submitted") => {
                Judgement::Wrong(FindingKind::Lost, format!("the vendor decided ({decision}), and the backend never took notice"))
            }
            (_, status) => {
                Judgement::Wrong(FindingKind::Contradicted, format!("the vendor decided ({decision}), the backend says {status}"))
            }
        }
    }

    /// Nothing was decided about the attempt that the backend holds.
    fn judge_undecided(&self) -> Judgement {
        match self.status {
            "approved" | "rejected" => {
                Judgement::Wrong(FindingKind::Contradicted, format!("the backend says {}, and nobody decided that", self.status))
            }
            "submitted" => {
                let acknowledged = self.journey.attempts.last().map(|attempt| attempt.accepted);
                let reached_vendor = self.truth.attempt(&self.answer.applicant, self.answer.attempt).submitted.is_some();
                match acknowledged {
                    Some(acknowledged) if !reached_vendor && self.answer.at - acknowledged >= GRACE => Judgement::Wrong(
                        FindingKind::Stuck,
                        "the backend acknowledged the submission, and the vendor never got it".to_owned(),
                    ),
                    Some(_) | None => Judgement::Undecided,
                }
            }
            _ => Judgement::Sound,
        }
    }

    /// What the applicant was told in the end must be what the backend says.
    fn told_otherwise(&self) -> Option<String> {
        let told = match self.journey.end? {
            EndRow::Approved { .. } => Shown::Approved,
            EndRow::Rejected { .. } => Shown::Rejected,
            EndRow::Expired { .. } | EndRow::Abandoned { .. } => return None,
        };
        (told.as_str() != self.status).then(|| format!("the applicant was told {told}, and the backend now says {}", self.status))
    }

    /// One decision must have one effect: applied once for each attempt, and told once.
    fn doubled(&self) -> Option<String> {
        let mut effects: BTreeMap<(&str, Option<u32>, Option<&str>), u32> = BTreeMap::new();
        for event in &self.answer.events {
            let effect = match event.kind.as_str() {
                "decision_applied" => ("applied", event.attempt, None),
                "applicant_notified" => ("told", event.attempt, event.status.as_deref()),
                _ => continue,
            };
            *effects.entry(effect).or_insert(0) += 1;
        }
        let ((effect, attempt, _), count) = effects.into_iter().find(|(_, count)| *count > 1)?;
        Some(format!("the decision about attempt {} was {effect} {count} times", attempt.unwrap_or(0)))
    }

    fn finding(&self, kind: FindingKind, summary: String) -> Finding {
        let vendor = self.truth.entries(&self.answer.applicant).iter().map(|entry| evidence(entry.at, "vendor", describe(entry)));
        let backend = self.answer.events.iter().map(|event| evidence(event.at, "backend", describe_event(event)));
        let applicant = self.journey.attempts.iter().flat_map(|attempt| {
            let submitted = evidence(attempt.accepted, "applicant", format!("submission of attempt {} acknowledged", attempt.attempt));
            let told = attempt.told.map(|told| evidence(told.at, "applicant", format!("was shown: {}", told.shown)));
            std::iter::once(submitted).chain(told)
        });
        let reviewer = self.review.and_then(|review| {
            review.decided.map(|at| evidence(at, "reviewer", format!("reviewer {} decided: {}", review.reviewer, review.decision)))
        });
        let mut evidence: Vec<Evidence> = vendor.chain(backend).chain(applicant).chain(reviewer).collect();
        evidence.sort_by(|a, b| a.at.total_cmp(&b.at));
        Finding { kind, applicant: self.answer.applicant.to_string(), summary, evidence }
    }
}

fn evidence(at: SimTime, side: &str, event: String) -> Evidence {
    Evidence { at: at.as_secs_f64(), side: side.to_owned(), event }
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
        LedgerEvent::Expired => "session expired".to_owned(),
        LedgerEvent::Cancelled => "session cancelled".to_owned(),
        LedgerEvent::CallbackHeld { callback, copy, until } => format!("callback {callback} (copy {copy}) held until {until}"),
        LedgerEvent::CallbackLost { callback } => format!("callback {callback} never sent"),
        LedgerEvent::CallbackGivenUp { callback, copy } => format!("callback {callback} (copy {copy}) given up"),
        LedgerEvent::Delivered { callback, copy, attempt_number, result, .. } => {
            let result = match result {
                DeliveryResult::Accepted { status } => format!("accepted with {status}"),
                DeliveryResult::Refused { status } => format!("refused with {status}"),
                DeliveryResult::Failed { reason } => format!("failed: {reason}"),
            };
            format!("callback {callback} (copy {copy}, try {attempt_number}) {result}")
        }
    }
}
