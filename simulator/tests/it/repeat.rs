//! The same seed, the same ledger, whatever the order in which applicants come.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use kycsim_scenarios::SimTime;
use kycsim_scenarios::ledger::LedgerEvent;
use kycsim_scenarios::vendor::Decision;

use crate::stage::Stage;

const MIXED: &str = r#"
outcomes = { approved = 2, declined = { weight = 1, reasons = { document_forged = 1, selfie_mismatch = 1 } }, review = { weight = 1, reasons = { low_confidence = 1 } } }
decision_delay = { distribution = "lognormal", median = "20ms", p95 = "80ms" }
latency = { distribution = "lognormal", median = "2ms", p95 = "5ms" }
[vendor.callbacks]
duplicate = { probability = 0.4, copies = 3, spacing = "5ms" }
lost = 0.2
"#;

/// What became of one applicant, without the moments at which it did.
#[derive(Debug, Default, PartialEq, Eq)]
struct Fate {
    session: String,
    submitted: Option<SimTime>,
    delay: Option<Duration>,
    decision: Option<Decision>,
    callback: Option<String>,
    copies: u32,
    lost: bool,
}

async fn run(order: impl Iterator<Item = u32>) -> BTreeMap<String, Fate> {
    let stage = Stage::set(MIXED).await;
    let references: Vec<String> = order.map(|number| format!("a-{number:06}")).collect();
    join_all(references.iter().map(|reference| stage.walk(reference))).await;
    stage.idle().await;
    let mut fates = BTreeMap::<String, Fate>::new();
    for entry in stage.vendor.ledger() {
        let fate = fates.entry(entry.applicant.to_string()).or_default();
        match entry.event {
            LedgerEvent::SessionCreated => fate.session = entry.session.to_string(),
            LedgerEvent::Submitted { .. } => fate.submitted = Some(entry.at),
            LedgerEvent::Decided { due, decision } => {
                fate.delay = fate.submitted.take().map(|submitted| due - submitted);
                fate.decision = Some(decision);
            }
            LedgerEvent::CallbackLost { .. } => fate.lost = true,
            LedgerEvent::Delivered { callback, .. } => {
                fate.callback = Some(callback);
                fate.copies += 1;
            }
            LedgerEvent::Expired
            | LedgerEvent::Cancelled
            | LedgerEvent::Redacted
            | LedgerEvent::Revised { .. }
            | LedgerEvent::ReceiverDisabled { .. }
            | LedgerEvent::CallbackHeld { .. }
            | LedgerEvent::CallbackGivenUp { .. } => {
                panic!("not in this scenario: {:?}", entry.event)
            }
        }
    }
    fates
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_vendors_with_one_seed_have_one_ledger() {
    let forwards = run(0..40).await;
    let backwards = run((0..40).rev()).await;
    assert_eq!(forwards, backwards);
    // It is no empty agreement: something of each kind has happened.
    assert_eq!(forwards.len(), 40);
    assert!(forwards.values().any(|fate| fate.lost) && forwards.values().any(|fate| fate.copies == 3));
    assert!(forwards.values().any(|fate| fate.decision.as_ref().is_some_and(|decision| !decision.reasons.is_empty())));
}
