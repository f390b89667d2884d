//! Arrivals never wait for the system, and what that costs is told as it is.

use std::time::Duration;

use kycsim_reports::model::{Latency, Run, Verdict};
use kycsim_scenarios::SimTime;
use kycsim_scenarios::ledger::LedgerEvent;

use crate::freezing_backend::Freeze;
use crate::naive_backend::Bug;
use crate::world::{Backends, Played, rehearse, rehearse_with};

/// Everybody leaves when they have an account: nothing but that is asked of the backend.
fn scenario(arrivals: &str, expect: &str) -> String {
    format!(
        r#"name = "test"
        summary = "s"
        teaches = "t"
        [arrivals]
        {arrivals}
        [[applicants]]
        share = 1
        country = "DE"
        document = "passport"
        device = "mobile_poor"
        patience = {{ distribution = "constant", value = "30s" }}
        step_time = {{ distribution = "constant", value = "10ms" }}
        leave = {{ consent = 1.0 }}
        [run]
        settle = "10s"
        [vendor]
        decision_delay = {{ distribution = "constant", value = "100ms" }}
        [vendor.outcomes]
        approved = 1
        [review]
        reviewers = 0
        [expect]
        {expect}"#
    )
}

fn step<'r>(run: &'r Run, name: &str) -> &'r Latency {
    run.steps.iter().find(|step| step.name == name).unwrap_or_else(|| panic!("{:#?}", run.steps))
}

/// The textbook case of coordinated omission. A generator that waits for its answers sends nothing while the server stands still, and finds a p90 of a
/// few milliseconds; here a fifth of all requests fall into the freeze, and wait for its end, evenly from 0 to 2 s.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stands_still_is_not_flattered() {
    let freeze = Freeze { from: Duration::from_secs(4), until: Duration::from_secs(6), answers_after: Duration::ZERO };
    let arrivals = "process = \"constant\"\nrate = [{ at = \"0s\", per_second = 200 }]\nduration = \"10s\"";
    let Played { run, .. } = rehearse_with(&scenario(arrivals, ""), Backends::Freezing(freeze), 600).await;
    assert_eq!(run.totals.arrived, 2000, "they come while the server stands still");
    let accounts = step(&run, "step.open_account");
    assert!((0.8..1.4).contains(&accounts.p90), "{accounts:#?}");
    assert!((1.7..2.6).contains(&accounts.p99), "{accounts:#?}");
    assert!(accounts.p50 < 0.3, "{accounts:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generator_that_falls_behind_says_so_and_passes_nothing() {
    // Two workers and 200 ms an answer: ten a second, of the fifty that come.
    let slow = Freeze { from: Duration::ZERO, until: Duration::ZERO, answers_after: Duration::from_millis(200) };
    let arrivals = "process = \"constant\"\nrate = [{ at = \"0s\", per_second = 50 }]\nduration = \"3s\"";
    let played = rehearse_with(&scenario(arrivals, "\"integrity.findings\" = \"= 0\""), Backends::Freezing(slow), 2).await;
    assert_eq!(played.run.verdict, Verdict::Inconclusive);
    let since = played.run.generator.saturated_since.expect("it was saturated");
    assert!(since <= 4.0, "{since}");
    assert!(played.run.latencies.iter().any(|latency| latency.name == "lag" && latency.p90 > 1.0), "{:#?}", played.run.latencies);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_closed_model_there_are_never_more_than_there_are_users() {
    let text = r#"name = "test"
        summary = "s"
        teaches = "t"
        [arrivals]
        process = "closed"
        users = 4
        think_time = { distribution = "constant", value = "100ms" }
        duration = "4s"
        [[applicants]]
        share = 1
        country = "DE"
        document = "passport"
        device = "mobile_poor"
        patience = { distribution = "constant", value = "20s" }
        step_time = { distribution = "constant", value = "20ms" }
        [run]
        poll_every = "100ms"
        settle = "20s"
        [vendor]
        decision_delay = { distribution = "constant", value = "100ms" }
        [vendor.outcomes]
        approved = 1"#;
    let played = rehearse(text, Backends::Naive(Bug::None)).await;
    assert!(played.run.totals.approved >= 12, "each user comes again: {:?}", played.run.totals);
    assert_eq!(played.run.totals.approved, played.run.totals.arrived);
    assert!(played.run.series.iter().all(|second| second.in_flight <= 4), "{:#?}", played.run.series);
    let sessions = played.ledger.iter().filter(|entry| matches!(entry.event, LedgerEvent::SessionCreated));
    let last = sessions.map(|entry| entry.at).max().unwrap_or(SimTime::ZERO);
    assert!(last.as_secs_f64() < 6.0, "nobody comes when it is over: {last:?}");
}
