use reqwest::Method;
use serde_json::json;

use crate::stage::{APPROVE, Stage};

#[tokio::test]
async fn a_clock_is_frozen_moved_on_and_let_go() {
    let stage = Stage::set(&APPROVE.replace("20ms", "23h")).await;
    assert_eq!(stage.ask("/clock").await["mode"], "real");
    let frozen = stage.tell(Method::PUT, "/clock", &json!({"mode": "frozen"})).await;
    assert_eq!(frozen["mode"], "frozen");
    let session = stage.walk("a-1").await;
    let moved = stage.tell(Method::POST, "/clock/advance", &json!({"by": "24h", "within": "20s"})).await;
    let micros = |view: &serde_json::Value| view["elapsed_micros"].as_u64().unwrap();
    assert_eq!(micros(&moved) - micros(&frozen), 24 * 3600 * 1_000_000);
    let day = |view: &serde_json::Value| view["now"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert_eq!(day(&moved).duration_since(day(&frozen)).as_hours(), 24);
    assert_eq!(stage.session(&session).await["status"], "approved");
    assert_eq!(stage.received().await.len(), 1, "what fell due on the way was delivered before the answer");
    let scaled = stage.tell(Method::PUT, "/clock", &json!({"mode": {"scaled": 60.0}})).await;
    assert_eq!(scaled["mode"], json!({"scaled": 60.0}));
}

#[tokio::test]
async fn what_a_clock_cannot_do_is_refused() {
    let stage = Stage::set(APPROVE).await;
    let message = stage.refused(Method::POST, "/clock/advance", &json!({"by": "1h"}), 409, "clock_not_frozen").await;
    assert!(message.contains("freeze it first"), "{message}");
    stage.refused(Method::PUT, "/clock", &json!({"mode": {"scaled": 0}}), 422, "invalid_scale").await;
    stage.refused(Method::PUT, "/clock", &json!({"mode": "backwards"}), 422, "invalid_body").await;
    stage.freeze().await;
    stage.refused(Method::POST, "/clock/advance", &json!({"by": "1h", "within": "61s"}), 422, "too_long").await;
    stage.refused(Method::POST, "/clock/advance", &json!({"by": "101years"}), 422, "too_long").await;
    let message = stage.refused(Method::POST, "/clock/advance", &json!({"by": "soon"}), 422, "invalid_body").await;
    assert!(message.contains("in `by`") && message.contains("`soon` is not a length of time"), "{message}");
}

#[tokio::test]
async fn an_advance_that_takes_too_long_says_how_far_it_came() {
    let slow = wiremock::ResponseTemplate::new(204).set_delay(std::time::Duration::from_secs(30));
    let stage = Stage::set_with(APPROVE, |config| config, slow).await;
    stage.freeze().await;
    stage.walk("a-1").await;
    let message = stage.refused(Method::POST, "/clock/advance", &json!({"by": "1h", "within": "300ms"}), 409, "advance_overran").await;
    assert!(message.contains("advanced by 20ms only") && message.contains("under way: 1 deliveries"), "{message}");
}
