//! The verdict on correctness: what was decided, against what the backend says at the end.
//!
//! # Decisions that change
//! What an applicant was told must have been right when they were told. What the backend says at the end must be the vendor's latest decision, if the
//! backend has accepted all events about decisions that there were, the last of them ten seconds ago or earlier ([`GRACE`]: it may still ask, or
//! work). Otherwise each decision there ever was will do: an event may have been lost, and nobody need ask again about what was decided. A reviewer's word
//! is the last one, unless the vendor's came after it; and then a late no may not be passed over.

use std::collections::BTreeMap;
use std::time::Duration;

use kycsim_reports::model::{Evidence, Finding, FindingKind, Integrity, Tells};
use kycsim_scenarios::journey::Shown;
use kycsim_scenarios::language::ReviewDecision;
use kycsim_scenarios::ledger::{DeliveryResult, LedgerEntry, LedgerEvent};
use kycsim_scenarios::vendor::{Decision, Outcome};
use kycsim_scenarios::{ApplicantKey, SimTime};

use super::truth::{Attempt, Truth, was_taken_in};
use crate::record::{AnswerRow, BackendEvent, EndRow, JourneyRow, Records, ReviewRow};

/// A decision younger than this may still be on its way.
const GRACE: Duration = Duration::from_secs(10);

/// A change that the backend was told of may take so long to show. Shorter, because it starts from the backend's own acknowledgement.
const CHANGE_GRACE: Duration = Duration::from_secs(5);

pub(super) fn check(records: &Records, truth: &Truth<'_>) -> Integrity {
    let journeys: BTreeMap<&ApplicantKey, &JourneyRow> = records.journeys.iter().map(|row| (&row.applicant, row)).collect();
    let mut reviews: BTreeMap<&ApplicantKey, &ReviewRow> = BTreeMap::new();
    for row in &records.reviews {
        let latest = reviews.entry(&row.applicant).or_insert(row);
        if row.claimed > latest.claimed {
            *latest = row; // a case that was opened again
        }
    }
    let begun = records.journeys.iter().filter(|journey| journey.verification.is_some()).count();
    let mut integrity = Integrity {
        checked: begun == 0 || !records.answers.is_empty(),
        applicants: records.answers.len() as u64,
        undecided: 0,
        unanswered: (begun - begun.min(records.answers.len())) as u64,
        findings: Vec::new(),
    };
    let tells = records.manifest.vendor.tells;
    for answer in records.answers.values() {
        let Some(status) = answer.status.as_deref() else {
            integrity.unanswered += 1;
            continue;
        };
        let Some(journey) = journeys.get(&answer.applicant) else { continue };
        let applicant = Applicant { answer, status, journey, review: reviews.get(&answer.applicant).copied(), truth, tells };
        let doubled = applicant.doubled();
        match applicant.judge() {
            Judgement::Sound => {}
            Judgement::Undecided => integrity.undecided += 1,
            Judgement::Wrong(kind, summary) => integrity.findings.push(applicant.finding(kind, summary)),
        }
        integrity.findings.extend(doubled.map(|summary| applicant.finding(FindingKind::Doubled, summary)));
        integrity.findings.extend(applicant.forged().map(|summary| applicant.finding(FindingKind::Forged, summary)));
    }
    integrity.findings.sort_by(|a, b| (a.kind, &a.applicant).cmp(&(b.kind, &b.applicant)));
    integrity
}

/// What must happen once: the effect, the attempt, the status that was told, and how often the decision had been changed before.
type Effect<'a> = (&'static str, Option<u32>, Option<&'a str>, u32);

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
    tells: Tells,
}

impl Applicant<'_> {
    /// Whether a backend may say this of what the vendor decided. The vendor's word is an input: a backend may look more closely than the vendor asked for, but
    /// it may not turn a no into a yes.
    fn fits(&self, outcome: Outcome, status: &str) -> bool {
        match (outcome, status) {
            (_, "pending_review") | (Outcome::Approved, "approved") => true,
            // A vendor that says no more than "not approved" leaves the rest to the backend.
            (
                Outcome::Declined | Outcome::Review | Outcome::Resubmission,
                "rejected" | "needs_resubmission" | "capture_in_progress" | "expired",
            ) if self.tells == Tells::Approval => true,
            (Outcome::Declined, "rejected") | (Outcome::Resubmission, "needs_resubmission" | "capture_in_progress" | "expired") => true,
            (Outcome::Approved | Outcome::Declined | Outcome::Review | Outcome::Resubmission, _) => false,
        }
    }

    fn judge(&self) -> Judgement {
        let told = self.told_otherwise();
        if let Some(summary) = told {
            return Judgement::Wrong(FindingKind::Contradicted, summary);
        }
        let standing = self.truth.latest_decided(&self.answer.applicant);
        if let Some(ReviewRow { decided: Some(at), decision, reviewer, .. }) = self.review {
            return match standing.filter(|attempt| changed_after(attempt, *at)) {
                Some(attempt) => self.judge_changed_after_review(&attempt, *at, *decision, *reviewer),
                None => self.judge_reviewed(*decision, *reviewer),
            };
        }
        let Some(attempt) = standing else { return self.judge_undecided() };
        match attempt.standing() {
            // What the backend holds is about a later attempt, or about none that the vendor knows.
            Some((_, decision)) if self.status == "submitted" && self.answer.attempt > decision.attempt => self.judge_undecided(),
            Some((at, decision)) => match attempt.revised {
                Some(_) => self.judge_revised(&attempt, at, decision),
                None => self.judge_decided(at, decision),
            },
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

    /// The vendor changed its decision after a reviewer had decided, or may have.
    fn judge_changed_after_review(&self, attempt: &Attempt<'_>, reviewed: SimTime, decision: ReviewDecision, reviewer: u32) -> Judgement {
        let Some((_, latest)) = attempt.standing() else { return self.judge_undecided() };
        let since = self.must_know_since(attempt).filter(|since| *since > reviewed);
        if since.is_some() && latest.outcome == Outcome::Declined && self.status == "approved" {
            let summary =
                format!("reviewer {reviewer} decided to {decision}, the vendor decided later ({latest}), and the backend says approved");
            return Judgement::Wrong(FindingKind::Contradicted, summary);
        }
        if self.fits(latest.outcome, self.status) { Judgement::Sound } else { self.judge_reviewed(decision, reviewer) }
    }

    /// The vendor changed its decision, and no reviewer has decided.
    fn judge_revised(&self, attempt: &Attempt<'_>, at: SimTime, latest: &Decision) -> Judgement {
        if self.fits(latest.outcome, self.status) {
            return Judgement::Sound;
        }
        if self.must_know_since(attempt).is_some() {
            return self.judge_decided(at, latest);
        }
        let once = self.truth.decisions(&self.answer.applicant).any(|(_, decision)| self.fits(decision.outcome, self.status));
        let first = attempt.decided.unwrap_or((at, latest));
        if once { Judgement::Undecided } else { self.judge_decided(first.0, first.1) }
    }

    /// Since when the backend must have taken notice of the vendor's latest decision; none when it need not have.
    fn must_know_since(&self, attempt: &Attempt<'_>) -> Option<SimTime> {
        attempt.told_everything().filter(|told| self.answer.at - *told >= CHANGE_GRACE)
    }

    fn judge_decided(&self, at: SimTime, decision: &Decision) -> Judgement {
        match self.status {
            status if self.fits(decision.outcome, status) => Judgement::Sound,
            "submitted" if self.answer.at - at < GRACE => Judgement::Undecided,
            "submitted" => {
                Judgement::Wrong(FindingKind::Lost, format!("the vendor decided ({decision}), and the backend never took notice"))
            }
            status => Judgement::Wrong(FindingKind::Contradicted, format!("the vendor decided ({decision}), the backend says {status}")),
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

    /// What the applicant was told in the end must be what the backend says; or, if the vendor changed its decision since, what was right then.
    fn told_otherwise(&self) -> Option<String> {
        let (told, at) = match self.journey.end? {
            EndRow::Approved { at } => (Shown::Approved, at),
            EndRow::Rejected { at } => (Shown::Rejected, at),
            EndRow::Expired { .. } | EndRow::Abandoned { .. } => return None,
        };
        if told.as_str() == self.status {
            return None;
        }
        let attempt = self.truth.latest_decided(&self.answer.applicant)?;
        if attempt.revised.is_none() {
            return Some(format!("the applicant was told {told}, and the backend now says {}", self.status));
        }
        let by_reviewer = self.review.is_some_and(|review| review.decided.is_some());
        let mut decided = self.truth.decisions(&self.answer.applicant).filter(|(decided, _)| *decided <= at);
        let right = by_reviewer || decided.any(|(_, decision)| self.fits(decision.outcome, told.as_str()));
        (!right).then(|| format!("the applicant was told {told}, and nobody had decided that"))
    }

    /// One decision must have one effect: applied once for each attempt, and told once. Each change of the vendor's begins anew.
    fn doubled(&self) -> Option<String> {
        let mut effects: BTreeMap<Effect<'_>, u32> = BTreeMap::new();
        let mut changes: BTreeMap<Option<u32>, u32> = BTreeMap::new();
        for event in &self.answer.events {
            let changed = changes.entry(event.attempt).or_insert(0);
            let effect = match event.kind.as_str() {
                "decision_applied" => ("applied", event.attempt, None, *changed),
                "applicant_notified" => ("told", event.attempt, event.status.as_deref(), *changed),
                "decision_revised" => {
                    *changed += 1;
                    continue;
                }
                _ => continue,
            };
            *effects.entry(effect).or_insert(0) += 1;
        }
        let revisions = |attempt: u32| self.truth.attempt(&self.answer.applicant, attempt).revisions;
        // A backend that has no word for a change applies the decision once more.
        let unsaid = |attempt: Option<u32>| revisions(attempt.unwrap_or(0)).saturating_sub(changes.get(&attempt).copied().unwrap_or(0));
        if let Some(((effect, attempt, ..), count)) = effects.into_iter().find(|((_, attempt, ..), count)| *count > 1 + unsaid(*attempt)) {
            return Some(format!("the decision about attempt {} was {effect} {count} times", attempt.unwrap_or(0)));
        }
        let (attempt, count) = changes.into_iter().find(|(attempt, count)| *count > revisions(attempt.unwrap_or(0)))?;
        let attempt = attempt.unwrap_or(0);
        Some(format!("the decision about attempt {attempt} was changed {count} times, by the vendor {} times", revisions(attempt)))
    }

    /// What the vendor has not signed, or not now, must be refused: whoever takes it in can be told anything by anybody.
    fn forged(&self) -> Option<String> {
        let taken_in = self.truth.entries(&self.answer.applicant).iter().filter_map(|entry| {
            let LedgerEvent::Delivered { defect: Some(defect), result, .. } = &entry.event else { return None };
            (defect.is_forged() && was_taken_in(result)).then_some(*defect)
        });
        let defects: Vec<_> = taken_in.map(|defect| defect.as_str().replace('_', " ")).collect();
        (!defects.is_empty()).then(|| format!("forged callbacks were answered with success: {}", defects.join(", ")))
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

/// Whether the backend may have heard of a change of the vendor's decision only after a reviewer had decided at `reviewed`.
fn changed_after(attempt: &Attempt<'_>, reviewed: SimTime) -> bool {
    attempt.revised.is_some() && attempt.told_everything().is_none_or(|told| told.saturating_add(CHANGE_GRACE) > reviewed)
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
