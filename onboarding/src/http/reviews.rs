//! The review queue, for the reviewers' tool.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::problem::Problem;
use super::request::{Body, Parameters, reviewer};
use crate::core::Core;
use crate::decision::Reason;
use crate::id::{Cause, ReviewId, VerificationId};
use crate::review::{self, Case, CaseStatus, DecideError, Order, ReviewerName, Ruling};

/// How many cases one page shows unless told otherwise.
const LIMIT_DEFAULT: u32 = 50;
/// How many cases one page shows at most.
const LIMIT_MAX: u32 = 500;
/// A note longer than this belongs into a file of its own.
const NOTE_MAX: usize = 4000;

#[derive(Serialize)]
struct CaseBody<'a> {
    id: &'a ReviewId,
    verification: &'a VerificationId,
    reference: &'a str,
    reason: Reason,
    status: CaseStatus,
    reviewer: Option<&'a str>,
    opened_at: Timestamp,
    risk: &'static str,
}

impl<'a> From<&'a Case> for CaseBody<'a> {
    fn from(case: &'a Case) -> Self {
        Self {
            id: &case.id,
            verification: &case.verification,
            reference: case.reference.as_str(),
            reason: case.reason,
            status: case.status,
            reviewer: case.reviewer.as_ref().map(ReviewerName::as_str),
            opened_at: case.opened_at,
            risk: case.risk.as_str(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListParameters {
    order: Option<Order>,
    limit: Option<u32>,
}

pub(crate) async fn list(
    State(core): State<Arc<Core>>,
    headers: HeaderMap,
    Parameters(parameters): Parameters<ListParameters>,
) -> Result<Response, Problem> {
    reviewer(&core, &headers)?;
    let limit = parameters.limit.unwrap_or(LIMIT_DEFAULT).clamp(1, LIMIT_MAX);
    let mut reader = core.store.read().await?;
    let cases = review::list(&mut reader, parameters.order.unwrap_or(Order::OldestFirst), limit).await?;
    let cases: Vec<_> = cases.iter().map(CaseBody::from).collect();
    Ok(Json(json!({ "cases": cases })).into_response())
}

pub(crate) async fn summary(
    State(core): State<Arc<Core>>,
    Extension(cause): Extension<Cause>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    reviewer(&core, &headers)?;
    let mut reader = core.store.read().await?;
    let summary = review::summary(&mut reader, cause.at).await?;
    let body = json!({
        "waiting": summary.waiting,
        "claimed": summary.claimed,
        "oldest_waiting_seconds": summary.oldest_waiting.map(|age| age.as_secs_f64()),
    });
    Ok(Json(body).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClaimBody {
    reviewer: String,
    order: Option<Order>,
}

pub(crate) async fn claim(
    State(core): State<Arc<Core>>,
    Extension(cause): Extension<Cause>,
    headers: HeaderMap,
    Body(body): Body<ClaimBody>,
) -> Result<Response, Problem> {
    reviewer(&core, &headers)?;
    let name = name(&body.reviewer)?;
    Ok(match review::claim(&core, &cause, &name, body.order.unwrap_or(Order::OldestFirst)).await? {
        Some(case) => Json(CaseBody::from(&case)).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecideBody {
    reviewer: String,
    decision: Ruling,
    note: Option<String>,
}

pub(crate) async fn decide(
    State(core): State<Arc<Core>>,
    Extension(cause): Extension<Cause>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(body): Body<DecideBody>,
) -> Result<Response, Problem> {
    reviewer(&core, &headers)?;
    let id = ReviewId::parse(&id).ok_or_else(|| Problem::not_found("case"))?;
    let name = name(&body.reviewer)?;
    if body.note.as_ref().is_some_and(|note| note.len() > NOTE_MAX) {
        return Err(Problem::invalid("note", "at most 4000 bytes"));
    }
    let case = review::decide(&core, &cause, &id, &name, body.decision, body.note.as_deref()).await?;
    Ok(Json(CaseBody::from(&case)).into_response())
}

fn name(written: &str) -> Result<ReviewerName, Problem> {
    ReviewerName::parse(written).ok_or_else(|| Problem::invalid("reviewer", "1 to 64 characters of A-Z a-z 0-9 . _ - : @ +"))
}

impl From<DecideError> for Problem {
    fn from(error: DecideError) -> Self {
        match error {
            DecideError::Missing => Self::not_found("case"),
            DecideError::NotClaimed => Self::conflict("not_claimed_by_you", error.to_string()).remedy("Claim the case first."),
            DecideError::AlreadyDecided => Self::conflict("already_decided", error.to_string()),
            DecideError::Store(error) => error.into(),
        }
    }
}
