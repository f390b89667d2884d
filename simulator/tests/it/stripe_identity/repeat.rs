//! Requests that come again, and requests that fail.

use kycsim_scenarios::vendor::Fault;
use kycsim_simulator::testing::Operation;
use serde_json::json;

use super::{Answer, IN_8_S, SESSIONS, Scene, filled, ids};

async fn keyed(scene: &Scene, path: &str, key: &str, form: &str) -> Answer {
    Answer::of(filled(scene.request("POST", path).header("idempotency-key", key), form).send().await.unwrap()).await
}

const NEW: &str = "type=document&client_reference_id=a-1";

#[tokio::test]
async fn the_same_key_gets_the_same_answer_word_for_word() {
    let scene = Scene::set(IN_8_S).await;
    let first = keyed(&scene, SESSIONS, "key-1", NEW).await;
    scene.advance(60).await;
    let again = keyed(&scene, SESSIONS, "key-1", NEW).await;
    assert_eq!(first.body, again.body);
    assert_eq!((first.header("idempotent-replayed"), again.header("idempotent-replayed")), ("", "true"));
    assert_eq!(again.header("original-request"), first.header("request-id"));
    assert_ne!(again.header("request-id"), first.header("request-id"));
    assert_eq!(again.header("idempotency-key"), "key-1");
    assert_eq!(ids(&scene.get(SESSIONS).await).len(), 1);
}

#[tokio::test]
async fn the_same_key_with_something_else_is_refused() {
    let scene = Scene::set(IN_8_S).await;
    keyed(&scene, SESSIONS, "key-1", NEW).await;
    let other = keyed(&scene, SESSIONS, "key-1", "type=document&client_reference_id=a-2").await;
    assert_eq!((other.status, &other.body["error"]["type"]), (400, &json!("idempotency_error")));
}

#[tokio::test]
async fn a_refusal_for_good_is_repeated_and_nonsense_is_not() {
    let scene = Scene::set(IN_8_S).await;
    assert_eq!(keyed(&scene, SESSIONS, "key-1", "type=face").await.status, 400);
    assert_eq!(keyed(&scene, SESSIONS, "key-1", NEW).await.status, 200, "nothing is kept of what could not be read");
    let id = scene.create("a-2").await;
    let cancel = format!("{SESSIONS}/{id}/cancel");
    keyed(&scene, &cancel, "key-2", "").await;
    assert_eq!(keyed(&scene, &cancel, "key-3", "").await.status, 400);
    let again = keyed(&scene, &cancel, "key-3", "").await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (400, "true"));
    assert_eq!(keyed(&scene, &cancel, "key-2", "").await.body["status"], "canceled");
}

#[tokio::test]
async fn a_fault_of_the_vendors_own_is_kept_and_a_gateways_is_not() {
    let scene = Scene::set(IN_8_S).await;
    scene.vendor.order_for("a-1").failing(Operation::CreateSession, Fault::Error { status: 500 }, 1).await.unwrap();
    let first = keyed(&scene, SESSIONS, "key-1", NEW).await;
    assert_eq!((first.status, &first.body["error"]["type"]), (500, &json!("api_error")));
    let again = keyed(&scene, SESSIONS, "key-1", NEW).await;
    assert_eq!((again.status, again.header("idempotent-replayed"), again.header("stripe-should-retry")), (500, "true", "false"));
    assert_eq!(keyed(&scene, SESSIONS, "key-2", NEW).await.status, 200);

    scene.vendor.order_for("a-1").failing(Operation::CreateSession, Fault::Error { status: 502 }, 1).await.unwrap();
    assert_eq!(keyed(&scene, SESSIONS, "key-3", NEW).await.status, 502);
    assert_eq!(keyed(&scene, SESSIONS, "key-3", NEW).await.status, 200);
}

#[tokio::test]
async fn a_key_whose_request_is_under_way_is_refused() {
    let scene = Scene::set(&format!("{IN_8_S}latency = {{ distribution = \"constant\", value = \"500ms\" }}\n")).await;
    let (first, second) = tokio::join!(keyed(&scene, SESSIONS, "key-1", NEW), async {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        keyed(&scene, SESSIONS, "key-1", NEW).await
    });
    assert_eq!((first.status, second.error()), (200, (409, "idempotency_key_in_use", "")));
}

#[tokio::test]
async fn who_asks_too_often_is_told_so_in_the_vendors_words() {
    let scene = Scene::set(&format!("{IN_8_S}rate_limit = [{{ burst = 1, per_second = 1 }}]\n")).await;
    scene.create("a-1").await;
    let limited = scene.sent(SESSIONS, NEW).await;
    assert_eq!((limited.error(), limited.header("stripe-rate-limited-reason")), ((429, "rate_limit", ""), "global-rate"));
    scene.advance(1).await;
    scene.create("a-1").await;
}

#[tokio::test]
async fn whatever_fails_is_in_the_envelope() {
    let scene = Scene::set(IN_8_S).await;
    let id = scene.create("a-1").await;
    for status in [400, 401, 403, 404, 409, 429, 500, 502, 503, 504] {
        scene.vendor.order_for("a-1").failing(Operation::GetSession, Fault::Error { status }, 1).await.unwrap();
        let answer = scene.asked(&format!("{SESSIONS}/{id}")).await;
        assert_eq!(answer.status, status);
        assert!(answer.body["error"]["type"].is_string() && answer.body["error"]["message"].is_string(), "{answer:?}");
        assert!(answer.header("request-id").starts_with("req_"), "{status}");
    }
}
