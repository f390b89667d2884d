//! What is told, to whom, and how it is sealed.

use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use super::{IN_8_S, SESSIONS, Scene, event, filled, ids, kind, signed_by};

#[tokio::test]
async fn an_event_says_what_has_changed_and_who_caused_it() {
    let scene = Scene::set(IN_8_S).await;
    let post = scene.request("POST", SESSIONS).header("idempotency-key", "key-1");
    let made = filled(post, "type=document&client_reference_id=a-1").send().await.unwrap();
    let request = made.headers()["request-id"].to_str().unwrap().to_owned();
    let id = made.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned();
    scene.on_page(&id, "testing/unverify", "simulate_delay=true").await;
    scene.advance(8).await;
    let [created, _, failed] = &scene.received().await.iter().map(event).collect::<Vec<_>>()[..] else { panic!() };
    assert_eq!((&created["object"], &created["api_version"]), (&json!("event"), &json!("2026-10-28.endive")));
    assert_eq!(created["request"], json!({"id": request, "idempotency_key": "key-1"}));
    assert!(created["data"].get("previous_attributes").is_none() && created["pending_webhooks"] == 1);
    assert_eq!(created["data"]["object"]["status"], "requires_input");
    assert_eq!(failed["request"], json!({"id": null, "idempotency_key": null}));
    let previous = json!({"status": "processing", "last_error": null, "last_verification_report": null});
    assert_eq!(failed["data"]["previous_attributes"], previous);
    assert_eq!(failed["data"]["object"]["last_error"]["code"], "document_unverified_other");
    assert!(failed["data"]["object"].get("verified_outputs").is_none());
}

#[tokio::test]
async fn every_try_is_signed_anew_and_by_the_machines_time() {
    let answer = |_: &Request| ResponseTemplate::new(302);
    let scene = Scene::answering(IN_8_S, answer).await;
    scene.create("a-1").await;
    scene.advance(4 * 60).await;
    assert_eq!(scene.received().await.len(), 1, "the next try is after five minutes");
    scene.advance(60).await;
    let received = scene.received().await;
    assert_eq!(received.len(), 2, "a redirect is no success");
    for request in &received {
        let (signed_at, genuine) = signed_by(request, &scene.vendor.webhook_secret());
        assert!((jiff::Timestamp::now().as_second() - signed_at).abs() < 60 && genuine == [true]);
        assert_eq!(request.headers["user-agent"], "Stripe/1.0 (+https://stripe.com/docs/webhooks)");
    }
    assert_eq!(event(&received[0]), event(&received[1]));
}

#[tokio::test]
async fn tries_end_within_three_days() {
    let scene = Scene::answering(IN_8_S, ResponseTemplate::new(500)).await;
    scene.create("a-1").await;
    scene.advance(72 * 3600).await;
    assert_eq!(scene.received().await.iter().filter(|request| kind(request) == "created").count(), 10);
}

#[tokio::test]
async fn defects_are_in_the_vendors_own_form() {
    let scene = Scene::set(IN_8_S).await;
    let secret = scene.vendor.webhook_secret();
    let told = async |reference: &str| {
        scene.create(reference).await;
        scene.advance(0).await;
        let about = |request: &Request| String::from_utf8_lossy(&request.body).contains(&format!("\"{reference}\""));
        scene.received().await.into_iter().filter(about).collect::<Vec<_>>()
    };
    let one = |probability: f64| probability.try_into().unwrap();
    scene.vendor.order_for("unsigned").with_callbacks(|callbacks| callbacks.unsigned = one(1.0)).await.unwrap();
    assert!(!told("unsigned").await[0].headers.contains_key("stripe-signature"));
    scene.vendor.order_for("forged").with_callbacks(|callbacks| callbacks.wrong_signature = one(1.0)).await.unwrap();
    assert_eq!(signed_by(&told("forged").await[0], &secret).1, [false]);
    scene.vendor.order_for("strange").with_callbacks(|callbacks| callbacks.unknown_status = one(1.0)).await.unwrap();
    let strange = told("strange").await;
    assert_eq!((strange.len(), signed_by(&strange[0], &secret).1), (2, vec![true]));
    assert!(strange.iter().any(|request| kind(request) == "reconsidered"));
    scene.vendor.order_for("new-fields").with_callbacks(|callbacks| callbacks.unknown_fields = one(1.0)).await.unwrap();
    assert!(event(&told("new-fields").await[0])["unannounced"].is_string());
}

#[tokio::test]
async fn a_lie_says_otherwise_and_reads_tell_the_truth() {
    let scene = Scene::set(&format!("{IN_8_S}callbacks.contradicting = {{ probability = 1, after = \"10s\" }}\n")).await;
    let session = scene.walk("a-1").await;
    scene.advance(60).await;
    assert_eq!(scene.told().await[2..], ["verified", "created", "processing", "requires_input"], "each is told once more");
    let lie = event(scene.received().await.last().unwrap());
    assert_eq!(lie["data"]["object"]["last_error"]["code"], "document_unverified_other");
    assert_eq!(scene.session(session["id"].as_str().unwrap()).await["status"], "verified");
}

#[tokio::test]
async fn a_duplicate_has_the_same_id() {
    let scene = Scene::set(&format!("{IN_8_S}callbacks.duplicate = {{ probability = 1, copies = 2, spacing = \"5s\" }}\n")).await;
    scene.create("a-1").await;
    scene.advance(5).await;
    let received = scene.received().await;
    assert_eq!((received.len(), event(&received[0])["id"].clone()), (2, event(&received[1])["id"].clone()));
}

#[tokio::test]
async fn both_secrets_sign_while_one_is_rolled() {
    let scene = Scene::set(IN_8_S).await;
    let old = scene.vendor.webhook_secret();
    scene.vendor.rotate_webhook_secret(None, super::secs(3600)).unwrap();
    let new = scene.vendor.webhook_secret();
    scene.create("a-1").await;
    scene.advance(0).await;
    let received = scene.received().await;
    assert_eq!((signed_by(&received[0], &new).1, signed_by(&received[0], &old).1), (vec![true, false], vec![false, true]));
    scene.advance(3600).await;
    scene.create("a-2").await;
    scene.advance(0).await;
    assert_eq!(signed_by(scene.received().await.last().unwrap(), &new).1, [true]);
}

#[tokio::test]
async fn what_was_missed_is_found_afterwards() {
    let failing = |request: &Request| ResponseTemplate::new(if kind(request) == "processing" { 500 } else { 200 });
    let scene = Scene::answering(IN_8_S, failing).await;
    scene.walk("a-1").await;
    let missed = scene.get("/v1/events?delivery_success=false").await;
    assert_eq!(missed["data"][0]["type"], "identity.verification_session.processing");
    assert_eq!((ids(&missed).len(), ids(&scene.get("/v1/events?delivery_success=true").await).len()), (1, 2));
    let by_type = scene.get("/v1/events?types[]=identity.verification_session.verified&types[]=charge.*").await;
    let id = ids(&by_type)[0].to_owned();
    let told = scene.received().await.iter().map(event).find(|event| event["id"] == id).unwrap();
    assert_eq!(scene.get(&format!("/v1/events/{id}")).await, told, "word for word");
    assert_eq!(scene.asked("/v1/events/evt_nope").await.error(), (404, "resource_missing", "id"));
    scene.advance(31 * 24 * 3600).await;
    scene.create("a-2").await;
    assert_eq!(ids(&scene.get("/v1/events").await).len(), 1, "they are kept for thirty days");
}
