//! Callbacks: doubled, late, early, forged, contradicting, incomprehensible.

use crate::vendor::{Callback, Trouble};
use crate::world::{World, secs, sign, until};

use kycsim_onboarding::Clock as _;

#[tokio::test]
async fn a_duplicate_has_no_second_effect() {
    let world = World::start().await;
    let verification = world.accepted("a-1").await;
    let callback = world.vendor.decide("a-1", "approved", &[]);
    let same_news = world.vendor.callback("a-1");
    for delivered in [&callback, &callback, &same_news, &callback] {
        assert_eq!(world.deliver(delivered).await, 204);
    }
    assert_eq!(world.status(&verification).await, "approved");
    assert_eq!(world.count(&verification, "decision_applied").await, 1);
    assert_eq!(world.count(&verification, "applicant_notified").await, 1);
    assert_eq!(world.count(&verification, "callback_duplicate").await, 3);
}

#[tokio::test]
async fn a_late_callback_of_the_attempt_before_changes_nothing() {
    let world = World::start().await;
    let verification = world.accepted("a-1").await;
    let asked_again = world.vendor.decide("a-1", "resubmission_requested", &["image_blurred"]);
    world.deliver(&asked_again).await;
    world.capture(&verification).await;
    world.submit(&verification).await;
    world.until_event(&verification, "vendor_accepted", 2).await;

    let late = Callback { id: "evt_late".to_owned(), ..asked_again };
    let approved = world.vendor.decide("a-1", "approved", &[]);
    for callback in [&late, &approved, &late] {
        assert_eq!(world.deliver(callback).await, 204);
    }
    assert_eq!(world.status(&verification).await, "approved");
    assert_eq!(world.count(&verification, "decision_applied").await, 2);
}

#[tokio::test]
async fn a_contradiction_is_asked_about_and_not_believed() {
    let world = World::start().await;
    let verification = world.accepted("a-1").await;
    let approved = world.vendor.decide("a-1", "approved", &[]);
    let lie = Callback { id: "evt_lie".to_owned(), body: approved.body.replace("approved", "declined") };
    assert_eq!(world.deliver(&approved).await, 204);
    assert_eq!(world.deliver(&lie).await, 204);
    // No clock is moved: asking does not wait for its time.
    until("asked", async || world.vendor.reads().await == 1).await;
    let events = world.events(&verification).await;
    let refused = events.iter().find(|event| event["kind"] == "callback_refused").unwrap();
    assert_eq!(refused["why"], "contradicts");

    // The answer is as new as the lie, so the question is settled.
    for _ in 0..20 {
        world.clock.advance(secs(3600));
        world.status(&verification).await;
    }
    assert_eq!(world.vendor.reads().await, 1);
    assert_eq!(world.status(&verification).await, "approved");
    assert_eq!(world.count(&verification, "decision_revised").await, 0);
}

#[tokio::test]
async fn news_of_work_in_progress_decides_nothing_whenever_it_comes() {
    let world = World::start().await;
    let verification = world.accepted("a-1").await;
    let created = world.vendor.event("a-1", "session.created");
    let processing = world.vendor.event("a-1", "session.processing");
    let late = Callback { id: "evt_late".to_owned(), ..processing.clone() };
    let approved = world.vendor.decide("a-1", "approved", &[]);
    for callback in [&created, &processing, &approved, &late] {
        assert_eq!(world.deliver(callback).await, 204);
    }
    assert_eq!(world.status(&verification).await, "approved");
    assert_eq!(world.count(&verification, "decision_applied").await, 1);
    assert_eq!(world.vendor.reads().await, 0, "nothing in it is surprising");
}

#[tokio::test]
async fn a_callback_may_come_before_the_session_is_known() {
    let world = World::start().await;
    world.vendor.trouble(Trouble::LoseAnswers); // the session is made, and we do not hear of it
    let verification = world.submitted("a-1").await;
    until("the vendor has the session", async || world.vendor.sessions("a-1") == 1).await;

    let callback = world.vendor.decide("a-1", "approved", &[]);
    assert_eq!(world.deliver(&callback).await, 204);
    assert_eq!(world.deliver(&callback).await, 204);
    assert_eq!(world.status(&verification).await, "submitted");

    world.vendor.trouble(Trouble::None);
    world.clock.advance(secs(1));
    world.until_status(&verification, "approved").await;
    assert_eq!(world.vendor.sessions("a-1"), 1);
    assert_eq!(world.count(&verification, "decision_applied").await, 1);
}

#[tokio::test]
async fn a_callback_may_come_before_the_submission_was_answered() {
    let world = World::start().await;
    let verification = world.submitted("a-1").await;
    until("the vendor has the session", async || world.vendor.sessions("a-1") == 1).await;
    let callback = world.vendor.decide("a-1", "declined", &["underage"]);
    world.deliver(&callback).await;
    world.until_status(&verification, "rejected").await;
    assert_eq!(world.count(&verification, "decision_applied").await, 1);
}

#[tokio::test]
async fn what_the_vendor_did_not_sign_is_refused() {
    let world = World::start().await;
    let verification = world.accepted("a-1").await;
    let callback = world.vendor.decide("a-1", "approved", &[]);
    let now = world.clock.now().as_second();
    let sent = now.to_string();
    let signature = sign(&callback.id, &sent, &callback.body);
    let other_body = Callback { body: callback.body.replace("approved", "declined"), ..callback.clone() };
    let (old, early) = ((now - 301).to_string(), (now + 301).to_string());

    for (what, callback, sent, signature) in [
        ("unsigned", &callback, &sent, String::new()),
        ("wrongly signed", &callback, &sent, signature.replace("v1,", "v1,AA")),
        ("another body", &other_body, &sent, signature.clone()),
        ("old", &callback, &old, sign(&callback.id, &old, &callback.body)),
        ("from the future", &callback, &early, sign(&callback.id, &early, &callback.body)),
    ] {
        assert_eq!(world.deliver_signed(callback, sent, &signature).await, 401, "{what}");
    }
    assert_eq!(world.status(&verification).await, "submitted");
    assert_eq!(world.count(&verification, "callback_received").await, 0);

    let rotated = format!("v1,AAAA {signature}");
    assert_eq!(world.deliver_signed(&callback, &sent, &rotated).await, 204);
    assert_eq!(world.status(&verification).await, "approved");
}

#[tokio::test]
async fn words_we_do_not_know_make_us_ask() {
    let world = World::start().await;
    let verification = world.accepted("a-1").await;
    let callback = world.vendor.decide("a-1", "approved", &[]);
    let strange = Callback { id: "evt_strange".to_owned(), body: callback.body.replace("approved", "blessed") };
    assert_eq!(world.deliver(&strange).await, 204);
    // No clock is moved: asking does not wait for its time.
    world.until_status(&verification, "approved").await;
    assert_eq!(world.count(&verification, "reconciled").await, 1);
    assert_eq!(world.deliver(&callback).await, 204);
    assert_eq!(world.count(&verification, "decision_applied").await, 1);
}

#[tokio::test]
async fn an_unknown_reason_for_a_decline_goes_to_people() {
    let world = World::start().await;
    let verification = world.accepted("a-1").await;
    let callback = world.vendor.decide("a-1", "declined", &["retrograde_mercury"]);
    world.deliver(&callback).await;
    let shown = world.show(&verification).await;
    assert_eq!((shown["status"].as_str(), shown["reason"].as_str()), (Some("pending_review"), Some("unrecognised")));
}

#[tokio::test]
async fn what_is_no_callback_is_refused_and_nothing_breaks() {
    let world = World::start().await;
    for body in ["", "{", "[]", "null", r#"{"type": "session.decided", "data": {"id": "../../etc"}}"#] {
        let callback = Callback { id: "evt_bad".to_owned(), body: body.to_owned() };
        assert_eq!(world.deliver(&callback).await, 400, "{body}");
    }
    let stranger = Callback { id: "evt_x".to_owned(), body: r#"{"type": "session.decided", "data": {"id": "ses_not_ours"}}"#.to_owned() };
    assert_eq!(world.deliver(&stranger).await, 204);
}

#[tokio::test]
async fn a_session_that_expired_at_the_vendor_expires_here() {
    let world = World::start().await;
    let verification = world.accepted("a-1").await;
    let callback = world.vendor.expire("a-1");
    world.deliver(&callback).await;
    world.deliver(&callback).await;
    assert_eq!(world.status(&verification).await, "expired");
    assert_eq!(world.count(&verification, "expired").await, 1);
}
