//! What an applicant's device does: files, ephemeral keys, the page's data and submission.

use kycsim_scenarios::vendor::Fault;
use kycsim_simulator::testing::Operation;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use super::{Answer, IN_8_S, SESSIONS, Scene, filled, ids};
use crate::stage::jpeg;

async fn key(scene: &Scene, session: &str) -> Value {
    let post = scene.request("POST", "/v1/ephemeral_keys").header("stripe-version", "2020-08-27; identity_client_api=v7");
    Answer::of(filled(post, &format!("verification_session={session}")).send().await.unwrap()).await.body
}

#[tokio::test]
async fn an_ephemeral_key_is_good_for_its_own_session_and_for_an_hour() {
    let scene = Scene::set(IN_8_S).await;
    let (id, other) = (scene.create("a-1").await, scene.create("a-2").await);
    assert_eq!(scene.sent("/v1/ephemeral_keys", &format!("verification_session={id}")).await.status, 400, "the version is missing");
    let made = key(&scene, &id).await;
    assert_eq!(made["associated_objects"], json!([{"id": id, "type": "identity.verification_session"}]));
    let ask = async |method: &str, path: &str| {
        let request = scene.client.request(method.parse().unwrap(), scene.url(path)).bearer_auth(made["secret"].as_str().unwrap());
        request.send().await.unwrap().status().as_u16()
    };
    let page = |id: &str| format!("/v1/identity/verification_pages/{id}");
    assert_eq!(ask("GET", &format!("{}?app_identifier=org.example", page(&id))).await, 200);
    assert_eq!(ask("POST", &format!("{}/phone_otp/generate", page(&id))).await, 200);
    assert_eq!(ask("GET", &page(&other)).await, 403);
    assert_eq!(ask("GET", &format!("{SESSIONS}/{id}")).await, 403);
    assert_eq!(ask("POST", "/v1/webhook_endpoints").await, 403);
    let form = Form::new().text("purpose", "selfie").part("file", Part::bytes(jpeg()).file_name("x.jpg"));
    let post = scene.client.post(scene.url("/v1/files")).bearer_auth(made["secret"].as_str().unwrap()).multipart(form);
    assert_eq!(post.send().await.unwrap().status(), 200);
    scene.advance(3600).await;
    assert_eq!(ask("GET", &page(&id)).await, 401);
}

#[tokio::test]
async fn what_is_missing_is_named_and_nothing_is_submitted() {
    let scene = Scene::set(IN_8_S).await;
    let id = scene.create("a-1").await;
    let page = scene.on_page(&id, "submit", "").await;
    assert_eq!((page.status, &page.body["submitted"], &page.body["closed"]), (200, &json!(false), &json!(false)));
    assert_eq!(page.body["requirements"], json!({"errors": [], "missing": ["id_document_front", "face"]}));
    let front = scene.upload("identity_document").await;
    let page = scene.on_page(&id, "data", &format!("collected_data[id_document_front][high_res_image]={front}")).await;
    assert_eq!(page.body["requirements"]["missing"], json!(["face"]));
    let plain = scene.post(SESSIONS, "type=document").await;
    let page = scene.on_page(plain["id"].as_str().unwrap(), "submit", "").await;
    assert_eq!(page.body["requirements"]["missing"], json!(["id_document_front"]), "no selfie was asked for");
}

#[tokio::test]
async fn a_file_must_be_there_and_be_for_that() {
    let scene = Scene::set(IN_8_S).await;
    let id = scene.create("a-1").await;
    let selfie = scene.upload("selfie").await;
    let front = "collected_data[id_document_front][high_res_image]";
    assert_eq!(scene.on_page(&id, "data", &format!("{front}=file_nope")).await.error(), (404, "resource_missing", front));
    assert_eq!(scene.on_page(&id, "data", &format!("{front}={selfie}")).await.error(), (400, "", front));
    assert_eq!(
        scene.on_page(&id, "data", "collected_data[colour]=red").await.error(),
        (400, "parameter_unknown", "collected_data[colour]")
    );
    let broken = Form::new().text("purpose", "selfie").part("file", Part::bytes(b"no picture".to_vec()));
    let answer = Answer::of(scene.request("POST", "/v1/files").multipart(broken).send().await.unwrap()).await;
    assert_eq!(answer.error(), (400, "", "file"));
}

#[tokio::test]
async fn a_document_that_is_not_allowed_fails() {
    let scene = Scene::set(IN_8_S).await;
    let made = scene.post(SESSIONS, "type=document&options[document][allowed_types][]=id_card").await;
    let id = made["id"].as_str().unwrap();
    let front = scene.upload("identity_document").await;
    let data = format!("collected_data[id_document_type]=passport&collected_data[id_document_front][high_res_image]={front}");
    scene.on_page(id, "data", &data).await;
    scene.on_page(id, "submit", "").await;
    scene.advance(8).await;
    assert_eq!(scene.session(id).await["last_error"]["code"], "document_type_not_supported");
}

#[tokio::test]
async fn a_picture_that_was_lost_is_missing() {
    let scene = Scene::set(IN_8_S).await;
    scene.vendor.order_for("a-1").failing(Operation::Upload, Fault::LostUpload, 1).await.unwrap();
    let id = scene.create("a-1").await;
    let front = scene.upload("identity_document").await;
    let data = format!("collected_data[id_document_front][high_res_image]={front}");
    for missing in [json!(["id_document_front", "face"]), json!(["face"])] {
        assert_eq!(scene.on_page(&id, "data", &data).await.body["requirements"]["missing"], missing);
    }
}

#[tokio::test]
async fn who_does_not_consent_has_left() {
    let scene = Scene::set(IN_8_S).await;
    let id = scene.create("a-1").await;
    let page = scene.on_page(&id, "data", "collected_data[biometric_consent]=false").await;
    assert_eq!(page.body["status"], "requires_input");
    assert_eq!(scene.session(&id).await["last_error"]["code"], "consent_declined");
    scene.capture(&id).await;
    assert_eq!(scene.session(&id).await["status"], "processing", "and may come back");
}

#[tokio::test]
async fn only_what_waits_for_input_takes_it() {
    let scene = Scene::set(IN_8_S).await;
    let id = scene.create("a-1").await;
    scene.capture(&id).await;
    for end in ["data", "submit", "testing/verify", "testing/unverify"] {
        assert_eq!(scene.on_page(&id, end, "").await.status, 400, "{end}");
    }
    assert_eq!(scene.get(&format!("/v1/identity/verification_pages/{id}")).await["closed"], true);
}

#[tokio::test]
async fn files_are_known_and_what_they_showed_is_not() {
    let scene = Scene::set(IN_8_S).await;
    let id = scene.upload("identity_document").await;
    let file = scene.get(&format!("/v1/files/{id}")).await;
    assert_eq!((&file["size"], &file["type"], &file["purpose"]), (&json!(jpeg().len()), &json!("jpg"), &json!("identity_document")));
    let contents = scene.request("GET", &format!("/v1/files/{id}/contents")).send().await.unwrap();
    assert_eq!(contents.headers()["content-type"], "image/png");
    assert!(contents.bytes().await.unwrap().starts_with(b"\x89PNG"));
    assert_eq!(ids(&scene.get("/v1/files?purpose=selfie").await).len(), 0);
    let now = file["created"].as_i64().unwrap();
    let link = scene.post("/v1/file_links", &format!("file={id}&expires_at={}", now + 60)).await;
    assert_eq!((&link["file"], &link["expired"]), (&json!(id), &json!(false)));
    scene.advance(60).await;
    let link = scene.get(&format!("/v1/file_links/{}", link["id"].as_str().unwrap())).await;
    assert_eq!((&link["expired"], &link["url"]), (&json!(true), &Value::Null));
}
