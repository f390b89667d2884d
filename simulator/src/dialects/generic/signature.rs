//! The Standard Webhooks scheme, version `v1`: specification read 2026-11-22.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use hyper::HeaderMap;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use sha2::Sha256;

use crate::secret::{InvalidWebhookSecret, WebhookSecret};

/// How many bytes a key has: what the specification recommends.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// Signs deliveries.
#[derive(Clone)]
pub(super) struct Signer {
    /// The key, taken in already: only the message is left to hash.
    keyed: Hmac<Sha256>,
}

impl Signer {
    pub(super) fn new(secret: &WebhookSecret) -> Result<Self, InvalidWebhookSecret> {
        let invalid = InvalidWebhookSecret { expected: "it must be `whsec_` and 24 to 64 bytes in base64" };
        let key = secret.reveal().strip_prefix("whsec_").and_then(|text| BASE64_STANDARD.decode(text).ok()).ok_or(invalid.clone())?;
        if !KEY_BYTES.contains(&key.len()) {
            return Err(invalid);
        }
        Ok(Self { keyed: Hmac::new_from_slice(&key).map_err(|_| invalid)? })
    }

    /// Returns the headers of one delivery attempt.
    pub(super) fn headers(&self, event: &str, unix_seconds: i64, body: &[u8]) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(4);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert("webhook-timestamp", HeaderValue::from(unix_seconds));
        // Both are ASCII that was made here, so neither is ever refused.
        if let (Ok(id), Ok(signature)) = (HeaderValue::from_str(event), HeaderValue::from_str(&self.sign(event, unix_seconds, body))) {
            headers.insert("webhook-id", id);
            headers.insert("webhook-signature", signature);
        }
        headers
    }

    fn sign(&self, event: &str, unix_seconds: i64, body: &[u8]) -> String {
        let mut mac = self.keyed.clone();
        mac.update(format!("{event}.{unix_seconds}.").as_bytes());
        mac.update(body);
        format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer([redacted])")
    }
}

#[cfg(test)]
mod tests {
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
        id: String,
        timestamp: i64,
        body: String,
        signature: String,
    }

    #[test]
    fn the_golden_vectors_are_signed_as_written() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/data/generic/signatures.json");
        let Vectors { vectors } = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        assert!(!vectors.is_empty());
        for vector in vectors {
            let signer = Signer::new(&WebhookSecret::new(vector.secret)).unwrap();
            assert_eq!(signer.sign(&vector.id, vector.timestamp, vector.body.as_bytes()), vector.signature, "{}", vector.name);
        }
    }

    #[test]
    fn a_secret_that_is_none_is_refused() {
        for secret in ["", "whsec_", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_not base64"] {
            assert!(Signer::new(&WebhookSecret::new(secret)).is_err(), "{secret}");
        }
    }
}
