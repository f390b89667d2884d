//! How an applicant came to where they stand: never decided, approved after a rejection, regressed.
//!
//! Two courses are looked at, and never mixed: what the backend wrote down, and what the applicant was shown; each ends with what the backend says when it
//! is asked. Their clocks tell order within each, but an answer on its way to an applicant may be overtaken by the next event.

use kycsim_reports::model::FindingKind;
use kycsim_scenarios::SimTime;
use kycsim_scenarios::journey::Shown;
use kycsim_scenarios::language::ReviewDecision;
use kycsim_scenarios::ledger::LedgerEvent;
use kycsim_scenarios::vendor::Outcome;

use super::{Case, Wrong};

/// A status, and since when.
#[derive(Debug, Clone, Copy)]
struct Station<'a> {
    at: SimTime,
    status: &'a str,
}

/// Nothing leads away from here but a change of the vendor's decision.
fn is_final(status: &str) -> bool {
    matches!(status, "approved" | "rejected" | "expired")
}

/// The words of the statuses that are not final. Others are none of ours, and say nothing.
fn is_open(status: &str) -> bool {
    matches!(status, "initiated" | "capture_in_progress" | "submitted" | "pending_review" | "needs_resubmission")
}

impl<'a> Case<'a> {
    /// An outcome that an applicant was shown must have been decided before: by the vendor for that attempt, or by a reviewer.
    pub(super) fn never_decided(&self) -> Option<Wrong> {
        for (position, attempt) in (1..).zip(&self.journey.attempts) {
            let Some(told) = attempt.told else { continue };
            if !matches!(told.shown, Shown::Approved | Shown::Rejected | Shown::NeedsResubmission) {
                continue;
            }
            // Decisions are counted, and not matched by the vendor's numbers: a backend may begin a session for each attempt.
            let decided = self.truth().first_decisions(&self.answer.applicant).filter(|at| *at <= told.at).count();
            // A reviewer's decision counts from the claim on: an applicant may see it before the reviewer's tool has been answered.
            let reviewed = self.reviews.iter().any(|review| review.claimed <= told.at);
            if decided < position && !reviewed {
                return Some((FindingKind::NeverDecided, format!("the applicant was shown {}, and nobody had decided that", told.shown)));
            }
        }
        None
    }

    /// Once the answer was no, only a later yes of the vendor's or a reviewer's may make it a yes.
    pub(super) fn approved_after_rejection(&self) -> Option<Wrong> {
        self.courses().into_iter().find_map(|course| {
            let rejected = course.iter().position(|station| station.status == "rejected")?;
            let approved = course[rejected..].iter().find(|station| station.status == "approved")?;
            let no = self.last_no(course[rejected].at)?;
            (!self.has_yes_between(no, approved.at)).then(|| {
                let how = format!("the applicant was rejected at {}, and is approved; nobody decided so since", course[rejected].at);
                (FindingKind::ApprovedAfterRejection, how)
            })
        })
    }

    /// When somebody last said no, at `before` or earlier.
    fn last_no(&self, before: SimTime) -> Option<SimTime> {
        let vendor = self.truth().decisions(&self.answer.applicant).filter(|(_, decision)| decision.outcome != Outcome::Approved);
        let reviewers = self.reviews.iter().filter(|review| review.decision == ReviewDecision::Reject).map(|review| review.claimed);
        vendor.map(|(at, _)| at).chain(reviewers).filter(|at| *at <= before).max()
    }

    fn has_yes_between(&self, no: SimTime, until: SimTime) -> bool {
        let vendor = self.truth().decisions(&self.answer.applicant).filter(|(_, decision)| decision.outcome == Outcome::Approved);
        let reviewers = self.reviews.iter().filter(|review| review.decision == ReviewDecision::Approve).map(|review| review.claimed);
        vendor.map(|(at, _)| at).chain(reviewers).any(|at| at > no && at <= until)
    }

    /// What is over is over: only a change of the vendor's decision may open it again, and then for people to look at.
    pub(super) fn regressed(&self) -> Option<Wrong> {
        self.courses().into_iter().find_map(|course| {
            let back = course.windows(2).find(|pair| {
                is_final(pair[0].status) && is_open(pair[1].status) && !(pair[1].status == "pending_review" && self.changed_by(pair[1].at))
            })?;
            let how = format!("{} at {}, and {} at {}", back[0].status, back[0].at, back[1].status, back[1].at);
            Some((FindingKind::Regressed, how))
        })
    }

    /// Whether the vendor had changed its decision by then.
    fn changed_by(&self, at: SimTime) -> bool {
        let mut entries = self.truth().entries(&self.answer.applicant).iter();
        entries.any(|entry| matches!(entry.event, LedgerEvent::Revised { .. }) && entry.at <= at)
    }

    fn courses(&self) -> [Vec<Station<'a>>; 2] {
        let last = Station { at: self.answer.at, status: self.status };
        let written = self.answer.events.iter().filter_map(|event| Some(Station { at: event.at, status: event.status.as_deref()? }));
        let mut written: Vec<Station<'a>> = written.collect();
        written.sort_by_key(|station| station.at); // stable: what happened in one change stays in order
        written.push(last);
        let shown = self.journey.attempts.iter().filter_map(|attempt| attempt.told).map(|told| {
            let status = match told.shown {
                Shown::Waiting => "submitted",
                Shown::InReview => "pending_review",
                Shown::NeedsResubmission => "needs_resubmission",
                Shown::Approved => "approved",
                Shown::Rejected => "rejected",
                Shown::Expired => "expired",
            };
            Station { at: told.at, status }
        });
        [written, shown.chain([last]).collect()]
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::Scene;
    use super::*;

    #[test]
    fn an_outcome_is_shown_only_after_it_was_decided() {
        let early = Scene::submitted().told(2.5, Shown::Approved).decided(3.0, 1, Outcome::Approved).says("approved", 1);
        assert_eq!(early.is_wrong(FindingKind::NeverDecided), "the applicant was shown approved, and nobody had decided that");
        let scene = Scene::submitted().decided(3.0, 1, Outcome::Resubmission).told(4.0, Shown::NeedsResubmission).attempt(2, 6.0);
        let scene = scene.vendor(6.1, LedgerEvent::Submitted { attempt: 2 }).told(7.0, Shown::Approved);
        scene.says("approved", 2).is_wrong(FindingKind::NeverDecided);
    }

    #[test]
    fn what_a_reviewer_is_about_to_decide_may_be_seen_before_the_tool_is_answered() {
        let scene = Scene::submitted().decided(3.0, 1, Outcome::Review).reviewed(5.0, ReviewDecision::Approve);
        scene.told(5.9, Shown::Approved).says("approved", 1).is_sound();
    }

    #[test]
    fn a_no_does_not_become_a_yes_by_itself() {
        let rejected = || Scene::submitted().decided(3.0, 1, Outcome::Declined).logged(3.1, "decision_applied", 1, "rejected");
        let logged = rejected().logged(5.0, "applicant_notified", 1, "approved").says("approved", 1);
        logged.is_wrong(FindingKind::ApprovedAfterRejection);
        let told = rejected().told(4.0, Shown::Rejected);
        told.says("approved", 1).is_wrong(FindingKind::ApprovedAfterRejection);
        let by_an_old_yes = Scene::submitted().decided(3.0, 1, Outcome::Approved).revised(4.0, 1, Outcome::Declined);
        let by_an_old_yes = by_an_old_yes.logged(4.1, "decision_revised", 1, "rejected").logged(5.0, "applicant_notified", 1, "approved");
        by_an_old_yes.says("approved", 1).is_wrong(FindingKind::ApprovedAfterRejection);
    }

    #[test]
    fn a_no_may_become_a_yes_when_somebody_decides_so() {
        let rejected = || {
            Scene::submitted().decided(3.0, 1, Outcome::Declined).logged(3.1, "decision_applied", 1, "rejected").told(3.5, Shown::Rejected)
        };
        rejected().revised(4.0, 1, Outcome::Approved).logged(4.1, "decision_revised", 1, "approved").says("approved", 1).is_sound();
        let reviewed = rejected().revised(4.0, 1, Outcome::Review).logged(4.1, "decision_revised", 1, "pending_review");
        reviewed.reviewed(5.0, ReviewDecision::Approve).logged(6.0, "review_decided", 1, "approved").says("approved", 1).is_sound();
    }

    #[test]
    fn an_answer_that_was_overtaken_on_its_way_accuses_nobody() {
        // Shown at 4.3 what was true at 4.0: at 4.1 the vendor thought better of it, and the backend followed.
        let scene = Scene::submitted().decided(3.0, 1, Outcome::Approved).logged(3.1, "decision_applied", 1, "approved");
        let scene = scene.revised(4.1, 1, Outcome::Declined).logged(4.2, "decision_revised", 1, "rejected");
        scene.told(4.3, Shown::Approved).says("rejected", 1).is_sound();
    }

    #[test]
    fn what_is_over_is_not_opened_again() {
        let approved = || Scene::submitted().decided(3.0, 1, Outcome::Approved).told(4.0, Shown::Approved);
        assert_eq!(approved().says("submitted", 1).is_wrong(FindingKind::Regressed), "approved at 4.000s, and submitted at 60.000s");
        approved().says("pending_review", 1).is_wrong(FindingKind::Regressed);
        approved()
            .logged(3.1, "decision_applied", 1, "approved")
            .logged(5.0, "status", 1, "submitted")
            .says("approved", 1)
            .is_wrong(FindingKind::Regressed);
    }

    #[test]
    fn a_change_of_the_vendors_may_send_what_was_over_to_people() {
        let changed =
            || Scene::submitted().decided(3.0, 1, Outcome::Approved).told(4.0, Shown::Approved).revised(5.0, 1, Outcome::Declined);
        changed().says("pending_review", 1).is_sound();
        changed().says("submitted", 1).is_wrong(FindingKind::Regressed);
    }

    #[test]
    fn words_of_another_backend_say_nothing() {
        let scene = Scene::submitted().decided(3.0, 1, Outcome::Approved).logged(3.1, "decision_applied", 1, "approved");
        scene.logged(4.0, "mail", 1, "queued").logged(5.0, "mail", 1, "sent").says("approved", 1).is_sound();
    }
}
