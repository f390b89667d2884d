//! What is refused, and how it is said; what may be repeated.

use futures_util::future::join_all;
use kycsim_fixtures::{Album, Shot, Subject};
use kycsim_scenarios::journey::Capture;
use kycsim_scenarios::language::Device;
use kycsim_scenarios::{ApplicantKey, Fate};
use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::stage::{APPROVE, Stage, jpeg, json as body_of, limits, new_session, text, until};

async fn check(request: RequestBuilder, status: u16, code: &str, param: Option<&str>) {
    let shown = format!("{request:?}");
    let answer = request.send().await.unwrap();
    let (was, id) = (answer.status(), answer.headers()["request-id"].to_str().unwrap().to_owned());
    let error = body_of(answer).await["error"].take();
    assert_eq!((was.as_u16(), error["code"].as_str()), (status, Some(code)), "{error} {shown}");
    assert_eq!(error.get("param").and_then(Value::as_str), param, "{error}");
    assert_eq!(error["request_id"].as_str(), Some(&*id));
}

fn with(field: &str, value: Value) -> Value {
    let mut new = new_session("a-1");
    new[field] = value;
    new
}

fn without(field: &str) -> Value {
    let mut new = new_session("a-1");
    new.as_object_mut().unwrap().remove(field);
    new
}

#[tokio::test]
async fn a_session_is_refused_with_the_field_to_blame() {
    let stage = Stage::set(APPROVE).await;
    let create = |body: Value| stage.post("/v1/sessions").json(&body);
    check(create(with("colour", json!("red"))), 400, "unknown_field", Some("colour")).await;
    check(create(without("reference")), 400, "missing_field", Some("reference")).await;
    for (field, value) in [
        ("reference", json!("a b")),
        ("reference", json!("")),
        ("reference", json!("x".repeat(129))),
        ("reference", json!(7)),
        ("country", json!("Germany")),
        ("document_type", json!("library_card")),
        ("callback_url", json!(["http://127.0.0.1/"])),
    ] {
        check(create(with(field, value)), 400, "invalid_field", Some(field)).await;
    }
    for url in ["http://192.0.2.7/hook", "https://127.0.0.1/hook", "nonsense"] {
        check(create(with("callback_url", json!(url))), 400, "callback_url_refused", Some("callback_url")).await;
    }
    assert_eq!(stage.vendor.counts().sessions, 0);
}

#[tokio::test]
async fn what_is_not_understood_is_refused() {
    let stage = Stage::set(APPROVE).await;
    let raw = |body: &str| stage.post("/v1/sessions").header("content-type", "application/json").body(body.to_owned());
    for body in ["", "{", "[]", "\"text\"", "{\"reference\": \"a\"} trailing", "\u{feff}{}"] {
        check(raw(body), 400, "malformed_json", None).await;
    }
    check(raw(&"[".repeat(60_000)), 400, "malformed_json", None).await;
    check(raw(&" ".repeat(64 * 1024 + 1)), 413, "body_too_large", None).await;
    check(stage.post("/v1/sessions").body("{}"), 415, "unsupported_media_type", None).await;
    check(stage.post("/v1/sessions").header("content-type", "text/plain").body("{}"), 415, "unsupported_media_type", None).await;
    check(stage.get("/v1/nothing"), 404, "no_such_endpoint", None).await;
    check(stage.get("/"), 404, "no_such_endpoint", None).await;
    check(stage.get("/v1/sessions/ses_unknown"), 404, "no_such_session", None).await;
    check(stage.client.request(Method::PUT, stage.url("/v1/sessions")), 405, "method_not_allowed", None).await;
}

#[tokio::test]
async fn without_the_key_nobody_gets_in() {
    let stage = Stage::set(APPROVE).await;
    let to = || stage.client.post(stage.url("/v1/sessions")).json(&new_session("a-1"));
    check(to(), 401, "missing_api_key", None).await;
    check(to().basic_auth("a", Some("b")), 401, "missing_api_key", None).await;
    check(to().bearer_auth("key_test_2"), 401, "invalid_api_key", None).await;
    check(to().bearer_auth(""), 401, "missing_api_key", None).await;
    assert_eq!(stage.vendor.counts().sessions, 0);
}

#[tokio::test]
async fn a_picture_is_looked_at() {
    let stage = Stage::set(APPROVE).await;
    let id = stage.create("a-1").await;
    let send = |kind: &str, form: Form| stage.post(&format!("/v1/sessions/{id}/{kind}")).multipart(form);
    let file = |bytes: Vec<u8>| Form::new().part("file", Part::bytes(bytes));
    let mut broken = jpeg();
    broken.truncate(100);
    check(send("documents", file(broken)), 422, "image_truncated", Some("file")).await;
    check(send("selfies", file(b"GIF89a".to_vec())), 422, "not_an_image", Some("file")).await;
    check(send("selfies", Form::new()), 400, "malformed_multipart", None).await;
    check(send("documents", Form::new().text("side", "front")), 400, "missing_field", Some("file")).await;
    check(send("documents", file(jpeg()).text("side", "top")), 400, "invalid_field", Some("side")).await;
    check(send("documents", file(jpeg()).part("file", Part::bytes(jpeg()))), 400, "invalid_field", Some("file")).await;
    check(send("selfies", file(jpeg()).text("side", "front")), 400, "unknown_field", Some("side")).await;
    check(send("selfies", file(vec![0xFF; 11 * 1024 * 1024])), 413, "body_too_large", None).await;
    let path = format!("/v1/sessions/{id}/selfies");
    check(stage.post(&path).json(&json!({})), 415, "unsupported_media_type", None).await;
    check(stage.post(&path).header("content-type", "multipart/form-data").body("x"), 400, "malformed_multipart", None).await;
    check(stage.post(&path).header("content-type", "multipart/form-data; boundary=b").body("x"), 400, "malformed_multipart", None).await;
    check(stage.post("/v1/sessions/ses_unknown/selfies").multipart(file(jpeg())), 404, "no_such_session", None).await;

    let answer = send("documents", file(jpeg()).text("side", "back")).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    let upload = body_of(answer).await;
    let expected = json!({"id": upload["id"], "object": "upload", "kind": "document", "side": "back", "bytes": jpeg().len()});
    assert_eq!(upload, expected);
    assert!(text(&upload, "id").starts_with("upl_"));
}

#[tokio::test]
async fn synthetic_pictures_are_taken_and_those_that_broke_off_are_not() {
    let stage = Stage::set(APPROVE).await;
    let id = stage.create("a-000042").await;
    let fate = Fate::new(7, ApplicantKey::numbered(42));
    let album = Album::new(jiff::civil::date(2026, 11, 22));
    for (capture, status) in [(Capture::Good, 201), (Capture::Blurred, 201), (Capture::Truncated, 422)] {
        let shot = Shot { subject: Subject::Selfie, device: Device::MobileGood, capture };
        let form = Form::new().part("file", Part::bytes(album.picture(shot, &fate, 0).to_vec()));
        let answer = stage.post(&format!("/v1/sessions/{id}/selfies")).multipart(form).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{capture:?}");
    }
}

#[tokio::test]
async fn a_submission_comes_at_its_time() {
    let stage = Stage::set(&APPROVE.replace("20ms", "1h")).await;
    let id = stage.create("a-1").await;
    let submit = || stage.post(&format!("/v1/sessions/{id}/submit"));
    check(submit(), 409, "images_missing", None).await;
    stage.upload(&id, "documents").await;
    check(submit(), 409, "images_missing", None).await;
    stage.upload(&id, "selfies").await;
    check(submit().json(&json!({"now": true})), 400, "unknown_field", Some("now")).await;
    check(submit().header("content-type", "text/plain").body("now"), 415, "unsupported_media_type", None).await;
    let answer = submit().json(&json!({})).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    assert_eq!(body_of(answer).await["status"], "processing");
    check(submit(), 409, "wrong_status", None).await;
    let form = Form::new().part("file", Part::bytes(jpeg()));
    check(stage.post(&format!("/v1/sessions/{id}/documents")).multipart(form), 409, "wrong_status", None).await;
}

#[tokio::test]
async fn a_request_may_be_repeated_under_its_key() {
    let stage = Stage::set(APPROVE).await;
    let create = |key: &str, reference: &str| stage.post("/v1/sessions").header("idempotency-key", key).json(&new_session(reference));
    // At the same time too.
    let answers = join_all((0..10).map(|_| create("key-1", "a-1").send())).await;
    let mut bodies = Vec::new();
    for answer in answers {
        let answer = answer.unwrap();
        assert_eq!(answer.status(), StatusCode::CREATED);
        bodies.push(body_of(answer).await);
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
    assert_eq!(stage.vendor.counts().sessions, 1);

    check(create("key-1", "a-2"), 409, "idempotency_key_reused", None).await;
    check(create("a b", "a-2"), 400, "invalid_field", Some("Idempotency-Key")).await;
    check(create(&"k".repeat(256), "a-2"), 400, "invalid_field", Some("Idempotency-Key")).await;
    let other = body_of(create("key-2", "a-1").send().await.unwrap()).await;
    assert_ne!(other["id"], bodies[0]["id"], "another key is another request");

    let id = text(&bodies[0], "id");
    stage.upload(&id, "documents").await;
    stage.upload(&id, "selfies").await;
    let submit = || stage.post(&format!("/v1/sessions/{id}/submit")).header("idempotency-key", "key-3");
    let first = body_of(submit().send().await.unwrap()).await;
    stage.until_status(&id, "approved").await;
    let again = submit().send().await.unwrap();
    assert_eq!(again.status(), StatusCode::ACCEPTED);
    assert_eq!(body_of(again).await, first, "as it was answered the first time");
}

#[tokio::test]
async fn a_full_store_says_so_and_serves_on() {
    let two = limits(|limits| limits.sessions = 2);
    let stage = Stage::set_with(APPROVE, |config| config.limits(two), ResponseTemplate::new(200)).await;
    let first = stage.create("a-1").await;
    stage.create("a-2").await;
    let create = |reference: &str| stage.post("/v1/sessions").header("idempotency-key", "key").json(&new_session(reference));
    check(create("a-1"), 429, "too_many_sessions", None).await;
    check(create("a-3"), 429, "too_many_sessions", None).await;
    assert_eq!(stage.session(&first).await["status"], "collecting");
}

#[tokio::test]
async fn a_connection_beyond_the_bound_waits_for_a_place() {
    let one = limits(|limits| limits.connections = 1);
    let stage = Stage::set_with(APPROVE, |config| config.limits(one), ResponseTemplate::new(200)).await;
    let first = tokio::net::TcpStream::connect(stage.vendor.address()).await.unwrap();
    let second = async {
        let id = stage.create("a-1").await;
        (id, stage.vendor.counts().connections_timed_out)
    };
    let first_leaves = async {
        until(async || stage.vendor.counts(), |counts| counts.connections_waited == 1).await;
        assert_eq!(stage.vendor.counts().requests, 0, "there is no place yet");
        drop(first);
    };
    let ((id, timed_out), ()) = tokio::join!(second, first_leaves);
    assert!(id.starts_with("ses_"));
    assert_eq!(timed_out, 0, "it was not the bound on idle connections that made room");
}
