//! Around every request: a correlation id, a time limit, a log line and the metrics.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tracing::Instrument as _;

use super::problem::Problem;
use crate::clock::within;
use crate::core::Core;
use crate::id::{Cause, Correlation};

/// The header that carries the correlation id, both ways.
const HEADER: &str = "x-request-id";

pub(crate) async fn track(State(core): State<Arc<Core>>, mut request: Request, next: Next) -> Response {
    let began = core.clock.monotonic();
    let now = core.clock.now();
    let given = request.headers().get(HEADER).and_then(|value| value.to_str().ok()).and_then(Correlation::parse);
    let correlation = given.unwrap_or_else(|| Correlation::new(now));
    // The pattern, not the path: paths hold ids, and a label must have few values.
    let route = request.extensions().get::<MatchedPath>().map_or_else(|| "unmatched".to_owned(), |p| p.as_str().to_owned());
    let span = tracing::info_span!("request", correlation = correlation.as_str(), method = %request.method(), %route);
    request.extensions_mut().insert(Cause { at: now, correlation: correlation.clone() });

    let limit = core.config.request_timeout;
    let answer = within(&*core.clock, limit, next.run(request)).instrument(span.clone()).await;
    let mut response = answer.unwrap_or_else(|_| Problem::timed_out().into_response());
    if let Ok(value) = HeaderValue::from_str(correlation.as_str()) {
        response.headers_mut().insert(HEADER, value);
    }

    let took = core.clock.monotonic().saturating_sub(began);
    core.metrics.answered(&route, response.status().as_u16(), took);
    let _entered = span.enter();
    tracing::debug!(status = response.status().as_u16(), took_ms = took.as_secs_f64() * 1e3, "answered");
    response
}
