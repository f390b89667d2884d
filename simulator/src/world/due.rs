use std::sync::Arc;

use kycsim_scenarios::SimTime;
use kycsim_scenarios::ledger::{DeliveryResult, LedgerEvent};
use kycsim_scenarios::vendor::{Decision, Effect, Planned, Status, retry_delay};

use super::{Task, World};
use crate::callbacks::{Delivery, Event, EventKind, Sending};
use crate::id::SessionId;
use crate::session::Session;

/// What became of one step.
#[derive(Debug)]
pub(crate) enum Step {
    /// Nothing is due.
    Nothing,
    /// Something was done, and there may be more.
    Done,
    /// This is to be delivered, and there may be more.
    Deliver(Delivery),
}

impl World {
    /// Does the next thing that is due at `now`.
    pub(crate) fn step(&mut self, now: SimTime) -> Step {
        let Some((due, task)) = self.agenda.take_due(now) else { return Step::Nothing };
        match task {
            Task::Decide { session, decision, then } => {
                self.decide(&session, decision, then, due, now);
                self.counters.decisions_pending.subtract(1);
                Step::Done
            }
            Task::Expire { session, attempt } => {
                self.expire(&session, attempt, now);
                Step::Done
            }
            Task::Send(sending) => self.send(sending, due, now),
            Task::Lose(event) => {
                self.counters.callbacks_lost.add(1);
                self.write_of(now, &event, LedgerEvent::CallbackLost { callback: event.id.clone() });
                self.counters.callbacks_pending.subtract(1);
                Step::Done
            }
        }
    }

    /// Writes down how a delivery ended, plans the next try, and returns the delivery that may begin in its place.
    pub(crate) fn delivered(&mut self, delivery: Delivery, began: SimTime, result: DeliveryResult, now: SimTime) -> Option<Delivery> {
        let Delivery { mut sending, due } = delivery;
        let event = Arc::clone(&sending.event);
        let accepted = matches!(result, DeliveryResult::Accepted { .. });
        let (copy, attempt_number) = (sending.copy, sending.failed + 1);
        let callback = event.id.clone();
        self.write_of(now, &event, LedgerEvent::Delivered { callback, attempt: event.attempt, copy, attempt_number, due, began, result });
        self.counters.deliveries.add(1);
        if copy > 0 && attempt_number == 1 {
            self.counters.duplicates.add(1);
        }
        if accepted {
            self.counters.callbacks_pending.subtract(1);
        } else {
            self.counters.deliveries_failed.add(1);
            sending.failed = attempt_number;
            match retry_delay(&self.retry, attempt_number) {
                Some(delay) => self.agenda.enter(now.saturating_add(delay), Task::Send(sending)),
                None => {
                    self.counters.callbacks_given_up.add(1);
                    self.write_of(now, &event, LedgerEvent::CallbackGivenUp { callback: event.id.clone(), copy });
                    self.counters.callbacks_pending.subtract(1);
                }
            }
        }
        self.lanes.leave(event.to.receiver())
    }

    fn decide(&mut self, id: &SessionId, decision: Decision, then: Vec<Planned>, due: SimTime, now: SimTime) {
        let Ok(session) = self.store.session_mut(id) else { return };
        if session.decide(&decision, now).is_err() {
            return; // given up meanwhile
        }
        let session = session.clone();
        self.counters.decisions.add(1);
        let attempt = decision.attempt;
        self.write(now, &session, LedgerEvent::Decided { due, decision });
        if session.state.status() == Status::ResubmissionRequested {
            self.await_submission(&session, now);
        }
        let Some(event) = self.event(EventKind::Decided, &session, attempt) else { return };
        for Planned { due: planned, effect } in then {
            // As long after the decision as was planned, but never before it was made.
            let due = now.max(planned);
            match effect {
                Effect::SendCallback { copy } => {
                    self.enter_callback(due, Task::Send(Sending { event: Arc::clone(&event), copy, failed: 0 }));
                }
                Effect::LoseCallback => self.enter_callback(due, Task::Lose(Arc::clone(&event))),
                Effect::Decide(_) => {} // the one decision was taken out when the plan was made
            }
        }
    }

    fn expire(&mut self, id: &SessionId, attempt: u32, now: SimTime) {
        let Ok(session) = self.store.session_mut(id) else { return };
        if session.expire(attempt, now).is_none() {
            return; // it went on in time
        }
        let session = session.clone();
        self.write(now, &session, LedgerEvent::Expired);
        if let Some(event) = self.event(EventKind::Expired, &session, attempt) {
            self.enter_callback(now, Task::Send(Sending { event, copy: 0, failed: 0 }));
        }
    }

    fn enter_callback(&mut self, due: SimTime, task: Task) {
        self.counters.callbacks_pending.add(1);
        self.agenda.enter(due, task);
    }

    /// Returns what there is to tell of a session that has just changed; none when nobody wants to know.
    fn event(&self, kind: EventKind, session: &Session, attempt: u32) -> Option<Arc<Event>> {
        let to = session.about.callback_url.clone()?;
        self.counters.callbacks.add(1);
        Some(Arc::new(Event {
            id: session.about.id.event(session.version),
            session: session.about.id.clone(),
            applicant: session.about.fate.applicant().clone(),
            attempt,
            to,
            body: self.dialect.event(kind, session),
        }))
    }

    /// Sends a copy, unless an incident holds it or its lane is full. The gate is asked whenever a copy comes due: a second outage holds what the first let go.
    fn send(&mut self, sending: Sending, due: SimTime, now: SimTime) -> Step {
        if let Some(until) = self.gate.hold(&self.scenario.incident, now) {
            self.counters.held.add(1);
            let (event, copy) = (Arc::clone(&sending.event), sending.copy);
            self.write_of(now, &event, LedgerEvent::CallbackHeld { callback: event.id.clone(), copy, until });
            self.agenda.enter(until, Task::Send(sending));
            return Step::Done;
        }
        self.lanes.enter(Delivery { sending, due }).map_or(Step::Done, Step::Deliver)
    }
}
