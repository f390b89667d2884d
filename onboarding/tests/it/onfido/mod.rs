//! The backend with Onfido: a check for each attempt, callbacks that say nothing and verify for ever, and no idempotency.

mod vendor;

use std::sync::Arc;

use kycsim_onboarding::Clock as _;
use serde_json::{Value, json};

use crate::clock::ManualClock;
use crate::world::{PICTURE, Verification, World, expect, secs, until};
use vendor::{Onfido, Trouble, Webhook, report, sign};

type OnfidoWorld = World<Onfido>;

async fn start() -> OnfidoWorld {
    World::around(Onfido::start().await, Arc::new(ManualClock::new()), |_| {}).await
}

impl OnfidoWorld {
    async fn deliver_webhook(&self, webhook: &Webhook) -> u16 {
        self.deliver_webhook_signed(webhook, &sign(webhook)).await
    }

    async fn deliver_webhook_signed(&self, webhook: &Webhook, signature: &str) -> u16 {
        self.call_back(&[("X-SHA2-Signature", signature)], &webhook.0).await.as_u16()
    }

    /// Lets time pass until the vendor has everything of the first attempt.
    async fn until_accepted(&self, verification: &Verification) {
        until("delivered", async || {
            self.clock.advance(secs(60));
            self.count(verification, "vendor_accepted").await == 1
        })
        .await;
    }
}

fn blurred() -> Value {
    report("document", "consider", Some("rejected"), "image_integrity.image_quality", "blurred_photo")
}

fn forged() -> Value {
    report("document", "consider", Some("suspected"), "visual_authenticity.fonts", "")
}

fn listed() -> Value {
    report("watchlist_standard", "consider", None, "sanction.", "")
}

#[tokio::test]
async fn an_approved_applicant_is_told_once() {
    let world = start().await;
    let verification = world.accepted("a-1").await;
    assert_eq!(world.vendor.media("a-1"), ["documents", "live_photos"]);
    let webhook = world.vendor.complete("a-1", &[]);
    assert_eq!(world.deliver_webhook(&webhook).await, 204);
    // No clock is moved: a hint is followed at once.
    world.until_status(&verification, "approved").await;
    let events = world.events(&verification).await;
    let applied = events.iter().find(|event| event["kind"] == "decision_applied").unwrap();
    assert_eq!((&applied["source"], &applied["outcome"]), (&json!("callback"), &json!("approved")));
    assert_eq!(world.count(&verification, "reconciled").await, 0, "the callback came");
    assert_eq!((world.vendor.checks("a-1"), world.vendor.reads().await), (1, 1));
}

#[tokio::test]
async fn a_check_becomes_what_its_reports_say() {
    let caution = report("document", "consider", Some("caution"), "data_validation.mrz", "");
    let mismatch = report("facial_similarity_photo", "consider", None, "face_comparison.face_match", "");
    let no_face = report("facial_similarity_photo", "unidentified", None, "image_integrity.face_detected", "");
    for (reports, status, reason) in [
        (vec![forged()], "rejected", "document_forged"),
        (vec![mismatch], "rejected", "selfie_mismatch"),
        (vec![blurred()], "needs_resubmission", "image_blurred"),
        (vec![no_face], "needs_resubmission", "liveness_failed"),
        (vec![caution], "pending_review", "low_confidence"),
        (vec![listed()], "pending_review", "sanctions_hit"),
        (vec![forged(), listed()], "pending_review", "sanctions_hit"),
    ] {
        let world = start().await;
        let verification = world.accepted("a-1").await;
        let webhook = world.vendor.complete("a-1", &reports);
        assert_eq!(world.deliver_webhook(&webhook).await, 204);
        world.until_status(&verification, status).await;
        assert_eq!(world.show(&verification).await["reason"], reason);
    }
}

#[tokio::test]
async fn a_check_that_was_withdrawn_there_expires_here() {
    let world = start().await;
    let verification = world.accepted("a-1").await;
    let webhook = world.vendor.turn("a-1", "withdrawn");
    world.deliver_webhook(&webhook).await;
    world.until_status(&verification, "expired").await;
}

#[tokio::test]
async fn a_resubmission_is_another_check_of_the_same_applicant() {
    let world = start().await;
    let verification = world.accepted("a-1").await;
    let first = world.vendor.complete("a-1", &[blurred()]);
    world.deliver_webhook(&first).await;
    world.until_status(&verification, "needs_resubmission").await;

    let token = world.capture_token(&verification).await;
    expect(world.put_image(&verification, "document", &token, PICTURE.clone()), 200).await;
    world.submit(&verification).await;
    world.until_event(&verification, "vendor_accepted", 2).await;
    assert_eq!(world.vendor.checks("a-1"), 2);
    assert_eq!(world.vendor.media("a-1"), ["documents", "live_photos", "documents"]);

    // What comes late about the first check is no news of the second.
    let late = Webhook(first.0.replace("T10", "T11"));
    let reads = world.vendor.reads().await;
    assert_eq!(world.deliver_webhook(&late).await, 204);
    let second = world.vendor.complete("a-1", &[]);
    assert_eq!(world.deliver_webhook(&second).await, 204);
    world.until_status(&verification, "approved").await;
    assert_eq!(world.vendor.reads().await, reads + 1);
    assert_eq!(world.count(&verification, "decision_applied").await, 2);
}

#[tokio::test]
async fn duplicates_and_replays_have_no_effect() {
    let world = start().await;
    let verification = world.accepted("a-1").await;
    let started = world.vendor.webhook("a-1", "started");
    let completed = world.vendor.complete("a-1", &[]);
    for webhook in [&started, &completed, &completed, &started, &completed] {
        assert_eq!(world.deliver_webhook(webhook).await, 204);
    }
    world.until_status(&verification, "approved").await;
    assert_eq!(world.count(&verification, "callback_duplicate").await, 3);
    assert_eq!(world.vendor.reads().await, 1);

    // Played again much later: the seal still holds, and nothing else comes of it than another look.
    world.clock.advance(secs(8 * 24 * 3600));
    until("forgotten", async || {
        world.clock.advance(secs(60));
        world.deliver_webhook(&completed).await;
        world.vendor.reads().await >= 2
    })
    .await;
    assert_eq!(world.status(&verification).await, "approved");
    assert_eq!(world.count(&verification, "decision_applied").await, 1);
    assert_eq!(world.count(&verification, "decision_revised").await, 0);
    assert_eq!(world.count(&verification, "applicant_notified").await, 1);
}

#[tokio::test]
async fn a_check_that_timed_out_is_found_and_not_made_again() {
    let world = start().await;
    world.vendor.trouble(Trouble::HangOnChecks);
    let verification = world.submitted("a-1").await;
    until("the vendor has a check", async || world.vendor.calls("POST", "/checks").await == 1 && world.vendor.checks("a-1") == 1).await;
    // It is told before we know that it exists.
    let webhook = world.vendor.complete("a-1", &[]);
    assert_eq!(world.deliver_webhook(&webhook).await, 204);
    assert_eq!(world.status(&verification).await, "submitted");
    let summary = world.get("/metrics", "").send().await.unwrap().text().await.unwrap();
    assert!(summary.contains(r#"onboarding_callbacks_total{result="parked"} 1"#), "{summary}");

    world.vendor.trouble(Trouble::None);
    let before = world.clock.now();
    until("approved", async || {
        // Longer than a call may take, and shorter than anybody waits who asks of their own accord.
        let waited = world.clock.now().duration_since(before).as_secs();
        world.clock.advance(secs(if waited < 60 { 2 } else { 0 }));
        world.status(&verification).await == "approved"
    })
    .await;
    assert_eq!((world.vendor.checks("a-1"), world.vendor.calls("POST", "/checks").await), (1, 1));
    assert_eq!(world.count(&verification, "decision_applied").await, 1);
}

#[tokio::test]
async fn a_check_of_the_attempt_before_is_not_taken_for_this_ones() {
    let world = start().await;
    let verification = world.accepted("a-1").await;
    let first = world.vendor.complete("a-1", &[blurred()]);
    world.deliver_webhook(&first).await;
    world.until_status(&verification, "needs_resubmission").await;
    world.capture(&verification).await;
    world.vendor.trouble(Trouble::HangOnChecks);
    world.submit(&verification).await;
    until("the vendor has a second check", async || world.vendor.checks("a-1") == 2).await;
    world.vendor.trouble(Trouble::None);
    until("delivered", async || {
        world.clock.advance(secs(2));
        world.count(&verification, "vendor_accepted").await == 2
    })
    .await;
    assert_eq!(world.vendor.checks("a-1"), 2);
    let second = world.vendor.complete("a-1", &[]);
    world.deliver_webhook(&second).await;
    world.until_status(&verification, "approved").await;
}

#[tokio::test]
async fn lost_answers_make_no_second_check() {
    let world = start().await;
    world.vendor.trouble(Trouble::LoseAnswers);
    let verification = world.submitted("a-1").await;
    until("called", async || world.vendor.calls("POST", "/applicants").await >= 1).await;
    // Some answers are lost, and some are not.
    until("delivered", async || {
        let calls = world.vendor.server.received_requests().await.unwrap_or_default().len();
        world.vendor.trouble(if calls % 2 == 0 { Trouble::None } else { Trouble::LoseAnswers });
        world.clock.advance(secs(2)); // so that a call is answered before it has timed out: that would be another story
        world.count(&verification, "vendor_accepted").await == 1
    })
    .await;
    assert_eq!(world.vendor.checks("a-1"), 1);
}

#[tokio::test]
async fn a_lost_webhook_is_found_out_by_asking() {
    let world = start().await;
    let verification = world.accepted("a-1").await;
    let lost = world.vendor.complete("a-1", &[forged()]);
    until("reconciled", async || {
        world.clock.advance(secs(20));
        world.status(&verification).await == "rejected"
    })
    .await;
    assert_eq!(world.count(&verification, "reconciled").await, 1);
    // It was not lost after all.
    assert_eq!(world.deliver_webhook(&lost).await, 204);
    assert_eq!(world.count(&verification, "decision_applied").await, 1);
}

#[tokio::test]
async fn a_hint_is_followed_until_the_reports_are_there() {
    let world = start().await;
    let verification = world.accepted("a-1").await;
    // The check is complete, and one of its reports still says that it is not.
    let mut running = forged();
    running["status"] = json!("awaiting_data");
    let webhook = world.vendor.complete("a-1", &[running]);
    assert_eq!(world.deliver_webhook(&webhook).await, 204);
    until("asked in vain", async || world.vendor.reads().await == 1).await;
    assert_eq!(world.status(&verification).await, "submitted");
    world.vendor.complete("a-1", &[forged()]);
    until("rejected", async || {
        world.clock.advance(secs(20));
        world.status(&verification).await == "rejected"
    })
    .await;
}

#[tokio::test]
async fn a_check_that_is_opened_again_may_change_what_was_decided() {
    let world = start().await;
    let verification = world.accepted("a-1").await;
    let clear = world.vendor.complete("a-1", &[]);
    world.deliver_webhook(&clear).await;
    world.until_status(&verification, "approved").await;

    let reopened = world.vendor.turn("a-1", "reopened");
    world.deliver_webhook(&reopened).await;
    until("asked", async || world.vendor.reads().await == 2).await;
    assert_eq!(world.status(&verification).await, "approved");
    // The second completion is never told: whoever knows that a check is open again goes on asking.
    world.vendor.complete("a-1", &[listed()]);
    until("suspended", async || {
        world.clock.advance(secs(60));
        world.status(&verification).await == "pending_review"
    })
    .await;
    assert_eq!(world.count(&verification, "decision_revised").await, 1);
}

#[tokio::test]
async fn what_is_told_while_we_ask_makes_us_ask_again() {
    let world = start().await;
    let verification = world.accepted("a-1").await;
    world.vendor.trouble(Trouble::DelayReads);
    let clear = world.vendor.complete("a-1", &[]);
    world.deliver_webhook(&clear).await;
    until("asked", async || world.vendor.reads().await == 1).await;
    // The answer is on its way, and no longer true.
    let changed = world.vendor.complete("a-1", &[forged()]);
    assert_eq!(world.deliver_webhook(&changed).await, 204);
    // No clock is moved.
    world.until_status(&verification, "rejected").await;
    assert_eq!(world.count(&verification, "decision_revised").await, 1);
}

#[tokio::test]
async fn what_onfido_did_not_sign_is_refused() {
    let world = start().await;
    let verification = world.accepted("a-1").await;
    let webhook = world.vendor.complete("a-1", &[]);
    let signature = sign(&webhook);
    let other_body = Webhook(webhook.0.replace("completed", "withdrawn"));
    for (what, webhook, signature) in [
        ("unsigned", &webhook, String::new()),
        ("wrongly signed", &webhook, "0".repeat(64)),
        ("another body", &other_body, signature.clone()),
    ] {
        assert_eq!(world.deliver_webhook_signed(webhook, &signature).await, 401, "{what}");
    }
    assert_eq!(world.call_back(&[], &webhook.0).await, 401);
    assert_eq!(world.count(&verification, "callback_received").await, 0);
    assert_eq!((world.vendor.reads().await, world.status(&verification).await.as_str()), (0, "submitted"));
}

#[tokio::test]
async fn what_is_no_webhook_is_refused_and_what_is_not_ours_is_ignored() {
    let world = start().await;
    for body in ["", "{", "[]", r#"{"payload": {"resource_type": "check", "action": "check.completed", "object": {}}}"#] {
        assert_eq!(world.deliver_webhook(&Webhook(body.to_owned())).await, 400, "{body}");
    }
    let report = r#"{"payload": {"resource_type": "report", "action": "report.completed", "object": {"id": "r-1"}}}"#;
    assert_eq!(world.deliver_webhook(&Webhook(report.to_owned())).await, 204);
    let stranger = r#"{"payload": {"resource_type": "check", "action": "check.completed", "object": {"id": "c-99"}}}"#;
    assert_eq!(world.deliver_webhook(&Webhook(stranger.to_owned())).await, 204);
}

#[tokio::test]
async fn media_that_was_lost_is_uploaded_again() {
    let world = start().await;
    world.vendor.trouble(Trouble::LoseUploads);
    let verification = world.submitted("a-1").await;
    until("asked what is there", async || world.vendor.calls("GET", "/live_photos").await >= 1).await;
    assert_eq!(world.vendor.checks("a-1"), 0);
    world.vendor.trouble(Trouble::None);
    world.until_accepted(&verification).await;
    assert_eq!(world.vendor.checks("a-1"), 1);
}

#[tokio::test]
async fn a_refusal_of_the_request_goes_to_people_and_an_undocumented_one_does_not() {
    let world = start().await;
    world.vendor.trouble(Trouble::Refuse(422, r#"{"error": {"type": "validation_error", "message": "…", "fields": {}}}"#));
    let outlived = world.submitted("a-1").await;
    until("called", async || world.vendor.calls("POST", "/applicants").await >= 1).await;
    world.vendor.trouble(Trouble::None);
    world.until_accepted(&outlived).await;

    world.vendor.trouble(Trouble::Refuse(422, r#"{"error": {"type": "validation_error", "fields": {"first_name": ["is invalid"]}}}"#));
    let referred = world.submitted("a-2").await;
    world.until_status(&referred, "pending_review").await;
    assert_eq!(world.show(&referred).await["reason"], "vendor_refused");
}

#[tokio::test]
async fn nothing_of_an_applicant_is_told_but_what_is_needed() {
    let world = start().await;
    world.accepted("a-1").await;
    let mut applicant = world.vendor.applicant("a-1");
    applicant.as_object_mut().unwrap().remove("id");
    let expected = json!({
        "first_name": "Applicant", "last_name": "Unnamed", "id_numbers": [{ "type": "other", "value": "a-1" }],
        "location": { "country_of_residence": "DEU" },
    });
    assert_eq!(applicant, expected);
    let forms = world.vendor.forms();
    for piece in ["national_identity_card", "DEU", "front"] {
        assert!(forms[0].contains(piece), "{piece}");
    }
}
