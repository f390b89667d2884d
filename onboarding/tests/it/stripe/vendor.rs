//! As much of Stripe Identity as the backend can notice, over HTTP, written from Stripe's documents.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit as _, Mac as _};
use kycsim_onboarding::{OnboardingConfig, Secret, VendorApi};
use serde_json::{Value, json};
use sha2::Sha256;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::vendor::lock;
use crate::world::FakeVendor;

pub(crate) const API_KEY: &str = "sk_test_world";
const CALLBACK_SECRET: &str = "whsec_of the world";

/// What goes wrong at Stripe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    None,
    /// Nothing is done; the answer is this, and it is remembered under the key, if it is one of Stripe's own faults.
    Refuse(u16, &'static str),
    /// Everything is done, and a gateway loses the answers to calls whose path ends so.
    LoseAnswers(&'static str),
    /// Files and data are confirmed, and lost.
    LoseUploads,
    /// Calls whose path ends so are too many.
    Pace(&'static str),
}

pub(crate) const FAULT: &str = r#"{"error": {"type": "api_error", "message": "…"}}"#;

const TOO_MANY: &str = r#"{"error": {"type": "rate_limit_error", "code": "rate_limit", "message": "…"}}"#;

#[derive(Debug)]
struct Session {
    id: String,
    reference: String,
    metadata: BTreeMap<String, String>,
    status: &'static str,
    last_error: Value,
    report: Value,
    images: BTreeSet<&'static str>,
    submissions: u32,
}

#[derive(Debug)]
struct State {
    trouble: Trouble,
    sessions: Vec<Session>,
    /// What was answered under a key.
    answers: BTreeMap<String, (u16, String)>,
    made: u32,
}

/// An event that Stripe would send.
#[derive(Debug, Clone)]
pub(crate) struct Event(pub(crate) String);

#[derive(Debug)]
pub(crate) struct Stripe {
    pub(crate) server: MockServer,
    state: Arc<Mutex<State>>,
}

struct Script(Arc<Mutex<State>>);

impl FakeVendor for Stripe {
    fn introduce(&self, config: &mut OnboardingConfig) {
        config.vendor_api = VendorApi::StripeIdentity;
        config.vendor_url = self.server.uri();
        config.vendor_api_key = Secret::new(API_KEY);
        config.callback_secret = VendorApi::StripeIdentity.callback_secret(CALLBACK_SECRET).unwrap();
    }
}

/// Signs an event that is sent at this second.
pub(crate) fn sign(sent: i64, event: &Event) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(CALLBACK_SECRET.as_bytes()).unwrap();
    mac.update(format!("{sent}.{}", event.0).as_bytes());
    let hex = HEXLOWER.encode(&mac.finalize().into_bytes());
    format!("t={sent},v1={hex}")
}

impl Stripe {
    pub(crate) async fn start() -> Self {
        let state = State { trouble: Trouble::None, sessions: Vec::new(), answers: BTreeMap::new(), made: 0 };
        let state = Arc::new(Mutex::new(state));
        let server = MockServer::builder().start().await;
        Mock::given(any()).respond_with(Script(Arc::clone(&state))).mount(&server).await;
        Self { server, state }
    }

    pub(crate) fn trouble(&self, trouble: Trouble) {
        lock(&self.state).trouble = trouble;
    }

    /// Verifies an applicant's session, and returns the event that says so.
    pub(crate) fn verify(&self, reference: &str) -> Event {
        lock(&self.state).conclude(reference, "verified", &Value::Null, true)
    }

    /// Fails an applicant's session for what it was asked to examine.
    pub(crate) fn fail(&self, reference: &str, code: &str) -> Event {
        lock(&self.state).conclude(reference, "requires_input", &json!({ "code": code, "reason": "…" }), true)
    }

    /// Fails an applicant's session before anything was examined.
    pub(crate) fn fail_unexamined(&self, reference: &str, code: &str) -> Event {
        lock(&self.state).conclude(reference, "requires_input", &json!({ "code": code, "reason": "…" }), false)
    }

    pub(crate) fn cancel(&self, reference: &str) -> Event {
        lock(&self.state).conclude(reference, "canceled", &Value::Null, false)
    }

    /// Shows an applicant's session as it was before it was submitted last, and returns an event that says the same.
    pub(crate) fn lag(&self, reference: &str) -> Event {
        let mut state = lock(&self.state);
        state.of(reference).status = "requires_input";
        state.event(reference, "requires_input")
    }

    /// Returns an event with the session as it is.
    pub(crate) fn event(&self, reference: &str, happened: &str) -> Event {
        lock(&self.state).event(reference, happened)
    }

    /// How many sessions there are of an applicant, and how often they were submitted.
    pub(crate) fn counts(&self, reference: &str) -> (usize, u32) {
        let state = lock(&self.state);
        let sessions = state.sessions.iter().filter(|session| session.reference == reference);
        (sessions.clone().count(), sessions.map(|session| session.submissions).sum())
    }

    pub(crate) fn metadata(&self, reference: &str) -> BTreeMap<String, String> {
        lock(&self.state).of(reference).metadata.clone()
    }

    /// Returns the calls to paths that end so, in order.
    pub(crate) async fn calls(&self, method: &str, ending: &str) -> Vec<Request> {
        let requests = self.server.received_requests().await.unwrap_or_default();
        requests.into_iter().filter(|request| request.method.as_str() == method && request.url.path().ends_with(ending)).collect()
    }

    /// How often anybody asked where an applicant's session stands.
    pub(crate) async fn reads(&self, reference: &str) -> usize {
        let id = lock(&self.state).of(reference).id.clone();
        self.calls("GET", &id).await.len()
    }

    /// Returns the keys under which something was asked for, in order.
    pub(crate) async fn keys(&self, ending: &str) -> Vec<String> {
        let key = |request: &Request| request.headers["idempotency-key"].to_str().unwrap().to_owned();
        self.calls("POST", ending).await.iter().map(key).collect()
    }
}

impl State {
    fn of(&mut self, reference: &str) -> &mut Session {
        self.sessions.iter_mut().rev().find(|session| session.reference == reference).expect("the applicant has a session")
    }

    fn conclude(&mut self, reference: &str, status: &'static str, error: &Value, examined: bool) -> Event {
        self.made += 1;
        let report = format!("vr_{}", self.made);
        let session = self.of(reference);
        session.status = status;
        session.last_error = error.clone();
        if examined {
            session.report = json!(report);
        }
        self.event(reference, status)
    }

    fn event(&mut self, reference: &str, happened: &str) -> Event {
        self.made += 1;
        let id = format!("evt_{}", self.made);
        let session = self.of(reference).json();
        let event = json!({
            "id": id, "object": "event", "type": format!("identity.verification_session.{happened}"), "created": 1_793_448_043,
            "data": { "object": session }, "livemode": false, "request": { "id": null, "idempotency_key": null },
        });
        Event(event.to_string())
    }
}

impl Session {
    fn json(&self) -> Value {
        json!({
            "id": self.id, "object": "identity.verification_session", "client_reference_id": self.reference, "status": self.status,
            "last_error": self.last_error, "last_verification_report": self.report, "metadata": self.metadata, "type": "document",
        })
    }

    fn missing(&self) -> Vec<&'static str> {
        ["id_document_front", "face"].into_iter().filter(|image| !self.images.contains(image)).collect()
    }

    fn page(&self, submitted: bool) -> Value {
        json!({
            "id": self.id, "object": "identity.verification_page_data", "status": self.status, "closed": false, "submitted": submitted,
            "requirements": { "errors": [], "missing": self.missing() },
        })
    }
}

impl Respond for Script {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut state = lock(&self.0);
        let key = request.headers.get("idempotency-key").map(|value| value.to_str().unwrap().to_owned());
        if let Some((status, body)) = key.as_ref().and_then(|key| state.answers.get(key)) {
            return raw(*status, body).insert_header("idempotent-replayed", "true");
        }
        let (status, body) = match state.trouble {
            Trouble::Refuse(status, body) if status == 500 || !body.starts_with('{') => (status, body.to_owned()),
            Trouble::Refuse(status, body) => return raw(status, body),
            Trouble::Pace(ending) if request.url.path().ends_with(ending) => return raw(429, TOO_MANY),
            Trouble::None | Trouble::LoseAnswers(_) | Trouble::LoseUploads | Trouble::Pace(_) => {
                let (status, body) = perform(&mut state, request);
                (status, body.to_string())
            }
        };
        // What never came to be executed is not remembered.
        if let Some(key) = key.filter(|_| status == 200 || body.contains("api_error")) {
            state.answers.insert(key, (status, body.clone()));
        }
        match state.trouble {
            Trouble::LoseAnswers(ending) if request.url.path().ends_with(ending) => raw(502, "<html>Bad Gateway</html>"),
            Trouble::None | Trouble::Refuse(..) | Trouble::LoseAnswers(_) | Trouble::LoseUploads | Trouble::Pace(_) => raw(status, &body),
        }
    }
}

fn raw(status: u16, body: &str) -> ResponseTemplate {
    let content_type = if body.starts_with('{') { "application/json" } else { "text/html" };
    ResponseTemplate::new(status).set_body_raw(body, content_type)
}

fn refuse(status: u16) -> (u16, Value) {
    (status, json!({ "error": { "type": "invalid_request_error", "message": "…" } }))
}

fn perform(state: &mut State, request: &Request) -> (u16, Value) {
    let authorization = request.headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let form: BTreeMap<String, String> = form_urlencoded::parse(&request.body).into_owned().collect();
    let parts: Vec<_> = request.url.path().split('/').skip(2).collect();
    let loses = state.trouble == Trouble::LoseUploads;
    if let ["identity", "verification_pages", id, action] = parts.as_slice() {
        // The page belongs to the applicant: the secret key has no business there.
        if authorization != format!("Bearer ek_test_{id}") {
            return refuse(401);
        }
        let Some(session) = state.sessions.iter_mut().find(|session| session.id == *id) else { return refuse(404) };
        if session.status != "requires_input" {
            return refuse(400);
        }
        return match *action {
            "data" => {
                assert_eq!(form["collected_data[biometric_consent]"], "true");
                let images = [
                    ("id_document_front", "collected_data[id_document_front][high_res_image]"),
                    ("face", "collected_data[face][best_high_res_image]"),
                ];
                session.images.extend(images.iter().filter(|(_, field)| !loses && form.contains_key(*field)).map(|(image, _)| *image));
                (200, session.page(false))
            }
            "submit" if session.missing().is_empty() => {
                session.status = "processing";
                session.submissions += 1;
                (200, session.page(true))
            }
            "submit" => (200, session.page(false)),
            _ => refuse(404),
        };
    }
    if authorization != format!("Bearer {API_KEY}") {
        return refuse(401);
    }
    match (request.method.as_str(), parts.as_slice()) {
        ("POST", ["identity", "verification_sessions"]) => {
            assert_eq!((form["type"].as_str(), form["options[document][require_matching_selfie]"].as_str()), ("document", "true"));
            let metadata = form.iter().filter_map(|(name, value)| {
                let name = name.strip_prefix("metadata[")?.strip_suffix(']')?;
                Some((name.to_owned(), value.clone()))
            });
            let session = Session {
                id: format!("vs_{}", state.sessions.len() + 1),
                reference: form["client_reference_id"].clone(),
                metadata: metadata.chain([("allowed".to_owned(), form["options[document][allowed_types][0]"].clone())]).collect(),
                status: "requires_input",
                last_error: Value::Null,
                report: Value::Null,
                images: BTreeSet::new(),
                submissions: 0,
            };
            let body = session.json();
            state.sessions.push(session);
            (200, body)
        }
        ("GET", ["identity", "verification_sessions", id]) => match state.sessions.iter().find(|session| session.id == *id) {
            Some(session) => (200, session.json()),
            None => refuse(404),
        },
        ("POST", ["ephemeral_keys"]) if request.headers.contains_key("stripe-version") => {
            (200, json!({ "id": "ephkey_1", "object": "ephemeral_key", "secret": format!("ek_test_{}", form["verification_session"]) }))
        }
        ("POST", ["files"]) => {
            state.made += 1;
            (200, json!({ "id": format!("file_{}", state.made), "object": "file" }))
        }
        _ => refuse(404),
    }
}
