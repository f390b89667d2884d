//! A backend that does nothing but open accounts, each after so long, and that stands still for a while when it is told to.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// When it stands still, counted from the first request, and how long each answer takes otherwise.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Freeze {
    pub(crate) from: Duration,
    pub(crate) until: Duration,
    pub(crate) answers_after: Duration,
}

#[derive(Clone)]
struct Freezing {
    freeze: Freeze,
    first: Arc<OnceLock<Instant>>,
}

pub(crate) async fn serve(listener: TcpListener, freeze: Freeze) {
    let state = Freezing { freeze, first: Arc::default() };
    let app = Router::new().route("/v1/accounts", post(open_account)).with_state(state);
    axum::serve(listener, app).await.unwrap();
}

#[expect(clippy::disallowed_methods, reason = "a server under test that takes real time")]
async fn open_account(State(Freezing { freeze, first }): State<Freezing>) -> (StatusCode, Json<Value>) {
    let now = Instant::now();
    let first = *first.get_or_init(|| now);
    let frozen = first + freeze.from..first + freeze.until;
    let answered = if frozen.contains(&now) { frozen.end } else { now } + freeze.answers_after;
    tokio::time::sleep_until(answered.into()).await;
    (StatusCode::CREATED, Json(json!({ "id": "acc_1", "token": "t" })))
}
