//! The handle of a running vendor.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use kycsim_scenarios::ledger::LedgerEntry;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::admin::Admin;
use crate::callbacks::InvalidCallbackUrl;
use crate::config::VendorConfig;
use crate::counts::Counts;
use crate::dialects::Dialect;
use crate::http::Server;
use crate::secret::InvalidWebhookSecret;
use crate::snapshot::{RestoreVendorError, Snapshot};
use crate::tenant::Tenant;
use crate::tenants::{CreateTenantError, DeleteTenantError, NewTenant, TenantHandle, Tenants};

/// A running vendor. It stops when this handle is dropped, or the token it was started with is cancelled.
#[must_use = "a vendor stops when its handle is dropped"]
pub struct Vendor {
    address: SocketAddr,
    tenants: Arc<Tenants>,
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
    /// It may not call there.
    #[error(transparent)]
    CallbackUrl(#[from] InvalidCallbackUrl),
    /// The listener is of no use.
    #[error("the listener has no address")]
    Listener(#[from] std::io::Error),
}

/// What was left when a vendor was shut down, of all its tenants.
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

/// A vendor that does not listen yet, and what is cancelled when it stops.
struct Begun {
    vendor: Vendor,
    stop: CancellationToken,
}

impl Begun {
    fn listening(self, config: &VendorConfig, listener: TcpListener) -> Vendor {
        let Self { vendor, stop } = self;
        let admin = Admin::new(config.admin.clone(), Arc::clone(&vendor.tenants), stop.clone()).map(Arc::new);
        let server = Server::new(config, Arc::clone(&vendor.tenants), admin, vendor.tasks.clone(), stop, vendor.kill.clone());
        vendor.tasks.spawn(server.run(listener));
        vendor
    }
}

impl Vendor {
    /// Starts a vendor that listens on `listener` until `stop` is cancelled. Call it within a tokio runtime.
    ///
    /// # Errors
    /// [`StartVendorError`] when scenario, secret or listener are of no use.
    pub fn start(config: VendorConfig, listener: TcpListener, stop: &CancellationToken) -> Result<Self, StartVendorError> {
        let address = listener.local_addr()?;
        let begun = Self::begin::<StartVendorError>(&config, address, stop, |config, dialect, tasks, stop, kill| {
            Ok(Tenants::start(config, dialect, tasks, stop, kill)?)
        })?;
        Ok(begun.listening(&config, listener))
    }

    /// Starts a vendor that goes on where the one stood of which `snapshot` was taken, with all its tenants, as if no time had passed since. Call it
    /// within a tokio runtime.
    ///
    /// What may change while a vendor runs is as it was then: the clock (that of `config` is not used), webhook secrets, the callback address. What may
    /// not (the default tenant's API key, limits, allowed hosts, sink, TLS) is as `config` says, and its scenario must be the same. Callbacks that were
    /// on their way are sent again: at least once, as by a real vendor. Time of day in payloads goes on from where it was, too; signatures carry the
    /// machine's.
    ///
    /// # Errors
    /// [`RestoreVendorError`] when the snapshot does not fit, or what [`Vendor::start`] refuses.
    pub fn start_from(
        config: VendorConfig,
        snapshot: Snapshot,
        listener: TcpListener,
        stop: &CancellationToken,
    ) -> Result<Self, RestoreVendorError> {
        let address = listener.local_addr().map_err(StartVendorError::from)?;
        let resume = |config, _, tasks, stop, kill| Tenants::resume(config, snapshot, tasks, stop, kill);
        let begun = Self::begin(&config, address, stop, resume)?;
        Ok(begun.listening(&config, listener))
    }

    /// Starts a vendor that somebody else listens for, at `address`.
    #[cfg(feature = "wiremock")]
    pub(crate) fn start_unlistened(config: &VendorConfig, address: SocketAddr) -> Result<Self, StartVendorError> {
        let begun = Self::begin::<StartVendorError>(config, address, &CancellationToken::new(), |config, dialect, tasks, stop, kill| {
            Ok(Tenants::start(config, dialect, tasks, stop, kill)?)
        })?;
        Ok(begun.vendor)
    }

    /// Starts all but the listening, with the tenants that `people` starts.
    fn begin<E: From<StartVendorError>>(
        config: &VendorConfig,
        address: SocketAddr,
        stop: &CancellationToken,
        people: impl FnOnce(VendorConfig, Dialect, TaskTracker, CancellationToken, CancellationToken) -> Result<Tenants, E>,
    ) -> Result<Begun, E> {
        let word = &config.scenario.vendor.dialect;
        let dialect = Dialect::from_word(word).ok_or_else(|| StartVendorError::UnknownDialect { dialect: word.clone() })?;
        if let Some(url) = &config.callback_url {
            config.callback_hosts.admit(url).map_err(StartVendorError::from)?;
        }
        let (stop, kill, tasks) = (stop.child_token(), CancellationToken::new(), TaskTracker::new());
        let tenants = Arc::new(people(config.clone(), dialect, tasks.clone(), stop.clone(), kill.clone())?);
        tracing::info!(%address, dialect = dialect.as_str(), scenario = config.scenario.name.as_str(), "vendor started");
        Ok(Begun { vendor: Self { address, tenants, tasks, kill, stop: stop.clone().drop_guard() }, stop })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Makes a tenant, which customers reach at the same address with an API key of its own.
    ///
    /// # Errors
    /// [`CreateTenantError`] when name or key are taken, something is of no use, or there are too many tenants.
    pub fn create_tenant(&self, new: NewTenant) -> Result<TenantHandle, CreateTenantError> {
        self.tenants.create(new)
    }

    /// Returns the tenant of this name. The one that the vendor was started with is called `default`.
    #[must_use]
    pub fn tenant(&self, name: &str) -> Option<TenantHandle> {
        self.tenants.find(name)
    }

    /// Returns the tenant that the vendor was started with.
    #[must_use]
    pub fn default_tenant(&self) -> TenantHandle {
        TenantHandle::new(Arc::clone(self.default()))
    }

    /// Returns all tenants, the default one first, then by name.
    #[must_use]
    pub fn tenants(&self) -> Vec<TenantHandle> {
        self.tenants.all()
    }

    /// Deletes a tenant: its key is not known any more, nothing of it falls due any more, and its deliveries are cut short. What it knows is dropped
    /// with the last handle to it.
    ///
    /// # Errors
    /// [`DeleteTenantError`] when there is none of this name, or it is the default one.
    pub fn delete_tenant(&self, name: &str) -> Result<(), DeleteTenantError> {
        self.tenants.delete(name)
    }

    /// All tenants, for whoever must reach them without the vendor's handle.
    pub(crate) fn shared_tenants(&self) -> Arc<Tenants> {
        Arc::clone(&self.tenants)
    }

    /// Returns what cuts short all that is under way when it is dropped.
    pub(crate) fn kill_guard(&self) -> DropGuard {
        self.kill.clone().drop_guard()
    }

    fn default(&self) -> &Arc<Tenant> {
        self.tenants.default_tenant()
    }

    /// What the default tenant has done so far. Cheap: it takes no lock.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.default().counters.read()
    }

    /// Returns the default tenant's ledger, oldest entry first, as far as it is kept (see [`crate::Limits::ledger_entries`]).
    #[must_use]
    pub fn ledger(&self) -> Vec<LedgerEntry> {
        self.default().ledger()
    }

    /// Whether no decision and no callback of the default tenant is outstanding.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.default().counters.is_quiet()
    }

    /// Waits until no decision and no callback of the default tenant is outstanding. A callback that is to be tried again tomorrow is outstanding: give the wait a bound.
    pub async fn idle(&self) {
        self.default().idle().await;
    }

    /// Stops, with all tenants: takes no more requests, begins no more deliveries, lets what is under way end for at most `within`, and cuts the rest short.
    ///
    /// Nothing that is still to come is waited for; [`Vendor::idle`] does that.
    pub async fn shutdown(self, within: Duration) -> Remains {
        self.end(within).await.0
    }

    /// Stops like [`Vendor::shutdown`], and returns how everything stood after the last of what was under way. What was cut short is tried again by the
    /// vendor that is started from it.
    pub async fn shutdown_to_snapshot(self, within: Duration) -> (Remains, Snapshot) {
        let (remains, tenants) = self.end(within).await;
        (remains, tenants.keep())
    }

    /// Returns how everything stands: each tenant at one moment, one after another. Nothing of a tenant happens while it is copied (about a microsecond a
    /// session). See [`Snapshot`] for what it holds, and what not.
    pub fn snapshot(&self) -> Snapshot {
        self.tenants.keep()
    }

    async fn end(self, within: Duration) -> (Remains, Arc<Tenants>) {
        let clock = self.default().clock.clone();
        drop(self.stop);
        self.tasks.close();
        let in_time = tokio::select! {
            () = self.tasks.wait() => true,
            () = clock.wait_real_for(within) => false,
        };
        let cut_short = if in_time { 0 } else { self.tasks.len() };
        self.kill.cancel();
        self.tasks.wait().await;
        let counts = self.tenants.all().into_iter().map(|tenant| tenant.counts());
        let (decisions, callbacks) = counts
            .fold((0, 0), |(decisions, callbacks), counts| (decisions + counts.decisions_pending, callbacks + counts.callbacks_pending));
        (Remains { decisions, callbacks, cut_short }, self.tenants)
    }
}

impl fmt::Debug for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vendor").field("address", &self.address).field("counts", &self.counts()).finish_non_exhaustive()
    }
}
