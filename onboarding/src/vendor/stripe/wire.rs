//! Stripe's JSON and forms, and their translation. Unknown members are ignored, and the lists of words are open: a strange word is never read as a no.

use serde::Deserialize;

use crate::decision::{Outcome, Reason, Report, SessionState, VendorDecision};
use crate::id::{DocumentType, ExaminationId, SessionId};
use crate::vendor::{Callback, Delivery, Known, MalformedError, News, Subject};

/// The ids of events become keys in the database; this is as long as Stripe's ever get.
const ID_LENGTH_MAX: usize = 255;
/// What the events about verification sessions are called, up to what has happened.
const EVENTS: &str = "identity.verification_session.";

#[derive(Deserialize)]
pub(super) struct SessionWire {
    id: String,
    status: String,
    last_error: Option<LastErrorWire>,
    last_verification_report: Option<ExpandableWire>,
}

#[derive(Deserialize)]
struct LastErrorWire {
    code: Option<String>,
}

/// An object that stands there as its id, unless somebody asked for more.
#[derive(Deserialize)]
#[serde(untagged)]
enum ExpandableWire {
    Id(String),
    Object { id: String },
}

#[derive(Deserialize)]
pub(super) struct KeyWire {
    pub(super) secret: String,
}

#[derive(Deserialize)]
pub(super) struct FileWire {
    pub(super) id: String,
}

/// A page's data: what the capture still lacks, and whether it has been submitted.
#[derive(Deserialize)]
pub(super) struct PageWire {
    pub(super) submitted: bool,
    pub(super) requirements: RequirementsWire,
}

#[derive(Deserialize)]
pub(super) struct RequirementsWire {
    pub(super) missing: Vec<String>,
}

#[derive(Deserialize)]
struct EventWire {
    id: String,
    r#type: String,
    data: EventDataWire,
}

#[derive(Deserialize)]
struct EventDataWire {
    object: serde_json::Value,
}

impl SessionWire {
    pub(super) fn id(&self) -> Result<SessionId, MalformedError> {
        SessionId::parse(&self.id).ok_or(MalformedError)
    }

    /// Says where the session stands, if its status is one that we know.
    pub(super) fn report(&self, known: &Known) -> Option<Report> {
        let examination = self.last_verification_report.as_ref().and_then(ExpandableWire::id);
        let approved = || VendorDecision { attempt: known.attempt, outcome: Outcome::Approved, reasons: Vec::new() };
        let (state, decision) = match self.status.as_str() {
            "processing" => (SessionState::Processing, None),
            "verified" => (SessionState::Decided, Some(approved())),
            "canceled" => (SessionState::Ended, None),
            "requires_input" => match self.last_error.as_ref().and_then(|error| failure(error, examination.as_ref(), known)) {
                Some(decision) => (SessionState::Decided, Some(decision)),
                None => (SessionState::Collecting, None),
            },
            _ => return None,
        };
        let decided_now = decision.as_ref().is_some_and(|decision| decision.attempt == known.attempt);
        let examination = examination.filter(|id| decided_now && known.earlier_attempt(id).is_none());
        Some(Report { session: known.session.clone(), version: known.version_now(), attempt: known.attempt, examination, state, decision })
    }
}

impl ExpandableWire {
    fn id(&self) -> Option<ExaminationId> {
        match self {
            Self::Id(id) | Self::Object { id } => ExaminationId::parse(id),
        }
    }
}

/// Reads a failure, and finds the attempt that failed: the one whose verification report it is. An error that brings no report belongs to the present attempt
/// once that has been submitted, and before that to the one before; none when there was none.
fn failure(error: &LastErrorWire, report: Option<&ExaminationId>, known: &Known) -> Option<VendorDecision> {
    let (outcome, reason) = meaning(error.code.as_deref());
    let report = report.filter(|_| !error.code.as_deref().is_some_and(is_without_report));
    let attempt = match report.map(|report| known.earlier_attempt(report)) {
        Some(Some(earlier)) => earlier,
        Some(None) => known.attempt,
        None if known.accepted => known.attempt,
        None => known.attempt.checked_sub(1).filter(|attempt| *attempt > 0)?,
    };
    Some(VendorDecision { attempt, outcome, reasons: reason.into_iter().collect() })
}

/// Whether an error is of the applicant's doing in the session, so that nothing was examined.
fn is_without_report(code: &str) -> bool {
    matches!(code, "abandoned" | "consent_declined" | "country_not_supported" | "device_not_supported" | "under_supported_age")
}

/// What the code of a last error is to us. Stripe tells a no from a doubt nowhere; where a code may be either, people look.
fn meaning(code: Option<&str>) -> (Outcome, Option<Reason>) {
    match code {
        Some("document_expired") => (Outcome::ResubmissionRequested, Some(Reason::DocumentExpired)),
        Some("document_type_not_supported") => (Outcome::ResubmissionRequested, Some(Reason::UnsupportedDocument)),
        Some("selfie_document_missing_photo") => (Outcome::ResubmissionRequested, Some(Reason::DocumentUnreadable)),
        Some("abandoned" | "consent_declined" | "device_not_supported") => (Outcome::ResubmissionRequested, None),
        Some("selfie_face_mismatch") => (Outcome::Declined, Some(Reason::SelfieMismatch)),
        Some("selfie_manipulated") => (Outcome::Declined, Some(Reason::LivenessFailed)),
        Some("under_supported_age") => (Outcome::Declined, Some(Reason::Underage)),
        Some("country_not_supported") => (Outcome::Declined, Some(Reason::UnsupportedJurisdiction)),
        Some(
            "document_unverified_other"
            | "selfie_unverified_other"
            | "id_number_insufficient_document_data"
            | "id_number_mismatch"
            | "id_number_unverified_other"
            | "email_unverified_other"
            | "email_verification_declined"
            | "phone_unverified_other"
            | "phone_verification_declined",
        )
        | None => (Outcome::Review, None),
        Some(_) => (Outcome::Review, Some(Reason::Unrecognised)),
    }
}

/// Reads an event whose signature holds; nothing when it is not about a verification session.
pub(crate) fn read_callback(body: &[u8]) -> Result<Option<Delivery>, MalformedError> {
    let event: EventWire = serde_json::from_slice(body).map_err(|_| MalformedError)?;
    if event.id.is_empty() || event.id.len() > ID_LENGTH_MAX {
        return Err(MalformedError);
    }
    let Some(happened) = event.r#type.strip_prefix(EVENTS) else { return Ok(None) };
    let session = event.data.object.get("id").and_then(|id| id.as_str()).and_then(SessionId::parse).ok_or(MalformedError)?;
    let news = match happened {
        "created" | "processing" | "redacted" => News::Nothing,
        _ => News::Hint,
    };
    Ok(Some(Delivery { event: event.id, callback: Callback { subject: Subject::Session(session), news } }))
}

/// Stripe's word for a kind of document; it reads no others.
pub(super) const fn document_type(document: DocumentType) -> &'static str {
    match document {
        DocumentType::Passport => "passport",
        DocumentType::IdCard | DocumentType::ResidencePermit => "id_card",
        DocumentType::DrivingLicence => "driving_license",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Country;
    use crate::word::Word as _;

    fn known(attempt: u32, accepted: bool, examinations: &[(u32, &str)]) -> Known {
        Known {
            session: SessionId::parse("vs_1").unwrap(),
            country: Country::parse("DE").unwrap(),
            document_type: DocumentType::IdCard,
            attempt,
            accepted,
            examinations: examinations.iter().map(|(attempt, id)| (*attempt, ExaminationId::parse(id).unwrap())).collect(),
            seen: 1,
            told: 4,
        }
    }

    fn session(status: &str, code: Option<&str>, report: Option<&str>) -> SessionWire {
        let error = code.map(|code| serde_json::json!({ "code": code, "reason": "…" }));
        let body = serde_json::json!({ "id": "vs_1", "colour": "green", "status": status, "last_error": error, "last_verification_report": report });
        serde_json::from_value(body).unwrap()
    }

    #[track_caller]
    fn state(status: &str, expected: Option<SessionState>) {
        let report = session(status, None, None).report(&known(1, true, &[]));
        assert_eq!(report.map(|report| report.state), expected);
    }

    #[test]
    fn a_status_is_one_of_four() {
        state("requires_input", Some(SessionState::Collecting));
        state("processing", Some(SessionState::Processing));
        state("verified", Some(SessionState::Decided));
        state("canceled", Some(SessionState::Ended));
        state("failed", None);
    }

    #[test]
    fn an_answer_is_as_new_as_what_we_were_told() {
        assert_eq!(session("verified", None, None).report(&known(1, true, &[])).unwrap().version, 4);
    }

    #[track_caller]
    fn means(code: &str, outcome: Outcome, reasons: &[Reason]) {
        let decision = session("requires_input", Some(code), Some("vr_1")).report(&known(1, true, &[])).unwrap().decision.unwrap();
        assert_eq!((decision.outcome, decision.reasons.as_slice()), (outcome, reasons), "{code}");
    }

    #[test]
    fn what_the_applicant_can_mend_is_asked_for_again() {
        use Outcome::ResubmissionRequested;
        means("document_expired", ResubmissionRequested, &[Reason::DocumentExpired]);
        means("document_type_not_supported", ResubmissionRequested, &[Reason::UnsupportedDocument]);
        means("selfie_document_missing_photo", ResubmissionRequested, &[Reason::DocumentUnreadable]);
        for code in ["abandoned", "consent_declined", "device_not_supported"] {
            means(code, ResubmissionRequested, &[]);
        }
    }

    #[test]
    fn only_what_is_certain_is_a_no() {
        means("selfie_face_mismatch", Outcome::Declined, &[Reason::SelfieMismatch]);
        means("selfie_manipulated", Outcome::Declined, &[Reason::LivenessFailed]);
        means("under_supported_age", Outcome::Declined, &[Reason::Underage]);
        means("country_not_supported", Outcome::Declined, &[Reason::UnsupportedJurisdiction]);
    }

    #[test]
    fn what_may_be_anything_goes_to_people() {
        for code in ["document_unverified_other", "selfie_unverified_other", "id_number_mismatch", "phone_verification_declined"] {
            means(code, Outcome::Review, &[]);
        }
        means("hologram_missing", Outcome::Review, &[Reason::Unrecognised]);
        let body = br#"{"id": "vs_1", "status": "requires_input", "last_error": {"code": null}, "last_verification_report": null}"#;
        let session: SessionWire = serde_json::from_slice(body).unwrap();
        assert_eq!(session.report(&known(1, true, &[])).unwrap().decision.unwrap().outcome, Outcome::Review);
    }

    #[test]
    fn the_description_of_the_adapters_has_the_same_table() {
        let described = include_str!("../../../../docs/onboarding-vendors.md");
        let mut codes = 0;
        for line in described.lines() {
            let cells: Vec<_> = line.split('|').map(str::trim).collect();
            let &["", _, listed, outcome, reason, ""] = cells.as_slice() else { continue };
            let Some(outcome) = Outcome::parse(outcome.trim_matches('`')) else { continue };
            let reason = Reason::parse(reason.trim_matches('`'));
            for code in listed.split('`').skip(1).step_by(2).filter(|code| !code.ends_with('*')) {
                assert_eq!(meaning(Some(code)), (outcome, reason), "{code}");
                codes += 1;
            }
        }
        assert_eq!(codes, 12);
    }

    /// Which attempt an error is about: that of its report, or else what we know of the submission.
    #[track_caller]
    fn about(code: &str, report: Option<&str>, known: &Known, attempt: Option<u32>) {
        let found = session("requires_input", Some(code), report).report(known).unwrap();
        assert_eq!(found.decision.map(|decision| decision.attempt), attempt);
        assert_eq!(found.state == SessionState::Decided, attempt.is_some());
        let new = report.filter(|report| *report == "vr_2").and_then(ExaminationId::parse);
        assert_eq!(found.examination, new.filter(|_| attempt == Some(known.attempt)));
    }

    #[test]
    fn a_report_that_is_known_is_of_the_attempt_before() {
        let earlier = [(1, "vr_1")];
        for accepted in [false, true] {
            about("document_expired", Some("vr_1"), &known(2, accepted, &earlier), Some(1));
            about("document_expired", Some("vr_2"), &known(2, accepted, &earlier), Some(2));
        }
    }

    #[test]
    fn an_error_without_a_report_is_of_the_last_submission_that_we_know_of() {
        for report in [None, Some("vr_1")] {
            about("country_not_supported", report, &known(2, true, &[(1, "vr_1")]), Some(2));
            about("abandoned", report, &known(2, false, &[(1, "vr_1")]), Some(1));
        }
        about("abandoned", None, &known(1, false, &[]), None);
        about("abandoned", None, &known(1, true, &[]), Some(1));
    }

    #[test]
    fn a_report_may_be_expanded() {
        let body =
            br#"{"id": "vs_1", "status": "verified", "last_error": null, "last_verification_report": {"id": "vr_7", "object": "report"}}"#;
        let session: SessionWire = serde_json::from_slice(body).unwrap();
        assert_eq!(session.report(&known(1, true, &[])).unwrap().examination, ExaminationId::parse("vr_7"));
    }

    #[track_caller]
    fn hears(r#type: &str, news: Option<News>) {
        let body = format!(r#"{{"id": "evt_1", "object": "event", "type": "{}", "data": {{"object": {{"id": "vs_1"}}}}}}"#, r#type);
        let heard = read_callback(body.as_bytes()).unwrap().map(|delivery| delivery.callback.news);
        assert_eq!(heard, news, "{}", r#type);
    }

    #[test]
    fn events_are_hints_at_most() {
        for happened in ["verified", "requires_input", "canceled", "levitated"] {
            hears(&format!("identity.verification_session.{happened}"), Some(News::Hint));
        }
        for happened in ["created", "processing", "redacted"] {
            hears(&format!("identity.verification_session.{happened}"), Some(News::Nothing));
        }
        hears("charge.succeeded", None);
    }

    #[test]
    fn what_is_no_event_is_malformed() {
        for body in [
            "",
            "[]",
            "{}",
            r#"{"id": "", "type": "identity.verification_session.verified", "data": {"object": {"id": "vs_1"}}}"#,
            r#"{"id": "evt_1", "type": "identity.verification_session.verified", "data": {"object": {"id": "../vs_1"}}}"#,
            r#"{"id": "evt_1", "type": "identity.verification_session.verified", "data": {"object": {}}}"#,
        ] {
            assert_eq!(read_callback(body.as_bytes()), Err(MalformedError), "{body}");
        }
    }
}
