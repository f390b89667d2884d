//! The Stripe Identity dialect: what its customers, their applicants' devices and their receivers see. `docs/dialects/stripe-identity.md` says what to expect.

mod browser;
mod capture;
mod events;
mod outcomes;
mod pages;
mod repeat;
mod sessions;
mod snapshot;
mod webhook_endpoints;

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit as _, Mac as _};
use kycsim_simulator::Dialect;
use kycsim_simulator::testing::TestVendor;
use reqwest::header::HeaderMap;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, RequestBuilder, Response};
use serde_json::Value;
use sha2::Sha256;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::stage::{IN_8_S, client, jpeg, scenario, secs};

const SELFIE: &str = "options[document][require_matching_selfie]=true";
const SESSIONS: &str = "/v1/identity/verification_sessions";

/// A frozen vendor, a backend that it calls back, and a client with the secret key.
struct Scene {
    vendor: TestVendor,
    backend: MockServer,
    client: Client,
}

/// What was answered.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    async fn of(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        Self { status, headers, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Status, code and parameter of an error.
    fn error(&self) -> (u16, &str, &str) {
        let error = &self.body["error"];
        (self.status, error["code"].as_str().unwrap_or_default(), error["param"].as_str().unwrap_or_default())
    }
}

impl Scene {
    /// Sets a scene with these lines under `[vendor]`, and a backend that takes every callback.
    async fn set(vendor: &str) -> Self {
        Self::answering(vendor, ResponseTemplate::new(200)).await
    }

    /// The same, with a backend that answers so.
    async fn answering(vendor: &str, response: impl Respond + 'static) -> Self {
        let backend = MockServer::builder().start().await;
        Mock::given(any()).respond_with(response).mount(&backend).await;
        let builder = TestVendor::builder().scenario(scenario(vendor)).dialect(Dialect::StripeIdentity).frozen();
        let vendor = builder.callback_url(backend.uri()).start().await.unwrap();
        Self { vendor, backend, client: client() }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.vendor.uri())
    }

    fn request(&self, method: &str, path: &str) -> RequestBuilder {
        self.client.request(method.parse().unwrap(), self.url(path)).bearer_auth(self.vendor.api_key())
    }

    /// Sends a form, written as it goes over the wire.
    async fn sent(&self, path: &str, form: &str) -> Answer {
        Answer::of(filled(self.request("POST", path), form).send().await.unwrap()).await
    }

    async fn asked(&self, path: &str) -> Answer {
        Answer::of(self.request("GET", path).send().await.unwrap()).await
    }

    async fn post(&self, path: &str, form: &str) -> Value {
        let answer = self.sent(path, form).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.asked(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    }

    /// Begins a session that asks for a document and a selfie.
    async fn create(&self, reference: &str) -> String {
        let made = self.post(SESSIONS, &format!("type=document&client_reference_id={reference}&{SELFIE}")).await;
        made["id"].as_str().unwrap().to_owned()
    }

    async fn session(&self, id: &str) -> Value {
        self.get(&format!("{SESSIONS}/{id}")).await
    }

    /// Does something on a session's page, as a device does.
    async fn on_page(&self, id: &str, end: &str, form: &str) -> Answer {
        self.sent(&format!("/v1/identity/verification_pages/{id}/{end}"), form).await
    }

    async fn upload(&self, purpose: &str) -> String {
        let form = Form::new().text("purpose", purpose.to_owned()).part("file", Part::bytes(jpeg()).file_name("picture.jpg"));
        let answer = Answer::of(self.request("POST", "/v1/files").multipart(form).send().await.unwrap()).await;
        answer.body["id"].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
    }

    /// Hands pictures in and submits them.
    async fn capture(&self, id: &str) {
        let (front, face) = (self.upload("identity_document").await, self.upload("selfie").await);
        let data = format!(
            "collected_data[biometric_consent]=true&collected_data[id_document_type]=passport&collected_data[id_document_front][high_res_image]={front}\
             &collected_data[face][best_high_res_image]={face}&clear_data[id_document_back]=true"
        );
        assert_eq!(self.on_page(id, "data", &data).await.status, 200);
        let page = self.on_page(id, "submit", "").await;
        assert_eq!((page.status, &page.body["submitted"]), (200, &Value::Bool(true)), "{}", page.body);
    }

    /// Walks an applicant to a decision that comes after 8 s, and returns the session.
    async fn walk(&self, reference: &str) -> Value {
        let id = self.create(reference).await;
        self.capture(&id).await;
        self.advance(8).await;
        self.session(&id).await
    }

    async fn advance(&self, seconds: u64) {
        self.vendor.advance(secs(seconds)).await.unwrap();
    }

    async fn received(&self) -> Vec<Request> {
        self.backend.received_requests().await.unwrap()
    }

    /// Returns what the backend was told, in short, in its order.
    async fn told(&self) -> Vec<String> {
        self.received().await.iter().map(kind).collect()
    }
}

/// Returns a request with a form, written as it goes over the wire.
pub(crate) fn filled(request: RequestBuilder, form: &str) -> RequestBuilder {
    request.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned())
}

/// What a callback tells of, in short.
fn kind(request: &Request) -> String {
    event(request)["type"].as_str().unwrap().trim_start_matches("identity.verification_session.").to_owned()
}

fn event(request: &Request) -> Value {
    request.body_json().unwrap()
}

fn ids(list: &Value) -> Vec<&str> {
    list["data"].as_array().unwrap().iter().map(|each| each["id"].as_str().unwrap()).collect()
}

/// Which of a callback's signatures were made with this secret, and when it says it was signed: written from the vendor's page, not from the signer.
pub(crate) fn signed_by(request: &Request, secret: &str) -> (i64, Vec<bool>) {
    let header = request.headers.get("stripe-signature").map_or("", |value| value.to_str().unwrap());
    let parts: Vec<(&str, &str)> = header.split(',').filter_map(|part| part.split_once('=')).collect();
    let time = parts.iter().find(|(name, _)| *name == "t").map_or("", |(_, time)| time);
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap().chain_update(format!("{time}.")).chain_update(&request.body);
    let expected = HEXLOWER.encode(&mac.finalize().into_bytes());
    (
        time.parse().unwrap_or_default(),
        parts.iter().filter(|(name, _)| *name == "v1").map(|(_, signature)| *signature == expected).collect(),
    )
}
