//! Callbacks held by an incident and let go as a flood; sessions that nobody finishes.

use kycsim_scenarios::ledger::LedgerEvent;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::stage::{APPROVE, Stage, picked, until};

#[tokio::test]
async fn held_callbacks_are_let_go_in_order_at_their_rate() {
    let hold = "[[incident]]\nname = \"hold\"\nat = \"0s\"\nlasts = \"1500ms\"\ncallbacks = { release_rate = 50 }";
    let stage = Stage::set(&format!("{APPROVE}{hold}")).await;
    let mut sessions = Vec::new();
    for number in 0..5 {
        sessions.push(stage.walk(&format!("a-{number}")).await);
    }
    until(async || stage.vendor.counts().held, |held| *held == 5).await;
    assert_eq!(stage.vendor.counts().deliveries, 0, "they are held");
    stage.idle().await;

    let ledger = stage.vendor.ledger();
    let until = picked(&ledger, |event| {
        let LedgerEvent::CallbackHeld { until, .. } = event else { return None };
        Some(until.as_micros())
    });
    assert_eq!(until, [1_500_000, 1_520_000, 1_540_000, 1_560_000, 1_580_000]);
    let mut delivered = picked(&ledger, |event| {
        let LedgerEvent::Delivered { due, began, .. } = event else { return None };
        Some((*due, *began))
    });
    delivered.sort();
    assert_eq!(delivered.iter().map(|(due, _)| due.as_micros()).collect::<Vec<_>>(), until);
    assert!(delivered.iter().all(|(due, began)| began >= due), "none goes before its time");
    let held: Vec<_> = ledger.iter().filter(|entry| matches!(entry.event, LedgerEvent::CallbackHeld { .. })).collect();
    assert!(held.iter().map(|entry| &*entry.session).eq(sessions.iter().map(String::as_str)), "the oldest goes first");
}

#[tokio::test]
async fn a_session_that_nobody_finishes_expires_and_says_so() {
    let stage = Stage::set(&format!("{APPROVE}session_lifetime = \"60ms\"")).await;
    let id = stage.create("a-1").await;
    let session = stage.until_status(&id, "expired").await;
    assert_eq!((&session["version"], &session["decision"]), (&json!(2), &Value::Null));
    let received = until(async || stage.received().await, |received| !received.is_empty()).await;
    let body: Value = received[0].body_json().unwrap();
    assert_eq!((&body["type"], &body["data"]), (&json!("session.expired"), &session));
    assert_eq!(stage.upload(&id, "documents").await.status(), StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_session_given_up_is_never_decided() {
    let stage = Stage::set(&APPROVE.replace("20ms", "150ms")).await;
    let id = stage.walk("a-1").await;
    let answer = stage.post(&format!("/v1/sessions/{id}/cancel")).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    stage.idle().await;
    assert_eq!(stage.session(&id).await["status"], "cancelled");
    assert_eq!((stage.vendor.counts().decisions, stage.received().await.len()), (0, 0));
    let again = stage.post(&format!("/v1/sessions/{id}/cancel")).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::CONFLICT);
}
