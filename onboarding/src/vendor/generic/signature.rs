//! Signatures in the Standard Webhooks scheme (<https://www.standardwebhooks.com>, read 2026-11-22).
//!
//! HMAC-SHA256 over `{id}.{timestamp}.{body}`, the body as the bytes that came. Nothing of a callback is looked at before
//! this has said yes.

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use crate::vendor::callback::SignatureError;
use crate::vendor::mac::{Seal, check_age};

/// A sender rotating its keys signs with two or three of them; more than this is somebody trying.
const SIGNATURES_MAX: usize = 8;
/// The id becomes a key in the database.
const ID_LENGTH_MAX: usize = 256;

/// The three headers, as far as they are there.
#[derive(Debug, Clone, Copy)]
pub(super) struct SignedHeaders<'a> {
    id: Option<&'a str>,
    timestamp: Option<&'a str>,
    signature: Option<&'a str>,
}

impl<'a> SignedHeaders<'a> {
    pub(super) fn of(headers: &'a HeaderMap) -> Self {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        Self { id: header("webhook-id"), timestamp: header("webhook-timestamp"), signature: header("webhook-signature") }
    }
}

/// Returns the event's id when the callback is the vendor's and fresh.
pub(super) fn verify<'a>(key: &[u8], headers: SignedHeaders<'a>, body: &[u8], now: Timestamp) -> Result<&'a str, SignatureError> {
    let (Some(id), Some(timestamp), Some(signatures)) = (headers.id, headers.timestamp, headers.signature) else {
        return Err(SignatureError::Headers);
    };
    if id.is_empty() || id.len() > ID_LENGTH_MAX {
        return Err(SignatureError::Headers);
    }
    check_age(timestamp.parse().map_err(|_| SignatureError::Headers)?, now)?;

    let seal = Seal::of(key, &[id.as_bytes(), b".", timestamp.as_bytes(), b".", body])?;
    let holds = signatures
        .split(' ')
        .take(SIGNATURES_MAX)
        .filter_map(|signature| signature.strip_prefix("v1,"))
        .filter_map(|encoded| STANDARD.decode(encoded).ok())
        .any(|signature| seal.is(&signature));
    if holds { Ok(id) } else { Err(SignatureError::Signature) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::{CallbackKey, CallbackSecret};

    fn key(written: &str) -> CallbackKey {
        CallbackSecret::parse(written).unwrap().decoded().unwrap()
    }

    // The vector that the scheme's own libraries are tested with.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const SENT: i64 = 1_614_265_330;
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn outcome(id: &str, timestamp: &str, signature: &str, body: &[u8], now: i64) -> Result<(), SignatureError> {
        let headers = SignedHeaders { id: Some(id), timestamp: Some(timestamp), signature: Some(signature) };
        verify(key(SECRET).as_bytes(), headers, body, Timestamp::from_second(now).unwrap()).map(drop)
    }

    #[track_caller]
    fn check_signature(signature: &str, expected: Result<(), SignatureError>) {
        assert_eq!(outcome(ID, &SENT.to_string(), signature, BODY, SENT), expected);
    }

    #[test]
    fn the_published_vector_holds() {
        check_signature(SIGNATURE, Ok(()));
    }

    /// The vendor's side is written apart from this one; the two meet only in this file.
    #[test]
    fn the_shared_vectors_hold() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/data/generic/signatures.json");
        let file: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let vectors = file["vectors"].as_array().unwrap();
        assert!(!vectors.is_empty());
        for vector in vectors {
            let key = key(vector["secret"].as_str().unwrap());
            let sent = vector["timestamp"].as_i64().unwrap();
            let timestamp = sent.to_string();
            let headers = SignedHeaders { id: vector["id"].as_str(), timestamp: Some(&timestamp), signature: vector["signature"].as_str() };
            let body = vector["body"].as_str().unwrap().as_bytes();
            let outcome = verify(key.as_bytes(), headers, body, Timestamp::from_second(sent).unwrap());
            assert_eq!(outcome.ok(), vector["id"].as_str(), "{}", vector["name"]);
        }
    }

    #[test]
    fn one_good_signature_among_several_is_enough() {
        check_signature(&format!("v1,AAAA v1a,whatever {SIGNATURE}"), Ok(()));
    }

    #[test]
    fn there_is_an_end_to_trying() {
        check_signature(&format!("{}{SIGNATURE}", "v1,AAAA ".repeat(8)), Err(SignatureError::Signature));
    }

    #[test]
    fn other_versions_and_other_bytes_do_not_hold() {
        check_signature(&SIGNATURE.replace("v1,", "v2,"), Err(SignatureError::Signature));
        check_signature("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OF=", Err(SignatureError::Signature));
        check_signature("v1,", Err(SignatureError::Signature));
        check_signature("", Err(SignatureError::Signature));
    }

    #[test]
    fn id_timestamp_and_body_are_all_signed() {
        let sent = SENT.to_string();
        assert_eq!(outcome("msg_other", &sent, SIGNATURE, BODY, SENT), Err(SignatureError::Signature));
        assert_eq!(outcome(ID, "1614265331", SIGNATURE, BODY, SENT), Err(SignatureError::Signature));
        assert_eq!(outcome(ID, &sent, SIGNATURE, b"{}", SENT), Err(SignatureError::Signature));
    }

    #[test]
    fn five_minutes_either_way_are_tolerated() {
        let sent = SENT.to_string();
        for (now, expected) in [
            (SENT + 300, Ok(())),
            (SENT - 300, Ok(())),
            (SENT + 301, Err(SignatureError::Timestamp)),
            (SENT - 301, Err(SignatureError::Timestamp)),
        ] {
            assert_eq!(outcome(ID, &sent, SIGNATURE, BODY, now), expected, "at {now}");
        }
    }

    #[test]
    fn missing_and_malformed_headers_are_refused() {
        assert_eq!(outcome("", "1614265330", SIGNATURE, BODY, SENT), Err(SignatureError::Headers));
        assert_eq!(outcome(ID, "yesterday", SIGNATURE, BODY, SENT), Err(SignatureError::Headers));
        assert_eq!(outcome(ID, &i64::MIN.to_string(), SIGNATURE, BODY, SENT), Err(SignatureError::Timestamp));
        let headers = SignedHeaders { id: Some(ID), timestamp: None, signature: Some(SIGNATURE) };
        assert_eq!(verify(key(SECRET).as_bytes(), headers, BODY, Timestamp::UNIX_EPOCH), Err(SignatureError::Headers));
    }
}
