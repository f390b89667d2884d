//! The backend with Stripe Identity: one session for all attempts, no versions, and no status that says "failed".

mod order;
mod vendor;

use std::sync::Arc;
use std::time::Duration;

use kycsim_onboarding::{Clock as _, Database, OnboardingConfig};
use serde_json::json;

use crate::clock::ManualClock;
use crate::world::{PICTURE, World, expect, secs, until};
use vendor::{Event, FAULT, Stripe, Trouble, sign};

type StripeWorld = World<Stripe>;

async fn start() -> StripeWorld {
    with(|_| {}).await
}

async fn with(change: impl FnOnce(&mut OnboardingConfig)) -> StripeWorld {
    World::around(Stripe::start().await, Arc::new(ManualClock::new()), change).await
}

impl StripeWorld {
    async fn deliver_event(&self, event: &Event) -> u16 {
        self.deliver_event_signed(event, &sign(self.clock.now().as_second(), event)).await
    }

    async fn deliver_event_signed(&self, event: &Event, signature: &str) -> u16 {
        self.call_back(&[("Stripe-Signature", signature)], &event.0).await.as_u16()
    }

    /// Lets time pass until the vendor has everything of this attempt.
    async fn until_accepted(&self, verification: &crate::world::Verification, attempt: usize) {
        until("delivered", async || {
            self.clock.advance(secs(60));
            self.count(verification, "vendor_accepted").await == attempt
        })
        .await;
    }
}

#[tokio::test]
async fn an_approved_applicant_is_told_once() {
    let world = start().await;
    let verification = world.accepted("a-1").await;
    let metadata = world.vendor.metadata("a-1");
    let told = [("allowed", "id_card"), ("country", "DE"), ("document_type", "id_card")];
    assert_eq!(metadata.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect::<Vec<_>>(), told);

    let event = world.vendor.verify("a-1");
    assert_eq!(world.deliver_event(&event).await, 204);
    // No clock is moved: a hint is followed at once.
    world.until_status(&verification, "approved").await;
    let events = world.events(&verification).await;
    let applied = events.iter().find(|event| event["kind"] == "decision_applied").unwrap();
    assert_eq!((&applied["source"], &applied["outcome"]), (&json!("callback"), &json!("approved")));
    assert_eq!(world.count(&verification, "reconciled").await, 0, "the callback came");
    assert_eq!((world.vendor.counts("a-1"), world.vendor.reads("a-1").await), ((1, 1), 1));
}

#[tokio::test]
async fn a_failure_becomes_what_it_means() {
    for (code, status, reason) in [
        ("document_expired", "needs_resubmission", "document_expired"),
        ("selfie_face_mismatch", "rejected", "selfie_mismatch"),
        ("document_unverified_other", "pending_review", "unspecified"),
        ("hologram_missing", "pending_review", "unrecognised"),
    ] {
        let world = start().await;
        let verification = world.accepted("a-1").await;
        let event = world.vendor.fail("a-1", code);
        assert_eq!(world.deliver_event(&event).await, 204);
        world.until_status(&verification, status).await;
        assert_eq!(world.show(&verification).await["reason"], reason, "{code}");
    }
}

#[tokio::test]
async fn a_session_that_was_cancelled_there_expires_here() {
    let world = start().await;
    let verification = world.accepted("a-1").await;
    let event = world.vendor.cancel("a-1");
    world.deliver_event(&event).await;
    world.until_status(&verification, "expired").await;
}

#[tokio::test]
async fn a_resubmission_goes_into_the_same_session() {
    let world = start().await;
    let verification = world.accepted("a-1").await;
    let first = world.vendor.fail("a-1", "document_expired");
    world.deliver_event(&first).await;
    world.until_status(&verification, "needs_resubmission").await;

    let token = world.capture_token(&verification).await;
    expect(world.put_image(&verification, "document", &token, PICTURE.clone()), 200).await;
    world.submit(&verification).await;
    world.until_event(&verification, "vendor_accepted", 2).await;
    let second = world.vendor.fail("a-1", "selfie_manipulated");
    world.deliver_event(&second).await;
    world.until_status(&verification, "rejected").await;
    assert_eq!(world.vendor.counts("a-1"), (1, 2));
    assert_eq!(world.count(&verification, "decision_applied").await, 2);
}

#[tokio::test]
async fn the_failure_of_the_attempt_before_is_not_taken_for_this_ones() {
    let world = start().await;
    let verification = world.accepted("a-1").await;
    let first = world.vendor.fail("a-1", "document_expired");
    world.deliver_event(&first).await;
    world.until_status(&verification, "needs_resubmission").await;
    world.capture(&verification).await;
    world.submit(&verification).await;
    world.until_event(&verification, "vendor_accepted", 2).await;

    // Reads lag behind: the session still shows how the first attempt failed.
    let stale = world.vendor.lag("a-1");
    let reads = world.vendor.reads("a-1").await;
    world.deliver_event(&stale).await;
    until("asked", async || world.vendor.reads("a-1").await > reads).await;
    assert_eq!(world.status(&verification).await, "submitted");

    let failed = world.vendor.fail_unexamined("a-1", "country_not_supported");
    world.deliver_event(&failed).await;
    world.until_status(&verification, "rejected").await;
    assert_eq!(world.count(&verification, "decision_applied").await, 2);
}

#[tokio::test]
async fn duplicates_are_followed_by_one_question() {
    let world = start().await;
    let verification = world.accepted("a-1").await;
    let processing = world.vendor.event("a-1", "processing");
    let verified = world.vendor.verify("a-1");
    for event in [&processing, &verified, &verified, &processing, &verified] {
        assert_eq!(world.deliver_event(event).await, 204);
    }
    world.until_status(&verification, "approved").await;
    // The same event sealed anew, as a retry is.
    world.clock.advance(secs(3));
    assert_eq!(world.deliver_event(&verified).await, 204);
    assert_eq!(world.vendor.reads("a-1").await, 1);
    assert_eq!(world.count(&verification, "callback_duplicate").await, 4);

    // Another event with the same news makes us ask again, and find nothing new.
    let same_news = world.vendor.event("a-1", "verified");
    assert_eq!(world.deliver_event(&same_news).await, 204);
    until("asked again", async || world.vendor.reads("a-1").await == 2).await;
    assert_eq!(world.count(&verification, "decision_applied").await, 1);
    assert_eq!(world.count(&verification, "applicant_notified").await, 1);
}

#[tokio::test]
async fn an_event_may_come_before_the_session_is_known() {
    let world = start().await;
    world.vendor.trouble(Trouble::LoseAnswers("/verification_sessions")); // the session is made, and we do not hear of it
    let verification = world.submitted("a-1").await;
    until("the vendor has the session", async || world.vendor.counts("a-1").0 == 1).await;
    let created = world.vendor.event("a-1", "created");
    assert_eq!(world.deliver_event(&created).await, 204);
    assert_eq!(world.status(&verification).await, "submitted");

    world.vendor.trouble(Trouble::None);
    world.until_accepted(&verification, 1).await;
    assert_eq!(world.vendor.counts("a-1"), (1, 1));
    assert_eq!(world.count(&verification, "callback_received").await, 1);
}

#[tokio::test]
async fn an_event_may_come_before_the_submission_was_answered() {
    let world = start().await;
    world.vendor.trouble(Trouble::LoseAnswers("/submit"));
    let verification = world.submitted("a-1").await;
    until("the vendor has the submission", async || world.vendor.counts("a-1").1 == 1).await;
    let event = world.vendor.verify("a-1");
    assert_eq!(world.deliver_event(&event).await, 204);
    assert_eq!(world.vendor.reads("a-1").await, 0, "our own call will be answered first");
    world.vendor.trouble(Trouble::None);
    // The wait for the next try; nobody would ask of their own accord for another two minutes.
    let before = world.clock.now();
    until("approved", async || {
        let waited = world.clock.now().duration_since(before).as_secs();
        world.clock.advance(secs(if waited < 60 { 1 } else { 0 }));
        world.status(&verification).await == "approved"
    })
    .await;
    assert_eq!(world.vendor.counts("a-1"), (1, 1));
}

#[tokio::test]
async fn a_step_that_is_asked_for_patience_goes_on_where_it_was() {
    let world = start().await;
    world.vendor.trouble(Trouble::Pace("/data"));
    world.submitted("a-1").await;
    until("refused for its pace", async || !world.vendor.calls("POST", "/data").await.is_empty()).await;
    world.vendor.trouble(Trouble::None);
    until("the same call once more", async || {
        world.clock.advance(Duration::from_millis(250));
        world.vendor.calls("POST", "/data").await.len() > 1
    })
    .await;
    until("submitted", async || world.vendor.counts("a-1") == (1, 1)).await;
    let calls = async |ending| world.vendor.calls("POST", ending).await.len();
    assert_eq!((calls("/files").await, calls("/data").await, calls("/ephemeral_keys").await), (2, 3, 1));
}

#[tokio::test]
async fn a_lost_event_is_found_out_by_asking() {
    let world = start().await;
    let verification = world.accepted("a-1").await;
    let lost = world.vendor.verify("a-1");
    until("reconciled", async || {
        world.clock.advance(secs(20));
        world.status(&verification).await == "approved"
    })
    .await;
    assert_eq!(world.count(&verification, "reconciled").await, 1);
    // It was not lost after all.
    assert_eq!(world.deliver_event(&lost).await, 204);
    assert_eq!(world.count(&verification, "decision_applied").await, 1);
}

#[tokio::test]
async fn a_hint_is_followed_until_there_is_an_answer() {
    let world = start().await;
    let verification = world.accepted("a-1").await;
    let event = world.vendor.verify("a-1");
    world.vendor.trouble(Trouble::Refuse(503, FAULT));
    assert_eq!(world.deliver_event(&event).await, 204);
    until("asked in vain", async || world.vendor.reads("a-1").await >= 1).await;
    assert_eq!(world.status(&verification).await, "submitted");
    world.vendor.trouble(Trouble::None);
    until("approved", async || {
        world.clock.advance(secs(20));
        world.status(&verification).await == "approved"
    })
    .await;
}

#[tokio::test]
async fn a_hint_outlives_the_process() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = || Database::File(folder.path().join("backend.sqlite"));
    let world = with(|config| config.database = file()).await;
    let verification = world.accepted("a-1").await;
    let event = world.vendor.verify("a-1");
    world.vendor.trouble(Trouble::Refuse(503, FAULT));
    assert_eq!(world.deliver_event(&event).await, 204);
    let (vendor, clock) = world.kill().await;

    vendor.trouble(Trouble::None);
    let world: StripeWorld = World::around(vendor, clock, |config| config.database = file()).await;
    until("approved", async || {
        world.clock.advance(secs(15));
        world.status(&verification).await == "approved"
    })
    .await;
    assert_eq!(world.count(&verification, "reconciled").await, 0, "it is the callback that told");
}

#[tokio::test]
async fn what_stripe_did_not_sign_is_refused() {
    let world = start().await;
    let verification = world.accepted("a-1").await;
    let event = world.vendor.verify("a-1");
    let now = world.clock.now().as_second();
    let signature = sign(now, &event);
    let forged = Event(event.0.replace("verified", "requires_input"));
    for (what, event, signature) in [
        ("unsigned", &event, String::new()),
        ("wrongly signed", &event, signature.replace("v1=", "v1=00")),
        ("another body", &forged, signature.clone()),
        ("old", &event, sign(now - 301, &event)),
        ("from the future", &event, sign(now + 301, &event)),
    ] {
        assert_eq!(world.deliver_event_signed(event, &signature).await, 401, "{what}");
    }
    assert_eq!(world.call_back(&[], &event.0).await, 401);
    assert_eq!(world.count(&verification, "callback_received").await, 0);
    assert_eq!(world.vendor.reads("a-1").await, 0);

    let rolled = format!("t={now},v1={},{}", "0".repeat(64), signature.split_once(',').unwrap().1);
    assert_eq!(world.deliver_event_signed(&event, &rolled).await, 204);
    // Played again later, with the seal that it had.
    world.clock.advance(secs(301));
    assert_eq!(world.deliver_event_signed(&event, &rolled).await, 401);
}

#[tokio::test]
async fn what_is_no_event_is_refused_and_what_is_not_ours_is_ignored() {
    let world = start().await;
    for body in ["", "{", "[]", r#"{"id": "evt_1", "type": "identity.verification_session.verified", "data": {"object": {}}}"#] {
        assert_eq!(world.deliver_event(&Event(body.to_owned())).await, 400, "{body}");
    }
    let other = r#"{"id": "evt_1", "type": "charge.succeeded", "data": {"object": {"id": "ch_1"}}}"#;
    assert_eq!(world.deliver_event(&Event(other.to_owned())).await, 204);
}

#[tokio::test]
async fn lost_answers_keep_the_key_and_cause_no_second_session() {
    let world = start().await;
    world.vendor.trouble(Trouble::LoseAnswers(""));
    let verification = world.submitted("a-1").await;
    until("called", async || !world.vendor.keys("/verification_sessions").await.is_empty()).await;
    // Some answers are lost, and some are not.
    until("delivered", async || {
        let calls = world.vendor.server.received_requests().await.unwrap_or_default().len();
        world.vendor.trouble(if calls % 3 == 0 { Trouble::LoseAnswers("") } else { Trouble::None });
        world.clock.advance(secs(60));
        world.count(&verification, "vendor_accepted").await == 1
    })
    .await;
    assert_eq!(world.vendor.counts("a-1"), (1, 1));
    for call in ["/verification_sessions", "/submit"] {
        let keys = world.vendor.keys(call).await;
        assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    }
}

#[tokio::test]
async fn a_fault_that_is_remembered_is_outlived_under_another_key() {
    let world = start().await;
    world.vendor.trouble(Trouble::Refuse(500, FAULT));
    let verification = world.submitted("a-1").await;
    // The clock may run while a call is under way: then that one has timed out, and its key is kept.
    let different = async || {
        let mut keys = world.vendor.keys("/verification_sessions").await;
        keys.dedup();
        keys.len()
    };
    until("tried under several keys", async || {
        world.clock.advance(secs(60));
        different().await >= 3
    })
    .await;
    world.vendor.trouble(Trouble::None);
    world.until_accepted(&verification, 1).await;
    assert_eq!(world.vendor.counts("a-1"), (1, 1));
}

#[tokio::test]
async fn images_that_were_lost_are_uploaded_again() {
    let world = start().await;
    world.vendor.trouble(Trouble::LoseUploads);
    let verification = world.submitted("a-1").await;
    until("refused for want of images", async || world.vendor.keys("/submit").await.len() == 1).await;
    world.vendor.trouble(Trouble::None);
    world.until_accepted(&verification, 1).await;
    let mut keys = world.vendor.keys("/submit").await;
    keys.dedup();
    assert!(keys.len() >= 2, "the answer to the first key is remembered: {keys:?}");
    assert_eq!(world.vendor.counts("a-1"), (1, 1));
}

#[tokio::test]
async fn a_submission_that_went_through_unheard_of_is_found_by_looking() {
    let world = start().await;
    world.vendor.trouble(Trouble::LoseUploads);
    let verification = world.submitted("a-1").await;
    until("refused for want of images", async || world.vendor.keys("/submit").await.len() == 1).await;
    // Somebody else has submitted the session meanwhile, so it takes neither images nor submission.
    world.vendor.trouble(Trouble::None);
    world.vendor.verify("a-1");
    until("approved", async || {
        world.clock.advance(secs(60));
        world.status(&verification).await == "approved"
    })
    .await;
    assert_eq!(world.count(&verification, "vendor_accepted").await, 1);
}

#[tokio::test]
async fn a_refusal_of_the_request_goes_to_people_and_an_undocumented_one_does_not() {
    let unknown = r#"{"error": {"type": "invalid_request_error", "code": "parameter_unknown", "param": "colour", "message": "…"}}"#;
    let misleading = r#"{"error": {"type": "invalid_request_error", "code": "unprocessable", "message": "…"}}"#;
    let world = start().await;
    world.vendor.trouble(Trouble::Refuse(422, misleading));
    let outlived = world.submitted("a-1").await;
    until("called", async || !world.vendor.keys("/verification_sessions").await.is_empty()).await;
    world.vendor.trouble(Trouble::None);
    world.until_accepted(&outlived, 1).await;

    world.vendor.trouble(Trouble::Refuse(400, unknown));
    let referred = world.submitted("a-2").await;
    world.until_status(&referred, "pending_review").await;
    assert_eq!(world.show(&referred).await["reason"], "vendor_refused");
    let metrics = world.get("/metrics", "").send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains(r#"onboarding_vendor_calls_total{call="create_session",result="refused"}"#), "{metrics}");
}

#[tokio::test]
async fn a_flood_of_events_is_followed_by_one_question_each() {
    let world = with(|config| config.reconcile_workers = 2.try_into().unwrap()).await;
    let mut verifications = Vec::new();
    for n in 0..10 {
        verifications.push(world.accepted(&format!("a-{n}")).await);
    }
    let events: Vec<_> = verifications.iter().map(|verification| world.vendor.verify(&verification.applicant.reference)).collect();
    for event in &events {
        assert_eq!(world.deliver_event(event).await, 204);
    }
    for verification in &verifications {
        world.until_status(verification, "approved").await;
        assert_eq!(world.vendor.reads(&verification.applicant.reference).await, 1);
    }
}

#[tokio::test]
async fn nothing_of_an_applicant_is_told_but_what_is_needed() {
    let world = start().await;
    world.accepted("a-1").await;
    let calls = world.vendor.calls("POST", "").await;
    let texts: Vec<_> = calls.iter().map(|call| String::from_utf8_lossy(&call.body).into_owned()).collect();
    assert!(texts.iter().all(|text| !text.contains("example.com")), "no mail address leaves the house");
    let page_keys = calls.iter().filter(|call| call.url.path().contains("verification_pages"));
    assert!(page_keys.map(|call| call.headers["authorization"].to_str().unwrap()).all(|key| key == "Bearer ek_test_vs_1"));
}
