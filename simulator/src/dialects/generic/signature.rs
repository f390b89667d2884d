//! The Standard Webhooks scheme, version `v1`: specification read 2026-11-22.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use hyper::HeaderMap;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use sha2::Sha256;

use crate::dialects::{Keys, Seal, Signer};
use crate::secret::{InvalidWebhookSecret, WebhookSecret};

/// How many bytes a key has: what the specification recommends.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// What a secret begins with.
const SECRET_PREFIX: &str = "whsec_";

/// Returns the secret made of these bytes.
pub(in crate::dialects) fn secret(bytes: [u8; 32]) -> WebhookSecret {
    WebhookSecret::new(format!("{SECRET_PREFIX}{}", BASE64_STANDARD.encode(bytes)))
}

/// Signs deliveries with one secret.
#[derive(Clone)]
pub(super) struct StandardSigner {
    /// The key, taken in already: only the message is left to hash.
    keyed: Hmac<Sha256>,
}

impl StandardSigner {
    pub(super) fn new(secret: &WebhookSecret) -> Result<Self, InvalidWebhookSecret> {
        let invalid = InvalidWebhookSecret { expected: "it must be `whsec_` and 24 to 64 bytes in base64" };
        let key = secret.reveal().strip_prefix(SECRET_PREFIX).and_then(|text| BASE64_STANDARD.decode(text).ok()).ok_or(invalid.clone())?;
        if !KEY_BYTES.contains(&key.len()) {
            return Err(invalid);
        }
        Ok(Self { keyed: Hmac::new_from_slice(&key).map_err(|_| invalid)? })
    }
}

impl Signer for StandardSigner {
    fn signature(&self, event: &str, unix_seconds: i64, body: &[u8]) -> String {
        let mut mac = self.keyed.clone();
        mac.update(format!("{event}.{unix_seconds}.").as_bytes());
        mac.update(body);
        format!("v1,{}", BASE64_STANDARD.encode(mac.finalize().into_bytes()))
    }
}

/// Returns the headers of one delivery attempt. While two secrets hold there are two signatures, and either will do.
pub(super) fn headers(keys: &Keys, seal: Seal, event: &str, unix_seconds: i64, body: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(4);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("webhook-timestamp", HeaderValue::from(unix_seconds));
    let signatures: Vec<_> = keys.sealing(seal).map(|signer| signer.signature(event, unix_seconds, body)).collect();
    // Both are ASCII that was made here, so neither is ever refused.
    if let (Ok(id), Ok(signature)) = (HeaderValue::from_str(event), HeaderValue::from_str(&signatures.join(" "))) {
        headers.insert("webhook-id", id);
        if !signatures.is_empty() {
            headers.insert("webhook-signature", signature);
        }
    }
    headers
}

impl fmt::Debug for StandardSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StandardSigner([redacted])")
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
            let signer = StandardSigner::new(&WebhookSecret::new(vector.secret)).unwrap();
            assert_eq!(signer.signature(&vector.id, vector.timestamp, vector.body.as_bytes()), vector.signature, "{}", vector.name);
        }
    }

    #[test]
    fn a_secret_that_is_none_is_refused() {
        for secret in ["", "whsec_", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_not base64"] {
            assert!(StandardSigner::new(&WebhookSecret::new(secret)).is_err(), "{secret}");
        }
    }

    #[test]
    fn every_seal_has_its_form() {
        let signer = |byte| Arc::new(StandardSigner::new(&secret([byte; 32])).unwrap());
        let keys = Keys { current: signer(1), previous: Some(signer(2)), foreign: signer(3) };
        let by = |byte: u8| signer(byte).signature("evt_1", 7, b"{}");
        for (seal, expected) in
            [(Seal::Proper, Some(format!("{} {}", by(1), by(2)))), (Seal::Unsigned, None), (Seal::WrongSignature, Some(by(3)))]
        {
            let headers = headers(&keys, seal, "evt_1", 7, b"{}");
            assert_eq!(headers.get("webhook-signature").map(|value| value.to_str().unwrap().to_owned()), expected, "{seal:?}");
            assert_eq!((headers["webhook-id"].as_bytes(), headers["webhook-timestamp"].as_bytes()), (&b"evt_1"[..], &b"7"[..]));
        }
        let alone = headers(&Keys { previous: None, ..keys }, Seal::Proper, "evt_1", 7, b"{}");
        assert_eq!(alone["webhook-signature"].to_str().unwrap(), by(1));
    }
}
