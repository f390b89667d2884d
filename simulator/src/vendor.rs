//! The handle of a running vendor.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use kycsim_scenarios::ledger::LedgerEntry;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::callbacks::Courier;
use crate::config::VendorConfig;
use crate::counts::Counts;
use crate::dialects::Dialect;
use crate::driver::drive;
use crate::http::Server;
use crate::secret::InvalidWebhookSecret;
use crate::tenant::Tenant;

/// A running vendor. It stops when this handle is dropped, or the token it was started with is cancelled.
#[must_use = "a vendor stops when its handle is dropped"]
pub struct Vendor {
    address: SocketAddr,
    tenant: Arc<Tenant>,
    tasks: TaskTracker,
    /// Cancelled to cut short what did not end by itself. Its guard comes with the handle.
    kill: CancellationToken,
    stop: DropGuard,
}

/// Why a vendor was not started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartVendorError {
    /// The scenario asks for a dialect that there is not.
    #[error("the scenario's vendor speaks `{dialect}`, which is not a dialect; there are: {}", Dialect::words())]
    UnknownDialect {
        /// What it asks for.
        dialect: String,
    },
    /// The dialect cannot sign with the secret.
    #[error(transparent)]
    WebhookSecret(#[from] InvalidWebhookSecret),
    /// The listener is of no use.
    #[error("the listener has no address")]
    Listener(#[from] std::io::Error),
}

/// What was left when a vendor was shut down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Remains {
    /// Decisions that were never made.
    pub decisions: u64,
    /// Copies of events that were never told, or whose delivery was cut short.
    pub callbacks: u64,
    /// Connections and deliveries that had not ended in time, and were cut short.
    pub cut_short: usize,
}

impl Vendor {
    /// Starts a vendor that listens on `listener` until `stop` is cancelled. Call it within a tokio runtime.
    ///
    /// # Errors
    /// [`StartVendorError`] when scenario, secret or listener are of no use.
    pub fn start(config: VendorConfig, listener: TcpListener, stop: &CancellationToken) -> Result<Self, StartVendorError> {
        let word = &config.scenario.vendor.dialect;
        let dialect = Dialect::from_word(word).ok_or_else(|| StartVendorError::UnknownDialect { dialect: word.clone() })?;
        let translator = dialect.translator(&config.webhook_secret, config.clock.wall())?;
        let address = listener.local_addr()?;
        let tenant = Arc::new(Tenant::new(&config, translator));

        let (stop, kill, tasks) = (stop.child_token(), CancellationToken::new(), TaskTracker::new());
        let server = Server::new(&config, Arc::clone(&tenant), tasks.clone(), stop.clone(), kill.clone());
        tasks.spawn(server.run(listener));
        tasks.spawn(drive(Arc::clone(&tenant), Courier::new(), tasks.clone(), stop.clone(), kill.clone()));
        tracing::info!(%address, dialect = dialect.as_str(), scenario = config.scenario.name.as_str(), "vendor started");
        Ok(Self { address, tenant, tasks, kill, stop: stop.drop_guard() })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has done so far. Cheap: it takes no lock.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.tenant.counters.read()
    }

    /// Returns the ledger, oldest entry first, as far as it is kept (see [`crate::Limits::ledger_entries`]).
    #[must_use]
    pub fn ledger(&self) -> Vec<LedgerEntry> {
        self.tenant.ledger()
    }

    /// Whether no decision and no callback is outstanding.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.tenant.counters.is_quiet()
    }

    /// Waits until no decision and no callback is outstanding. A callback that is to be tried again tomorrow is outstanding: give the wait a bound.
    pub async fn idle(&self) {
        self.tenant.idle().await;
    }

    /// Stops: takes no more requests, begins no more deliveries, lets what is under way end for at most `within`, and cuts the rest short.
    ///
    /// Nothing that is still to come is waited for; [`Vendor::idle`] does that.
    pub async fn shutdown(self, within: Duration) -> Remains {
        drop(self.stop);
        self.tasks.close();
        let in_time = tokio::select! {
            () = self.tasks.wait() => true,
            () = self.tenant.clock.wait_real_for(within) => false,
        };
        let cut_short = if in_time { 0 } else { self.tasks.len() };
        self.kill.cancel();
        self.tasks.wait().await;
        let counts = self.tenant.counters.read();
        Remains { decisions: counts.decisions_pending, callbacks: counts.callbacks_pending, cut_short }
    }
}

impl fmt::Debug for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vendor").field("address", &self.address).field("counts", &self.counts()).finish_non_exhaustive()
    }
}
