//! From the first call to the last callback.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::stage::{APPROVE, Stage, json, text};

fn vendor(outcome: &str) -> String {
    format!("outcomes = {{ {outcome} }}\ndecision_delay = {{ distribution = \"constant\", value = \"20ms\" }}")
}

#[track_caller]
fn check_session(session: &Value, status: &str, attempt: u32, version: u32, reasons: &Value) {
    assert_eq!(session["status"], status);
    assert_eq!((&session["attempt"], &session["version"]), (&json!(attempt), &json!(version)));
    assert_eq!(session["decision"]["outcome"], status);
    assert_eq!(&session["decision"]["reasons"], reasons);
    assert_eq!(session["decision"]["decided_at"], session["updated_at"]);
}

#[tokio::test]
async fn every_outcome_is_reached_and_told() {
    for (outcome, status, attempt, reasons) in [
        ("approved = 1", "approved", 1, json!([])),
        ("declined = { weight = 1, reasons = { document_forged = 1 } }", "declined", 1, json!(["document_forged"])),
        ("review = { weight = 1, reasons = { low_confidence = 1 } }", "review", 1, json!(["low_confidence"])),
        ("resubmission = { weight = 1, reasons = { image_blurred = 1 } }", "resubmission_requested", 2, json!(["image_blurred"])),
    ] {
        let stage = Stage::set(&vendor(outcome)).await;
        let id = stage.walk("a-000042").await;
        let session = stage.until_status(&id, status).await;
        check_session(&session, status, attempt, 3, &reasons);
        stage.idle().await;
        let [callback] = &stage.received().await[..] else { panic!("one callback") };
        let body: Value = callback.body_json().unwrap();
        assert_eq!((&body["type"], &body["timestamp"]), (&json!("session.decided"), &session["updated_at"]));
        assert_eq!(body["data"], session);
    }
}

#[tokio::test]
async fn a_new_session_says_what_it_is() {
    let stage = Stage::set(APPROVE).await;
    let answer = stage.post("/v1/sessions").json(&crate::stage::new_session("a-000042")).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    assert!(answer.headers()["request-id"].to_str().unwrap().starts_with("req_"));
    let mut session = json(answer).await;
    let created_at = text(&session, "created_at");
    assert!(created_at.len() == 24 && created_at.ends_with('Z'), "{created_at}");
    for field in ["created_at", "updated_at"] {
        assert_eq!(session.as_object_mut().unwrap().remove(field), Some(Value::String(created_at.clone())));
    }
    assert_eq!(
        session,
        json!({"id": session["id"], "object": "session", "reference": "a-000042", "country": "DE", "document_type": "id_card",
            "status": "collecting", "attempt": 1, "version": 1, "decision": null})
    );
}
