//! The vendor changes its decision: what was right when it was told must not stay when it is not.

use serde_json::Value;

use crate::vendor::Trouble;
use crate::world::{REVIEWER_TOKEN, World, expect, secs, until};

#[tokio::test]
async fn a_late_hit_takes_an_approval_back_until_people_have_looked() {
    let world = World::start().await;
    let verification = world.accepted("a-1").await;
    let approved = world.vendor.decide("a-1", "approved", &[]);
    world.deliver(&approved).await;
    assert_eq!(world.status(&verification).await, "approved");

    let hit = world.vendor.decide("a-1", "declined", &["sanctions_hit"]);
    let same_news = world.vendor.callback("a-1");
    assert_eq!(world.deliver(&hit).await, 204);
    world.until_status(&verification, "pending_review").await;
    for callback in [&hit, &same_news, &approved] {
        assert_eq!(world.deliver(callback).await, 204);
    }
    assert_eq!(world.show(&verification).await["reason"], "sanctions_hit");
    let case: Value = world.claim("r-1", "oldest_first").await.json().await.unwrap();
    assert_eq!(case["reason"], "sanctions_hit");
    assert_eq!(world.decide(&case, "r-1", "reject").await.status(), 200);
    assert_eq!(world.status(&verification).await, "rejected");

    assert_eq!(world.count(&verification, "decision_applied").await, 1);
    assert_eq!(world.count(&verification, "decision_revised").await, 1);
    assert_eq!(world.count(&verification, "applicant_notified").await, 3);
}

#[tokio::test]
async fn people_may_approve_again_whom_a_late_hit_had_stopped() {
    let world = World::start().await;
    let verification = world.accepted("a-1").await;
    let approved = world.vendor.decide("a-1", "approved", &[]);
    world.deliver(&approved).await;
    let hit = world.vendor.decide("a-1", "declined", &["pep_match"]);
    world.deliver(&hit).await;
    world.until_status(&verification, "pending_review").await;
    let case: Value = world.claim("r-1", "oldest_first").await.json().await.unwrap();
    assert_eq!(world.decide(&case, "r-1", "approve").await.status(), 200);
    assert_eq!(world.status(&verification).await, "approved");
    assert_eq!(world.deliver(&hit).await, 204);
    assert_eq!(world.status(&verification).await, "approved", "the same hit is no news");
}

#[tokio::test]
async fn a_forgery_that_is_found_late_needs_no_people() {
    let world = World::start().await;
    let verification = world.accepted("a-1").await;
    let approved = world.vendor.decide("a-1", "approved", &[]);
    world.deliver(&approved).await;
    let forged = world.vendor.decide("a-1", "declined", &["document_forged"]);
    world.deliver(&forged).await;
    world.until_status(&verification, "rejected").await;
    // And back again: the vendor was wrong twice.
    let approved = world.vendor.decide("a-1", "approved", &[]);
    world.deliver(&approved).await;
    world.until_status(&verification, "approved").await;
    assert_eq!(world.count(&verification, "decision_revised").await, 2);
    assert_eq!(world.count(&verification, "applicant_notified").await, 3);
}

#[tokio::test]
async fn a_review_that_ends_well_at_the_vendor_takes_the_case_off_the_queue() {
    let world = World::start().await;
    let verification = world.accepted("a-1").await;
    let doubt = world.vendor.decide("a-1", "review", &["low_confidence"]);
    world.deliver(&doubt).await;
    let case: Value = world.claim("r-1", "oldest_first").await.json().await.unwrap();
    let approved = world.vendor.decide("a-1", "approved", &[]);
    world.deliver(&approved).await;
    world.until_status(&verification, "approved").await;
    assert_eq!(world.decide(&case, "r-1", "reject").await.status(), 409);
    assert_eq!(world.status(&verification).await, "approved");
    let summary = expect(world.get("/v1/reviews/summary", REVIEWER_TOKEN), 200).await;
    assert_eq!((summary["waiting"].as_i64(), summary["claimed"].as_i64()), (Some(0), Some(0)));
    assert_eq!(world.claim("r-2", "oldest_first").await.status(), 204);
}

#[tokio::test]
async fn people_are_not_overruled_by_a_yes() {
    let world = World::start().await;
    let verification = world.accepted("a-1").await;
    let doubt = world.vendor.decide("a-1", "review", &["low_confidence"]);
    world.deliver(&doubt).await;
    let case: Value = world.claim("r-1", "oldest_first").await.json().await.unwrap();
    assert_eq!(world.decide(&case, "r-1", "reject").await.status(), 200);
    let approved = world.vendor.decide("a-1", "approved", &[]);
    world.deliver(&approved).await;
    world.until_event(&verification, "decision_revised", 1).await;
    assert_eq!(world.status(&verification).await, "rejected");
}

#[tokio::test]
async fn a_change_is_asked_about_until_the_answer_is_as_new_as_the_news() {
    let world = World::start().await;
    let verification = world.accepted("a-1").await;
    let approved = world.vendor.decide("a-1", "approved", &[]);
    world.deliver(&approved).await;
    world.vendor.trouble(Trouble::Refuse(503, "unavailable"));
    let hit = world.vendor.decide("a-1", "declined", &["document_forged"]);
    world.deliver(&hit).await;
    until("asked in vain", async || world.vendor.reads().await >= 1).await;
    assert_eq!(world.status(&verification).await, "approved");
    // Reads lag behind: the vendor still shows the state before.
    let stale = r#"{"id": "ses_1", "status": "approved", "attempt": 1, "version": 3, "decision": {"attempt": 1, "outcome": "approved"}}"#;
    world.vendor.trouble(Trouble::Spoil("application/json", stale));
    let before = world.vendor.reads().await;
    until("asked again", async || {
        world.clock.advance(secs(20));
        world.vendor.reads().await > before
    })
    .await;
    world.vendor.trouble(Trouble::None);
    until("rejected", async || {
        world.clock.advance(secs(60));
        world.status(&verification).await == "rejected"
    })
    .await;
}
