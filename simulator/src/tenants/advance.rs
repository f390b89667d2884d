//! Moving a frozen clock: what falls due is performed in order of time, and time waits for what it caused.
//!
//! The driver does the work as ever. Here the clock is put to each due moment in turn, and not before nothing is due and no delivery is under way.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kycsim_scenarios::SimTime;
use tokio::sync::{Mutex, Notify};

use crate::clock::ClockMode;
use crate::tenant::{Moved, Tenant};

/// Why a clock was not moved as far as it was asked to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AdvanceError {
    /// Only a frozen clock is moved: others go by themselves.
    #[error("the clock is not frozen, so it cannot be advanced; freeze it first")]
    NotFrozen,
    /// It took longer than it was given.
    #[error("the clock was advanced by {advanced:?} only, for want of time; {outstanding}")]
    Overran {
        /// How far the clock was moved. It stands there.
        advanced: Duration,
        /// What there was still to do then.
        outstanding: Outstanding,
    },
    /// The vendor was shut down, or the tenant deleted.
    #[error("the clock was advanced by {advanced:?} only, because the tenant stopped; {outstanding}")]
    Stopped {
        /// How far the clock was moved.
        advanced: Duration,
        /// What there was still to do then.
        outstanding: Outstanding,
    },
}

/// What a tenant had still to do at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outstanding {
    /// Deliveries under way, or waiting for their receiver: what the clock waits for.
    pub deliveries: usize,
    /// Decisions still to be made, at whatever time.
    pub decisions: u64,
    /// Copies of events still to be sent or sent again, at whatever time, and those under way.
    pub callbacks: u64,
}

impl std::fmt::Display for Outstanding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { deliveries, decisions, callbacks } = self;
        write!(f, "under way: {deliveries} deliveries; outstanding: {decisions} decisions, {callbacks} callbacks")
    }
}

/// What a tenant knows of the deliveries under way, and of who moves its clock.
#[derive(Debug, Default)]
pub(crate) struct Advances {
    /// Held by the one who moves the clock: two at once take turns.
    turn: Mutex<()>,
    /// How many tasks carry deliveries. Each carries on with what waits for its place, so none means that nothing waits either.
    carrying: AtomicUsize,
    /// Rung when something ended that time may have waited for.
    settled: Notify,
}

impl Advances {
    pub(crate) fn begin_carrying(&self) {
        self.carrying.fetch_add(1, Ordering::AcqRel);
    }

    pub(crate) fn end_carrying(&self) {
        self.carrying.fetch_sub(1, Ordering::AcqRel);
        self.tell();
    }

    pub(crate) fn carrying(&self) -> usize {
        self.carrying.load(Ordering::Acquire)
    }

    /// Tells whoever moves the clock to look again.
    pub(crate) fn tell(&self) {
        self.settled.notify_waiters();
    }
}

impl Tenant {
    /// Moves the frozen clock on by `by`, performing all that falls due on the way, within this much real time.
    pub(crate) async fn advance(&self, by: Duration, within: Duration) -> Result<(), AdvanceError> {
        if self.clock.mode() != ClockMode::Frozen {
            return Err(AdvanceError::NotFrozen);
        }
        let mut began = None;
        let stopped = tokio::select! {
            biased;
            () = self.stop.cancelled() => true,
            ended = self.move_on(by, &mut began) => return ended,
            () = self.clock.wait_real_for(within) => false,
        };
        let counts = self.counters.read();
        let outstanding =
            Outstanding { deliveries: self.advances.carrying(), decisions: counts.decisions_pending, callbacks: counts.callbacks_pending };
        let advanced = began.map_or(Duration::ZERO, |began| self.clock.now() - began);
        Err(if stopped { AdvanceError::Stopped { advanced, outstanding } } else { AdvanceError::Overran { advanced, outstanding } })
    }

    async fn move_on(&self, by: Duration, began: &mut Option<SimTime>) -> Result<(), AdvanceError> {
        let _turn = self.advances.turn.lock().await;
        let from = self.clock.now();
        *began = Some(from);
        let end = from.saturating_add(by);
        loop {
            let rung = self.advances.settled.notified(); // before looking, so that what happens in between is not missed
            match self.put_forward(end) {
                Moved::NotYet => rung.await,
                Moved::ToNextDue => {}
                Moved::ToEnd => return Ok(()),
                Moved::NotFrozen => return Err(AdvanceError::NotFrozen),
            }
        }
    }
}
