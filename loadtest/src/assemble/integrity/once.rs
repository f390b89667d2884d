//! What must happen once, however often it is asked for or told: doubled, duplicate attempt.

use std::collections::BTreeMap;

use kycsim_reports::model::FindingKind;
use kycsim_scenarios::journey::Step;
use kycsim_scenarios::ledger::LedgerEvent;

use super::{Case, Wrong};

/// What must happen once: the effect, the attempt, the status that was told, and how often the decision had been changed before.
type Effect<'a> = (&'static str, Option<u32>, Option<&'a str>, u32);

impl Case<'_> {
    /// One decision must have one effect: applied once for each attempt, and told once. Each change of the vendor's begins anew.
    pub(super) fn doubled(&self) -> Option<Wrong> {
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
        let revisions = |attempt: u32| self.truth().attempt(&self.answer.applicant, attempt).revisions;
        // A backend that has no word for a change applies the decision once more.
        let unsaid = |attempt: Option<u32>| revisions(attempt.unwrap_or(0)).saturating_sub(changes.get(&attempt).copied().unwrap_or(0));
        if let Some(((effect, attempt, ..), count)) = effects.into_iter().find(|((_, attempt, ..), count)| *count > 1 + unsaid(*attempt)) {
            return Some((FindingKind::Doubled, format!("the decision about attempt {} was {effect} {count} times", attempt.unwrap_or(0))));
        }
        let (attempt, count) = changes.into_iter().find(|(attempt, count)| *count > revisions(attempt.unwrap_or(0)))?;
        let attempt = attempt.unwrap_or(0);
        let summary = format!("the decision about attempt {attempt} was changed {count} times, by the vendor {} times", revisions(attempt));
        Some((FindingKind::Doubled, summary))
    }

    /// The vendor must be asked once for each attempt, by one session, however often the button was pressed and the call was tried.
    pub(super) fn duplicate_attempt(&self) -> Option<Wrong> {
        let acknowledged = self.journey.attempts.len();
        // The last submission may have been taken without the applicant's ever hearing of it.
        let attempts = acknowledged + usize::from(self.journey.step == Step::Submit);
        let submissions = self.truth().submissions(&self.answer.applicant).count();
        let made = if attempts == 1 { "once".to_owned() } else { format!("{attempts} times") };
        if self.world.repeats_no_submission && submissions > attempts {
            let summary = format!("the applicant submitted {made}, and the vendor was asked for {submissions} decisions");
            return Some((FindingKind::DuplicateAttempt, summary));
        }
        let entries = self.truth().entries(&self.answer.applicant);
        let count = |which: fn(&LedgerEvent) -> bool| entries.iter().filter(|entry| which(&entry.event)).count();
        let sessions = count(|event| matches!(event, LedgerEvent::SessionCreated));
        // A session that ran out may be followed by another.
        let ended = count(|event| matches!(event, LedgerEvent::Expired | LedgerEvent::Cancelled));
        (self.world.repeats_nothing && sessions > attempts.max(1) + ended).then(|| {
            let summary = format!("the applicant submitted {made}, and there are {sessions} sessions at the vendor");
            (FindingKind::DuplicateAttempt, summary)
        })
    }
}

#[cfg(test)]
mod tests {
    use kycsim_reports::model::Recognises;
    use kycsim_scenarios::vendor::Outcome;

    use super::super::scene::Scene;
    use super::*;

    #[test]
    fn a_decision_has_one_effect() {
        let applied =
            || Scene::submitted().decided(3.0, 1, Outcome::Approved).logged(3.1, "decision_applied", 1, "approved").says("approved", 1);
        applied().is_sound();
        let doubled = applied().logged(4.0, "decision_applied", 1, "approved");
        assert_eq!(doubled.is_wrong(FindingKind::Doubled), "the decision about attempt 1 was applied 2 times");
        applied()
            .logged(3.1, "applicant_notified", 1, "approved")
            .logged(4.0, "applicant_notified", 1, "approved")
            .is_wrong(FindingKind::Doubled);
        // Once more for a change of the vendor's, under its own word or the same.
        for kind in ["decision_revised", "decision_applied"] {
            let scene = applied().revised(4.0, 1, Outcome::Declined).logged(4.1, kind, 1, "rejected");
            scene.says("rejected", 1).is_sound();
        }
    }

    #[test]
    fn pressed_twice_is_asked_once() {
        let mut scene = Scene::submitted().decided(3.0, 1, Outcome::Approved).says("approved", 1);
        scene.journey().attempts[0].submitted_again = Some(super::super::scene::secs(2.1));
        scene.is_sound();
        let scene = scene.session("ses_2").vendor(2.3, LedgerEvent::SessionCreated).vendor(2.4, LedgerEvent::Submitted { attempt: 1 });
        assert_eq!(scene.is_wrong(FindingKind::DuplicateAttempt), "the applicant submitted once, and the vendor was asked for 2 decisions");
        assert!(scene.verdict().findings[0].evidence.iter().any(|line| line.event == "went back, and submitted attempt 1 again"));
    }

    #[test]
    fn a_second_session_is_one_too_many_unless_the_first_ran_out() {
        let second = |scene: Scene| scene.session("ses_2").vendor(20.0, LedgerEvent::SessionCreated).says("approved", 1);
        let decided = || Scene::submitted().decided(3.0, 1, Outcome::Approved);
        let duplicate = second(decided());
        assert_eq!(
            duplicate.is_wrong(FindingKind::DuplicateAttempt),
            "the applicant submitted once, and there are 2 sessions at the vendor"
        );
        second(decided().vendor(19.0, LedgerEvent::Expired)).is_sound();
    }

    #[test]
    fn a_backend_is_not_blamed_for_what_its_vendor_cannot_recognise() {
        let mut scene =
            Scene::submitted().vendor(2.3, LedgerEvent::Submitted { attempt: 2 }).decided(3.0, 1, Outcome::Approved).says("approved", 1);
        scene.records.manifest.vendor.recognises = Recognises::SomeRepetitions;
        scene.is_wrong(FindingKind::DuplicateAttempt); // no fault was injected: nothing had to be tried again
        scene.records.vendor.as_mut().unwrap().faults = 1;
        scene.is_sound();
        scene.records.manifest.vendor.recognises = Recognises::EveryRepetition;
        scene.is_wrong(FindingKind::DuplicateAttempt);
    }

    #[test]
    fn whoever_left_before_the_acknowledgement_may_have_submitted_all_the_same() {
        let mut scene = Scene::submitted().decided(3.0, 1, Outcome::Approved).says("approved", 1);
        scene.journey().attempts.clear();
        scene.journey().step = Step::Submit;
        scene.is_sound();
    }
}
