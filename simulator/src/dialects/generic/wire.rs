//! What goes over the wire: `docs/dialects/generic.md`, as of 2026-11-22.

use std::borrow::Cow;

use bytes::Bytes;
use jiff::Timestamp;
use jiff::tz::Offset;
use kycsim_scenarios::ApplicantKey;
use kycsim_scenarios::language::{DocumentKind, EventKind};
use kycsim_scenarios::vendor::{CheckResult, Outcome, Reason};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

use super::routes::Target;
use crate::call::{Call, NewSession, Upload};
use crate::callbacks::{AllowedHosts, CallbackUrl};
use crate::clock::WallEpoch;
use crate::dialects::{Payload, Telling};
use crate::http::{Form, Part};
use crate::id::SessionId;
use crate::picture::Picture;
use crate::refusal::Refusal;
use crate::session::{CountryCode, Decided, ImageSlot, Session, Side};

#[derive(Serialize)]
struct SessionWire<'a> {
    id: &'a str,
    object: &'static str,
    reference: &'a str,
    country: &'a str,
    document_type: DocumentKind,
    status: &'static str,
    attempt: u32,
    version: u64,
    decision: Option<DecisionWire<'a>>,
    created_at: Time,
    updated_at: Time,
}

#[derive(Serialize)]
struct DecisionWire<'a> {
    attempt: u32,
    outcome: &'static str,
    reasons: &'a [Reason],
    checks: &'a [CheckResult],
    decided_at: Time,
}

#[derive(Serialize)]
struct UploadWire<'a> {
    id: &'a str,
    object: &'static str,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    side: Option<&'static str>,
    bytes: u64,
}

#[derive(Serialize)]
struct EventWire<'a> {
    r#type: &'static str,
    timestamp: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_revision: Option<&'static str>,
    data: SessionWire<'a>,
}

/// RFC 3339 with milliseconds, in UTC.
struct Time(Timestamp);

impl Serialize for Time {
    // By hand, because every answer has two or three: the formatter of any precision takes ten times as long.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let time = Offset::UTC.to_datetime(self.0);
        let mut text = *b"0000-00-00T00:00:00.000Z";
        for (place, number) in [
            (0..4, time.year()),
            (5..7, time.month().into()),
            (8..10, time.day().into()),
            (11..13, time.hour().into()),
            (14..16, time.minute().into()),
            (17..19, time.second().into()),
            (20..23, time.millisecond()),
        ] {
            let mut left = number.unsigned_abs();
            for digit in text[place].iter_mut().rev() {
                *digit = b"0123456789"[usize::from(left % 10)];
                left /= 10;
            }
        }
        serializer.serialize_str(str::from_utf8(&text).unwrap_or_default())
    }
}

/// Returns a session in JSON.
pub(super) fn session(session: &Session, wall: WallEpoch) -> Vec<u8> {
    write(&session_wire(session, wall))
}

/// Returns an upload in JSON.
pub(super) fn upload(upload: &Upload) -> Vec<u8> {
    let (kind, side) = match upload.slot {
        ImageSlot::Document(Side::Front) => ("document", Some("front")),
        ImageSlot::Document(Side::Back) => ("document", Some("back")),
        ImageSlot::Selfie => ("selfie", None),
    };
    write(&UploadWire { id: &upload.id, object: "upload", kind, side, bytes: upload.picture.bytes })
}

/// What an event of this kind is called.
pub(super) const fn event_name(kind: EventKind) -> Option<&'static str> {
    match kind {
        EventKind::Created => Some("session.created"),
        EventKind::Processing => Some("session.processing"),
        EventKind::Decided => Some("session.decided"),
        EventKind::Expired => Some("session.expired"),
        EventKind::Cancelled | EventKind::Redacted => None,
    }
}

/// Returns the body of a callback in JSON.
pub(super) fn event(kind: EventKind, session: &Session, telling: Telling, wall: WallEpoch) -> Bytes {
    let r#type = match telling {
        Telling::UnknownStatus => "session.reconsidered",
        Telling::Plain | Telling::UnknownFields => event_name(kind).unwrap_or_default(), // what has no name is never told
    };
    let mut data = session_wire(session, wall);
    if telling == Telling::UnknownStatus {
        data.status = "under_reconsideration";
    }
    let news = (telling == Telling::UnknownFields).then_some("a field that nobody has announced");
    write(&EventWire { r#type, timestamp: Time(wall.at(session.updated_at)), api_revision: news, data }).into()
}

/// Returns the JSON object with its name and kind only.
pub(super) fn hollow(body: &Bytes) -> Bytes {
    let mut fields: Map<String, Value> = serde_json::from_slice(body).unwrap_or_default(); // our own answers: always objects
    fields.retain(|name, _| matches!(name.as_str(), "id" | "object"));
    write(&fields).into()
}

fn session_wire(session: &Session, wall: WallEpoch) -> SessionWire<'_> {
    let about = &session.about;
    SessionWire {
        id: about.id.as_str(),
        object: "session",
        reference: about.fate.applicant().as_str(),
        country: about.country.as_str(),
        document_type: about.document,
        status: session.state.status().as_str(),
        attempt: session.attempt,
        version: session.version,
        decision: session.decided.as_ref().map(|Decided { at, decision, checks, .. }| DecisionWire {
            attempt: decision.attempt,
            outcome: outcome(decision.outcome),
            reasons: &decision.reasons,
            checks,
            decided_at: Time(wall.at(*at)),
        }),
        created_at: Time(wall.at(about.created_at)),
        updated_at: Time(wall.at(session.updated_at)),
    }
}

/// An outcome is called as the status that it leads to.
const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Approved => "approved",
        Outcome::Declined => "declined",
        Outcome::Review => "review",
        Outcome::Resubmission => "resubmission_requested",
    }
}

fn write(wire: &impl Serialize) -> Vec<u8> {
    let mut body = Vec::with_capacity(512); // as long as most
    match serde_json::to_writer(&mut body, wire) {
        Ok(()) => body,
        Err(_) => Vec::new(), // texts and numbers: this cannot happen
    }
}

/// Returns what a request wants.
pub(super) fn call(target: Target<'_>, payload: Payload, hosts: &AllowedHosts) -> Result<Call, Refusal> {
    match target {
        Target::NewSession => new_session(payload, hosts).map(Call::CreateSession),
        Target::Session(session) => Ok(Call::GetSession(SessionId::named(session))),
        Target::Document(session) => {
            let (side, picture) = document(payload)?;
            Ok(Call::Upload { session: SessionId::named(session), slot: ImageSlot::Document(side), picture })
        }
        Target::Selfie(session) => {
            selfie(payload).map(|picture| Call::Upload { session: SessionId::named(session), slot: ImageSlot::Selfie, picture })
        }
        Target::Submission(session) => bare(session, payload).map(Call::Submit),
        Target::Cancellation(session) => bare(session, payload).map(Call::Cancel),
    }
}

/// A new session as it mostly comes: all texts, nothing unknown.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlainSession<'a> {
    #[serde(borrow)]
    reference: Cow<'a, str>,
    #[serde(borrow)]
    country: Cow<'a, str>,
    #[serde(borrow)]
    document_type: Cow<'a, str>,
    #[serde(borrow, default)]
    callback_url: Option<Cow<'a, str>>,
}

fn new_session(payload: Payload, hosts: &AllowedHosts) -> Result<NewSession, Refusal> {
    // In one pass, and without a map. What does not fit is read once more, field by field, to find out what is to blame.
    if let Payload::Json(bytes) = &payload
        && let Ok(plain) = serde_json::from_slice::<PlainSession<'_>>(bytes)
    {
        let callback_url = plain.callback_url.map(|url| callback_url(&url, hosts)).transpose()?;
        return checked(&plain.reference, &plain.country, &plain.document_type, callback_url);
    }
    let mut fields = object(payload)?;
    let reference = text(&mut fields, "reference", REFERENCE)?;
    let country = text(&mut fields, "country", COUNTRY)?;
    let document = text(&mut fields, "document_type", DOCUMENT_TYPE)?;
    let url = match fields.remove("callback_url") {
        None | Some(Value::Null) => None,
        Some(Value::String(url)) => Some(callback_url(&url, hosts)?),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            return Err(Refusal::InvalidField { field: "callback_url", expected: "a text" });
        }
    };
    nothing_else(fields)?;
    checked(&reference, &country, &document, url)
}

fn callback_url(url: &str, hosts: &AllowedHosts) -> Result<CallbackUrl, Refusal> {
    CallbackUrl::parse_allowing(url, hosts).map_err(|refused| Refusal::CallbackUrlRefused { reason: refused.reason })
}

fn checked(reference: &str, country: &str, document: &str, callback_url: Option<CallbackUrl>) -> Result<NewSession, Refusal> {
    Ok(NewSession {
        applicant: applicant(reference)?,
        country: CountryCode::parse(country).ok_or(Refusal::InvalidField { field: "country", expected: COUNTRY })?,
        document: DocumentKind::from_word(document).ok_or(Refusal::InvalidField { field: "document_type", expected: DOCUMENT_TYPE })?,
        callback_url,
    })
}

const REFERENCE: &str = "1 to 128 characters of A-Z a-z 0-9 . _ - : @ +";
const COUNTRY: &str = "two capital letters of ISO 3166-1";
const DOCUMENT_TYPE: &str = "passport, id_card, driving_licence or residence_permit";

fn applicant(reference: &str) -> Result<ApplicantKey, Refusal> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:@+".contains(&byte);
    if (1..=128).contains(&reference.len()) && reference.bytes().all(fits) {
        Ok(ApplicantKey::new(reference))
    } else {
        Err(Refusal::InvalidField { field: "reference", expected: REFERENCE })
    }
}

/// A call whose body says nothing.
fn bare(session: &str, payload: Payload) -> Result<SessionId, Refusal> {
    match payload {
        Payload::Nothing => {}
        Payload::Json(_) | Payload::Form(_) | Payload::UrlEncoded(_) => object(payload).and_then(nothing_else)?,
    }
    Ok(SessionId::named(session))
}

fn object(payload: Payload) -> Result<Map<String, Value>, Refusal> {
    match payload {
        Payload::Json(bytes) => serde_json::from_slice(&bytes).map_err(|_| Refusal::MalformedJson),
        Payload::Nothing | Payload::Form(_) | Payload::UrlEncoded(_) => Err(Refusal::MalformedJson),
    }
}

fn text(fields: &mut Map<String, Value>, field: &'static str, expected: &'static str) -> Result<String, Refusal> {
    match fields.remove(field) {
        Some(Value::String(text)) => Ok(text),
        None | Some(Value::Null) => Err(Refusal::MissingField { field }),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => Err(Refusal::InvalidField { field, expected }),
    }
}

fn nothing_else(fields: Map<String, Value>) -> Result<(), Refusal> {
    match fields.into_iter().next() {
        Some((field, _)) => Err(Refusal::UnknownField { field }),
        None => Ok(()),
    }
}

fn document(payload: Payload) -> Result<(Side, Picture), Refusal> {
    let (mut file, mut side) = (None, None);
    for part in parts(payload)? {
        match part.name.as_str() {
            "file" => once(&mut file, part.picture, "file")?,
            "side" => once(&mut side, part.text, "side")?,
            _ => return Err(Refusal::UnknownField { field: part.name }),
        }
    }
    let side = match side.as_ref().map(|side| side.as_deref()) {
        None | Some(Some("front")) => Side::Front,
        Some(Some("back")) => Side::Back,
        Some(_) => return Err(Refusal::InvalidField { field: "side", expected: "front or back" }),
    };
    Ok((side, file.ok_or(Refusal::MissingField { field: "file" })??))
}

fn selfie(payload: Payload) -> Result<Picture, Refusal> {
    let mut file = None;
    for part in parts(payload)? {
        match part.name.as_str() {
            "file" => once(&mut file, part.picture, "file")?,
            _ => return Err(Refusal::UnknownField { field: part.name }),
        }
    }
    file.ok_or(Refusal::MissingField { field: "file" })?
}

fn parts(payload: Payload) -> Result<Vec<Part>, Refusal> {
    match payload {
        Payload::Form(Form { parts }) => Ok(parts),
        Payload::Nothing | Payload::Json(_) | Payload::UrlEncoded(_) => Err(Refusal::MalformedMultipart),
    }
}

fn once<T>(place: &mut Option<T>, value: T, field: &'static str) -> Result<(), Refusal> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(Refusal::InvalidField { field, expected: "there once" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(serde_json::to_value(Time(text.parse().unwrap())).unwrap(), expected);
    }

    #[test]
    fn a_time_is_written_with_milliseconds() {
        check("2026-11-22T10:00:04.12Z", "2026-11-22T10:00:04.120Z");
        check("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z");
        check("2024-02-29T23:59:59.9999Z", "2024-02-29T23:59:59.999Z");
        check("2026-11-22T01:00:00+02:00", "2026-11-21T23:00:00.000Z");
    }

    #[test]
    fn a_hollow_answer_says_what_it_is_and_no_more() {
        let hollowed = hollow(&Bytes::from_static(br#"{"id":"ses_1","object":"session","status":"approved","decision":{"id":"x"}}"#));
        assert_eq!(hollowed, r#"{"id":"ses_1","object":"session"}"#);
    }

    fn new(body: &str) -> Result<NewSession, Refusal> {
        new_session(Payload::Json(Bytes::copy_from_slice(body.as_bytes())), &AllowedHosts::default())
    }

    #[test]
    fn the_first_wrong_field_is_blamed() {
        let fine = r#"{"reference": "a@b+c:d-e_f.1", "country": "DE", "document_type": "passport", "callback_url": null}"#;
        assert_eq!(new(fine).unwrap().applicant, ApplicantKey::new("a@b+c:d-e_f.1"));
        assert_eq!(new("{}").unwrap_err(), Refusal::MissingField { field: "reference" });
        assert_eq!(new("7").unwrap_err(), Refusal::MalformedJson);
        let unknown = fine.replace("callback_url", "callback-url");
        assert_eq!(new(&unknown).unwrap_err(), Refusal::UnknownField { field: "callback-url".to_owned() });
    }
}
