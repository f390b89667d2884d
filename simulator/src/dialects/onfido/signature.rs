//! `X-SHA2-Signature`: hex of HMAC-SHA256 over the body, keyed with the text of the webhook's token. There is no time in it: what was signed once verifies
//! for ever. "Manual webhook signature verification", read 2026-11-24.

use std::fmt;

use bytes::Bytes;
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit as _, Mac as _};
use hyper::HeaderMap;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use sha2::Sha256;

use crate::dialects::{Keys, Seal, Signer};
use crate::secret::{InvalidWebhookSecret, WebhookSecret};

/// The letters of a token: 62, and the first two once more, so that six bits make one.
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789AB";

/// Returns the token made of these bytes: 32 letters and digits.
pub(in crate::dialects) fn secret(bytes: [u8; 32]) -> WebhookSecret {
    WebhookSecret::new(bytes.map(|byte| char::from(LETTERS[usize::from(byte & 63)])).iter().collect::<String>())
}

/// Returns the token of the webhook with this id: stable, and nobody's to guess who does not know the tenant's own secret.
pub(super) fn token(secret_of_tenant: &WebhookSecret, webhook: &str) -> WebhookSecret {
    let mac = Hmac::<Sha256>::new_from_slice(secret_of_tenant.reveal().as_bytes());
    let bytes = mac.map_or([0; 32], |mac| mac.chain_update("webhook").chain_update(webhook).finalize().into_bytes().into()); // HMAC takes keys of any length
    secret(bytes)
}

/// Returns the keys of a webhook with this token.
pub(super) fn keys(token: &WebhookSecret) -> Result<Keys, InvalidWebhookSecret> {
    let foreign = self::token(token, "another's");
    Ok(Keys {
        current: std::sync::Arc::new(BodySigner::new(token)?),
        previous: None,
        foreign: std::sync::Arc::new(BodySigner::new(&foreign)?),
    })
}

/// Signs deliveries with one token.
#[derive(Clone)]
pub(super) struct BodySigner {
    /// The key, taken in already: only the message is left to hash.
    keyed: Hmac<Sha256>,
}

impl BodySigner {
    pub(super) fn new(token: &WebhookSecret) -> Result<Self, InvalidWebhookSecret> {
        let invalid = InvalidWebhookSecret { expected: "it must be a token of at least one character" };
        if token.reveal().is_empty() {
            return Err(invalid);
        }
        Ok(Self { keyed: Hmac::new_from_slice(token.reveal().as_bytes()).map_err(|_| invalid)? })
    }
}

impl Signer for BodySigner {
    fn signature(&self, _event: &str, _unix_seconds: i64, body: &[u8]) -> String {
        let code = self.keyed.clone().chain_update(body).finalize().into_bytes();
        HEXLOWER.encode(&code)
    }
}

impl fmt::Debug for BodySigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BodySigner([redacted])")
    }
}

/// Returns the headers of one delivery attempt. There is room for one signature: while two tokens hold, it is the newer one's.
pub(super) fn headers(keys: &Keys, seal: Seal, event: &str, unix_seconds: i64, body: &Bytes) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(2);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(signer) = keys.sealing(seal).next()
        && let Ok(signature) = HeaderValue::try_from(signer.signature(event, unix_seconds, body))
    {
        headers.insert("x-sha2-signature", signature);
    }
    headers
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
        body: String,
        signature: String,
    }

    #[test]
    fn signatures_are_those_of_the_vectors() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/data/onfido/signatures.json");
        let vectors: Vectors = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        assert!(vectors.vectors.len() >= 4);
        for Vector { name, secret, body, signature } in vectors.vectors {
            let signer = BodySigner::new(&WebhookSecret::new(secret)).unwrap();
            assert_eq!(signer.signature("", 0, body.as_bytes()), signature, "{name}");
        }
    }

    #[test]
    fn a_delivery_has_one_signature_or_none() {
        let by = |text: &str| std::sync::Arc::new(BodySigner::new(&WebhookSecret::new(text)).unwrap());
        let keys = Keys { current: by("new"), previous: Some(by("old")), foreign: by("foreign") };
        let signed = |seal| {
            let headers = headers(&keys, seal, "", 0, &Bytes::from_static(b"{}"));
            headers.get("x-sha2-signature").map(|value| value.to_str().unwrap().to_owned())
        };
        assert_eq!(signed(Seal::Proper), Some(by("new").signature("", 0, b"{}")));
        assert_eq!(signed(Seal::WrongSignature), Some(by("foreign").signature("", 0, b"{}")));
        assert_eq!(signed(Seal::Unsigned), None);
    }

    #[test]
    fn a_token_is_stable_and_each_webhooks_own() {
        let tenant = WebhookSecret::new("x");
        assert_eq!(token(&tenant, "1").reveal(), token(&tenant, "1").reveal());
        assert_ne!(token(&tenant, "1").reveal(), token(&tenant, "2").reveal());
        assert_eq!(token(&tenant, "1").reveal().len(), 32);
        assert!(BodySigner::new(&WebhookSecret::new("")).is_err());
    }
}
