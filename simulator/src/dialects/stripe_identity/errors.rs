//! Errors in this vendor's envelope: "Errors" and "Error codes" of its documentation, read 2026-11-23. The texts of messages are no contract there.

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde::Serialize;

use super::capture;
use crate::dialects::Reply;
use crate::refusal::{Rebuff, Refusal};

/// The kind of most errors: something is wrong with the request.
pub(super) const INVALID_REQUEST: &str = "invalid_request_error";
const API_ERROR: &str = "api_error";

#[derive(Serialize)]
struct Body<'a> {
    error: Error<'a>,
}

#[derive(Serialize)]
struct Error<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    doc_url: Option<String>,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    param: Option<&'a str>,
    request_log_url: String,
    r#type: &'a str,
}

/// A parameter, or what it says, makes no sense.
pub(super) fn invalid(param: Option<&str>, message: String) -> Refusal {
    own(400, None, param, message)
}

/// A parameter is not there that must be.
pub(super) fn missing(param: &str) -> Refusal {
    own(400, Some("parameter_missing"), Some(param), format!("Missing required param: {param}."))
}

/// A parameter is there that nobody knows.
pub(super) fn unknown(param: &str) -> Refusal {
    own(400, Some("parameter_unknown"), Some(param), format!("Received unknown parameter: {param}"))
}

/// There is no such thing.
pub(super) fn no_such(what: &str, id: &str, param: &str) -> Refusal {
    own(404, Some("resource_missing"), Some(param), format!("No such {what}: '{}'", &id[..id.floor_char_boundary(255)]))
}

/// A key may not do this.
pub(super) fn forbidden(message: &str) -> Refusal {
    own(403, None, None, message.to_owned())
}

/// A refusal that only this vendor has.
pub(super) fn own(status: u16, code: Option<&'static str>, param: Option<&str>, message: String) -> Refusal {
    Refusal::Own(Box::new(Rebuff { status, kind: INVALID_REQUEST, code, param: param.map(str::to_owned), message }))
}

/// Says why a request was not granted.
pub(super) fn refuse(refusal: &Refusal, request: &str) -> Reply {
    if let Refusal::TooManyRequests { status, .. } = refusal {
        return fail(*status, request);
    }
    if let Refusal::FailedBefore { status } = refusal {
        let mut reply = fail(*status, request);
        let headers = reply.headers_mut();
        headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
        // The same key gets the same answer for good: a library that believes it asks no more.
        headers.insert("stripe-should-retry", HeaderValue::from_static("false"));
        return reply;
    }
    if let Refusal::Own(rebuff) = refusal {
        return say(rebuff, request);
    }
    say(&in_own_words(refusal), request)
}

/// Says a refusal in the vendor's own words.
pub(super) fn say(rebuff: &Rebuff, request: &str) -> Reply {
    if rebuff.kind == capture::PAGE {
        let mut reply = capture::refused(rebuff.status, &rebuff.message);
        name(&mut reply, request);
        return reply;
    }
    let status = StatusCode::from_u16(rebuff.status).unwrap_or(StatusCode::BAD_REQUEST);
    envelope(status, rebuff.kind, rebuff.code, rebuff.param.as_deref(), &rebuff.message, request)
}

fn in_own_words(refusal: &Refusal) -> Rebuff {
    let said =
        |status, kind, code, param: Option<&str>, message: String| Rebuff { status, kind, code, param: param.map(str::to_owned), message };
    let invalid = |status, code, param, message| said(status, INVALID_REQUEST, code, param, message);
    match refusal {
        Refusal::MissingApiKey => invalid(401, None, None, NO_KEY.to_owned()),
        Refusal::InvalidApiKey => invalid(401, None, None, "Invalid API Key provided.".to_owned()),
        Refusal::NoSuchEndpoint { nearest } => invalid(
            404,
            None,
            None,
            format!("Unrecognized request URL. Please see https://stripe.com/docs or we can help at https://support.stripe.com/.\n\n{nearest}"),
        ),
        Refusal::IdempotencyKeyReused => said(
            400,
            "idempotency_error",
            None,
            None,
            "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than the one given if you meant to execute a different request.".to_owned(),
        ),
        Refusal::IdempotencyKeyInFlight => invalid(
            409,
            Some("idempotency_key_in_use"),
            None,
            "There is currently another in-progress request using this Idempotency Key. Please try again later.".to_owned(),
        ),
        Refusal::TooManySessions => {
            said(429, "rate_limit_error", Some("rate_limit"), None, "The fake vendor's store is full; start it with room for more.".to_owned())
        }
        Refusal::BodyTooLarge { limit } => invalid(413, None, None, format!("The request is too large: at most {limit} bytes are taken.")),
        Refusal::UnsupportedMediaType { expected } => {
            invalid(400, None, None, format!("Invalid request (check that your POST content type is {expected})."))
        }
        Refusal::MalformedMultipart => invalid(400, None, None, "Invalid request: the body is no multipart form.".to_owned()),
        Refusal::NotAnImage | Refusal::ImageTruncated => invalid(400, None, Some("file"), "File for key file is not a whole JPEG or PNG.".to_owned()),
        Refusal::WrongStatus { status } => invalid(400, None, None, format!("This cannot be done: the session is {}.", status.as_str())),
        Refusal::NoSuchSession => invalid(404, Some("resource_missing"), Some("session"), "No such verificationsession".to_owned()),
        Refusal::InvalidField { field, expected } => invalid(400, None, Some(field), format!("Invalid {field}: must be {expected}")),
        // What follows never comes to this vendor's customers, or says enough by itself.
        Refusal::MethodNotAllowed { .. }
        | Refusal::MalformedJson
        | Refusal::UnknownField { .. }
        | Refusal::MissingField { .. }
        | Refusal::CallbackUrlRefused { .. }
        | Refusal::ImagesMissing
        | Refusal::FailedBefore { .. }
        | Refusal::TooManyRequests { .. }
        | Refusal::Own(_) => invalid(400, None, None, refusal.to_string()),
    }
}

const NO_KEY: &str = "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').";

/// Says that the vendor failed.
pub(super) fn fail(status: u16, request: &str) -> Reply {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let (kind, code, message) = match status {
        StatusCode::TOO_MANY_REQUESTS => (
            "rate_limit_error",
            Some("rate_limit"),
            "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.",
        ),
        StatusCode::UNAUTHORIZED => (INVALID_REQUEST, None, "Invalid API Key provided."),
        StatusCode::FORBIDDEN => (INVALID_REQUEST, None, "The provided key does not have the required permissions for this endpoint."),
        StatusCode::NOT_FOUND => (INVALID_REQUEST, Some("resource_missing"), "No such verificationsession"),
        StatusCode::CONFLICT => (
            INVALID_REQUEST,
            Some("lock_timeout"),
            "This object cannot be accessed right now because another API request or Stripe process is currently accessing it.",
        ),
        status if status.is_client_error() => (INVALID_REQUEST, None, "The request could not be processed."),
        _ => (API_ERROR, None, "An unknown error occurred. Stripe has been notified."),
    };
    let mut reply = envelope(status, kind, code, None, message, request);
    if status == StatusCode::TOO_MANY_REQUESTS {
        reply.headers_mut().insert("stripe-rate-limited-reason", HeaderValue::from_static("global-rate"));
    }
    reply
}

fn envelope(status: StatusCode, kind: &str, code: Option<&str>, param: Option<&str>, message: &str, request: &str) -> Reply {
    let doc_url = code.map(|code| format!("https://stripe.com/docs/error-codes/{}", code.replace('_', "-")));
    let request_log_url = format!("https://dashboard.stripe.com/test/logs/{request}");
    let body = Body { error: Error { code, doc_url, message, param, request_log_url, r#type: kind } };
    // Serialising texts cannot fail; an empty body would be the least of it.
    let mut reply = Response::new(Bytes::from(serde_json::to_vec(&body).unwrap_or_default()));
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    name(&mut reply, request);
    reply
}

/// Writes the request's name on its answer.
pub(super) fn name(reply: &mut Reply, request: &str) {
    if let Ok(request) = HeaderValue::from_str(request) {
        reply.headers_mut().insert("request-id", request);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
            &refuse(&no_such("verificationsession", "vs_nope", "session"), "req_1"),
            404,
            r#"{"error":{"code":"resource_missing","doc_url":"https://stripe.com/docs/error-codes/resource-missing","message":"No such verificationsession: 'vs_nope'","param":"session","request_log_url":"https://dashboard.stripe.com/test/logs/req_1","type":"invalid_request_error"}}"#,
        );
        check(
            &fail(503, "req_1"),
            503,
            r#"{"error":{"message":"An unknown error occurred. Stripe has been notified.","request_log_url":"https://dashboard.stripe.com/test/logs/req_1","type":"api_error"}}"#,
        );
    }

    #[test]
    fn who_asks_too_often_is_told_which_limit() {
        let limited = Refusal::TooManyRequests { status: 429, retry_after: Duration::ZERO };
        assert_eq!(refuse(&limited, "req_1").headers()["stripe-rate-limited-reason"], "global-rate");
        assert!(!fail(503, "req_1").headers().contains_key("stripe-rate-limited-reason"));
    }

    #[test]
    fn a_fault_that_is_repeated_says_so() {
        let again = refuse(&Refusal::FailedBefore { status: 500 }, "req_1");
        assert_eq!((again.status().as_u16(), again.headers()["idempotent-replayed"].as_bytes()), (500, &b"true"[..]));
    }
}
