//! What time does: lost callbacks are asked about, and what is left lying runs out.

use crate::vendor::Trouble;
use crate::world::{PICTURE, World, expect, expect_problem, secs, text, until};

#[tokio::test]
async fn a_lost_callback_is_found_out_by_asking() {
    let world = World::start().await;
    let verification = world.accepted("a-1").await;
    let lost = world.vendor.decide("a-1", "approved", &[]);
    until("reconciled", async || {
        world.clock.advance(secs(20));
        world.status(&verification).await == "approved"
    })
    .await;
    let events = world.events(&verification).await;
    assert!(events.iter().any(|event| event["kind"] == "reconciled"));
    let applied = events.iter().find(|event| event["kind"] == "decision_applied").unwrap();
    assert_eq!(applied["source"], "reconciliation");

    // It was not lost after all.
    assert_eq!(world.deliver(&lost).await, 204);
    assert_eq!(world.count(&verification, "decision_applied").await, 1);
}

#[tokio::test]
async fn asking_goes_on_until_there_is_an_answer() {
    let world = World::start().await;
    let verification = world.accepted("a-1").await;
    let calls = async || world.vendor.server.received_requests().await.unwrap_or_default().len();
    let before = calls().await;
    world.vendor.trouble(Trouble::Refuse(503, "unavailable"));
    until("asked in vain", async || {
        world.clock.advance(secs(20));
        calls().await >= before + 3
    })
    .await;
    world.vendor.trouble(Trouble::None);
    world.vendor.decide("a-1", "declined", &["document_forged"]);
    until("reconciled", async || {
        world.clock.advance(secs(60));
        world.status(&verification).await == "rejected"
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_never_comes_is_given_up() {
    let world = World::start().await;
    let verification = world.accepted("a-1").await;
    until("given up", async || {
        world.clock.advance(secs(3600));
        world.status(&verification).await == "pending_review"
    })
    .await;
    assert_eq!(world.show(&verification).await["reason"], "vendor_unavailable");
}

#[tokio::test]
async fn a_verification_left_lying_expires_and_another_may_begin() {
    let world = World::start().await;
    let untouched = world.verification("a-1").await;
    let begun = world.verification("a-2").await;
    let token = world.capture_token(&begun).await;
    expect(world.put_image(&begun, "document", &token, PICTURE.clone()), 200).await;
    let submitted = world.accepted("a-3").await;

    world.clock.advance(secs(24 * 3600));
    for verification in [&untouched, &begun] {
        world.until_status(verification, "expired").await;
    }
    assert_ne!(world.status(&submitted).await, "expired");
    assert_eq!(world.count(&begun, "applicant_notified").await, 1);
    expect_problem(world.post(&format!("/v1/verifications/{}/submit", begun.id), &begun.applicant.token), 409, "expired").await;

    let fresh = expect(world.begin(&begun.applicant, "once-more"), 201).await;
    assert_ne!(text(&fresh["id"]), begun.id);
}

#[tokio::test]
async fn a_capture_token_runs_out() {
    let world = World::start().await;
    let verification = world.verification("a-1").await;
    let token = world.capture_token(&verification).await;
    world.clock.advance(secs(30 * 60));
    let late = world.put_image(&verification, "document", &token, PICTURE.clone());
    expect_problem(late, 401, "unauthorised").await;
    let token = world.capture_token(&verification).await;
    expect(world.put_image(&verification, "document", &token, PICTURE.clone()), 200).await;
}
