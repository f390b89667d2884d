//! What the vendor must be told gets told, or people hear of it.

use crate::vendor::Trouble;
use crate::world::{World, expect, secs, text, until};

/// Waits until the vendor has been called at least so many times.
async fn until_calls(world: &World, calls: usize) {
    until("calls", async || world.vendor.server.received_requests().await.unwrap_or_default().len() >= calls).await;
}

#[tokio::test]
async fn an_outage_is_outlived() {
    let world = World::start().await;
    world.vendor.trouble(Trouble::Refuse(503, "unavailable"));
    let verification = world.submitted("a-1").await;
    until("tried in vain", async || {
        world.clock.advance(secs(60));
        world.vendor.server.received_requests().await.unwrap_or_default().len() >= 4
    })
    .await;
    let metrics = world.get("/metrics", "").send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("onboarding_outbox_depth 4"), "{metrics}");
    assert_eq!(world.status(&verification).await, "submitted");

    world.vendor.trouble(Trouble::None);
    until("delivered", async || {
        world.clock.advance(secs(60));
        world.count(&verification, "vendor_accepted").await == 1
    })
    .await;
    assert_eq!((world.vendor.sessions("a-1"), world.vendor.submissions("a-1")), (1, 1));
}

#[tokio::test]
async fn lost_answers_cause_no_second_session_and_no_second_submission() {
    let world = World::start().await;
    world.vendor.trouble(Trouble::LoseAnswers);
    let verification = world.submitted("a-1").await;
    until_calls(&world, 1).await;
    // Each answer but the first is lost until the step has been tried twice.
    until("delivered", async || {
        let calls = world.vendor.server.received_requests().await.unwrap_or_default().len();
        world.vendor.trouble(if calls % 2 == 0 { Trouble::None } else { Trouble::LoseAnswers });
        world.clock.advance(secs(60));
        world.count(&verification, "vendor_accepted").await == 1
    })
    .await;
    assert_eq!((world.vendor.sessions("a-1"), world.vendor.submissions("a-1")), (1, 1));
}

#[tokio::test]
async fn what_the_vendor_refuses_for_good_goes_to_people() {
    let world = World::start().await;
    world.vendor.trouble(Trouble::Refuse(400, "unknown_field"));
    let verification = world.submitted("a-1").await;
    world.until_status(&verification, "pending_review").await;
    assert_eq!(world.show(&verification).await["reason"], "vendor_refused");
    assert_eq!(world.count(&verification, "decision_applied").await, 1);
    let metrics = world.get("/metrics", "").send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("onboarding_outbox_depth 0"), "{metrics}");
    assert!(metrics.contains(r#"onboarding_vendor_calls_total{call="create_session",result="refused"} 1"#), "{metrics}");

    let case = world.claim("r-1", "oldest_first").await.json().await.unwrap();
    assert_eq!(world.decide(&case, "r-1", "approve").await.status(), 200);
    assert_eq!(world.status(&verification).await, "approved");
}

#[tokio::test]
async fn a_vendor_that_stays_away_is_given_up() {
    let world = World::with(|config| config.give_up_after = secs(3600)).await;
    world.vendor.trouble(Trouble::Refuse(503, "unavailable"));
    let verification = world.submitted("a-1").await;
    until_calls(&world, 1).await;
    world.clock.advance(secs(3601));
    world.until_status(&verification, "pending_review").await;
    assert_eq!(world.show(&verification).await["reason"], "vendor_unavailable");
}

#[tokio::test]
async fn a_refused_key_is_an_operators_mistake_and_not_an_applicants() {
    let world = World::start().await;
    world.vendor.trouble(Trouble::Refuse(401, "invalid_api_key"));
    let verification = world.submitted("a-1").await;
    until_calls(&world, 1).await;
    world.vendor.trouble(Trouble::None);
    until("delivered", async || {
        world.clock.advance(secs(60));
        world.count(&verification, "vendor_accepted").await == 1
    })
    .await;
}

#[tokio::test]
async fn a_code_that_nobody_has_documented_is_an_outage_and_not_our_mistake() {
    let world = World::start().await;
    world.vendor.trouble(Trouble::Refuse(422, "unprocessable"));
    let verification = world.submitted("a-1").await;
    until_calls(&world, 1).await;
    world.vendor.trouble(Trouble::None);
    until("delivered", async || {
        world.clock.advance(secs(60));
        world.count(&verification, "vendor_accepted").await == 1
    })
    .await;
    assert_eq!(world.status(&verification).await, "submitted");
}

#[tokio::test]
async fn a_success_without_content_is_none() {
    for (content_type, body) in [
        ("application/json", "{}"),
        ("application/json", r#"{"id": "ses_1", "object": "session", "attempt": 1, "version": 1}"#),
        ("application/json", r#"{"id": "ses_1", "status": "colle"#),
        ("text/html", "<html>200 OK</html>"),
        ("text/html", r#"{"id": "ses_1", "status": "collecting", "attempt": 1, "version": 1}"#),
    ] {
        let world = World::start().await;
        world.vendor.trouble(Trouble::Spoil(content_type, body));
        let verification = world.submitted("a-1").await;
        until_calls(&world, 1).await;
        // Each answer is spoiled until the step has been tried twice.
        until("delivered", async || {
            let calls = world.vendor.server.received_requests().await.unwrap_or_default().len();
            world.vendor.trouble(if calls % 2 == 0 { Trouble::None } else { Trouble::Spoil(content_type, body) });
            world.clock.advance(secs(60));
            world.count(&verification, "vendor_accepted").await == 1
        })
        .await;
        let vendor = &world.vendor;
        assert_eq!((vendor.sessions("a-1"), vendor.submissions("a-1")), (1, 1), "{content_type} {body}");
    }
}

#[tokio::test]
async fn what_was_confirmed_and_lost_is_uploaded_again() {
    let world = World::start().await;
    world.vendor.trouble(Trouble::LoseUploads);
    let verification = world.submitted("a-1").await;
    until_calls(&world, 4).await; // the session, two uploads, and a submission that is refused
    assert_eq!(world.vendor.images("a-1"), [] as [&str; 0]);
    world.vendor.trouble(Trouble::None);
    until("delivered", async || {
        world.clock.advance(secs(60));
        world.count(&verification, "vendor_accepted").await == 1
    })
    .await;
    assert_eq!((world.vendor.sessions("a-1"), world.vendor.submissions("a-1")), (1, 1));
    // Perhaps one of them more than once: the clock may run while a call is under way.
    let images = world.vendor.images("a-1");
    assert!(["documents", "selfies"].iter().all(|kind| images.iter().any(|image| image == kind)), "{images:?}");
}

#[tokio::test]
async fn uploads_that_are_lost_for_ever_go_to_people() {
    let world = World::with(|config| config.give_up_after = secs(3600)).await;
    world.vendor.trouble(Trouble::LoseUploads);
    let verification = world.submitted("a-1").await;
    until("given up", async || {
        world.clock.advance(secs(60));
        world.status(&verification).await == "pending_review"
    })
    .await;
    assert_eq!(world.show(&verification).await["reason"], "vendor_unavailable");
}

#[tokio::test]
async fn who_is_told_to_wait_waits() {
    let world = World::with(|config| config.outbox_workers = 1.try_into().unwrap()).await;
    world.vendor.trouble(Trouble::Refuse(429, "too_many_requests"));
    let verification = world.submitted("a-1").await;
    until_calls(&world, 1).await;
    world.vendor.trouble(Trouble::None);
    // The one worker has written the refusal down before it serves another: only then may the clock run, or the wait would begin later than it seems.
    world.submitted("a-2").await;
    until("another has a session", async || world.vendor.sessions("a-2") == 1).await;
    // Long after the backoff alone would have tried again, and before the vendor wants to hear of us.
    world.clock.advance(secs(29));
    world.submitted("a-3").await;
    until("a third has a session", async || world.vendor.sessions("a-3") == 1).await;
    assert_eq!(world.vendor.sessions("a-1"), 0);
    world.clock.advance(secs(2));
    world.until_event(&verification, "vendor_accepted", 1).await;
}

#[tokio::test]
async fn many_are_served_at_once() {
    let world = World::with(|config| config.outbox_workers = 4.try_into().unwrap()).await;
    let mut verifications = Vec::new();
    for n in 0..12 {
        verifications.push(world.submitted(&format!("a-{n}")).await);
    }
    for verification in &verifications {
        world.until_event(verification, "vendor_accepted", 1).await;
        assert_eq!(world.vendor.images(&verification.applicant.reference), ["documents", "selfies"]);
    }
}

#[tokio::test]
async fn calls_are_correlated_and_keyed() {
    let world = World::start().await;
    let verification = world.verification("a-1").await;
    world.capture(&verification).await;
    let path = format!("/v1/verifications/{}/submit", verification.id);
    let submit = world.post(&path, &verification.applicant.token).header("x-request-id", "mobile-app-77");
    let response = submit.send().await.unwrap();
    assert_eq!(response.headers()["x-request-id"], "mobile-app-77");
    world.until_event(&verification, "vendor_accepted", 1).await;

    let calls = world.vendor.server.received_requests().await.unwrap_or_default();
    assert!(calls.iter().all(|call| call.headers["x-request-id"] == "mobile-app-77"));
    let key = format!("{}-1-create_session", verification.id);
    assert_eq!(calls[0].headers["idempotency-key"], key.as_str());
    let events = world.events(&verification).await;
    let accepted = events.iter().find(|event| event["kind"] == "vendor_accepted").unwrap();
    assert_eq!(text(&accepted["correlation"]), "mobile-app-77");
    expect(world.get("/healthz", ""), 200).await;
}
