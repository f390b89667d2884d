//! The way of one applicant.

use serde_json::{Value, json};

use crate::world::{PICTURE, World, expect, expect_problem, text};

#[tokio::test]
async fn an_approved_applicant_is_told_once() {
    let world = World::start().await;
    let verification = world.accepted("a-1").await;
    assert_eq!(world.status(&verification).await, "submitted");
    assert_eq!(world.vendor.images("a-1"), ["documents", "selfies"]);

    let callback = world.vendor.decide("a-1", "approved", &[]);
    assert_eq!(world.deliver(&callback).await, 204);
    let shown = world.show(&verification).await;
    assert_eq!((&shown["status"], &shown["reason"], &shown["remedy"]), (&json!("approved"), &Value::Null, &Value::Null));

    let events = world.events(&verification).await;
    let kinds: Vec<_> = events.iter().map(|event| text(&event["kind"])).collect();
    assert_eq!(
        kinds,
        [
            "consent_given",
            "verification_started",
            "image_accepted",
            "image_accepted",
            "submitted",
            "vendor_accepted",
            "callback_received",
            "decision_applied",
            "applicant_notified"
        ]
    );
    assert_eq!(events[7]["status"], "approved");
    assert_eq!(events[7]["source"], "callback");
}

#[tokio::test]
async fn a_rejected_applicant_learns_why_and_what_to_do() {
    let world = World::start().await;
    let verification = world.accepted("a-1").await;
    let callback = world.vendor.decide("a-1", "declined", &["document_expired"]);
    world.deliver(&callback).await;
    let shown = world.show(&verification).await;
    assert_eq!((&shown["status"], &shown["reason"]), (&json!("rejected"), &json!("document_expired")));
    assert_eq!(shown["remedy"], "Start a new verification with another document.");
}

#[tokio::test]
async fn an_account_is_opened_once() {
    let world = World::start().await;
    let (first, second) = (world.open_account("a-1").await, world.open_account("a-1").await);
    assert_eq!(first.account, second.account);
    // Both tokens work: the first answer may only have been late.
    world.consent(&first).await;
    world.consent(&second).await;

    let body = json!({ "reference": "a-1", "email": "other@example.com", "country": "DE" });
    let request = world.post("/v1/accounts", "").header("idempotency-key", "open-a-1").json(&body);
    expect_problem(request, 409, "idempotency_key_reused").await;
}

#[tokio::test]
async fn without_consent_to_everything_nothing_begins() {
    let world = World::start().await;
    let applicant = world.open_account("a-1").await;
    expect_problem(world.begin(&applicant, "k"), 409, "consent_required").await;

    let path = format!("/v1/accounts/{}/consents", applicant.account);
    let outdated = json!({ "policy_version_hash": "0000", "locale": "de", "scopes": ["screening"] });
    expect_problem(world.post(&path, &applicant.token).json(&outdated), 409, "consent_outdated").await;

    let hash = &expect(world.get("/v1/consent-policy", ""), 200).await["policy_version_hash"];
    let partly = json!({ "policy_version_hash": hash, "locale": "de", "scopes": ["screening"] });
    expect(world.post(&path, &applicant.token).json(&partly), 201).await;
    expect_problem(world.begin(&applicant, "k"), 409, "consent_required").await;

    world.consent(&applicant).await;
    expect(world.begin(&applicant, "k"), 201).await;
}

#[tokio::test]
async fn there_is_one_open_verification() {
    let world = World::start().await;
    let verification = world.verification("a-1").await;
    let again = expect(world.begin(&verification.applicant, "begin"), 200).await;
    let other_key = expect(world.begin(&verification.applicant, "another"), 200).await;
    for begun in [again, other_key] {
        assert_eq!(text(&begun["id"]), verification.id);
        // Reopening brings a capture token that works.
        let token = text(&begun["capture"]["token"]);
        expect(world.put_image(&verification, "document", &token, PICTURE.clone()), 200).await;
    }
    assert_eq!(world.count(&verification, "verification_started").await, 1);
}

#[tokio::test]
async fn a_double_submit_is_one_attempt() {
    let world = World::start().await;
    let verification = world.verification("a-1").await;
    world.capture(&verification).await;
    let (first, second) = tokio::join!(world.submit(&verification), world.submit(&verification));
    assert_eq!((&first["attempt"], &second["attempt"]), (&json!(1), &json!(1)));
    world.until_event(&verification, "vendor_accepted", 1).await;
    world.submit(&verification).await;

    let callback = world.vendor.decide("a-1", "approved", &[]);
    world.deliver(&callback).await;
    assert_eq!(world.submit(&verification).await["status"], "approved");
    assert_eq!((world.vendor.sessions("a-1"), world.vendor.submissions("a-1")), (1, 1));
    assert_eq!(world.count(&verification, "submitted").await, 1);
}

#[tokio::test]
async fn nothing_is_submitted_without_both_images() {
    let world = World::start().await;
    let verification = world.verification("a-1").await;
    let path = format!("/v1/verifications/{}/submit", verification.id);
    let submit = || world.post(&path, &verification.applicant.token);
    expect_problem(submit(), 409, "images_missing").await;
    let token = world.capture_token(&verification).await;
    expect(world.put_image(&verification, "selfie", &token, PICTURE.clone()), 200).await;
    expect_problem(submit(), 409, "images_missing").await;
    expect(world.put_image(&verification, "document", &token, PICTURE.clone()), 200).await;
    expect(submit(), 202).await;
}

#[tokio::test]
async fn resubmissions_end_with_people() {
    let world = World::start().await;
    let verification = world.accepted("a-1").await;
    for attempt in 1..=3_u32 {
        world.until_event(&verification, "vendor_accepted", attempt as usize).await;
        let callback = world.vendor.decide("a-1", "resubmission_requested", &["image_blurred"]);
        assert_eq!(world.deliver(&callback).await, 204);
        let shown = world.show(&verification).await;
        assert_eq!((&shown["attempt"], &shown["attempts_left"]), (&json!(attempt), &json!(3 - attempt)));
        assert_eq!(shown["reason"], "image_blurred");
        if attempt < 3 {
            assert_eq!(shown["status"], "needs_resubmission");
            world.capture(&verification).await;
            world.submit(&verification).await;
        } else {
            assert_eq!(shown["status"], "pending_review");
        }
    }
    assert_eq!((world.vendor.sessions("a-1"), world.vendor.submissions("a-1")), (1, 3));
    assert_eq!(world.count(&verification, "decision_applied").await, 3);
    assert_eq!(world.count(&verification, "applicant_notified").await, 3);
}

#[tokio::test]
async fn a_resubmission_may_bring_only_the_image_that_was_bad() {
    let world = World::start().await;
    let verification = world.accepted("a-1").await;
    let callback = world.vendor.decide("a-1", "resubmission_requested", &["image_glare"]);
    world.deliver(&callback).await;
    let token = world.capture_token(&verification).await;
    expect(world.put_image(&verification, "document", &token, PICTURE.clone()), 200).await;
    assert_eq!(world.submit(&verification).await["attempt"], 2);
    world.until_event(&verification, "vendor_accepted", 2).await;
    assert_eq!(world.vendor.images("a-1"), ["documents", "selfies", "documents"]);
}
