//! Whatever order events come in, and however often: the end is the same, though none of them has a version.

use proptest::collection::vec;
use proptest::prelude::Strategy as _;
use proptest::sample::select;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use super::vendor::Event;
use super::{StripeWorld, start};
use crate::world::until;

/// How a session ends, and what becomes of it.
const OUTCOMES: [(&str, &str); 4] = [
    ("", "approved"),
    ("selfie_face_mismatch", "rejected"),
    ("document_unverified_other", "pending_review"),
    ("document_expired", "needs_resubmission"),
];

/// Six events: how the attempt before failed, under two ids; how this one ended, under two ids; work in progress; and one in strange words.
const EVENTS: usize = 6;

#[test]
fn order_and_number_of_events_do_not_matter() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let world = runtime.block_on(start());
    let mut runner = TestRunner::new(Config { cases: 16, failure_persistence: None, ..Config::default() });
    let deliveries = vec(0..EVENTS, 0..12).prop_map(|mut deliveries| {
        deliveries.push(2); // the end is told at least once, at the latest as the last
        deliveries
    });
    let applicants = std::cell::Cell::new(0_u32);
    let outcome = runner.run(&(select(OUTCOMES.to_vec()), deliveries), |((code, status), deliveries)| {
        applicants.set(applicants.get() + 1);
        let reference = format!("a-{}", applicants.get());
        runtime.block_on(case(&world, &reference, code, status, &deliveries))
    });
    outcome.unwrap();
}

async fn case(world: &StripeWorld, reference: &str, code: &str, status: &str, deliveries: &[usize]) -> Result<(), TestCaseError> {
    let verification = world.accepted(reference).await;
    let before = world.vendor.fail(reference, "selfie_document_missing_photo");
    world.deliver_event(&before).await;
    world.until_status(&verification, "needs_resubmission").await;
    world.capture(&verification).await;
    world.submit(&verification).await;
    world.until_event(&verification, "vendor_accepted", 2).await;

    let processing = world.vendor.event(reference, "processing");
    let now = if code.is_empty() { world.vendor.verify(reference) } else { world.vendor.fail(reference, code) };
    let renamed = |event: &Event, name: &str| Event(event.0.replacen("evt_", &format!("evt_{name}_"), 1));
    let (before_again, now_again) = (renamed(&before, "before"), renamed(&now, "now"));
    let strange = Event(renamed(&now, "strange").0.replace("identity.verification_session.", "identity.verification_session.un"));
    let events: [&Event; EVENTS] = [&before, &before_again, &now, &now_again, &processing, &strange];
    for delivery in deliveries {
        proptest::prop_assert_eq!(world.deliver_event(events[*delivery]).await, 204);
    }

    world.until_status(&verification, status).await;
    // No clock is moved, so what is still to be asked is asked at once; then nothing more follows.
    until("quiet", async || {
        let reads = world.vendor.reads(reference).await;
        world.status(&verification).await;
        reads == world.vendor.reads(reference).await
    })
    .await;
    proptest::prop_assert_eq!(world.status(&verification).await, status);
    proptest::prop_assert_eq!(world.count(&verification, "decision_applied").await, 2);
    proptest::prop_assert_eq!(world.count(&verification, "decision_revised").await, 0);
    proptest::prop_assert_eq!(world.count(&verification, "applicant_notified").await, 2);
    Ok(())
}
