//! One tenant: its world behind a lock, its clock, its secrets.
//!
//! Everybody comes here to decide, and waits outside: no guard of the lock lives across an await. There is one tenant to a vendor as yet.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kycsim_scenarios::SimTime;
use kycsim_scenarios::ledger::{DeliveryResult, LedgerEntry};
use kycsim_scenarios::vendor::Fault;
use tokio::sync::Notify;

use crate::call::{Call, Granted};
use crate::callbacks::Delivery;
use crate::clock::Clock;
use crate::config::VendorConfig;
use crate::counts::Counters;
use crate::dialects::{RequestId, Translator};
use crate::idempotency::Repeatable;
use crate::refusal::Refusal;
use crate::secret::ApiKey;
use crate::world::{Step, World};

/// One customer's vendor.
pub(crate) struct Tenant {
    pub(crate) clock: Clock,
    pub(crate) dialect: Arc<dyn Translator>,
    pub(crate) api_key: ApiKey,
    pub(crate) counters: Arc<Counters>,
    first_request_id: u128,
    /// A plain mutex: it is held for microseconds, to decide, and never while anything waits.
    world: Mutex<World>,
    /// Rung when something was entered that is due before all else.
    sooner: Notify,
    /// Rung when nothing is outstanding any more.
    quiet: Notify,
}

/// Why a request is not answered truly.
#[derive(Debug)]
pub(crate) enum Denial {
    /// The vendor does not grant it.
    Refused(Refusal),
    /// An incident fails it.
    Failed(Fault),
}

impl From<Refusal> for Denial {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Tenant {
    pub(crate) fn new(config: &VendorConfig, dialect: Arc<dyn Translator>) -> Self {
        let counters = Arc::new(Counters::default());
        let world = World::new(config, Arc::clone(&dialect), Arc::clone(&counters));
        Self {
            clock: config.clock.clone(),
            dialect,
            api_key: config.api_key.clone(),
            counters,
            first_request_id: u128::from(config.clock.unix_seconds().unsigned_abs()) << 64,
            world: Mutex::new(world),
            sooner: Notify::new(),
            quiet: Notify::new(),
        }
    }

    /// Counts a request, and gives it a name: when the vendor was started, and which one it is.
    pub(crate) fn next_request_id(&self) -> RequestId {
        RequestId(self.first_request_id + u128::from(self.counters.requests.add(1)))
    }

    /// Answers a call: waits as long as the scenario says, then fails it, grants it or refuses it.
    pub(crate) async fn answer(&self, call: Call, repeatable: Option<Repeatable>) -> Result<Granted, Denial> {
        let answer = self.world().meet(call.subject(), call.operation(), self.clock.now())?;
        if !answer.delay.is_zero() {
            self.clock.wait_real_for(answer.delay).await;
        }
        match answer.fault {
            Some(fault) => Err(Denial::Failed(fault)), // before any effect
            None => Ok(self.perform(call, repeatable)?),
        }
    }

    fn perform(&self, call: Call, repeatable: Option<Repeatable>) -> Result<Granted, Refusal> {
        self.entering(|world| world.perform(call, repeatable, self.clock.now()))
    }

    /// Does what is due, at most `limit` things, and hands the deliveries among them to `start`. Returns when there is more to do.
    pub(crate) fn step(&self, limit: usize, mut start: impl FnMut(Delivery)) -> Option<SimTime> {
        let mut world = self.world();
        let now = self.clock.now();
        for _ in 0..limit {
            match world.step(now) {
                Step::Nothing => break,
                Step::Done => {}
                Step::Deliver(delivery) => start(delivery),
            }
        }
        let next = world.next_due();
        drop(world);
        self.tell_when_quiet();
        next
    }

    /// Waits until `next` is due, or something that is due before it was entered.
    pub(crate) async fn wait_for_work(&self, next: Option<SimTime>) {
        let due = async {
            match next {
                Some(next) => self.clock.wait_until(next).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = due => {}
            () = self.sooner.notified() => {}
        }
    }

    /// Takes note of how a delivery ended, and returns the one that may begin in its place.
    pub(crate) fn delivered(&self, delivery: Delivery, began: SimTime, result: DeliveryResult) -> Option<Delivery> {
        let next = self.entering(|world| world.delivered(delivery, began, result, self.clock.now()));
        self.tell_when_quiet();
        next
    }

    /// Waits until no decision and no callback is outstanding.
    pub(crate) async fn idle(&self) {
        loop {
            let rung = self.quiet.notified(); // before looking, so that what happens in between is not missed
            if self.counters.is_quiet() {
                return;
            }
            rung.await;
        }
    }

    pub(crate) fn ledger(&self) -> Vec<LedgerEntry> {
        self.world().ledger()
    }

    /// Does something that may enter new things on the agenda, and wakes the driver when one of them comes first.
    fn entering<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        let mut world = self.world();
        let before = world.next_due();
        let result = act(&mut world);
        let after = world.next_due();
        drop(world);
        if after.is_some_and(|after| before.is_none_or(|before| after < before)) {
            self.sooner.notify_one();
        }
        result
    }

    fn tell_when_quiet(&self) {
        if self.counters.is_quiet() {
            self.quiet.notify_waiters();
        }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        // A panic while it was held would be a bug elsewhere; what is known is still worth more than nothing.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
