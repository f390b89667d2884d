//! Checks: each is one attempt of a session.

use hyper::StatusCode;
use kycsim_scenarios::SimTime;
use kycsim_scenarios::vendor::{Outcome, Reason, SessionState};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::breakdown::{Finding, findings};
use super::desk::{OnfidoDesk, Visit};
use super::errors::{BLANK, gone, invalid, not_found};
use super::fields::Fields;
use super::report_kinds::{Family, Need, ReportKind, kind_of};
use super::sandbox::{Convention, SubResult};
use super::shelf::Named;
use super::wire::{self, Time, href, uuid};
use super::works::Work;
use crate::call::{Pictures, Submission};
use crate::dialects::Reply;
use crate::id::SessionId;
use crate::pass::PassPurpose;
use crate::refusal::Refusal;
use crate::session::{Decided, ImageSlot, Session, Side};

/// How many checks an applicant may have: a further one is refused, 422.
const CHECKS_MAX: usize = 200;
/// Where people at the customer's look at a check. Nothing of ours is there.
const DASHBOARD: &str = "https://dashboard.onfido.com/checks/";

/// A check.
#[derive(Serialize, Deserialize)]
pub(super) struct Check {
    id: String,
    pub(super) applicant: String,
    pub(super) session: SessionId,
    /// Which attempt of the session it is; none while its form is out.
    pub(super) attempt: Option<u32>,
    pub(super) created_at: SimTime,
    pub(super) reports: Vec<Report>,
    pub(super) request: CheckRequest,
    /// What a convention of the sandbox orders.
    convention: Option<Convention>,
    /// The host that it was asked for at: where events say that it is.
    pub(super) base: String,
    form_uri: Option<String>,
    /// What was decided, as it is now.
    pub(super) verdict: Option<Verdict>,
    /// How often that was changed.
    pub(super) reopened: u32,
}

impl Named for Check {
    fn id(&self) -> &str {
        &self.id
    }
}

/// One report of a check.
#[derive(Serialize, Deserialize)]
pub(super) struct Report {
    pub(super) id: String,
    name: String,
    pub(super) cancelled: bool,
}

/// What was decided about one attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Verdict {
    pub(super) at: SimTime,
    pub(super) outcome: Outcome,
    pub(super) reasons: Vec<Reason>,
    /// How sure each of the core's checks is that all is well.
    scores: Vec<f64>,
}

impl Verdict {
    pub(super) fn of(decided: &Decided) -> Self {
        Self {
            at: decided.at,
            outcome: decided.decision.outcome,
            reasons: decided.decision.reasons.clone(),
            scores: decided.checks.iter().map(|check| check.confidence).collect(),
        }
    }

    /// How sure the comparison of faces is.
    pub(super) fn facial_score(&self) -> f64 {
        self.scores.get(1).copied().unwrap_or_default()
    }
}

/// What a check is asked for with.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct CheckRequest {
    pub(super) applicant: String,
    report_names: Vec<String>,
    document_ids: Vec<String>,
    tags: Vec<String>,
    pub(super) webhook_ids: Vec<String>,
    redirect_uri: Option<String>,
    applicant_provides_data: bool,
    privacy_notices_read_consent_given: Option<bool>,
    consider: Vec<String>,
    sub_result: Option<SubResult>,
}

impl CheckRequest {
    pub(super) fn read(mut fields: Fields) -> Result<Self, Refusal> {
        let applicant = fields.needed_text("applicant_id")?;
        let report_names = fields.texts("report_names")?.unwrap_or_default();
        if report_names.is_empty() {
            return Err(invalid("report_names", BLANK));
        }
        if let Some(unknown) = report_names.iter().find(|name| kind_of(name).is_none()) {
            return Err(invalid("report_names", format!("`{}` is not a report", unknown.chars().take(64).collect::<String>())));
        }
        let sub_result = fields.text("sub_result")?;
        let sub_result = sub_result.map(|word| SubResult::from_word(&word).ok_or_else(|| invalid("sub_result", "is not a sub-result")));
        Ok(Self {
            applicant,
            report_names,
            document_ids: fields.texts("document_ids")?.unwrap_or_default(),
            tags: fields.texts("tags")?.unwrap_or_default(),
            webhook_ids: fields.texts("webhook_ids")?.unwrap_or_default(),
            redirect_uri: fields.text("redirect_uri")?,
            applicant_provides_data: fields.flag("applicant_provides_data")?.unwrap_or(false),
            privacy_notices_read_consent_given: fields.flag("privacy_notices_read_consent_given")?,
            consider: fields.texts("consider")?.unwrap_or_default(),
            sub_result: sub_result.transpose()?,
        })
    }

    /// Returns a request for one report, as a watchlist monitor makes it.
    pub(super) fn for_report(applicant: &str, report: &str, tags: &[String]) -> Self {
        Self {
            applicant: applicant.to_owned(),
            report_names: vec![report.to_owned()],
            document_ids: Vec::new(),
            tags: tags.to_vec(),
            webhook_ids: Vec::new(),
            redirect_uri: None,
            applicant_provides_data: false,
            privacy_notices_read_consent_given: None,
            consider: Vec::new(),
            sub_result: None,
        }
    }

    /// Whether its applicant fills in a form first.
    pub(super) const fn form_goes_out(&self) -> bool {
        self.applicant_provides_data
    }

    /// Where the applicant goes who has filled in the form.
    pub(super) fn redirect_uri(&self) -> Option<&str> {
        self.redirect_uri.as_deref()
    }

    /// The documents that it names; none: the latest are looked at.
    pub(super) fn documents(&self) -> &[String] {
        &self.document_ids
    }

    fn kinds(&self) -> Vec<&'static ReportKind> {
        self.report_names.iter().filter_map(|name| kind_of(name)).collect()
    }
}

impl Check {
    pub(super) fn kinds(&self) -> Vec<&'static ReportKind> {
        self.request.kinds()
    }

    /// Returns what each report says of a verdict.
    pub(super) fn findings(&self, verdict: &Verdict) -> Vec<Finding> {
        let kinds = self.kinds();
        // What an order made of it is told like any decision.
        let by_convention =
            self.convention.as_ref().filter(|convention| convention.suggests(&kinds) == (verdict.outcome, verdict.reasons.clone()));
        by_convention.map_or_else(|| findings(&kinds, verdict.outcome, &verdict.reasons), |convention| convention.findings(&kinds))
    }

    fn is_clear(&self, verdict: &Verdict) -> bool {
        self.findings(verdict).iter().zip(&self.reports).all(|(finding, report)| report.cancelled || finding.result == "clear")
    }

    /// Returns the verdict that a session shows, as it is read: it may lag.
    fn verdict_in(&self, shown: &Session) -> Option<Verdict> {
        match &shown.decided {
            Some(decided) if Some(decided.decision.attempt) == self.attempt => Some(Verdict::of(decided)),
            Some(_) | None if Some(shown.attempt) == self.attempt => None, // under examination, or shown as if it were
            Some(_) | None => self.verdict.clone(),
        }
    }

    /// Returns the report with this id, and its place.
    pub(super) fn report(&self, id: &str) -> Option<(usize, &Report)> {
        self.reports.iter().enumerate().find(|(_, report)| report.id == id)
    }
}

#[derive(Serialize)]
struct CheckWire<'a> {
    id: &'a str,
    created_at: Time,
    status: &'static str,
    result: Option<&'static str>,
    applicant_id: &'a str,
    applicant_provides_data: bool,
    report_ids: Vec<&'a str>,
    webhook_ids: &'a [String],
    tags: &'a [String],
    form_uri: Option<&'a str>,
    redirect_uri: Option<&'a str>,
    paused: bool,
    sandbox: bool,
    version: &'static str,
    results_uri: String,
    privacy_notices_read_consent_given: Option<bool>,
    href: String,
}

impl OnfidoDesk {
    pub(super) fn check(&self, id: &str) -> Result<&Check, Refusal> {
        let check = self.state.checks.get(id).ok_or_else(|| not_found("Check", id))?;
        if self.applicant(&check.applicant)?.is_deleted() { Err(gone("applicant")) } else { Ok(check) }
    }

    fn check_wire<'c>(&self, check: &'c Check, verdict: Option<&Verdict>) -> CheckWire<'c> {
        let CheckRequest { webhook_ids, tags, redirect_uri, applicant_provides_data, privacy_notices_read_consent_given, .. } =
            &check.request;
        let (status, result) = match verdict {
            None if check.attempt.is_none() => ("awaiting_applicant", None),
            None => ("in_progress", None),
            Some(verdict) => ("complete", Some(if check.is_clear(verdict) { "clear" } else { "consider" })),
        };
        CheckWire {
            id: &check.id,
            created_at: Time::of(self.wall, check.created_at),
            status,
            result,
            applicant_id: &check.applicant,
            applicant_provides_data: *applicant_provides_data,
            report_ids: check.reports.iter().map(|report| report.id.as_str()).collect(),
            webhook_ids,
            tags,
            form_uri: check.form_uri.as_deref(),
            redirect_uri: redirect_uri.as_deref(),
            paused: false,
            sandbox: self.sandbox,
            version: "3.6",
            results_uri: format!("{DASHBOARD}{}", check.id),
            privacy_notices_read_consent_given: *privacy_notices_read_consent_given,
            href: href(&format!("checks/{}", check.id)),
        }
    }

    /// Returns what a customer's read of a check shows of what was decided.
    pub(super) fn seen(&self, id: &str, visit: &mut Visit<'_, '_>) -> Result<Option<Verdict>, Refusal> {
        let check = self.check(id)?;
        let shown = visit.counter.read(&check.session)?;
        Ok(check.verdict_in(&shown))
    }

    pub(super) fn create_check(&mut self, request: &CheckRequest, visit: &mut Visit<'_, '_>) -> Result<Reply, Refusal> {
        let id = self.new_check(request, visit)?;
        Ok(wire::json(StatusCode::CREATED, &self.check_wire(self.check(&id)?, None)))
    }

    /// Makes a check, begins it unless its form goes out first, and returns its id.
    pub(super) fn new_check(&mut self, request: &CheckRequest, visit: &mut Visit<'_, '_>) -> Result<String, Refusal> {
        let applicant = self.present_applicant(&request.applicant)?;
        if applicant.checks.len() >= CHECKS_MAX {
            return Err(invalid("applicant_id", format!("has {CHECKS_MAX} checks already")));
        }
        for document in &request.document_ids {
            let known = self.state.media.get(document).is_some_and(|medium| medium.applicant == request.applicant);
            known.then_some(()).ok_or_else(|| invalid("document_ids", "names a document that the applicant does not have"))?;
        }
        let kinds = request.kinds();
        if !request.applicant_provides_data {
            self.has_what_is_needed(&request.applicant, &kinds)?;
        }
        let applicant = self.applicant(&request.applicant)?;
        let ordinal = (applicant.checks.len() as u64).to_le_bytes();
        let profile = &applicant.profile;
        let name = (profile.first_name.as_deref(), profile.last_name.as_deref());
        let convention = self.sandbox.then(|| Convention::of(&kinds, name, &request.consider, request.sub_result)).flatten();
        let id = uuid(visit.counter.name("check", &[request.applicant.as_bytes(), &ordinal]));
        let report = |(place, name): (usize, &String)| Report {
            id: uuid(visit.counter.name("report", &[id.as_bytes(), &(place as u64).to_le_bytes()])),
            name: name.clone(),
            cancelled: false,
        };
        let reports = request.report_names.iter().enumerate().map(report).collect();
        let session = self.free_session(&request.applicant, visit)?;
        let mut check = Check {
            id: id.clone(),
            applicant: request.applicant.clone(),
            session: session.clone(),
            attempt: None,
            created_at: visit.counter.now(),
            reports,
            request: request.clone(),
            convention,
            base: visit.base.to_owned(),
            form_uri: None,
            verdict: None,
            reopened: 0,
        };
        if request.applicant_provides_data {
            let pass = self.passes.give(PassPurpose::Page, &session, check.created_at);
            check.form_uri = Some(visit.page(&pass));
            self.state.works.reserve(&session, Work::Check(id.clone()));
        } else {
            let suggested = check.convention.as_ref().map(|convention| convention.suggests(&kinds));
            check.attempt = Some(self.submit_check(&id, &session, &kinds, suggested, visit)?);
        }
        for report in &check.reports {
            self.state.works.reports.insert(report.id.clone(), id.clone());
        }
        self.state.checks.put(check);
        self.applicant_mut(&request.applicant)?.checks.push(id.clone());
        Ok(id)
    }

    /// Hands in the session of a check, and returns its attempt.
    fn submit_check(
        &mut self,
        id: &str,
        session: &SessionId,
        kinds: &[&'static ReportKind],
        suggested: Option<(Outcome, Vec<Reason>)>,
        visit: &mut Visit<'_, '_>,
    ) -> Result<u32, Refusal> {
        let submission = Submission { pictures: pictures(kinds), suggested, at_once: false };
        let attempt = match visit.counter.submit(session, submission) {
            Ok(session) => session.attempt,
            Err(Refusal::ImagesMissing) => {
                // They were uploaded, and the answer to that was a lie.
                let has_document = visit.counter.session(session)?.images().has(ImageSlot::Document(Side::Front));
                return Err(missing(if has_document { Need::LivePhoto } else { Need::Document }));
            }
            Err(refusal) => return Err(refusal),
        };
        self.state.works.submitted(session, attempt, Work::Check(id.to_owned()));
        Ok(attempt)
    }

    /// Begins a check whose form has come back. What the applicant chose there comes before a convention.
    pub(super) fn form_completed(
        &mut self,
        id: &str,
        chosen: Option<(Outcome, Vec<Reason>)>,
        visit: &mut Visit<'_, '_>,
    ) -> Result<(), Refusal> {
        let check = self.check(id)?;
        if check.attempt.is_some() {
            return Err(invalid("form", "was completed before"));
        }
        let (applicant, session, kinds) = (check.applicant.clone(), check.session.clone(), check.kinds());
        let suggested = chosen.or_else(|| check.convention.as_ref().map(|convention| convention.suggests(&kinds)));
        if matches!(visit.counter.session(&session)?.state, SessionState::Expired { .. }) {
            visit.counter.reopen(&session)?;
        }
        self.bring_up_to_date(&applicant, &session, visit)?;
        let attempt = self.submit_check(id, &session, &kinds, suggested, visit)?;
        self.state.works.release(&session);
        if let Some(check) = self.state.checks.get_mut(id) {
            check.attempt = Some(attempt);
        }
        Ok(())
    }

    fn has_what_is_needed(&self, applicant: &str, kinds: &[&'static ReportKind]) -> Result<(), Refusal> {
        let media = &self.applicant(applicant)?.media;
        let has = |need: Need| media.iter().filter_map(|id| self.state.media.get(id)).any(|medium| medium.fulfils() == Some(need));
        match kinds.iter().flat_map(|kind| kind.needs).find(|need| !has(**need)) {
            Some(need) => Err(missing(*need)),
            None => Ok(()),
        }
    }

    pub(super) fn show_check(&self, id: &str, visit: &mut Visit<'_, '_>) -> Result<Reply, Refusal> {
        let verdict = self.seen(id, visit)?;
        Ok(wire::json(StatusCode::OK, &self.check_wire(self.check(id)?, verdict.as_ref())))
    }

    pub(super) fn list_checks(&self, applicant: &str, visit: &mut Visit<'_, '_>) -> Result<Reply, Refusal> {
        let mut shown = Vec::new();
        for id in self.present_applicant(applicant)?.checks.iter().rev() {
            let verdict = self.seen(id, visit)?;
            shown.push(self.check_wire(self.check(id)?, verdict.as_ref()));
        }
        Ok(wire::json(StatusCode::OK, &json!({ "checks": shown })))
    }

    /// Lets a check go on that was paused. None of ours ever is, so one that goes on goes on.
    pub(super) fn resume_check(&self, id: &str) -> Result<Reply, Refusal> {
        match self.check(id)?.verdict {
            None => Ok(wire::no_content()),
            Some(_) => Err(invalid("status", "the check is complete")),
        }
    }

    pub(super) fn download_check(&self, id: &str) -> Result<Reply, Refusal> {
        let check = self.check(id)?;
        Ok(wire::download("application/pdf", &format!("check-{}.pdf", check.id), wire::PDF))
    }
}

fn missing(need: Need) -> Refusal {
    let (field, message) = match need {
        Need::Document => ("document", "must be uploaded for the reports that are requested"),
        Need::LivePhoto => ("live_photo", "must be uploaded for the reports that are requested"),
        Need::LiveVideo => ("live_video", "must be uploaded for the reports that are requested"),
        Need::MotionCapture => ("motion_capture", "must be uploaded for the reports that are requested"),
    };
    invalid(field, message)
}

/// Which of the core's pictures these reports look at.
fn pictures(kinds: &[&'static ReportKind]) -> Pictures {
    if kinds.iter().any(|kind| kind.family == Family::Facial) {
        Pictures::DocumentAndSelfie
    } else if kinds.iter().any(|kind| kind.needs.contains(&Need::Document)) {
        Pictures::Document
    } else {
        Pictures::None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pictures_that_are_needed_follow_from_the_reports() {
        let pictures = |names: &[&str]| pictures(&names.iter().map(|name| kind_of(name).unwrap()).collect::<Vec<_>>());
        assert_eq!(pictures(&["document"]), Pictures::Document);
        assert_eq!(pictures(&["document", "facial_similarity_photo"]), Pictures::DocumentAndSelfie);
        assert_eq!(pictures(&["watchlist_standard", "identity_enhanced"]), Pictures::None);
    }
}
