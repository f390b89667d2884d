//! A frozen vendor that speaks Onfido, a backend with a webhook, and the applicants' steps.

use std::time::Duration;

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit as _, Mac as _};
use kycsim_simulator::Dialect;
use kycsim_simulator::testing::TestVendor;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use sha2::Sha256;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

pub(super) use crate::stage::{IN_8_S, secs};
use crate::stage::{client, jpeg, json as read, scenario, text};

/// The reports that are mostly asked for.
pub(super) const REPORTS: [&str; 3] = ["document", "facial_similarity_photo", "watchlist_standard"];

pub(super) struct Scene {
    pub(super) vendor: TestVendor,
    pub(super) backend: MockServer,
    pub(super) client: Client,
}

impl Scene {
    /// Sets a scene with these lines under `[vendor]`, and a backend that takes every callback, and of which the vendor knows nothing yet.
    pub(super) async fn set(vendor: &str) -> Self {
        let backend = MockServer::builder().start().await;
        Mock::given(any()).respond_with(ResponseTemplate::new(200)).mount(&backend).await;
        let vendor = TestVendor::builder().scenario(scenario(vendor)).dialect(Dialect::Onfido).frozen().start().await.unwrap();
        Self { vendor, backend, client: client() }
    }

    pub(super) fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        let token = format!("Token token={}", self.vendor.api_key());
        self.client.request(method, format!("{}/v3.6{path}", self.vendor.uri())).header("authorization", token)
    }

    /// Asks, and returns status and body; a null for an empty one.
    pub(super) async fn said(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let ask = self.ask(method, path);
        let ask = if body.is_null() { ask } else { ask.json(body) };
        let answer = ask.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default())
    }

    pub(super) async fn get(&self, path: &str) -> Value {
        let (status, body) = self.said(Method::GET, path, &Value::Null).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Value {
        let (status, body) = self.said(Method::POST, path, &body).await;
        assert!((200..300).contains(&status), "{path}: {status} {body}");
        body
    }

    pub(super) async fn applicant(&self, reference: &str) -> String {
        self.applicant_called(reference, "Mara", "Lindqvist").await
    }

    pub(super) async fn applicant_called(&self, reference: &str, first_name: &str, last_name: &str) -> String {
        let numbers = json!([{"type": "other", "value": reference}]);
        let address = json!({"country": "DEU", "postcode": "10115"});
        let new = json!({"first_name": first_name, "last_name": last_name, "id_numbers": numbers, "address": address});
        text(&self.post("/applicants", new).await, "id")
    }

    pub(super) async fn upload_with(&self, kind: &str, fields: &[(&'static str, &str)]) -> Response {
        let mut form = Form::new().part("file", Part::bytes(jpeg()).file_name("picture.jpg"));
        for (name, value) in fields {
            form = form.text(*name, (*value).to_owned());
        }
        self.ask(Method::POST, &format!("/{kind}")).multipart(form).send().await.unwrap()
    }

    /// Uploads a document and a live photo, and returns their ids.
    pub(super) async fn upload(&self, applicant: &str) -> [String; 2] {
        let document = self.upload_with("documents", &[("applicant_id", applicant), ("type", "passport"), ("side", "front")]).await;
        let photo = self.upload_with("live_photos", &[("applicant_id", applicant), ("advanced_validation", "True")]).await;
        assert_eq!((document.status(), photo.status()), (StatusCode::CREATED, StatusCode::CREATED));
        [text(&read(document).await, "id"), text(&read(photo).await, "id")]
    }

    pub(super) async fn check(&self, applicant: &str) -> String {
        text(&self.post("/checks", json!({"applicant_id": applicant, "report_names": REPORTS})).await, "id")
    }

    /// Walks an applicant up to and with the check, and returns both ids.
    pub(super) async fn walk(&self, reference: &str) -> [String; 2] {
        let applicant = self.applicant(reference).await;
        self.upload(&applicant).await;
        let check = self.check(&applicant).await;
        [applicant, check]
    }

    /// Returns what each report of a check says: name, result, sub-result.
    pub(super) async fn results(&self, check: &str) -> Vec<[Value; 3]> {
        let reports = self.get(&format!("/reports?check_id={check}")).await;
        let reports = reports["reports"].as_array().unwrap();
        reports.iter().map(|report| [report["name"].clone(), report["result"].clone(), report["sub_result"].clone()]).collect()
    }

    /// Begins a workflow run, and returns it.
    pub(super) async fn run(&self, applicant: &str) -> Value {
        let link = json!({"completed_redirect_url": "http://127.0.0.1:9/done"});
        self.post("/workflow_runs", json!({"applicant_id": applicant, "workflow_id": "e8c921ee-72d6-4e07-9a04-0b6f7a9a2d11", "link": link}))
            .await
    }

    /// Completes all tasks of a run that are not done.
    pub(super) async fn complete(&self, run: &str, applicant: &str) {
        let [document, photo] = self.upload(applicant).await;
        for task in self.get(&format!("/workflow_runs/{run}/tasks")).await.as_array().unwrap() {
            let task = text(task, "id");
            let data = match &task {
                id if id.starts_with("profile") => json!({"first_name": "Mara"}),
                id if id.starts_with("document_photo") => json!([{"id": document}]),
                id if id.starts_with("face_photo") => json!([{"id": photo}]),
                _ => continue,
            };
            if self.get(&format!("/workflow_runs/{run}/tasks/{task}")).await["output"].is_null() {
                self.post(&format!("/workflow_runs/{run}/tasks/{task}/complete"), json!({ "data": data })).await;
            }
        }
    }

    pub(super) async fn run_status(&self, run: &str) -> Value {
        self.get(&format!("/workflow_runs/{run}")).await["status"].clone()
    }

    /// Has events of these names sent to a path of the backend's, and returns the webhook.
    pub(super) async fn webhook(&self, path: &str, events: &[&str]) -> Value {
        self.post("/webhooks", json!({"url": format!("{}{path}", self.backend.uri()), "events": events})).await
    }

    pub(super) async fn advance(&self, by: Duration) {
        self.vendor.advance(by).await.unwrap();
    }

    /// Returns what came to a path of the backend's.
    pub(super) async fn received(&self, path: &str) -> Vec<Request> {
        let received = self.backend.received_requests().await.unwrap();
        received.into_iter().filter(|request| request.url.path() == path).collect()
    }

    /// Returns the actions of what came to a path of the backend's.
    pub(super) async fn actions(&self, path: &str) -> Vec<String> {
        self.received(path).await.iter().map(|request| text(&body(request)["payload"], "action")).collect()
    }
}

pub(super) fn body(request: &Request) -> Value {
    request.body_json().unwrap()
}

/// Whether a callback was signed with this token: written from the vendor's page on manual verification, not from the signer.
pub(super) fn is_signed_with(request: &Request, token: &str) -> bool {
    let Some(signature) = request.headers.get("x-sha2-signature") else { return false };
    let code = Hmac::<Sha256>::new_from_slice(token.as_bytes()).unwrap().chain_update(&request.body).finalize().into_bytes();
    let hex = HEXLOWER.encode(&code);
    signature.to_str().unwrap() == hex
}
