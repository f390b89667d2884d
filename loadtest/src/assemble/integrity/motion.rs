//! Whose move it is: stuck, resubmission ignored, review orphaned.

use std::collections::BTreeMap;

use kycsim_reports::model::FindingKind;
use kycsim_scenarios::SimTime;
use kycsim_scenarios::ledger::LedgerEvent;

use super::{CHANGE_GRACE, Case, Wrong};

impl Case<'_> {
    /// The backend waits for a decision, and nobody will make one.
    pub(super) fn stuck(&self) -> Option<Wrong> {
        if let Some(ended) = self.vendor_ended()
            && self.is_settled_since(ended)
        {
            return Some((FindingKind::Stuck, "the vendor's session has ended without a decision, and the backend still waits".to_owned()));
        }
        let acknowledged = self.journey.attempts.last()?.accepted;
        let reached_vendor = self.truth().attempt(&self.answer.applicant, self.answer.attempt).submitted.is_some();
        (!reached_vendor && self.is_settled_since(acknowledged))
            .then(|| (FindingKind::Stuck, "the backend acknowledged the submission, and the vendor never got it".to_owned()))
    }

    /// Since when every session of the applicant's is over, none of them decided; none when there is one that lives.
    fn vendor_ended(&self) -> Option<SimTime> {
        let mut sessions: BTreeMap<&str, Option<SimTime>> = BTreeMap::new();
        for entry in self.truth().entries(&self.answer.applicant) {
            match entry.event {
                LedgerEvent::Expired | LedgerEvent::Cancelled => {
                    sessions.insert(&entry.session, Some(entry.at));
                }
                LedgerEvent::SessionCreated | LedgerEvent::Submitted { .. } | LedgerEvent::Decided { .. } | LedgerEvent::Revised { .. } => {
                    sessions.insert(&entry.session, None);
                }
                LedgerEvent::Redacted
                | LedgerEvent::CallbackHeld { .. }
                | LedgerEvent::CallbackLost { .. }
                | LedgerEvent::Delivered { .. }
                | LedgerEvent::ReceiverDisabled { .. }
                | LedgerEvent::CallbackGivenUp { .. } => {}
            }
        }
        sessions.into_values().collect::<Option<Vec<SimTime>>>()?.into_iter().max()
    }

    /// Another attempt that the backend acknowledged must reach the vendor, as the first must.
    pub(super) fn resubmission_ignored(&self) -> Option<Wrong> {
        let waiting = matches!(self.status, "initiated" | "capture_in_progress" | "submitted" | "needs_resubmission");
        let last = self.journey.attempts.last().filter(|last| last.attempt > 1 && waiting)?;
        // The vendor's first attempt was decided, or nobody would have been asked for another; how it numbers the next is its own affair.
        let submitted = self.truth().submissions(&self.answer.applicant).count();
        let ignored = submitted < self.journey.attempts.len() && self.is_settled_since(last.accepted);
        ignored.then(|| {
            let attempt = last.attempt;
            (
                FindingKind::ResubmissionIgnored,
                format!("the backend acknowledged attempt {attempt}, says {}, and the vendor never got that attempt", self.status),
            )
        })
    }

    /// Whoever waits for people must have a case that people can reach; and a case must be about somebody who waits.
    pub(super) fn review_orphaned(&self) -> Option<Wrong> {
        let open = self.world.open_cases?;
        let has_case = open.applicants.contains(&self.answer.applicant);
        // In a reviewer's hands when the run ended: such a case need not stand in the list.
        let in_hand = self.review().is_some_and(|review| review.decided.is_none() && review.settled.is_none());
        let summary = match (self.status, has_case) {
            ("pending_review", false) if !in_hand => "the applicant waits for people, and there is no case that a reviewer could claim",
            ("approved" | "rejected" | "expired", true) => "nothing is left to review, and the case is still open",
            _ => return None,
        };
        (!self.moved_of_late()).then(|| (FindingKind::ReviewOrphaned, summary.to_owned()))
    }

    /// Whether vendor, backend or reviewers did anything about the applicant so late that the two answers, status and list, may be of different moments.
    fn moved_of_late(&self) -> bool {
        let vendor = self.truth().entries(&self.answer.applicant).iter().map(|entry| entry.at);
        let backend = self.answer.events.iter().map(|event| event.at);
        let reviewers = self.reviews.iter().filter_map(|review| review.decided.or(review.settled));
        vendor.chain(backend).chain(reviewers).any(|at| self.answer.at - at < CHANGE_GRACE)
    }
}

#[cfg(test)]
mod tests {
    use kycsim_scenarios::journey::Shown;
    use kycsim_scenarios::language::ReviewDecision;
    use kycsim_scenarios::vendor::Outcome;

    use super::super::scene::Scene;
    use super::*;

    #[test]
    fn a_submission_that_never_reached_the_vendor_is_stuck() {
        Scene::acknowledged().says("submitted", 1).is_wrong(FindingKind::Stuck);
        Scene::acknowledged().vendor(2.1, LedgerEvent::SessionCreated).says("submitted", 1).is_wrong(FindingKind::Stuck);
        assert_eq!(Scene::submitted().says("submitted", 1).verdict().undecided, 1, "the vendor has it, and owes a decision");
    }

    #[test]
    fn a_backend_that_still_works_its_backlog_off_is_not_stuck() {
        let mut scene = Scene::acknowledged().says("submitted", 1);
        scene.records.answers.values_mut().for_each(|answer| answer.too_early = true);
        assert_eq!((scene.kinds(), scene.verdict().undecided), (vec![], 1));
    }

    #[test]
    fn waiting_for_a_session_that_has_ended_is_stuck() {
        let ended = || Scene::acknowledged().vendor(2.1, LedgerEvent::SessionCreated).vendor(30.0, LedgerEvent::Expired);
        assert!(ended().says("submitted", 1).is_wrong(FindingKind::Stuck).contains("has ended"));
        ended().says("expired", 1).is_sound();
        let another =
            ended().session("ses_2").vendor(31.0, LedgerEvent::SessionCreated).vendor(31.1, LedgerEvent::Submitted { attempt: 1 });
        assert_eq!(another.says("submitted", 1).verdict().undecided, 1);
    }

    #[test]
    fn another_attempt_must_reach_the_vendor_too() {
        let again = || Scene::submitted().decided(3.0, 1, Outcome::Resubmission).told(4.0, Shown::NeedsResubmission).attempt(2, 6.0);
        for status in ["submitted", "needs_resubmission", "capture_in_progress"] {
            again().says(status, 2).is_wrong(FindingKind::ResubmissionIgnored);
        }
        let reached = || again().vendor(6.1, LedgerEvent::Submitted { attempt: 2 });
        assert_eq!(reached().says("submitted", 2).verdict().undecided, 1);
        reached().decided(7.0, 2, Outcome::Resubmission).says("needs_resubmission", 2).is_sound();
        again().says("pending_review", 2).is_sound(); // people took over
    }

    #[test]
    fn a_case_that_nobody_can_claim_is_orphaned() {
        let waits = || {
            Scene::submitted()
                .decided(3.0, 1, Outcome::Review)
                .logged(3.1, "decision_applied", 1, "pending_review")
                .says("pending_review", 1)
        };
        waits().open_cases(&[7]).is_wrong(FindingKind::ReviewOrphaned);
        waits().open_cases(&[7, 42]).is_sound();
        waits().is_sound(); // the backend shows no list
        let of_late = waits().logged(58.0, "review_opened", 1, "").open_cases(&[]);
        of_late.is_sound();
    }

    #[test]
    fn a_case_in_hand_need_not_stand_in_the_list() {
        let scene = Scene::submitted().decided(3.0, 1, Outcome::Review).reviewed(5.0, ReviewDecision::Approve).says("pending_review", 1);
        let mut in_hand = scene.open_cases(&[]);
        in_hand.records.reviews[0].decided = None;
        in_hand.is_sound();
    }

    #[test]
    fn a_case_about_somebody_who_is_through_is_orphaned() {
        let through = || Scene::submitted().decided(3.0, 1, Outcome::Approved).told(4.0, Shown::Approved).says("approved", 1);
        through().open_cases(&[42]).is_wrong(FindingKind::ReviewOrphaned);
        through().open_cases(&[41]).is_sound();
    }
}
