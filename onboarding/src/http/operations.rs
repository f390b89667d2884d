//! For operators.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use serde_json::json;

use super::problem::Problem;
use crate::core::Core;
use crate::id::Cause;
use crate::store::StoreError;

/// What `/metrics` answers with: the format's own name and version.
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(crate) async fn health(State(core): State<Arc<Core>>) -> Result<Response, Problem> {
    let mut reader = core.store.read().await?;
    sqlx::query("SELECT 1").execute(&mut *reader).await.map_err(StoreError::from)?;
    Ok(Json(json!({ "status": "ok" })).into_response())
}

pub(crate) async fn metrics(State(core): State<Arc<Core>>, Extension(cause): Extension<Cause>) -> Result<Response, Problem> {
    let mut reader = core.store.read().await?;
    let text = core.metrics.scrape(&mut reader, cause.at).await?;
    Ok(([(header::CONTENT_TYPE, OPENMETRICS)], text).into_response())
}
