//! What is told, to whom, signed with what, and again.

use kycsim_simulator::Dialect;
use kycsim_simulator::testing::{Outcome, Reason, TestVendor};
use reqwest::Method;
use serde_json::{Value, json};

use super::scene::{IN_8_S, Scene, body, is_signed_with, secs};
use crate::stage::{scenario, text};

#[tokio::test]
async fn reports_are_told_before_their_check_and_no_result_is() {
    let scene = Scene::set(IN_8_S).await;
    let webhook = scene.webhook("/hook", &[]).await;
    let [_, check] = scene.walk("a-1").await;
    scene.advance(secs(0)).await;
    assert_eq!(scene.actions("/hook").await, ["check.started"]);
    scene.advance(secs(8)).await;
    let told = scene.received("/hook").await;
    assert_eq!(scene.actions("/hook").await[1..], ["report.completed", "report.completed", "report.completed", "check.completed"]);
    let token = text(&webhook, "token");
    assert!(told.iter().all(|request| is_signed_with(request, &token)));
    let done = body(&told[4]);
    let href = format!("{}/v3.6/checks/{check}", scene.vendor.uri());
    let object = &done["payload"]["object"];
    assert_eq!((&object["id"], &object["status"], &object["href"]), (&json!(check), &json!("complete"), &json!(href)));
    assert!(text(object, "completed_at_iso8601").ends_with('Z') && !done.to_string().contains("result"));
}

#[tokio::test]
async fn the_address_that_the_vendor_was_started_with_gets_the_main_events() {
    let mut scene = Scene::set(IN_8_S).await;
    let hook = format!("{}/account", scene.backend.uri());
    let builder = TestVendor::builder().scenario(scenario(IN_8_S)).dialect(Dialect::Onfido).frozen().callback_url(hook);
    scene.vendor = builder.start().await.unwrap();
    scene.walk("a-1").await;
    scene.advance(secs(8)).await;
    assert_eq!(scene.actions("/account").await, ["check.started", "check.completed"]);
    let secret = scene.vendor.webhook_secret();
    assert!(scene.received("/account").await.iter().all(|request| is_signed_with(request, &secret)));
}

#[tokio::test]
async fn each_webhook_has_its_events_and_its_own_token() {
    let scene = Scene::set(IN_8_S).await;
    let one = scene.webhook("/one", &["check.completed"]).await;
    let other = scene.webhook("/other", &["report.completed"]).await;
    let live = json!({"url": format!("{}/live", scene.backend.uri()), "environments": ["live"]});
    scene.post("/webhooks", live).await;
    let off = text(&scene.webhook("/off", &[]).await, "id");
    scene.said(Method::PUT, &format!("/webhooks/{off}"), &json!({"enabled": false})).await;
    let gone = text(&scene.webhook("/gone", &[]).await, "id");
    assert_eq!(scene.said(Method::DELETE, &format!("/webhooks/{gone}"), &Value::Null).await.0, 204);
    scene.walk("a-1").await;
    scene.advance(secs(8)).await;
    assert_eq!(scene.actions("/one").await, ["check.completed"]);
    assert_eq!(scene.actions("/other").await, ["report.completed"; 3]);
    for path in ["/live", "/off", "/gone"] {
        assert!(scene.received(path).await.is_empty(), "{path}");
    }
    let (told, token) = (&scene.received("/one").await[0], text(&one, "token"));
    assert!(is_signed_with(told, &token) && !is_signed_with(told, &text(&other, "token")));
}

#[tokio::test]
async fn a_check_may_name_the_webhooks_that_are_told() {
    let scene = Scene::set(IN_8_S).await;
    let one = text(&scene.webhook("/one", &[]).await, "id");
    scene.webhook("/other", &[]).await;
    let applicant = scene.applicant("a-1").await;
    scene.upload(&applicant).await;
    scene.post("/checks", json!({"applicant_id": applicant, "report_names": ["document"], "webhook_ids": [one]})).await;
    scene.advance(secs(8)).await;
    assert_eq!(scene.actions("/one").await, ["check.started", "report.completed", "check.completed"]);
    assert!(scene.received("/other").await.is_empty());
}

#[tokio::test]
async fn a_changed_decision_is_reopened_and_completed_again() {
    let scene = Scene::set(IN_8_S).await;
    scene.webhook("/hook", &["check.reopened", "check.completed", "watchlist_monitor.matches_updated"]).await;
    let [applicant, check] = scene.walk("a-1").await;
    scene.post("/watchlist_monitors", json!({"applicant_id": applicant, "report_name": "watchlist_standard"})).await;
    scene.advance(secs(8)).await;
    scene.vendor.decide(&applicant, Some((Outcome::Declined, vec![Reason::PepMatch]))).unwrap();
    scene.advance(secs(0)).await;
    let actions = scene.actions("/hook").await;
    assert_eq!(actions, ["check.completed", "check.reopened", "watchlist_monitor.matches_updated", "check.completed"]);
    let reopened = &body(&scene.received("/hook").await[1])["payload"]["object"];
    assert_eq!((&reopened["id"], &reopened["status"]), (&json!(check), &json!("reopened")));
}

#[tokio::test]
async fn events_are_sent_again_byte_for_byte() {
    let scene = Scene::set(IN_8_S).await;
    scene.webhook("/hook", &["check.completed", "report.completed"]).await;
    let [applicant, first] = scene.walk("a-1").await;
    let early = json!({"data": [{"resource_id": first, "event": "check.completed"}]});
    assert_eq!(scene.said(Method::POST, "/webhooks/resend", &early).await.0, 422, "not decided yet");
    scene.advance(secs(8)).await;
    let second = scene.check(&applicant).await;
    scene.advance(secs(8)).await;
    let before: Vec<_> = scene.received("/hook").await.into_iter().map(|request| request.body).collect();
    let again = json!({"data": [{"resource_id": second, "event": "check.completed"}, {"resource_id": first, "event": "check.completed"}]});
    assert_eq!(scene.said(Method::POST, "/webhooks/resend", &again).await.0, 204);
    scene.advance(secs(0)).await;
    let after: Vec<_> = scene.received("/hook").await.into_iter().map(|request| request.body).collect();
    assert_eq!(after.len(), before.len() + 2);
    assert!(after[before.len()..].iter().all(|body| before.contains(body)));
    assert_ne!(after[before.len()], after[before.len() + 1]);
}

#[tokio::test]
async fn duplicates_are_byte_identical() {
    let scene = Scene::set(&format!("{IN_8_S}callbacks.duplicate = {{ probability = 1, copies = 2, spacing = \"1m\" }}")).await;
    scene.webhook("/hook", &["check.completed"]).await;
    scene.walk("a-1").await;
    scene.advance(secs(120)).await;
    let [first, second] = &scene.received("/hook").await[..] else { panic!("two") };
    assert_eq!((&first.body, &first.headers["x-sha2-signature"]), (&second.body, &second.headers["x-sha2-signature"]));
}

#[tokio::test]
async fn forged_and_unsigned_callbacks_do_not_verify() {
    for defect in ["wrong_signature", "unsigned"] {
        let scene = Scene::set(&format!("{IN_8_S}callbacks.{defect} = 1")).await;
        let webhook = scene.webhook("/hook", &["check.completed"]).await;
        scene.walk("a-1").await;
        scene.advance(secs(8)).await;
        let [told] = &scene.received("/hook").await[..] else { panic!("one") };
        assert!(!is_signed_with(told, &text(&webhook, "token")), "{defect}");
    }
}

#[tokio::test]
async fn what_is_no_webhook_is_refused() {
    let scene = Scene::set(IN_8_S).await;
    for (body, field) in [
        (json!({}), "url"),
        (json!({"url": "http://example.org/"}), "url"),
        (json!({"url": scene.backend.uri(), "events": ["check.exploded"]}), "events"),
        (json!({"url": scene.backend.uri(), "environments": ["moon"]}), "environments"),
    ] {
        let (status, refused) = scene.said(Method::POST, "/webhooks", &body).await;
        assert_eq!(status, 422, "{refused}");
        assert!(refused["error"]["fields"][field].is_array(), "{refused}");
    }
}
