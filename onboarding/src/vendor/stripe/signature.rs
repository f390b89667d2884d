//! `Stripe-Signature: t=<seconds>,v1=<hex>[,v1=<hex>]`.
//!
//! HMAC-SHA256 over `{t}.{body}`, keyed with the whole text of the secret, its prefix included. While a secret is being rolled there is one signature for each.

use axum::http::HeaderMap;
use jiff::Timestamp;

use crate::vendor::callback::SignatureError;
use crate::vendor::mac::{Seal, check_age};

/// Two secrets are live at most, and schemes that are none of ours may stand between; more than this is somebody trying.
const ELEMENTS_MAX: usize = 16;

/// Says whether a callback is Stripe's, and of now.
pub(super) fn verify(key: &[u8], headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<(), SignatureError> {
    let header = headers.get("stripe-signature").and_then(|value| value.to_str().ok()).ok_or(SignatureError::Headers)?;
    let elements = || header.split(',').take(ELEMENTS_MAX).filter_map(|element| element.trim().split_once('='));
    let sent = elements().find(|(name, _)| *name == "t").map(|(_, sent)| sent).ok_or(SignatureError::Headers)?;
    check_age(sent.parse().map_err(|_| SignatureError::Headers)?, now)?;

    let seal = Seal::of(key, &[sent.as_bytes(), b".", body])?;
    let holds = elements().filter(|(name, _)| *name == "v1").any(|(_, claimed)| seal.is_hex(claimed));
    if holds { Ok(()) } else { Err(SignatureError::Signature) }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Computed with the vendor's own library.
    const KEY: &[u8] = b"whsec_test";
    const SENT: i64 = 1_793_448_044;
    const BODY: &[u8] = br#"{"id":"evt_1"}"#;
    const SIGNATURE: &str = "79c2b870f0ba664a8429fe3047de1c67c79c9a5ac052780c4e4c7482a1672e8a";

    fn outcome(key: &[u8], header: &str, body: &[u8], now: i64) -> Result<(), SignatureError> {
        let headers = HeaderMap::from_iter([("stripe-signature".parse().unwrap(), header.parse().unwrap())]);
        verify(key, &headers, body, Timestamp::from_second(now).unwrap())
    }

    #[track_caller]
    fn check(header: &str, expected: Result<(), SignatureError>) {
        assert_eq!(outcome(KEY, header, BODY, SENT), expected, "{header}");
    }

    /// The vendor's side is written apart from this one; the two meet only in this file.
    #[test]
    fn the_shared_vectors_hold() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/data/stripe/signatures.json");
        let file: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let vectors = file["vectors"].as_array().unwrap();
        assert!(!vectors.is_empty());
        for vector in vectors {
            let text = |name: &str| vector[name].as_str().unwrap();
            let sent = vector["timestamp"].as_i64().unwrap();
            let outcome = outcome(text("secret").as_bytes(), text("signature"), text("body").as_bytes(), sent);
            assert_eq!(outcome, Ok(()), "{}", vector["name"]);
        }
    }

    #[test]
    fn one_good_signature_among_several_is_enough() {
        check(&format!("t={SENT},v1={SIGNATURE}"), Ok(()));
        check(&format!("t={SENT},v1={},v1={SIGNATURE}", "0".repeat(64)), Ok(()));
        check(&format!("t={SENT},v1={SIGNATURE},v0={}", "0".repeat(64)), Ok(()));
        check(&format!("v1={SIGNATURE}, t={SENT}"), Ok(()));
    }

    #[test]
    fn there_is_an_end_to_trying() {
        check(&format!("t={SENT},{}v1={SIGNATURE}", "v1=00,".repeat(15)), Err(SignatureError::Signature));
    }

    #[test]
    fn other_schemes_and_other_bytes_do_not_hold() {
        check(&format!("t={SENT},v0={SIGNATURE}"), Err(SignatureError::Signature));
        check(&format!("t={SENT},v1={}", SIGNATURE.replace('a', "b")), Err(SignatureError::Signature));
        check(&format!("t={SENT},v1="), Err(SignatureError::Signature));
        check(&format!("t={}", SENT), Err(SignatureError::Signature));
        let header = format!("t={SENT},v1={SIGNATURE}");
        assert_eq!(outcome(KEY, &header, b"{}", SENT), Err(SignatureError::Signature));
        assert_eq!(outcome(b"test", &header, BODY, SENT), Err(SignatureError::Signature), "the prefix belongs to the key");
        let moved = format!("t={},v1={SIGNATURE}", SENT + 1);
        assert_eq!(outcome(KEY, &moved, BODY, SENT), Err(SignatureError::Signature));
    }

    #[test]
    fn five_minutes_either_way_are_tolerated() {
        let header = format!("t={SENT},v1={SIGNATURE}");
        for (now, expected) in [
            (SENT + 300, Ok(())),
            (SENT - 300, Ok(())),
            (SENT + 301, Err(SignatureError::Timestamp)),
            (SENT - 301, Err(SignatureError::Timestamp)),
        ] {
            assert_eq!(outcome(KEY, &header, BODY, now), expected, "at {now}");
        }
    }

    #[test]
    fn missing_and_malformed_headers_are_refused() {
        check("", Err(SignatureError::Headers));
        check(&format!("v1={SIGNATURE}"), Err(SignatureError::Headers));
        check(&format!("t=today,v1={SIGNATURE}"), Err(SignatureError::Headers));
        check(&format!("t={},v1={SIGNATURE}", i64::MIN), Err(SignatureError::Timestamp));
        assert_eq!(verify(KEY, &HeaderMap::new(), BODY, Timestamp::UNIX_EPOCH), Err(SignatureError::Headers));
    }
}
