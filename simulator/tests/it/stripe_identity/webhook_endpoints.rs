//! Webhook endpoints that a customer makes: with secrets and wishes of their own.

use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{IN_8_S, Scene, ids, kind, signed_by};

const ENDPOINTS: &str = "/v1/webhook_endpoints";

async fn receiver() -> MockServer {
    let receiver = MockServer::builder().start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(204)).mount(&receiver).await;
    receiver
}

#[tokio::test]
async fn an_endpoint_hears_what_it_wants_sealed_with_its_own_secret() {
    let scene = Scene::set(IN_8_S).await;
    let (picky, curious) = (receiver().await, receiver().await);
    let made = scene.post(ENDPOINTS, &format!("url={}&enabled_events[]=identity.verification_session.verified", picky.uri())).await;
    scene.post(ENDPOINTS, &format!("url={}&enabled_events[0]=*", curious.uri())).await;
    scene.walk("a-1").await;
    let heard = picky.received_requests().await.unwrap();
    assert_eq!(heard.iter().map(kind).collect::<Vec<_>>(), ["verified"]);
    assert_eq!(signed_by(&heard[0], made["secret"].as_str().unwrap()).1, [true]);
    assert_eq!(signed_by(&heard[0], &scene.vendor.webhook_secret()).1, [false]);
    assert_eq!(curious.received_requests().await.unwrap().len(), 3);
    assert_eq!(scene.told().await.len(), 3, "the address that the vendor was started with is told too");
}

#[tokio::test]
async fn a_secret_is_shown_once() {
    let scene = Scene::set(IN_8_S).await;
    let made = scene.post(ENDPOINTS, "url=http://127.0.0.1:9/&enabled_events[]=*&description=x&metadata[a]=1&api_version=2020-01-01").await;
    let id = made["id"].as_str().unwrap();
    assert!(made["secret"].as_str().unwrap().starts_with("whsec_"));
    let read = scene.get(&format!("{ENDPOINTS}/{id}")).await;
    assert!(read.get("secret").is_none());
    assert_eq!((&read["application"], &read["status"], &read["metadata"]), (&Value::Null, &json!("enabled"), &json!({"a": "1"})));
    assert!(scene.get(ENDPOINTS).await["data"][0].get("secret").is_none());
}

#[tokio::test]
async fn who_is_disabled_or_deleted_hears_nothing_more_of_what_was_under_way_either() {
    let scene = Scene::set(IN_8_S).await;
    let mine = MockServer::builder().start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(500)).mount(&mine).await;
    let made = scene.post(ENDPOINTS, &format!("url={}&enabled_events[]=*", mine.uri())).await;
    let path = format!("{ENDPOINTS}/{}", made["id"].as_str().unwrap());
    scene.create("a-1").await;
    scene.advance(0).await;
    assert_eq!(scene.post(&path, "disabled=true").await["status"], "disabled");
    scene.advance(3600).await;
    assert_eq!(mine.received_requests().await.unwrap().len(), 1, "retries stop");
    scene.post(&path, "disabled=false&enabled_events[]=identity.verification_session.created").await;
    scene.create("a-2").await;
    scene.advance(0).await;
    assert_eq!(mine.received_requests().await.unwrap().len(), 2);
    let deleted = scene.request("DELETE", &path).send().await.unwrap().json::<Value>().await.unwrap();
    assert_eq!(deleted, json!({"id": made["id"], "object": "webhook_endpoint", "deleted": true}));
    scene.advance(3600).await;
    assert_eq!(mine.received_requests().await.unwrap().len(), 2);
    assert_eq!(scene.asked(&path).await.status, 404);
}

#[tokio::test]
async fn there_are_sixteen_and_they_are_on_this_machine() {
    let scene = Scene::set(IN_8_S).await;
    for form in ["", "url=http://127.0.0.1:9/", "enabled_events[]=*", "url=http://127.0.0.1:9/&enabled_events[]=a%20b"] {
        assert_eq!(scene.sent(ENDPOINTS, form).await.status, 400, "{form}");
    }
    let elsewhere = scene.sent(ENDPOINTS, "url=http://example.org/&enabled_events[]=*").await;
    assert_eq!(elsewhere.error(), (400, "", "url"));
    for number in 0..16 {
        scene.post(ENDPOINTS, &format!("url=http://127.0.0.1:9/{number}&enabled_events[]=*")).await;
    }
    assert_eq!(scene.sent(ENDPOINTS, "url=http://127.0.0.1:9/&enabled_events[]=*").await.status, 400);
    assert_eq!(ids(&scene.get(&format!("{ENDPOINTS}?limit=100")).await).len(), 16);
}
