//! One request and its answer: read it, understand it, let the tenant decide, say it in the dialect's words.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use hyper::body::Body;
use hyper::header::CONTENT_TYPE;
use hyper::http::request::Parts;
use hyper::{HeaderMap, Request, Response};
use tokio::time::Interval;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::answer::Answer;
use super::body::{ReadBodyError, pieces, read_json};
use super::form::read_form;
use super::line::Version;
use super::order::Order;
use crate::call::{Call, Granted};
use crate::config::Limits;
use crate::dialects::{BodyForm, Payload, Route};
use crate::idempotency::{Fingerprint, IdempotencyKey, Repeatable};
use crate::refusal::Refusal;
use crate::tenant::{Tenant, Verdict};

/// Serves the requests of one connection. Whoever holds it has something under way.
pub(super) struct Exchange {
    pub(super) tenant: Arc<Tenant>,
    pub(super) order: Order,
    stop: CancellationToken,
    pub(super) limits: Limits,
    begun: AtomicU64,
}

/// The connection ends without an answer; on HTTP/2, the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the connection ends without an answer")]
pub(super) struct Unanswered;

/// What a request asks for, and under which name it may come again.
type Understood = (Call, Option<Repeatable>);

impl Exchange {
    pub(super) const fn new(tenant: Arc<Tenant>, order: Order, stop: CancellationToken, limits: Limits) -> Self {
        Self { tenant, order, stop, limits, begun: AtomicU64::new(0) }
    }

    /// How many requests have come.
    pub(super) fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    /// Returns what ticks by the machine's time.
    pub(super) fn ticks(&self, length: Duration) -> Interval {
        self.tenant.clock.real_ticks(length)
    }

    /// Waits until the vendor stops.
    pub(super) async fn stopped(&self) {
        self.stop.cancelled().await;
    }

    /// Answers a request, or breaks the connection when an incident says so.
    pub(super) async fn answer<B>(self: Arc<Self>, request: Request<B>, version: Version) -> Result<Response<Answer>, Unanswered>
    where
        B: Body<Data = Bytes> + Unpin + Send,
    {
        self.begun.fetch_add(1, Ordering::Relaxed);
        let id = self.tenant.next_request_id();
        let dialect = &self.tenant.dialect;
        let (head, body) = request.into_parts();

        // Biased, and the body first: the timer is set only for bodies that are not there yet, which most are.
        let understood = tokio::select! {
            biased;
            understood = self.understand(&head, body) => understood,
            () = self.tenant.clock.wait_real_for(self.limits.body_within) => Err(ReadBodyError::TooSlow),
        };
        let understood = understood.map_err(|error| self.unread(error))?;
        let verdict = match understood {
            Ok((call, repeatable)) => self.tenant.answer(call, repeatable).await,
            Err(refusal) => {
                if let Refusal::BodyTooLarge { .. } = refusal {
                    self.tenant.counters.bodies_too_large.add(1);
                }
                Verdict::True(Err(refusal))
            }
        };
        let truth = |said: Result<Granted, Refusal>| match said {
            Ok(granted) => dialect.grant(&granted, id),
            Err(refusal) => dialect.refuse(&refusal, id),
        };
        let (fault, said) = match verdict {
            Verdict::True(said) => return Ok(truth(said).map(Answer::whole)),
            Verdict::Spoiled(said, fault) => (fault, truth(said)),
            Verdict::Failed(fault) => (fault, dialect.fail(500, id)), // of which nothing is sent
        };
        self.tenant.counters.faults.add(1);
        // Boxed: it is rare, and would make every request carry room for it.
        Box::pin(Arc::clone(&self).befall(fault, said, version, id)).await
    }

    /// Takes note of a request that was not read to its end.
    fn unread(&self, error: ReadBodyError) -> Unanswered {
        debug!(%error, "a request was not read to its end");
        match error {
            ReadBodyError::BrokenOff => {}
            ReadBodyError::FarTooLong | ReadBodyError::TooSlow => {
                self.tenant.counters.bodies_cut.add(1);
            }
        }
        Unanswered
    }

    /// Reads a request, to its end, and finds out what it wants.
    async fn understand<B>(&self, head: &Parts, mut body: B) -> Result<Result<Understood, Refusal>, ReadBodyError>
    where
        B: Body<Data = Bytes> + Unpin + Send,
    {
        let dialect = &self.tenant.dialect;
        let route = match self.admit(head) {
            Ok(route) => route,
            Err(refusal) => return discard(body).await.map(|()| Err(refusal)),
        };
        let path = head.uri.path();
        let payload = match content(&route, &head.headers, body.is_end_stream()) {
            Ok(Content::Nothing) => Ok(Payload::Nothing),
            Ok(Content::Json) => read_json(&mut body).await?.map(Payload::Json),
            // Boxed: it is large, and would make every request carry room for it.
            Ok(Content::Form { boundary }) => Box::pin(read_form(&mut body, &boundary)).await?.map(Payload::Form),
            Err(refusal) => Err(refusal),
        };
        discard(body).await?; // an answer that comes before the request has ended may never be read
        Ok(payload.and_then(|payload| {
            let repeatable = if route.repeatable { repeatable(&head.headers, path, &payload)? } else { None };
            Ok((dialect.call(route, payload)?, repeatable))
        }))
    }

    /// Returns what is at the address, for whoever may go there.
    fn admit(&self, head: &Parts) -> Result<Route, Refusal> {
        let route = self.tenant.dialect.route(&head.method, head.uri.path())?;
        match self.tenant.dialect.api_key(&head.headers) {
            None => Err(Refusal::MissingApiKey),
            Some(key) if !self.tenant.api_key.is(key) => Err(Refusal::InvalidApiKey),
            Some(_) => Ok(route),
        }
    }

    /// Holds a request until the client leaves (then this is dropped), the vendor stops, or it is enough.
    pub(super) async fn hang(&self) {
        tokio::select! {
            () = self.tenant.clock.wait_real_for(self.limits.hang) => {}
            () = self.stop.cancelled() => {}
        }
    }
}

/// What kind of body came.
enum Content {
    Nothing,
    Json,
    Form { boundary: String },
}

/// Returns what kind of body came, if it is the one that is wanted.
fn content(route: &Route, headers: &HeaderMap, is_empty: bool) -> Result<Content, Refusal> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    match route.body {
        BodyForm::Nothing => Ok(Content::Nothing),
        BodyForm::JsonOrNothing if is_empty => Ok(Content::Nothing),
        BodyForm::Json | BodyForm::JsonOrNothing => match essence.eq_ignore_ascii_case("application/json") {
            true => Ok(Content::Json),
            false => Err(Refusal::UnsupportedMediaType { expected: "application/json" }),
        },
        BodyForm::Form => match essence.eq_ignore_ascii_case("multipart/form-data") {
            true => {
                multer::parse_boundary(content_type).map(|boundary| Content::Form { boundary }).map_err(|_| Refusal::MalformedMultipart)
            }
            false => Err(Refusal::UnsupportedMediaType { expected: "multipart/form-data" }),
        },
    }
}

/// Returns the name under which a request may come again, if it has one.
fn repeatable(headers: &HeaderMap, path: &str, payload: &Payload) -> Result<Option<Repeatable>, Refusal> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
    let key = IdempotencyKey::parse(key.as_bytes())
        .ok_or(Refusal::InvalidField { field: "Idempotency-Key", expected: "1 to 255 visible ASCII characters" })?;
    let body: &[u8] = match payload {
        Payload::Json(body) => body,
        Payload::Nothing | Payload::Form(_) => &[], // forms are never repeatable: their bytes are gone
    };
    Ok(Some(Repeatable { key, fingerprint: Fingerprint::of(path, body) }))
}

/// Reads what is left of a body, and forgets it.
async fn discard<B>(body: B) -> Result<(), ReadBodyError>
where
    B: Body<Data = Bytes> + Unpin,
{
    if body.is_end_stream() {
        return Ok(());
    }
    let mut pieces = pieces(body);
    while let Some(piece) = pieces.next().await {
        piece?;
    }
    Ok(())
}
