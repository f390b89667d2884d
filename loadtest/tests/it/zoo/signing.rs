//! The scheme of Standard Webhooks, for bends that make others believe what they should not.

use axum::http::{HeaderMap, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha2::Sha256;

use crate::world::WEBHOOK_SECRET;

fn signature(id: &str, timestamp: &str, body: &[u8]) -> String {
    let key = STANDARD.decode(WEBHOOK_SECRET.strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].into_iter().for_each(|part| mac.update(part));
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Whether the signature is one of the vendor's, of whatever time.
pub(super) fn is_genuine(headers: &HeaderMap, body: &[u8]) -> bool {
    let expected = signature(header(headers, "webhook-id"), header(headers, "webhook-timestamp"), body);
    header(headers, "webhook-signature").split(' ').any(|each| each == expected)
}

/// Signs as the vendor would now.
#[expect(clippy::disallowed_methods, reason = "receivers compare signatures with the time of day")]
pub(super) fn sign_anew(headers: &mut HeaderMap, body: &[u8]) {
    let now = Timestamp::now().as_second().to_string();
    let signed = signature(header(headers, "webhook-id"), &now, body);
    headers.insert("webhook-timestamp", HeaderValue::from_str(&now).unwrap());
    headers.insert("webhook-signature", HeaderValue::from_str(&signed).unwrap());
}
