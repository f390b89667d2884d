//! The generic dialect: `docs/dialects/generic.md`, as of 2026-11-22.

mod desk;
mod errors;
mod routes;
mod signature;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{HeaderMap, Method, Response, StatusCode};
use kycsim_scenarios::language::Period;

use super::{Access, Door, Incoming, Keys, Payload, Reply, RequestId, Seal, Signer, Translator};
use crate::call::{Call, Granted};
use crate::callbacks::{AllowedHosts, Terms};
use crate::clock::WallEpoch;
use crate::config::VendorConfig;
use crate::id::spell;
use crate::refusal::Refusal;
use crate::secret::{InvalidWebhookSecret, WebhookSecret};
pub(super) use desk::GenericDesk;
pub(super) use signature::secret;

/// How long after a failed delivery the next one follows, in seconds: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h.
const RETRY_SECONDS: [u64; 9] = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// How long a receiver may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// Read from text once, and not with every answer.
const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

/// Translates.
#[derive(Debug)]
pub(super) struct Generic {
    wall: WallEpoch,
    /// Where sessions may have their callbacks sent, beside this machine.
    hosts: AllowedHosts,
}

impl Generic {
    pub(super) fn new(config: &VendorConfig) -> Self {
        Self { wall: config.clock.wall(), hosts: config.callback_hosts.clone() }
    }
}

/// Returns how to point a program at a vendor of no vendor's in particular.
pub(super) fn guide(access: Access<'_>) -> String {
    let Access { base, api_key, webhook_secret } = access;
    format!(
        "  base address    {base}\n  API key         {api_key}\n  webhook secret  {webhook_secret}  (Standard Webhooks)\n\n  curl {base}/v1/sessions -H 'authorization: Bearer {api_key}' -H 'content-type: application/json' \\\n    -d '{{\"reference\": \"a-1\", \"country\": \"DE\", \"document_type\": \"id_card\"}}'\n"
    )
}

/// Returns the API key that a request offers.
pub(super) fn api_key(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(AUTHORIZATION)?.as_bytes();
    let (scheme, key) = value.split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then_some(key)
}

/// Returns what signs with `secret`.
pub(super) fn signer(secret: &WebhookSecret) -> Result<Arc<dyn Signer>, InvalidWebhookSecret> {
    Ok(Arc::new(signature::StandardSigner::new(secret)?))
}

impl Translator for Generic {
    fn request_name(&self, request: RequestId) -> String {
        spell("req_", request.0)
    }

    fn session_name(&self, bits: u128) -> String {
        spell("ses_", bits)
    }

    fn door(&self, method: &Method, path: &str) -> Result<Door, Refusal> {
        routes::route(method, path).map(|route| route.door)
    }

    fn call(&self, incoming: &Incoming<'_>, payload: Payload) -> Result<Call, Refusal> {
        let route = routes::route(&incoming.head.method, incoming.head.uri.path())?;
        wire::call(route.target, payload, &self.hosts)
    }

    fn grant(&self, granted: &Granted, request: &str) -> Reply {
        let (status, body) = match granted {
            Granted::Created(session) => (StatusCode::CREATED, wire::session(session, self.wall)),
            Granted::Read(session) | Granted::Cancelled(session) => (StatusCode::OK, wire::session(session, self.wall)),
            Granted::Uploaded(upload) => (StatusCode::CREATED, wire::upload(upload)),
            Granted::Submitted { session, .. } => (StatusCode::ACCEPTED, wire::session(session, self.wall)),
            Granted::Said(said) => return said.answer.reply(),
        };
        reply(status, request, body)
    }

    fn refuse(&self, refusal: &Refusal, request: &str) -> Reply {
        errors::refuse(refusal, request)
    }

    fn fail(&self, status: u16, request: &str) -> Reply {
        errors::fail(status, request)
    }

    fn hollow(&self, body: &Bytes) -> Bytes {
        wire::hollow(body)
    }

    fn sign(&self, keys: &Keys, seal: Seal, event: &str, unix_seconds: i64, body: &Bytes) -> HeaderMap {
        signature::headers(keys, seal, event, unix_seconds, body)
    }

    fn terms(&self) -> Terms {
        let retry = RETRY_SECONDS.map(|seconds| Period::new(Duration::from_secs(seconds))).to_vec();
        Terms { retry, within: ANSWER_WITHIN, success: None, disable_after: None }
    }
}

/// Returns an answer with the headers that all answers have.
fn reply(status: StatusCode, request: &str, body: Vec<u8>) -> Reply {
    let mut reply = Response::new(Bytes::from(body));
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Ok(request) = HeaderValue::from_str(request) {
        headers.insert(REQUEST_ID, request);
    }
    reply
}
