//! Verifications, as the applicant sees them.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::accounts::country;
use super::problem::Problem;
use super::request::{Body, account_holder, idempotency_key, verification_holder};
use crate::audit;
use crate::core::Core;
use crate::decision::Reason;
use crate::decision::policy::explain;
use crate::id::{AccountId, Cause, DocumentType, VerificationId};
use crate::store::StoreError;
use crate::token::Issued;
use crate::verification::{self, StartError, StartRequest, Status, SubmitError, Verification, issue_capture_token};

#[derive(Serialize)]
struct VerificationBody<'a> {
    id: &'a VerificationId,
    account: &'a AccountId,
    status: Status,
    attempt: u32,
    attempts_left: u32,
    reason: Option<Reason>,
    remedy: Option<&'static str>,
    message: &'static str,
    created_at: Timestamp,
    updated_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    capture: Option<TokenBody>,
}

#[derive(Serialize)]
struct TokenBody {
    token: String,
    expires_at: Option<Timestamp>,
}

impl From<Issued> for TokenBody {
    fn from(issued: Issued) -> Self {
        Self { token: issued.token, expires_at: issued.expires_at }
    }
}

fn answer(core: &Core, status: StatusCode, verification: &Verification, capture: Option<Issued>) -> Response {
    let explanation = explain(verification.status, verification.reason);
    let body = VerificationBody {
        id: &verification.id,
        account: &verification.account,
        status: verification.status,
        attempt: verification.attempt,
        attempts_left: core.config.max_attempts.get().saturating_sub(verification.attempt),
        reason: verification.reason,
        remedy: explanation.remedy,
        message: explanation.message,
        created_at: verification.created_at,
        updated_at: verification.updated_at,
        capture: capture.map(TokenBody::from),
    };
    (status, Json(body)).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StartBody {
    country: String,
    document_type: DocumentType,
}

pub(crate) async fn start(
    State(core): State<Arc<Core>>,
    Extension(cause): Extension<Cause>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(body): Body<StartBody>,
) -> Result<Response, Problem> {
    let account = account_holder(&core, &headers, &cause, &id).await?;
    let key = idempotency_key(&headers)?;
    let request = StartRequest { country: country(&body.country)?, document_type: body.document_type };
    let started = verification::start(&core, &cause, &account, key, &request).await?;
    let status = if started.new { StatusCode::CREATED } else { StatusCode::OK };
    Ok(answer(&core, status, &started.verification, started.capture))
}

impl From<StartError> for Problem {
    fn from(error: StartError) -> Self {
        match error {
            StartError::ConsentRequired => Self::conflict("consent_required", error.to_string())
                .remedy("Show the current policy and ask for consent to all its scopes."),
            StartError::KeyReused => Self::conflict("idempotency_key_reused", error.to_string()),
            StartError::Store(error) => error.into(),
        }
    }
}

pub(crate) async fn show(
    State(core): State<Arc<Core>>,
    Extension(cause): Extension<Cause>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let verification = verification_holder(&core, &headers, &cause, &id).await?;
    Ok(answer(&core, StatusCode::OK, &verification, None))
}

pub(crate) async fn capture_token(
    State(core): State<Arc<Core>>,
    Extension(cause): Extension<Cause>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let verification = verification_holder(&core, &headers, &cause, &id).await?;
    if !verification.status.captures() {
        let detail = format!("a verification that is {} takes no images", verification.status);
        return Err(Problem::conflict("not_capturing", detail));
    }
    let mut change = core.store.begin().await?;
    let issued = issue_capture_token(&core, &mut change, &cause, &verification).await?;
    change.commit().await.map_err(StoreError::from)?;
    Ok(Json(TokenBody::from(issued)).into_response())
}

pub(crate) async fn submit(
    State(core): State<Arc<Core>>,
    Extension(cause): Extension<Cause>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let verification = verification_holder(&core, &headers, &cause, &id).await?;
    let verification = verification::submit(&core, &cause, &verification.id).await?;
    Ok(answer(&core, StatusCode::ACCEPTED, &verification, None))
}

impl From<SubmitError> for Problem {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::ImagesMissing(_) => Self::conflict("images_missing", error.to_string()).remedy("Take the missing picture."),
            SubmitError::Expired => Self::conflict("expired", error.to_string()).remedy("Start a new verification."),
            SubmitError::Missing => Self::not_found("verification"),
            SubmitError::Store(error) => error.into(),
        }
    }
}

pub(crate) async fn events(
    State(core): State<Arc<Core>>,
    Extension(cause): Extension<Cause>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let verification = verification_holder(&core, &headers, &cause, &id).await?;
    let mut reader = core.store.read().await?;
    let events = audit::events(&mut reader, &verification).await?;
    Ok(Json(json!({ "events": events })).into_response())
}
