//! Errors as the API has them: `{"error": {"type", "message", "fields"}}`, as of 2026-11-24.

use std::time::Duration;

use hyper::StatusCode;
use hyper::header::{self, ALLOW, HeaderValue};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::wire;
use crate::dialects::Reply;
use crate::refusal::{Rebuff, Refusal};

/// How long a client is told to wait that is refused by an incident, which knows no better.
const RETRY_AFTER: Duration = Duration::from_secs(1);

const VALIDATION: &str = "validation_error";
const NOT_FOUND: &str = "resource_not_found";
const RATE_LIMIT: &str = "rate_limit";

/// What a blank field is told.
pub(super) const BLANK: &str = "can't be blank";

/// Says that a field is missing or wrong. A field inside another is named with a dot: `address.country`.
pub(super) fn invalid(field: impl Into<String>, message: impl Into<String>) -> Refusal {
    own(StatusCode::UNPROCESSABLE_ENTITY, VALIDATION, Some(field.into()), message)
}

/// Says that there is no `what` with this id.
pub(super) fn not_found(what: &str, id: &str) -> Refusal {
    let id: String = id.chars().take(64).collect(); // whatever came is not repeated at any length
    own(StatusCode::NOT_FOUND, NOT_FOUND, None, format!("Could not find the following resource: {what} with id={id}"))
}

/// Says that something was deleted.
pub(super) fn gone(what: &str) -> Refusal {
    own(StatusCode::GONE, "gone", None, format!("The {what} has been deleted"))
}

/// Says that the body is none that can be read.
pub(super) fn bad_request(message: impl Into<String>) -> Refusal {
    own(StatusCode::BAD_REQUEST, "bad_request", None, message)
}

/// Says that whoever asks is not who may.
pub(super) fn unauthorized() -> Refusal {
    own(StatusCode::UNAUTHORIZED, "authorization_error", None, CREDENTIALS)
}

/// Says that an SDK token has run out.
pub(super) fn expired_token() -> Refusal {
    own(StatusCode::UNAUTHORIZED, "expired_token", None, "The token has expired, please request a new one")
}

/// Says that an SDK token is not enough.
pub(super) fn forbidden() -> Refusal {
    own(StatusCode::FORBIDDEN, "authorization_error", None, "An SDK token does not allow this")
}

/// Says that an applicant cannot be deleted yet.
pub(super) fn deletion_incomplete_checks() -> Refusal {
    let message = "Applicant cannot be deleted: there are checks that are not complete";
    own(StatusCode::UNPROCESSABLE_ENTITY, "deletion_incomplete_checks", None, message)
}

fn own(status: StatusCode, kind: &'static str, param: Option<String>, message: impl Into<String>) -> Refusal {
    Refusal::Own(Box::new(Rebuff { status: status.as_u16(), kind, code: None, param, message: message.into() }))
}

const CREDENTIALS: &str = "Authorization error: please re-check your credentials";
const VALIDATION_MESSAGE: &str = "There was a validation error on this request";
const RATE_LIMIT_MESSAGE: &str = "You've hit the rate limit, please retry later";

/// Says why a request was not granted.
pub(super) fn refuse(refusal: &Refusal) -> Reply {
    let plain = |status, kind, message: &str| error(status, kind, message, Map::new());
    let field = |name: &str, message: &str| error(StatusCode::UNPROCESSABLE_ENTITY, VALIDATION, VALIDATION_MESSAGE, nested(name, message));
    match refusal {
        Refusal::Own(rebuff) => {
            let Rebuff { status, kind, param, message, .. } = &**rebuff;
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
            match param {
                Some(name) => error(status, kind, VALIDATION_MESSAGE, nested(name, message)),
                None => plain(status, kind, message),
            }
        }
        Refusal::MissingApiKey | Refusal::InvalidApiKey => plain(StatusCode::UNAUTHORIZED, "authorization_error", CREDENTIALS),
        Refusal::NoSuchEndpoint { nearest } => {
            plain(StatusCode::NOT_FOUND, NOT_FOUND, &format!("There is nothing at this address\n\n{nearest}"))
        }
        Refusal::MethodNotAllowed { allowed } => {
            let mut reply = plain(StatusCode::METHOD_NOT_ALLOWED, "bad_request", &format!("This address takes {allowed} only"));
            reply.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
            reply
        }
        Refusal::NoSuchSession => plain(StatusCode::NOT_FOUND, NOT_FOUND, "Could not find the following resource: Applicant"),
        Refusal::UnsupportedMediaType { expected } => {
            plain(StatusCode::BAD_REQUEST, "bad_request", &format!("The body must be of type {expected}"))
        }
        Refusal::BodyTooLarge { limit } => field("file", &format!("must be at most {limit} bytes")),
        Refusal::MalformedJson => plain(StatusCode::BAD_REQUEST, "bad_request", "The body is not a JSON object"),
        Refusal::MalformedMultipart => plain(StatusCode::BAD_REQUEST, "bad_request", "The body is not a multipart form"),
        Refusal::UnknownField { field: name } => field(name, "is not known"),
        Refusal::MissingField { field: name } => field(name, BLANK),
        Refusal::InvalidField { field: name, expected } => field(name, &format!("must be {expected}")),
        Refusal::CallbackUrlRefused { reason } => field("url", reason),
        Refusal::NotAnImage => field("file", "invalid file type: send jpg, png or pdf"),
        Refusal::ImageTruncated => field("document_detection", "no document in image: the file breaks off"),
        Refusal::IdempotencyKeyReused | Refusal::IdempotencyKeyInFlight | Refusal::FailedBefore { .. } => {
            plain(StatusCode::CONFLICT, "conflict", &refusal.to_string()) // this vendor knows no such keys
        }
        Refusal::WrongStatus { status } => field("applicant_id", &format!("is `{}`, which does not allow this", status.as_str())),
        Refusal::ImagesMissing => field("document", "must be uploaded before a check is created"),
        Refusal::TooManyRequests { status, retry_after } => failure(*status, *retry_after),
        Refusal::TooManySessions => {
            plain(StatusCode::TOO_MANY_REQUESTS, RATE_LIMIT, "The vendor's store is full; start it with room for more")
        }
    }
}

/// Says that the vendor failed, as an incident wants it.
pub(super) fn fail(status: u16) -> Reply {
    failure(status, RETRY_AFTER)
}

fn failure(status: u16, retry_after: Duration) -> Reply {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let (kind, message) = match status {
        StatusCode::BAD_REQUEST => ("bad_request", "The request could not be read"),
        StatusCode::UNAUTHORIZED => ("authorization_error", CREDENTIALS),
        StatusCode::FORBIDDEN => ("account_disabled", "The account has been disabled"),
        StatusCode::NOT_FOUND => (NOT_FOUND, "Could not find the following resource"),
        StatusCode::GONE => ("gone", "The resource has been deleted"),
        StatusCode::UNPROCESSABLE_ENTITY => (VALIDATION, VALIDATION_MESSAGE),
        StatusCode::TOO_MANY_REQUESTS => (RATE_LIMIT, RATE_LIMIT_MESSAGE),
        StatusCode::SERVICE_UNAVAILABLE => ("service_unavailable", "The service is temporarily unavailable"),
        _ => ("internal_server_error", "Something went wrong on our side"),
    };
    let mut reply = error(status, kind, message, Map::new());
    if status == StatusCode::TOO_MANY_REQUESTS {
        // In whole seconds, and never too few.
        let seconds = retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0);
        reply.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    }
    reply
}

/// Returns `{"address": {"country": [message]}}` for `address.country`.
fn nested(name: &str, message: &str) -> Map<String, Value> {
    let mut parts = name.rsplit('.');
    let innermost = parts.next().unwrap_or_default();
    let mut fields = Map::from_iter([(innermost.to_owned(), json!([message]))]);
    for outer in parts {
        fields = Map::from_iter([(outer.to_owned(), Value::Object(fields))]);
    }
    fields
}

#[derive(Serialize)]
struct Body<'a> {
    error: Error<'a>,
}

#[derive(Serialize)]
struct Error<'a> {
    r#type: &'a str,
    message: &'a str,
    fields: Map<String, Value>,
}

fn error(status: StatusCode, kind: &str, message: &str, fields: Map<String, Value>) -> Reply {
    wire::json(status, &Body { error: Error { r#type: kind, message, fields } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(reply: &Reply, status: u16, expected: &Value) {
        assert_eq!(reply.status().as_u16(), status);
        assert_eq!(serde_json::from_slice::<Value>(reply.body()).unwrap(), json!({ "error": expected }));
    }

    #[test]
    fn an_error_says_what_is_wrong_and_where() {
        check(
            &refuse(&invalid("first_name", BLANK)),
            422,
            &json!({"type": "validation_error", "message": "There was a validation error on this request", "fields": {"first_name": ["can't be blank"]}}),
        );
        check(
            &refuse(&invalid("address.country", "is not a country")),
            422,
            &json!({"type": "validation_error", "message": VALIDATION_MESSAGE, "fields": {"address": {"country": ["is not a country"]}}}),
        );
        check(
            &refuse(&not_found("Applicant", "x")),
            404,
            &json!({"type": "resource_not_found", "message": "Could not find the following resource: Applicant with id=x", "fields": {}}),
        );
        check(
            &refuse(&Refusal::MissingApiKey),
            401,
            &json!({"type": "authorization_error", "message": "Authorization error: please re-check your credentials", "fields": {}}),
        );
        check(&fail(503), 503, &json!({"type": "service_unavailable", "message": "The service is temporarily unavailable", "fields": {}}));
    }

    #[test]
    fn who_asks_too_often_is_told_how_long_to_wait() {
        assert_eq!(fail(429).headers()["retry-after"], "1");
        let refused = refuse(&Refusal::TooManyRequests { status: 429, retry_after: Duration::from_millis(1500) });
        assert_eq!(refused.headers()["retry-after"], "2");
    }
}
