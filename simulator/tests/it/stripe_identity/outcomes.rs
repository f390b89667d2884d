//! How a session ends, and comes back.

use kycsim_simulator::testing::{Outcome, Reason};
use serde_json::{Value, json};

use super::{IN_8_S, SESSIONS, Scene};

#[tokio::test]
async fn everybody_is_verified_who_is_fated_to_be() {
    let scene = Scene::set(IN_8_S).await;
    let session = scene.walk("a-1").await;
    assert_eq!((&session["status"], &session["last_error"]), (&json!("verified"), &Value::Null));
    assert_eq!(scene.told().await, ["created", "processing", "verified"]);
}

#[track_caller]
fn failed(session: &Value, code: &str, reported: bool) {
    assert_eq!((&session["status"], &session["last_error"]["code"]), (&json!("requires_input"), &json!(code)));
    assert!(session["last_error"]["reason"].is_string() && session["url"].is_string());
    assert_eq!(session["last_verification_report"].is_string(), reported, "{code}");
}

#[tokio::test]
async fn whatever_is_no_approval_wants_input_again() {
    let scene = Scene::set(IN_8_S).await;
    for (number, (outcome, reason, code, reported)) in [
        (Outcome::Declined, Reason::DocumentForged, "document_unverified_other", true),
        (Outcome::Declined, Reason::SelfieMismatch, "selfie_face_mismatch", true),
        (Outcome::Declined, Reason::SanctionsHit, "document_unverified_other", true),
        (Outcome::Declined, Reason::Underage, "under_supported_age", false),
        (Outcome::Review, Reason::LivenessFailed, "selfie_manipulated", true),
        (Outcome::Resubmission, Reason::DocumentExpired, "document_expired", true),
    ]
    .into_iter()
    .enumerate()
    {
        let applicant = format!("a-{number}");
        let order = scene.vendor.order_for(&*applicant);
        match outcome {
            Outcome::Declined => order.declined([reason]),
            Outcome::Review => order.review([reason]),
            Outcome::Resubmission => order.resubmission([reason]),
            Outcome::Approved => order.approved(),
        }
        .await
        .unwrap();
        failed(&scene.walk(&applicant).await, code, reported);
    }
}

#[tokio::test]
async fn a_failed_session_is_tried_again_with_the_pictures_it_has() {
    let scene = Scene::set(IN_8_S).await;
    scene.vendor.order_for("a-1").declined([Reason::DocumentExpired]).await.unwrap();
    let session = scene.walk("a-1").await;
    let id = session["id"].as_str().unwrap();
    scene.vendor.order_for("a-1").approved().await.unwrap();
    assert_eq!(scene.on_page(id, "submit", "").await.body["submitted"], true);
    assert_eq!(scene.session(id).await["last_error"], Value::Null, "it is being tried");
    scene.advance(8).await;
    assert_eq!(scene.session(id).await["status"], "verified");
    assert_eq!(scene.told().await, ["created", "processing", "requires_input", "processing", "verified"]);
    let reports = scene.get(&format!("/v1/identity/verification_reports?verification_session={id}")).await;
    let statuses: Vec<&Value> = reports["data"].as_array().unwrap().iter().map(|report| &report["document"]["status"]).collect();
    assert_eq!(statuses, ["verified", "unverified"], "the newest first");
    assert_eq!(scene.on_page(id, "submit", "").await.status, 400, "verified is final");
}

#[tokio::test]
async fn a_session_that_nobody_comes_to_is_abandoned_and_can_be_taken_up_again() {
    let scene = Scene::set(IN_8_S).await;
    let id = scene.create("a-1").await;
    scene.advance(2 * 3600).await;
    failed(&scene.session(&id).await, "abandoned", false);
    assert_eq!(scene.told().await, ["created", "requires_input"]);
    let front = scene.upload("identity_document").await;
    scene.on_page(&id, "data", &format!("collected_data[id_document_front][high_res_image]={front}")).await;
    failed(&scene.session(&id).await, "abandoned", false);
    scene.capture(&id).await;
    scene.advance(8).await;
    assert_eq!(scene.session(&id).await["status"], "verified");
}

#[tokio::test]
async fn an_order_comes_before_what_the_test_mode_wants() {
    let scene = Scene::set(IN_8_S).await;
    scene.vendor.order_for("a-1").declined([Reason::SelfieMismatch]).await.unwrap();
    let id = scene.create("a-1").await;
    let page = scene.on_page(&id, "testing/verify", "simulate_delay=false").await;
    assert_eq!(page.body["status"], "requires_input");
    failed(&scene.session(&id).await, "selfie_face_mismatch", true);
}

#[tokio::test]
async fn a_failure_keeps_its_reason_when_the_session_is_canceled_and_no_longer() {
    let scene = Scene::set(IN_8_S).await;
    let id = scene.create("a-1").await;
    scene.on_page(&id, "testing/unverify", "").await;
    let canceled = scene.post(&format!("{SESSIONS}/{id}/cancel"), "").await;
    assert_eq!((&canceled["status"], &canceled["last_error"]), (&json!("canceled"), &Value::Null));
}

#[tokio::test]
async fn a_read_that_lags_knows_neither_the_decision_nor_its_report() {
    let incident = r#"
[[incident]]
name = "replicas lag"
at = "0s"
lasts = "1h"
scope = { endpoints = ["get_session"] }
http = { fault = "stale_read", lag = "5s" }
"#;
    let scene = Scene::set(&format!("{IN_8_S}{incident}")).await;
    let session = scene.walk("a-1").await;
    assert_eq!((&session["status"], &session["last_verification_report"]), (&json!("processing"), &Value::Null));
    scene.advance(5).await;
    let session = scene.session(session["id"].as_str().unwrap()).await;
    assert_eq!((&session["status"], session["last_verification_report"].is_string()), (&json!("verified"), true));
}

#[tokio::test]
async fn a_decision_that_comes_by_polls_has_its_report_at_once() {
    let scene = Scene::set(
        "outcomes = { approved = 1 }\ndecision_delay = { distribution = \"constant\", value = \"8s\" }\nprogress = \"polls\"\npolls = 2\n",
    )
    .await;
    let id = scene.create("a-1").await;
    scene.capture(&id).await;
    assert_eq!(scene.session(&id).await["status"], "processing");
    let decided = scene.session(&id).await;
    assert_eq!((&decided["status"], decided["last_verification_report"].is_string()), (&json!("verified"), true));
}
