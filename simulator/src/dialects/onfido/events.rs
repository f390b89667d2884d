//! Events as webhooks carry them. A check's event has no result: whoever wants to know has to ask.

use bytes::Bytes;
use kycsim_scenarios::language::EventKind;
use kycsim_scenarios::vendor::{Outcome, Reason};
use serde::Serialize;
use serde_json::{Value, json};

use super::checks::{Check, Verdict};
use super::desk::OnfidoDesk;
use super::shelf::Named as _;
use super::wire::Time;
use super::works::Work;
use crate::dialects::{Happening, Herald, Telling};
use crate::id::SessionId;
use crate::session::Session;

/// All events that there are.
pub(super) const EVENTS: [&str; 17] = [
    CHECK_STARTED,
    CHECK_REOPENED,
    "check.withdrawn",
    CHECK_COMPLETED,
    CHECK_FORM_COMPLETED,
    "report.withdrawn",
    "report.resumed",
    REPORT_CANCELLED,
    "report.awaiting_approval",
    REPORT_COMPLETED,
    RUN_COMPLETED,
    TASK_STARTED,
    TASK_COMPLETED,
    "workflow_timeline_file.created",
    "workflow_run_evidence_folder.created",
    MATCHES_UPDATED,
    "audit_log.created",
];

const CHECK_STARTED: &str = "check.started";
const CHECK_REOPENED: &str = "check.reopened";
const CHECK_COMPLETED: &str = "check.completed";
const CHECK_FORM_COMPLETED: &str = "check.form_completed";
const REPORT_COMPLETED: &str = "report.completed";
const REPORT_CANCELLED: &str = "report.cancelled";
const RUN_COMPLETED: &str = "workflow_run.completed";
const TASK_STARTED: &str = "workflow_task.started";
const TASK_COMPLETED: &str = "workflow_task.completed";
const MATCHES_UPDATED: &str = "watchlist_monitor.matches_updated";

/// What is being told of: the core says when, and asks piece by piece.
pub(super) struct Told {
    pub(super) work: Work,
    /// The one event that is sent again; none: whatever is told when it happens.
    again: Option<Item>,
}

/// An event that is to be sent again.
#[derive(Clone)]
pub(super) struct Item {
    pub(super) event: &'static str,
    pub(super) resource: String,
    pub(super) session: SessionId,
    pub(super) work: Work,
}

#[derive(Serialize)]
struct Envelope<'a> {
    payload: Payload<'a>,
}

#[derive(Serialize)]
struct Payload<'a> {
    resource_type: &'a str,
    action: &'a str,
    object: Object<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_revision: Option<&'static str>,
}

/// What an event is about.
#[derive(Clone, Serialize)]
pub(super) struct Object<'a> {
    pub(super) id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) started_at_iso8601: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) completed_at_iso8601: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) task_spec_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) task_def_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) workflow_run_id: Option<&'a str>,
    pub(super) href: String,
}

impl<'a> Object<'a> {
    pub(super) const fn of(id: &'a str, href: String) -> Self {
        Self {
            id,
            status: None,
            started_at_iso8601: None,
            completed_at_iso8601: None,
            task_spec_id: None,
            task_def_id: None,
            workflow_run_id: None,
            href,
        }
    }
}

/// Returns the body of an event.
pub(super) fn body(action: &str, mut object: Object<'_>, resource: Option<Value>, telling: Telling) -> Bytes {
    let resource_type = action.split('.').next().unwrap_or_default();
    let unheard_of = format!("{resource_type}.reconsidered");
    let action = if telling == Telling::UnknownStatus { &unheard_of } else { action };
    if telling == Telling::UnknownStatus {
        object.status = Some("under_reconsideration");
    }
    let api_revision = (telling == Telling::UnknownFields).then_some("a field that nobody has announced");
    let envelope = Envelope { payload: Payload { resource_type, action, object, resource, api_revision } };
    serde_json::to_vec(&envelope).unwrap_or_default().into() // texts and numbers: this cannot fail
}

impl OnfidoDesk {
    /// Takes note of what has happened, and of what is told next.
    pub(super) fn take_note(&mut self, happening: &Happening<'_>) {
        let session = &happening.session.about.id;
        let again = self.resent.pop_front_if(|item| happening.kind == EventKind::Decided && item.session == *session);
        if let Some(again) = again {
            self.telling = Some(Told { work: again.work.clone(), again: Some(again) });
            return;
        }
        let attempt = match (happening.kind, &happening.session.decided) {
            (EventKind::Decided, Some(decided)) => decided.decision.attempt,
            _ => happening.session.attempt,
        };
        let work = match happening.kind {
            EventKind::Expired => self.state.works.reserved(session),
            EventKind::Processing | EventKind::Decided => self.state.works.of(session, attempt),
            EventKind::Created | EventKind::Cancelled | EventKind::Redacted => None,
        };
        let work = work.cloned();
        if let Some(work) = &work {
            self.note_work(work, happening);
        }
        self.telling = work.map(|work| Told { work, again: None });
    }

    fn note_work(&mut self, work: &Work, happening: &Happening<'_>) {
        let verdict = happening.session.decided.as_ref().map(Verdict::of);
        match (work, happening.kind, verdict) {
            (Work::Check(id), EventKind::Decided, Some(verdict)) => {
                let Some(check) = self.state.checks.get_mut(id) else { return };
                let before = check.verdict.replace(verdict.clone());
                check.reopened += u32::from(before.as_ref().is_some_and(|before| *before != verdict));
                if before.is_some_and(|before| before != verdict) {
                    let applicant = check.applicant.clone();
                    self.note_matches(&applicant, &verdict);
                }
            }
            (Work::Run(id), EventKind::Decided, Some(verdict)) => self.note_decision_of_run(id, &verdict),
            (Work::Run(id), EventKind::Expired, _) => self.note_abandonment(id, happening.session, happening.at),
            (Work::Check(_) | Work::Run(_), _, _) => {}
        }
    }

    /// Returns the name of the event that tells of what has happened.
    pub(super) fn name_of_event(&self, happening: &Happening<'_>) -> Option<&'static str> {
        let Told { work, again } = self.telling.as_ref()?;
        if let Some(again) = again {
            return Some(again.event);
        }
        match (work, happening.kind) {
            (Work::Check(_), EventKind::Processing) => Some(CHECK_STARTED),
            (Work::Check(_), EventKind::Decided) => Some(CHECK_COMPLETED),
            (Work::Run(_), EventKind::Processing) => Some(TASK_STARTED),
            (Work::Run(_), EventKind::Decided) => Some(match happening.session.decided.as_ref().map(|decided| decided.decision.outcome) {
                Some(Outcome::Resubmission) => TASK_STARTED,
                _ => RUN_COMPLETED,
            }),
            (Work::Run(_), EventKind::Expired) => Some(RUN_COMPLETED),
            _ => None,
        }
    }

    /// Returns the body of the event that tells of what has happened.
    pub(super) fn body_of_event(&self, happening: &Happening<'_>, telling: Telling) -> Bytes {
        let (Some(Told { work, again }), Some(event)) = (self.telling.as_ref(), self.name_of_event(happening)) else { return Bytes::new() };
        match work {
            Work::Check(id) => self.state.checks.get(id).map(|check| match again {
                Some(again) if again.event.starts_with("report.") => self.report_event(check, event, &again.resource, telling),
                Some(_) | None => self.check_event(check, event, telling),
            }),
            Work::Run(id) if event == RUN_COMPLETED => self.run_event(id, happening.session, event, telling),
            Work::Run(id) => self.check_task_event(id, event, telling),
        }
        .unwrap_or_default()
    }

    /// Returns what goes ahead of the event that tells of what has happened.
    pub(super) fn heralds_of(&self, happening: &Happening<'_>) -> Vec<Herald> {
        let Some(Told { work, again: None }) = &self.telling else { return Vec::new() };
        match work {
            Work::Check(id) => self.state.checks.get(id).map(|check| self.heralds_of_check(check, happening)).unwrap_or_default(),
            Work::Run(id) => self.heralds_of_run(id, happening.kind),
        }
    }

    fn heralds_of_check(&self, check: &Check, happening: &Happening<'_>) -> Vec<Herald> {
        let herald = |name, body| Herald { name, body };
        let of_check = |event| herald(event, self.check_event(check, event, Telling::Plain));
        match happening.kind {
            EventKind::Processing if check.request.form_goes_out() => vec![of_check(CHECK_FORM_COMPLETED)],
            EventKind::Decided => {
                let mut heralds = Vec::new();
                if check.reopened > 0 {
                    heralds.push(of_check(CHECK_REOPENED));
                    let hit = is_hit(check.verdict.as_ref());
                    heralds.extend(
                        self.monitor_events(&check.applicant, &check.base)
                            .into_iter()
                            .filter(|_| hit)
                            .map(|body| herald(MATCHES_UPDATED, body)),
                    );
                }
                heralds.extend(check.reports.iter().map(|report| {
                    let event = if report.cancelled { REPORT_CANCELLED } else { REPORT_COMPLETED };
                    herald(event, self.report_event(check, event, &report.id, Telling::Plain))
                }));
                heralds
            }
            EventKind::Created | EventKind::Processing | EventKind::Expired | EventKind::Cancelled | EventKind::Redacted => Vec::new(),
        }
    }

    fn check_event(&self, check: &Check, event: &'static str, telling: Telling) -> Bytes {
        let status = match event {
            CHECK_STARTED | CHECK_FORM_COMPLETED => "in_progress",
            CHECK_REOPENED => "reopened",
            _ => "complete",
        };
        let done = check.verdict.as_ref().filter(|_| event == CHECK_COMPLETED).map(|verdict| Time::of(self.wall, verdict.at));
        let object = Object {
            status: Some(status),
            completed_at_iso8601: done,
            ..Object::of(check.id(), format!("{}/checks/{}", check.base, check.id()))
        };
        body(event, object, None, telling)
    }

    fn report_event(&self, check: &Check, event: &'static str, report: &str, telling: Telling) -> Bytes {
        let status = if event == REPORT_CANCELLED { "cancelled" } else { "complete" };
        let object = Object {
            status: Some(status),
            completed_at_iso8601: check.verdict.as_ref().map(|verdict| Time::of(self.wall, verdict.at)),
            ..Object::of(report, format!("{}/reports/{report}", check.base))
        };
        body(event, object, None, telling)
    }

    fn run_event(&self, id: &str, session: &Session, event: &'static str, telling: Telling) -> Option<Bytes> {
        let run = self.state.runs.get(id)?;
        let shown = self.wire_of_run(run, session);
        let done = run.ended_at().map(|at| Time::of(self.wall, at));
        let object =
            Object { status: Some(shown.status), completed_at_iso8601: done, ..Object::of(id, format!("{}/workflow_runs/{id}", run.base)) };
        Some(body(event, object, Some(json!(shown)), telling))
    }
}

/// Whether somebody was found on a list.
pub(super) fn is_hit(verdict: Option<&Verdict>) -> bool {
    verdict.is_some_and(|verdict| verdict.reasons.iter().any(|reason| matches!(reason, Reason::SanctionsHit | Reason::PepMatch)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_says_what_it_is_about_and_no_result() {
        let object = || Object { status: Some("complete"), ..Object::of("c1", "http://x/v3.6/checks/c1".to_owned()) };
        assert_eq!(
            body(CHECK_COMPLETED, object(), None, Telling::Plain),
            r#"{"payload":{"resource_type":"check","action":"check.completed","object":{"id":"c1","status":"complete","href":"http://x/v3.6/checks/c1"}}}"#
        );
        let strange = body(CHECK_COMPLETED, object(), None, Telling::UnknownStatus);
        let strange: Value = serde_json::from_slice(&strange).unwrap();
        assert_eq!(
            (&strange["payload"]["action"], &strange["payload"]["object"]["status"]),
            (&json!("check.reconsidered"), &json!("under_reconsideration"))
        );
        let news: Value = serde_json::from_slice(&body(CHECK_COMPLETED, object(), None, Telling::UnknownFields)).unwrap();
        assert!(news["payload"]["api_revision"].is_string());
    }
}
