//! Tasks of workflow runs. Three are for people: what they say of themselves, their document, their face. What is examined then are tasks too.

use hyper::StatusCode;
use kycsim_scenarios::SimTime;
use kycsim_scenarios::language::EventKind;
use kycsim_scenarios::vendor::{Check as NeutralCheck, Outcome, Reason};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::checks::Verdict;
use super::desk::{OnfidoDesk, Visit};
use super::errors::{bad_request, invalid, not_found};
use super::events::{Object, body};
use super::fields::Fields;
use super::media::MediumKind;
use super::profile::Profile;
use super::report_kinds::kind_of;
use super::sandbox::Convention;
use super::shelf::Named as _;
use super::wire::{self, Time};
use super::workflow_runs::{Run, findings_of_run};
use super::works::Work;
use crate::call::{Pictures, Submission};
use crate::dialects::{Herald, Payload, Reply, Telling};
use crate::refusal::Refusal;

const STARTED: &str = "workflow_task.started";
const COMPLETED: &str = "workflow_task.completed";

/// A task of a workflow run.
#[derive(Serialize, Deserialize)]
pub(super) struct Task {
    id: String,
    what: What,
    /// Which attempt of the run it belongs to, if it examines one.
    attempt: u32,
    output: Option<Value>,
    created_at: SimTime,
    updated_at: SimTime,
    completed_at: Option<SimTime>,
}

/// What a task is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum What {
    Profile,
    DocumentPhoto,
    FacePhoto,
    DocumentCheck,
    FaceCheck,
}

impl What {
    const INTERACTIVE: [Self; 3] = [Self::Profile, Self::DocumentPhoto, Self::FacePhoto];
    const EXAMINING: [Self; 2] = [Self::DocumentCheck, Self::FaceCheck];

    /// How its id begins.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::DocumentPhoto => "document_photo",
            Self::FacePhoto => "face_photo",
            Self::DocumentCheck => "document_check",
            Self::FaceCheck => "face_check_photo",
        }
    }

    /// The definition that it follows.
    const fn definition(self) -> &'static str {
        match self {
            Self::Profile => "profile_data",
            Self::DocumentPhoto => "upload_document_photo",
            Self::FacePhoto => "upload_face_photo",
            Self::DocumentCheck => "document_check",
            Self::FaceCheck => "facial_similarity_photo_check",
        }
    }

    /// Which uploads complete it.
    const fn uploads(self) -> Option<MediumKind> {
        match self {
            Self::DocumentPhoto => Some(MediumKind::Document),
            Self::FacePhoto => Some(MediumKind::LivePhoto),
            Self::Profile | Self::DocumentCheck | Self::FaceCheck => None,
        }
    }
}

impl Task {
    fn new(run: &str, what: What, attempt: u32, now: SimTime) -> Self {
        let digits: String = run.chars().filter(char::is_ascii_hexdigit).take(5).collect();
        let id = if attempt == 1 { format!("{}_{digits}", what.as_str()) } else { format!("{}_{digits}_{attempt}", what.as_str()) };
        Self { id, what, attempt, output: None, created_at: now, updated_at: now, completed_at: None }
    }

    /// Returns those that every run begins with.
    pub(super) fn interactive(run: &str, now: SimTime) -> Vec<Self> {
        What::INTERACTIVE.iter().map(|what| Self::new(run, *what, 1, now)).collect()
    }

    fn complete(&mut self, output: Value, now: SimTime) {
        (self.output, self.updated_at, self.completed_at) = (Some(output), now, Some(now));
    }

    fn begin_again(&mut self, now: SimTime) {
        (self.output, self.updated_at, self.completed_at) = (None, now, None);
    }

    /// Takes note of a decision: what examined it is done, and what is to be done again begins anew.
    pub(super) fn decided(tasks: &mut [Self], verdict: &Verdict) {
        let findings = findings_of_run(verdict);
        for task in tasks.iter_mut() {
            let place = match task.what {
                What::DocumentCheck => 0,
                What::FaceCheck => 1,
                What::Profile | What::DocumentPhoto | What::FacePhoto => continue,
            };
            let Some(finding) = findings.get(place).filter(|_| task.completed_at.is_none()) else { continue };
            task.complete(json!({"result": finding.result, "sub_result": finding.sub_result}), verdict.at);
        }
        if verdict.outcome == Outcome::Resubmission {
            let of_face = |reason: &Reason| reason.check() == NeutralCheck::Selfie;
            let (face, document) = (verdict.reasons.iter().any(of_face), !verdict.reasons.iter().all(of_face));
            let again = |what: What| (what == What::FacePhoto && face) || (what == What::DocumentPhoto && (document || !face));
            tasks.iter_mut().filter(|task| again(task.what)).for_each(|task| task.begin_again(verdict.at));
        }
    }
}

#[derive(Serialize)]
struct TaskWire<'a> {
    id: &'a str,
    task_def_id: &'static str,
    task_def_version: Option<&'static str>,
    workflow_run_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<Value>,
    created_at: Time,
    updated_at: Time,
}

impl OnfidoDesk {
    fn wire_of_task<'t>(&self, run: &'t Run, task: &'t Task, whole: bool) -> TaskWire<'t> {
        TaskWire {
            id: &task.id,
            task_def_id: task.what.definition(),
            task_def_version: None,
            workflow_run_id: run.id(),
            input: whole.then(Map::new),
            output: whole.then(|| task.output.clone().unwrap_or(Value::Null)),
            created_at: Time::of(self.wall, task.created_at),
            updated_at: Time::of(self.wall, task.updated_at),
        }
    }

    /// Lists tasks in a bare array, without what went in and came out.
    pub(super) fn list_tasks(&self, run: &str) -> Result<Reply, Refusal> {
        let run = self.run(run)?;
        let shown: Vec<_> = run.tasks.iter().map(|task| self.wire_of_task(run, task, false)).collect();
        Ok(wire::json(StatusCode::OK, &shown))
    }

    pub(super) fn show_task(&self, run: &str, task: &str) -> Result<Reply, Refusal> {
        let run = self.run(run)?;
        let task = run.tasks.iter().find(|known| known.id == task).ok_or_else(|| not_found("Task", task))?;
        Ok(wire::json(StatusCode::OK, &self.wire_of_task(run, task, true)))
    }

    pub(super) fn complete_task(&mut self, run: &str, task: &str, data: &Value, visit: &mut Visit<'_, '_>) -> Result<Reply, Refusal> {
        let known = self.run(run)?;
        let Some(found) = known.tasks.iter().find(|known| known.id == task) else { return Err(not_found("Task", task)) };
        let (what, done) = (found.what, found.completed_at.is_some());
        if !known.awaits_input(visit.counter.session(&known.session)?) {
            return Err(invalid("status", "the workflow run does not wait for input"));
        }
        if done {
            return Err(invalid("task_id", "was completed before"));
        }
        let applicant = known.applicant.clone();
        match (what, what.uploads()) {
            (What::Profile, _) => {
                let Value::Object(said) = data else { return Err(invalid("data", "must be an object")) };
                let said = Profile::read(Fields::inside(said.clone()))?;
                self.update_applicant(&applicant, &said)?;
            }
            (_, Some(kind)) => self.are_uploads(&applicant, kind, data)?,
            (_, None) => return Err(invalid("task_id", "is not completed by anybody but the vendor")),
        }
        self.finish_tasks(run, &[(what, data.clone())], None, visit)?;
        Ok(wire::json(StatusCode::OK, &json!({})))
    }

    /// Checks that `data` names uploads of this kind, and of this applicant.
    fn are_uploads(&self, applicant: &str, kind: MediumKind, data: &Value) -> Result<(), Refusal> {
        let named = data.as_array().filter(|named| !named.is_empty()).ok_or_else(|| invalid("data", "must be a list of uploads"))?;
        for upload in named {
            let id = upload["id"].as_str().ok_or_else(|| invalid("data", "must be a list of uploads"))?;
            if self.medium(kind, id)?.applicant != applicant {
                return Err(invalid("data", "names an upload of another applicant"));
            }
        }
        Ok(())
    }

    /// Completes tasks, and hands the run in when all are done.
    pub(super) fn finish_tasks(
        &mut self,
        id: &str,
        done: &[(What, Value)],
        chosen: Option<(Outcome, Vec<Reason>)>,
        visit: &mut Visit<'_, '_>,
    ) -> Result<(), Refusal> {
        let now = visit.counter.now();
        let run = self.run(id)?;
        let (session, applicant) = (run.session.clone(), run.applicant.clone());
        let is_left = |task: &Task| task.completed_at.is_none() && !done.iter().any(|(what, _)| *what == task.what);
        if !run.tasks.iter().any(is_left) {
            self.bring_up_to_date(&applicant, &session, visit)?;
            let suggested = chosen.or_else(|| self.convention_for(&applicant));
            let submission = Submission { pictures: Pictures::DocumentAndSelfie, suggested, at_once: false };
            let submitted = visit.counter.submit(&session, submission);
            let attempt = match submitted {
                Ok(session) => session.attempt,
                Err(Refusal::ImagesMissing) => return Err(invalid("data", "names an upload that cannot be found any more")),
                Err(refusal) => return Err(refusal),
            };
            self.state.works.submitted(&session, attempt, Work::Run(id.to_owned()));
            if let Some(run) = self.state.runs.get_mut(id) {
                let rounds = run.tasks.iter().filter(|task| task.what == What::DocumentCheck).map(|task| task.attempt);
                let round = rounds.max().unwrap_or(0) + 1;
                run.tasks.extend(What::EXAMINING.iter().map(|what| Task::new(id, *what, round, now)));
            }
        }
        if let Some(run) = self.state.runs.get_mut(id) {
            run.updated_at = now;
            for (what, output) in done {
                let task = run.tasks.iter_mut().find(|task| task.what == *what && task.completed_at.is_none());
                task.into_iter().for_each(|task| task.complete(output.clone(), now));
            }
        }
        Ok(())
    }

    fn convention_for(&self, applicant: &str) -> Option<(Outcome, Vec<Reason>)> {
        let profile = &self.state.applicants.get(applicant)?.profile;
        let kinds: Vec<_> = ["document", "facial_similarity_photo"].iter().filter_map(|name| kind_of(name)).collect();
        let convention = Convention::of(&kinds, (profile.first_name.as_deref(), profile.last_name.as_deref()), &[], None);
        convention.filter(|_| self.sandbox).map(|convention| convention.suggests(&kinds))
    }

    /// Returns which interactive tasks of a run are not done.
    pub(super) fn tasks_left(run: &Run) -> Vec<What> {
        run.tasks.iter().filter(|task| task.completed_at.is_none()).map(|task| task.what).collect()
    }

    /// Returns the event that tells of the first task that is not done.
    pub(super) fn check_task_event(&self, run: &str, event: &'static str, telling: Telling) -> Option<bytes::Bytes> {
        let run = self.state.runs.get(run)?;
        let task = run.tasks.iter().find(|task| task.completed_at.is_none())?;
        Some(self.task_event(run, task, event, telling))
    }

    /// Returns what goes ahead of an event of a run: the tasks that are done.
    pub(super) fn heralds_of_run(&self, run: &str, kind: EventKind) -> Vec<Herald> {
        let Some(run) = self.state.runs.get(run) else { return Vec::new() };
        let round = run.tasks.iter().map(|task| task.attempt).max().unwrap_or(1);
        let told = |task: &&Task| match kind {
            EventKind::Processing => What::INTERACTIVE.contains(&task.what) && task.completed_at.is_some(),
            EventKind::Decided => What::EXAMINING.contains(&task.what) && task.attempt == round,
            EventKind::Created | EventKind::Expired | EventKind::Cancelled | EventKind::Redacted => false,
        };
        let tasks = run.tasks.iter().filter(told);
        tasks.map(|task| Herald { name: COMPLETED, body: self.task_event(run, task, COMPLETED, Telling::Plain) }).collect()
    }

    fn task_event(&self, run: &Run, task: &Task, event: &'static str, telling: Telling) -> bytes::Bytes {
        let object = Object {
            status: Some(if event == STARTED { "started" } else { "completed" }),
            started_at_iso8601: Some(Time::of(self.wall, task.created_at)),
            completed_at_iso8601: task.completed_at.filter(|_| event == COMPLETED).map(|at| Time::of(self.wall, at)),
            task_spec_id: Some(task.what.definition()),
            task_def_id: Some(task.what.definition()),
            workflow_run_id: Some(run.id()),
            ..Object::of(&task.id, format!("{}/workflow_runs/{}/tasks/{}", run.base, run.id(), task.id))
        };
        body(event, object, Some(json!(self.wire_of_task(run, task, true))), telling)
    }
}

/// Reads what a task is completed with.
pub(super) fn read_completion(payload: &Payload) -> Result<Value, Refusal> {
    let mut fields = Fields::of(payload)?;
    match fields.value("data") {
        Some(data @ (Value::Object(_) | Value::Array(_))) => Ok(data),
        Some(_) => Err(invalid("data", "must be an object or an array")),
        None => Err(bad_request("The body has no `data`")),
    }
}
