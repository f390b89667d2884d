use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use kycsim_scenarios::ledger::LedgerEntry;
use kycsim_scenarios::{Scenario, SimTime};

use super::{AdvanceError, RotateSecretError};
use crate::clock::Clock;
use crate::counts::Counts;
use crate::dialects::Dialect;
use crate::secret::{ApiKey, WebhookSecret};
use crate::tenant::Tenant;

/// One tenant of a running vendor: its own sessions, clock, secrets, counters and ledger.
///
/// All handles of a tenant are one tenant. A handle keeps nothing running: a tenant that was deleted, or whose vendor has stopped, does no more, but can
/// still be asked what it did.
#[derive(Clone)]
pub struct TenantHandle(Arc<Tenant>);

impl TenantHandle {
    pub(crate) const fn new(tenant: Arc<Tenant>) -> Self {
        Self(tenant)
    }

    pub(super) fn tenant(&self) -> &Tenant {
        &self.0
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Returns the scenario that it plays.
    #[must_use]
    pub fn scenario(&self) -> Arc<Scenario> {
        self.0.look(|world, _| Arc::clone(world.scenario()))
    }

    /// Whose API it speaks.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.0.speaks
    }

    /// What its customers prove themselves with.
    #[must_use]
    pub fn api_key(&self) -> &ApiKey {
        &self.0.api_key
    }

    /// Returns what its callbacks are signed with now.
    #[must_use]
    pub fn webhook_secret(&self) -> WebhookSecret {
        self.0.webhook_secret()
    }

    /// Signs callbacks with `secret` from now on, or with one made up here, and returns it. For as long as `overlap`, by the tenant's clock, they are
    /// signed with the one before too. At most two hold at a time: a rotation ends the overlap of the one before it.
    ///
    /// # Errors
    /// [`RotateSecretError`] when the dialect cannot sign with it.
    pub fn rotate_webhook_secret(&self, secret: Option<WebhookSecret>, overlap: Duration) -> Result<WebhookSecret, RotateSecretError> {
        self.0.rotate_webhook_secret(secret, overlap)
    }

    /// Its clock, which may be frozen, scaled and let go while it runs.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Moves its frozen clock on by `by`, and performs in order of time all that falls due on the way, up to and with the last moment. Time goes on when
    /// all deliveries that were due have ended, so the retry of a failed one is performed in its order. Two at once take turns.
    ///
    /// # Errors
    /// [`AdvanceError`] when the clock is not frozen, when this takes longer than `within` of real time, or when the tenant stops. The clock then stands
    /// where it had come to, and what was under way goes on.
    pub async fn advance(&self, by: Duration, within: Duration) -> Result<(), AdvanceError> {
        self.0.advance(by, within).await
    }

    /// What it has done so far. Cheap: it takes no lock.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.0.counters.read()
    }

    /// Returns its ledger, oldest entry first, as far as it is kept (see [`crate::Limits::ledger_entries`]).
    #[must_use]
    pub fn ledger(&self) -> Vec<LedgerEntry> {
        self.0.ledger()
    }

    /// Returns the next few entries of the ledger after `cursor`, and the cursor with which to go on. Begin with 0.
    #[must_use]
    pub fn ledger_after(&self, cursor: u64, most: usize) -> (Vec<LedgerEntry>, u64) {
        self.0.look(|world, _| world.ledger_after(cursor, most))
    }

    /// Waits for the next change of anything, from now on.
    pub(crate) async fn changed(&self) {
        self.0.changed().await;
    }

    /// Waits until it has stopped: it was deleted, or its vendor shut down.
    pub async fn stopped(&self) {
        self.0.stop.cancelled().await;
    }

    /// Whether no decision and no callback is outstanding.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.0.counters.is_quiet()
    }

    /// Returns when the next decision is changed that was made, by its clock: perhaps in days, so that nobody who waits until it is quiet waits for that.
    #[must_use]
    pub fn next_revision(&self) -> Option<SimTime> {
        self.0.look(|world, _| world.next_revision())
    }

    /// Waits until no decision and no callback is outstanding. Under a frozen clock, or after the tenant has stopped, that may be never.
    pub async fn idle(&self) {
        self.0.idle().await;
    }
}

impl fmt::Debug for TenantHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantHandle").field("name", &self.name()).field("counts", &self.counts()).finish_non_exhaustive()
    }
}
