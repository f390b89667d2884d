//! Requests that are refused, misled, or answered with less than the truth.

use kycsim_simulator::testing::{Fault, Operation};
use reqwest::StatusCode;
use serde_json::json;

use super::scene::{IN_8_S, Scene, secs};
use crate::stage::json;

fn incident(effect: &str) -> String {
    format!("{IN_8_S}[[incident]]\nname = \"test\"\nat = \"0s\"\nlasts = \"1h\"\n{effect}")
}

#[tokio::test]
async fn a_rate_limit_says_when_to_come_again_and_fills_up_with_the_tenants_time() {
    let scene = Scene::set(&format!("{IN_8_S}rate_limit = [{{ endpoints = [\"get_session\"], burst = 2, per_second = 0.5 }}]")).await;
    let id = scene.create("a-1").await;
    let get = async || scene.customer().get(&id).await;
    assert_eq!([get().await.status(), get().await.status()], [StatusCode::OK; 2]);
    let refused = get().await;
    assert_eq!((refused.status(), refused.headers()["retry-after"].to_str().unwrap()), (StatusCode::TOO_MANY_REQUESTS, "2"));
    assert_eq!(json(refused).await["error"]["code"], "too_many_requests");
    scene.advance(secs(1)).await;
    assert_eq!(get().await.headers()["retry-after"], "1");
    scene.advance(secs(1)).await;
    assert_eq!([get().await.status(), get().await.status()], [StatusCode::OK, StatusCode::TOO_MANY_REQUESTS]);
    scene.create("a-2").await; // another endpoint
    assert_eq!(scene.vendor.counts().rate_limited, 3);
}

#[tokio::test]
async fn a_rate_limit_may_hide_behind_another_code() {
    let scene = Scene::set(&format!("{IN_8_S}rate_limit = [{{ burst = 1, per_second = 1, status = 500 }}]")).await;
    scene.create("a-1").await;
    let refused = scene.post("/v1/sessions/ses_1/submit").await;
    assert_eq!(refused.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(json(refused).await["error"]["type"], "api_error");
}

#[tokio::test]
async fn an_outage_may_look_like_the_customers_fault() {
    let scene = Scene::set(&incident("http = { fault = \"error\", status = 422 }\nscope = { endpoints = [\"submit\"] }")).await;
    let id = scene.create("a-1").await;
    let answer = scene.submit(&id).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(json(answer).await["error"]["type"], "invalid_request");
}

#[tokio::test]
async fn a_stale_read_shows_the_session_as_it_was_and_the_truth_after_the_lag() {
    let stale = "http = { fault = \"stale_read\", lag = \"5s\" }\nscope = { endpoints = [\"get_session\"] }";
    let scene = Scene::set(&incident(stale)).await;
    let id = scene.walk("a-1").await;
    scene.advance(secs(7)).await;
    let before = scene.session(&id).await;
    scene.advance(secs(1)).await;
    assert_eq!(scene.vendor.session(&id).unwrap().status.as_str(), "approved");
    assert_eq!(scene.received().await.len(), 1, "the callback is faster than the read");
    assert_eq!(scene.session(&id).await, before, "in every field");
    scene.advance(secs(5)).await;
    assert_eq!(scene.session(&id).await["status"], "approved");
}

#[tokio::test]
async fn a_stale_read_shows_the_decision_before_one_that_was_changed() {
    let stale = "http = { fault = \"stale_read\", lag = \"5s\" }\nscope = { endpoints = [\"get_session\"] }";
    let revision = "revision = [{ from = \"approved\", probability = 1, after = { distribution = \"constant\", value = \"20s\" }, \
        to = \"declined\", reasons = { pep_match = 1 } }]\n";
    let scene = Scene::set(&incident(stale).replace("[[incident]]", &format!("{revision}[[incident]]"))).await;
    let id = scene.walk("a-1").await;
    scene.advance(secs(27)).await;
    let before = scene.session(&id).await;
    assert_eq!(before["status"], "approved");
    scene.advance(secs(1)).await;
    assert_eq!(scene.session(&id).await, before);
    scene.advance(secs(5)).await;
    assert_eq!(scene.session(&id).await["status"], "declined");
}

#[tokio::test]
async fn a_lost_upload_is_answered_as_if_it_had_come() {
    let scene = Scene::set(IN_8_S).await;
    scene.vendor.order_for("a-1").failing(Operation::Upload, Fault::LostUpload, 1).await.unwrap();
    let id = scene.create("a-1").await;
    scene.customer().upload(&id, "documents").await; // 201, and nothing there
    scene.customer().upload(&id, "selfies").await;
    let refused = scene.submit(&id).await;
    assert_eq!((refused.status(), &json(refused).await["error"]["code"]), (StatusCode::CONFLICT, &json!("images_missing")));
    scene.customer().upload(&id, "documents").await;
    assert_eq!(scene.submit(&id).await.status(), StatusCode::ACCEPTED);
}

#[tokio::test]
async fn what_failed_may_have_been_done_all_the_same() {
    let scene =
        Scene::set(&incident("http = { fault = \"error\", status = 504, performed = true }\nscope = { endpoints = [\"submit\"] }")).await;
    let id = scene.create("a-1").await;
    scene.customer().upload(&id, "documents").await;
    scene.customer().upload(&id, "selfies").await;
    assert_eq!(scene.submit(&id).await.status(), StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(scene.session(&id).await["status"], "processing");
}
