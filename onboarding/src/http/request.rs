//! What handlers take from a request: JSON, a bearer token, an idempotency key, the cause.

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use sqlx::SqliteConnection;

use super::problem::Problem;
use crate::core::Core;
use crate::id::{AccountId, Cause, VerificationId};
use crate::token;
use crate::verification::Verification;

/// A JSON body; whatever is wrong with it becomes a problem.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match Json::from_request(request, state).await {
            Ok(Json(value)) => Ok(Self(value)),
            Err(rejection) => Err(Problem::new(rejection.status(), json_code(&rejection), rejection.body_text())),
        }
    }
}

fn json_code(rejection: &JsonRejection) -> &'static str {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => "body_too_large",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "unsupported_media_type",
        StatusCode::UNPROCESSABLE_ENTITY => "invalid_field",
        _ => "malformed_json",
    }
}

/// The query; whatever is wrong with it becomes a problem.
pub(crate) struct Parameters<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => Err(query_problem(&rejection)),
        }
    }
}

fn query_problem(rejection: &QueryRejection) -> Problem {
    Problem::new(rejection.status(), "invalid_parameter", rejection.body_text())
}

/// Returns the request's bearer token.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Returns the request's idempotency key.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<&str, Problem> {
    let key = headers.get("idempotency-key").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()) {
        Ok(key)
    } else {
        let detail = "this call needs an `Idempotency-Key` of 1 to 255 visible ASCII characters";
        Err(Problem::new(StatusCode::BAD_REQUEST, "idempotency_key_missing", detail))
    }
}

/// Lets the owner of an account pass.
pub(crate) async fn account_holder(core: &Core, headers: &HeaderMap, cause: &Cause, id: &str) -> Result<AccountId, Problem> {
    let (Some(id), Some(token)) = (AccountId::parse(id), bearer(headers)) else { return Err(Problem::unauthorised()) };
    let mut reader = core.store.read().await?;
    owns(&mut reader, &id, token, cause).await?;
    Ok(id)
}

/// Lets the owner of the account that a verification belongs to pass.
pub(crate) async fn verification_holder(core: &Core, headers: &HeaderMap, cause: &Cause, id: &str) -> Result<Verification, Problem> {
    let (Some(id), Some(token)) = (VerificationId::parse(id), bearer(headers)) else {
        return Err(Problem::unauthorised());
    };
    let mut reader = core.store.read().await?;
    let verification = Verification::by_id(&mut reader, &id).await?.ok_or_else(Problem::unauthorised)?;
    owns(&mut reader, &verification.account, token, cause).await?;
    Ok(verification)
}

async fn owns(conn: &mut SqliteConnection, id: &AccountId, token: &str, cause: &Cause) -> Result<(), Problem> {
    if token::holds(conn, id.as_str(), token, cause.at).await? { Ok(()) } else { Err(Problem::unauthorised()) }
}

/// Lets whoever holds a capture token pass.
pub(crate) async fn capture_holder(core: &Core, headers: &HeaderMap, cause: &Cause, id: &str) -> Result<VerificationId, Problem> {
    let (Some(id), Some(token)) = (VerificationId::parse(id), bearer(headers)) else {
        return Err(Problem::unauthorised());
    };
    let mut reader = core.store.read().await?;
    if token::holds(&mut reader, id.as_str(), token, cause.at).await? { Ok(id) } else { Err(Problem::unauthorised()) }
}

/// Lets reviewers pass.
pub(crate) fn reviewer(core: &Core, headers: &HeaderMap) -> Result<(), Problem> {
    match bearer(headers) {
        Some(token) if core.config.reviewer_token.is(token) => Ok(()),
        Some(_) | None => Err(Problem::unauthorised()),
    }
}
