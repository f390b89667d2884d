//! The same seed gives each applicant the same fate, whatever the interleaving.

use std::collections::BTreeMap;
use std::time::Duration;

use kycsim_scenarios::ledger::{LedgerEntry, LedgerEvent};
use kycsim_scenarios::vendor::Decision;
use kycsim_scenarios::{ApplicantKey, SimTime};

use crate::world::{Backends, rehearse};

const SCENARIO: &str = r#"name = "test"
summary = "s"
teaches = "t"
[arrivals]
process = "poisson"
rate = [{ at = "0s", per_second = 12 }]
duration = "4s"
[[applicants]]
share = 1
country = "GB"
document = "passport"
device = "mobile_poor"
patience = { distribution = "constant", value = "10m" }
step_time = { distribution = "exponential", mean = "100ms" }
[run]
poll_every = "200ms"
settle = "3m"
[vendor]
decision_delay = { distribution = "lognormal", median = "300ms", p95 = "900ms" }
latency = { distribution = "exponential", mean = "10ms" }
[vendor.outcomes]
approved = 6
declined = { weight = 2, reasons = { document_forged = 1, selfie_mismatch = 1 } }
resubmission = { weight = 2, reasons = { image_blurred = 1 } }
[vendor.callbacks]
duplicate = { probability = 0.3, copies = 3, spacing = "100ms" }
"#;

/// What fate had in store: the decision about each attempt, how long it was to take, and how many copies were sent.
type Fates = BTreeMap<(ApplicantKey, u32), (Decision, Duration, u32)>;

fn fates(ledger: &[LedgerEntry]) -> Fates {
    let mut submitted: BTreeMap<(ApplicantKey, u32), SimTime> = BTreeMap::new();
    let mut fates = Fates::new();
    for entry in ledger {
        match &entry.event {
            LedgerEvent::Submitted { attempt } => _ = submitted.insert((entry.applicant.clone(), *attempt), entry.at),
            LedgerEvent::Decided { due, decision } => {
                let key = (entry.applicant.clone(), decision.attempt);
                let delay = *due - submitted[&key];
                fates.insert(key, (decision.clone(), delay, 0));
            }
            LedgerEvent::Delivered { attempt, attempt_number: 1, .. } => {
                if let Some((_, _, copies)) = fates.get_mut(&(entry.applicant.clone(), *attempt)) {
                    *copies += 1;
                }
            }
            LedgerEvent::Delivered { .. }
            | LedgerEvent::SessionCreated
            | LedgerEvent::Expired
            | LedgerEvent::Cancelled
            | LedgerEvent::Redacted
            | LedgerEvent::CallbackHeld { .. }
            | LedgerEvent::CallbackLost { .. }
            | LedgerEvent::Revised { .. }
            | LedgerEvent::ReceiverDisabled { .. }
            | LedgerEvent::CallbackGivenUp { .. } => {}
        }
    }
    fates
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_with_one_seed_give_everybody_the_same_fate() {
    let first = fates(&rehearse(SCENARIO, Backends::Reference).await.ledger);
    let second = fates(&rehearse(SCENARIO, Backends::Reference).await.ledger);
    assert!(first.len() > 30, "{}", first.len());
    assert!(first.values().any(|(_, _, copies)| *copies == 3) && first.values().any(|(_, _, copies)| *copies == 1));
    assert_eq!(first, second);

    let other = fates(&rehearse(&SCENARIO.replace("teaches = \"t\"", "teaches = \"t\"\nseed = 8"), Backends::Reference).await.ledger);
    assert_ne!(first, other);
}
