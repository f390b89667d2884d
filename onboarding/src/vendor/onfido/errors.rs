//! What Onfido's refusals mean: `{"error": {"type", "message", "fields": {…}}}`.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::vendor::line::{Refusal, plain_word};
use crate::vendor::{CallError, Verdict};

#[derive(Deserialize)]
struct ErrorWire {
    error: ErrorBodyWire,
}

#[derive(Deserialize)]
struct ErrorBodyWire {
    r#type: String,
    #[serde(default)]
    fields: Map<String, Value>,
}

pub(super) fn understand(refusal: &Refusal) -> CallError {
    let error = serde_json::from_slice::<ErrorWire>(&refusal.body).ok().map(|wire| wire.error);
    let (word, fields) = error.map(|error| (error.r#type, error.fields)).unwrap_or_default();
    let verdict = match (refusal.status, word.as_str()) {
        (400, "bad_request") | (404, "resource_not_found") | (410, "gone") => Verdict::GiveUp,
        // A refusal of what we sent says which field; without one it is somebody's outage.
        (422, "validation_error") if !fields.is_empty() => Verdict::GiveUp,
        _ => Verdict::Retry(refusal.retry_after()),
    };
    CallError::Answered { status: refusal.status, code: plain_word(&word), verdict }
}

/// Whether a check was refused for what it was asked to be made of: media that Onfido does not have, perhaps.
pub(super) fn may_want_media(error: &CallError) -> bool {
    match error {
        CallError::Answered { status, code, .. } => *status == 422 && code == "validation_error",
        CallError::Unreachable(_) | CallError::TimedOut(_) | CallError::Unreadable { .. } | CallError::ImagesMissing => false,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reqwest::header::HeaderMap;

    use super::*;

    fn refused(status: u16, body: &str) -> CallError {
        let headers = HeaderMap::from_iter([("retry-after".parse().unwrap(), "3".parse().unwrap())]);
        understand(&Refusal { status, headers, body: body.as_bytes().to_vec() })
    }

    #[track_caller]
    fn check(status: u16, r#type: &str, fields: &str, verdict: Verdict) {
        let body = format!(r#"{{"error": {{"type": "{}", "message": "…", "fields": {fields}}}}}"#, r#type);
        assert_eq!(refused(status, &body).verdict(), verdict);
    }

    #[test]
    fn what_may_work_later_is_tried_again() {
        for (status, r#type) in [
            (401, "authorization_error"),
            (401, "expired_token"),
            (403, "account_disabled"),
            (429, "rate_limit"),
            (500, "internal_server_error"),
            (503, "service_unavailable"),
        ] {
            check(status, r#type, "{}", Verdict::Retry(Some(Duration::from_secs(3))));
        }
    }

    #[test]
    fn what_nobody_has_documented_is_tried_again() {
        for (status, r#type) in [(400, "whatever"), (404, "whatever"), (409, "conflict"), (422, "unprocessable"), (422, "validation_error")]
        {
            check(status, r#type, "{}", Verdict::Retry(Some(Duration::from_secs(3))));
        }
        for body in ["", "<html>", r#"{"error": "down"}"#] {
            assert_eq!(refused(422, body).verdict(), Verdict::Retry(Some(Duration::from_secs(3))), "{body}");
        }
    }

    #[test]
    fn what_can_never_work_is_given_up() {
        check(400, "bad_request", "{}", Verdict::GiveUp);
        check(404, "resource_not_found", "{}", Verdict::GiveUp);
        check(410, "gone", "{}", Verdict::GiveUp);
        check(422, "validation_error", r#"{"first_name": ["can't be blank"]}"#, Verdict::GiveUp);
        check(422, "validation_error", r#"{"address": {"country": ["is invalid"]}}"#, Verdict::GiveUp);
    }

    #[test]
    fn fields_may_be_left_out() {
        assert_eq!(refused(404, r#"{"error": {"type": "resource_not_found", "message": "…"}}"#).verdict(), Verdict::GiveUp);
    }

    #[test]
    fn only_a_refusal_of_the_request_may_be_for_want_of_media() {
        assert!(may_want_media(&refused(422, r#"{"error": {"type": "validation_error", "fields": {}}}"#)));
        assert!(!may_want_media(&refused(422, r#"{"error": {"type": "unprocessable", "fields": {}}}"#)));
        assert!(!may_want_media(&refused(400, r#"{"error": {"type": "validation_error", "fields": {}}}"#)));
        assert!(!may_want_media(&CallError::Unreadable { status: 200, why: "…" }));
    }
}
