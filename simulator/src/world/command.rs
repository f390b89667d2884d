//! What whoever runs a test may command: orders, decisions, incidents, receivers.

use std::sync::Arc;
use std::time::Duration;

use kycsim_scenarios::SimTime;
use kycsim_scenarios::language::{EventKind, Incident};
use kycsim_scenarios::vendor::{Decision, IncidentId, Order, Outcome, Reason, SessionState, Status};

use super::orders::{Orderee, TooManyOrders};
use super::telling::Manner;
use super::{Task, World};
use crate::callbacks::{CallbackUrl, Receiver};
use crate::id::SessionId;
use crate::session::Session;

/// How many incidents may be going on that were started by hand: each is asked about every request.
const INCIDENTS_MAX: usize = 64;

/// Why a command was not obeyed. Nothing has changed then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// There is no such session.
    #[error("there is no session `{session}`")]
    NoSuchSession {
        /// The id that was given.
        session: String,
    },
    /// The session is at a point at which this makes no sense.
    #[error("session `{session}` is `{status}`: {needed}")]
    WrongStatus {
        /// Its id.
        session: String,
        /// Where it stands.
        status: Status,
        /// What would be needed.
        needed: &'static str,
    },
    /// A decision makes no sense.
    #[error("{0}")]
    InvalidDecision(&'static str),
    /// A bound is reached.
    #[error("there are {holds} {what} already, and no room for more")]
    Full {
        /// Of what.
        what: &'static str,
        /// How many there may be.
        holds: usize,
    },
    /// There is no such incident, or it is over.
    #[error("there is no incident {0} that is going on or still to come")]
    NoSuchIncident(u32),
}

impl From<TooManyOrders> for CommandError {
    fn from(full: TooManyOrders) -> Self {
        Self::Full { what: "orders", holds: full.holds }
    }
}

impl World {
    /// Places an order, in place of an earlier one about the same. What is under examination already ends as ordered too.
    pub(crate) fn order(&mut self, whom: Orderee, order: Order) -> Result<(), CommandError> {
        if let Orderee::Session(session) = &whom {
            self.known(session)?;
        }
        let outcome = order.outcome.map(|outcome| (outcome, order.reasons.clone()));
        self.orders.place(whom.clone(), order)?;
        let Some((outcome, reasons)) = outcome else { return Ok(()) };
        let store = &self.store;
        #[expect(clippy::iter_over_hash_type, reason = "each is changed by itself, in whatever order")]
        for (id, examined) in &mut self.examined {
            let concerned = match &whom {
                Orderee::Session(session) => session == id,
                Orderee::Applicant(applicant) => store.session(id).is_ok_and(|session| session.about.fate.applicant() == applicant),
            };
            if concerned {
                (examined.decision.outcome, examined.decision.reasons) = (outcome, reasons.clone());
            }
        }
        Ok(())
    }

    /// Takes an order back. Returns whether there was one.
    pub(crate) fn withdraw_order(&mut self, whom: &Orderee) -> bool {
        self.orders.withdraw(whom)
    }

    /// Returns the order about exactly this one.
    pub(crate) fn order_of(&self, whom: &Orderee) -> Option<Arc<Order>> {
        self.orders.of(whom)
    }

    /// Takes all orders back.
    pub(crate) fn withdraw_orders(&mut self) {
        self.orders.clear();
    }

    /// Returns all orders, in no order.
    pub(crate) fn orders(&self) -> Vec<(Orderee, Arc<Order>)> {
        self.orders.all().collect()
    }

    /// Ends an examination now, as planned or with `verdict`; or changes a decision that was made.
    pub(crate) fn decide_now(
        &mut self,
        id: &SessionId,
        verdict: Option<(Outcome, Vec<Reason>)>,
        now: SimTime,
    ) -> Result<Session, CommandError> {
        let session = self.known(id)?;
        let (attempt, status) = (session.attempt, session.state.status());
        let wrong = |needed| CommandError::WrongStatus { session: id.to_string(), status, needed };
        if verdict.as_ref().is_some_and(|(outcome, reasons)| *outcome != Outcome::Approved && reasons.is_empty()) {
            return Err(CommandError::InvalidDecision("an outcome that is not `approved` needs reasons, such as [\"low_confidence\"]"));
        }
        match (&session.state, verdict) {
            (SessionState::Processing { .. }, verdict) => {
                let examined = self.examined.get_mut(id).ok_or_else(|| wrong("nothing is examined"))?;
                if let Some((outcome, reasons)) = verdict {
                    (examined.decision.outcome, examined.decision.reasons) = (outcome, reasons);
                }
                let due = examined.due.map_or(now, |due| due.min(now));
                self.end_examination(id, due, now);
            }
            (SessionState::Decided { .. }, Some((Outcome::Resubmission, _))) => {
                return Err(wrong("a decision cannot be changed into a resubmission"));
            }
            (SessionState::Decided { .. }, Some((outcome, reasons))) => {
                self.revise(id, &Decision { attempt, outcome, reasons }, now);
            }
            (SessionState::Decided { .. }, None) => return Err(wrong("say an `outcome` to change the decision")),
            (SessionState::Collecting { .. } | SessionState::Expired { .. } | SessionState::Cancelled { .. }, _) => {
                return Err(wrong("only what was submitted can be decided"));
            }
        }
        self.known(id).cloned()
    }

    /// Tells the latest decision about a session once more.
    pub(crate) fn redeliver(&mut self, id: &SessionId, now: SimTime) -> Result<(), CommandError> {
        let session = self.known(id)?.clone();
        if session.decided.is_none() {
            let status = session.state.status();
            return Err(CommandError::WrongStatus { session: id.to_string(), status, needed: "it was never decided" });
        }
        self.happen(EventKind::Decided, &session, Manner::ORDINARY, now); // the desk notes it again: it may be what asks for it
        Ok(())
    }

    /// Starts an incident.
    pub(crate) fn start_incident(&mut self, incident: Incident, ttl: Duration, now: SimTime) -> Result<IncidentId, CommandError> {
        if self.board.started_by_hand(now) >= INCIDENTS_MAX {
            return Err(CommandError::Full { what: "incidents", holds: INCIDENTS_MAX });
        }
        Ok(self.board.start(incident, now, ttl))
    }

    /// Ends an incident, even one of the scenario. What it holds is let go as if it had been meant to end now.
    pub(crate) fn stop_incident(&mut self, id: IncidentId, now: SimTime) -> Result<(), CommandError> {
        let meant = self.board.phase_ends(id, now);
        if !self.board.stop(id, now) {
            return Err(CommandError::NoSuchIncident(id.0));
        }
        if let Some(meant) = meant {
            self.agenda.reschedule(|due, task| {
                let Task::Send(sending) = task else { return None };
                (sending.let_go == Some(id)).then(|| due.min(now.saturating_add(due.saturating_since(meant))))
            });
        }
        Ok(())
    }

    /// All incidents.
    pub(crate) const fn board(&self) -> &kycsim_scenarios::vendor::IncidentBoard {
        &self.board
    }

    /// Sends callbacks to a receiver again. Returns whether it was disabled.
    pub(crate) fn enable_receiver(&mut self, receiver: &str) -> bool {
        self.receivers.enable(receiver)
    }

    /// Those receivers that have failed lately.
    pub(crate) fn failing_receivers(&self) -> Vec<(String, Receiver)> {
        self.receivers.failing().map(|(name, receiver)| (name.to_owned(), receiver)).collect()
    }

    /// Sends the callbacks of sessions that name no address of their own to `url` from now on.
    pub(crate) fn send_callbacks_to(&mut self, url: Option<CallbackUrl>) {
        self.callback_url = url;
    }

    /// Where callbacks go when a session does not say.
    pub(crate) const fn callback_url(&self) -> Option<&CallbackUrl> {
        self.callback_url.as_ref()
    }

    /// Returns the latest sessions, the newest first, that `pick` picks.
    pub(crate) fn sessions(&self, most: usize, pick: impl Fn(&Session) -> bool) -> Vec<Session> {
        self.store.latest(most, pick)
    }

    /// Returns the session with this id.
    pub(crate) fn known(&self, id: &SessionId) -> Result<&Session, CommandError> {
        self.store.session(id).map_err(|_| CommandError::NoSuchSession { session: id.to_string() })
    }
}
