//! How a backend calls its vendor.

use axum::body::Bytes;
use axum::http::StatusCode;
use futures_util::future::BoxFuture;

use super::super::proxy::{Answer, Arrived, Bend, Beyond};

/// Tries again without saying that it is the same call.
pub(in super::super) struct ForgetsKeys;

impl Bend for ForgetsKeys {
    fn bend<'a>(&'a self, mut arrived: Arrived, beyond: &'a Beyond) -> BoxFuture<'a, Answer> {
        arrived.headers.remove("idempotency-key");
        Box::pin(beyond.pass(arrived))
    }
}

/// Reads every 422 as the one that can never go away.
pub(in super::super) struct TakesUnprocessableForFinal;

impl Bend for TakesUnprocessableForFinal {
    fn bend<'a>(&'a self, arrived: Arrived, beyond: &'a Beyond) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            let answer = beyond.pass(arrived).await;
            if answer.status != StatusCode::UNPROCESSABLE_ENTITY {
                return answer;
            }
            let body = r#"{"error": {"type": "unprocessable_image", "code": "not_an_image", "message": ""}}"#;
            Answer { body: Bytes::from_static(body.as_bytes()), ..answer }
        })
    }
}
