//! Whatever order callbacks come in, and however often: the end is the same.

use proptest::collection::vec;
use proptest::prelude::Strategy as _;
use proptest::sample::select;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::Value;

use crate::vendor::Callback;
use crate::world::{Verification, World};

/// What the vendor may decide, and what becomes of it.
const OUTCOMES: [(&str, &str, &str); 4] = [
    ("approved", "", "approved"),
    ("declined", "document_forged", "rejected"),
    ("declined", "sanctions_hit", "pending_review"),
    ("resubmission_requested", "image_blurred", "needs_resubmission"),
];

/// Six callbacks: of the attempt before and of this one, doubled under the same and under another id, and one in strange words.
const CALLBACKS: usize = 6;

#[test]
fn order_and_number_of_callbacks_do_not_matter() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let world = runtime.block_on(World::start());
    let mut runner = TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
    let deliveries = vec(0..CALLBACKS, 0..12).prop_map(|mut deliveries| {
        deliveries.push(2); // the decision arrives at least once, at the latest as the last
        deliveries
    });
    let applicants = std::cell::Cell::new(0_u32);
    let outcome = runner.run(&(select(OUTCOMES.to_vec()), deliveries), |((outcome, reason, status), deliveries)| {
        applicants.set(applicants.get() + 1);
        let reference = format!("a-{}", applicants.get());
        runtime.block_on(case(&world, &reference, outcome, reason, status, &deliveries))
    });
    outcome.unwrap();
}

async fn case(
    world: &World,
    reference: &str,
    outcome: &str,
    reason: &str,
    status: &str,
    deliveries: &[usize],
) -> Result<(), TestCaseError> {
    let verification = world.accepted(reference).await;
    let before = world.vendor.decide(reference, "resubmission_requested", &["image_glare"]);
    world.deliver(&before).await;
    world.capture(&verification).await;
    world.submit(&verification).await;
    world.until_event(&verification, "vendor_accepted", 2).await;

    let reasons: Vec<_> = [reason].into_iter().filter(|reason| !reason.is_empty()).collect();
    let now = world.vendor.decide(reference, outcome, &reasons);
    let renamed = |callback: &Callback, name: &str| Callback { id: format!("{reference}-{name}"), body: callback.body.clone() };
    let strange = Callback { id: format!("{reference}-strange"), body: now.body.replace("session.decided", "session.dreamt") };
    let (before_again, now_again) = (renamed(&before, "before"), renamed(&now, "now"));
    let callbacks: [&Callback; CALLBACKS] = [&before, &before_again, &now, &now_again, &strange, &now];
    for delivery in deliveries {
        let answer = world.deliver(callbacks[*delivery]).await;
        proptest::prop_assert_eq!(answer.as_u16(), 204);
    }

    proptest::prop_assert_eq!(world.status(&verification).await, status);
    for attempt in [1, 2] {
        proptest::prop_assert_eq!(events(world, &verification, "decision_applied", attempt).await, 1);
        proptest::prop_assert_eq!(events(world, &verification, "applicant_notified", attempt).await, 1);
    }
    Ok(())
}

async fn events(world: &World, verification: &Verification, kind: &str, attempt: u32) -> usize {
    let counts = |event: &&Value| event["kind"] == kind && event["attempt"] == attempt;
    world.events(verification).await.iter().filter(counts).count()
}
