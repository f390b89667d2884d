//! A backend, its vendor, its clock; and what people do with them.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage};
use kycsim_onboarding::{Backend, CallbackSecret, Clock as _, OnboardingConfig, Secret};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::clock::ManualClock;
use crate::vendor::{API_KEY, Callback, Vendor};

pub(crate) const REVIEWER_TOKEN: &str = "reviewers only";
const CALLBACK_KEY: &[u8] = b"shared between vendor and backend";
/// How long the slowest machine may take for anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// A picture that passes the quality gate.
pub(crate) static PICTURE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let picture = RgbImage::from_fn(800, 520, |x, y| if (x / 6 + y / 20) % 3 == 0 { Rgb([30, 30, 40]) } else { Rgb([225, 220, 210]) });
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 80).encode_image(&picture).unwrap();
    bytes
});

/// A vendor that the backend can be made to speak with.
pub(crate) trait FakeVendor {
    /// Makes the backend's configuration fit.
    fn introduce(&self, config: &mut OnboardingConfig);
}

#[derive(Debug)]
pub(crate) struct World<V = Vendor> {
    pub(crate) base: String,
    pub(crate) client: reqwest::Client,
    pub(crate) vendor: V,
    pub(crate) clock: Arc<ManualClock>,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

/// An applicant who has an account.
#[derive(Debug, Clone)]
pub(crate) struct Applicant {
    pub(crate) reference: String,
    pub(crate) account: String,
    pub(crate) token: String,
}

/// A verification, and who may work on it.
#[derive(Debug, Clone)]
pub(crate) struct Verification {
    pub(crate) applicant: Applicant,
    pub(crate) id: String,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut OnboardingConfig)) -> Self {
        Self::around(Vendor::start().await, Arc::new(ManualClock::new()), change).await
    }

    /// Delivers a callback, properly signed.
    pub(crate) async fn deliver(&self, callback: &Callback) -> StatusCode {
        let sent = self.clock.now().as_second().to_string();
        self.deliver_signed(callback, &sent, &sign(&callback.id, &sent, &callback.body)).await
    }

    pub(crate) async fn deliver_signed(&self, callback: &Callback, sent: &str, signature: &str) -> StatusCode {
        let headers = [("Webhook-Id", callback.id.as_str()), ("WEBHOOK-TIMESTAMP", sent), ("webhook-signature", signature)];
        self.call_back(&headers, &callback.body).await
    }
}

impl<V: FakeVendor> World<V> {
    pub(crate) async fn around(vendor: V, clock: Arc<ManualClock>, change: impl FnOnce(&mut OnboardingConfig)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let secret = CallbackSecret::parse(&format!("whsec_{}", STANDARD.encode(CALLBACK_KEY))).unwrap();
        let callback_url = format!("{base}/callbacks/kyc");
        let mut config = OnboardingConfig::new("", Secret::new(API_KEY), secret, callback_url, Secret::new(REVIEWER_TOKEN));
        vendor.introduce(&mut config);
        change(&mut config);
        let backend = Backend::open_with_clock(config, clock.clone()).await.unwrap();
        let stop = CancellationToken::new();
        let serving = tokio::spawn(backend.serve(listener, stop.clone()));
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { base, client, vendor, clock, stop, serving }
    }

    /// Stops the backend in good order.
    pub(crate) async fn stop(self) -> (V, Arc<ManualClock>) {
        self.stop.cancel();
        self.serving.await.unwrap();
        (self.vendor, self.clock)
    }

    /// Drops the backend in the middle of whatever it does.
    pub(crate) async fn kill(self) -> (V, Arc<ManualClock>) {
        self.serving.abort();
        assert!(self.serving.await.unwrap_err().is_cancelled());
        (self.vendor, self.clock)
    }

    pub(crate) fn request(&self, method: Method, path: &str, token: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base)).bearer_auth(token)
    }

    pub(crate) fn get(&self, path: &str, token: &str) -> RequestBuilder {
        self.request(Method::GET, path, token)
    }

    pub(crate) fn post(&self, path: &str, token: &str) -> RequestBuilder {
        self.request(Method::POST, path, token)
    }

    // What applicants do.

    pub(crate) async fn open_account(&self, reference: &str) -> Applicant {
        let body = json!({ "reference": reference, "email": format!("{reference}@example.com"), "country": "DE" });
        let request = self.post("/v1/accounts", "").header("idempotency-key", format!("open-{reference}")).json(&body);
        let account = expect(request, 201).await;
        Applicant { reference: reference.to_owned(), account: text(&account["id"]), token: text(&account["token"]) }
    }

    pub(crate) async fn consent(&self, applicant: &Applicant) {
        let policy = expect(self.get("/v1/consent-policy", ""), 200).await;
        let body = json!({ "policy_version_hash": policy["policy_version_hash"], "locale": "de-DE", "scopes": policy["scopes"] });
        let path = format!("/v1/accounts/{}/consents", applicant.account);
        expect(self.post(&path, &applicant.token).json(&body), 201).await;
    }

    pub(crate) fn begin(&self, applicant: &Applicant, key: &str) -> RequestBuilder {
        self.post(&format!("/v1/accounts/{}/verifications", applicant.account), &applicant.token)
            .header("idempotency-key", key)
            .json(&json!({ "country": "DE", "document_type": "id_card" }))
    }

    /// Opens an account, consents, and begins a verification.
    pub(crate) async fn verification(&self, reference: &str) -> Verification {
        let applicant = self.open_account(reference).await;
        self.consent(&applicant).await;
        let begun = expect(self.begin(&applicant, "begin"), 201).await;
        Verification { applicant, id: text(&begun["id"]) }
    }

    pub(crate) async fn capture_token(&self, verification: &Verification) -> String {
        let path = format!("/v1/verifications/{}/capture-token", verification.id);
        text(&expect(self.post(&path, &verification.applicant.token), 200).await["token"])
    }

    pub(crate) fn put_image(&self, verification: &Verification, kind: &str, token: &str, bytes: Vec<u8>) -> RequestBuilder {
        let path = format!("/v1/capture/{}/{kind}", verification.id);
        self.request(Method::PUT, &path, token).header("content-type", "image/jpeg").body(bytes)
    }

    pub(crate) async fn capture(&self, verification: &Verification) {
        let token = self.capture_token(verification).await;
        for kind in ["document", "selfie"] {
            expect(self.put_image(verification, kind, &token, PICTURE.clone()), 200).await;
        }
    }

    pub(crate) async fn submit(&self, verification: &Verification) -> Value {
        let path = format!("/v1/verifications/{}/submit", verification.id);
        expect(self.post(&path, &verification.applicant.token), 202).await
    }

    /// Goes all the way up to the submission.
    pub(crate) async fn submitted(&self, reference: &str) -> Verification {
        let verification = self.verification(reference).await;
        self.capture(&verification).await;
        self.submit(&verification).await;
        verification
    }

    /// Goes all the way until the vendor has everything.
    pub(crate) async fn accepted(&self, reference: &str) -> Verification {
        let verification = self.submitted(reference).await;
        self.until_event(&verification, "vendor_accepted", 1).await;
        verification
    }

    // What people see.

    pub(crate) async fn show(&self, verification: &Verification) -> Value {
        expect(self.get(&format!("/v1/verifications/{}", verification.id), &verification.applicant.token), 200).await
    }

    pub(crate) async fn status(&self, verification: &Verification) -> String {
        text(&self.show(verification).await["status"])
    }

    pub(crate) async fn events(&self, verification: &Verification) -> Vec<Value> {
        let request = self.get(&format!("/v1/verifications/{}/events", verification.id), &verification.applicant.token);
        expect(request, 200).await["events"].as_array().unwrap().clone()
    }

    /// How often an event stands in the log.
    pub(crate) async fn count(&self, verification: &Verification, kind: &str) -> usize {
        self.events(verification).await.iter().filter(|event| event["kind"] == kind).count()
    }

    /// Waits until an event stands in the log at least so many times.
    pub(crate) async fn until_event(&self, verification: &Verification, kind: &str, times: usize) {
        until(&format!("{times} {kind}"), async || self.count(verification, kind).await >= times).await;
    }

    pub(crate) async fn until_status(&self, verification: &Verification, status: &str) {
        until(status, async || self.status(verification).await == status).await;
    }

    // What the vendor and the reviewers do.

    /// Sends a callback as it is.
    pub(crate) async fn call_back(&self, headers: &[(&str, &str)], body: &str) -> StatusCode {
        let request = self.client.post(format!("{}/callbacks/kyc", self.base)).body(body.to_owned());
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.send().await.unwrap().status()
    }

    pub(crate) async fn claim(&self, reviewer: &str, order: &str) -> Response {
        let body = json!({ "reviewer": reviewer, "order": order });
        self.post("/v1/reviews/claim", REVIEWER_TOKEN).json(&body).send().await.unwrap()
    }

    pub(crate) async fn decide(&self, case: &Value, reviewer: &str, decision: &str) -> Response {
        let path = format!("/v1/reviews/{}/decision", text(&case["id"]));
        let body = json!({ "reviewer": reviewer, "decision": decision, "note": "looked at it" });
        self.post(&path, REVIEWER_TOKEN).json(&body).send().await.unwrap()
    }
}

impl FakeVendor for Vendor {
    fn introduce(&self, config: &mut OnboardingConfig) {
        config.vendor_url = self.server.uri();
    }
}

/// Signs as the vendor does.
pub(crate) fn sign(id: &str, sent: &str, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(CALLBACK_KEY).unwrap();
    mac.update(format!("{id}.{sent}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// Sends a request and returns its JSON, if it has the expected status.
#[track_caller]
pub(crate) fn expect(request: RequestBuilder, status: u16) -> impl Future<Output = Value> {
    let caller = std::panic::Location::caller();
    async move {
        let response = request.send().await.unwrap();
        let (got, body) = (response.status(), response.text().await.unwrap());
        assert_eq!(got.as_u16(), status, "at {caller}: {body}");
        serde_json::from_str(&body).unwrap_or(Value::Null)
    }
}

/// Expects a problem with this status and code.
#[track_caller]
pub(crate) fn expect_problem(request: RequestBuilder, status: u16, code: &str) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        let response = request.send().await.unwrap();
        let media_type = response.headers()["content-type"].clone();
        let got = response.status();
        let body: Value = response.json().await.unwrap();
        assert_eq!((got.as_u16(), body["code"].as_str()), (status, Some(code)), "at {caller}: {body}");
        assert_eq!(body["status"], status, "at {caller}");
        assert_eq!(media_type, "application/problem+json", "at {caller}");
    }
}

/// Polls until `reached` says yes; a level, never an edge.
pub(crate) async fn until(what: &str, reached: impl AsyncFn() -> bool) {
    let poll = async {
        let mut tick = tokio::time::interval(Duration::from_millis(5));
        while !reached().await {
            tick.tick().await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, poll).await.is_ok(), "never reached: {what}");
}

#[track_caller]
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

pub(crate) const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
