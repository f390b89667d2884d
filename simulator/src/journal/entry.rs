//! What stands in the journal.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use hyper::header::CONTENT_TYPE;
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method};
use jiff::Timestamp;
use kycsim_scenarios::ledger::DeliveryResult;
use kycsim_scenarios::{ApplicantKey, SimTime};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::body::Body;
use super::headers::Headers;
use super::redact;

/// Longer than any path of ours; what a client writes beyond is not kept.
const PATH_BYTES_MAX: usize = 2048;

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Entry {
    /// Its place in the journal, from 1, without gaps: what a cursor points at.
    pub sequence: u64,
    /// When it was written, by the tenant's clock: microseconds since its scenario began.
    #[schemars(with = "u64")]
    pub at: SimTime,
    /// When it was written, by the time of day.
    pub wall: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub what: Recorded,
}

/// What can stand in the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Recorded {
    /// Somebody called the vendor.
    Request(RecordedRequest),
    /// The vendor tried to deliver a callback.
    Delivery(RecordedDelivery),
}

/// A request, and what became of it. Make it with [`RecordedRequest::of`], then set what is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecordedRequest {
    /// The request's id, as its answer has it.
    pub id: String,
    /// Such as `POST`.
    pub method: Cow<'static, str>,
    /// Without the query.
    pub path: Box<str>,
    /// As it was written, without the question mark and without secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<Box<str>>,
    /// Without secrets.
    pub headers: Headers,
    /// How many headers there were beyond those.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub headers_omitted: u32,
    /// At most 16 KiB of it.
    pub body: Body,
    /// What was asked for, in the neutral word, such as `create_session`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<Cow<'static, str>>,
    /// The session it was about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Arc<str>>,
    /// The applicant it was about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub applicant: Option<ApplicantKey>,
    /// The status of the answer; none when there was no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The fault it met, in its word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Cow<'static, str>>,
    /// How long the answer was held back on purpose.
    #[serde(rename = "delay_micros", with = "micros", default)]
    #[schemars(with = "u64")]
    pub delay: Duration,
    /// From the first byte of the request to the last decision about its answer, the delay included.
    #[serde(rename = "took_micros", with = "micros", default)]
    #[schemars(with = "u64")]
    pub took: Duration,
    /// Whether there was an endpoint at its address.
    pub matched: bool,
}

/// One try to deliver one copy of one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecordedDelivery {
    /// The event's id: the same in every copy and every try.
    pub event_id: String,
    /// What the event says has happened, in the neutral word, such as `decided`.
    pub event: Cow<'static, str>,
    /// The session it is about.
    pub session: Arc<str>,
    /// Whose session it is.
    #[schemars(with = "String")]
    pub applicant: ApplicantKey,
    /// Which copy: 0 is the first, others are duplicates made on purpose.
    pub copy: u32,
    /// Which try of this copy, from 1.
    #[serde(rename = "try")]
    pub try_number: u32,
    /// What was wrong with it on purpose, in its word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defect: Option<Cow<'static, str>>,
    /// When it was to begin.
    #[schemars(with = "u64")]
    pub due: SimTime,
    /// When it began.
    #[schemars(with = "u64")]
    pub began: SimTime,
    /// How long it took.
    #[serde(rename = "took_micros", with = "micros", default)]
    #[schemars(with = "u64")]
    pub took: Duration,
    /// Host, port and path of where it went. Not the query: customers put secrets there.
    pub receiver: Arc<str>,
    /// What was sent, without secrets; signatures are none.
    pub headers: Headers,
    /// What was sent.
    pub body: Body,
    /// How it ended.
    pub result: DeliveryResult,
}

impl Recorded {
    /// How much memory it takes, near enough.
    pub(super) fn bytes(&self) -> usize {
        let text = |text: &Option<Cow<'static, str>>| text.as_ref().map_or(0, |text| text.len());
        size_of::<Entry>()
            + match self {
                Self::Request(request) => {
                    request.id.len()
                        + request.path.len()
                        + request.query.as_ref().map_or(0, |query| query.len())
                        + request.headers.bytes()
                        + request.body.bytes()
                        + request.session.as_ref().map_or(0, |session| session.len())
                        + request.applicant.as_ref().map_or(0, |applicant| applicant.as_str().len())
                        + text(&request.operation)
                        + text(&request.fault)
                }
                Self::Delivery(delivery) => {
                    delivery.event_id.len()
                        + delivery.event.len()
                        + delivery.session.len()
                        + delivery.applicant.as_str().len()
                        + delivery.receiver.len()
                        + delivery.headers.bytes()
                        + delivery.body.bytes()
                        + text(&delivery.defect)
                }
            }
    }
}

impl RecordedRequest {
    /// Takes note of a request as it came; nothing is known yet of what became of it, and an endpoint is taken to be there.
    #[must_use]
    pub fn of(id: impl Into<String>, head: &Parts, body: Body) -> Self {
        let headers = Headers::of(&head.headers);
        Self {
            id: id.into(),
            method: method_word(&head.method),
            path: bounded(head.uri.path()).into(),
            query: head.uri.query().map(|query| redact::query(bounded(query)).into()),
            headers_omitted: headers.omitted(),
            headers,
            body,
            operation: None,
            session: None,
            applicant: None,
            status: None,
            fault: None,
            delay: Duration::ZERO,
            took: Duration::ZERO,
            matched: true,
        }
    }

    /// The address as it was written, from the path on.
    pub(super) fn url(&self) -> Cow<'_, str> {
        match &self.query {
            None => Cow::Borrowed(&self.path),
            Some(query) => Cow::Owned(format!("{}?{query}", self.path)),
        }
    }
}

impl Body {
    /// Takes note of the body of a request that says its content type in `headers`.
    #[must_use]
    pub fn received(body: &[u8], headers: &HeaderMap) -> Self {
        Self::copied(body, headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()))
    }
}

fn bounded(text: &str) -> &str {
    &text[..text.floor_char_boundary(PATH_BYTES_MAX)]
}

/// Returns the word of a method, without a copy when it is one of the usual.
fn method_word(method: &Method) -> Cow<'static, str> {
    match *method {
        Method::GET => Cow::Borrowed("GET"),
        Method::POST => Cow::Borrowed("POST"),
        Method::PUT => Cow::Borrowed("PUT"),
        Method::PATCH => Cow::Borrowed("PATCH"),
        Method::DELETE => Cow::Borrowed("DELETE"),
        _ => Cow::Owned(bounded(method.as_str()).to_owned()),
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// Lengths of time as whole microseconds, as moments are.
mod micros {
    use std::time::Duration;

    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(length: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(length.as_micros()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_micros)
    }
}

/// Entries for the tests of this module.
#[cfg(test)]
pub(super) mod samples {
    use super::*;
    use crate::journal::Journal;

    pub(crate) const WALL: Timestamp = Timestamp::constant(1_772_366_400, 0);

    /// Writes one entry, at one moment.
    pub(crate) fn write(journal: &Journal, what: impl Into<Recorded>) -> u64 {
        match what.into() {
            Recorded::Request(request) => journal.record_request(SimTime::from_micros(1000), WALL, request),
            Recorded::Delivery(delivery) => journal.record_delivery(SimTime::from_micros(1000), WALL, delivery),
        }
    }

    pub(crate) fn entry(what: impl Into<Recorded>) -> Entry {
        Entry { sequence: 1, at: SimTime::from_micros(1000), wall: WALL, what: what.into() }
    }

    pub(crate) fn request(method: &str, uri: &str) -> RecordedRequest {
        posted(method, uri, &[], "")
    }

    pub(crate) fn posted(method: &str, uri: &str, headers: &[(&str, &str)], body: &str) -> RecordedRequest {
        let mut head = hyper::Request::builder().method(method).uri(uri).header("host", "127.0.0.1:8080");
        for (name, value) in headers {
            head = head.header(*name, *value);
        }
        let (head, ()) = head.body(()).unwrap().into_parts();
        RecordedRequest::of("req_1", &head, Body::received(body.as_bytes(), &head.headers))
    }

    pub(crate) fn delivery(result: DeliveryResult) -> RecordedDelivery {
        let mut headers = HeaderMap::new();
        headers.insert("host", hyper::header::HeaderValue::from_static("127.0.0.1:8080"));
        RecordedDelivery {
            event_id: "evt_1".to_owned(),
            event: "decided".into(),
            session: "ses_1".into(),
            applicant: ApplicantKey::numbered(1),
            copy: 0,
            try_number: 1,
            defect: None,
            due: SimTime::from_micros(500),
            began: SimTime::from_micros(600),
            took: Duration::from_micros(400),
            receiver: "127.0.0.1:9000/hook".into(),
            headers: Headers::of(&headers),
            body: Body::shared(&bytes::Bytes::from_static(b"{\"status\":\"approved\"}"), None),
            result,
        }
    }

    impl From<RecordedRequest> for Recorded {
        fn from(request: RecordedRequest) -> Self {
            Self::Request(request)
        }
    }

    impl From<RecordedDelivery> for Recorded {
        fn from(delivery: RecordedDelivery) -> Self {
            Self::Delivery(delivery)
        }
    }
}
