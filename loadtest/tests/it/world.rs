//! A whole world for one run: started on free ports, played, taken down.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use kycsim_loadtest::{Pictures, Pool, Progress, Records, Rehearsal, RunClock, RunFolder, VendorCounts, VendorWatch, assemble, play};
use kycsim_onboarding::{Backend, Backoff, CallbackSecret, OnboardingConfig, Secret};
use kycsim_reports::model::{Ended, Machine, Manifest, Run, ScenarioSummary, VendorPlayed, VendorSummary};
use kycsim_scenarios::ledger::LedgerEntry;
use kycsim_scenarios::{Scenario, Shard, SimTime};
use kycsim_simulator::{ApiKey, Clock, Vendor, VendorConfig, WebhookSecret};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::freezing_backend::{self, Freeze};
use crate::naive_backend::{self, Bug};

pub(crate) const API_KEY: &str = "test-key";
pub(crate) const WEBHOOK_SECRET: &str = "whsec_a3ljc2ltIHJlaGVhcnNhbCBzZWNyZXQsIHB1YmxpYyE=";
pub(crate) const REVIEWER_TOKEN: &str = "test-reviewer";

/// Whom the applicants meet.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Backends {
    Reference,
    Naive(Bug),
    /// It opens accounts, and freezes when it is told to.
    Freezing(Freeze),
}

/// What a run left.
#[derive(Debug)]
pub(crate) struct Played {
    pub(crate) run: Run,
    pub(crate) ledger: Vec<LedgerEntry>,
    _folder: tempfile::TempDir,
}

/// Plays `scenario` and returns its result.
pub(crate) async fn rehearse(scenario: &str, backend: Backends) -> Played {
    rehearse_with(scenario, backend, 16).await
}

/// The same, with so many workers.
pub(crate) async fn rehearse_with(scenario: &str, backend: Backends, workers: u32) -> Played {
    let scenario = Arc::new(Scenario::parse("test", scenario).unwrap_or_else(|error| panic!("{error}")));
    rehearse_against_by(scenario, workers, async |vendor_url, world| {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let backend_url = url(&listener);
        match backend {
            Backends::Reference => {
                let backend = Backend::open(reference(vendor_url, &backend_url)).await.unwrap();
                tokio::spawn(backend.serve(listener, world.clone()));
            }
            Backends::Naive(bug) => {
                tokio::spawn(naive_backend::serve(listener, vendor_url.to_owned(), format!("{backend_url}/callbacks/kyc"), bug));
            }
            Backends::Freezing(freeze) => _ = tokio::spawn(freezing_backend::serve(listener, freeze)),
        }
        backend_url
    })
    .await
}

/// Where a listener is reached.
pub(crate) fn url(listener: &TcpListener) -> String {
    format!("http://{}", listener.local_addr().unwrap())
}

/// Plays `scenario` against whatever backend `start` brings up, given the vendor's address; it returns where applicants meet that backend.
pub(crate) async fn rehearse_against(scenario: Arc<Scenario>, start: impl AsyncFnOnce(&str, &CancellationToken) -> String) -> Played {
    rehearse_against_by(scenario, 16, start).await
}

async fn rehearse_against_by(scenario: Arc<Scenario>, workers: u32, start: impl AsyncFnOnce(&str, &CancellationToken) -> String) -> Played {
    let vendor_listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let world = CancellationToken::new();
    let backend_url = start(&url(&vendor_listener), &world).await;
    let pool = Pool::launch(&backend_url, workers).await.unwrap();
    let pictures = Pictures::draw(&scenario, RunClock::starting_in(Duration::ZERO).began_wall());

    let folder = tempfile::tempdir().unwrap();
    let clock = RunClock::starting_in(Duration::from_millis(300));
    let manifest = manifest(&scenario, &clock);
    let files = RunFolder::create(folder.path(), &scenario, &manifest, &clock).unwrap();
    let ledger = files.ledger().unwrap();
    let config = VendorConfig::new(
        Arc::clone(&scenario),
        ApiKey::new(API_KEY).unwrap(),
        WebhookSecret::new(WEBHOOK_SECRET),
        Clock::starting_at(clock.began()),
    )
    .ledger_sink(Arc::new(move |entry: &LedgerEntry| ledger.append(entry).unwrap()));
    let vendor = Arc::new(Vendor::start(config, vendor_listener, &world).unwrap());
    let rehearsal = Rehearsal {
        scenario,
        shard: Shard::WHOLE,
        only: BTreeSet::new(),
        reviewer_token: REVIEWER_TOKEN.to_owned(),
        pictures,
        clock,
        folder: files,
        manifest,
        vendor: Arc::new(Watched(Arc::clone(&vendor))),
        progress: tokio::sync::watch::channel(Progress::default()).0,
        stop: CancellationToken::new(),
    };
    play(pool, rehearsal).await.unwrap();
    world.cancel();
    Played { run: assemble(&Records::read(folder.path()).unwrap()), ledger: read_ledger(folder.path()), _folder: folder }
}

/// The reference backend, with its waits compressed as the scenarios' are.
pub(crate) fn reference(vendor_url: &str, backend_url: &str) -> OnboardingConfig {
    let mut config = OnboardingConfig::new(
        vendor_url,
        Secret::new(API_KEY),
        CallbackSecret::parse(WEBHOOK_SECRET).unwrap(),
        format!("{backend_url}/callbacks/kyc"),
        Secret::new(REVIEWER_TOKEN),
    );
    config.reconcile_after = Duration::from_secs(2);
    config.reconcile_every = Duration::from_millis(200);
    config.outbox_backoff = Backoff { base: Duration::from_millis(100), cap: Duration::from_secs(1), jitter: 0.5 };
    config
}

fn manifest(scenario: &Scenario, clock: &RunClock) -> Manifest {
    Manifest {
        id: "test".to_owned(),
        kycsim: "test".to_owned(),
        started_at: clock.began_wall().to_string(),
        scenario: ScenarioSummary {
            name: scenario.name.as_str().to_owned(),
            summary: scenario.summary.clone(),
            teaches: scenario.teaches.clone(),
            arrivals_seconds: scenario.arrivals.duration.length().as_secs_f64(),
        },
        seed: scenario.seed,
        command: String::new(),
        replay: String::new(),
        machine: Machine { os: String::new(), arch: String::new(), cores: 1, build: String::new() },
        vendor: VendorPlayed::default(),
        shard: None,
        ended: Ended::Unfinished,
    }
}

fn read_ledger(folder: &Path) -> Vec<LedgerEntry> {
    let text = std::fs::read_to_string(folder.join("vendor-ledger.ndjson")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[derive(Debug)]
struct Watched(Arc<Vendor>);

impl VendorWatch for Watched {
    fn counts(&self) -> VendorCounts {
        let counts = self.0.counts();
        let totals = VendorSummary {
            requests: counts.requests,
            faults: counts.faults,
            sessions: counts.sessions,
            decisions: counts.decisions,
            revisions: counts.revisions,
            rate_limited: counts.rate_limited,
            forged: counts.forged,
            callbacks: counts.callbacks,
            deliveries: counts.deliveries,
            duplicates: counts.duplicates,
            deliveries_failed: counts.deliveries_failed,
            held: counts.held,
        };
        VendorCounts { totals, pending: counts.callbacks_pending }
    }

    fn is_quiet(&self, until: SimTime) -> bool {
        self.0.is_quiet() && self.0.default_tenant().next_revision().is_none_or(|due| due > until)
    }
}
