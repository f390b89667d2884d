//! The vendor's callbacks.

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};

use super::problem::Problem;
use crate::callback::{ReceiveError, receive as take_in};
use crate::core::Core;
use crate::id::Cause;
use crate::vendor::HearError;

pub(crate) async fn receive(
    State(core): State<Arc<Core>>,
    Extension(cause): Extension<Cause>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, Problem> {
    let body = body.map_err(|rejection| Problem::new(rejection.status(), "body_too_large", rejection.body_text()))?;
    match take_in(&core, &cause, &headers, &body).await {
        Ok(received) => {
            core.metrics.callback(received.as_str());
            Ok(StatusCode::NO_CONTENT)
        }
        Err(error) => Err(refuse(&core, error)),
    }
}

fn refuse(core: &Core, error: ReceiveError) -> Problem {
    match error {
        ReceiveError::Heard(HearError::NotTheVendors(why)) => {
            core.metrics.callback("forged");
            tracing::warn!(error = %why, "a callback is not the vendor's");
            Problem::new(StatusCode::UNAUTHORIZED, "signature_refused", "the signature does not hold")
        }
        ReceiveError::Heard(HearError::Malformed(why)) => {
            core.metrics.callback("malformed");
            tracing::warn!(error = %why, "a callback of the vendor's cannot be read");
            Problem::new(StatusCode::BAD_REQUEST, "malformed_callback", why.to_string())
        }
        ReceiveError::Store(error) => {
            core.metrics.callback("failed");
            error.into()
        }
    }
}
