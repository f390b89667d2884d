//! What the vendor's refusals mean.

use serde::Deserialize;

use crate::vendor::line::{Refusal, plain_word};
use crate::vendor::{CallError, Verdict};

#[derive(Deserialize)]
struct ErrorWire {
    error: ErrorBodyWire,
}

#[derive(Deserialize)]
struct ErrorBodyWire {
    code: String,
}

pub(super) fn understand(refusal: &Refusal) -> CallError {
    let code = error_code(&refusal.body);
    let verdict = match (refusal.status, code.as_str()) {
        (409, "wrong_status") => Verdict::Look,
        (409, "images_missing") => return CallError::ImagesMissing,
        (400, "malformed_json" | "malformed_multipart" | "unknown_field" | "missing_field" | "invalid_field" | "callback_url_refused")
        | (404, "no_such_session" | "no_such_endpoint")
        | (405, "method_not_allowed")
        | (409, "idempotency_key_reused")
        | (413, "body_too_large")
        | (415, "unsupported_media_type")
        | (422, "not_an_image" | "image_truncated") => Verdict::GiveUp,
        _ => Verdict::Retry(refusal.retry_after()),
    };
    CallError::Answered { status: refusal.status, code, verdict }
}

/// Returns the code of an error body, or an empty word.
fn error_code(body: &[u8]) -> String {
    serde_json::from_slice::<ErrorWire>(body).map(|wire| plain_word(&wire.error.code)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderMap;
    use std::time::Duration;

    #[track_caller]
    fn check(status: u16, code: &str, verdict: Verdict) {
        let headers = HeaderMap::from_iter([("retry-after".parse().unwrap(), "3".parse().unwrap())]);
        let body = format!(r#"{{"error": {{"type": "whatever", "code": "{code}"}}}}"#).into_bytes();
        assert_eq!(understand(&Refusal { status, headers, body }).verdict(), verdict);
    }

    #[test]
    fn what_may_work_later_is_tried_again() {
        for status in [401, 403, 408, 425, 429, 500, 502, 503, 504, 302] {
            check(status, "whatever", Verdict::Retry(Some(Duration::from_secs(3))));
        }
        // Codes that the vendor's documents do not have.
        for (status, code) in [(400, ""), (404, ""), (409, "busy"), (422, "unprocessable")] {
            check(status, code, Verdict::Retry(Some(Duration::from_secs(3))));
        }
    }

    #[test]
    fn what_can_never_work_is_given_up() {
        for (status, code) in [(400, "unknown_field"), (404, "no_such_session"), (409, "idempotency_key_reused"), (422, "not_an_image")] {
            check(status, code, Verdict::GiveUp);
        }
    }

    #[test]
    fn what_was_lost_is_uploaded_again() {
        check(409, "images_missing", Verdict::UploadAgain);
    }

    #[test]
    fn a_session_that_has_moved_on_is_looked_at() {
        check(409, "wrong_status", Verdict::Look);
    }

    #[test]
    fn an_error_code_is_a_word_or_nothing() {
        assert_eq!(error_code(br#"{"error": {"type": "conflict", "code": "wrong_status"}}"#), "wrong_status");
        assert_eq!(error_code(br#"{"error": {"type": "conflict", "code": "<b>"}}"#), "");
        assert_eq!(error_code(b"<html>"), "");
    }
}
