//! What must show in every dialect. A behaviour that a dialect says it cannot play is over at once; that it says so truly is for its own page and tests.

use std::sync::atomic::{AtomicU32, Ordering};

use kycsim_scenarios::vendor::{Fault, Operation, Outcome, Reason};
use reqwest::StatusCode;
use serde_json::Value;
use wiremock::{Request, ResponseTemplate};

use super::play::{IN_8_S, Play, natural, secs, seen};
use super::{Customer, Seen, Verified};

/// A backend that fails so many times and then takes everything.
fn fails(times: u32) -> impl Fn(&Request) -> ResponseTemplate {
    let failed = AtomicU32::new(0);
    move |_| ResponseTemplate::new(if failed.fetch_add(1, Ordering::Relaxed) < times { 500 } else { 200 })
}

/// Has one applicant decided with these lines under `[vendor.callbacks]`, and lets two minutes pass.
async fn decided<C: Customer>(callbacks: &str) -> Option<Play> {
    let play = Play::begin::<C>(&format!("{IN_8_S}[vendor.callbacks]\n{callbacks}")).await?;
    play.walk::<C>("a-1").await;
    play.advance(secs(120)).await;
    Some(play)
}

fn verdicts<C: Customer>(play: &Play, callbacks: &[Request]) -> Vec<Verified> {
    callbacks.iter().map(|callback| C::verify(callback, &play.vendor.webhook_secret())).collect()
}

pub(super) async fn every_outcome_is_seen<C: Customer>() {
    let play = Play::begin::<C>(IN_8_S).await.unwrap();
    for (outcome, reason) in [
        (Outcome::Approved, None),
        (Outcome::Declined, Some(Reason::DocumentForged)),
        (Outcome::Review, Some(Reason::LowConfidence)),
        (Outcome::Resubmission, Some(Reason::ImageBlurred)),
    ] {
        assert_outcome::<C>(&play, outcome, reason).await;
    }
    let told = play.told::<C>().await;
    assert!(told.len() >= 4, "each was told: {}", told.len());
    assert!(verdicts::<C>(&play, &told).iter().all(|verdict| *verdict == Verified::Genuine));
}

pub(super) async fn every_reason_leads_to_its_outcome<C: Customer>() {
    let play = Play::begin::<C>(IN_8_S).await.unwrap();
    for reason in Reason::ALL {
        assert_outcome::<C>(&play, natural(*reason), Some(*reason)).await;
    }
}

async fn assert_outcome<C: Customer>(play: &Play, outcome: Outcome, reason: Option<Reason>) {
    let applicant = format!("a-{outcome}-{}", reason.map_or("none", Reason::as_str));
    let order = play.vendor.order_for(applicant.as_str());
    let order = match outcome {
        Outcome::Approved => order.approved(),
        Outcome::Declined => order.declined(reason),
        Outcome::Review => order.review(reason),
        Outcome::Resubmission => order.resubmission(reason),
    };
    order.place().unwrap();
    let session = C::begin(play, &applicant).await;
    assert_eq!(C::look(play, &session).await, Seen::Collecting);
    C::capture(play, &session).await;
    C::submit(play, &session).await;
    assert_eq!(C::look(play, &session).await, Seen::Processing);
    play.advance(secs(10)).await;
    assert_eq!(C::look(play, &session).await, seen(C::DIALECT, outcome), "{applicant}");
}

pub(super) async fn a_resubmission_is_the_next_attempt<C: Customer>() {
    let play = Play::begin::<C>(IN_8_S).await.unwrap();
    play.vendor.order_for("a-1").resubmission([Reason::ImageBlurred]).place().unwrap();
    let session = play.walk::<C>("a-1").await;
    play.advance(secs(10)).await;
    assert_eq!(C::look(&play, &session).await, seen(C::DIALECT, Outcome::Resubmission));
    play.vendor.order_for("a-1").approved().place().unwrap();
    C::capture(&play, &session).await;
    C::submit(&play, &session).await;
    assert_eq!(C::look(&play, &session).await, Seen::Processing);
    play.advance(secs(10)).await;
    assert_eq!(C::look(&play, &session).await, Seen::Approved);
    let attempts = play.vendor.session_of("a-1").map(|session| session.attempt);
    assert_eq!((attempts, play.vendor.sessions().len()), (Some(2), 1), "one session, two attempts");
    assert_eq!(play.told::<C>().await.len(), 2);
}

pub(super) async fn nothing_is_told_before_its_time<C: Customer>() {
    let play = Play::begin::<C>(IN_8_S).await.unwrap();
    let session = play.walk::<C>("a-1").await;
    play.advance(secs(7)).await;
    assert_eq!((C::look(&play, &session).await, play.told::<C>().await.len()), (Seen::Processing, 0));
    play.advance(secs(1)).await;
    assert_eq!((C::look(&play, &session).await, play.told::<C>().await.len()), (Seen::Approved, 1));
    play.advance(secs(24 * 3600)).await;
    assert_eq!(play.told::<C>().await.len(), 1, "once");
}

async fn assert_refused<C: Customer>(play: &Play, status: u16) {
    let answer = C::try_begin(play, "a-1").await;
    assert_eq!(answer.status().as_u16(), status);
    let body = answer.bytes().await.unwrap();
    assert!(C::is_refusal(status, &body), "{}", String::from_utf8_lossy(&body));
}

pub(super) async fn an_outage_is_told_in_the_vendors_words<C: Customer>() {
    let play = Play::begin::<C>(IN_8_S).await.unwrap();
    for status in [500, 503, 504, 422, 429] {
        play.vendor.order_for("a-1").failing(Operation::CreateSession, Fault::Error { status }, 1).place().unwrap();
        assert_refused::<C>(&play, status).await;
    }
    assert!(play.vendor.sessions().is_empty(), "nothing was done");
    C::begin(&play, "a-1").await;
    play.counted(Operation::CreateSession, 6);
}

pub(super) async fn a_rate_limit_is_told_in_the_vendors_words<C: Customer>() {
    let limit = "rate_limit = [{ endpoints = [\"create_session\"], burst = 1, per_second = 0.1 }]\n";
    let play = Play::begin::<C>(&format!("{IN_8_S}{limit}")).await.unwrap();
    C::begin(&play, "a-1").await;
    assert_refused::<C>(&play, 429).await;
    play.advance(secs(10)).await;
    C::begin(&play, "a-1").await;
}

pub(super) async fn a_gateways_page_is_no_refusal<C: Customer>() {
    let play = Play::begin::<C>(IN_8_S).await.unwrap();
    play.vendor.order_for("a-1").failing(Operation::CreateSession, Fault::Html { status: 502 }, 1).place().unwrap();
    let answer = C::try_begin(&play, "a-1").await;
    assert_eq!(answer.status(), StatusCode::BAD_GATEWAY);
    let body = answer.bytes().await.unwrap();
    assert!(!C::is_refusal(502, &body) && body.starts_with(b"<"), "{body:?}");
}

pub(super) async fn a_duplicate_is_the_same_to_the_byte<C: Customer>() {
    let Some(play) = decided::<C>("duplicate = { probability = 1, copies = 3, spacing = \"2s\" }").await else { return };
    let told = play.told::<C>().await;
    assert_eq!(verdicts::<C>(&play, &told), [Verified::Genuine; 3]);
    assert!(told.iter().all(|callback| callback.body == told[0].body));
}

pub(super) async fn what_is_forged_is_refused_and_sound_when_tried_again<C: Customer>() {
    for (defect, verdict) in [("unsigned", Verified::Unsigned), ("wrong_signature", Verified::Forged)] {
        let vendor = format!("{IN_8_S}[vendor.callbacks]\n{defect} = 1\nretry = [\"5s\"]\nevents = [\"decided\"]");
        let play = Play::answering::<C>(&vendor, fails(1)).await.unwrap();
        play.walk::<C>("a-1").await;
        play.advance(secs(60)).await;
        let told = play.told::<C>().await;
        assert_eq!(verdicts::<C>(&play, &told), [verdict, Verified::Genuine]);
    }
}

pub(super) async fn an_old_signature_is_refused<C: Customer>() {
    let Some(play) = decided::<C>("stale = { probability = 1, age = \"10m\" }").await else { return };
    let told = play.told::<C>().await;
    assert_eq!(verdicts::<C>(&play, &told), [Verified::Stale]);
}

pub(super) async fn a_malformed_callback_is_genuine_and_unreadable<C: Customer>() {
    let Some(play) = decided::<C>("malformed = 1\nevents = [\"decided\"]").await else { return };
    let received = play.received().await;
    assert_eq!(verdicts::<C>(&play, &received), [Verified::Genuine]);
    assert!(received[0].body_json::<Value>().is_err());
}

pub(super) async fn a_failed_delivery_is_tried_again<C: Customer>() {
    // The vendor's own schedule, whatever it is: three days are enough for two more tries.
    let vendor = format!("{IN_8_S}[vendor.callbacks]\nevents = [\"decided\"]\n");
    let play = Play::answering::<C>(&vendor, fails(2)).await.unwrap();
    play.walk::<C>("a-1").await;
    play.advance(secs(3 * 24 * 3600)).await;
    let told = play.told::<C>().await;
    assert_eq!(verdicts::<C>(&play, &told), [Verified::Genuine; 3], "signed anew each time, by the time of day");
    assert!(told.iter().all(|callback| callback.body == told[0].body));
}

pub(super) async fn an_order_comes_before_the_scenario<C: Customer>() {
    let play = Play::begin::<C>(IN_8_S).await.unwrap();
    let session = play.walk::<C>("a-1").await;
    play.vendor.order_for_session(session.as_str()).declined([Reason::SelfieMismatch]).place().unwrap();
    play.advance(secs(10)).await;
    assert_eq!(C::look(&play, &session).await, seen(C::DIALECT, Outcome::Declined), "even while it is examined");
}

pub(super) async fn a_lost_callback_is_found_by_reading<C: Customer>() {
    let Some(play) = decided::<C>("lost = 1").await else { return };
    assert!(play.told::<C>().await.is_empty());
    let session = play.vendor.session_of("a-1").unwrap().id;
    assert_eq!(C::look(&play, &session).await, Seen::Approved);
}

pub(super) async fn a_reader_may_be_told_yesterdays_truth<C: Customer>() {
    let play = Play::begin::<C>(IN_8_S).await.unwrap();
    let session = play.walk::<C>("a-1").await;
    play.advance(secs(10)).await;
    let stale = Fault::StaleRead { lag: secs(60) };
    play.vendor.order_for("a-1").always_failing(Operation::GetSession, stale).place().unwrap();
    assert_eq!(C::look(&play, &session).await, Seen::Processing);
    play.advance(secs(60)).await;
    assert_eq!(C::look(&play, &session).await, Seen::Approved);
}

pub(super) async fn held_callbacks_come_when_they_are_let_go<C: Customer>() {
    let hold = "[[incident]]\nname = \"hold\"\nat = \"0s\"\nlasts = \"1m\"\ncallbacks = { release_rate = 100 }\n";
    let play = Play::begin::<C>(&format!("{IN_8_S}{hold}")).await.unwrap();
    let session = play.walk::<C>("a-1").await;
    play.advance(secs(30)).await;
    assert_eq!((C::look(&play, &session).await, play.told::<C>().await.len()), (Seen::Approved, 0));
    play.advance(secs(60)).await;
    assert_eq!(play.told::<C>().await.len(), 1);
}

pub(super) async fn the_secret_changes_and_both_sign<C: Customer>() {
    let Some(play) = Play::begin::<C>(IN_8_S).await else { return };
    let before = play.vendor.webhook_secret();
    play.vendor.rotate_webhook_secret(None, secs(60)).unwrap();
    let now = play.vendor.webhook_secret();
    play.walk::<C>("a-1").await;
    play.advance(secs(10)).await;
    let told = play.told::<C>().await;
    assert_eq!(C::verify(&told[0], &now), Verified::Genuine);
    let old = C::verify(&told[0], &before);
    assert_eq!(old == Verified::Genuine, C::SIGNS_TWICE, "{old:?}");
}

pub(super) async fn a_changed_decision_is_told_again<C: Customer>() {
    let revision = "revision = [{ from = \"approved\", probability = 1, after = { distribution = \"constant\", value = \"1h\" }, to = \"declined\", reasons = { sanctions_hit = 1 } }]\n";
    let Some(play) = Play::begin::<C>(&format!("{IN_8_S}{revision}")).await else { return };
    let session = play.walk::<C>("a-1").await;
    play.advance(secs(60)).await;
    assert_eq!((C::look(&play, &session).await, play.told::<C>().await.len()), (Seen::Approved, 1));
    play.advance(secs(3600)).await;
    assert_eq!((C::look(&play, &session).await, play.told::<C>().await.len()), (Seen::Declined, 2));
}

pub(super) async fn a_vendor_that_restarts_goes_on<C: Customer>() {
    let play = Play::begin::<C>(IN_8_S).await.unwrap();
    let session = play.walk::<C>("a-1").await;
    let begun = C::begin(&play, "a-2").await;
    play.advance(secs(5)).await;
    let play = play.restarted::<C>(IN_8_S).await;
    assert_eq!(C::look(&play, &session).await, Seen::Processing);
    play.advance(secs(3)).await;
    assert_eq!(C::look(&play, &session).await, Seen::Approved);
    let told = play.told::<C>().await;
    assert_eq!(verdicts::<C>(&play, &told), [Verified::Genuine]);
    C::capture(&play, &begun).await;
    C::submit(&play, &begun).await;
    play.advance(secs(8)).await;
    assert_eq!(C::look(&play, &begun).await, Seen::Approved, "what was begun before is finished after");
}
