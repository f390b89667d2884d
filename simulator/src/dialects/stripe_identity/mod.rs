//! Stripe Identity: `docs/dialects/stripe-identity.md`, as of 2026-11-23.
//!
//! `routes` says what is at an address, `ask` and the files of each resource (`sessions`, `reports`, `events`, …) read what a request wants; `desk` keeps what
//! this vendor knows beside sessions and serves it; `wire` and `errors` have the words, `signature` the seal. `capture` is the hosted page.

mod ask;
mod capture;
mod desk;
mod ephemeral_keys;
mod errors;
mod events;
mod expand;
mod files;
mod form;
mod names;
mod options;
mod particulars;
mod person;
mod reasons;
mod reports;
mod routes;
mod served;
mod sessions;
mod shelf;
mod signature;
mod verification;
mod verification_pages;
mod webhook_endpoints;
mod wire;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use hyper::header::{AUTHORIZATION, HOST, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::http::uri::Authority;
use hyper::{HeaderMap, Method, StatusCode};
use kycsim_scenarios::Scenario;
use kycsim_scenarios::language::Period;

use super::{Access, Credential, Door, Incoming, Keys, Payload, Repetition, Reply, RequestId, Seal, Signer, Translator};
use crate::call::{Call, Cause, Errand, Granted};
use crate::callbacks::Terms;
use crate::config::VendorConfig;
use crate::pass::PassPurpose;
use crate::refusal::Refusal;
use crate::secret::{InvalidWebhookSecret, WebhookSecret};
use ask::{Ask, Wanted};
pub(super) use desk::StripeDesk;
pub(super) use signature::secret;

/// How long after a failed delivery the next one follows, in seconds: 5 min, 30 min, 2 h, 5 h, 10 h, then every 12 h up to the third day. The vendor says
/// "exponential, up to three days" and no more.
const RETRY_SECONDS: [u64; 9] = [300, 1800, 7200, 18_000, 36_000, 43_200, 43_200, 43_200, 43_200];

/// How long a receiver may take to answer. The vendor does not say.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// For how long two secrets sign at most.
const OVERLAP_MAX: Duration = Duration::from_secs(24 * 60 * 60);

const VERSION: HeaderName = HeaderName::from_static("stripe-version");
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The longest value of a header that is repeated.
const ECHO_MAX: usize = 255;

/// Translates.
#[derive(Debug)]
pub(super) struct StripeIdentity {
    /// Which scheme its own addresses have.
    scheme: &'static str,
}

impl StripeIdentity {
    pub(super) const fn new(config: &VendorConfig) -> Self {
        Self { scheme: scheme(config) }
    }
}

#[cfg(feature = "tls")]
const fn scheme(config: &VendorConfig) -> &'static str {
    if config.tls.is_some() { "https" } else { "http" }
}

#[cfg(not(feature = "tls"))]
const fn scheme(_: &VendorConfig) -> &'static str {
    "http"
}

/// Returns how to point a program at such a vendor.
pub(super) fn guide(access: Access<'_>) -> String {
    let Access { base, api_key, webhook_secret } = access;
    let authority = base.split_once("://").map_or(base, |(_, authority)| authority);
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "80"));
    format!(
        r#"  base address    {base}
  API key         {api_key}
  webhook secret  {webhook_secret}  (Stripe-Signature; the whole text is the key)

  Python   client = stripe.StripeClient("{api_key}", base_addresses={{"api": "{base}", "files": "{base}"}})
           client.v1.identity.verification_sessions.create({{"type": "document", "client_reference_id": "a-1"}})
  Node     const stripe = new Stripe("{api_key}", {{host: "{host}", port: {port}, protocol: "http"}});
  Rust     let client = stripe::ClientBuilder::new("{api_key}").url("{base}/").build()?;  // async-stripe

  Nobody has to sit at a camera: open the session's `url` and choose, or
  curl -X POST {base}/v1/identity/verification_pages/vs_.../testing/verify -u {api_key}:
"#
    )
}

/// Returns what a request offers to prove who it is from: a link to a page, a key as bearer, or a key as user without a password.
pub(super) fn credential(head: &Parts) -> Option<Credential<'_>> {
    if let Some(pass) = head.uri.path().strip_prefix(routes::PAGES) {
        return Some(Credential::Pass(pass));
    }
    let (scheme, offered) = head.headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let offered = offered.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(match offered.strip_prefix(ephemeral_keys::PREFIX) {
            Some(pass) => Credential::Pass(pass),
            None => Credential::ApiKey(Cow::Borrowed(offered.as_bytes())),
        });
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let mut key = BASE64_STANDARD.decode(offered).ok()?;
    key.truncate(key.iter().position(|byte| *byte == b':')?);
    Some(Credential::ApiKey(Cow::Owned(key)))
}

/// Returns what signs with `secret`.
pub(super) fn signer(secret: &WebhookSecret) -> Result<Arc<dyn Signer>, InvalidWebhookSecret> {
    Ok(Arc::new(signature::StripeSigner::new(secret)?))
}

/// Returns what a scenario asks for that this vendor never does.
///
/// Everything else it can do in some way: reasons that it has no check for read `document_unverified_other`, doubts and requests for better pictures read as
/// failures, and every defect of a callback is possible in its scheme.
pub(super) fn cannot_play(scenario: &Scenario) -> Vec<&'static str> {
    let mut cannot = Vec::new();
    if !scenario.vendor.revision.is_empty() {
        cannot.push("Stripe Identity never changes a decision: `verified` is final, and after a failure the applicant tries again");
    }
    if scenario.vendor.callbacks.rotate_secret.is_some_and(|rotation| rotation.overlap.length() > OVERLAP_MAX) {
        cannot.push("Stripe signs with two secrets for 24 hours at most");
    }
    cannot
}

impl Translator for StripeIdentity {
    fn request_name(&self, request: RequestId) -> String {
        names::spell("req_", request.0)
    }

    fn session_name(&self, bits: u128) -> String {
        names::spell("vs_1K", bits)
    }

    fn door(&self, method: &Method, path: &str) -> Result<Door, Refusal> {
        routes::route(method, path).map(|route| route.door)
    }

    fn concealed(&self, path: &str) -> Option<&'static str> {
        path.starts_with(routes::PAGES).then_some("/start/[redacted]")
    }

    fn call(&self, incoming: &Incoming<'_>, payload: Payload) -> Result<Call, Refusal> {
        let head = incoming.head;
        let route = routes::route(&head.method, head.uri.path())?;
        let ask = Ask::read(route.target, incoming, payload)?;
        let key_issued = incoming.pass.filter(|pass| pass.purpose == PassPurpose::Device).map(|pass| pass.issued);
        let idempotency_key = head.headers.get(IDEMPOTENCY_KEY).filter(|_| route.door.repeatable);
        let idempotency_key = idempotency_key.and_then(|key| key.to_str().ok()).map(str::to_owned);
        Ok(Call::Desk(Errand {
            operation: ask.operation(),
            check: ask.check(),
            wants: Arc::new(Wanted { ask, base: format!("{}://{}", self.scheme, authority(head)), key_issued }),
            cause: Cause { request: incoming.name.to_owned(), idempotency_key },
        }))
    }

    fn repetition(&self) -> Repetition {
        Repetition { keeps_faults: true, refuses_in_flight: true }
    }

    fn grant(&self, granted: &Granted, request: &str) -> Reply {
        let Granted::Said(said) = granted else { return errors::fail(StatusCode::INTERNAL_SERVER_ERROR.as_u16(), request) }; // no call of ours
        let mut reply = said.answer.reply();
        errors::name(&mut reply, request);
        if said.request != request {
            let headers = reply.headers_mut();
            headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
            if let Ok(original) = HeaderValue::from_str(&said.request) {
                headers.insert("original-request", original);
            }
        }
        reply
    }

    fn refuse(&self, refusal: &Refusal, request: &str) -> Reply {
        errors::refuse(refusal, request)
    }

    fn fail(&self, status: u16, request: &str) -> Reply {
        errors::fail(status, request)
    }

    fn echo(&self, head: &Parts, reply: &mut Reply) {
        for name in [VERSION, IDEMPOTENCY_KEY] {
            if let Some(value) = head.headers.get(&name).filter(|value| value.len() <= ECHO_MAX) {
                reply.headers_mut().insert(name, value.clone());
            }
        }
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

/// Returns where the sender of a request found the vendor.
fn authority(head: &Parts) -> String {
    let host = head.headers.get(HOST).and_then(|host| host.to_str().ok()).and_then(|host| host.parse::<Authority>().ok());
    let found = host.or_else(|| head.uri.authority().cloned());
    let found = found.map(|authority| authority.to_string()).filter(|found| found.len() <= ECHO_MAX && !found.contains('@'));
    found.unwrap_or_else(|| "localhost".to_owned())
}

#[cfg(test)]
mod tests {
    use hyper::Request;
    use proptest::prelude::*;

    use super::*;

    fn head(path: &str, authorization: Option<&str>) -> Parts {
        let mut request = Request::get(path);
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        request.body(()).unwrap().into_parts().0
    }

    /// Parameters that are known somewhere, and some that are not.
    const NAMES: [&str; 12] = [
        "type",
        "options[document][allowed_types][]",
        "options[document]",
        "metadata[k]",
        "metadata",
        "expand[0]",
        "created[gte]",
        "created",
        "limit",
        "enabled_events[]",
        "collected_data[face][best_high_res_image]",
        "sample",
    ];

    proptest! {
        #[test]
        fn whatever_comes_to_whatever_address_is_read_or_refused(
            parameters in prop::collection::vec((0..NAMES.len(), "[a-z0-9_*.]{0,12}"), 0..6),
            wild in ".{0,60}",
            posts: bool,
            path in "/v1/(identity/verification_(sessions|reports|pages/x)|events|webhook_endpoints|files|file_links|ephemeral_keys)(/[a-z_0-9]{1,9}){0,3}",
        ) {
            let written: Vec<String> = parameters.iter().map(|(name, value)| format!("{}={value}", NAMES[*name])).collect();
            let form = format!("{}&{wild}", written.join("&"));
            let query: String = form_urlencoded::byte_serialize(form.as_bytes()).collect();
            let method = if posts { Method::POST } else { Method::GET };
            let request = Request::builder().method(method).uri(format!("{path}?{}", query.replace("%3D", "=").replace("%26", "&")));
            let (head, ()) = request.body(()).unwrap().into_parts();
            let payload = if posts { Payload::UrlEncoded(Bytes::from(form)) } else { Payload::Nothing };
            let _ = translator().call(&Incoming { head: &head, name: "req_1", pass: None }, payload);
        }
    }

    fn translator() -> StripeIdentity {
        StripeIdentity { scheme: "http" }
    }

    #[track_caller]
    fn check(path: &str, authorization: Option<&str>, expected: Option<&str>) {
        let head = head(path, authorization);
        let found = credential(&head).map(|credential| match credential {
            Credential::ApiKey(key) => format!("key {}", String::from_utf8_lossy(&key)),
            Credential::Pass(pass) => format!("pass {pass}"),
        });
        assert_eq!(found.as_deref(), expected, "{path} {authorization:?}");
    }

    #[test]
    fn a_key_comes_as_bearer_or_as_user() {
        check("/v1/files", Some("Bearer sk_test_1"), Some("key sk_test_1"));
        check("/v1/files", Some("bearer  sk_test_1"), Some("key sk_test_1"));
        check("/v1/files", Some("Basic c2tfdGVzdF8xOg=="), Some("key sk_test_1"));
        check("/v1/files", Some("Bearer ek_test_abc"), Some("pass abc"));
        check("/start/test_abc", None, Some("pass abc"));
        for bad in [None, Some("Bearer"), Some("Basic c2tfdGVzdF8x"), Some("Basic !"), Some("Digest x")] {
            check("/v1/files", bad, None);
        }
    }

    #[test]
    fn the_host_that_was_asked_is_where_its_page_is() {
        let mut head = head("/v1/files", None);
        assert_eq!(authority(&head), "localhost");
        for (host, expected) in [("127.0.0.1:8080", "127.0.0.1:8080"), ("a@b", "localhost"), ("[::1]:9", "[::1]:9"), ("\"><x", "localhost")]
        {
            head.headers.insert(HOST, HeaderValue::from_str(host).unwrap());
            assert_eq!(authority(&head), expected);
        }
    }

    fn scenario(vendor: &str) -> Scenario {
        let text = include_str!("../../testing/all_approved.toml").to_owned() + vendor;
        Scenario::parse("test", &text).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn decisions_that_change_cannot_be_played() {
        assert_eq!(cannot_play(&scenario("")), Vec::<&str>::new());
        let revised = "\n[[vendor.revision]]\nfrom = \"review\"\nprobability = 0.5\nafter = { distribution = \"constant\", value = \"1h\" }\nto = \"approved\"\n";
        assert_eq!(cannot_play(&scenario(revised)).len(), 1);
        let rolled = |overlap: &str| format!("\n[vendor.callbacks]\nrotate_secret = {{ at = \"1m\", overlap = \"{overlap}\" }}\n");
        assert_eq!((cannot_play(&scenario(&rolled("24h"))).len(), cannot_play(&scenario(&rolled("25h"))).len()), (0, 1));
    }

    #[test]
    fn the_guide_says_where_and_with_what() {
        let shown = guide(Access { base: "http://127.0.0.1:8460", api_key: "sk_test_1", webhook_secret: "whsec_1" });
        for part in [r#""api": "http://127.0.0.1:8460""#, r#"host: "127.0.0.1", port: 8460"#, "sk_test_1", "whsec_1"] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
    }

    #[test]
    fn tries_go_on_for_three_days() {
        let whole: u64 = RETRY_SECONDS.iter().sum();
        assert!((48 * 3600..=72 * 3600).contains(&whole), "{whole}");
    }
}
