use std::time::Duration;

use hyper::StatusCode;
use hyper::header::{self, ALLOW, HeaderValue};
use serde::Serialize;

use super::reply;
use crate::dialects::Reply;
use crate::refusal::Refusal;

/// How long a client is told to wait that is refused by an incident, which knows no better.
const RETRY_AFTER: Duration = Duration::from_secs(1);

#[derive(Serialize)]
struct Body<'a> {
    error: Error<'a>,
}

#[derive(Serialize)]
struct Error<'a> {
    r#type: &'static str,
    code: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    param: Option<&'a str>,
    request_id: &'a str,
}

/// Status, type, code, message, and the field to blame.
type Said<'a> = (StatusCode, &'static str, &'static str, String, Option<&'a str>);

/// Says why a request was not granted.
pub(super) fn refuse(refusal: &Refusal, request: &str) -> Reply {
    if let Refusal::TooManyRequests { status, retry_after } = refusal {
        return failure(*status, *retry_after, request);
    }
    if let Refusal::FailedBefore { status } = refusal {
        return fail(*status, request);
    }
    let (status, r#type, code, message, param) = say(refusal);
    let mut reply = error(status, Error { r#type, code, message: &message, param, request_id: request });
    if let Refusal::MethodNotAllowed { allowed } = refusal {
        reply.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    }
    reply
}

fn say(refusal: &Refusal) -> Said<'_> {
    let invalid = |code, message, param| (StatusCode::BAD_REQUEST, "invalid_request", code, message, param);
    match refusal {
        Refusal::MissingApiKey => (
            StatusCode::UNAUTHORIZED,
            "authentication",
            "missing_api_key",
            "send `Authorization: Bearer` and your API key".to_owned(),
            None,
        ),
        Refusal::InvalidApiKey => {
            (StatusCode::UNAUTHORIZED, "authentication", "invalid_api_key", "this API key is not known".to_owned(), None)
        }
        Refusal::NoSuchEndpoint { nearest } => {
            (StatusCode::NOT_FOUND, "not_found", "no_such_endpoint", format!("there is nothing at this address\n\n{nearest}"), None)
        }
        Refusal::NoSuchSession => (StatusCode::NOT_FOUND, "not_found", "no_such_session", "there is no such session".to_owned(), None),
        Refusal::MethodNotAllowed { allowed } => {
            (StatusCode::METHOD_NOT_ALLOWED, "invalid_request", "method_not_allowed", format!("this address takes {allowed} only"), None)
        }
        Refusal::UnsupportedMediaType { expected } => (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "invalid_request",
            "unsupported_media_type",
            format!("this address takes bodies of type {expected} only"),
            None,
        ),
        Refusal::BodyTooLarge { limit } => {
            (StatusCode::PAYLOAD_TOO_LARGE, "invalid_request", "body_too_large", format!("the body may have at most {limit} bytes"), None)
        }
        Refusal::MalformedJson => invalid("malformed_json", "the body is not a JSON object".to_owned(), None),
        Refusal::MalformedMultipart => invalid("malformed_multipart", "the body is not a multipart form".to_owned(), None),
        Refusal::UnknownField { field } => invalid("unknown_field", format!("`{field}` is not a field here"), Some(field)),
        Refusal::MissingField { field } => invalid("missing_field", format!("`{field}` is missing"), Some(field)),
        Refusal::InvalidField { field, expected } => invalid("invalid_field", format!("`{field}` must be {expected}"), Some(field)),
        Refusal::CallbackUrlRefused { reason } => invalid("callback_url_refused", (*reason).to_owned(), Some("callback_url")),
        Refusal::NotAnImage => unprocessable("not_an_image", "the file is neither JPEG nor PNG"),
        Refusal::ImageTruncated => unprocessable("image_truncated", "the file breaks off"),
        Refusal::IdempotencyKeyReused => {
            conflict("idempotency_key_reused", "this `Idempotency-Key` came with another request before".to_owned())
        }
        Refusal::IdempotencyKeyInFlight => conflict("idempotency_key_in_flight", "a request with this key is under way".to_owned()),
        Refusal::FailedBefore { .. } => (StatusCode::INTERNAL_SERVER_ERROR, "api_error", "internal", refusal.to_string(), None),
        Refusal::Own(rebuff) => invalid(rebuff.code.unwrap_or(rebuff.kind), rebuff.message.clone(), rebuff.param.as_deref()),
        Refusal::WrongStatus { status } => conflict("wrong_status", format!("a session that is `{status}` does not allow this")),
        Refusal::ImagesMissing => conflict("images_missing", "upload a document and a selfie first".to_owned()),
        Refusal::TooManyRequests { .. } => (
            StatusCode::TOO_MANY_REQUESTS,
            "rate_limit",
            "too_many_requests",
            "too many requests; wait as long as `Retry-After` says".to_owned(),
            None,
        ),
        Refusal::TooManySessions => (
            StatusCode::TOO_MANY_REQUESTS,
            "rate_limit",
            "too_many_sessions",
            "the vendor's store is full; start it with room for more".to_owned(),
            None,
        ),
    }
}

fn conflict(code: &'static str, message: String) -> Said<'static> {
    (StatusCode::CONFLICT, "conflict", code, message, None)
}

fn unprocessable(code: &'static str, message: &str) -> Said<'static> {
    (StatusCode::UNPROCESSABLE_ENTITY, "unprocessable_image", code, message.to_owned(), Some("file"))
}

/// Says that the vendor failed.
pub(super) fn fail(status: u16, request: &str) -> Reply {
    failure(status, RETRY_AFTER, request)
}

fn failure(status: u16, retry_after: Duration, request: &str) -> Reply {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let (r#type, code, message) = match status {
        StatusCode::TOO_MANY_REQUESTS => ("rate_limit", "too_many_requests", "too many requests; wait as long as `Retry-After` says"),
        StatusCode::UNAUTHORIZED => ("authentication", "invalid_api_key", "this API key is not known"),
        StatusCode::NOT_FOUND => ("not_found", "no_such_session", "there is no such session"),
        StatusCode::UNPROCESSABLE_ENTITY => ("invalid_request", "unprocessable", "the request could not be processed"),
        StatusCode::BAD_GATEWAY => ("api_error", "bad_gateway", "a part of the service cannot be reached"),
        StatusCode::SERVICE_UNAVAILABLE => ("api_error", "unavailable", "the service is not available for the moment"),
        StatusCode::GATEWAY_TIMEOUT => ("api_error", "timeout", "a part of the service took too long"),
        _ => ("api_error", "internal", "something went wrong on our side"),
    };
    let mut reply = error(status, Error { r#type, code, message, param: None, request_id: request });
    if status == StatusCode::TOO_MANY_REQUESTS {
        // In whole seconds, and never too few.
        let seconds = retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0);
        reply.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    }
    reply
}

fn error(status: StatusCode, error: Error<'_>) -> Reply {
    let request = error.request_id;
    // Serialising texts cannot fail; an empty body would be the least of it.
    reply(status, request, serde_json::to_vec(&Body { error }).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(reply: &Reply, status: u16, body: &str) {
        assert_eq!(reply.status().as_u16(), status);
        assert_eq!(str::from_utf8(reply.body()).unwrap(), body);
        assert_eq!(reply.headers()["request-id"], "req_1");
    }

    #[test]
    fn an_error_says_what_is_wrong_and_where() {
        check(
            &refuse(&Refusal::UnknownField { field: "colour".to_owned() }, "req_1"),
            400,
            r#"{"error":{"type":"invalid_request","code":"unknown_field","message":"`colour` is not a field here","param":"colour","request_id":"req_1"}}"#,
        );
        check(
            &fail(503, "req_1"),
            503,
            r#"{"error":{"type":"api_error","code":"unavailable","message":"the service is not available for the moment","request_id":"req_1"}}"#,
        );
    }

    #[test]
    fn who_asks_too_often_is_told_how_long_to_wait() {
        assert_eq!(fail(429, "req_1").headers()["retry-after"], "1");
        assert!(!fail(503, "req_1").headers().contains_key("retry-after"));
    }

    #[test]
    fn who_uses_the_wrong_method_is_told_the_right_one() {
        assert_eq!(refuse(&Refusal::MethodNotAllowed { allowed: "GET" }, "req_1").headers()["allow"], "GET");
    }
}
