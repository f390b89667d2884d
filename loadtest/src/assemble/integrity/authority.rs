//! What needs somebody's word, and was done without it: forged, consent missing.

use kycsim_reports::model::FindingKind;
use kycsim_scenarios::SimTime;
use kycsim_scenarios::ledger::LedgerEvent;

use super::super::truth::{Truth, was_taken_in};
use super::{Case, Wrong};
use crate::record::JourneyRow;

/// How a backend's log says that the applicant agreed.
pub(super) const CONSENT_GIVEN: &str = "consent_given";

/// By how much the backend's clock, which is a wall clock, and ours may differ.
const CLOCKS_APART: std::time::Duration = std::time::Duration::from_secs(1);

impl Case<'_> {
    /// What the vendor has not signed, or not now, must be refused: whoever takes it in can be told anything by anybody.
    pub(super) fn forged(&self) -> Option<Wrong> {
        let mut taken_in = Vec::new();
        let mut first = None;
        for entry in self.truth().entries(&self.answer.applicant) {
            let LedgerEvent::Delivered { defect: Some(defect), result, began, attempt, .. } = &entry.event else { continue };
            if defect.is_forged() && was_taken_in(result) {
                taken_in.push(defect.as_str().replace('_', " "));
                first.get_or_insert((*began, *attempt));
            }
        }
        let (began, attempt) = first?;
        let which = taken_in.join(", ");
        let summary = if self.decided_on(began, attempt) {
            format!("the decision about attempt {attempt} was applied on a forged callback: {which}")
        } else {
            format!("forged callbacks were answered with success: {which}")
        };
        Some((FindingKind::Forged, summary))
    }

    /// Whether the decision about an attempt was applied when nobody but the forged callback that came at `began` had told of it.
    fn decided_on(&self, began: SimTime, attempt: u32) -> bool {
        let told = self.truth().attempt(&self.answer.applicant, attempt).accepted;
        let event = |kind: &str| self.answer.events.iter().find(|event| event.kind == kind && event.attempt == Some(attempt));
        let asked = event("reconciled").map(|event| event.at);
        event("decision_applied").is_some_and(|applied| {
            applied.at.saturating_add(CLOCKS_APART) >= began
                && told.is_none_or(|told| told > applied.at)
                && asked.is_none_or(|asked| asked > applied.at)
        })
    }

    /// Nothing about an applicant may go to the vendor before they have agreed; and that they have must be on record.
    pub(super) fn consent_missing(&self) -> Option<Wrong> {
        if let Some(wrong) = unconsented(self.journey, self.truth()) {
            return Some(wrong);
        }
        let sent = first_session(self.journey, self.truth())?;
        let on_record = |until: SimTime| self.answer.events.iter().any(|event| event.kind == CONSENT_GIVEN && event.at <= until);
        (self.world.records_consent && !on_record(sent.saturating_add(CLOCKS_APART))).then(|| {
            let summary = "the vendor was sent the applicant's data, and the backend has no consent on record from before".to_owned();
            (FindingKind::ConsentMissing, summary)
        })
    }
}

/// Whether there was a session at the vendor before the applicant had agreed to anything.
pub(super) fn unconsented(journey: &JourneyRow, truth: &Truth<'_>) -> Option<Wrong> {
    let sent = first_session(journey, truth)?;
    let summary = match journey.consented {
        Some(consented) if consented <= sent => return None,
        Some(_) => "the vendor was sent the applicant's data before they had agreed",
        // A run from before consent was written down; nobody comes to a verification without it.
        None if journey.verification.is_some() => return None,
        None => "the vendor was sent the applicant's data, and they never agreed",
    };
    Some((FindingKind::ConsentMissing, summary.to_owned()))
}

fn first_session(journey: &JourneyRow, truth: &Truth<'_>) -> Option<SimTime> {
    let mut entries = truth.entries(&journey.applicant).iter();
    entries.find(|entry| matches!(entry.event, LedgerEvent::SessionCreated)).map(|entry| entry.at)
}

#[cfg(test)]
mod tests {
    use kycsim_scenarios::vendor::{Defect, Outcome};

    use super::super::scene::{Scene, secs};
    use super::*;

    fn decided() -> Scene {
        Scene::submitted().decided(3.0, 1, Outcome::Approved).says("approved", 1)
    }

    #[test]
    fn a_forged_callback_must_be_refused() {
        for defect in [Defect::Unsigned, Defect::WrongSignature, Defect::Stale] {
            let taken = decided().delivered(3.1, "evt_1", Some(defect)).logged(3.2, "decision_applied", 1, "approved");
            let summary = taken.is_wrong(FindingKind::Forged);
            assert!(summary.starts_with("the decision about attempt 1 was applied on a forged callback: "), "{summary}");
        }
        decided().delivered(3.1, "evt_1", Some(Defect::Replayed)).is_sound();
    }

    #[test]
    fn what_was_known_otherwise_was_not_decided_on_a_forgery() {
        let summary = "forged callbacks were answered with success: stale";
        let told = decided().delivered(3.1, "evt_1", None).logged(3.2, "decision_applied", 1, "approved");
        assert_eq!(told.delivered(4.0, "evt_1", Some(Defect::Stale)).is_wrong(FindingKind::Forged), summary);
        let asked = decided().delivered(3.1, "evt_1", Some(Defect::Stale)).logged(5.0, "reconciled", 1, "");
        assert_eq!(asked.logged(5.0, "decision_applied", 1, "approved").is_wrong(FindingKind::Forged), summary);
    }

    #[test]
    fn data_goes_to_the_vendor_only_after_consent() {
        let mut late = decided();
        late.journey().consented = Some(secs(2.15));
        late.is_wrong(FindingKind::ConsentMissing);
        let mut old = decided();
        old.journey().consented = None;
        old.is_sound(); // a run from before consent was written down
    }

    #[test]
    fn whoever_left_before_they_agreed_is_looked_after_too() {
        let mut never = Scene::submitted();
        never.journey().consented = None;
        never.journey().verification = None;
        never.journey().attempts.clear();
        assert!(never.is_wrong(FindingKind::ConsentMissing).contains("they never agreed"));
        never.records.ledger.clear();
        never.is_sound();
    }

    #[test]
    fn consent_must_be_on_record_where_the_backend_keeps_records() {
        let mut scene = decided().logged(3.0, "decision_applied", 1, "approved");
        scene.is_sound();
        // Somebody else's consent is on record: so this backend writes it down.
        let mut other = scene.records.answers.values().next().unwrap().clone();
        other.applicant = kycsim_scenarios::ApplicantKey::numbered(7);
        other.events[0].kind = CONSENT_GIVEN.to_owned();
        scene.records.answers.insert(other.applicant.clone(), other);
        assert!(scene.is_wrong(FindingKind::ConsentMissing).contains("no consent on record"));
        scene.logged(1.1, CONSENT_GIVEN, 1, "").is_sound();
    }
}
