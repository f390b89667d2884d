//! Accounts and consent.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::json;

use super::problem::Problem;
use super::request::{Body, account_holder, idempotency_key};
use crate::account::{self, Email, OpenError, OpenRequest, Reference};
use crate::consent::{self, ConsentError, Locale, Policy, Scope};
use crate::core::Core;
use crate::id::{Cause, Country};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenBody {
    reference: String,
    email: String,
    country: String,
}

impl TryFrom<OpenBody> for OpenRequest {
    type Error = Problem;

    fn try_from(body: OpenBody) -> Result<Self, Problem> {
        Ok(Self {
            reference: Reference::parse(&body.reference)
                .ok_or_else(|| Problem::invalid("reference", "1 to 128 characters of A-Z a-z 0-9 . _ - : @ +"))?,
            email: Email::parse(&body.email).ok_or_else(|| Problem::invalid("email", "an e-mail address"))?,
            country: country(&body.country)?,
        })
    }
}

/// Reads a country.
pub(crate) fn country(written: &str) -> Result<Country, Problem> {
    Country::parse(written).ok_or_else(|| Problem::invalid("country", "two capitals, as in ISO 3166-1"))
}

pub(crate) async fn open(
    State(core): State<Arc<Core>>,
    Extension(cause): Extension<Cause>,
    headers: HeaderMap,
    Body(body): Body<OpenBody>,
) -> Result<Response, Problem> {
    let key = idempotency_key(&headers)?;
    let request = OpenRequest::try_from(body)?;
    let opened = account::open(&core, &cause, key, &request).await?;
    let body = json!({ "id": opened.id, "reference": request.reference.as_str(), "token": opened.token.token });
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

impl From<OpenError> for Problem {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::KeyReused => Self::conflict("idempotency_key_reused", error.to_string()),
            OpenError::Store(error) => error.into(),
        }
    }
}

pub(crate) async fn consent_policy(State(core): State<Arc<Core>>) -> Response {
    let body = json!({
        "policy_version_hash": core.policy.version_hash(),
        "scopes": Policy::scopes(),
        "text": core.policy.text(),
    });
    Json(body).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsentBody {
    policy_version_hash: String,
    locale: String,
    scopes: Vec<Scope>,
}

pub(crate) async fn consent(
    State(core): State<Arc<Core>>,
    Extension(cause): Extension<Cause>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(mut body): Body<ConsentBody>,
) -> Result<Response, Problem> {
    let account = account_holder(&core, &headers, &cause, &id).await?;
    let locale = Locale::parse(&body.locale).ok_or_else(|| Problem::invalid("locale", "a language tag, such as de-CH"))?;
    body.scopes.sort_unstable();
    body.scopes.dedup();
    if body.scopes.is_empty() {
        return Err(Problem::invalid("scopes", "a list of at least one scope"));
    }
    let id = consent::give(&core, &cause, &account, &body.policy_version_hash, &locale, &body.scopes).await?;
    let body = json!({ "id": format!("con_{id}"), "given_at": cause.at });
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

impl From<ConsentError> for Problem {
    fn from(error: ConsentError) -> Self {
        match error {
            ConsentError::Outdated => {
                Self::conflict("consent_outdated", error.to_string()).remedy("Show the current policy and ask again.")
            }
            ConsentError::Store(error) => error.into(),
        }
    }
}
