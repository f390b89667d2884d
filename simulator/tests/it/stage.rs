//! The verbs of these tests: start a vendor and a backend, walk an applicant through a session, wait for a level.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kycsim_scenarios::Scenario;
use kycsim_scenarios::ledger::{LedgerEntry, LedgerEvent};
use kycsim_simulator::{ApiKey, CallbackUrl, Clock, Limits, Vendor, VendorConfig, WebhookSecret};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// Everybody is approved, after 8 s.
pub(crate) const IN_8_S: &str = "outcomes = { approved = 1 }\ndecision_delay = { distribution = \"constant\", value = \"8s\" }\n";

pub(crate) const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) const API_KEY: &str = "key_test_1";
pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
/// Long enough for a busy machine; a test that passes never waits so long.
const DEADLINE: Duration = Duration::from_secs(20);

/// A vendor, the backend that it calls back, and a client.
pub(crate) struct Stage {
    pub(crate) vendor: Vendor,
    pub(crate) backend: MockServer,
    pub(crate) client: Client,
}

/// Returns a scenario with these lines under `[vendor]`, and after them.
pub(crate) fn scenario(vendor: &str) -> Arc<Scenario> {
    let text = format!(
        r#"
name = "test"
summary = "A test"
teaches = "Nothing"
seed = 7
arrivals = {{ process = "poisson", rate = [{{ at = "0s", per_second = 1 }}], duration = "1s" }}
applicants = [{{ share = 1, country = "DE", document = "id_card", patience = {{ distribution = "constant", value = "1m" }} }}]
[vendor]
{vendor}
"#
    );
    Arc::new(Scenario::parse("test", &text).unwrap_or_else(|error| panic!("{error}")))
}

/// Everybody is approved, after 20 ms.
pub(crate) const APPROVE: &str = "outcomes = { approved = 1 }\ndecision_delay = { distribution = \"constant\", value = \"20ms\" }\n";

impl Stage {
    /// Starts a vendor that plays the scenario with these lines under `[vendor]`, and a backend that takes every callback.
    pub(crate) async fn set(vendor: &str) -> Self {
        Self::set_with(vendor, |config| config, ResponseTemplate::new(204)).await
    }

    pub(crate) async fn set_with(vendor: &str, more: impl FnOnce(VendorConfig) -> VendorConfig, response: impl Respond + 'static) -> Self {
        let backend = MockServer::builder().start().await;
        Mock::given(any()).respond_with(response).mount(&backend).await;
        let hook = CallbackUrl::parse(&format!("{}/callbacks", backend.uri())).unwrap();
        let vendor = start(scenario(vendor), |config| more(config.callback_url(hook))).await;
        Self { vendor, backend, client: client() }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        url(self.vendor.address(), path)
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(self.url(path)).bearer_auth(API_KEY)
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(self.url(path)).bearer_auth(API_KEY)
    }

    pub(crate) async fn create(&self, reference: &str) -> String {
        let answer = self.post("/v1/sessions").json(&new_session(reference)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::CREATED);
        text(&json(answer).await, "id")
    }

    pub(crate) async fn create_owned(&self, number: u32) -> String {
        self.create(&format!("a-{number}")).await
    }

    pub(crate) async fn upload(&self, session: &str, kind: &str) -> Response {
        let form = Form::new().part("file", Part::bytes(jpeg()).file_name("picture.jpg"));
        self.post(&format!("/v1/sessions/{session}/{kind}")).multipart(form).send().await.unwrap()
    }

    pub(crate) async fn submit(&self, session: &str) -> Response {
        self.post(&format!("/v1/sessions/{session}/submit")).send().await.unwrap()
    }

    /// Walks an applicant up to and with the submission, and returns the session's id.
    pub(crate) async fn walk(&self, reference: &str) -> String {
        let session = self.create(reference).await;
        self.finish(&session).await;
        session
    }

    /// The same, for an applicant whose callbacks go to an address of their own.
    pub(crate) async fn walk_to(&self, reference: &str, callback_url: &str) {
        let mut new = new_session(reference);
        new["callback_url"] = json!(callback_url);
        let answer = self.post("/v1/sessions").json(&new).send().await.unwrap();
        self.finish(&text(&json(answer).await, "id")).await;
    }

    async fn finish(&self, session: &str) {
        assert_eq!(self.upload(session, "documents").await.status(), StatusCode::CREATED);
        assert_eq!(self.upload(session, "selfies").await.status(), StatusCode::CREATED);
        assert_eq!(self.submit(session).await.status(), StatusCode::ACCEPTED);
    }

    pub(crate) async fn session(&self, id: &str) -> Value {
        json(self.get(&format!("/v1/sessions/{id}")).send().await.unwrap()).await
    }

    /// Waits until the session has this status.
    pub(crate) async fn until_status(&self, id: &str, status: &str) -> Value {
        let begun = Instant::now();
        loop {
            let session = self.session(id).await;
            if session["status"] == status {
                return session;
            }
            assert!(begun.elapsed() < DEADLINE, "still {session}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until nothing is outstanding.
    pub(crate) async fn idle(&self) {
        let idle = tokio::time::timeout(DEADLINE, self.vendor.idle()).await;
        assert!(idle.is_ok(), "not quiet: {:?}", self.vendor.counts());
    }

    /// Returns the callbacks that the backend has received.
    pub(crate) async fn received(&self) -> Vec<Request> {
        self.backend.received_requests().await.unwrap_or_default()
    }
}

/// Starts a vendor whose time begins now.
pub(crate) async fn start(scenario: Arc<Scenario>, more: impl FnOnce(VendorConfig) -> VendorConfig) -> Vendor {
    let clock = Clock::starting_at(Instant::now());
    let config = VendorConfig::new(scenario, ApiKey::new(API_KEY).unwrap(), WebhookSecret::new(SECRET), clock);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    Vendor::start(more(config), listener, &CancellationToken::new()).unwrap()
}

/// Returns a client that goes straight to the vendor.
pub(crate) fn client() -> Client {
    Client::builder().no_proxy().timeout(DEADLINE).build().unwrap()
}

pub(crate) fn url(address: SocketAddr, path: &str) -> String {
    format!("http://{address}{path}")
}

pub(crate) fn new_session(reference: &str) -> Value {
    json!({"reference": reference, "country": "DE", "document_type": "id_card"})
}

pub(crate) fn jpeg() -> Vec<u8> {
    [&[0xFF, 0xD8, 0xFF, 0xE0][..], &[7; 500], &[0xFF, 0xD9]].concat()
}

pub(crate) async fn json(answer: Response) -> Value {
    answer.json().await.unwrap()
}

pub(crate) fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_else(|| panic!("no {field} in {value}")).to_owned()
}

/// Waits until `reached` holds of what `look` returns, and returns it.
pub(crate) async fn until<T: std::fmt::Debug>(look: impl AsyncFn() -> T, reached: impl Fn(&T) -> bool) -> T {
    let begun = Instant::now();
    loop {
        let seen = look().await;
        if reached(&seen) {
            return seen;
        }
        assert!(begun.elapsed() < DEADLINE, "not reached: {seen:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The entries that `pick` picks something from.
pub(crate) fn picked<T>(ledger: &[LedgerEntry], pick: impl Fn(&LedgerEvent) -> Option<T>) -> Vec<T> {
    ledger.iter().filter_map(|entry| pick(&entry.event)).collect()
}

pub(crate) fn limits(change: impl FnOnce(&mut Limits)) -> Limits {
    let mut limits = Limits::default();
    change(&mut limits);
    limits
}
