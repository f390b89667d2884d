//! Onfido's JSON, and its translation. Unknown members are ignored; unknown words are not guessed at.

use serde::Deserialize;
use serde_json::Value;

use super::findings::{ReportWire, weigh};
use crate::decision::{Outcome, SessionState, VendorDecision};
use crate::id::{DocumentType, ExaminationId, SessionId};
use crate::vendor::{Callback, MalformedError, News, Subject};

#[derive(Deserialize)]
pub(super) struct ApplicantWire {
    id: String,
}

/// An upload, as far as we need it: one that has a name is there.
#[derive(Deserialize)]
pub(super) struct UploadWire {
    pub(super) id: String,
}

#[derive(Deserialize)]
pub(super) struct CheckWire {
    id: String,
    status: String,
    result: Option<String>,
    #[serde(default)]
    created_at: String,
    tags: Option<Vec<String>>,
}

#[derive(Deserialize)]
pub(super) struct ChecksWire {
    checks: Vec<CheckWire>,
}

#[derive(Deserialize)]
pub(super) struct ReportsWire {
    pub(super) reports: Vec<ReportWire>,
}

#[derive(Deserialize)]
pub(super) struct DocumentsWire {
    pub(super) documents: Vec<UploadWire>,
}

#[derive(Deserialize)]
pub(super) struct LivePhotosWire {
    pub(super) live_photos: Vec<UploadWire>,
}

#[derive(Deserialize)]
struct WebhookWire {
    payload: PayloadWire,
}

#[derive(Deserialize)]
struct PayloadWire {
    resource_type: String,
    action: String,
    object: Value,
}

/// How far a check has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// Under way, or opened again.
    Working,
    /// All reports are clear.
    Clear,
    /// Some report is not clear: the reports say which.
    Consider,
    /// Taken back: nothing will come any more.
    Withdrawn,
}

impl ApplicantWire {
    pub(super) fn session(&self) -> Option<SessionId> {
        SessionId::parse(&self.id)
    }
}

impl CheckWire {
    pub(super) fn examination(&self) -> Option<ExaminationId> {
        ExaminationId::parse(&self.id)
    }

    pub(super) fn progress(&self) -> Option<Progress> {
        match (self.status.as_str(), self.result.as_deref()) {
            ("in_progress" | "awaiting_applicant" | "paused" | "reopened", _) => Some(Progress::Working),
            ("complete", Some("clear")) => Some(Progress::Clear),
            ("complete", Some("consider")) => Some(Progress::Consider),
            ("withdrawn", _) => Some(Progress::Withdrawn),
            _ => None,
        }
    }
}

impl ChecksWire {
    /// Returns the check that was made of the present attempt: none of `earlier` ones nor older than they, and not marked as another attempt's. Of several the
    /// oldest, so that it is the same one whenever we look.
    pub(super) fn present(&self, attempt: u32, earlier: &[(u32, ExaminationId)]) -> Option<ExaminationId> {
        let is_known = |check: &CheckWire| earlier.iter().any(|(_, id)| id.as_str() == check.id);
        let since = self.checks.iter().filter(|check| is_known(check)).map(|check| &check.created_at).max();
        let tag = attempt_tag(attempt);
        let present = self.checks.iter().filter(|check| {
            let may_be_ours = check.tags.as_deref().is_none_or(|tags| tags.is_empty() || tags.contains(&tag));
            may_be_ours && !is_known(check) && since.is_none_or(|since| check.created_at >= *since)
        });
        present.min_by_key(|check| (&check.created_at, &check.id)).and_then(CheckWire::examination)
    }
}

/// How a check is marked, so that it is found again by its attempt. Within an applicant that is enough.
pub(super) fn attempt_tag(attempt: u32) -> String {
    format!("attempt-{attempt}")
}

/// Returns what a check and its reports come to; the reports are needed only of one that is `consider`.
pub(super) fn conclude(progress: Progress, reports: &[ReportWire], attempt: u32) -> (SessionState, Option<VendorDecision>) {
    match progress {
        Progress::Working => (SessionState::Processing, None),
        Progress::Withdrawn => (SessionState::Ended, None),
        Progress::Clear => (SessionState::Decided, Some(VendorDecision { attempt, outcome: Outcome::Approved, reasons: Vec::new() })),
        // Of a check that is complete a report may still be on its way: what is read in two steps need not be of one moment.
        Progress::Consider if !reports.iter().all(ReportWire::is_done) => (SessionState::Processing, None),
        Progress::Consider => {
            let (outcome, reasons) = weigh(reports);
            (SessionState::Decided, Some(VendorDecision { attempt, outcome, reasons }))
        }
    }
}

/// Reads a webhook whose signature holds; nothing when it is not about a check. Of reports the check tells in the end, and nothing else is ours.
pub(crate) fn read_callback(body: &[u8]) -> Result<Option<Callback>, MalformedError> {
    let WebhookWire { payload } = serde_json::from_slice(body).map_err(|_| MalformedError)?;
    if payload.resource_type != "check" {
        return Ok(None);
    }
    let check = payload.object.get("id").and_then(Value::as_str).and_then(ExaminationId::parse).ok_or(MalformedError)?;
    let news = match payload.action.as_str() {
        "check.started" | "check.form_completed" => News::Nothing,
        _ => News::Hint,
    };
    Ok(Some(Callback { subject: Subject::Examination(check), news }))
}

/// Onfido's word for a kind of document.
pub(super) const fn document_type(document: DocumentType) -> &'static str {
    match document {
        DocumentType::Passport => "passport",
        DocumentType::IdCard => "national_identity_card",
        DocumentType::DrivingLicence => "driving_licence",
        DocumentType::ResidencePermit => "residence_permit",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn progress(status: &str, result: &str, expected: Option<Progress>) {
        let body = format!(r#"{{"id": "c-1", "status": "{status}", "result": {result}, "version": "3.6"}}"#);
        assert_eq!(serde_json::from_str::<CheckWire>(&body).unwrap().progress(), expected, "{body}");
    }

    #[test]
    fn a_check_has_come_so_far() {
        for status in ["in_progress", "awaiting_applicant", "paused"] {
            progress(status, "null", Some(Progress::Working));
        }
        progress("reopened", r#""clear""#, Some(Progress::Working));
        progress("complete", r#""clear""#, Some(Progress::Clear));
        progress("complete", r#""consider""#, Some(Progress::Consider));
        progress("withdrawn", "null", Some(Progress::Withdrawn));
    }

    #[test]
    fn unknown_words_are_not_guessed_at() {
        progress("levitating", "null", None);
        progress("complete", r#""splendid""#, None);
        progress("complete", "null", None);
    }

    #[test]
    fn a_check_that_outruns_its_reports_is_not_done() {
        let reports: ReportsWire = serde_json::from_str(
            r#"{"reports": [{"name": "document", "status": "complete", "result": "consider", "sub_result": "suspected"},
                            {"name": "facial_similarity_photo", "status": null, "result": null}]}"#,
        )
        .unwrap();
        assert_eq!(conclude(Progress::Consider, &reports.reports, 1), (SessionState::Processing, None));
    }

    /// Checks that are listed as `id minute tag`, the tag left out where the vendor echoes none.
    #[track_caller]
    fn present(listed: &[&str], earlier: &[&str], expected: Option<&str>) {
        let checks = listed.iter().map(|check| {
            let mut words = check.split(' ');
            let (id, minute) = (words.next().unwrap(), words.next().unwrap());
            let tags: Vec<_> = words.collect();
            serde_json::json!({ "id": id, "status": "complete", "created_at": format!("2026-11-22T10:0{minute}:00Z"), "tags": tags })
        });
        let body = serde_json::json!({ "checks": checks.collect::<Vec<_>>() });
        let checks: ChecksWire = serde_json::from_value(body).unwrap();
        let earlier: Vec<_> = (1..).zip(earlier.iter().map(|id| ExaminationId::parse(id).unwrap())).collect();
        assert_eq!(checks.present(2, &earlier).as_ref().map(ExaminationId::as_str), expected);
    }

    #[test]
    fn the_present_check_is_none_of_an_earlier_attempt() {
        present(&[], &[], None);
        present(&["c-1 1"], &["c-1"], None);
        present(&["c-3 3", "c-2 2", "c-1 1"], &["c-1"], Some("c-2"));
        present(&["c-2 2 attempt-2", "c-1 1 attempt-1"], &["c-1"], Some("c-2"));
    }

    #[test]
    fn what_an_earlier_attempt_left_behind_is_not_taken_for_the_present_check() {
        present(&["c-2 2", "c-1 1"], &["c-2"], None);
        present(&["c-3 3 attempt-1", "c-2 2 attempt-1"], &["c-2"], None);
    }

    #[track_caller]
    fn hears(resource: &str, action: &str, news: Option<News>) {
        let body =
            format!(r#"{{"payload": {{"resource_type": "{resource}", "action": "{action}", "object": {{"id": "c-1", "status": "…"}}}}}}"#);
        assert_eq!(read_callback(body.as_bytes()).unwrap().map(|callback| callback.news), news, "{action}");
    }

    #[test]
    fn webhooks_are_hints_at_most() {
        for action in ["check.completed", "check.reopened", "check.withdrawn", "check.levitated"] {
            hears("check", action, Some(News::Hint));
        }
        for action in ["check.started", "check.form_completed"] {
            hears("check", action, Some(News::Nothing));
        }
        hears("report", "report.completed", None);
        hears("workflow_run", "workflow_run.completed", None);
    }

    #[test]
    fn what_is_no_webhook_is_malformed() {
        for body in [
            "",
            "[]",
            "{}",
            r#"{"payload": {"resource_type": "check", "action": "check.completed", "object": {}}}"#,
            r#"{"payload": {"resource_type": "check", "action": "check.completed", "object": {"id": "../c-1"}}}"#,
        ] {
            assert_eq!(read_callback(body.as_bytes()), Err(MalformedError), "{body}");
        }
    }
}
