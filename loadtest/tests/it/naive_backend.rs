//! A backend as one is written in an afternoon: it keeps everything in memory, calls the vendor while the applicant waits, and never asks again.
//!
//! It speaks the reference backend's API as far as the load test needs it, and has one bug on command.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use jiff::Timestamp;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::world::API_KEY;

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bug {
    /// Nothing that a calm day would show. It verifies no signature, though, and nobody is there to tell it.
    None,
    /// One callback in ten is answered with success and forgotten.
    DropsOneInTen,
    /// A callback that comes again is applied again.
    AppliesDuplicates,
    /// Whatever the vendor decided, the applicant is approved.
    ApprovesEverybody,
    /// Once decided, it takes no other decision.
    FirstDecisionWins,
}

#[derive(Clone)]
struct Naive {
    bug: Bug,
    vendor: String,
    callback_url: String,
    client: reqwest::Client,
    // Held for one change of a map, never across an await.
    state: Arc<Mutex<BackendState>>,
}

#[derive(Default)]
struct BackendState {
    accounts: BTreeMap<String, String>,
    verifications: BTreeMap<String, Verification>,
    seen: Vec<String>,
    callbacks: u64,
}

#[derive(Default)]
struct Verification {
    reference: String,
    session: String,
    status: &'static str,
    images: BTreeMap<&'static str, Vec<u8>>,
    events: Vec<Value>,
}

pub(crate) async fn serve(listener: TcpListener, vendor: String, callback_url: String, bug: Bug) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let naive = Naive { bug, vendor, callback_url, client, state: Arc::default() };
    let router = Router::new()
        .route("/healthz", get(async || StatusCode::OK))
        .route("/v1/accounts", post(open_account))
        .route("/v1/consent-policy", get(async || Json(json!({ "policy_version_hash": "0", "scopes": [], "text": "" }))))
        .route("/v1/accounts/{id}/consents", post(async || (StatusCode::CREATED, Json(json!({})))))
        .route("/v1/accounts/{id}/verifications", post(start))
        .route("/v1/capture/{id}/document", put(async |state, path, body| capture(state, path, "documents", body).await))
        .route("/v1/capture/{id}/selfie", put(async |state, path, body| capture(state, path, "selfies", body).await))
        .route("/v1/verifications/{id}/submit", post(submit))
        .route("/v1/verifications/{id}", get(status))
        .route("/v1/verifications/{id}/events", get(events))
        .route("/v1/reviews/claim", post(async || StatusCode::NO_CONTENT))
        .route("/v1/reviews/summary", get(async || Json(json!({ "waiting": 0, "claimed": 0, "oldest_waiting_seconds": 0 }))))
        .route("/callbacks/kyc", post(callback))
        .layer(DefaultBodyLimit::max(8 << 20))
        .with_state(naive);
    axum::serve(listener, router).await.unwrap();
}

async fn open_account(State(naive): State<Naive>, Json(body): Json<Value>) -> (StatusCode, Json<Value>) {
    let reference = body["reference"].as_str().unwrap().to_owned();
    let id = format!("acc_{reference}");
    naive.state.lock().unwrap().accounts.insert(id.clone(), reference);
    (StatusCode::CREATED, Json(json!({ "id": id, "token": "t" })))
}

async fn start(State(naive): State<Naive>, Path(account): Path<String>) -> (StatusCode, Json<Value>) {
    let mut state = naive.state.lock().unwrap();
    let reference = state.accounts[&account].clone();
    let id = format!("ver_{reference}");
    state.verifications.entry(id.clone()).or_insert(Verification { reference, status: "initiated", ..Verification::default() });
    (StatusCode::CREATED, Json(json!({ "id": id, "capture": { "token": "c" } })))
}

async fn capture(State(naive): State<Naive>, Path(id): Path<String>, kind: &'static str, image: Bytes) -> Json<Value> {
    naive.state.lock().unwrap().verifications.get_mut(&id).unwrap().images.insert(kind, image.to_vec());
    Json(json!({ "accepted": true }))
}

async fn submit(State(naive): State<Naive>, Path(id): Path<String>) -> StatusCode {
    let (reference, images) = {
        let mut state = naive.state.lock().unwrap();
        let verification = state.verifications.get_mut(&id).unwrap();
        verification.status = "submitted";
        (verification.reference.clone(), std::mem::take(&mut verification.images))
    };
    let session = json!({ "reference": reference, "country": "DE", "document_type": "passport", "callback_url": naive.callback_url });
    let created: Value = naive.call("/v1/sessions").json(&session).send().await.unwrap().json().await.unwrap();
    let session = created["id"].as_str().unwrap().to_owned();
    naive.state.lock().unwrap().verifications.get_mut(&id).unwrap().session.clone_from(&session);
    for (kind, image) in images {
        let part = Part::bytes(image).file_name("image.jpg").mime_str("image/jpeg").unwrap();
        naive.call(&format!("/v1/sessions/{session}/{kind}")).multipart(Form::new().part("file", part)).send().await.unwrap();
    }
    naive.call(&format!("/v1/sessions/{session}/submit")).send().await.unwrap();
    StatusCode::ACCEPTED
}

async fn status(State(naive): State<Naive>, Path(id): Path<String>) -> Json<Value> {
    let state = naive.state.lock().unwrap();
    Json(json!({ "id": id, "status": state.verifications[&id].status, "attempt": 1 }))
}

async fn events(State(naive): State<Naive>, Path(id): Path<String>) -> Json<Value> {
    let state = naive.state.lock().unwrap();
    Json(json!({ "events": state.verifications[&id].events }))
}

async fn callback(State(naive): State<Naive>, headers: axum::http::HeaderMap, Json(body): Json<Value>) -> StatusCode {
    let mut state = naive.state.lock().unwrap();
    let event = headers["webhook-id"].to_str().unwrap().to_owned();
    state.callbacks += 1;
    if naive.bug == Bug::DropsOneInTen && state.callbacks.is_multiple_of(10) {
        return StatusCode::NO_CONTENT;
    }
    if state.seen.contains(&event) && naive.bug != Bug::AppliesDuplicates {
        return StatusCode::NO_CONTENT;
    }
    state.seen.push(event);
    let session = body["data"]["id"].as_str().unwrap();
    let approved = body["data"]["status"] == "approved" || naive.bug == Bug::ApprovesEverybody;
    // The call that made the session has long answered: these scenarios take their time to decide.
    let verification = state.verifications.values_mut().find(|each| each.session == session).unwrap();
    if naive.bug == Bug::FirstDecisionWins && verification.status != "submitted" {
        return StatusCode::NO_CONTENT;
    }
    verification.status = if approved { "approved" } else { "rejected" };
    let effect = json!({ "at": now(), "kind": "decision_applied", "attempt": 1, "status": verification.status });
    verification.events.push(effect);
    StatusCode::NO_CONTENT
}

impl Naive {
    fn call(&self, path: &str) -> reqwest::RequestBuilder {
        self.client.post(format!("{}{path}", self.vendor)).bearer_auth(API_KEY)
    }
}

#[expect(clippy::disallowed_methods, reason = "this backend is one that somebody else might have written")]
fn now() -> String {
    Timestamp::now().to_string()
}
