//! Where an applicant stands at the end, against what was decided: lost, or contradicted.
//!
//! # Decisions that change
//! What an applicant was told must have been right when they were told. What the backend says at the end must be the vendor's latest decision, if the
//! backend has accepted all events about decisions that there were, the last of them some seconds ago ([`CHANGE_GRACE`]: it may still ask, or
//! work). Otherwise each decision there ever was will do: an event may have been lost, and nobody need ask again about what was decided. A reviewer's word
//! is the last one, unless the vendor's came after it; and then a late no may not be passed over.

use kycsim_reports::model::FindingKind;
use kycsim_scenarios::SimTime;
use kycsim_scenarios::journey::Shown;
use kycsim_scenarios::language::ReviewDecision;
use kycsim_scenarios::vendor::{Decision, Outcome};

use super::super::truth::Attempt;
use super::{CHANGE_GRACE, Case, Judgement};
use crate::record::{EndRow, ReviewRow};

impl Case<'_> {
    pub(super) fn judge_standing(&self) -> Judgement {
        if let Some(summary) = self.told_otherwise() {
            return Judgement::Wrong(FindingKind::Contradicted, summary);
        }
        let standing = self.truth().latest_decided(&self.answer.applicant);
        if let Some(ReviewRow { decided: Some(at), decision, reviewer, .. }) = self.review() {
            return match standing.filter(|attempt| changed_after(attempt, *at)) {
                Some(attempt) => self.judge_changed_after_review(&attempt, *at, *decision, *reviewer),
                None => self.judge_reviewed(*decision, *reviewer),
            };
        }
        let Some(attempt) = standing else { return self.judge_undecided() };
        match attempt.standing() {
            // What the backend holds is about a later attempt, or about none that the vendor knows.
            Some(_) if self.status == "submitted" && self.answer.attempt > attempt.number => self.judge_undecided(),
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
        let once = self.truth().decisions(&self.answer.applicant).any(|(_, decision)| self.fits(decision.outcome, self.status));
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
            "submitted" if self.is_settled_since(at) => {
                Judgement::Wrong(FindingKind::Lost, format!("the vendor decided ({decision}), and the backend never took notice"))
            }
            "submitted" => Judgement::Undecided,
            "rejected" if decision.outcome == Outcome::Resubmission => Judgement::Wrong(
                FindingKind::ResubmissionIgnored,
                format!("the vendor asked for another attempt ({decision}), and the backend rejected the applicant"),
            ),
            status => Judgement::Wrong(FindingKind::Contradicted, format!("the vendor decided ({decision}), the backend says {status}")),
        }
    }

    /// Nothing was decided about the attempt that the backend holds.
    fn judge_undecided(&self) -> Judgement {
        match self.status {
            "approved" | "rejected" => {
                Judgement::Wrong(FindingKind::NeverDecided, format!("the backend says {}, and nobody decided that", self.status))
            }
            "submitted" => match self.stuck() {
                Some((kind, summary)) => Judgement::Wrong(kind, summary),
                None => Judgement::Undecided,
            },
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
        let attempt = self.truth().latest_decided(&self.answer.applicant)?;
        if attempt.revised.is_none() {
            return Some(format!("the applicant was told {told}, and the backend now says {}", self.status));
        }
        let by_reviewer = self.review().is_some_and(|review| review.decided.is_some());
        let mut decided = self.truth().decisions(&self.answer.applicant).filter(|(decided, _)| *decided <= at);
        let right = by_reviewer || decided.any(|(_, decision)| self.fits(decision.outcome, told.as_str()));
        (!right).then(|| format!("the applicant was told {told}, and nobody had decided that"))
    }
}

/// Whether the backend may have heard of a change of the vendor's decision only after a reviewer had decided at `reviewed`.
fn changed_after(attempt: &Attempt<'_>, reviewed: SimTime) -> bool {
    attempt.revised.is_some() && attempt.told_everything().is_none_or(|told| told.saturating_add(CHANGE_GRACE) > reviewed)
}

#[cfg(test)]
mod tests {
    use kycsim_reports::model::Tells;
    use kycsim_scenarios::ledger::LedgerEvent;

    use super::super::scene::Scene;
    use super::*;

    #[test]
    fn what_was_decided_and_is_said_is_sound() {
        Scene::submitted().decided(3.0, 1, Outcome::Approved).told(4.0, Shown::Approved).says("approved", 1).is_sound();
        Scene::submitted().decided(3.0, 1, Outcome::Declined).told(4.0, Shown::Rejected).says("rejected", 1).is_sound();
        Scene::submitted().decided(3.0, 1, Outcome::Declined).says("pending_review", 1).is_sound();
        Scene::submitted()
            .decided(3.0, 1, Outcome::Resubmission)
            .told(4.0, Shown::NeedsResubmission)
            .says("needs_resubmission", 1)
            .is_sound();
    }

    #[test]
    fn a_decision_that_nobody_took_notice_of_is_lost() {
        Scene::submitted().decided(3.0, 1, Outcome::Approved).says("submitted", 1).is_wrong(FindingKind::Lost);
    }

    #[test]
    fn nobody_is_blamed_for_what_could_still_come() {
        let young = Scene::submitted().decided(55.0, 1, Outcome::Approved).says("submitted", 1);
        assert_eq!((young.kinds(), young.verdict().undecided), (vec![], 1));
        let mut early = Scene::submitted().decided(3.0, 1, Outcome::Approved).says("submitted", 1);
        early.records.answers.values_mut().for_each(|answer| answer.too_early = true);
        assert_eq!((early.kinds(), early.verdict().undecided), (vec![], 1));
    }

    #[test]
    fn another_answer_than_the_decision_contradicts_it() {
        let told = Scene::submitted().decided(3.0, 1, Outcome::Declined).told(4.0, Shown::Approved).says("approved", 1);
        assert_eq!(told.is_wrong(FindingKind::Contradicted), "the vendor decided (declined), the backend says approved");
        let changed = Scene::submitted().decided(3.0, 1, Outcome::Approved).told(4.0, Shown::Approved).says("rejected", 1);
        assert_eq!(changed.is_wrong(FindingKind::Contradicted), "the applicant was told approved, and the backend now says rejected");
    }

    #[test]
    fn whoever_is_to_try_again_must_not_be_turned_away() {
        let scene = Scene::submitted().decided(3.0, 1, Outcome::Resubmission).told(4.0, Shown::Rejected).says("rejected", 1);
        scene.is_wrong(FindingKind::ResubmissionIgnored);
        scene.tells(Tells::Approval).is_sound();
    }

    #[test]
    fn a_yes_that_nobody_said_was_never_decided() {
        assert_eq!(
            Scene::submitted().says("approved", 1).is_wrong(FindingKind::NeverDecided),
            "the backend says approved, and nobody decided that"
        );
    }

    #[test]
    fn a_reviewers_word_counts() {
        let reviewed = || Scene::submitted().decided(3.0, 1, Outcome::Review).reviewed(5.0, ReviewDecision::Reject);
        reviewed().told(7.0, Shown::Rejected).says("rejected", 1).is_sound();
        reviewed().says("approved", 1).is_wrong(FindingKind::Contradicted);
        reviewed().says("pending_review", 1).is_wrong(FindingKind::Stuck);
    }

    #[test]
    fn a_change_counts_once_the_backend_was_told_of_it() {
        let changed = || {
            let scene = Scene::submitted().decided(3.0, 1, Outcome::Approved).delivered(3.1, "evt_1", None).told(4.0, Shown::Approved);
            scene.revised(6.0, 1, Outcome::Declined)
        };
        assert_eq!(changed().says("approved", 1).verdict().undecided, 1, "the callback about the change may have been lost");
        changed().delivered(6.1, "evt_2", None).says("approved", 1).is_wrong(FindingKind::Contradicted);
        changed().delivered(6.1, "evt_2", None).says("rejected", 1).is_sound();
        changed().delivered(57.0, "evt_2", None).says("approved", 1).is_sound();
    }

    #[test]
    fn a_backend_may_begin_a_session_for_each_attempt() {
        let again = || {
            let scene = Scene::submitted().decided(3.0, 1, Outcome::Resubmission).told(4.0, Shown::NeedsResubmission).attempt(2, 6.0);
            scene.session("ses_2").vendor(6.1, LedgerEvent::SessionCreated).vendor(6.2, LedgerEvent::Submitted { attempt: 1 })
        };
        assert_eq!(again().says("submitted", 2).verdict().undecided, 1);
        again().decided(7.0, 1, Outcome::Approved).told(8.0, Shown::Approved).says("approved", 2).is_sound();
        again().decided(7.0, 1, Outcome::Approved).says("submitted", 2).is_wrong(FindingKind::Lost);
    }

    #[test]
    fn a_finding_tells_everybodys_story_in_order_and_how_to_play_it_again() {
        let scene = Scene::submitted()
            .decided(3.0, 1, Outcome::Declined)
            .delivered(3.1, "evt_1", None)
            .logged(3.2, "decision_applied", 1, "approved")
            .told(4.0, Shown::Approved)
            .says("approved", 1);
        let finding = scene.verdict().findings.remove(0);
        assert_eq!(finding.replay, "kycsim run all-pass --seed 7 --only a-000042");
        let story: Vec<(f64, &str, &str)> = finding.evidence.iter().map(|line| (line.at, &*line.side, &*line.event)).collect();
        assert_eq!(
            story,
            [
                (1.0, "applicant", "agreed to the processing of their data"),
                (2.0, "applicant", "submission of attempt 1 acknowledged"),
                (2.1, "vendor", "session ses_1 created"),
                (2.2, "vendor", "attempt 1 submitted"),
                (3.0, "vendor", "decided about attempt 1: declined"),
                (3.1, "vendor", "callback evt_1 about `decided` (copy 0, try 1) accepted with 204"),
                (3.2, "backend", "decision_applied: approved (attempt 1)"),
                (4.0, "applicant", "was shown: approved"),
                (60.0, "backend", "says approved (attempt 1) when asked at the end"),
            ]
        );
    }
}
