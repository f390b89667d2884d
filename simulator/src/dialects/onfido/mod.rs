//! Onfido (Entrust Identity Verification), API v3.6, classic and Studio: `docs/dialects/onfido.md`, as of 2026-11-24.
//!
//! An applicant is a session of the core, a check or a finished workflow run is an attempt of it. Begin at `routes`, then `requests`, then `desk`.

mod applicants;
mod breakdown;
mod checks;
mod countries;
mod desk;
mod errors;
mod events;
mod fields;
mod media;
mod monitors;
mod page;
mod profile;
mod report_kinds;
mod reports;
mod requests;
mod routes;
mod sandbox;
mod shelf;
mod signature;
mod tasks;
mod tokens;
mod webhooks;
mod wire;
mod workflow_runs;
mod works;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::header::{AUTHORIZATION, HOST, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method};
use kycsim_scenarios::Scenario;
use kycsim_scenarios::language::{DuplicateId, EventKind, Period};

use super::{Access, Credential, Door, Incoming, Keys, Payload, Reply, RequestId, Seal, Signer, Translator};
use crate::call::{Call, Cause, Errand, Granted};
use crate::callbacks::{AllowedHosts, Terms};
use crate::config::VendorConfig;
use crate::refusal::Refusal;
use crate::secret::{InvalidWebhookSecret, WebhookSecret};
pub(super) use desk::OnfidoDesk;
use requests::Request;
pub(super) use signature::secret;

/// How long after a failed delivery the next one follows, in seconds: 30 s, 2 min, 15 min, 2 h, 10 h. Not published: what seems likely.
const RETRY_SECONDS: [u64; 5] = [30, 120, 900, 7200, 36_000];
/// How long a receiver may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Which answers of a receiver count as success: 20x.
const SUCCESS: std::ops::RangeInclusive<u16> = 200..=209;
/// Read from text once, and not with every answer.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Translates.
#[derive(Debug)]
pub(super) struct Onfido {
    hosts: AllowedHosts,
    scheme: &'static str,
}

impl Onfido {
    pub(super) fn new(config: &VendorConfig) -> Self {
        #[cfg(feature = "tls")]
        let scheme = if config.tls.is_some() { "https" } else { "http" };
        #[cfg(not(feature = "tls"))]
        let scheme = "http";
        Self { hosts: config.callback_hosts.clone(), scheme }
    }

    /// Returns the host that a request came to, as its client wrote it.
    fn host(&self, head: &Parts) -> String {
        let said = head.headers.get(HOST).and_then(|host| host.to_str().ok()).or(head.uri.authority().map(|authority| authority.as_str()));
        let fits = |host: &&str| host.len() <= 255 && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".:-[]_".contains(&byte));
        format!("{}://{}", self.scheme, said.filter(fits).unwrap_or("localhost"))
    }
}

/// Returns how to point a program at such a vendor.
pub(super) fn guide(access: Access<'_>) -> String {
    let Access { base, api_key, webhook_secret } = access;
    format!(
        "  base address    {base}/v3.6\n  API token       {api_key}\n  webhook token   {webhook_secret}  (X-SHA2-Signature)\n\n\
         \x20 Python (onfido-python)\n\
         \x20   client = onfido.ApiClient(onfido.Configuration(host=\"{base}/v3.6\", api_token=\"{api_key}\"))\n\
         \x20   api = onfido.DefaultApi(client)\n\
         \x20 Node (@onfido/api)\n\
         \x20   const api = new DefaultApi(new Configuration({{ apiToken: \"{api_key}\", basePath: \"{base}/v3.6\" }}))\n\
         \x20 Rust (reqwest)\n\
         \x20   client.post(\"{base}/v3.6/applicants\").header(\"authorization\", \"Token token={api_key}\")\n\
         \x20       .json(&json!({{\"first_name\": \"Mara\", \"last_name\": \"Lindqvist\"}}))\n"
    )
}

/// Returns what a scenario asks for that this vendor has no way to do.
pub(super) fn cannot_play(scenario: &Scenario) -> Vec<&'static str> {
    let callbacks = &scenario.vendor.callbacks;
    let mut cannot = Vec::new();
    let untold = [EventKind::Created, EventKind::Cancelled, EventKind::Redacted];
    if callbacks.events.iter().flatten().any(|event| untold.contains(event)) {
        cannot.push("`callbacks.events`: this vendor tells nobody that a session was created, cancelled or redacted");
    }
    if callbacks.stale.is_some() {
        cannot.push("`callbacks.stale`: this vendor's signatures say no time, so that none is ever too old");
    }
    if callbacks.contradicting.is_some() {
        cannot.push("`callbacks.contradicting`: this vendor's events of checks have no result that could be a lie");
    }
    if callbacks.duplicate.as_ref().is_some_and(|duplicate| duplicate.id == DuplicateId::New) {
        cannot.push("`callbacks.duplicate.id = \"new\"`: this vendor's events have no ids");
    }
    if callbacks.rotate_secret.as_ref().is_some_and(|rotation| !rotation.overlap.length().is_zero()) {
        cannot.push("`callbacks.rotate_secret.overlap`: this vendor's deliveries have room for one signature");
    }
    cannot
}

/// Returns what a request offers to prove who it is from: an API token, an access token, an SDK token, or the address of a page.
pub(super) fn credential(head: &Parts) -> Option<Credential<'_>> {
    if let Some(pass) = routes::pass_in(head.uri.path()) {
        return Some(Credential::Pass(pass));
    }
    let value = head.headers.get(AUTHORIZATION)?.as_bytes();
    let after = |scheme: &str| {
        let (start, rest) = value.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme.as_bytes()).then_some(rest)
    };
    if let Some(token) = after("Token token=") {
        return Some(Credential::ApiKey(Cow::Borrowed(token)));
    }
    let token = after("Bearer ")?;
    let pass = str::from_utf8(token).ok().and_then(tokens::pass_in);
    Some(pass.map_or(Credential::ApiKey(Cow::Borrowed(token)), Credential::Pass))
}

/// Returns what signs with `secret`.
pub(super) fn signer(secret: &WebhookSecret) -> Result<Arc<dyn Signer>, InvalidWebhookSecret> {
    Ok(Arc::new(signature::BodySigner::new(secret)?))
}

impl Translator for Onfido {
    fn request_name(&self, request: RequestId) -> String {
        wire::uuid(request.0)
    }

    fn session_name(&self, bits: u128) -> String {
        wire::uuid(bits)
    }

    fn door(&self, method: &Method, path: &str) -> Result<Door, Refusal> {
        routes::route(method, path).map(|route| route.door)
    }

    fn concealed(&self, path: &str) -> Option<&'static str> {
        path.starts_with(routes::PAGE).then_some("/l/[redacted]")
    }

    fn call(&self, incoming: &Incoming<'_>, payload: Payload) -> Result<Call, Refusal> {
        let route = routes::route(&incoming.head.method, incoming.head.uri.path())?;
        let ask = requests::read(&route, incoming, payload, &self.hosts)?;
        let (operation, check) = (ask.operation(), ask.serves());
        let request = Request { ask, host: self.host(incoming.head), pass: incoming.pass.cloned() };
        let cause = Cause { request: incoming.name.to_owned(), idempotency_key: None };
        Ok(Call::Desk(Errand { operation, check, wants: Arc::new(request), cause }))
    }

    fn grant(&self, granted: &Granted, request: &str) -> Reply {
        let reply = match granted {
            Granted::Said(said) => said.answer.reply(),
            // Everything here is said by the desk.
            Granted::Created(_) | Granted::Read(_) | Granted::Uploaded(_) | Granted::Submitted { .. } | Granted::Cancelled(_) => {
                wire::no_content()
            }
        };
        named(reply, request)
    }

    fn refuse(&self, refusal: &Refusal, request: &str) -> Reply {
        named(errors::refuse(refusal), request)
    }

    fn fail(&self, status: u16, request: &str) -> Reply {
        named(errors::fail(status), request)
    }

    fn hollow(&self, body: &Bytes) -> Bytes {
        wire::hollow(body)
    }

    fn sign(&self, keys: &Keys, seal: Seal, event: &str, unix_seconds: i64, body: &Bytes) -> HeaderMap {
        signature::headers(keys, seal, event, unix_seconds, body)
    }

    fn terms(&self) -> Terms {
        let retry = RETRY_SECONDS.map(|seconds| Period::new(Duration::from_secs(seconds))).to_vec();
        Terms { retry, within: ANSWER_WITHIN, success: Some(SUCCESS.collect()), disable_after: None }
    }
}

/// Returns an answer with the name of its request.
fn named(mut reply: Reply, request: &str) -> Reply {
    if let Ok(request) = HeaderValue::from_str(request) {
        reply.headers_mut().insert(REQUEST_ID, request);
    }
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(path: &str, authorization: &str) -> Parts {
        let request = hyper::Request::builder().uri(path).header(AUTHORIZATION, authorization);
        request.body(()).unwrap().into_parts().0
    }

    #[track_caller]
    fn check(path: &str, authorization: &str, expected: &str) {
        let said = match credential(&head(path, authorization)) {
            None => "nothing".to_owned(),
            Some(Credential::ApiKey(key)) => format!("key {}", String::from_utf8_lossy(&key)),
            Some(Credential::Pass(pass)) => format!("pass {pass}"),
        };
        assert_eq!(said, expected);
    }

    #[test]
    fn who_asks_is_in_the_header_or_in_the_address() {
        check("/v3.6/ping", "Token token=api_sandbox.x", "key api_sandbox.x");
        check("/v3.6/ping", "token token=x", "key x");
        check("/v3.6/ping", "Bearer x", "key x");
        check("/v3.6/documents", "Bearer eyJhbGciOiJFUzUxMiJ9.abc.c2ln", "pass abc");
        check("/l/abc", "Token token=x", "pass abc");
        check("/v3.6/ping", "Token x", "nothing");
        check("/v3.6/ping", "Basic x", "nothing");
    }

    #[test]
    fn what_this_vendor_has_no_way_to_do_is_named() {
        let scenario = |callbacks: &str| {
            let text = format!(
                "name = \"t\"\nsummary = \"s\"\nteaches = \"t\"\n\
                 arrivals = {{ process = \"poisson\", rate = [{{ at = \"0s\", per_second = 1 }}], duration = \"1s\" }}\n\
                 applicants = [{{ share = 1, country = \"DE\", document = \"id_card\", patience = {{ distribution = \"constant\", value = \"1m\" }} }}]\n\
                 [vendor]\noutcomes = {{ approved = 1 }}\ndecision_delay = {{ distribution = \"constant\", value = \"1s\" }}\n{callbacks}"
            );
            cannot_play(&Scenario::parse("t", &text).unwrap_or_else(|error| panic!("{error}"))).len()
        };
        assert_eq!(scenario("callbacks = { lost = 0.1, unsigned = 0.1, unknown_status = 0.1 }"), 0);
        assert_eq!(scenario("callbacks.stale = { probability = 1, age = \"10m\" }"), 1);
        assert_eq!(scenario("callbacks.contradicting = { probability = 1, after = \"1m\" }"), 1);
        assert_eq!(scenario("callbacks.duplicate = { probability = 1, copies = 2, spacing = \"1s\", id = \"new\" }"), 1);
        assert_eq!(scenario("callbacks.duplicate = { probability = 1, copies = 2, spacing = \"1s\" }"), 0);
        assert_eq!(scenario("callbacks.events = [\"created\", \"decided\"]"), 1);
    }

    #[test]
    fn a_guide_says_how_to_point_the_libraries_here() {
        let guide = guide(Access { base: "http://127.0.0.1:8460", api_key: "api_sandbox.x", webhook_secret: "tok" });
        assert!(
            guide.contains("host=\"http://127.0.0.1:8460/v3.6\", api_token=\"api_sandbox.x\"") && guide.contains("basePath"),
            "{guide}"
        );
    }
}
