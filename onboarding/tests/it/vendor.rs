//! A vendor that does exactly what a test tells it, over HTTP.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

pub(crate) const API_KEY: &str = "key_test";

/// What goes wrong at the vendor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    None,
    /// Nothing is done; the answer is this.
    Refuse(u16, &'static str),
    /// Everything is done, and then the answer is lost.
    LoseAnswers,
    /// Everything is done, and the answer is a success of this type with this body.
    Spoil(&'static str, &'static str),
    /// Uploads are confirmed, and lost.
    LoseUploads,
}

#[derive(Debug)]
struct Session {
    id: String,
    key: String,
    reference: String,
    attempt: u32,
    version: i64,
    status: String,
    decision: Value,
    images: Vec<String>,
    submissions: u32,
    /// The keys of submissions that were refused: the same key gets the same answer.
    refused: Vec<String>,
}

#[derive(Debug)]
struct State {
    trouble: Trouble,
    sessions: Vec<Session>,
    events: u32,
}

/// A callback that the vendor would send.
#[derive(Debug, Clone)]
pub(crate) struct Callback {
    pub(crate) id: String,
    pub(crate) body: String,
}

#[derive(Debug)]
pub(crate) struct Vendor {
    pub(crate) server: MockServer,
    state: Arc<Mutex<State>>,
}

struct Script(Arc<Mutex<State>>);

/// A fake's state, even after a test that held it has panicked.
pub(crate) fn lock<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Vendor {
    pub(crate) async fn start() -> Self {
        let state = Arc::new(Mutex::new(State { trouble: Trouble::None, sessions: Vec::new(), events: 0 }));
        let server = MockServer::builder().start().await;
        Mock::given(any()).respond_with(Script(Arc::clone(&state))).mount(&server).await;
        Self { server, state }
    }

    pub(crate) fn trouble(&self, trouble: Trouble) {
        lock(&self.state).trouble = trouble;
    }

    /// How many sessions there are for an applicant.
    pub(crate) fn sessions(&self, reference: &str) -> usize {
        lock(&self.state).sessions.iter().filter(|session| session.reference == reference).count()
    }

    /// How often an applicant's session was submitted.
    pub(crate) fn submissions(&self, reference: &str) -> u32 {
        lock(&self.state).sessions.iter().filter(|session| session.reference == reference).map(|session| session.submissions).sum()
    }

    /// Which images came, in order.
    pub(crate) fn images(&self, reference: &str) -> Vec<String> {
        lock(&self.state).of(reference).images.clone()
    }

    /// Decides an applicant's session, and returns the callback that says so.
    pub(crate) fn decide(&self, reference: &str, outcome: &str, reasons: &[&str]) -> Callback {
        let mut state = lock(&self.state);
        let session = state.of(reference);
        session.decision = json!({
            "attempt": session.attempt, "outcome": outcome, "reasons": reasons, "decided_at": "2026-11-22T10:00:04.120Z",
        });
        session.status = outcome.to_owned();
        session.version += 1;
        if outcome == "resubmission_requested" {
            session.attempt += 1;
        }
        state.callback(reference, "session.decided")
    }

    /// Ends an applicant's session.
    pub(crate) fn expire(&self, reference: &str) -> Callback {
        let mut state = lock(&self.state);
        let session = state.of(reference);
        session.status = "expired".to_owned();
        session.decision = Value::Null;
        session.version += 1;
        state.callback(reference, "session.expired")
    }

    /// How often anybody asked where a session stands.
    pub(crate) async fn reads(&self) -> usize {
        let requests = self.server.received_requests().await.unwrap_or_default();
        requests.iter().filter(|request| request.method == "GET").count()
    }

    /// Returns an event of this type with the session as it is.
    pub(crate) fn event(&self, reference: &str, r#type: &str) -> Callback {
        lock(&self.state).callback(reference, r#type)
    }

    /// Returns a callback with the session as it is, under a new event id.
    pub(crate) fn callback(&self, reference: &str) -> Callback {
        lock(&self.state).callback(reference, "session.decided")
    }
}

impl State {
    fn of(&mut self, reference: &str) -> &mut Session {
        self.sessions.iter_mut().find(|session| session.reference == reference).expect("the applicant has a session")
    }

    fn callback(&mut self, reference: &str, r#type: &str) -> Callback {
        self.events += 1;
        let id = format!("evt_{}", self.events);
        let data = self.of(reference).json();
        Callback { id, body: json!({ "type": r#type, "timestamp": "2026-11-22T10:00:04.120Z", "data": data }).to_string() }
    }
}

impl Session {
    fn json(&self) -> Value {
        json!({
            "id": self.id, "object": "session", "reference": self.reference, "country": "DE", "document_type": "id_card",
            "status": self.status, "attempt": self.attempt, "version": self.version, "decision": self.decision,
            "created_at": "2026-11-22T10:00:01.000Z", "updated_at": "2026-11-22T10:00:04.120Z",
        })
    }
}

impl Respond for Script {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut state = lock(&self.0);
        let authorised = request.headers.get("authorization").is_some_and(|value| value == &format!("Bearer {API_KEY}"));
        if !authorised {
            return error(401, "invalid_api_key");
        }
        if let Trouble::Refuse(status, code) = state.trouble {
            return error(status, code);
        }
        let answer = perform(&mut state, request);
        match state.trouble {
            Trouble::LoseAnswers => error(502, "bad_gateway"),
            Trouble::Spoil(content_type, body) => ResponseTemplate::new(200).set_body_raw(body, content_type),
            Trouble::None | Trouble::Refuse(..) | Trouble::LoseUploads => answer,
        }
    }
}

fn perform(state: &mut State, request: &Request) -> ResponseTemplate {
    let key = request.headers.get("idempotency-key").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let parts: Vec<_> = request.url.path().trim_start_matches("/v1/sessions").split('/').skip(1).collect();
    let loses_uploads = state.trouble == Trouble::LoseUploads;
    let sessions = &mut state.sessions;
    match parts.as_slice() {
        [] => {
            if let Some(session) = sessions.iter().find(|session| session.key == key) {
                return ResponseTemplate::new(201).set_body_json(session.json());
            }
            let body: Value = request.body_json().unwrap();
            let session = Session {
                id: format!("ses_{}", sessions.len() + 1),
                key,
                reference: body["reference"].as_str().unwrap().to_owned(),
                attempt: 1,
                version: 1,
                status: "collecting".to_owned(),
                decision: Value::Null,
                images: Vec::new(),
                submissions: 0,
                refused: Vec::new(),
            };
            let answer = ResponseTemplate::new(201).set_body_json(session.json());
            sessions.push(session);
            answer
        }
        [id, rest @ ..] => {
            let Some(session) = sessions.iter_mut().find(|session| session.id == *id) else { return error(404, "no_such_session") };
            let collects = matches!(session.status.as_str(), "collecting" | "resubmission_requested");
            match rest {
                [] => ResponseTemplate::new(200).set_body_json(session.json()),
                ["submit"] if collects && session.refused.contains(&key) => error(409, "images_missing"),
                ["submit"] if collects && !["documents", "selfies"].iter().all(|kind| session.images.iter().any(|image| image == kind)) => {
                    session.refused.push(key);
                    error(409, "images_missing")
                }
                ["submit"] if collects => {
                    session.status = "processing".to_owned();
                    session.decision = Value::Null;
                    session.version += 1;
                    session.submissions += 1;
                    ResponseTemplate::new(202).set_body_json(session.json())
                }
                [kind @ ("documents" | "selfies")] if collects => {
                    if !loses_uploads {
                        session.images.push((*kind).to_owned());
                    }
                    ResponseTemplate::new(201).set_body_json(json!({ "id": "upl_1", "object": "upload", "bytes": request.body.len() }))
                }
                _ => error(409, "wrong_status"),
            }
        }
    }
}

fn error(status: u16, code: &str) -> ResponseTemplate {
    let body = json!({ "error": { "type": "whatever", "code": code, "message": "…", "request_id": "req_1" } });
    let template = ResponseTemplate::new(status).set_body_json(body);
    if status == 429 { template.insert_header("retry-after", "30") } else { template }
}
