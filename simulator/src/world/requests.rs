use std::sync::Arc;
use std::time::Duration;

use kycsim_scenarios::language::{DocumentKind, EventKind, Whom};
use kycsim_scenarios::ledger::LedgerEvent;
use kycsim_scenarios::vendor::{Answer, Ends, Fault, RequestFacts, plan_examination};
use kycsim_scenarios::{ApplicantKey, Purpose, SimTime};
use rand::RngExt as _;
use tokio_util::sync::CancellationToken;

use super::counter::Counter;
use super::telling::Manner;
use super::{Examined, Task, World};
use crate::call::{Call, Errand, Granted, NewSession, Said, Submission, Upload, Whose};
use crate::id::SessionId;
use crate::idempotency::{IdempotencyKey, Repeatable};
use crate::picture::Picture;
use crate::refusal::Refusal;
use crate::session::{About, ImageSlot, Session};

/// What is found out about a request before anything happens.
#[derive(Debug)]
pub(crate) struct Meeting {
    /// Whom it is about, if anybody.
    pub(crate) applicant: Option<ApplicantKey>,
    /// Which session it is about, if there is one already.
    pub(crate) session: Option<SessionId>,
    /// How it is to be answered.
    pub(crate) answer: Answer,
}

impl World {
    /// Works out whom a request is about, and how it is to be answered: after which wait, and with which fault. Nothing else has happened yet.
    ///
    /// Rate limits come first; then what was ordered for the session, or else for its applicant; then the incidents.
    pub(crate) fn meet(&mut self, call: &Call, now: SimTime) -> Result<Meeting, Refusal> {
        let limited = self.limiter.take(&self.scenario.vendor.rate_limit, call.operation(), now);
        limited.map_err(|limited| {
            self.counters.rate_limited.add(1);
            Refusal::TooManyRequests { status: limited.status, retry_after: limited.retry_after }
        })?;
        let whose = self.whose(call)?;
        let (new, known);
        let (session, whom) = match &whose {
            Whose::New { applicant, country, document } => {
                new = self.scenario.fate(applicant);
                (None, Whom { fate: &new, country: country.as_str(), document: *document })
            }
            Whose::Session(id) => {
                known = Arc::clone(&self.store.session(id)?.about);
                (Some(id), known.whom())
            }
            Whose::Nobody => {
                new = self.scenario.fate(&ApplicantKey::new(""));
                (None, Whom { fate: &new, country: "", document: DocumentKind::Passport })
            }
        };
        let applicant = (!matches!(whose, Whose::Nobody)).then(|| whom.fate.applicant());
        let occurrence = match applicant {
            Some(applicant) => self.store.count_request(applicant)?,
            None => {
                self.errands = self.errands.wrapping_add(1);
                self.errands
            }
        };
        let mut chance = None;
        let ordered = self.orders.befalling(session, whom.fate.applicant(), call.operation(), || {
            chance.get_or_insert_with(|| whom.fate.rng(Purpose::OrderedFault, occurrence)).random()
        });
        let facts = RequestFacts { operation: call.operation(), check: call.check(), whom, occurrence, now };
        let answer = self.board.answer(&self.scenario.vendor, facts, ordered);
        Ok(Meeting { applicant: applicant.cloned(), session: session.cloned(), answer })
    }

    fn whose(&self, call: &Call) -> Result<Whose, Refusal> {
        match call {
            Call::CreateSession(NewSession { applicant, country, document, .. }) => {
                Ok(Whose::New { applicant: applicant.clone(), country: *country, document: *document })
            }
            Call::GetSession(id) | Call::Upload { session: id, .. } | Call::Submit(id) | Call::Cancel(id) => Ok(Whose::Session(id.clone())),
            Call::Desk(errand) => self.desk.as_ref().map_or(Ok(Whose::Nobody), |desk| desk.whose(errand)),
        }
    }

    /// Takes note that a request is under way that must not come twice at a time; refuses it when one with its key is.
    pub(crate) fn depart(&mut self, key: &IdempotencyKey) -> Result<(), Refusal> {
        if self.answered.depart(key) { Ok(()) } else { Err(Refusal::IdempotencyKeyInFlight) }
    }

    /// Takes note that it is under way no more.
    pub(crate) fn arrive(&mut self, key: &IdempotencyKey) {
        self.answered.arrive(key);
    }

    /// Takes note that a request met a fault of the vendor's own, which is an answer to repeat.
    pub(crate) fn keep_fault(&mut self, repeatable: Repeatable, status: u16) {
        if self.answered.recall(&repeatable).is_none() {
            self.answered.keep(repeatable, &Err(Refusal::FailedBefore { status }));
        }
    }

    /// Does what a call asks for, or says why not; a repeated call gets the answer it got before. `fault` is what befalls its answer.
    pub(crate) fn perform(
        &mut self,
        call: Call,
        repeatable: Option<Repeatable>,
        fault: Option<Fault>,
        now: SimTime,
    ) -> Result<Granted, Refusal> {
        let Some(repeatable) = repeatable else { return self.perform_new(call, fault, now) };
        if let Some(answer) = self.answered.recall(&repeatable) {
            return answer;
        }
        let answer = self.perform_new(call, fault, now);
        // A full store is not an answer to keep: the same request is welcome when there is room.
        if !matches!(answer, Err(Refusal::TooManySessions)) {
            self.answered.keep(repeatable, &answer);
        }
        answer
    }

    fn perform_new(&mut self, call: Call, fault: Option<Fault>, now: SimTime) -> Result<Granted, Refusal> {
        match call {
            Call::CreateSession(new) => self.create(new, now).map(Granted::Created),
            Call::GetSession(id) => self.read(&id, fault, now).map(Granted::Read),
            Call::Upload { session, slot, picture } => self.take_in(&session, slot, picture, fault).map(Granted::Uploaded),
            Call::Submit(id) => {
                let (session, told) = self.submit(&id, Submission::default(), now)?;
                Ok(Granted::Submitted { session, told })
            }
            Call::Cancel(id) => self.cancel(&id, now).map(Granted::Cancelled),
            Call::Desk(errand) => self.serve(&errand, fault, now).map(Granted::Said),
        }
    }

    /// Lets the dialect's desk do what an errand asks for; what happens is told when that is done.
    fn serve(&mut self, errand: &Errand, fault: Option<Fault>, now: SimTime) -> Result<Said, Refusal> {
        let Some(mut desk) = self.desk.take() else { return Err(Refusal::TooManySessions) }; // cannot be: nobody serves two at a time
        let mut counter = Counter::new(self, fault, now);
        let said = desk.serve(errand, &mut counter);
        let told = counter.told();
        self.desk = Some(desk);
        self.tell_what_happened(&errand.cause, now);
        said.map(|said| Said { told: told.or(said.told), ..said })
    }

    pub(super) fn create(&mut self, new: NewSession, now: SimTime) -> Result<Session, Refusal> {
        let NewSession { applicant, country, document, callback_url } = new;
        let callback_url = callback_url.or_else(|| self.callback_url.clone());
        let (seed, fate, dialect) = (self.scenario.seed, self.scenario.fate(&applicant), &self.dialect);
        let session = self
            .store
            .begin(&applicant, |ordinal| {
                let id = SessionId::of(seed, &applicant, ordinal, |bits| dialect.session_name(bits));
                Session::new(About { id, fate, ordinal, country, document, callback_url, created_at: now })
            })?
            .clone();
        self.begin_life(&session, now);
        Ok(session)
    }

    /// Begins another session for the same applicant, with the pictures of this one.
    pub(super) fn create_again(&mut self, id: &SessionId, now: SimTime) -> Result<Session, Refusal> {
        let before = self.store.session(id)?;
        let (about, images) = (Arc::clone(&before.about), before.images());
        let (seed, dialect) = (self.scenario.seed, &self.dialect);
        let applicant = about.fate.applicant();
        let session = self
            .store
            .begin(applicant, |ordinal| {
                let id = SessionId::of(seed, applicant, ordinal, |bits| dialect.session_name(bits));
                let (fate, callback_url) = (about.fate.clone(), about.callback_url.clone());
                let again = About { id, fate, ordinal, country: about.country, document: about.document, callback_url, created_at: now };
                Session::new(again).with_images(images)
            })?
            .clone();
        self.begin_life(&session, now);
        Ok(session)
    }

    fn begin_life(&mut self, session: &Session, now: SimTime) {
        self.counters.sessions.add(1);
        self.write(now, session, LedgerEvent::SessionCreated);
        self.await_submission(session, now);
        self.happen(EventKind::Created, session, Manner::ORDINARY, now);
    }

    pub(super) fn take_in(
        &mut self,
        session: &SessionId,
        slot: ImageSlot,
        picture: Picture,
        fault: Option<Fault>,
    ) -> Result<Upload, Refusal> {
        let session = self.store.session_mut(session)?;
        if matches!(fault, Some(Fault::LostUpload)) { session.lose(slot, picture) } else { session.take_in(slot, picture) }
    }

    pub(super) fn read(&mut self, id: &SessionId, fault: Option<Fault>, now: SimTime) -> Result<Session, Refusal> {
        self.count_poll(id, now);
        let session = self.store.session(id)?;
        Ok(match fault {
            Some(Fault::StaleRead { lag }) => session.lagging(lag, now),
            Some(_) | None => session.clone(),
        })
    }

    /// Ends an examination that takes so many reads.
    fn count_poll(&mut self, id: &SessionId, now: SimTime) {
        let Some(left) = self.examined.get_mut(id).and_then(|examined| examined.polls_left.as_mut()) else { return };
        *left = left.saturating_sub(1);
        if *left == 0 {
            self.end_examination(id, now, now);
        }
    }

    /// Hands a session in. The token is cancelled when the decision has been told once, where that is to come first.
    pub(super) fn submit(
        &mut self,
        id: &SessionId,
        submission: Submission,
        now: SimTime,
    ) -> Result<(Session, Option<CancellationToken>), Refusal> {
        let session = self.store.session_mut(id)?;
        session.submit(submission.pictures, now)?;
        let session = session.clone();
        self.write(now, &session, LedgerEvent::Submitted { attempt: session.attempt });

        let about = &session.about;
        let order = self.orders.about(id, about.fate.applicant());
        let ordered = order.as_deref().is_some_and(|order| order.outcome.is_some());
        let mut plan = plan_examination(&self.scenario.vendor, order.as_deref(), &about.fate, session.attempt);
        if let Some((outcome, reasons)) = submission.suggested.filter(|_| !ordered) {
            (plan.decision.outcome, plan.decision.reasons) = (outcome, reasons);
        }
        let ends = if submission.at_once { Ends::After(Duration::ZERO) } else { plan.ends };
        let (due, polls_left) = match ends {
            Ends::After(length) => {
                let more = if plan.early || submission.at_once {
                    Duration::ZERO
                } else {
                    self.board.decision_delay(about.whom(), &plan.decision.reasons, session.attempt, now)
                };
                (Some(now.saturating_add(length).saturating_add(more)), None)
            }
            Ends::AfterPolls(polls) => (None, Some(polls)),
            Ends::OnCommand => (None, None),
        };
        let told = plan.early.then(CancellationToken::new);
        let guard = told.clone().map(|token| Arc::new(token.drop_guard()));
        let decided = due.unwrap_or(now);
        let after = plan.processing_after.map_or(Duration::ZERO, |after| (decided - now).saturating_add(after));
        self.happen(EventKind::Processing, &session, Manner { later: after, told: None }, now);
        if let Some(due) = due {
            self.counters.decisions_pending.add(1);
            self.agenda.enter(due, Task::Decide { session: id.clone(), attempt: session.attempt });
        }
        self.examined.insert(id.clone(), Examined { decision: plan.decision, due, polls_left, told: guard });
        Ok((session, told))
    }

    /// Lets an applicant come back to a session, at a vendor with whom nothing but an approval is the last word.
    pub(super) fn reopen(&mut self, id: &SessionId, now: SimTime) -> Result<Session, Refusal> {
        let session = self.store.session_mut(id)?;
        session.reopen(now)?;
        let session = session.clone();
        self.await_submission(&session, now);
        Ok(session)
    }

    pub(super) fn cancel(&mut self, id: &SessionId, now: SimTime) -> Result<Session, Refusal> {
        let session = self.store.session_mut(id)?;
        session.cancel(now)?;
        let session = session.clone();
        self.forget_examination(id);
        self.write(now, &session, LedgerEvent::Cancelled);
        self.happen(EventKind::Cancelled, &session, Manner::ORDINARY, now);
        Ok(session)
    }

    /// Erases what a session knows about its applicant.
    pub(super) fn redact(&mut self, id: &SessionId, now: SimTime) -> Result<Session, Refusal> {
        let session = self.store.session_mut(id)?;
        session.redact(now);
        let session = session.clone();
        self.write(now, &session, LedgerEvent::Redacted);
        self.happen(EventKind::Redacted, &session, Manner::ORDINARY, now);
        Ok(session)
    }

    /// Enters the end of a session's life, unless it is submitted before.
    pub(super) fn await_submission(&mut self, session: &Session, now: SimTime) {
        let due = now.saturating_add(self.scenario.vendor.session_lifetime.length());
        self.agenda.enter(due, Task::Expire { session: session.about.id.clone(), attempt: session.attempt });
    }
}
