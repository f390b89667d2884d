//! Images from the applicant's camera.

use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use serde_json::json;

use super::problem::Problem;
use super::request::capture_holder;
use crate::core::Core;
use crate::id::Cause;
use crate::verification::{CaptureError, ImageKind, capture};

/// The largest image that is taken.
const IMAGE_MAX: usize = 8 * 1024 * 1024;

pub(crate) async fn document(
    State(core): State<Arc<Core>>,
    Extension(cause): Extension<Cause>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    take_in(&core, &cause, &id, ImageKind::Document, request).await
}

pub(crate) async fn selfie(
    State(core): State<Arc<Core>>,
    Extension(cause): Extension<Cause>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    take_in(&core, &cause, &id, ImageKind::Selfie, request).await
}

async fn take_in(core: &Core, cause: &Cause, id: &str, kind: ImageKind, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    // Who sends is settled before a byte of the image is read.
    let id = capture_holder(core, &parts.headers, cause, id).await?;
    check_media_type(&parts.headers)?;
    let _slot = core.images.acquire().await.map_err(|_| Problem::timed_out())?;
    let bytes = read(&parts.headers, body).await?;
    capture(core, cause, &id, kind, bytes).await?;
    Ok(Json(json!({ "accepted": true })).into_response())
}

fn check_media_type(headers: &HeaderMap) -> Result<(), Problem> {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("image/jpeg") {
        Ok(())
    } else {
        let detail = "an image must be sent as image/jpeg";
        Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail))
    }
}

async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let too_large = || {
        let detail = format!("an image may have at most {IMAGE_MAX} bytes");
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail).remedy("Use a lower resolution.")
    };
    let announced: Option<usize> = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length| length > IMAGE_MAX) {
        return Err(too_large());
    }
    to_bytes(body, IMAGE_MAX).await.map_err(|error| {
        // Either the bound was met, or the client hung up and will not read this anyway.
        tracing::debug!(%error, "an image could not be read");
        too_large()
    })
}

impl From<CaptureError> for Problem {
    fn from(error: CaptureError) -> Self {
        match error {
            CaptureError::Image(refusal) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, refusal.code(), refusal.to_string()).remedy(refusal.remedy())
            }
            CaptureError::NotCapturing(_) => Self::conflict("not_capturing", error.to_string()),
            CaptureError::Missing => Self::not_found("verification"),
            CaptureError::ShuttingDown => Self::timed_out(),
            CaptureError::Store(error) => error.into(),
        }
    }
}
