//! When callbacks are sent, whether, and how often; what a receiver must do to stop or lose them.

use kycsim_simulator::ResultWord;
use kycsim_simulator::testing::{Reason, callbacks_about};
use reqwest::StatusCode;
use wiremock::matchers::any;
use wiremock::{Mock, ResponseTemplate};

use super::scene::{HOUR, IN_8_S, Scene, body, secs};
use crate::receiver::signed_by;

fn with(callbacks: &str) -> String {
    format!("{IN_8_S}[vendor.callbacks]\n{callbacks}")
}

#[tokio::test]
async fn a_callback_may_be_delayed_and_reads_are_not() {
    let scene = Scene::set(&with("delay = { distribution = \"constant\", value = \"1h\" }")).await;
    let id = scene.walk("a-1").await;
    scene.advance(secs(8)).await;
    assert_eq!(scene.session(&id).await["status"], "approved");
    assert!(scene.received().await.is_empty());
    scene.advance(HOUR).await;
    assert_eq!(scene.seconds(), [3608.0]);
}

#[tokio::test]
async fn a_lost_callback_is_never_sent_and_counted() {
    let scene = Scene::set(&with("lost = 1")).await;
    scene.walk("a-1").await;
    scene.advance(1000 * HOUR).await;
    assert!(scene.received().await.is_empty());
    assert_eq!((scene.vendor.counts().callbacks_lost, scene.vendor.is_quiet()), (1, true));
}

#[tokio::test]
async fn a_callback_may_be_lost_when_it_would_be_tried_again_and_only_then() {
    let lines = with("lost_on_retry = 1\nretry = [\"5s\", \"5s\"]");
    let failing = Scene::answering(&lines, ResponseTemplate::new(500)).await;
    failing.walk("a-1").await;
    failing.advance(HOUR).await;
    assert_eq!((failing.seconds(), failing.vendor.counts().callbacks_given_up), (vec![8.0], 1));
    let taking = Scene::set(&lines).await;
    taking.walk("a-1").await;
    taking.advance(HOUR).await;
    assert_eq!((taking.received().await.len(), taking.vendor.counts().callbacks_given_up), (1, 0));
}

#[tokio::test]
async fn a_retry_schedule_of_days_passes_in_one_advance_until_it_is_taken() {
    let scene = Scene::set(&with("retry = [\"1m\", \"12h\", \"3days\", \"7days\"]")).await;
    scene.backend.reset().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(503)).up_to_n_times(3).mount(&scene.backend).await;
    Mock::given(any()).respond_with(ResponseTemplate::new(200)).mount(&scene.backend).await;
    scene.walk("a-1").await;
    scene.advance(30 * 24 * HOUR).await;
    let days = |seconds: f64| seconds / 86_400.0;
    assert_eq!(scene.seconds(), [8.0, 68.0, 43_268.0, 302_468.0]);
    assert!(days(scene.seconds()[3]) > 3.0);
    let tries: Vec<_> = scene.vendor.deliveries().iter().map(|delivery| (delivery.try_number, ResultWord::of(&delivery.result))).collect();
    let refused = |number| (number, ResultWord::Refused);
    assert_eq!(tries, [refused(1), refused(2), refused(3), (4, ResultWord::Accepted)]);
}

#[tokio::test]
async fn which_answers_count_as_success_is_the_vendors_idea() {
    let strict = Scene::answering(&with("success = [200]\nretry = [\"5s\"]"), ResponseTemplate::new(204)).await;
    strict.walk("a-1").await;
    strict.advance(HOUR).await;
    strict.vendor.verify(callbacks_about("a-1").status(204).result(ResultWord::Refused), 2);
    let odd = Scene::answering(&with("success = [202, 409]\nretry = [\"5s\"]"), ResponseTemplate::new(409)).await;
    odd.walk("a-1").await;
    odd.advance(HOUR).await;
    odd.vendor.verify(callbacks_about("a-1").status(409).result(ResultWord::Accepted), 1);
}

#[tokio::test]
async fn a_receiver_that_takes_longer_than_the_vendors_time_out_has_failed() {
    let slow = ResponseTemplate::new(204).set_delay(secs(20));
    let scene = Scene::answering(&with("timeout = \"40ms\"\nretry = [\"5s\"]"), slow).await;
    scene.walk("a-1").await;
    scene.advance(HOUR).await;
    scene.vendor.verify(callbacks_about("a-1").result(ResultWord::Failed), 2);
    assert_eq!(scene.seconds(), [8.0, 13.0]);
}

#[tokio::test]
async fn a_receiver_that_fails_too_often_is_sent_nothing_until_it_is_enabled_again() {
    let scene = Scene::answering(&with("disable_after = 3\nretry = [\"10s\"]"), ResponseTemplate::new(500)).await;
    let receiver = scene.backend.address().to_string();
    for number in 0..2 {
        scene.walk(&format!("a-{number}")).await;
        scene.advance(secs(1)).await;
    }
    scene.advance(HOUR).await;
    assert_eq!(scene.seconds(), [8.0, 9.0, 18.0], "three failures; the fourth try is not made");
    let [failing] = &scene.vendor.failing_receivers()[..] else { panic!("one") };
    assert_eq!((&failing.receiver, failing.failed_in_a_row, failing.disabled), (&receiver, 3, true));
    scene.walk("a-2").await;
    scene.advance(HOUR).await;
    assert_eq!((scene.seconds().len(), scene.vendor.counts().callbacks_disabled), (3, 2));

    assert!(scene.vendor.enable_receiver(&receiver));
    scene.backend.reset().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(204)).mount(&scene.backend).await;
    scene.walk("a-3").await;
    scene.advance(HOUR).await;
    scene.vendor.verify(callbacks_about("a-3").result(ResultWord::Accepted), 1);
}

#[tokio::test]
async fn the_secret_changes_when_the_scenario_says_and_both_sign_during_the_overlap() {
    let scene = Scene::set(&with("rotate_secret = { at = \"1h\", overlap = \"24h\" }")).await;
    let old = scene.vendor.webhook_secret();
    let told = async |reference| {
        scene.walk(reference).await;
        scene.advance(secs(8)).await;
        scene.received().await.pop().unwrap()
    };
    assert_eq!(signed_by(&told("a-1").await, &old), [true]);
    scene.advance(HOUR).await;
    let new = scene.vendor.webhook_secret();
    assert_ne!(old, new);
    let during = told("a-2").await;
    assert_eq!((signed_by(&during, &new), signed_by(&during, &old)), (vec![true, false], vec![false, true]));
    scene.advance(24 * HOUR).await;
    let after = told("a-3").await;
    assert_eq!((signed_by(&after, &new), signed_by(&after, &old)), (vec![true], vec![false]));
}

#[tokio::test]
async fn every_event_is_told_that_the_scenario_lists() {
    let scene = Scene::set(&with("events = [\"created\", \"processing\", \"decided\", \"expired\"]")).await;
    scene.walk("a-1").await;
    scene.create("a-2").await;
    scene.advance(HOUR).await;
    let told: Vec<_> = scene.received().await.iter().map(|callback| body(callback)["type"].as_str().unwrap().to_owned()).collect();
    let count = |kind: &str| told.iter().filter(|told| *told == kind).count();
    let counts = ["session.created", "session.processing", "session.decided", "session.expired"].map(count);
    assert_eq!(counts, [2, 1, 1, 1]);
}

#[tokio::test]
async fn a_decision_is_told_again_on_command() {
    let scene = Scene::set(IN_8_S).await;
    scene.vendor.order_for("a-1").declined([Reason::Underage]).await.unwrap();
    let id = scene.walk("a-1").await;
    assert!(scene.vendor.redeliver(&id).is_err(), "there is nothing to tell");
    scene.advance(secs(8)).await;
    scene.vendor.redeliver(&id).unwrap();
    scene.advance(secs(0)).await;
    let [first, again] = &scene.received().await[..] else { panic!("two") };
    assert_eq!((&first.headers["webhook-id"], &first.body), (&again.headers["webhook-id"], &again.body));
    assert_eq!(scene.post(&format!("/v1/sessions/{id}/cancel")).await.status(), StatusCode::CONFLICT);
}
