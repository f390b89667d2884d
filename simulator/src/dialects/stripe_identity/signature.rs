//! The `Stripe-Signature` scheme `v1`: "Receive Stripe events in your webhook endpoint" and the verifiers of the official libraries, read 2026-11-23.
//!
//! The key is the secret as a whole, with its prefix. Each attempt is signed with a time of its own.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit as _, Mac as _};
use hyper::HeaderMap;
use hyper::header::{CONTENT_TYPE, HeaderValue, USER_AGENT};
use sha2::Sha256;

use crate::dialects::{Keys, Seal, Signer};
use crate::secret::{InvalidWebhookSecret, WebhookSecret};

/// What a secret begins with.
const SECRET_PREFIX: &str = "whsec_";

/// Returns the secret made of these bytes.
pub(in crate::dialects) fn secret(bytes: [u8; 32]) -> WebhookSecret {
    WebhookSecret::new(format!("{SECRET_PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes)))
}

/// Signs deliveries with one secret.
#[derive(Clone)]
pub(super) struct StripeSigner {
    /// The key, taken in already: only the message is left to hash.
    keyed: Hmac<Sha256>,
}

impl StripeSigner {
    pub(super) fn new(secret: &WebhookSecret) -> Result<Self, InvalidWebhookSecret> {
        let invalid = InvalidWebhookSecret { expected: "it must be `whsec_` and at least one character, all of them visible ASCII" };
        let text = secret.reveal();
        let known = text.strip_prefix(SECRET_PREFIX).is_some_and(|rest| !rest.is_empty());
        if !known || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(invalid);
        }
        Ok(Self { keyed: Hmac::new_from_slice(text.as_bytes()).map_err(|_| invalid)? })
    }
}

impl Signer for StripeSigner {
    fn signature(&self, _event: &str, unix_seconds: i64, body: &[u8]) -> String {
        let mut mac = self.keyed.clone();
        mac.update(format!("{unix_seconds}.").as_bytes());
        mac.update(body);
        format!("v1={}", HEXLOWER.encode(&mac.finalize().into_bytes()))
    }
}

/// Returns the headers of one delivery attempt. While two secrets hold there are two signatures, and either will do.
pub(super) fn headers(keys: &Keys, seal: Seal, event: &str, unix_seconds: i64, body: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(3);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert(USER_AGENT, HeaderValue::from_static("Stripe/1.0 (+https://stripe.com/docs/webhooks)"));
    let signatures: Vec<_> = keys.sealing(seal).map(|signer| signer.signature(event, unix_seconds, body)).collect();
    if !signatures.is_empty()
        && let Ok(signed) = HeaderValue::from_str(&format!("t={unix_seconds},{}", signatures.join(",")))
    {
        headers.insert("stripe-signature", signed);
    }
    headers
}

impl fmt::Debug for StripeSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StripeSigner([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Vectors {
        vectors: Vec<Vector>,
    }

    #[derive(Deserialize)]
    struct Vector {
        name: String,
        secret: String,
        timestamp: i64,
        body: String,
        signature: String,
    }

    #[test]
    fn the_golden_vectors_are_signed_as_written() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/data/stripe/signatures.json");
        let Vectors { vectors } = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        assert!(!vectors.is_empty());
        for Vector { name, secret, timestamp, body, signature } in vectors {
            let signer = StripeSigner::new(&WebhookSecret::new(secret)).unwrap();
            let signed = signer.signature("evt_1", timestamp, body.as_bytes());
            // Some have another secret's beside it, or another scheme's.
            let (time, schemes) = signature.split_once(',').unwrap();
            assert!(time == format!("t={timestamp}") && schemes.split(',').any(|scheme| scheme == signed), "{name}");
        }
    }

    #[test]
    fn a_secret_that_is_none_is_refused() {
        for text in ["", "whsec_", "test", "whsec_a b", "whsec_é"] {
            assert!(StripeSigner::new(&WebhookSecret::new(text)).is_err(), "{text}");
        }
        assert!(StripeSigner::new(&secret([7; 32])).is_ok());
    }

    #[test]
    fn every_seal_has_its_form() {
        let signer = |byte| Arc::new(StripeSigner::new(&secret([byte; 32])).unwrap());
        let keys = Keys { current: signer(1), previous: Some(signer(2)), foreign: signer(3) };
        let by = |byte: u8| signer(byte).signature("evt_1", 7, b"{}");
        for (seal, expected) in [
            (Seal::Proper, Some(format!("t=7,{},{}", by(1), by(2)))),
            (Seal::Unsigned, None),
            (Seal::WrongSignature, Some(format!("t=7,{}", by(3)))),
        ] {
            let headers = headers(&keys, seal, "evt_1", 7, b"{}");
            assert_eq!(headers.get("stripe-signature").map(|value| value.to_str().unwrap().to_owned()), expected, "{seal:?}");
            assert_eq!(headers["content-type"], "application/json; charset=utf-8");
        }
    }
}
