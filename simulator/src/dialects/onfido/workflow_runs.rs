//! Workflow runs (Studio). A run keeps a session of its applicant until it has ended; when its tasks are done the session is handed in.

use hyper::StatusCode;
use jiff::Timestamp;
use kycsim_scenarios::SimTime;
use kycsim_scenarios::vendor::{Outcome, SessionState};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::breakdown::{Finding, findings, title};
use super::checks::Verdict;
use super::desk::{OnfidoDesk, Visit};
use super::errors::{gone, invalid, not_found};
use super::fields::{Fields, Parameters};
use super::report_kinds::{ReportKind, kind_of};
use super::shelf::Named;
use super::tasks::Task;
use super::wire::{self, Time, uuid};
use super::works::Work;
use crate::dialects::Reply;
use crate::id::SessionId;
use crate::pass::PassPurpose;
use crate::refusal::Refusal;
use crate::session::Session;

/// How many workflow runs an applicant may have: a further one is refused, 422.
const RUNS_MAX: usize = 100;
/// How many tags a run may have.
const TAGS_MAX: usize = 30;
/// The longest customer's name for a user.
const CUSTOMER_USER_ID_MAX: usize = 256;
/// How many runs a page has.
const PAGE: usize = 20;
/// Where people at the customer's look at a run. Nothing of ours is there.
const DASHBOARD: &str = "https://dashboard.onfido.com/results/";
/// Every workflow of ours is in its first version.
const WORKFLOW_VERSION: i64 = 1;
/// What every workflow of ours looks at.
const REPORTS: [&str; 3] = ["document", "facial_similarity_photo", "watchlist_standard"];

/// A workflow run.
#[derive(Serialize, Deserialize)]
pub(super) struct Run {
    id: String,
    pub(super) applicant: String,
    pub(super) session: SessionId,
    /// The first of the session's attempts that is its own.
    from_attempt: u32,
    request: RunRequest,
    pub(super) base: String,
    url: String,
    sdk_token: String,
    created_at: SimTime,
    pub(super) updated_at: SimTime,
    pub(super) tasks: Vec<Task>,
    abandoned_at: Option<SimTime>,
    verdict: Option<Verdict>,
}

impl Named for Run {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Run {
    /// When it ended, if it did.
    pub(super) fn ended_at(&self) -> Option<SimTime> {
        self.abandoned_at.or_else(|| self.verdict.as_ref().map(|verdict| verdict.at))
    }

    /// Whether nobody finished it in time.
    pub(super) const fn is_abandoned(&self) -> bool {
        self.abandoned_at.is_some()
    }

    /// Whether it waits for somebody to complete a task.
    pub(super) fn awaits_input(&self, session: &Session) -> bool {
        self.abandoned_at.is_none() && matches!(session.state, SessionState::Collecting { .. })
    }

    /// Where its page sends people.
    pub(super) fn redirects(&self) -> (Option<&str>, Option<&str>) {
        (self.request.link.completed_redirect_url.as_deref(), self.request.link.expired_redirect_url.as_deref())
    }

    /// Whether its page is open no more.
    pub(super) fn link_has_run_out(&self, now: Timestamp) -> bool {
        self.request.link.expires_at.is_some_and(|expires| expires <= now)
    }
}

/// What a run is asked for with.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct RunRequest {
    pub(super) applicant: String,
    workflow: String,
    custom_data: Map<String, Value>,
    tags: Vec<String>,
    customer_user_id: Option<String>,
    link: LinkRequest,
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct LinkRequest {
    completed_redirect_url: Option<String>,
    expired_redirect_url: Option<String>,
    expires_at: Option<Timestamp>,
    language: Option<String>,
}

impl RunRequest {
    pub(super) fn read(mut fields: Fields) -> Result<Self, Refusal> {
        let tags = fields.texts("tags")?.unwrap_or_default();
        if tags.len() > TAGS_MAX {
            return Err(invalid("tags", format!("has too many elements (maximum is {TAGS_MAX})")));
        }
        let workflow = fields.needed_text("workflow_id")?;
        if !is_uuid(&workflow) {
            return Err(invalid("workflow_id", "is not a UUID"));
        }
        let customer_user_id = fields.text("customer_user_id")?;
        if customer_user_id.as_ref().is_some_and(|id| id.len() > CUSTOMER_USER_ID_MAX) {
            return Err(invalid("customer_user_id", format!("is too long (maximum is {CUSTOMER_USER_ID_MAX} characters)")));
        }
        let custom_data = match fields.value("custom_data") {
            None => Map::new(),
            Some(Value::Object(map)) => map,
            Some(_) => return Err(invalid("custom_data", "must be an object")),
        };
        let link = fields.object("link")?.map(LinkRequest::read).transpose()?.unwrap_or_default();
        Ok(Self { applicant: fields.needed_text("applicant_id")?, workflow, custom_data, tags, customer_user_id, link })
    }
}

impl LinkRequest {
    fn read(mut fields: Fields) -> Result<Self, Refusal> {
        let expires_at = fields.text("expires_at")?;
        let expires_at =
            expires_at.map(|text| text.parse().map_err(|_| invalid("link.expires_at", "must be a time such as 2026-03-09T10:15:00Z")));
        Ok(Self {
            completed_redirect_url: web_address(&mut fields, "completed_redirect_url")?,
            expired_redirect_url: web_address(&mut fields, "expired_redirect_url")?,
            expires_at: expires_at.transpose()?,
            language: fields.text("language")?,
        })
    }
}

/// Takes an address that a browser may be sent to.
fn web_address(fields: &mut Fields, field: &str) -> Result<Option<String>, Refusal> {
    match fields.text(field)? {
        Some(url) if !(url.starts_with("https://") || url.starts_with("http://")) || url.parse::<hyper::Uri>().is_err() => {
            Err(invalid(format!("link.{field}"), "must be an http or https address"))
        }
        url => Ok(url),
    }
}

fn is_uuid(text: &str) -> bool {
    let dashes = [8, 13, 18, 23];
    text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| if dashes.contains(&place) { byte == b'-' } else { byte.is_ascii_hexdigit() })
}

/// Which runs are listed.
pub(super) struct RunListing {
    page: usize,
    status: Option<Vec<String>>,
    tags: Option<Vec<String>>,
    after: Option<Timestamp>,
    before: Option<Timestamp>,
    oldest_first: bool,
    applicant: Option<String>,
}

impl RunListing {
    pub(super) fn read(query: &Parameters<'_>) -> Result<Self, Refusal> {
        let time = |name: &str| {
            query.text(name).map(|text| text.parse().map_err(|_| invalid(name, "must be a time such as 2026-03-09T10:15:00Z"))).transpose()
        };
        let oldest_first = match query.text("sort") {
            None | Some("desc") => false,
            Some("asc") => true,
            Some(_) => return Err(invalid("sort", "must be asc or desc")),
        };
        Ok(Self {
            page: query.number("page", 1, 1..=1_000_000)?,
            status: query.list("status"),
            tags: query.list("tags"),
            after: time("created_at_gt")?,
            before: time("created_at_lt")?,
            oldest_first,
            applicant: query.text("applicant_id").map(str::to_owned),
        })
    }
}

#[derive(Serialize)]
pub(super) struct RunWire<'a> {
    id: &'a str,
    applicant_id: &'a str,
    workflow_id: &'a str,
    workflow_version_id: i64,
    pub(super) status: &'static str,
    dashboard_url: String,
    output: Option<Value>,
    reasons: Vec<String>,
    error: Option<Value>,
    sdk_token: Option<&'a str>,
    tags: &'a [String],
    customer_user_id: Option<&'a str>,
    link: LinkWire<'a>,
    created_at: Time,
    updated_at: Time,
}

#[derive(Serialize)]
struct LinkWire<'a> {
    url: &'a str,
    completed_redirect_url: Option<&'a str>,
    expired_redirect_url: Option<&'a str>,
    expires_at: Option<String>,
    language: &'a str,
}

fn kinds() -> Vec<&'static ReportKind> {
    REPORTS.iter().filter_map(|name| kind_of(name)).collect()
}

/// Returns what each report of a run says.
pub(super) fn findings_of_run(verdict: &Verdict) -> Vec<Finding> {
    findings(&kinds(), verdict.outcome, &verdict.reasons)
}

/// Returns why, in the words of the leaves that are not clear.
fn reasons(verdict: &Verdict) -> Vec<String> {
    findings_of_run(verdict).iter().flat_map(|finding| &finding.leaves).map(|(leaf, _)| title(leaf)).collect()
}

impl OnfidoDesk {
    pub(super) fn run(&self, id: &str) -> Result<&Run, Refusal> {
        let run = self.state.runs.get(id).ok_or_else(|| not_found("WorkflowRun", id))?;
        if self.applicant(&run.applicant)?.is_deleted() { Err(gone("applicant")) } else { Ok(run) }
    }

    /// Returns a run as it is while its session is as shown.
    pub(super) fn wire_of_run<'r>(&self, run: &'r Run, shown: &Session) -> RunWire<'r> {
        let own = shown.decided.as_ref().filter(|decided| decided.decision.attempt >= run.from_attempt).map(Verdict::of);
        let (status, verdict) = match &shown.state {
            _ if run.abandoned_at.is_some() => ("abandoned", None), // whatever became of the session: it may be another's now
            SessionState::Expired { .. } => ("abandoned", None),
            SessionState::Collecting { .. } => ("awaiting_input", own),
            SessionState::Processing { .. } => ("processing", None),
            SessionState::Decided { decision, .. } => (status_of(decision.outcome), own),
            SessionState::Cancelled { .. } => ("error", None),
        };
        let ended = matches!(status, "approved" | "declined" | "review");
        let output = verdict
            .as_ref()
            .filter(|_| ended)
            .map(|verdict| json!({"result": if verdict.outcome == Outcome::Approved { "clear" } else { "consider" }}));
        let LinkRequest { completed_redirect_url, expired_redirect_url, expires_at, language } = &run.request.link;
        RunWire {
            id: &run.id,
            applicant_id: &run.applicant,
            workflow_id: &run.request.workflow,
            workflow_version_id: WORKFLOW_VERSION,
            status,
            dashboard_url: format!("{DASHBOARD}{}", run.id),
            output,
            reasons: verdict.as_ref().map(reasons).unwrap_or_default(),
            error: (status == "error").then(|| json!({"type": "cancelled", "message": "The workflow run was cancelled"})),
            sdk_token: (!ended && status != "abandoned").then_some(run.sdk_token.as_str()),
            tags: &run.request.tags,
            customer_user_id: run.request.customer_user_id.as_deref(),
            link: LinkWire {
                url: &run.url,
                completed_redirect_url: completed_redirect_url.as_deref(),
                expired_redirect_url: expired_redirect_url.as_deref(),
                expires_at: expires_at.map(|at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
                language: language.as_deref().unwrap_or("en_US"),
            },
            created_at: Time::of(self.wall, run.created_at),
            updated_at: Time::of(self.wall, run.updated_at),
        }
    }

    pub(super) fn create_run(&mut self, request: &RunRequest, visit: &mut Visit<'_, '_>) -> Result<Reply, Refusal> {
        let applicant = self.present_applicant(&request.applicant)?;
        if applicant.runs.len() >= RUNS_MAX {
            return Err(invalid("applicant_id", format!("has {RUNS_MAX} workflow runs already")));
        }
        let ordinal = (applicant.runs.len() as u64).to_le_bytes();
        let id = uuid(visit.counter.name("workflow run", &[request.applicant.as_bytes(), &ordinal]));
        let now = visit.counter.now();
        let mut session = self.free_session(&request.applicant, visit)?;
        // Whose applicant came long ago would be abandoned as soon as it is begun.
        if now.saturating_since(visit.counter.session(&session)?.updated_at) > self.session_lifetime / 2 {
            session = self.another_session(&request.applicant, visit)?;
        }
        let shown = visit.counter.session(&session)?.clone();
        let run = Run {
            id: id.clone(),
            applicant: request.applicant.clone(),
            from_attempt: shown.attempt,
            base: visit.base.to_owned(),
            url: visit.page(&self.passes.give(PassPurpose::Page, &session, now)),
            sdk_token: self.sdk_token(&request.applicant, now),
            created_at: now,
            updated_at: now,
            tasks: Task::interactive(&id, now),
            abandoned_at: None,
            verdict: None,
            request: request.clone(),
            session: session.clone(),
        };
        let reply = wire::json(StatusCode::CREATED, &self.wire_of_run(&run, &shown));
        self.state.works.reserve(&session, Work::Run(id.clone()));
        self.state.runs.put(run);
        self.applicant_mut(&request.applicant)?.runs.push(id);
        Ok(reply)
    }

    pub(super) fn show_run(&self, id: &str, visit: &mut Visit<'_, '_>) -> Result<Reply, Refusal> {
        let run = self.run(id)?;
        let shown = visit.counter.read(&run.session)?;
        Ok(wire::json(StatusCode::OK, &self.wire_of_run(run, &shown)))
    }

    /// Lists runs in a bare array.
    pub(super) fn list_runs(&self, listing: &RunListing, visit: &Visit<'_, '_>) -> Result<Reply, Refusal> {
        let RunListing { page, status, tags, after, before, oldest_first, applicant } = listing;
        let mut shown = Vec::new();
        for run in self.state.runs.iter() {
            let created = self.wall.at(run.created_at);
            let tagged = tags.as_ref().is_none_or(|tags| tags.iter().any(|tag| run.request.tags.contains(tag)));
            let fits = tagged
                && after.is_none_or(|after| created > after)
                && before.is_none_or(|before| created < before)
                && applicant.as_ref().is_none_or(|applicant| *applicant == run.applicant);
            if !fits || self.applicant(&run.applicant)?.is_deleted() {
                continue;
            }
            let run = self.wire_of_run(run, visit.counter.session(&run.session)?);
            if status.as_ref().is_none_or(|status| status.iter().any(|word| word == run.status)) {
                shown.push(run);
            }
        }
        if !oldest_first {
            shown.reverse();
        }
        let shown: Vec<_> = shown.into_iter().skip((page - 1).saturating_mul(PAGE)).take(PAGE).collect();
        Ok(wire::json(StatusCode::OK, &shown))
    }

    /// Takes note of what a run came to.
    pub(super) fn note_decision_of_run(&mut self, id: &str, verdict: &Verdict) {
        let Some(run) = self.state.runs.get_mut(id) else { return };
        run.updated_at = verdict.at;
        Task::decided(&mut run.tasks, verdict);
        run.verdict = Some(verdict.clone());
        if verdict.outcome != Outcome::Resubmission {
            let session = run.session.clone();
            self.state.works.release(&session);
        }
    }

    /// Takes note that nobody finished a run in time.
    pub(super) fn note_abandonment(&mut self, id: &str, session: &Session, at: SimTime) {
        if let Some(run) = self.state.runs.get_mut(id) {
            (run.abandoned_at, run.updated_at) = (Some(at), at);
        }
        self.state.works.release(&session.about.id);
    }

    pub(super) fn signed_evidence(&self, id: &str) -> Result<Reply, Refusal> {
        let run = self.run(id)?;
        Ok(wire::download("application/pdf", &format!("signed-evidence-{}.pdf", run.id), wire::PDF))
    }

    pub(super) fn evidence_folder(&self, id: &str) -> Result<Reply, Refusal> {
        let run = self.run(id)?;
        Ok(wire::download("application/zip", &format!("evidence-{}.zip", run.id), wire::EMPTY_ZIP))
    }

    pub(super) fn create_timeline(&self, id: &str, visit: &Visit<'_, '_>) -> Result<Reply, Refusal> {
        let run = self.run(id)?;
        let file = uuid(visit.counter.name("timeline file", &[run.id.as_bytes()]));
        let href = wire::href(&format!("workflow_runs/{}/timeline_file/{file}", run.id));
        Ok(wire::json(StatusCode::ACCEPTED, &json!({"workflow_timeline_file_id": file, "href": href})))
    }

    pub(super) fn show_timeline(&self, id: &str, file: &str, visit: &Visit<'_, '_>) -> Result<Reply, Refusal> {
        let run = self.run(id)?;
        if file != uuid(visit.counter.name("timeline file", &[run.id.as_bytes()])) {
            return Err(not_found("TimelineFile", file));
        }
        Ok(wire::download("application/pdf", &format!("timeline-{}.pdf", run.id), wire::PDF))
    }
}

const fn status_of(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Approved => "approved",
        Outcome::Declined => "declined",
        Outcome::Review => "review",
        Outcome::Resubmission => "awaiting_input",
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::dialects::Payload;

    #[track_caller]
    fn check_refused(change: impl FnOnce(&mut Value), field: &str) {
        let mut body = json!({"applicant_id": "a", "workflow_id": "e8c921ee-72d6-4e07-9a04-0b6f7a9a2d11"});
        change(&mut body);
        let Err(Refusal::Own(rebuff)) = RunRequest::read(Fields::of(&Payload::Json(Bytes::from(body.to_string()))).unwrap()) else {
            panic!("not refused: {body}")
        };
        assert_eq!(rebuff.param.as_deref(), Some(field));
    }

    #[test]
    fn what_is_wrong_about_a_run_is_blamed() {
        check_refused(|body| body["workflow_id"] = json!("my workflow"), "workflow_id");
        check_refused(|body| body["applicant_id"] = Value::Null, "applicant_id");
        check_refused(|body| body["tags"] = json!(vec!["x"; TAGS_MAX + 1]), "tags");
        check_refused(|body| body["link"] = json!({"completed_redirect_url": "javascript:alert(1)"}), "link.completed_redirect_url");
        check_refused(|body| body["link"] = json!({"expires_at": "tomorrow"}), "link.expires_at");
    }
}
