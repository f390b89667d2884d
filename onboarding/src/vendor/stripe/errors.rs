//! What Stripe's refusals mean: `{"error": {"type", "code", "param", …}}`, of which only the type is always there.

use serde::Deserialize;

use crate::vendor::line::{Refusal, plain_word};
use crate::vendor::{CallError, Verdict};

#[derive(Deserialize)]
struct ErrorWire {
    error: ErrorBodyWire,
}

#[derive(Deserialize)]
struct ErrorBodyWire {
    r#type: String,
    code: Option<String>,
    param: Option<String>,
}

pub(super) fn understand(refusal: &Refusal) -> CallError {
    let error = serde_json::from_slice::<ErrorWire>(&refusal.body).ok().map(|wire| wire.error);
    let verdict = verdict(refusal, error.as_ref());
    let word = error.map(|error| error.code.unwrap_or(error.r#type)).unwrap_or_default();
    CallError::Answered { status: refusal.status, code: plain_word(&word), verdict }
}

fn verdict(refusal: &Refusal, error: Option<&ErrorBodyWire>) -> Verdict {
    let after = refusal.retry_after();
    // A gateway's page: the request may have come through or not, so the key stays.
    let Some(error) = error else { return Verdict::Retry(after) };
    match (refusal.status, error.r#type.as_str(), error.code.as_deref(), &error.param) {
        // Stripe has answered, and remembers that answer under the key.
        (500..=599, ..) => Verdict::RetryAnew(after),
        (400, "invalid_request_error", Some("parameter_missing" | "parameter_unknown"), _)
        | (400, "invalid_request_error", None, Some(_))
        | (400, "idempotency_error", ..)
        | (404, "invalid_request_error", None | Some("resource_missing"), _) => Verdict::GiveUp,
        // No code is published for an action that the status does not allow.
        (400, "invalid_request_error", None, None) => Verdict::Look,
        _ if refusal.header("idempotent-replayed") == Some("true") => Verdict::RetryAnew(after),
        _ => Verdict::Retry(after),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reqwest::header::HeaderMap;

    use super::*;

    const AFTER: Option<Duration> = Some(Duration::from_secs(3));

    fn refusal(status: u16, body: &str, replayed: bool) -> Refusal {
        let mut headers = HeaderMap::from_iter([("retry-after".parse().unwrap(), "3".parse().unwrap())]);
        if replayed {
            headers.insert("idempotent-replayed", "true".parse().unwrap());
        }
        Refusal { status, headers, body: body.as_bytes().to_vec() }
    }

    #[track_caller]
    fn check(status: u16, error: &str, verdict: Verdict) {
        let error = understand(&refusal(status, &format!(r#"{{"error": {{"message": "…", {error}}}}}"#), false));
        assert_eq!(error.verdict(), verdict);
    }

    #[test]
    fn a_fault_that_is_remembered_needs_another_key() {
        check(500, r#""type": "api_error""#, Verdict::RetryAnew(AFTER));
        check(503, r#""type": "api_error""#, Verdict::RetryAnew(AFTER));
    }

    #[test]
    fn a_fault_of_which_nobody_knows_what_it_did_keeps_the_key() {
        for body in ["", "<html>502 Bad Gateway</html>", r#"{"message": "timeout"}"#] {
            assert_eq!(understand(&refusal(502, body, false)).verdict(), Verdict::Retry(AFTER), "{body}");
        }
    }

    #[test]
    fn what_may_work_later_is_tried_again() {
        check(401, r#""type": "invalid_request_error""#, Verdict::Retry(AFTER));
        check(403, r#""type": "invalid_request_error""#, Verdict::Retry(AFTER));
        check(409, r#""type": "invalid_request_error", "code": "idempotency_key_in_use""#, Verdict::Retry(AFTER));
        check(409, r#""type": "invalid_request_error", "code": "lock_timeout""#, Verdict::Retry(AFTER));
        check(429, r#""type": "invalid_request_error", "code": "rate_limit""#, Verdict::Retry(AFTER));
    }

    #[test]
    fn what_nobody_has_documented_is_tried_again() {
        check(400, r#""type": "invalid_request_error", "code": "mercury_retrograde""#, Verdict::Retry(AFTER));
        check(400, r#""type": "weather_error""#, Verdict::Retry(AFTER));
        check(402, r#""type": "card_error", "code": "card_declined""#, Verdict::Retry(AFTER));
        check(404, r#""type": "api_error""#, Verdict::Retry(AFTER));
        check(422, r#""type": "invalid_request_error""#, Verdict::Retry(AFTER));
    }

    #[test]
    fn a_refusal_that_is_only_repeated_needs_another_key() {
        let body = r#"{"error": {"type": "invalid_request_error", "message": "…"}}"#;
        assert_eq!(understand(&refusal(422, body, true)).verdict(), Verdict::RetryAnew(AFTER));
    }

    #[test]
    fn what_can_never_work_is_given_up() {
        check(400, r#""type": "invalid_request_error", "code": "parameter_missing", "param": "type""#, Verdict::GiveUp);
        check(400, r#""type": "invalid_request_error", "code": "parameter_unknown", "param": "colour""#, Verdict::GiveUp);
        check(400, r#""type": "invalid_request_error", "code": null, "param": "type""#, Verdict::GiveUp);
        check(400, r#""type": "idempotency_error""#, Verdict::GiveUp);
        check(404, r#""type": "invalid_request_error", "code": "resource_missing", "param": "session""#, Verdict::GiveUp);
        check(404, r#""type": "invalid_request_error""#, Verdict::GiveUp);
    }

    #[test]
    fn an_action_that_the_status_does_not_allow_makes_us_look() {
        check(400, r#""type": "invalid_request_error", "param": null"#, Verdict::Look);
    }

    #[test]
    fn only_a_plain_word_is_logged() {
        let shown = |error: &str| understand(&refusal(400, &format!(r#"{{"error": {{{error}}}}}"#), false)).to_string();
        assert_eq!(shown(r#""type": "invalid_request_error", "code": "parameter_missing""#), "the vendor answered 400 `parameter_missing`");
        assert_eq!(shown(r#""type": "invalid_request_error""#), "the vendor answered 400 `invalid_request_error`");
        assert_eq!(shown(r#""type": "Mara Lindqvist""#), "the vendor answered 400 ``");
    }
}
