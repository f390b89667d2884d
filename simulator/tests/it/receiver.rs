//! Verifies callbacks as a receiver would: written from the Standard Webhooks specification, not from the signer.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use wiremock::Request;

pub(crate) fn header<'r>(request: &'r Request, name: &str) -> &'r str {
    request.headers[name].to_str().unwrap()
}

/// Which of a callback's signatures were made with this secret, in their order.
pub(crate) fn signed_by(request: &Request, secret: &str) -> Vec<bool> {
    let (id, timestamp) = (header(request, "webhook-id"), header(request, "webhook-timestamp"));
    let key = BASE64_STANDARD.decode(secret.trim_start_matches("whsec_")).unwrap();
    let signed = [id.as_bytes(), b".", timestamp.as_bytes(), b".", &request.body].concat();
    let signatures = header(request, "webhook-signature").split(' ').filter_map(|each| each.strip_prefix("v1,"));
    signatures
        .map(|signature| {
            let signature = BASE64_STANDARD.decode(signature).unwrap();
            Hmac::<Sha256>::new_from_slice(&key).unwrap().chain_update(&signed).verify_slice(&signature).is_ok()
        })
        .collect()
}

/// When a callback says that it was signed, in seconds since 1970.
pub(crate) fn signed_at(request: &Request) -> i64 {
    header(request, "webhook-timestamp").parse().unwrap()
}

/// How much older than its own clock a receiver takes a signature to be, in seconds.
const TOLERANCE: i64 = 300;

/// What a receiver that verifies makes of a callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    Genuine,
    Unsigned,
    Forged,
    Stale,
}

/// Verifies a callback as a careful receiver does: the signature first, then its age.
pub(crate) fn seen(request: &Request, secret: &str) -> Seen {
    if !request.headers.contains_key("webhook-signature") {
        return Seen::Unsigned;
    }
    if !signed_by(request, secret).contains(&true) {
        return Seen::Forged;
    }
    let age = jiff::Timestamp::now().as_second() - signed_at(request);
    if (-TOLERANCE..=TOLERANCE).contains(&age) { Seen::Genuine } else { Seen::Stale }
}
