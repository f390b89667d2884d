//! Goose users as a pool of workers.
//!
//! Each line here that looks odd avoids a trap of Goose 0.19, and says which.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use goose::client::GooseClientBuilder;
use goose::config::GooseConfiguration;
use goose::goose::{GooseUser, Scenario, Transaction, TransactionFunction};
use goose::metrics::GooseMetrics;
use goose::{GooseAttack, GooseError};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::clock::RunClock;

/// Goose's killswitch is one per process, and each attack's start clears it: one attack at a time.
static ONE_ATTACK: std::sync::LazyLock<Arc<Mutex<()>>> = std::sync::LazyLock::new(Arc::default);

/// How long Goose may take to launch its users.
const LAUNCH_LIMIT: Duration = Duration::from_secs(60);

/// Goose throws away what it measured while users started; this long after the last one was ready it no longer does.
const AFTER_LAUNCH: Duration = Duration::from_millis(250);

/// Why the pool did not come up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LaunchError {
    /// Goose refused its configuration, or ended at once.
    #[error("Goose could not be started")]
    Goose(#[source] Box<GooseError>),
    /// Its users were not ready in time.
    #[error("only {ready} of {workers} Goose users were ready after {} s", LAUNCH_LIMIT.as_secs())]
    NotReady {
        /// Users that were.
        ready: u32,
        /// Users that should have been.
        workers: u32,
    },
}

/// What a Goose user does, over and over: take one job and perform it.
pub(super) trait Work: Send + Sync + 'static {
    /// Performs one job; returns soon after `stop` when there is none.
    fn perform_one<'u>(&'u self, user: &'u mut GooseUser) -> futures_util::future::BoxFuture<'u, ()>;
}

/// Goose users that are up and wait for work.
pub struct Pool {
    workers: u32,
    work: Arc<std::sync::OnceLock<Arc<dyn Work>>>,
    stop: CancellationToken,
    attack: JoinHandle<Result<GooseMetrics, GooseError>>,
    _one_attack: OwnedMutexGuard<()>,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").field("workers", &self.workers).finish_non_exhaustive()
    }
}

impl Pool {
    /// Starts so many Goose users against `target`, a base address, and waits until all are ready.
    ///
    /// # Errors
    /// [`LaunchError`] when they do not come up.
    pub async fn launch(target: &str, workers: u32) -> Result<Self, LaunchError> {
        // Goose installs a logger that prints to stdout unless there is one; when the process has its own, this changes nothing.
        let _ = log::set_logger(&SILENT);
        let one_attack = Arc::clone(&ONE_ATTACK).lock_owned().await;
        let ready = Arc::new(AtomicU32::new(0));
        let work = Arc::new(std::sync::OnceLock::new());
        let stop = CancellationToken::new();
        let attack = attack(target, workers, Arc::clone(&ready), Arc::clone(&work), stop.clone())
            .map_err(|error| LaunchError::Goose(Box::new(error)))?;
        let mut pool = Self { workers, work, stop, attack: tokio::spawn(attack.execute()), _one_attack: one_attack };
        pool.wait_until_ready(&ready).await?;
        Ok(pool)
    }

    async fn wait_until_ready(&mut self, ready: &AtomicU32) -> Result<(), LaunchError> {
        let clock = RunClock::starting_in(Duration::ZERO);
        while ready.load(Ordering::Acquire) < self.workers {
            if self.attack.is_finished() {
                return Err(match (&mut self.attack).await {
                    Ok(Err(error)) => LaunchError::Goose(Box::new(error)),
                    Ok(Ok(_)) | Err(_) => LaunchError::NotReady { ready: ready.load(Ordering::Acquire), workers: self.workers },
                });
            }
            if clock.now().since_start() > LAUNCH_LIMIT {
                return Err(LaunchError::NotReady { ready: ready.load(Ordering::Acquire), workers: self.workers });
            }
            clock.wait_until(clock.now().saturating_add(Duration::from_millis(10))).await;
        }
        clock.wait_until(clock.now().saturating_add(AFTER_LAUNCH)).await;
        Ok(())
    }

    /// How many users there are.
    #[must_use]
    pub const fn workers(&self) -> u32 {
        self.workers
    }

    /// Gives the users their work. Only the first call counts.
    pub(super) fn give(&self, work: Arc<dyn Work>) {
        let _ = self.work.set(work);
    }

    /// Cancelled when the users are to go home: work must then return soon.
    pub(super) fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Sends the users home and returns how many requests Goose counted.
    pub(super) async fn end(self) -> u64 {
        self.stop.cancel();
        // The only clean end: dropping the attack's future would leave its users sending.
        goose::trigger_killswitch("the schedule is complete");
        match self.attack.await {
            Ok(Ok(metrics)) => metrics.requests.values().map(|request| (request.success_count + request.fail_count) as u64).sum(),
            Ok(Err(_)) | Err(_) => 0,
        }
    }
}

fn attack(
    target: &str,
    workers: u32,
    ready: Arc<AtomicU32>,
    work: Arc<std::sync::OnceLock<Arc<dyn Work>>>,
    stop: CancellationToken,
) -> Result<GooseAttack, GooseError> {
    // Goose would build a client for each user, 112 KiB each, and would heed the proxies of the environment.
    let client = reqwest::Client::builder()
        .no_proxy()
        .pool_max_idle_per_host(usize::MAX)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(GooseError::Reqwest)?;
    let start: TransactionFunction = Arc::new(move |user| {
        user.client = client.clone();
        let ready = Arc::clone(&ready);
        Box::pin(async move {
            ready.fetch_add(1, Ordering::AcqRel);
            Ok(())
        })
    });
    let perform: TransactionFunction = Arc::new(move |user| {
        let (work, stop) = (work.get().cloned(), stop.clone());
        Box::pin(async move {
            match work {
                Some(work) if !stop.is_cancelled() => work.perform_one(user).await,
                // A transaction that returns at once without awaiting anything starves Goose's own loop: it would never see the killswitch.
                Some(_) | None => idle().await,
            }
            // An error here would be one more thing that Goose counts; ours are counted where they happen.
            Ok(())
        })
    });
    let scenario = Scenario::new("onboarding")
        .register_transaction(Transaction::new(start).set_name("ready").set_on_start())
        .register_transaction(Transaction::new(perform).set_name("step"));
    GooseAttack::initialize_with_config(configuration(target, workers))?
        .register_scenario(scenario)
        .set_client_builder_without_cookies(GooseClientBuilder::new().without_cookies())
}

#[expect(clippy::disallowed_methods, reason = "a pause of a worker that has nothing to do; no measure depends on it")]
async fn idle() {
    tokio::time::sleep(Duration::from_millis(20)).await;
}

fn configuration(target: &str, workers: u32) -> GooseConfiguration {
    let mut configuration = GooseConfiguration::default();
    configuration.host = Some(target.to_owned());
    configuration.users = Some(workers as usize);
    configuration.increase_rate = Some("100000".to_owned()); // all at once: a ramp would be thrown away with its measurements
    configuration.no_telnet = true; // on by default, and its port stays bound after the attack
    configuration.no_print_metrics = true;
    configuration.quiet = 1;
    configuration // no run time and no iterations: the killswitch ends the attack
}

/// Swallows what Goose logs: one line for each failed request would bury an outage's own story.
#[derive(Debug)]
struct Silent;

static SILENT: Silent = Silent;

impl log::Log for Silent {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        false
    }

    fn log(&self, _: &log::Record<'_>) {}

    fn flush(&self) {}
}
