//! What goes over the wire: the API reference and the example objects of this vendor's OpenAPI repository, read 2026-11-23.
//!
//! Every nullable field is there, as `null`: the official libraries raise an error for a field that is not. What is not there unless it is expanded says so.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};

use super::expand::Expand;
use super::options::{DocumentType, Kind, Options};
use super::particulars::{ProvidedDetails, RelatedPerson};
use super::person::{Day, Person};
use super::reasons::Code;
use super::reports::{Finding, Report};
use super::verification::{Outline, Redaction, Standing, Verification};
use crate::session::Session;

/// The version of the API that this vendor speaks, whichever is asked for.
pub(super) const API_VERSION: &str = "2026-10-28.endive";

/// What stands where something was erased.
const REDACTED: &str = "[redacted]";

/// A page of a list.
#[derive(Serialize)]
pub(super) struct List<T> {
    object: &'static str,
    data: Vec<T>,
    has_more: bool,
    /// A path, and no address: the libraries follow it.
    url: &'static str,
}

impl<T> List<T> {
    pub(super) const fn new(url: &'static str, data: Vec<T>, has_more: bool) -> Self {
        Self { object: "list", data, has_more, url }
    }
}

/// Something that is gone.
#[derive(Serialize)]
pub(super) struct Deleted<'a> {
    pub(super) id: &'a str,
    pub(super) object: &'static str,
    pub(super) deleted: bool,
}

#[derive(Serialize)]
pub(super) struct SessionWire<'a> {
    id: &'a str,
    object: &'static str,
    client_reference_id: Option<&'a str>,
    client_secret: Option<String>,
    created: i64,
    last_error: Option<ErrorWire>,
    last_verification_report: Option<Expandable<'a>>,
    livemode: bool,
    metadata: &'a BTreeMap<String, String>,
    options: &'a Options,
    provided_details: Option<&'a ProvidedDetails>,
    redaction: Option<RedactionWire>,
    related_customer: Option<&'a str>,
    related_customer_account: Option<&'a str>,
    related_person: Option<&'a RelatedPerson>,
    pub(super) status: &'a str,
    r#type: Kind,
    url: Option<String>,
    /// Not there unless expanded; null when it is expanded too early.
    #[serde(skip_serializing_if = "Option::is_none")]
    verified_outputs: Option<Option<Outputs>>,
    verification_flow: Option<&'a str>,
}

/// An id, or what it names.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Expandable<'a> {
    Id(&'a str),
    Whole(Box<ReportWire<'a>>),
}

#[derive(Serialize)]
struct ErrorWire {
    code: Code,
    reason: &'static str,
}

impl From<Code> for ErrorWire {
    fn from(code: Code) -> Self {
        Self { code, reason: code.sentence() }
    }
}

#[derive(Serialize)]
struct RedactionWire {
    status: Redaction,
}

#[derive(Serialize)]
struct Outputs {
    address: Option<Address>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dob: Option<Option<Day>>,
    email: Option<&'static str>,
    first_name: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_number: Option<Option<String>>,
    id_number_type: Option<&'static str>,
    last_name: Option<&'static str>,
    phone: Option<&'static str>,
    sex: Option<&'static str>,
    unparsed_place_of_birth: Option<&'static str>,
    unparsed_sex: Option<&'static str>,
}

#[derive(Serialize)]
struct Address {
    city: &'static str,
    country: String,
    line1: String,
    line2: Option<&'static str>,
    postal_code: String,
    state: Option<&'static str>,
}

#[derive(Serialize)]
pub(super) struct ReportWire<'a> {
    id: &'a str,
    object: &'static str,
    client_reference_id: Option<&'a str>,
    created: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<DocumentWire<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_number: Option<IdNumberWire>,
    livemode: bool,
    options: &'a Options,
    #[serde(skip_serializing_if = "Option::is_none")]
    selfie: Option<SelfieWire<'a>>,
    r#type: Kind,
    verification_flow: Option<&'a str>,
    verification_session: &'a str,
}

#[derive(Serialize)]
struct DocumentWire<'a> {
    address: Option<Address>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dob: Option<Option<Day>>,
    error: Option<ErrorWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration_date: Option<Option<Day>>,
    files: &'a [String],
    first_name: Option<&'static str>,
    issued_date: Option<Day>,
    issuing_country: Option<&'a str>,
    last_name: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<Option<String>>,
    sex: Option<&'static str>,
    status: &'static str,
    r#type: DocumentType,
    unparsed_place_of_birth: Option<&'static str>,
    unparsed_sex: Option<&'static str>,
}

#[derive(Serialize)]
struct SelfieWire<'a> {
    document: Option<&'a str>,
    error: Option<ErrorWire>,
    selfie: Option<&'a str>,
    status: &'static str,
}

#[derive(Serialize)]
struct IdNumberWire {
    #[serde(skip_serializing_if = "Option::is_none")]
    dob: Option<Option<Day>>,
    error: Option<ErrorWire>,
    first_name: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_number: Option<Option<String>>,
    id_number_type: &'static str,
    last_name: Option<&'static str>,
    status: &'static str,
}

/// How a session's page is reached, while it can be.
pub(super) struct Way {
    pub(super) url: String,
    pub(super) client_secret: String,
}

/// A session's latest report.
pub(super) enum Reported<'a> {
    /// Its id alone: nobody can ask for more.
    Id(&'a str),
    Whole(&'a Report),
}

/// Returns a session; `way` is that to its page, and `report` its latest.
pub(super) fn session<'a>(
    verification: &'a Verification,
    session: &Session,
    way: Option<Way>,
    report: Option<Reported<'a>>,
    expand: &Expand,
) -> SessionWire<'a> {
    let particulars = &verification.particulars;
    let status = Standing::of(&session.state);
    let (url, client_secret) = way.map(|way| (way.url, way.client_secret)).unzip();
    let outputs = expand.has("verified_outputs").then(|| (status == Standing::Verified).then(|| outputs(verification, session, expand)));
    SessionWire {
        id: verification.id.as_str(),
        object: "identity.verification_session",
        client_reference_id: particulars.client_reference_id.as_deref(),
        client_secret,
        created: verification.created,
        last_error: verification.last_error(session).map(ErrorWire::from),
        last_verification_report: report.map(|report| match report {
            Reported::Whole(report) if expand.has("last_verification_report") => {
                Expandable::Whole(Box::new(self::report(report, expand, "last_verification_report.")))
            }
            Reported::Whole(report) => Expandable::Id(&report.id),
            Reported::Id(id) => Expandable::Id(id),
        }),
        livemode: false,
        metadata: &particulars.metadata,
        options: &particulars.options,
        provided_details: particulars.provided_details.as_ref(),
        redaction: verification.redaction.map(|status| RedactionWire { status }),
        related_customer: particulars.related_customer.as_deref(),
        related_customer_account: particulars.related_customer_account.as_deref(),
        related_person: particulars.related_person.as_ref(),
        status: status.as_str(),
        r#type: particulars.kind,
        url,
        verified_outputs: outputs,
        verification_flow: particulars.verification_flow.as_deref(),
    }
}

fn outputs(verification: &Verification, session: &Session, expand: &Expand) -> Outputs {
    let about = &session.about;
    let person = Person::of(about.fate.applicant().as_str());
    let redacted = verification.redaction.is_some();
    let asks = verification.particulars.asks();
    let text = |text: &'static str| Some(if redacted { REDACTED } else { text });
    let number = asks.id_number.then(|| if redacted { REDACTED.to_owned() } else { person.id_number.clone() });
    Outputs {
        address: (!redacted && asks.document).then(|| address(&person, about.country.as_str())),
        dob: expand.has("verified_outputs.dob").then_some((!redacted).then_some(person.born)),
        email: None,
        first_name: text(person.first_name),
        id_number: expand.has("verified_outputs.id_number").then_some(number),
        id_number_type: asks.id_number.then_some("us_ssn"),
        last_name: text(person.last_name),
        phone: None,
        sex: text(person.sex),
        unparsed_place_of_birth: None,
        unparsed_sex: None,
    }
}

fn address(person: &Person, country: &str) -> Address {
    Address {
        city: person.city,
        country: country.to_owned(),
        line1: person.line1.clone(),
        line2: None,
        postal_code: person.postal_code.clone(),
        state: None,
    }
}

/// Returns a report; within a session, `within` stands before what is expanded.
pub(super) fn report<'a>(report: &'a Report, expand: &Expand, within: &str) -> ReportWire<'a> {
    let person = Person::of(&report.applicant);
    let expanded = |path: &str| expand.has(&format!("{within}{path}"));
    // What could not be verified was not read either.
    let text = |finding: Finding, text: &'static str| finding.error.is_none().then_some(if report.redacted { REDACTED } else { text });
    let readable = |finding: Finding| finding.error.is_none() && !report.redacted;
    let files: &[String] = if report.redacted { &[] } else { &report.files };
    ReportWire {
        id: &report.id,
        object: "identity.verification_report",
        client_reference_id: report.client_reference_id.as_deref(),
        created: report.created,
        document: report.document.map(|finding| DocumentWire {
            address: readable(finding).then(|| address(&person, &report.country)),
            dob: expanded("document.dob").then_some(readable(finding).then_some(person.born)),
            error: finding.error.map(ErrorWire::from),
            expiration_date: expanded("document.expiration_date").then_some(readable(finding).then_some(person.expires)),
            files,
            first_name: text(finding, person.first_name),
            issued_date: readable(finding).then_some(person.issued),
            issuing_country: finding.error.is_none().then_some(&report.country),
            last_name: text(finding, person.last_name),
            number: expanded("document.number").then_some(readable(finding).then(|| person.number.clone())),
            sex: text(finding, person.sex),
            status: status(finding),
            r#type: report.document_type,
            unparsed_place_of_birth: None,
            unparsed_sex: None,
        }),
        id_number: report.id_number.map(|finding| IdNumberWire {
            dob: expanded("id_number.dob").then_some(readable(finding).then_some(person.born)),
            error: finding.error.map(ErrorWire::from),
            first_name: text(finding, person.first_name),
            id_number: expanded("id_number.id_number").then_some(readable(finding).then(|| person.id_number.clone())),
            id_number_type: "us_ssn",
            last_name: text(finding, person.last_name),
            status: status(finding),
        }),
        livemode: false,
        options: &report.options,
        selfie: report.selfie.map(|finding| SelfieWire {
            document: files.first().map(String::as_str),
            error: finding.error.map(ErrorWire::from),
            selfie: report.selfie_file.as_deref().filter(|_| !report.redacted),
            status: status(finding),
        }),
        r#type: report.kind,
        verification_flow: report.verification_flow.as_deref(),
        verification_session: report.session.as_str(),
    }
}

const fn status(finding: Finding) -> &'static str {
    match finding.error {
        None => "verified",
        Some(_) => "unverified",
    }
}

#[derive(Serialize)]
pub(super) struct EventWire<'a> {
    pub(super) id: &'a str,
    pub(super) object: &'static str,
    pub(super) api_version: &'static str,
    pub(super) created: i64,
    pub(super) data: EventData<'a>,
    pub(super) livemode: bool,
    pub(super) pending_webhooks: usize,
    pub(super) request: EventRequest<'a>,
    pub(super) r#type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unannounced: Option<&'static str>,
}

#[derive(Serialize)]
pub(super) struct EventData<'a> {
    pub(super) object: SessionWire<'a>,
    /// On changes only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) previous_attributes: Option<Map<String, Value>>,
}

/// Which request caused it; both are null when it happened of itself.
#[derive(Serialize)]
pub(super) struct EventRequest<'a> {
    pub(super) id: Option<&'a str>,
    pub(super) idempotency_key: Option<&'a str>,
}

/// Returns those attributes of `before` that are otherwise in `now`.
pub(super) fn previous_attributes(before: &Outline, now: &Outline) -> Map<String, Value> {
    let mut attributes = Map::new();
    let mut put = |name: &str, value: Value| attributes.insert(name.to_owned(), value);
    if before.status != now.status {
        put("status", before.status.as_str().into());
    }
    if before.last_error != now.last_error {
        let error = before.last_error.map(ErrorWire::from);
        put("last_error", serde_json::to_value(error).unwrap_or_default()); // two texts: this cannot fail
    }
    if before.last_verification_report != now.last_verification_report {
        put("last_verification_report", before.last_verification_report.clone().into());
    }
    if before.redaction != now.redaction {
        let redaction = before.redaction.map(|status| RedactionWire { status });
        put("redaction", serde_json::to_value(redaction).unwrap_or_default());
    }
    attributes
}

/// Where a session stands, for whoever captures it.
#[derive(Serialize)]
pub(super) struct PageWire<'a> {
    pub(super) id: &'a str,
    pub(super) object: &'static str,
    pub(super) closed: bool,
    pub(super) livemode: bool,
    pub(super) requirements: Requirements,
    pub(super) status: &'static str,
    pub(super) submitted: bool,
}

#[derive(Serialize)]
pub(super) struct Requirements {
    pub(super) errors: [&'static str; 0],
    pub(super) missing: Vec<&'static str>,
}

/// Returns the JSON object with its name and kind only.
pub(super) fn hollow(body: &Bytes) -> Bytes {
    let Ok(mut fields) = serde_json::from_slice::<Map<String, Value>>(body) else { return body.clone() }; // a page or a picture
    fields.retain(|name, _| matches!(name.as_str(), "id" | "object"));
    serde_json::to_vec(&fields).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hollow_answer_says_what_it_is_and_no_more() {
        let hollowed = hollow(&Bytes::from_static(br#"{"id":"vs_1","object":"identity.verification_session","status":"verified"}"#));
        assert_eq!(hollowed, r#"{"id":"vs_1","object":"identity.verification_session"}"#);
        assert_eq!(hollow(&Bytes::from_static(b"<html>")), "<html>");
    }

    #[test]
    fn only_what_has_changed_is_a_previous_attribute() {
        let before = Outline { status: Standing::Processing, last_error: None, last_verification_report: None, redaction: None };
        let now = Outline { status: Standing::RequiresInput, last_error: Some(Code::DocumentExpired), ..before.clone() };
        assert_eq!(Value::Object(previous_attributes(&before, &now)), serde_json::json!({"status": "processing", "last_error": null}));
        assert_eq!(
            Value::Object(previous_attributes(&now, &before)),
            serde_json::json!({"status": "requires_input", "last_error": {"code": "document_expired", "reason": "The document is expired."}})
        );
    }
}
