//! Refusals and faults in Onfido's own body.

use kycsim_simulator::testing::{Fault, Operation};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::scene::{IN_8_S, Scene};

#[track_caller]
fn check((status, body): &(u16, Value), expected: u16, kind: &str) {
    assert_eq!((*status, &body["error"]["type"]), (expected, &json!(kind)), "{body}");
    assert!(body["error"]["message"].is_string() && body["error"]["fields"].is_object(), "{body}");
}

#[tokio::test]
async fn whoever_asks_wrongly_is_told_so() {
    let scene = Scene::set(IN_8_S).await;
    let nobody = "6d1f7c52-3b7e-4a55-9b53-0a4c6f1f9e10";
    check(&scene.said(Method::GET, &format!("/applicants/{nobody}"), &Value::Null).await, 404, "resource_not_found");
    check(&scene.said(Method::GET, "/reports/x", &Value::Null).await, 404, "resource_not_found");
    check(&scene.said(Method::GET, "/cheques", &Value::Null).await, 404, "resource_not_found");
    check(&scene.said(Method::GET, "/checks", &Value::Null).await, 422, "validation_error");
    let refused = scene.said(Method::POST, "/applicants", &json!({"first_name": "", "last_name": "x"})).await;
    check(&refused, 422, "validation_error");
    assert_eq!(refused.1["error"]["fields"], json!({"first_name": ["can't be blank"]}));
    let malformed = scene.ask(Method::POST, "/applicants").header("content-type", "application/json").body("{").send().await.unwrap();
    assert_eq!(malformed.status(), StatusCode::BAD_REQUEST);
    let applicant = scene.applicant("a-1").await;
    for (names, status) in [(json!([]), 422), (json!(["horoscope"]), 422), (json!(["document"]), 422)] {
        assert_eq!(scene.said(Method::POST, "/checks", &json!({"applicant_id": applicant, "report_names": names})).await.0, status);
    }
}

#[tokio::test]
async fn strangers_are_turned_away() {
    let scene = Scene::set(IN_8_S).await;
    let ask = |value: &str| scene.client.get(format!("{}/v3.6/webhooks", scene.vendor.uri())).header("authorization", value);
    for value in ["Token token=wrong", "Bearer wrong", "Token api_sandbox.kycsim", "", "Bearer eyJhbGciOiJFUzUxMiJ9.abc.c2ln"] {
        let answer = ask(value).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{value}");
        let body: Value = answer.json().await.unwrap();
        assert_eq!(
            body,
            json!({"error": {"type": "authorization_error", "message": "Authorization error: please re-check your credentials", "fields": {}}})
        );
    }
}

#[tokio::test]
async fn an_access_token_is_given_for_the_secret_and_for_nothing_else() {
    let scene = Scene::set(IN_8_S).await;
    let ask = async |secret: &str| {
        let form = format!("client_id=shop&client_secret={secret}");
        let post = scene.client.post(format!("{}/v3.6/oauth/token", scene.vendor.uri()));
        let answer = post.header("content-type", "application/x-www-form-urlencoded").body(form).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    check(&ask("wrong").await, 401, "authorization_error");
    let (status, given) = ask(scene.vendor.api_key()).await;
    assert_eq!((status, &given["expires_in"]), (200, &json!(3600)));
    let get = scene.client.get(format!("{}/v3.6/webhooks", scene.vendor.uri()));
    assert!(get.bearer_auth(given["access_token"].as_str().unwrap()).send().await.unwrap().status().is_success());
    let kept = scene.vendor.received_requests();
    assert!(!format!("{kept:?}").contains(scene.vendor.api_key()), "the journal holds no secret");
}

#[tokio::test]
async fn faults_speak_the_dialect() {
    let scene = Scene::set(IN_8_S).await;
    for (status, kind) in [(500, "internal_server_error"), (503, "service_unavailable"), (429, "rate_limit"), (401, "authorization_error")]
    {
        let reference = format!("a-{status}");
        let applicant = scene.applicant(&reference).await;
        let order = scene.vendor.order_for(reference).failing(Operation::Manage, Fault::Error { status }, 1);
        order.await.unwrap();
        check(&scene.said(Method::GET, &format!("/applicants/{applicant}"), &Value::Null).await, status, kind);
        assert!(scene.get(&format!("/applicants/{applicant}")).await["id"].is_string());
    }
}

#[tokio::test]
async fn who_asks_too_often_is_told_to_wait() {
    let limit = "rate_limit = [{ per_second = 0.5, burst = 1, endpoints = [\"manage\"] }]";
    let scene = Scene::set(&format!("{IN_8_S}{limit}")).await;
    scene.get("/webhooks").await;
    let answer = scene.ask(Method::GET, "/webhooks").send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].to_str().unwrap()), (429, "2"));
    let body: Value = answer.json().await.unwrap();
    assert_eq!((&body["error"]["type"], &body["error"]["fields"]), (&json!("rate_limit"), &json!({})));
}

#[tokio::test]
async fn an_upload_that_was_lost_is_missed_by_the_check() {
    let scene = Scene::set(IN_8_S).await;
    scene.vendor.order_for("a-1").always_failing(Operation::Upload, Fault::LostUpload).await.unwrap();
    let applicant = scene.applicant("a-1").await;
    scene.upload(&applicant).await;
    let refused = scene.said(Method::POST, "/checks", &json!({"applicant_id": applicant, "report_names": ["document"]})).await;
    check(&refused, 422, "validation_error");
    assert!(refused.1["error"]["fields"]["document"].is_array());
}

#[tokio::test]
async fn an_sdk_token_hands_in_for_its_own_applicant_for_90_minutes() {
    let scene = Scene::set(IN_8_S).await;
    let (applicant, other) = (scene.applicant("a-1").await, scene.applicant("a-2").await);
    let token = scene.post("/sdk_token", json!({"applicant_id": applicant})).await["token"].as_str().unwrap().to_owned();
    let upload = async |applicant: &str| {
        let part = reqwest::multipart::Part::bytes(crate::stage::jpeg()).file_name("face.jpg");
        let form = reqwest::multipart::Form::new().text("applicant_id", applicant.to_owned()).part("file", part);
        let post = scene.client.post(format!("{}/v3.6/live_photos", scene.vendor.uri())).bearer_auth(&token);
        post.multipart(form).send().await.unwrap().status().as_u16()
    };
    assert_eq!((upload(&applicant).await, upload(&other).await), (201, 403));
    let read = scene.client.get(format!("{}/v3.6/applicants", scene.vendor.uri())).bearer_auth(&token).send().await.unwrap();
    assert_eq!(read.status(), StatusCode::FORBIDDEN);
    scene.advance(super::scene::secs(90 * 60 + 1)).await;
    assert_eq!(upload(&applicant).await, 401);
}
