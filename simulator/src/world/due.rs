use std::sync::Arc;
use std::time::Duration;

use kycsim_scenarios::SimTime;
use kycsim_scenarios::language::EventKind;
use kycsim_scenarios::ledger::{DeliveryResult, LedgerEvent};
use kycsim_scenarios::vendor::{Decision, Defect, Status, plan_revision, retry_delay};

use super::telling::Manner;
use super::{Examined, Task, World};
use crate::callbacks::{Delivery, Event, Sending};
use crate::id::SessionId;

/// What became of one step.
#[derive(Debug)]
pub(crate) enum Step {
    /// Nothing is due.
    Nothing,
    /// Something was done, and there may be more.
    Done,
    /// The signing secret is to be changed, and there may be more.
    RotateSecret {
        /// For how long both secrets sign.
        overlap: Duration,
    },
    /// This is to be delivered, and there may be more.
    Deliver(Delivery),
}

impl World {
    /// Does the next thing that is due at `now`.
    pub(crate) fn step(&mut self, now: SimTime) -> Step {
        let Some((due, task)) = self.agenda.take_due(now) else { return Step::Nothing };
        match task {
            Task::Decide { session, attempt } => {
                if self.examined.get(&session).is_some_and(|examined| examined.decision.attempt == attempt) {
                    self.end_examination(&session, due, now);
                }
                Step::Done
            }
            Task::Revise { session, decision } => {
                self.revise(&session, &decision, now);
                Step::Done
            }
            Task::Expire { session, attempt } => {
                self.expire(&session, attempt, now);
                Step::Done
            }
            Task::Send(sending) => self.send(sending, due, now),
            Task::RotateSecret { overlap } => Step::RotateSecret { overlap },
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
        let (copy, attempt_number) = (sending.copy.number, sending.failed + 1);
        let defect = sending.copy.defect_of_try(sending.failed);
        sending.told = None; // it has been told, whatever came of it
        let (callback, kind, attempt) = (event.id.clone(), event.kind, event.attempt);
        self.write_of(now, &event, LedgerEvent::Delivered { callback, kind, attempt, copy, attempt_number, defect, due, began, result });
        self.counters.deliveries.add(1);
        self.counters.defective.add(u64::from(defect.is_some()));
        self.counters.forged.add(u64::from(defect.is_some_and(Defect::is_forged)));
        if copy > 0 && attempt_number == 1 && defect.is_none_or(|defect| defect.tells_the_truth()) {
            self.counters.duplicates.add(1);
        }
        if let Some(desk) = &mut self.desk {
            let receiver = event.endpoint.as_ref().map_or(event.to.receiver(), |endpoint| endpoint.id.as_str());
            desk.delivered(&event.id, receiver, accepted);
        }
        let disabled = self.receivers.note(event.to.receiver(), accepted, event.terms.disable_after);
        if accepted {
            self.counters.callbacks_pending.subtract(1);
        } else {
            self.counters.deliveries_failed.add(1);
            (sending.failed, sending.let_go) = (attempt_number, None); // who held this try has nothing to do with the next
            match retry_delay(&event.terms.retry, attempt_number).filter(|_| sending.copy.retried) {
                Some(delay) => self.agenda.enter(now.saturating_add(delay), Task::Send(sending)),
                None => self.give_up(&sending, now),
            }
        }
        if disabled {
            self.write_of(now, &event, LedgerEvent::ReceiverDisabled { receiver: event.to.receiver().to_owned() });
        }
        self.lanes.leave(&event, copy)
    }

    fn give_up(&mut self, sending: &Sending, now: SimTime) {
        self.counters.callbacks_given_up.add(1);
        let (callback, copy) = (sending.event.id.clone(), sending.copy.number);
        self.write_of(now, &sending.event, LedgerEvent::CallbackGivenUp { callback, copy });
        self.counters.callbacks_pending.subtract(1);
    }

    /// Ends the examination of a session that was to end at `due`.
    pub(super) fn end_examination(&mut self, id: &SessionId, due: SimTime, now: SimTime) {
        let Some(examined) = self.examined.remove(id) else { return };
        let timed = examined.due.is_some();
        self.decide(id, examined, due, now);
        if timed {
            self.counters.decisions_pending.subtract(1); // last, so that its callbacks are outstanding by then
        }
    }

    /// Forgets the examination of a session that was given up.
    pub(super) fn forget_examination(&mut self, id: &SessionId) {
        if self.examined.remove(id).is_some_and(|examined| examined.due.is_some()) {
            self.counters.decisions_pending.subtract(1);
        }
    }

    fn decide(&mut self, id: &SessionId, examined: Examined, due: SimTime, now: SimTime) {
        let Examined { decision, told, .. } = examined;
        let confidence = &self.scenario.vendor.confidence;
        let Ok(session) = self.store.session_mut(id) else { return };
        if session.decide(&decision, confidence, now).is_err() {
            return; // given up meanwhile
        }
        let session = session.clone();
        self.counters.decisions.add(1);
        if session.state.status() == Status::ResubmissionRequested {
            self.await_submission(&session, now);
        }
        if let Some((at, revised)) = plan_revision(&self.scenario.vendor, &session.about.fate, &decision, now) {
            self.agenda.enter(at, Task::Revise { session: id.clone(), decision: revised });
        }
        self.write(now, &session, LedgerEvent::Decided { due, decision });
        self.happen(EventKind::Decided, &session, Manner { told, ..Manner::ORDINARY }, now);
    }

    /// Changes the decision about a session. Returns whether that could be done.
    pub(super) fn revise(&mut self, id: &SessionId, decision: &Decision, now: SimTime) -> bool {
        let confidence = &self.scenario.vendor.confidence;
        let Ok(session) = self.store.session_mut(id) else { return false };
        if session.revise(decision, confidence, now).is_err() {
            return false;
        }
        let session = session.clone();
        self.counters.revisions.add(1);
        self.write(now, &session, LedgerEvent::Revised { decision: decision.clone() });
        self.happen(EventKind::Decided, &session, Manner::ORDINARY, now);
        true
    }

    pub(super) fn expire(&mut self, id: &SessionId, attempt: u32, now: SimTime) {
        let Ok(session) = self.store.session_mut(id) else { return };
        if session.expire(attempt, now).is_none() {
            return; // it went on in time
        }
        let session = session.clone();
        self.write(now, &session, LedgerEvent::Expired);
        self.happen(EventKind::Expired, &session, Manner::ORDINARY, now);
    }

    /// Sends a copy, unless an incident holds it, its receiver is disabled, or its lane is full. The board is asked whenever a copy comes due: a second
    /// outage holds what the first let go.
    fn send(&mut self, mut sending: Sending, due: SimTime, now: SimTime) -> Step {
        let event = Arc::clone(&sending.event);
        if let Ok(session) = self.store.session(&event.session)
            && let Some(held) = self.board.hold(session.about.whom(), now, sending.let_go)
        {
            self.counters.held.add(1);
            let (callback, copy, until) = (event.id.clone(), sending.copy.number, held.until);
            self.write_of(now, &event, LedgerEvent::CallbackHeld { callback, copy, until });
            sending.let_go = Some(held.by);
            self.agenda.enter(held.until, Task::Send(sending));
            return Step::Done;
        }
        if self.receivers.is_disabled(event.to.receiver()) || self.is_closed(&event) {
            self.counters.callbacks_disabled.add(1);
            self.give_up(&sending, now);
            return Step::Done;
        }
        self.lanes.enter(Delivery { sending, due }).map_or(Step::Done, Step::Deliver)
    }

    /// Whether an event was on its way to a webhook endpoint that its customer has taken away since.
    fn is_closed(&self, event: &Event) -> bool {
        let Some(endpoint) = &event.endpoint else { return false };
        self.desk.as_ref().is_some_and(|desk| desk.endpoint(&endpoint.id).is_none())
    }
}
