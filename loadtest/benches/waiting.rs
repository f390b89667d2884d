//! What a waiting applicant costs: 100,000 of them at once, brought there by real journeys over HTTP.
//!
//! `cargo bench -p kycsim-loadtest --bench waiting [APPLICANTS]`. The backend is a stand-in that answers every step at once and never decides, in
//! this very process; so the figure is the load test's own and an upper bound. Memory is read from `/proc`, so this runs on Linux.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::Path;
use axum::routing::{any, get, post};
use axum::{Json, Router};
use kycsim_loadtest::{Pictures, Pool, Progress, Rehearsal, RunClock, RunFolder, VendorCounts, VendorWatch, play};
use kycsim_reports::model::{Ended, Machine, Manifest, ScenarioSummary, VendorPlayed};
use kycsim_scenarios::{Scenario, Shard, SimTime};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// So many arrive in a second; two cores bring that many through, backend included.
const PER_SECOND: u64 = 1000;

/// Everybody takes the smallest picture there is and looks at the status once an hour.
fn scenario(applicants: u64) -> Scenario {
    let text = format!(
        r#"name = "waiting"
        summary = "Everybody waits"
        teaches = "What waiting costs"
        [arrivals]
        process = "constant"
        rate = [{{ at = "0s", per_second = {PER_SECOND} }}]
        duration = "{}ms"
        [[applicants]]
        share = 1
        country = "DE"
        document = "id_card"
        patience = {{ distribution = "constant", value = "10h" }}
        step_time = {{ distribution = "constant", value = "0s" }}
        capture = {{ too_small = 1.0 }}
        [run]
        poll_every = "1h"
        settle = "20s"
        [vendor]
        decision_delay = {{ distribution = "constant", value = "1h" }}
        [vendor.outcomes]
        approved = 1
        [review]
        reviewers = 0"#,
        applicants * 1000 / PER_SECOND
    );
    Scenario::parse("waiting", &text).unwrap_or_else(|error| panic!("{error}"))
}

#[tokio::main]
async fn main() {
    let applicants = std::env::args().skip(1).find_map(|arg| arg.parse().ok()).unwrap_or(100_000);
    let scenario = Arc::new(scenario(applicants));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, backend()).await });

    let pool = Pool::launch(&url, 128).await.expect("Goose starts");
    let pictures = Pictures::draw(&scenario, RunClock::starting_in(Duration::ZERO).began_wall());
    let folder = tempfile::tempdir().expect("a folder");
    let clock = RunClock::starting_in(Duration::from_millis(200));
    let manifest = manifest(&scenario, &clock);
    let files = RunFolder::create(folder.path(), &scenario, &manifest, &clock).expect("a run's folder");
    let (progress, shown) = tokio::sync::watch::channel(Progress::default());
    let stop = CancellationToken::new();
    let rehearsal = Rehearsal {
        scenario,
        shard: Shard::WHOLE,
        only: BTreeSet::new(),
        reviewer_token: String::new(),
        pictures,
        clock,
        folder: files,
        manifest,
        vendor: Arc::new(NoVendor),
        progress,
        stop: stop.clone(),
    };
    let before = resident_kib();
    let playing = tokio::spawn(play(pool, rehearsal));
    let mut shown = shown;
    let waiting = loop {
        if shown.changed().await.is_err() {
            break 0;
        }
        let progress = shown.borrow_and_update().clone();
        if progress.settling && progress.awaiting_decision == progress.arrived {
            break progress.arrived;
        }
    };
    let after = resident_kib();
    stop.cancel();
    let played = playing.await;
    println!("applicants waiting at once   {waiting}");
    println!("process, resident            {} MiB (before the first arrival {} MiB)", after / 1024, before / 1024);
    println!("each waiting applicant       {:.2} KiB", (after - before) as f64 / waiting.max(1) as f64);
    assert!(matches!(played, Ok(Ok(()))), "the run ends cleanly");
    assert_eq!(waiting, applicants, "everybody waits");
}

/// A backend that takes everything and decides nothing.
fn backend() -> Router {
    Router::new()
        .route("/v1/accounts", post(async || Json(json!({ "id": "acc_01ja0000000000000000000000", "token": "t".repeat(43) }))))
        .route("/v1/consent-policy", get(async || Json(json!({ "policy_version_hash": "0", "scopes": [] }))))
        .route("/v1/accounts/{id}/verifications", post(started))
        .route("/v1/verifications/{id}", get(async || Json(json!({ "status": "submitted", "attempt": 1 }))))
        .route("/v1/verifications/{id}/events", get(async || Json(json!({ "events": [] }))))
        .route("/v1/reviews/summary", get(async || Json(json!({ "waiting": 0, "claimed": 0 }))))
        .fallback(any(async |_: Bytes| Json(json!({}))))
}

async fn started(Path(account): Path<String>) -> Json<Value> {
    Json(json!({ "id": format!("ver_{account}"), "capture": { "token": "c".repeat(43) } }))
}

fn manifest(scenario: &Scenario, clock: &RunClock) -> Manifest {
    Manifest {
        id: "waiting".to_owned(),
        kycsim: String::new(),
        started_at: clock.began_wall().to_string(),
        scenario: ScenarioSummary { name: "waiting".to_owned(), summary: String::new(), teaches: String::new(), arrivals_seconds: 0.0 },
        seed: scenario.seed,
        command: String::new(),
        replay: String::new(),
        machine: Machine { os: String::new(), arch: String::new(), cores: 1, build: String::new() },
        vendor: VendorPlayed::default(),
        shard: None,
        ended: Ended::Unfinished,
    }
}

#[derive(Debug)]
struct NoVendor;

impl VendorWatch for NoVendor {
    fn counts(&self) -> VendorCounts {
        VendorCounts::default()
    }

    fn is_quiet(&self, _: SimTime) -> bool {
        true
    }
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a resident set");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number")
}
