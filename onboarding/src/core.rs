//! What every operation may need, in one place: the store, the vendor, the clock, and the ways to wake the workers.

use std::num::NonZeroUsize;
use std::sync::Arc;

use tokio::sync::{Notify, Semaphore};

use crate::clock::Clock;
use crate::config::OnboardingConfig;
use crate::consent::Policy;
use crate::id::Cause;
use crate::metrics::Metrics;
use crate::store::Store;
use crate::vendor::Vendor;

#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) config: OnboardingConfig,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) store: Store,
    pub(crate) vendor: Vendor,
    pub(crate) metrics: Metrics,
    pub(crate) policy: Policy,
    /// There is new work in the outbox.
    pub(crate) outbox_wake: Notify,
    /// There is a session to be asked about at once.
    pub(crate) reconcile_wake: Notify,
    /// One permit for each image that may be held in memory.
    pub(crate) images: Semaphore,
    /// One permit for each image that is decoded at the same time: one processor is left for everything else.
    pub(crate) decoders: Semaphore,
}

impl Core {
    pub(crate) fn new(config: OnboardingConfig, clock: Arc<dyn Clock>, store: Store, vendor: Vendor) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self {
            clock,
            store,
            vendor,
            metrics: Metrics::new(),
            policy: Policy::new(&config.consent_policy),
            outbox_wake: Notify::new(),
            reconcile_wake: Notify::new(),
            images: Semaphore::new(config.max_images.get().min(Semaphore::MAX_PERMITS)),
            decoders: Semaphore::new(processors.saturating_sub(1).max(1)),
            config,
        }
    }

    /// Returns the cause of a change that a timer asks for.
    pub(crate) fn timer(&self) -> Cause {
        Cause::timer(self.clock.now())
    }
}
