//! `X-SHA2-Signature`: HMAC-SHA256 over the body in hexadecimal, keyed with the webhook's token.
//!
//! There is no time in it: what was recorded verifies for ever. Whoever plays it again must find that it has no effect, and that is not decided here: a digest of
//! the body stands for the event, and all that an event can do is to make us ask.

use axum::http::HeaderMap;

use crate::vendor::callback::SignatureError;
use crate::vendor::mac::Seal;

/// Says whether a callback is Onfido's, be it of now or not.
pub(super) fn verify(key: &[u8], headers: &HeaderMap, body: &[u8]) -> Result<(), SignatureError> {
    let claimed = headers.get("x-sha2-signature").and_then(|value| value.to_str().ok()).ok_or(SignatureError::Headers)?;
    if Seal::of(key, &[body])?.is_hex(claimed) { Ok(()) } else { Err(SignatureError::Signature) }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Published on the page "Manual webhook signature verification".
    const KEY: &[u8] = b"wU99mE6jJ7nXOLFwZ0tJymM1lpI15pZh";
    const BODY: &[u8] = br#"{"payload":{"resource_type":"check","action":"check.completed","object":{"id":"f2302f45-227d-413d-ad61-09ec077a086a","status":"complete","completed_at_iso8601":"2024-04-04T09:21:21Z","href":"https://api.onfido.com/v3.6/checks/f2302f45-227d-413d-ad61-09ec077a086a"}}}"#;
    const SIGNATURE: &str = "77ebc3e418f26be6eebb47f7ebe551321de26734fc273961e075fc9ab163d9c7";

    fn outcome(key: &[u8], header: &str, body: &[u8]) -> Result<(), SignatureError> {
        verify(key, &HeaderMap::from_iter([("x-sha2-signature".parse().unwrap(), header.parse().unwrap())]), body)
    }

    /// The vendor's side is written apart from this one; the two meet only in this file.
    #[test]
    fn the_shared_vectors_hold() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/data/onfido/signatures.json");
        let file: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let vectors = file["vectors"].as_array().unwrap();
        assert!(!vectors.is_empty());
        for vector in vectors {
            let text = |name: &str| vector[name].as_str().unwrap();
            let outcome = outcome(text("secret").as_bytes(), text("signature"), text("body").as_bytes());
            assert_eq!(outcome, Ok(()), "{}", vector["name"]);
        }
    }

    #[test]
    fn the_published_vector_holds() {
        assert_eq!(outcome(KEY, SIGNATURE, BODY), Ok(()));
    }

    #[test]
    fn other_keys_and_other_bytes_do_not_hold() {
        assert_eq!(outcome(b"another", SIGNATURE, BODY), Err(SignatureError::Signature));
        assert_eq!(outcome(KEY, SIGNATURE, &[BODY, b" "].concat()), Err(SignatureError::Signature));
        for signature in ["", "00", &SIGNATURE.replace('7', "8"), &format!("sha256={SIGNATURE}")] {
            assert_eq!(outcome(KEY, signature, BODY), Err(SignatureError::Signature), "{signature}");
        }
    }

    #[test]
    fn no_signature_is_a_missing_header() {
        assert_eq!(verify(KEY, &HeaderMap::new(), BODY), Err(SignatureError::Headers));
    }
}
