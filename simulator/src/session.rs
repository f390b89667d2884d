//! A session as the vendor keeps it: the pure state, and what the outside may see of it.

mod kept;

use std::sync::Arc;
use std::time::Duration;

use kycsim_scenarios::language::{Confidence, DocumentKind, Whom};
use kycsim_scenarios::vendor::{CheckResult, Decision, IllegalTransition, Outcome, Reason, SessionEvent, SessionState, check_results};
use kycsim_scenarios::{Fate, SimTime};
use serde::{Deserialize, Serialize};

use crate::call::{Pictures, Upload};
use crate::callbacks::CallbackUrl;
use crate::id::SessionId;
use crate::picture::Picture;
use crate::refusal::Refusal;

/// One session. A copy of it is cheap, and is how it was at that moment.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    /// What never changes.
    pub(crate) about: Arc<About>,
    pub(crate) state: SessionState,
    /// The attempt it is at, from 1. Kept beside the state: an expired or cancelled session has one too.
    pub(crate) attempt: u32,
    /// The latest decision. It stays while the next attempt is under way.
    pub(crate) decided: Option<Decided>,
    /// The decision before that.
    former: Option<Box<Decided>>,
    revisions: u32,
    /// Grows by one at every change that the outside can see.
    pub(crate) version: u64,
    pub(crate) updated_at: SimTime,
    images: Images,
}

/// What never changes about a session.
#[derive(Debug)]
pub(crate) struct About {
    pub(crate) id: SessionId,
    /// Whose session it is, and all their chance.
    pub(crate) fate: Fate,
    /// How many sessions they have had before.
    pub(crate) ordinal: u32,
    pub(crate) country: CountryCode,
    pub(crate) document: DocumentKind,
    /// Where its callbacks go; none: there are none.
    pub(crate) callback_url: Option<CallbackUrl>,
    pub(crate) created_at: SimTime,
}

/// A decision, when it was made, and what the checks found that led to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Decided {
    pub(crate) at: SimTime,
    pub(crate) decision: Decision,
    pub(crate) checks: Arc<[CheckResult]>,
    /// The version that the session had before it.
    version_before: u64,
    /// When the session had changed last before it.
    updated_before: SimTime,
}

/// Which pictures there are. A later one takes the place of an earlier one.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Images {
    front: Option<Picture>,
    back: Option<Picture>,
    selfie: Option<Picture>,
    /// How many there were in all.
    uploads: u32,
}

impl Images {
    /// Whether there are at least these.
    pub(crate) const fn are(self, pictures: Pictures) -> bool {
        match pictures {
            Pictures::DocumentAndSelfie => self.front.is_some() && self.selfie.is_some(),
            Pictures::Document => self.front.is_some(),
            Pictures::None => true,
        }
    }

    /// Whether there is one of this.
    pub(crate) const fn has(self, slot: ImageSlot) -> bool {
        match slot {
            ImageSlot::Document(Side::Front) => self.front.is_some(),
            ImageSlot::Document(Side::Back) => self.back.is_some(),
            ImageSlot::Selfie => self.selfie.is_some(),
        }
    }
}

/// What a picture is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ImageSlot {
    Document(Side),
    Selfie,
}

/// Which side of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Front,
    Back,
}

/// Two capital letters: ISO 3166-1 alpha-2 by its form.
///
/// Any such pair is taken, not only the countries that scenarios can make applicants for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct CountryCode([u8; 2]);

impl CountryCode {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let letters: [u8; 2] = text.as_bytes().try_into().ok()?;
        letters.iter().all(u8::is_ascii_uppercase).then_some(Self(letters))
    }

    pub(crate) fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default() // `parse` took ASCII only
    }
}

impl TryFrom<String> for CountryCode {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("a country is two capital letters")
    }
}

impl From<CountryCode> for String {
    fn from(code: CountryCode) -> Self {
        code.as_str().to_owned()
    }
}

impl About {
    /// What the model asks about its applicant.
    pub(crate) fn whom(&self) -> Whom<'_> {
        Whom { fate: &self.fate, country: self.country.as_str(), document: self.document }
    }
}

impl Session {
    pub(crate) fn new(about: About) -> Self {
        let updated_at = about.created_at;
        let about = Arc::new(about);
        Self {
            about,
            state: SessionState::NEW,
            attempt: 1,
            decided: None,
            former: None,
            revisions: 0,
            version: 1,
            updated_at,
            images: Images::default(),
        }
    }

    /// Takes a picture in. The outside cannot see it, so the version stays.
    pub(crate) fn take_in(&mut self, slot: ImageSlot, picture: Picture) -> Result<Upload, Refusal> {
        if !matches!(self.state, SessionState::Collecting { .. }) {
            return Err(Refusal::WrongStatus { status: self.state.status() });
        }
        let place = match slot {
            ImageSlot::Document(Side::Front) => &mut self.images.front,
            ImageSlot::Document(Side::Back) => &mut self.images.back,
            ImageSlot::Selfie => &mut self.images.selfie,
        };
        *place = Some(picture);
        let id = self.about.id.upload(self.images.uploads);
        self.images.uploads += 1;
        Ok(Upload { id, slot, picture })
    }

    /// Submits it. Pictures of an earlier attempt count: only what was bad need be sent again.
    pub(crate) fn submit(&mut self, pictures: Pictures, now: SimTime) -> Result<(), Refusal> {
        let next = self.state.on(SessionEvent::Submit, now).map_err(wrong_status)?;
        if !self.images.are(pictures) {
            return Err(Refusal::ImagesMissing);
        }
        self.become_at(next, now);
        Ok(())
    }

    /// Lets its applicant come back to it, at a vendor with whom nothing but an approval is the last word.
    pub(crate) fn reopen(&mut self, now: SimTime) -> Result<(), Refusal> {
        let next = self.state.on(SessionEvent::Reopen { attempt: self.attempt }, now).map_err(wrong_status)?;
        self.become_at(next, now);
        Ok(())
    }

    /// Which pictures there are.
    pub(crate) const fn images(&self) -> Images {
        self.images
    }

    /// Takes in the pictures of another session of the same applicant.
    pub(crate) fn with_images(self, images: Images) -> Self {
        Self { images, ..self }
    }

    /// Forgets all pictures.
    pub(crate) fn redact(&mut self, now: SimTime) {
        self.images = Images { uploads: self.images.uploads, ..Images::default() };
        self.version += 1;
        self.updated_at = now;
    }

    /// Gives it up.
    pub(crate) fn cancel(&mut self, now: SimTime) -> Result<(), Refusal> {
        let next = self.state.on(SessionEvent::Cancel, now).map_err(wrong_status)?;
        self.become_at(next, now);
        Ok(())
    }

    /// Answers an upload, and loses it.
    pub(crate) fn lose(&mut self, slot: ImageSlot, picture: Picture) -> Result<Upload, Refusal> {
        let before = self.images;
        let upload = self.take_in(slot, picture)?;
        self.images = Images { uploads: self.images.uploads, ..before };
        Ok(upload)
    }

    /// Decides it, unless it was given up meanwhile.
    pub(crate) fn decide(&mut self, decision: &Decision, confidence: &Confidence, now: SimTime) -> Result<(), IllegalTransition> {
        let next = self.state.on(SessionEvent::Decide(decision.clone()), now)?;
        self.conclude(decision.clone(), confidence, next, now);
        Ok(())
    }

    /// Changes the decision, if there is one that can be changed.
    pub(crate) fn revise(&mut self, decision: &Decision, confidence: &Confidence, now: SimTime) -> Result<(), IllegalTransition> {
        let next = self.state.on(SessionEvent::Revise(decision.clone()), now)?;
        self.revisions += 1;
        self.conclude(decision.clone(), confidence, next, now);
        Ok(())
    }

    fn conclude(&mut self, decision: Decision, confidence: &Confidence, next: SessionState, now: SimTime) {
        let checks = check_results(&decision, &self.about.fate, confidence).into();
        let decided = Decided { at: now, decision, checks, version_before: self.version, updated_before: self.updated_at };
        self.former = self.decided.replace(decided).map(Box::new);
        self.become_at(next, now);
    }

    /// How often its decision was changed.
    pub(crate) const fn revisions(&self) -> u32 {
        self.revisions
    }

    /// Returns it as a read shows it that lags by `lag`: as it was before a decision that is younger.
    pub(crate) fn lagging(&self, lag: Duration, now: SimTime) -> Self {
        let mut shown = self.clone();
        let Some(decided) = self.decided.as_ref().filter(|decided| decided.at.saturating_add(lag) > now) else { return shown };
        let former = shown.former.take().map(|former| *former);
        let attempt = decided.decision.attempt;
        shown.state = match &former {
            Some(former) if former.decision.attempt == attempt => {
                SessionState::Decided { at: former.at, decision: former.decision.clone() }
            }
            Some(_) | None => SessionState::Processing { attempt, since: self.about.created_at },
        };
        shown.decided = former;
        shown.attempt = attempt;
        (shown.version, shown.updated_at) = (decided.version_before, decided.updated_before);
        shown
    }

    /// Returns it as a lie tells it: decided otherwise.
    pub(crate) fn contradicted(&self, confidence: &Confidence) -> Self {
        let mut lie = self.clone();
        let Some(decided) = &self.decided else { return lie };
        let (outcome, reasons) = match decided.decision.outcome {
            Outcome::Approved => (Outcome::Declined, vec![Reason::DocumentForged]),
            Outcome::Declined | Outcome::Review | Outcome::Resubmission => (Outcome::Approved, Vec::new()),
        };
        let decision = Decision { attempt: decided.decision.attempt, outcome, reasons };
        let checks = check_results(&decision, &self.about.fate, confidence).into();
        lie.state = SessionState::Decided { at: decided.at, decision: decision.clone() };
        lie.decided = Some(Decided { decision, checks, ..decided.clone() });
        lie
    }

    /// Lets it expire, if `attempt` is still being collected.
    pub(crate) fn expire(&mut self, attempt: u32, now: SimTime) -> Option<()> {
        if attempt != self.attempt {
            return None;
        }
        let next = self.state.on(SessionEvent::Expire, now).ok()?;
        self.become_at(next, now);
        Some(())
    }

    fn become_at(&mut self, next: SessionState, now: SimTime) {
        match &next {
            SessionState::Collecting { attempt, .. } | SessionState::Processing { attempt, .. } => self.attempt = *attempt,
            SessionState::Decided { .. } | SessionState::Expired { .. } | SessionState::Cancelled { .. } => {}
        }
        self.state = next;
        self.version += 1;
        self.updated_at = now;
    }
}

fn wrong_status(refused: IllegalTransition) -> Refusal {
    Refusal::WrongStatus { status: refused.status }
}

#[cfg(test)]
mod tests {
    use kycsim_scenarios::ApplicantKey;
    use kycsim_scenarios::vendor::Status;

    use super::*;
    use crate::picture::PictureKind;

    fn new() -> Session {
        let applicant = ApplicantKey::numbered(1);
        Session::new(About {
            id: SessionId::named("ses_1"),
            fate: Fate::new(7, applicant),
            ordinal: 0,
            country: CountryCode::parse("DE").unwrap(),
            document: DocumentKind::IdCard,
            callback_url: None,
            created_at: SimTime::ZERO,
        })
    }

    fn with_images() -> Session {
        let mut session = new();
        let picture = Picture { kind: PictureKind::Png, bytes: 9 };
        session.take_in(ImageSlot::Document(Side::Front), picture).unwrap();
        session.take_in(ImageSlot::Selfie, picture).unwrap();
        session
    }

    #[test]
    fn a_submission_needs_a_document_and_a_selfie() {
        let mut session = new();
        assert_eq!(session.submit(Pictures::DocumentAndSelfie, SimTime::ZERO), Err(Refusal::ImagesMissing));
        assert_eq!(session.version, 1, "a refusal changes nothing");
        let mut session = with_images();
        session.submit(Pictures::DocumentAndSelfie, SimTime::ZERO).unwrap();
        assert_eq!((session.version, session.state.status()), (2, Status::Processing));
        assert_eq!(session.submit(Pictures::DocumentAndSelfie, SimTime::ZERO), Err(Refusal::WrongStatus { status: Status::Processing }));
    }

    #[test]
    fn a_resubmission_begins_the_next_attempt_and_the_decision_stays() {
        let mut session = with_images();
        session.submit(Pictures::DocumentAndSelfie, SimTime::ZERO).unwrap();
        let decision = Decision { attempt: 1, outcome: Outcome::Resubmission, reasons: vec![Reason::ImageBlurred] };
        session.decide(&decision, &Confidence::default(), SimTime::from_micros(5)).unwrap();
        assert_eq!((session.attempt, session.state.status()), (2, Status::ResubmissionRequested));
        session.submit(Pictures::DocumentAndSelfie, SimTime::from_micros(6)).unwrap();
        assert_eq!(session.decided.as_ref().map(|decided| &decided.decision), Some(&decision));
        assert_eq!(session.expire(2, SimTime::from_micros(7)), None, "it is under examination");
    }

    #[test]
    fn only_the_attempt_being_collected_expires() {
        let mut session = new();
        assert_eq!(session.expire(2, SimTime::ZERO), None);
        assert_eq!(session.expire(1, SimTime::ZERO), Some(()));
        assert_eq!(session.state.status(), Status::Expired);
        assert_eq!(session.cancel(SimTime::ZERO), Err(Refusal::WrongStatus { status: Status::Expired }));
    }

    #[test]
    fn a_country_is_two_capital_letters() {
        assert_eq!(CountryCode::parse("DE").map(|code| code.as_str().to_owned()), Some("DE".to_owned()));
        for text in ["", "D", "de", "DEU", "D1", "Ä"] {
            assert_eq!(CountryCode::parse(text), None, "{text}");
        }
    }
}
