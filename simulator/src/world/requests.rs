use std::sync::Arc;
use std::time::Duration;

use kycsim_scenarios::language::{EventKind, Whom};
use kycsim_scenarios::ledger::LedgerEvent;
use kycsim_scenarios::vendor::{Answer, Ends, Fault, RequestFacts, plan_examination};
use kycsim_scenarios::{ApplicantKey, Purpose, SimTime};
use rand::RngExt as _;
use tokio_util::sync::CancellationToken;

use super::telling::Manner;
use super::{Examined, Task, World};
use crate::call::{Call, Granted, NewSession};
use crate::id::SessionId;
use crate::idempotency::Repeatable;
use crate::refusal::Refusal;
use crate::session::{About, Session};

impl World {
    /// Works out whom a request is about, and how it is to be answered: after which wait, and with which fault. Nothing else has happened yet.
    ///
    /// Rate limits come first; then what was ordered for the session, or else for its applicant; then the incidents.
    pub(crate) fn meet(&mut self, call: &Call, now: SimTime) -> Result<(ApplicantKey, Answer), Refusal> {
        let limited = self.limiter.take(&self.scenario.vendor.rate_limit, call.operation(), now);
        limited.map_err(|limited| {
            self.counters.rate_limited.add(1);
            Refusal::TooManyRequests { status: limited.status, retry_after: limited.retry_after }
        })?;
        let (new, known);
        let whom = match call {
            Call::CreateSession(begun) => {
                new = self.scenario.fate(&begun.applicant);
                Whom { fate: &new, country: begun.country.as_str(), document: begun.document }
            }
            Call::GetSession(id) | Call::Upload { session: id, .. } | Call::Submit(id) | Call::Cancel(id) => {
                known = Arc::clone(&self.store.session(id)?.about);
                known.whom()
            }
        };
        let occurrence = self.store.count_request(whom.fate.applicant())?;
        let mut chance = None;
        let ordered = self.orders.befalling(call.session(), whom.fate.applicant(), call.operation(), || {
            chance.get_or_insert_with(|| whom.fate.rng(Purpose::OrderedFault, occurrence)).random()
        });
        let facts = RequestFacts { operation: call.operation(), check: call.check(), whom, occurrence, now };
        Ok((whom.fate.applicant().clone(), self.board.answer(&self.scenario.vendor, facts, ordered)))
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
            Call::Upload { session, slot, picture } => {
                let session = self.store.session_mut(&session)?;
                let lost = matches!(fault, Some(Fault::LostUpload));
                if lost { session.lose(slot, picture) } else { session.take_in(slot, picture) }.map(Granted::Uploaded)
            }
            Call::Submit(id) => self.submit(&id, now),
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
                Session::new(About { id, fate, ordinal, country, document, callback_url, created_at: now })
            })?
            .clone();
        self.counters.sessions.add(1);
        self.write(now, &session, LedgerEvent::SessionCreated);
        self.await_submission(&session, now);
        self.tell(EventKind::Created, &session, Manner::ORDINARY, now);
        Ok(session)
    }

    fn read(&mut self, id: &SessionId, fault: Option<Fault>, now: SimTime) -> Result<Session, Refusal> {
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

    fn submit(&mut self, id: &SessionId, now: SimTime) -> Result<Granted, Refusal> {
        let session = self.store.session_mut(id)?;
        session.submit(now)?;
        let session = session.clone();
        self.write(now, &session, LedgerEvent::Submitted { attempt: session.attempt });

        let about = &session.about;
        let order = self.orders.about(id, about.fate.applicant());
        let plan = plan_examination(&self.scenario.vendor, order.as_deref(), &about.fate, session.attempt);
        let (due, polls_left) = match plan.ends {
            Ends::After(length) => {
                let more = if plan.early {
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
        self.tell(EventKind::Processing, &session, Manner { later: after, told: None }, now);
        if let Some(due) = due {
            self.counters.decisions_pending.add(1);
            self.agenda.enter(due, Task::Decide { session: id.clone(), attempt: session.attempt });
        }
        self.examined.insert(id.clone(), Examined { decision: plan.decision, due, polls_left, told: guard });
        Ok(Granted::Submitted { session, told })
    }

    fn cancel(&mut self, id: &SessionId, now: SimTime) -> Result<Session, Refusal> {
        let session = self.store.session_mut(id)?;
        session.cancel(now)?;
        let session = session.clone();
        self.forget_examination(id);
        self.write(now, &session, LedgerEvent::Cancelled);
        Ok(session)
    }

    /// Enters the end of a session's life, unless it is submitted before.
    pub(super) fn await_submission(&mut self, session: &Session, now: SimTime) {
        let due = now.saturating_add(self.scenario.vendor.session_lifetime.length());
        self.agenda.enter(due, Task::Expire { session: session.about.id.clone(), attempt: session.attempt });
    }
}
