//! How many journeys a second the backend takes: `cargo bench -p kycsim-onboarding`, or with `-- 50` for fifty a second.
//!
//! Applicants arrive at a fixed rate, whether or not the backend keeps up; the vendor is a stub that accepts everything at once and
//! calls back. Reported are latencies by step, counted from when a journey was due, and what had piled up in the outbox.
//!
//! Measured 2026-11-22 on a virtual machine with two cores and a `fdatasync` of 0.4 ms, with load, vendor and backend in one process and
//! other builds running beside it (load average 5). Twenty a second: nothing piles up; captures take 40 ms at the median and 90 ms at p95,
//! other calls 10 ms and 40 ms, and the vendor is told everything within 100 ms. Thirty a second: the writer falls behind on that machine.
//! A journey costs some 45 ms of processor time, about half of it for decoding its two pictures.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench talks to whoever runs it, and stops when it cannot run")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage};
use kycsim_onboarding::{Backend, CallbackSecret, Clock as _, Database, OnboardingConfig, Secret, SystemClock};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

const KEY: &[u8] = b"shared between vendor and backend";
const LASTS: Duration = Duration::from_secs(20);

/// Latencies in milliseconds, by step.
type Latencies = Arc<Mutex<BTreeMap<&'static str, Vec<f64>>>>;

#[tokio::main]
async fn main() {
    let rate: u32 = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(20);
    let clock = Arc::new(SystemClock::new());
    let (vendor, ours) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let vendor_url = format!("http://{}", vendor.local_addr().unwrap());
    let base = format!("http://{}", ours.local_addr().unwrap());
    let folder = tempfile::tempdir().unwrap();

    let stub = Stub { client: client(), callback_url: format!("{base}/callbacks/kyc"), clock: Arc::clone(&clock) };
    tokio::spawn(async move { axum::serve(vendor, stub.router()).await });
    let secret = CallbackSecret::parse(&format!("whsec_{}", STANDARD.encode(KEY))).unwrap();
    let callback_url = format!("{base}/callbacks/kyc");
    let mut config = OnboardingConfig::new(vendor_url, Secret::new("key"), secret, callback_url, Secret::new("reviewers"));
    config.database = Database::File(folder.path().join("bench.sqlite"));
    let stop = CancellationToken::new();
    let backend = tokio::spawn(Backend::open(config).await.unwrap().serve(ours, stop.clone()));

    let picture = picture();
    println!("{rate} journeys a second for {LASTS:?}, pictures of {} kB", picture.len() / 1000);
    let latencies = Latencies::default();
    let mut journeys = JoinSet::new();
    let mut arrivals = tokio::time::interval(Duration::from_secs(1) / rate);
    for number in 0..LASTS.as_secs() * u64::from(rate) {
        arrivals.tick().await;
        let journey = Journey { client: client(), base: base.clone(), clock: Arc::clone(&clock), latencies: Arc::clone(&latencies) };
        journeys.spawn(journey.run(number, picture.clone()));
    }
    let metrics = client().get(format!("{base}/metrics")).send().await.unwrap().text().await.unwrap();
    for line in metrics.lines().filter(|line| line.starts_with("onboarding_outbox")) {
        println!("when the last one arrived: {line}");
    }
    while let Some(journey) = journeys.join_next().await {
        journey.unwrap();
    }
    for (step, mut figures) in std::mem::take(&mut *latencies.lock().unwrap()) {
        figures.sort_by(f64::total_cmp);
        let at = |per_mille: usize| figures[(figures.len() - 1) * per_mille / 1000];
        println!("{step:<12} p50 {:>8.1} ms   p95 {:>8.1} ms   p99 {:>8.1} ms   max {:>8.1} ms", at(500), at(950), at(990), at(1000));
    }
    stop.cancel();
    backend.await.unwrap();
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// A picture as large as a telephone's: an invented page with noise.
fn picture() -> Vec<u8> {
    let mut noise = 1_u32;
    let picture = RgbImage::from_fn(1600, 1000, |x, y| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let grain = (noise >> 28).to_le_bytes()[0];
        let ground = if (x / 9 + y / 30) % 4 == 0 { 30 } else { 215 };
        Rgb([ground + grain, ground + grain, ground])
    });
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 75).encode_image(&picture).unwrap();
    bytes
}

struct Journey {
    client: reqwest::Client,
    base: String,
    clock: Arc<SystemClock>,
    latencies: Latencies,
}

impl Journey {
    async fn run(self, number: u64, picture: Vec<u8>) {
        let reference = format!("a-{number}");
        let began = self.clock.monotonic();
        let body = json!({ "reference": reference, "email": "somebody@example.com", "country": "DE" });
        let account =
            self.call("account", self.request(Method::POST, "/v1/accounts", "").header("idempotency-key", &reference).json(&body)).await;
        let (id, token) = (account["id"].as_str().unwrap(), account["token"].as_str().unwrap());
        let policy = self.call("policy", self.request(Method::GET, "/v1/consent-policy", "")).await;
        let body = json!({ "policy_version_hash": policy["policy_version_hash"], "locale": "de", "scopes": policy["scopes"] });
        self.call("consent", self.request(Method::POST, &format!("/v1/accounts/{id}/consents"), token).json(&body)).await;
        let body = json!({ "country": "DE", "document_type": "id_card" });
        let start =
            self.request(Method::POST, &format!("/v1/accounts/{id}/verifications"), token).header("idempotency-key", "k").json(&body);
        let verification = self.call("start", start).await;
        let (id, capture) = (verification["id"].as_str().unwrap(), verification["capture"]["token"].as_str().unwrap());
        for kind in ["document", "selfie"] {
            let put = self.request(Method::PUT, &format!("/v1/capture/{id}/{kind}"), capture).header("content-type", "image/jpeg");
            self.call("capture", put.body(picture.clone())).await;
        }
        self.call("submit", self.request(Method::POST, &format!("/v1/verifications/{id}/submit"), token)).await;
        let submitted = self.clock.monotonic();
        let mut poll = tokio::time::interval(Duration::from_millis(500));
        loop {
            poll.tick().await;
            let shown = self.call("status", self.request(Method::GET, &format!("/v1/verifications/{id}"), token)).await;
            if shown["status"] == "approved" {
                break;
            }
        }
        self.note("(decided)", self.clock.monotonic() - submitted);
        self.note("(journey)", self.clock.monotonic() - began);
    }

    fn request(&self, method: Method, path: &str, token: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base)).bearer_auth(token)
    }

    async fn call(&self, step: &'static str, request: RequestBuilder) -> Value {
        let began = self.clock.monotonic();
        let response = request.send().await.unwrap();
        assert!(response.status().is_success(), "{step}: {}", response.status());
        let body = response.json().await.unwrap();
        self.note(step, self.clock.monotonic() - began);
        body
    }

    fn note(&self, step: &'static str, took: Duration) {
        self.latencies.lock().unwrap().entry(step).or_default().push(took.as_secs_f64() * 1e3);
    }
}

/// A vendor that approves everybody.
#[derive(Clone)]
struct Stub {
    client: reqwest::Client,
    callback_url: String,
    clock: Arc<SystemClock>,
}

fn session(id: &str, status: &str, version: u32, decision: &Value) -> Value {
    json!({ "id": id, "status": status, "attempt": 1, "version": version, "decision": decision })
}

impl Stub {
    fn router(self) -> Router {
        let create = async |Json(body): Json<Value>| {
            let id = format!("ses_{}", body["reference"].as_str().unwrap_or_default());
            Json(session(&id, "collecting", 1, &Value::Null))
        };
        let upload = async |_: axum::body::Bytes| Json(json!({}));
        let submit = async |State(stub): State<Self>, Path(id): Path<String>| {
            tokio::spawn(stub.call_back(id.clone()));
            Json(session(&id, "processing", 2, &Value::Null))
        };
        Router::new()
            .route("/v1/sessions", post(create))
            .route("/v1/sessions/{id}/documents", post(upload))
            .route("/v1/sessions/{id}/selfies", post(upload))
            .route("/v1/sessions/{id}/submit", post(submit))
            .layer(axum::extract::DefaultBodyLimit::disable())
            .with_state(self)
    }

    async fn call_back(self, id: String) {
        let decision = json!({ "attempt": 1, "outcome": "approved", "reasons": [] });
        let body = json!({ "type": "session.decided", "data": session(&id, "approved", 3, &decision) }).to_string();
        let sent = self.clock.now().as_second();
        let mut mac = Hmac::<Sha256>::new_from_slice(KEY).unwrap();
        mac.update(format!("evt_{id}.{sent}.{body}").as_bytes());
        let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        let request = self.client.post(&self.callback_url).header("webhook-id", format!("evt_{id}")).header("webhook-timestamp", sent);
        let answer = request.header("webhook-signature", signature).body(body).send().await.unwrap();
        assert_eq!(answer.status(), 204);
    }
}
