//! The backend as a whole: opened, served, stopped.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::{Clock, SystemClock};
use crate::config::OnboardingConfig;
use crate::core::Core;
use crate::secret::ParseCallbackSecretError;
use crate::store::{OpenDatabaseError, Store};
use crate::vendor::{SetUpError, Vendor};
use crate::{http, outbox, reconcile, sweep};

/// An onboarding backend with its database open. [`serve`](Self::serve) sets it to work.
#[derive(Debug)]
pub struct Backend {
    core: Arc<Core>,
}

/// Why a backend could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenBackendError {
    /// The database is not to be had.
    #[error(transparent)]
    Database(#[from] OpenDatabaseError),
    /// The client for the vendor could not be built.
    #[error("could not set up the client for the vendor")]
    VendorClient(#[source] reqwest::Error),
    /// The callback secret does not have the form of the vendor that was chosen.
    #[error("the callback secret is not one of this vendor's")]
    CallbackSecret(#[source] ParseCallbackSecretError),
}

impl Backend {
    /// Opens a backend that lives by the machine's clock.
    ///
    /// # Errors
    /// When the database cannot be opened, or is newer than this program.
    pub async fn open(config: OnboardingConfig) -> Result<Self, OpenBackendError> {
        Self::open_with_clock(config, Arc::new(SystemClock::new())).await
    }

    /// Opens a backend that lives by a clock of the caller's.
    ///
    /// # Errors
    /// The same as [`open`](Self::open).
    pub async fn open_with_clock(config: OnboardingConfig, clock: Arc<dyn Clock>) -> Result<Self, OpenBackendError> {
        let store = Store::open(&config.database).await?;
        let vendor = Vendor::new(&config, Arc::clone(&clock)).map_err(|error| match error {
            SetUpError::Client(source) => OpenBackendError::VendorClient(source),
            SetUpError::Secret(source) => OpenBackendError::CallbackSecret(source),
        })?;
        Ok(Self { core: Arc::new(Core::new(config, clock, store, vendor)) })
    }

    /// Answers requests on `listener` and performs what is due, until `shutdown` is cancelled. Then requests under way are
    /// answered, calls to the vendor under way are recorded, and the database is closed.
    ///
    /// Dropping the future instead, or killing the process, loses nothing that was acknowledged.
    pub async fn serve(self, listener: TcpListener, shutdown: CancellationToken) {
        let core = self.core;
        // However this future ends, the workers end as well.
        let stop = shutdown.child_token();
        let _stop_when_dropped = stop.clone().drop_guard();

        let workers = TaskTracker::new();
        workers.spawn(outbox::run(Arc::clone(&core), stop.clone()));
        workers.spawn(reconcile::run(Arc::clone(&core), stop.clone()));
        workers.spawn(sweep::run(Arc::clone(&core), stop.clone()));
        workers.close();

        let router = http::router(Arc::clone(&core));
        http::serve(Arc::clone(&core), listener, router, stop).await;
        workers.wait().await;
        core.store.close().await;
    }
}
