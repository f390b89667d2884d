use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::desk::{expect, refusal};
use crate::stage::{APPROVE, Stage, new_session, until};

fn incident(http: &Value) -> Value {
    json!({"incident": {"name": "by hand", "lasts": "1h", "http": http}, "for": "5m"})
}

async fn start(stage: &Stage, body: &Value) -> u64 {
    let started = expect(stage.admin(Method::POST, "/incidents").json(body).send().await.unwrap(), StatusCode::CREATED).await;
    assert_eq!((&started["by_hand"], &started["active"]), (&json!(true), &json!(true)));
    started["id"].as_u64().unwrap()
}

async fn status(stage: &Stage) -> Option<u16> {
    let asked = stage.post("/v1/sessions").json(&new_session("a-1")).send().await;
    asked.ok().map(|answer| answer.status().as_u16())
}

#[tokio::test]
async fn an_incident_is_started_met_and_stopped_and_the_admin_api_never_meets_it() {
    let stage = Stage::set(APPROVE).await;
    let id = start(&stage, &incident(&json!({"fault": "error", "status": 503}))).await;
    assert_eq!(status(&stage).await, Some(503));
    let list = stage.ask("/incidents").await;
    assert_eq!((&list["incidents"][0]["id"], &list["incidents"][0]["name"]), (&json!(id), &json!("by hand")));
    stage.order_done(Method::DELETE, &format!("/incidents/{id}")).await;
    assert_eq!(status(&stage).await, Some(201));
    refusal(stage.admin(Method::DELETE, &format!("/incidents/{id}")).send().await.unwrap(), 404, "no_such_incident").await;
    start(&stage, &incident(&json!({"fault": "hang"}))).await;
    assert_eq!(stage.tell(Method::DELETE, "/incidents", &json!({})).await["stopped"], 1);
    assert_eq!(status(&stage).await, Some(201));
}

#[tokio::test]
async fn a_shipped_incident_is_started_by_name() {
    let stage = Stage::set(APPROVE).await;
    let shipped = stage.ask("/incidents").await["shipped"].clone();
    assert!(shipped.as_array().unwrap().contains(&json!("hard-outage")), "{shipped}");
    start(&stage, &json!({"name": "hard-outage", "for": "5m"})).await;
    let seen = until(async || status(&stage).await, |status| *status != Some(201)).await;
    assert!(seen.is_none_or(|status| status >= 500), "{seen:?}");
    let message = stage.refused(Method::POST, "/incidents", &json!({"name": "soft-outage"}), 422, "no_such_shipped_incident").await;
    assert!(message.contains("hard-outage"), "{message}");
    stage.refused(Method::POST, "/incidents", &json!({"for": "5m"}), 422, "invalid_body").await;
}

#[tokio::test]
async fn refused_connections_do_not_shut_out_who_wants_to_end_that() {
    let stage = Stage::set(APPROVE).await;
    let mut listening = stage.admin(Method::GET, "/events").send().await.unwrap();
    listening.chunk().await.unwrap();
    let id = start(&stage, &incident(&json!({"fault": "refuse"}))).await;
    until(async || status(&stage).await, |status| status.is_none()).await;
    let fresh = crate::stage::client();
    let asked = fresh.get(stage.url("/__admin/incidents")).send().await.expect("a new connection for the admin API is taken");
    assert_eq!(asked.status(), 200);
    assert!(crate::stage::client().get(stage.url("/v1/sessions/ses_0")).send().await.is_err(), "another is not");
    stage.order_done(Method::DELETE, &format!("/incidents/{id}")).await;
    assert_eq!(status(&stage).await, Some(201));
    let heard = listening.chunk().await.expect("an open stream of events is not cut").unwrap();
    assert!(String::from_utf8_lossy(&heard).contains("create_session"));
}

#[tokio::test]
async fn an_incident_ends_by_itself() {
    let stage = Stage::set(APPROVE).await;
    stage.freeze().await; // in real time, too
    let mut body = incident(&json!({"fault": "error", "status": 503}));
    body["for"] = json!("300ms");
    let begun = Instant::now();
    start(&stage, &body).await;
    until(async || status(&stage).await, |status| *status == Some(201)).await;
    assert!(begun.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn what_makes_no_incident_is_refused() {
    let stage = Stage::set(APPROVE).await;
    let mut endless = incident(&json!({"fault": "hang"}));
    endless["for"] = json!("25h");
    let message = stage.refused(Method::POST, "/incidents", &endless, 422, "too_long").await;
    assert!(message.contains("`for` is at most 1day"), "{message}");
    endless["for"] = json!("0s");
    stage.refused(Method::POST, "/incidents", &endless, 422, "too_short").await;
    let message = stage.refused(Method::POST, "/incidents", &json!({"incident": {"name": "x", "lasts": "1h"}}), 422, "invalid_body").await;
    assert!(message.contains("does nothing"), "{message}");
    let message = stage.refused(Method::POST, "/incidents", &json!({"incident": {"name": "x", "last": "1h"}}), 422, "invalid_body").await;
    assert!(message.contains("unknown field `last`"), "{message}");
    for _ in 0..64 {
        start(&stage, &incident(&json!({"fault": "error", "status": 503, "probability": 0.0}))).await;
    }
    stage.refused(Method::POST, "/incidents", &incident(&json!({"fault": "hang"})), 409, "full").await;
}
