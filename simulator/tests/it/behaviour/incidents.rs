//! Incidents of the scenario and by hand: counted, timed, one over the other.

use std::time::Duration;

use kycsim_simulator::testing::{Fault, Incident, Operation};
use reqwest::StatusCode;
use serde_json::json;

use super::scene::{HOUR, IN_8_S, Scene, secs};
use crate::stage::until;

fn failing(status: u16, lasts: &str) -> Incident {
    serde_json::from_value(json!({"name": "test", "lasts": lasts, "http": {"fault": "error", "status": status}})).unwrap()
}

async fn submit(scene: &Scene, id: &str) -> u16 {
    scene.submit(id).await.status().as_u16()
}

/// Begins a session and uploads what a submission needs, so that each submission is a status and nothing else.
async fn collected(scene: &Scene, reference: &str) -> String {
    let id = scene.create(reference).await;
    scene.customer().upload(&id, "documents").await;
    scene.customer().upload(&id, "selfies").await;
    id
}

#[tokio::test]
async fn an_incident_of_the_scenario_comes_and_goes_with_the_tenants_time() {
    let lines =
        "[[incident]]\nname = \"outage\"\nat = \"1h\"\nlasts = \"10m\"\nhttp = { fault = \"error\" }\nscope = { endpoints = [\"submit\"] }";
    let scene = Scene::set(&format!("{IN_8_S}session_lifetime = \"1day\"\n{lines}")).await;
    let id = collected(&scene, "a-1").await;
    scene.advance(HOUR).await;
    assert_eq!(submit(&scene, &id).await, 503);
    scene.advance(secs(599)).await;
    assert_eq!(submit(&scene, &id).await, 503);
    scene.advance(secs(1)).await;
    assert_eq!(submit(&scene, &id).await, 202);
}

#[tokio::test]
async fn an_incident_started_by_hand_ends_after_its_time_to_live() {
    let scene = Scene::set(IN_8_S).await;
    let id = collected(&scene, "a-1").await;
    scene.vendor.start_incident(failing(503, "24h"), 5 * Duration::from_secs(60)).unwrap();
    assert_eq!(submit(&scene, &id).await, 503);
    scene.advance(secs(299)).await;
    assert_eq!(submit(&scene, &id).await, 503);
    scene.advance(secs(1)).await;
    assert_eq!(submit(&scene, &id).await, 202);
}

#[tokio::test]
async fn it_ends_by_real_time_too_where_the_clock_stands_still() {
    let scene = Scene::set(IN_8_S).await;
    let id = collected(&scene, "a-1").await;
    scene.vendor.start_incident(failing(503, "24h"), Duration::from_millis(150)).unwrap();
    assert_eq!(submit(&scene, &id).await, 503);
    until(async || scene.vendor.incidents(), |incidents| incidents.iter().all(|incident| !incident.active)).await;
    assert_eq!(submit(&scene, &id).await, 202);
}

#[tokio::test]
async fn an_incident_ends_when_it_is_stopped() {
    let scene = Scene::set(IN_8_S).await;
    let id = collected(&scene, "a-1").await;
    let incident = scene.vendor.start_incident(failing(503, "24h"), HOUR).unwrap();
    assert_eq!(submit(&scene, &id).await, 503);
    scene.vendor.stop_incident(incident).unwrap();
    assert_eq!(submit(&scene, &id).await, 202);
    assert!(scene.vendor.stop_incident(incident).is_err(), "it is over");
}

#[tokio::test]
async fn faults_are_counted_from_the_first_call_that_they_concern() {
    let lines = "[[incident]]\nname = \"flaky\"\nat = \"0s\"\nlasts = \"1h\"\nscope = { endpoints = [\"get_session\"] }\n\
        http = { fault = \"error\", succeed_first = 2, fail_next = 3 }";
    let scene = Scene::set(&format!("{IN_8_S}{lines}")).await;
    let id = scene.create("a-1").await;
    let mut statuses = Vec::new();
    for _ in 0..7 {
        statuses.push(scene.customer().get(&id).await.status().as_u16());
    }
    assert_eq!(statuses, [200, 200, 503, 503, 503, 200, 200]);
}

#[tokio::test]
async fn an_order_comes_before_a_live_incident_and_that_before_the_scenarios() {
    let lines = "[[incident]]\nname = \"of the file\"\nat = \"0s\"\nlasts = \"1h\"\nscope = { endpoints = [\"submit\"] }\n\
        http = { fault = \"error\", status = 500 }";
    let scene = Scene::set(&format!("{IN_8_S}{lines}")).await;
    let id = collected(&scene, "a-1").await;
    assert_eq!(submit(&scene, &id).await, 500);
    let first = scene.vendor.start_incident(failing(501, "1h"), HOUR).unwrap();
    let later = scene.vendor.start_incident(failing(502, "1h"), HOUR).unwrap();
    assert_eq!(submit(&scene, &id).await, 502, "of those by hand the latest");
    scene.vendor.order_for("a-1").failing(Operation::Submit, Fault::Error { status: 503 }, 1).await.unwrap();
    scene.vendor.order_for_session(&id).failing(Operation::Submit, Fault::Error { status: 504 }, 1).await.unwrap();
    assert_eq!(submit(&scene, &id).await, 504, "a session's order before all");
    assert_eq!(submit(&scene, &id).await, 502, "and its applicant's not at all");
    scene.vendor.stop_incident(later).unwrap();
    assert_eq!(submit(&scene, &id).await, 501);
    scene.vendor.stop_incident(first).unwrap();
    assert_eq!(submit(&scene, &id).await, 500);
}

#[tokio::test]
async fn an_incident_touches_whom_its_scope_holds() {
    let lines = "[[incident]]\nname = \"half\"\nat = \"0s\"\nlasts = \"1h\"\nscope = { endpoints = [\"submit\"], applicants = 0.5 }\nhttp = { fault = \"error\" }";
    let scene = Scene::set(&format!("{IN_8_S}{lines}")).await;
    let mut failed = 0;
    for number in 0..40 {
        let id = scene.create(&format!("a-{number}")).await;
        let (first, second) = (scene.submit(&id).await.status(), scene.submit(&id).await.status());
        assert_eq!(first, second, "the same applicants every time");
        failed += u32::from(first == StatusCode::SERVICE_UNAVAILABLE);
    }
    assert!((8..=32).contains(&failed), "{failed} of 40");
}

#[tokio::test]
async fn an_incident_slows_decisions_down() {
    let lines =
        "[[incident]]\nname = \"backlog\"\nat = \"0s\"\nlasts = \"1h\"\ndecisions = { distribution = \"constant\", value = \"10m\" }";
    let scene = Scene::set(&format!("{IN_8_S}{lines}")).await;
    scene.walk("a-1").await;
    scene.advance(2 * HOUR).await;
    scene.walk("a-2").await;
    scene.advance(HOUR).await;
    assert_eq!(scene.seconds(), [608.0, 7208.0]);
}
