//! One request and its answer: read it, understand it, let the tenant decide, say it in the dialect's words.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use http_body_util::Full;
use hyper::body::Body;
use hyper::header::CONTENT_TYPE;
use hyper::http::request::Parts;
use hyper::{HeaderMap, Request, Response};
use kycsim_scenarios::vendor::Fault;
use tracing::debug;

use super::body::{ReadBodyError, pieces, read_json};
use super::form::read_form;
use super::line::Reset;
use crate::call::{Call, Granted};
use crate::dialects::{BodyForm, Payload, Route};
use crate::idempotency::{Fingerprint, IdempotencyKey, Repeatable};
use crate::refusal::Refusal;
use crate::tenant::{Tenant, Verdict};
use crate::tenants::{Asked, Tenants};

/// How long a client may take to send a body: a picture over a poor line, and no longer.
const BODY_WITHIN: Duration = Duration::from_secs(60);

/// Serves the requests of one connection.
pub(super) struct Exchange {
    tenants: Arc<Tenants>,
    reset: Reset,
    hang: Duration,
}

/// The connection ends without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the connection ends without an answer")]
pub(super) struct Unanswered;

/// What a request asks for, and under which name it may come again.
type Understood = (Call, Option<Repeatable>);

impl Exchange {
    pub(super) const fn new(tenants: Arc<Tenants>, reset: Reset, hang: Duration) -> Self {
        Self { tenants, reset, hang }
    }

    /// Answers a request, or breaks the connection when an incident says so.
    pub(super) async fn answer<B>(&self, request: Request<B>) -> Result<Response<Full<Bytes>>, Unanswered>
    where
        B: Body<Data = Bytes> + Unpin + Send,
    {
        let (head, body) = request.into_parts();
        let asked = self.tenants.asked(&head.headers);
        let (tenant, stranger) = match &asked {
            Asked::Default => (self.tenants.default_tenant(), None),
            Asked::Made(tenant) => (tenant, None),
            Asked::Nobody(refusal) => (self.tenants.default_tenant(), Some(refusal)),
        };
        let id = tenant.next_request_id();
        let dialect = &tenant.dialect;

        // Biased, and the body first: the timer is set only for bodies that are not there yet, which most are.
        let understood = tokio::select! {
            biased;
            understood = understand(tenant, stranger, &head, body) => understood,
            () = tenant.clock.wait_real_for(BODY_WITHIN) => Err(ReadBodyError::BrokenOff),
        };
        let understood = understood.map_err(|error| {
            debug!(%error, "a request was not read to its end");
            Unanswered
        })?;
        let verdict = match understood {
            Ok((call, repeatable)) => tenant.answer(call, repeatable).await,
            Err(refusal) => Verdict::True(Err(refusal)),
        };
        let truth = |said: Result<Granted, Refusal>| match said {
            Ok(granted) => dialect.grant(&granted, id),
            Err(refusal) => dialect.refuse(&refusal, id),
        };
        let reply = match verdict {
            Verdict::True(said) => truth(said),
            Verdict::Spoiled(said, _) => truth(said),
            Verdict::Failed(fault) => {
                tenant.counters.faults.add(1);
                match fault {
                    Fault::Error { status } => dialect.fail(status, id),
                    Fault::Hang => return Err(self.hang(tenant).await),
                    _ => return Err(self.break_off()),
                }
            }
        };
        Ok(reply.map(Full::new))
    }

    fn break_off(&self) -> Unanswered {
        self.reset.pull();
        Unanswered
    }

    /// Holds a request until the client leaves (then this is dropped), the tenant stops, or it is enough.
    async fn hang(&self, tenant: &Tenant) -> Unanswered {
        tokio::select! {
            () = tenant.clock.wait_real_for(self.hang) => {}
            () = tenant.stop.cancelled() => {}
        }
        self.break_off()
    }
}

/// Reads a request, to its end, and finds out what it wants.
async fn understand<B>(
    tenant: &Tenant,
    stranger: Option<&Refusal>,
    head: &Parts,
    mut body: B,
) -> Result<Result<Understood, Refusal>, ReadBodyError>
where
    B: Body<Data = Bytes> + Unpin + Send,
{
    let dialect = &tenant.dialect;
    let route = match admit(tenant, stranger, head) {
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
fn admit(tenant: &Tenant, stranger: Option<&Refusal>, head: &Parts) -> Result<Route, Refusal> {
    let route = tenant.dialect.route(&head.method, head.uri.path())?;
    stranger.map_or(Ok(route), |refusal| Err(refusal.clone()))
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
