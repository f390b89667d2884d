//! The API (`docs/onboarding-api.md`): reads requests, checks who asks, calls one operation, words the answer.

mod accounts;
mod callbacks;
mod captures;
mod operations;
mod problem;
mod request;
mod reviews;
mod serve;
mod track;
mod verifications;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post, put};
use axum::{Router, http::StatusCode};

use crate::core::Core;
use problem::Problem;
pub(crate) use serve::serve;

/// JSON bodies are a few hundred bytes.
const JSON_MAX: usize = 64 * 1024;

/// Returns all routes.
pub(crate) fn router(core: Arc<Core>) -> Router {
    Router::new()
        .route("/v1/accounts", post(accounts::open))
        .route("/v1/consent-policy", get(accounts::consent_policy))
        .route("/v1/accounts/{id}/consents", post(accounts::consent))
        .route("/v1/accounts/{id}/verifications", post(verifications::start))
        .route("/v1/verifications/{id}", get(verifications::show))
        .route("/v1/verifications/{id}/capture-token", post(verifications::capture_token))
        .route("/v1/verifications/{id}/submit", post(verifications::submit))
        .route("/v1/verifications/{id}/events", get(verifications::events))
        .route("/v1/capture/{id}/document", put(captures::document))
        .route("/v1/capture/{id}/selfie", put(captures::selfie))
        .route("/v1/reviews", get(reviews::list))
        .route("/v1/reviews/summary", get(reviews::summary))
        .route("/v1/reviews/claim", post(reviews::claim))
        .route("/v1/reviews/{id}/decision", post(reviews::decide))
        .route("/callbacks/kyc", post(callbacks::receive))
        .route("/healthz", get(operations::health))
        .route("/metrics", get(operations::metrics))
        .fallback(async || Problem::new(StatusCode::NOT_FOUND, "no_such_endpoint", "there is nothing at this address"))
        .method_not_allowed_fallback(async || {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "this address does not take this method")
        })
        .layer(DefaultBodyLimit::max(JSON_MAX))
        .layer(from_fn_with_state(Arc::clone(&core), track::track))
        .with_state(core)
}
