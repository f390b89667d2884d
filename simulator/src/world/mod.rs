//! The core: everything that one tenant's vendor knows, as a value.
//!
//! Customers come through [`World::meet`] and [`World::perform`]; what falls due is performed by [`World::step`]; whoever runs a test gives orders
//! (`command`). All write the ledger. It never waits, opens nothing and reads no clock, so that any driver of any time can run it. It names no vendor: words
//! for the outside come from a dialect.

mod command;
mod counter;
mod due;
mod kept;
mod orders;
mod requests;
mod telling;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use foldhash::HashMap;
use kycsim_scenarios::ledger::{LedgerEntry, LedgerEvent};
use kycsim_scenarios::vendor::{Decision, IncidentBoard, RateLimiter};
use kycsim_scenarios::{Agenda, Scenario, SimTime};
use tokio_util::sync::DropGuard;

use crate::callbacks::{CallbackUrl, Event, Lanes, Receivers, Sending, Terms};
use crate::config::VendorConfig;
use crate::counts::Counters;
use crate::dialects::{Desk, Staff, Translator};
use crate::id::SessionId;
use crate::idempotency::Answered;
use crate::ledger::Ledger;
use crate::session::Session;
use crate::store::Store;

pub use command::CommandError;
pub(crate) use counter::Counter;
pub(crate) use due::Step;
pub(crate) use orders::Orderee;
pub(crate) use requests::Meeting;

use orders::Orders;
use telling::Untold;

/// Everything that one tenant's vendor knows.
pub(crate) struct World {
    scenario: Arc<Scenario>,
    dialect: Arc<dyn Translator>,
    /// None while it serves somebody: what happens then is told afterwards.
    desk: Option<Box<dyn Desk>>,
    untold: Vec<Untold>,
    /// How many requests there were that were about no session: tells one draw from the next.
    errands: u32,
    /// Where callbacks go when a session does not say.
    callback_url: Option<CallbackUrl>,
    /// On which terms the scenario has callbacks delivered.
    terms: Arc<Terms>,
    store: Store,
    answered: Answered,
    orders: Orders,
    limiter: RateLimiter,
    /// What is under examination: as many as there are sessions, at most.
    examined: HashMap<SessionId, Examined>,
    agenda: Agenda<Task>,
    board: IncidentBoard,
    lanes: Lanes,
    receivers: Receivers,
    ledger: Ledger,
    counters: Arc<Counters>,
}

/// An examination that has not ended.
#[derive(Debug)]
struct Examined {
    /// What it will end with.
    decision: Decision,
    /// When it is to end; none: when it is told to.
    due: Option<SimTime>,
    /// How many more reads it takes; none: they do not end it.
    polls_left: Option<u32>,
    /// Dropped when the decision has been told once.
    told: Option<Arc<DropGuard>>,
}

/// What stands on the agenda.
#[derive(Debug)]
enum Task {
    /// End the examination of an attempt, if it has not ended.
    Decide { session: SessionId, attempt: u32 },
    /// Change a decision.
    Revise { session: SessionId, decision: Decision },
    /// Let a session expire, if it still is at this attempt.
    Expire { session: SessionId, attempt: u32 },
    /// Send a copy.
    Send(Sending),
    /// Never send an event.
    Lose(Arc<Event>),
    /// Change the signing secret.
    RotateSecret { overlap: Duration },
}

impl World {
    pub(crate) fn new(config: &VendorConfig, staff: Staff, counters: Arc<Counters>) -> Self {
        let mut agenda = Agenda::new();
        if let Some(rotation) = config.scenario.vendor.callbacks.rotate_secret {
            agenda.enter(SimTime::from_start(rotation.at.length()), Task::RotateSecret { overlap: rotation.overlap.length() });
        }
        let Staff { translator: dialect, desk } = staff;
        let terms = Terms::of(&config.scenario.vendor.callbacks, dialect.terms());
        Self {
            scenario: Arc::clone(&config.scenario),
            dialect,
            desk: Some(desk),
            untold: Vec::new(),
            errands: 0,
            callback_url: config.callback_url.clone(),
            terms: Arc::new(terms),
            store: Store::new(config.limits.sessions),
            answered: Answered::new(config.limits.idempotency_keys),
            orders: Orders::new(config.limits.orders),
            limiter: RateLimiter::default(),
            examined: HashMap::default(),
            agenda,
            board: IncidentBoard::new(&config.scenario.incident),
            lanes: Lanes::default(),
            receivers: Receivers::default(),
            ledger: Ledger::new(config.limits.ledger_entries, config.ledger_sink.clone(), Arc::clone(&counters)),
            counters,
        }
    }

    /// When the next thing is due.
    pub(crate) fn next_due(&self) -> Option<SimTime> {
        self.agenda.next_due()
    }

    /// When the next decision is changed that was made.
    pub(crate) fn next_revision(&self) -> Option<SimTime> {
        self.agenda.iter().filter(|(_, task)| matches!(task, Task::Revise { .. })).map(|(due, _)| due).min()
    }

    /// Returns the next few entries of the ledger after `cursor`, and the cursor with which to go on.
    pub(crate) fn ledger_after(&self, cursor: u64, most: usize) -> (Vec<LedgerEntry>, u64) {
        self.ledger.after(cursor, most)
    }

    /// The scenario that is played.
    pub(crate) const fn scenario(&self) -> &Arc<Scenario> {
        &self.scenario
    }

    /// Returns what the ledger still holds.
    pub(crate) fn ledger(&self) -> Vec<LedgerEntry> {
        self.ledger.entries()
    }

    fn write(&mut self, at: SimTime, session: &Session, event: LedgerEvent) {
        let about = &session.about;
        self.ledger.write(LedgerEntry { at, session: about.id.shared(), applicant: about.fate.applicant().clone(), event });
    }

    fn write_of(&mut self, at: SimTime, told: &Event, event: LedgerEvent) {
        self.ledger.write(LedgerEntry { at, session: told.session.shared(), applicant: told.applicant.clone(), event });
    }
}
