use std::sync::Arc;

use kycsim_scenarios::SimTime;
use kycsim_scenarios::ledger::LedgerEvent;
use kycsim_scenarios::vendor::{Answer, Effect, Operation, RequestFacts, answer, plan_decision};

use super::{Task, World};
use crate::call::{Call, Granted, NewSession, Subject};
use crate::id::SessionId;
use crate::idempotency::Repeatable;
use crate::refusal::Refusal;
use crate::session::{About, Session};

impl World {
    /// Works out how a request is to be answered: after which wait, and with which fault. Nothing else has happened yet.
    pub(crate) fn meet(&mut self, subject: Subject<'_>, operation: Operation, now: SimTime) -> Result<Answer, Refusal> {
        let (new, known);
        let fate = match subject {
            Subject::Applicant(applicant) => {
                new = self.scenario.fate(applicant);
                &new
            }
            Subject::Session(id) => {
                known = Arc::clone(&self.store.session(id)?.about);
                &known.fate
            }
        };
        let occurrence = self.store.count_request(fate.applicant())?;
        let facts = RequestFacts { operation, fate, occurrence, now };
        Ok(answer(&self.scenario.vendor, &self.scenario.incident, facts))
    }

    /// Does what a call asks for, or says why not; a repeated call gets the answer it got before.
    pub(crate) fn perform(&mut self, call: Call, repeatable: Option<Repeatable>, now: SimTime) -> Result<Granted, Refusal> {
        let Some(repeatable) = repeatable else { return self.perform_new(call, now) };
        if let Some(answer) = self.answered.recall(&repeatable) {
            return answer;
        }
        let answer = self.perform_new(call, now);
        // A full store is not an answer to keep: the same request is welcome when there is room.
        if !matches!(answer, Err(Refusal::TooManySessions)) {
            self.answered.keep(repeatable, &answer);
        }
        answer
    }

    fn perform_new(&mut self, call: Call, now: SimTime) -> Result<Granted, Refusal> {
        match call {
            Call::CreateSession(new) => self.create(new, now).map(Granted::Created),
            Call::GetSession(id) => self.store.session(&id).cloned().map(Granted::Read),
            Call::Upload { session, slot, picture } => self.store.session_mut(&session)?.take_in(slot, picture).map(Granted::Uploaded),
            Call::Submit(id) => self.submit(&id, now).map(Granted::Submitted),
            Call::Cancel(id) => self.cancel(&id, now).map(Granted::Cancelled),
        }
    }

    fn create(&mut self, new: NewSession, now: SimTime) -> Result<Session, Refusal> {
        let NewSession { applicant, country, document, callback_url } = new;
        let (seed, fate) = (self.scenario.seed, self.scenario.fate(&applicant));
        let callback_url = callback_url.or_else(|| self.callback_url.clone());
        let session = self
            .store
            .begin(&applicant, |ordinal| {
                let id = SessionId::of(seed, &applicant, ordinal);
                Session::new(About { id, fate, country, document, callback_url, created_at: now })
            })?
            .clone();
        self.counters.sessions.add(1);
        self.write(now, &session, LedgerEvent::SessionCreated);
        self.await_submission(&session, now);
        Ok(session)
    }

    fn submit(&mut self, id: &SessionId, now: SimTime) -> Result<Session, Refusal> {
        let session = self.store.session_mut(id)?;
        session.submit(now)?;
        let session = session.clone();
        self.write(now, &session, LedgerEvent::Submitted { attempt: session.attempt });

        let mut planned = plan_decision(&self.scenario.vendor, &session.about.fate, session.attempt, now);
        // What follows a decision is entered when it is made, and not at all when the session was given up meanwhile.
        let decides = planned.iter().position(|each| matches!(each.effect, Effect::Decide(_))).map(|at| planned.remove(at));
        if let Some(first) = decides
            && let Effect::Decide(decision) = first.effect
        {
            self.counters.decisions_pending.add(1);
            self.agenda.enter(first.due, Task::Decide { session: id.clone(), decision, then: planned });
        }
        Ok(session)
    }

    fn cancel(&mut self, id: &SessionId, now: SimTime) -> Result<Session, Refusal> {
        let session = self.store.session_mut(id)?;
        session.cancel(now)?;
        let session = session.clone();
        self.write(now, &session, LedgerEvent::Cancelled);
        Ok(session)
    }

    /// Enters the end of a session's life, unless it is submitted before.
    pub(super) fn await_submission(&mut self, session: &Session, now: SimTime) {
        let due = now.saturating_add(self.scenario.vendor.session_lifetime.length());
        self.agenda.enter(due, Task::Expire { session: session.about.id.clone(), attempt: session.attempt });
    }
}
