//! One request and its answer: read it, understand it, let the tenant decide, say it in the dialect's words.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use hyper::body::Body;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Request, Response};
use kycsim_scenarios::vendor::{Fault, ResetMoment};
use tokio::time::Interval;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::answer::Answer;
use super::body::{ReadBodyError, pieces, read_text};
use super::form::read_form;
use super::line::Version;
use super::order::Order;
use super::visitor::Visitor;
use crate::call::Call;
use crate::clock::Clock;
use crate::config::Limits;
use crate::dialects::{BodyForm, Door, Incoming, Payload, Reply};
use crate::id::SessionId;
use crate::idempotency::{Fingerprint, IdempotencyKey, Repeatable};
use crate::journal::{self as recorded, RecordedRequest};
use crate::refusal::Refusal;
use crate::tenant::{Tenant, Verdict, Waits};
use crate::tenants::{Asked, Tenants};

/// Serves the requests of one connection. Whoever holds it has something under way.
pub(super) struct Exchange {
    tenants: Arc<Tenants>,
    pub(super) order: Order,
    stop: CancellationToken,
    pub(super) limits: Limits,
    pub(super) visitor: Option<Visitor>,
    begun: AtomicU64,
}

/// The connection ends without an answer; on HTTP/2, the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the connection ends without an answer")]
pub(crate) struct Unanswered;

/// Read from text once, and not with every request.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A request that was read.
struct Understood {
    /// What it asks for, and under which name it may come again; or why that makes no sense.
    wanted: Result<(Call, Option<Repeatable>), Refusal>,
    /// Its body, as far as the journal wants it.
    body: recorded::Body,
}

impl Exchange {
    pub(super) const fn new(
        tenants: Arc<Tenants>,
        order: Order,
        stop: CancellationToken,
        limits: Limits,
        visitor: Option<Visitor>,
    ) -> Self {
        Self { tenants, order, stop, limits, visitor, begun: AtomicU64::new(0) }
    }

    /// How many requests have come.
    pub(super) fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    /// Returns what ticks by the machine's time.
    pub(super) fn ticks(&self, length: Duration) -> Interval {
        self.clock().real_ticks(length)
    }

    /// Waits until the vendor stops.
    pub(super) async fn stopped(&self) {
        self.stop.cancelled().await;
    }

    /// The machine's time is the same on every tenant's clock.
    pub(super) fn clock(&self) -> &Clock {
        &self.tenants.default_tenant().clock
    }

    /// Answers a request, or breaks the connection when an incident says so.
    pub(super) async fn answer<B>(self: Arc<Self>, request: Request<B>, version: Version) -> Result<Response<Answer>, Unanswered>
    where
        B: Body<Data = Bytes> + Unpin + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        self.begun.fetch_add(1, Ordering::Relaxed);
        if self.is_steered_by(request.uri().path()) {
            // Boxed: it is rare, and would make every request carry room for it.
            return Ok(Box::pin(self.steer(request)).await);
        }
        let (head, body) = request.into_parts();
        let asked = self.tenants.asked(&head);
        let tenant = self.tenants.tenant_of(&asked);
        let heard = hear(tenant, &asked, &head, body, self.limits.body_within, Waits::Here).await?;
        let Some((fault, name)) = heard.befallen else { return Ok(heard.said.map(Answer::whole)) };
        // Boxed: it is rare, and would make every request carry room for it.
        Box::pin(Arc::clone(&self).befall(tenant, fault, heard.said, version, &name)).await
    }

    /// Holds a request until the client leaves (then this is dropped), the tenant stops, or it is enough.
    pub(super) async fn hang(&self, tenant: &Tenant) {
        tokio::select! {
            () = tenant.clock.wait_real_for(self.limits.hang) => {}
            () = tenant.stop.cancelled() => {}
        }
    }
}

/// What is to be said to a request.
pub(crate) struct Heard {
    /// The answer, but for what befalls it. Nothing of it is sent where the request was not performed.
    pub(crate) said: Reply,
    /// What befalls it, and the request's name.
    pub(crate) befallen: Option<(Fault, String)>,
    /// For how long it is held back: already, or by the caller.
    #[cfg_attr(not(feature = "wiremock"), expect(dead_code, reason = "only another's server has its own way to wait"))]
    pub(crate) delay: Duration,
}

/// Reads a request, has the tenant decide, and writes it all down.
pub(crate) async fn hear<B>(
    tenant: &Tenant,
    asked: &Asked,
    head: &Parts,
    body: B,
    body_within: Duration,
    waits: Waits,
) -> Result<Heard, Unanswered>
where
    B: Body<Data = Bytes> + Unpin + Send,
{
    let came = tenant.clock.stopwatch();
    let dialect = &tenant.dialect;
    let name = dialect.request_name(tenant.next_request_id());

    // Biased, and the body first: the timer is set only for bodies that are not there yet, which most are.
    let understood = tokio::select! {
        biased;
        understood = understand(tenant, asked, &name, head, body) => understood,
        () = tenant.clock.wait_real_for(body_within) => Err(ReadBodyError::TooSlow),
    };
    let Understood { wanted, body } = understood.map_err(|error| unread(tenant, &error))?;
    let mut record = RecordedRequest::of(name, head, body);
    if let Some(path) = dialect.concealed(head.uri.path()) {
        record.path = path.into();
    }
    let verdict = match wanted {
        Ok((call, repeatable)) => {
            record.operation = Some(call.operation().as_str().into());
            let met = tenant.answer(call, repeatable, waits).await;
            (record.applicant, record.delay) = (met.applicant, met.delay);
            record.session = met.session.as_ref().map(SessionId::shared);
            met.verdict
        }
        Err(refusal) => {
            if let Refusal::BodyTooLarge { .. } = refusal {
                tenant.counters.bodies_too_large.add(1);
            }
            record.matched = !matches!(refusal, Refusal::NoSuchEndpoint { .. });
            Verdict::True(Err(refusal))
        }
    };
    let (said, fault) = match verdict {
        Verdict::True(said) => (Some(said), None),
        Verdict::Spoiled(said, fault) => (Some(said), Some(fault)),
        Verdict::Failed(fault) => (None, Some(fault)),
    };
    if let Some(begun) = said.as_ref().and_then(|said| said.as_ref().ok()?.begun()) {
        record.session = Some(begun.shared());
    }
    let mut said = match said {
        Some(Ok(granted)) => dialect.grant(&granted, &record.id),
        Some(Err(refusal)) => dialect.refuse(&refusal, &record.id),
        None => dialect.fail(500, &record.id), // of which nothing is sent
    };
    dialect.echo(head, &mut said);
    record.fault = fault.map(|fault| fault.kind().as_str().into());
    record.status = fault.map_or(Some(said.status().as_u16()), |fault| shown_status(fault, &said));
    let delay = record.delay;
    let befallen = fault.map(|fault| (fault, record.id.clone()));
    if befallen.is_some() {
        tenant.counters.faults.add(1);
    }
    tenant.write_down(record, came);
    Ok(Heard { said, befallen, delay })
}

/// The status that a client sees of an answer that a fault befalls; none when it sees no whole head.
fn shown_status(fault: Fault, said: &Reply) -> Option<u16> {
    match fault {
        Fault::Error { status } | Fault::Html { status } => Some(status),
        Fault::Hang
        | Fault::EmptyResponse
        | Fault::RandomDataThenClose
        | Fault::ConnectionResetByPeer { moment: ResetMoment::BeforeHeaders | ResetMoment::InHeaders } => None,
        Fault::ConnectionResetByPeer { moment: ResetMoment::InBody }
        | Fault::MalformedResponseChunk
        | Fault::TruncatedBody
        | Fault::MalformedJson
        | Fault::WrongContentType
        | Fault::ChunkedDribbleDelay { .. }
        | Fault::MissingFields
        | Fault::LostUpload
        | Fault::StaleRead { .. } => Some(said.status().as_u16()),
    }
}

/// Takes note of a request that was not read to its end.
fn unread(tenant: &Tenant, error: &ReadBodyError) -> Unanswered {
    debug!(%error, "a request was not read to its end");
    match error {
        ReadBodyError::BrokenOff => {}
        ReadBodyError::FarTooLong | ReadBodyError::TooSlow => {
            tenant.counters.bodies_cut.add(1);
        }
    }
    Unanswered
}

/// Reads a request, to its end, and finds out what it wants.
async fn understand<B>(tenant: &Tenant, asked: &Asked, name: &str, head: &Parts, mut body: B) -> Result<Understood, ReadBodyError>
where
    B: Body<Data = Bytes> + Unpin + Send,
{
    let dialect = &tenant.dialect;
    let content_type = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let unread = || recorded::Body::binary(length(&head.headers), content_type);
    let door = match admit(tenant, asked, head) {
        Ok(door) => door,
        Err(refusal) => return discard(body).await.map(|()| Understood { wanted: Err(refusal), body: unread() }),
    };
    let path = head.uri.path();
    let payload = match content(door.body, &head.headers, body.is_end_stream()) {
        Ok(Content::Nothing) => Ok(Payload::Nothing),
        Ok(Content::Json) => read_text(&mut body).await?.map(Payload::Json),
        Ok(Content::UrlEncoded) => read_text(&mut body).await?.map(Payload::UrlEncoded),
        // Boxed: it is large, and would make every request carry room for it.
        Ok(Content::Form { boundary }) => Box::pin(read_form(&mut body, &boundary)).await?.map(Payload::Form),
        Err(refusal) => Err(refusal),
    };
    discard(body).await?; // an answer that comes before the request has ended may never be read
    let body = match &payload {
        // What comes to be given a key says what only its customer knows.
        Ok(Payload::Json(body) | Payload::UrlEncoded(body)) if !door.open => recorded::Body::copied(body, content_type),
        Ok(_) | Err(_) => unread(),
    };
    let wanted = payload.and_then(|payload| {
        let repeatable = if door.repeatable { repeatable(&head.headers, path, &payload)? } else { None };
        Ok((dialect.call(&Incoming { head, name, pass: asked.pass() }, payload)?, repeatable))
    });
    Ok(Understood { wanted, body })
}

/// How long a body says it is.
fn length(headers: &HeaderMap) -> u64 {
    headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok()).unwrap_or(0)
}

/// Returns what the address wants, for whoever may go there.
fn admit(tenant: &Tenant, asked: &Asked, head: &Parts) -> Result<Door, Refusal> {
    let door = tenant.dialect.door(&head.method, head.uri.path())?;
    asked.refusal().filter(|_| !door.open).map_or(Ok(door), |refusal| Err(refusal.clone()))
}

/// What kind of body came.
enum Content {
    Nothing,
    Json,
    UrlEncoded,
    Form { boundary: String },
}

/// Returns what kind of body came, if it is the one that is wanted.
fn content(wanted: BodyForm, headers: &HeaderMap, is_empty: bool) -> Result<Content, Refusal> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    match wanted {
        BodyForm::Nothing => Ok(Content::Nothing),
        BodyForm::JsonOrNothing | BodyForm::UrlEncodedOrNothing if is_empty => Ok(Content::Nothing),
        BodyForm::UrlEncodedOrNothing => match essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            true => Ok(Content::UrlEncoded),
            false => Err(Refusal::UnsupportedMediaType { expected: "application/x-www-form-urlencoded" }),
        },
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
    let Some(key) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let key = IdempotencyKey::parse(key.as_bytes())
        .ok_or(Refusal::InvalidField { field: "Idempotency-Key", expected: "1 to 255 visible ASCII characters" })?;
    let body: &[u8] = match payload {
        Payload::Json(body) | Payload::UrlEncoded(body) => body,
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
