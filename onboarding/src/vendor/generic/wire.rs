//! The vendor's JSON, and its translation. Written from `docs/dialects/generic.md` as of 2026-11-22.
//!
//! Unknown members are ignored: a vendor may add some. Unknown words in members we need are not guessed at.

use serde::Deserialize;

use crate::decision::{Outcome, Reason, Report, SessionState, VendorDecision};
use crate::id::SessionId;
use crate::vendor::{Callback, MalformedError, News, Subject};
use crate::word::Word as _;

#[derive(Deserialize)]
struct SessionWire {
    id: String,
    status: String,
    attempt: u32,
    version: i64,
    decision: Option<DecisionWire>,
}

#[derive(Deserialize)]
struct DecisionWire {
    attempt: u32,
    outcome: String,
    #[serde(default)]
    reasons: Vec<String>,
}

#[derive(Deserialize)]
struct UploadWire {
    id: String,
}

#[derive(Deserialize)]
struct CallbackWire {
    r#type: String,
    data: serde_json::Value,
}

/// What could be made of the vendor's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Understood {
    Fully(Report),
    /// It is about this session, but says something that we have no word for.
    OnlySession(SessionId),
}

/// Reads a session.
pub(super) fn read_session(body: &[u8]) -> Result<Understood, MalformedError> {
    understand(serde_json::from_slice(body).map_err(|_| MalformedError)?)
}

/// Reads a callback's body, whose signature holds.
pub(crate) fn read_callback(body: &[u8]) -> Result<Callback, MalformedError> {
    Ok(match understand_callback(body)? {
        Understood::Fully(report) => Callback { subject: Subject::Session(report.session.clone()), news: News::Report(report) },
        Understood::OnlySession(session) => Callback { subject: Subject::Session(session), news: News::NotUnderstood },
    })
}

fn understand_callback(body: &[u8]) -> Result<Understood, MalformedError> {
    let callback: CallbackWire = serde_json::from_slice(body).map_err(|_| MalformedError)?;
    let known = matches!(callback.r#type.as_str(), "session.created" | "session.processing" | "session.decided" | "session.expired");
    let id = callback.data.get("id").and_then(|id| id.as_str()).and_then(SessionId::parse).ok_or(MalformedError)?;
    if !known {
        return Ok(Understood::OnlySession(id));
    }
    // With a session named and a signature that holds, something is wrong with our understanding, not with the sender.
    let Ok(session) = serde_json::from_value(callback.data) else { return Ok(Understood::OnlySession(id)) };
    understand(session)
}

/// Says whether an answer confirms an upload, and does not only look like it.
pub(super) fn confirms_upload(body: &[u8]) -> bool {
    serde_json::from_slice::<UploadWire>(body).is_ok_and(|upload| !upload.id.is_empty())
}

fn understand(session: SessionWire) -> Result<Understood, MalformedError> {
    let id = SessionId::parse(&session.id).ok_or(MalformedError)?;
    let state = match session.status.as_str() {
        "collecting" => SessionState::Collecting,
        "processing" => SessionState::Processing,
        "approved" | "declined" | "review" | "resubmission_requested" => SessionState::Decided,
        "expired" | "cancelled" => SessionState::Ended,
        _ => return Ok(Understood::OnlySession(id)),
    };
    let decision = match session.decision {
        None => None,
        Some(wire) => {
            let Some(outcome) = Outcome::parse(&wire.outcome) else { return Ok(Understood::OnlySession(id)) };
            let mut reasons: Vec<_> = wire.reasons.iter().map(|word| vendor_reason(word).unwrap_or(Reason::Unrecognised)).collect();
            reasons.sort_unstable();
            reasons.dedup();
            Some(VendorDecision { attempt: wire.attempt, outcome, reasons })
        }
    };
    Ok(Understood::Fully(Report { session: id, version: session.version, attempt: session.attempt, examination: None, state, decision }))
}

/// The vendor's words for reasons. Not `Reason::parse`: that knows our own words as well, and those are not the vendor's to use.
fn vendor_reason(word: &str) -> Option<Reason> {
    Some(match word {
        "image_blurred" => Reason::ImageBlurred,
        "image_glare" => Reason::ImageGlare,
        "document_unreadable" => Reason::DocumentUnreadable,
        "document_expired" => Reason::DocumentExpired,
        "document_forged" => Reason::DocumentForged,
        "unsupported_document" => Reason::UnsupportedDocument,
        "unsupported_jurisdiction" => Reason::UnsupportedJurisdiction,
        "selfie_mismatch" => Reason::SelfieMismatch,
        "liveness_failed" => Reason::LivenessFailed,
        "low_confidence" => Reason::LowConfidence,
        "address_mismatch" => Reason::AddressMismatch,
        "underage" => Reason::Underage,
        "sanctions_hit" => Reason::SanctionsHit,
        "pep_match" => Reason::PepMatch,
        "duplicate_identity" => Reason::DuplicateIdentity,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(status: &str, decision: &str) -> String {
        format!(
            r#"{{"id": "ses_1", "object": "session", "colour": "green", "status": "{status}", "attempt": 1, "version": 3, "decision": {decision}}}"#
        )
    }

    #[track_caller]
    fn report(body: &str) -> Report {
        match read_session(body.as_bytes()).unwrap() {
            Understood::Fully(report) => report,
            Understood::OnlySession(id) => panic!("only {id} was understood"),
        }
    }

    #[track_caller]
    fn not_understood(understood: Result<Understood, MalformedError>) {
        assert_eq!(understood, Ok(Understood::OnlySession(SessionId::parse("ses_1").unwrap())));
    }

    #[test]
    fn a_decided_session_brings_its_decision() {
        let body = session("declined", r#"{"attempt": 1, "outcome": "declined", "reasons": ["underage", "low_confidence", "underage"]}"#);
        let decision = report(&body).decision.unwrap();
        assert_eq!(decision.outcome, Outcome::Declined);
        assert_eq!(decision.reasons, [Reason::LowConfidence, Reason::Underage]);
    }

    #[test]
    fn a_session_at_work_has_none() {
        assert_eq!(report(&session("processing", "null")).state, SessionState::Processing);
    }

    #[test]
    fn unknown_words_are_not_guessed_at() {
        not_understood(read_session(session("levitating", "null").as_bytes()));
        not_understood(read_session(session("approved", r#"{"attempt": 1, "outcome": "maybe"}"#).as_bytes()));
        let body = format!(r#"{{"type": "session.levitated", "data": {}}}"#, session("approved", "null"));
        for body in [&body, r#"{"type": "session.decided", "data": {"id": "ses_1", "status": 7}}"#] {
            let subject = Subject::Session(SessionId::parse("ses_1").unwrap());
            assert_eq!(read_callback(body.as_bytes()), Ok(Callback { subject, news: News::NotUnderstood }));
        }
    }

    #[test]
    fn an_unknown_reason_is_unrecognised_and_our_own_words_are_not_the_vendors() {
        let body = session("declined", r#"{"attempt": 1, "outcome": "declined", "reasons": ["bad_hair", "vendor_refused"]}"#);
        assert_eq!(report(&body).decision.unwrap().reasons, [Reason::Unrecognised]);
    }

    #[test]
    fn what_is_no_session_is_malformed() {
        for body in ["", "[]", "{}", r#"{"id": "../admin", "status": "approved", "attempt": 1, "version": 1}"#] {
            assert_eq!(read_session(body.as_bytes()), Err(MalformedError), "{body}");
            assert_eq!(read_callback(body.as_bytes()), Err(MalformedError), "{body}");
        }
    }

    #[test]
    fn an_upload_is_confirmed_by_its_id() {
        assert!(confirms_upload(br#"{"id": "upl_1", "object": "upload", "colour": "green"}"#));
        for body in ["", "{}", "[]", r#"{"id": ""}"#, r#"{"id": "upl_1""#] {
            assert!(!confirms_upload(body.as_bytes()), "{body}");
        }
    }
}
