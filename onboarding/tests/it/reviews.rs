//! The manual review queue.

use serde_json::{Value, json};

use crate::world::{REVIEWER_TOKEN, Verification, World, expect, expect_problem, secs, text};

async fn referred(world: &World, reference: &str, reason: &str) -> Verification {
    let verification = world.accepted(reference).await;
    let callback = world.vendor.decide(reference, "declined", &[reason]);
    world.deliver(&callback).await;
    assert_eq!(world.status(&verification).await, "pending_review");
    verification
}

async fn case(response: reqwest::Response) -> Value {
    assert_eq!(response.status(), 200);
    response.json().await.unwrap()
}

#[tokio::test]
async fn a_case_goes_to_one_of_two_reviewers() {
    let world = World::start().await;
    referred(&world, "a-1", "low_confidence").await;
    let (one, other) = tokio::join!(world.claim("r-1", "oldest_first"), world.claim("r-2", "oldest_first"));
    let mut statuses = [one.status().as_u16(), other.status().as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 204]);
}

#[tokio::test]
async fn only_who_claimed_a_case_decides_it_and_only_once() {
    let world = World::start().await;
    let verification = referred(&world, "a-1", "pep_match").await;
    let claimed = case(world.claim("r-1", "oldest_first").await).await;
    assert_eq!(text(&claimed["verification"]), verification.id);
    assert_eq!((&claimed["reference"], &claimed["risk"], &claimed["status"]), (&json!("a-1"), &json!("high"), &json!("claimed")));

    assert_eq!(world.decide(&claimed, "r-2", "approve").await.status(), 409);
    assert_eq!(case(world.decide(&claimed, "r-1", "reject").await).await["status"], "decided");
    assert_eq!(world.decide(&claimed, "r-1", "reject").await.status(), 200);
    assert_eq!(world.decide(&claimed, "r-1", "approve").await.status(), 409);
    assert_eq!(world.decide(&claimed, "r-2", "reject").await.status(), 409);

    assert_eq!(world.status(&verification).await, "rejected");
    assert_eq!(world.count(&verification, "review_decided").await, 1);
    assert_eq!(world.count(&verification, "decision_applied").await, 1);
    assert_eq!(world.count(&verification, "applicant_notified").await, 2); // a person looks; and what came of it
}

#[tokio::test]
async fn the_vendor_cannot_overrule_the_reviewers() {
    let world = World::start().await;
    let verification = referred(&world, "a-1", "sanctions_hit").await;
    let approved = world.vendor.decide("a-1", "approved", &[]);
    assert_eq!(world.deliver(&approved).await, 204);
    assert_eq!(world.status(&verification).await, "pending_review");
    assert_eq!(world.count(&verification, "callback_refused").await, 1);
}

#[tokio::test]
async fn the_orders_are_kept() {
    let world = World::start().await;
    for (reference, reason) in [("a-1", "low_confidence"), ("a-2", "address_mismatch"), ("a-3", "sanctions_hit")] {
        referred(&world, reference, reason).await;
        world.clock.advance(secs(1));
    }
    let references = async |order: &str| {
        let listed = expect(world.get(&format!("/v1/reviews?order={order}&limit=2"), REVIEWER_TOKEN), 200).await;
        listed["cases"].as_array().unwrap().iter().map(|case| text(&case["reference"])).collect::<Vec<_>>()
    };
    assert_eq!(references("oldest_first").await, ["a-1", "a-2"]);
    assert_eq!(references("highest_risk_first").await, ["a-3", "a-2"]);
    assert_eq!(case(world.claim("r-1", "highest_risk_first").await).await["reference"], "a-3");
    assert_eq!(case(world.claim("r-1", "oldest_first").await).await["reference"], "a-1");

    let summary = expect(world.get("/v1/reviews/summary", REVIEWER_TOKEN), 200).await;
    assert_eq!((&summary["waiting"], &summary["claimed"]), (&json!(1), &json!(2)));
    assert_eq!(summary["oldest_waiting_seconds"], 2.0);
}

#[tokio::test]
async fn a_claim_is_a_lease() {
    let world = World::start().await;
    let verification = referred(&world, "a-1", "low_confidence").await;
    let claimed = case(world.claim("r-1", "oldest_first").await).await;
    assert_eq!(world.claim("r-2", "oldest_first").await.status(), 204);
    world.clock.advance(secs(15 * 60));
    let summary = expect(world.get("/v1/reviews/summary", REVIEWER_TOKEN), 200).await;
    assert_eq!((&summary["waiting"], &summary["claimed"]), (&json!(1), &json!(0)));
    assert_eq!(case(world.claim("r-2", "oldest_first").await).await["id"], claimed["id"]);
    assert_eq!(world.decide(&claimed, "r-1", "approve").await.status(), 409);
    assert_eq!(world.decide(&claimed, "r-2", "approve").await.status(), 200);
    assert_eq!(world.status(&verification).await, "approved");
}

#[tokio::test]
async fn the_queue_is_for_reviewers() {
    let world = World::start().await;
    let applicant = world.open_account("a-1").await;
    for path in ["/v1/reviews", "/v1/reviews/summary"] {
        expect_problem(world.get(path, &applicant.token), 401, "unauthorised").await;
    }
    let claim = world.post("/v1/reviews/claim", "").json(&json!({ "reviewer": "r", "order": "oldest_first" }));
    expect_problem(claim, 401, "unauthorised").await;
    assert_eq!(world.claim("r-1", "oldest_first").await.status(), 204);
}
