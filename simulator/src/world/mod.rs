//! The core: everything that one tenant's vendor knows, as a value.
//!
//! Customers come through [`World::meet`] and [`World::perform`]; what falls due is performed by [`World::step`]; both write the ledger. It never waits,
//! opens nothing and reads no clock, so that any driver of any time can run it. It names no vendor: words for the outside come from a dialect.

mod due;
mod requests;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use kycsim_scenarios::language::Period;
use kycsim_scenarios::ledger::{LedgerEntry, LedgerEvent};
use kycsim_scenarios::vendor::{CallbackGate, Decision, Planned};
use kycsim_scenarios::{Agenda, Scenario, SimTime};

use crate::callbacks::{CallbackUrl, Event, Lanes, Sending};
use crate::config::VendorConfig;
use crate::counts::Counters;
use crate::dialects::Translator;
use crate::id::SessionId;
use crate::idempotency::Answered;
use crate::ledger::Ledger;
use crate::session::Session;
use crate::store::Store;
pub(crate) use due::Step;

/// Everything that one tenant's vendor knows.
pub(crate) struct World {
    scenario: Arc<Scenario>,
    dialect: Arc<dyn Translator>,
    /// Where callbacks go when a session does not say.
    callback_url: Option<CallbackUrl>,
    /// How long after a failed delivery the next one follows.
    retry: Vec<Period>,
    store: Store,
    answered: Answered,
    agenda: Agenda<Task>,
    gate: CallbackGate,
    lanes: Lanes,
    ledger: Ledger,
    counters: Arc<Counters>,
}

/// What stands on the agenda.
#[derive(Debug)]
enum Task {
    /// End an examination; then do what was planned to follow.
    Decide { session: SessionId, decision: Decision, then: Vec<Planned> },
    /// Let a session expire, if it still is at this attempt.
    Expire { session: SessionId, attempt: u32 },
    /// Send a copy.
    Send(Sending),
    /// Never send an event.
    Lose(Arc<Event>),
}

impl World {
    pub(crate) fn new(config: &VendorConfig, dialect: Arc<dyn Translator>, counters: Arc<Counters>) -> Self {
        let retry = config.scenario.vendor.callbacks.retry.clone().unwrap_or_else(|| dialect.retry_schedule());
        Self {
            scenario: Arc::clone(&config.scenario),
            dialect,
            callback_url: config.callback_url.clone(),
            retry,
            store: Store::new(config.limits.sessions),
            answered: Answered::new(config.limits.idempotency_keys),
            agenda: Agenda::new(),
            gate: CallbackGate::default(),
            lanes: Lanes::default(),
            ledger: Ledger::new(config.limits.ledger_entries, config.ledger_sink.clone(), Arc::clone(&counters)),
            counters,
        }
    }

    /// When the next thing is due.
    pub(crate) fn next_due(&self) -> Option<SimTime> {
        self.agenda.next_due()
    }

    /// Returns what the ledger still holds.
    pub(crate) fn ledger(&self) -> Vec<LedgerEntry> {
        self.ledger.entries()
    }

    fn write(&mut self, at: SimTime, session: &Session, event: LedgerEvent) {
        let about = &session.about;
        self.ledger.write(LedgerEntry { at, session: about.id.to_string(), applicant: about.fate.applicant().clone(), event });
    }

    fn write_of(&mut self, at: SimTime, told: &Event, event: LedgerEvent) {
        self.ledger.write(LedgerEntry { at, session: told.session.to_string(), applicant: told.applicant.clone(), event });
    }
}
