//! The front desk: applicants and what they uploaded, checks and workflow runs, webhooks and monitors. What each does is in the file of its name.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::StatusCode;
use kycsim_scenarios::SimTime;
use kycsim_scenarios::language::{DocumentKind, EventKind};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::applicants::Applicant;
use super::checks::Check;
use super::errors::{forbidden, invalid, not_found, refuse};
use super::events::{Item, Told};
use super::media::{Medium, MediumKind};
use super::monitors::Monitor;
use super::requests::{Ask, Request};
use super::shelf::Shelf;
use super::tokens::holds;
use super::webhooks::Webhook;
use super::wire::{self, VERSION_PATH};
use super::workflow_runs::Run;
use super::works::Works;
use crate::call::{Answer, Errand, Said, Whose};
use crate::callbacks::{AllowedHosts, Endpoint};
use crate::clock::WallEpoch;
use crate::config::VendorConfig;
use crate::dialects::{Desk, Happening, Herald, Reply, Telling};
use crate::id::SessionId;
use crate::pass::{Pass, PassPurpose, Passes};
use crate::refusal::Refusal;
use crate::secret::{ApiKey, WebhookSecret};
use crate::snapshot::Unsound;
use crate::world::Counter;

/// How tokens begin that are not the sandbox's.
const LIVE: &str = "api_live";

/// Knows what the vendor has beside sessions.
pub(in crate::dialects) struct OnfidoDesk {
    pub(super) wall: WallEpoch,
    pub(super) passes: Passes,
    pub(super) hosts: AllowedHosts,
    pub(super) api_key: ApiKey,
    pub(super) webhook_secret: WebhookSecret,
    /// How long a session waits to be handed in.
    pub(super) session_lifetime: Duration,
    /// Whether everything happens in the sandbox: the API token says so.
    pub(super) sandbox: bool,
    pub(super) state: State,
    /// What is being told of.
    pub(super) telling: Option<Told>,
    /// What was asked for to be told again, and is told as soon as whoever asked was served. Empty between requests.
    pub(super) resent: VecDeque<Item>,
}

/// What is to outlive the process.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) applicants: Shelf<Applicant>,
    pub(super) media: Shelf<Medium>,
    pub(super) checks: Shelf<Check>,
    pub(super) runs: Shelf<Run>,
    pub(super) monitors: Shelf<Monitor>,
    pub(super) webhooks: Vec<Webhook>,
    /// How many there were: tells the ids of later ones from those of earlier ones.
    pub(super) webhooks_made: u64,
    pub(super) works: Works,
}

/// One request that is being served.
pub(super) struct Visit<'a, 'w> {
    pub(super) counter: &'a mut Counter<'w>,
    /// Where the API is, as the client sees it: `http://127.0.0.1:8460/v3.6`.
    pub(super) base: &'a str,
    /// The session that was begun, if one was.
    pub(super) begun: Option<SessionId>,
}

impl Visit<'_, '_> {
    /// Returns the address of the page that a pass opens.
    pub(super) fn page(&self, pass: &str) -> String {
        format!("{}/l/{pass}", self.base.trim_end_matches(VERSION_PATH))
    }
}

impl fmt::Debug for OnfidoDesk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OnfidoDesk").field("applicants", &self.state.applicants.len()).finish_non_exhaustive()
    }
}

impl OnfidoDesk {
    pub(in crate::dialects) fn new(config: &VendorConfig, passes: Passes) -> Self {
        Self {
            wall: config.clock.wall(),
            passes,
            hosts: config.callback_hosts.clone(),
            api_key: config.api_key.clone(),
            webhook_secret: config.webhook_secret.clone(),
            session_lifetime: config.scenario.vendor.session_lifetime.length(),
            sandbox: !config.api_key.reveal().starts_with(LIVE),
            state: State::default(),
            telling: None,
            resent: VecDeque::new(),
        }
    }

    /// Refuses what a pass is not for.
    fn may(&self, request: &Request, now: SimTime) -> Result<(), Refusal> {
        let Some(pass) = &request.pass else { return Ok(()) };
        holds(pass, now)?;
        if pass.purpose == PassPurpose::Page {
            return Ok(());
        }
        let applicant = if let Ask::Upload(new) = &request.ask {
            &new.applicant
        } else if let Ask::Tasks(run) | Ask::Task(run, _) | Ask::CompleteTask(run, ..) = &request.ask {
            &self.run(run)?.applicant
        } else {
            return Err(forbidden());
        };
        if applicant == pass.session.as_str() { Ok(()) } else { Err(forbidden()) }
    }

    fn answer(&mut self, request: &Request, visit: &mut Visit<'_, '_>) -> Result<Reply, Refusal> {
        self.may(request, visit.counter.now())?;
        match &request.ask {
            Ask::Ping => Ok(wire::of_type(StatusCode::OK, "text/plain", Bytes::from_static(b"OK"))),
            Ask::AccessToken(secret) => self.access_token(secret),
            Ask::SdkToken(applicant) => self.give_sdk_token(applicant, visit),
            Ask::NewApplicant(profile) => self.create_applicant(profile, visit),
            Ask::Applicants(listing) => Ok(self.list_applicants(listing, visit)),
            Ask::Applicant(id) => self.show_applicant(id),
            Ask::UpdateApplicant(id, news) => self.update_applicant(id, news),
            Ask::DeleteApplicant(id) => self.delete_applicant(id, visit),
            Ask::RestoreApplicant(id) => self.restore_applicant(id),
            Ask::Consents(id) => self.list_consents(id),
            Ask::Upload(new) => self.upload(new, visit),
            Ask::Media(kind, applicant) => self.list_media(*kind, applicant),
            Ask::Medium(kind, id) => self.show_medium(*kind, id),
            Ask::Download(kind, id) => self.download_medium(*kind, id),
            Ask::DocumentExtra(id) => Err(not_found("File of document", id)),
            Ask::NewCheck(check) => self.create_check(check, visit),
            Ask::Checks(applicant) => self.list_checks(applicant, visit),
            Ask::Check(id) => self.show_check(id, visit),
            Ask::ResumeCheck(id) => self.resume_check(id),
            Ask::DownloadCheck(id) => self.download_check(id),
            Ask::Reports(check) => self.list_reports(check, visit),
            Ask::Report(id) => self.show_report(id, visit),
            Ask::ResumeReport(id) => self.resume_report(id),
            Ask::CancelReport(id) => self.cancel_report(id),
            Ask::RepeatAttempts(id) => self.repeat_attempts(id),
            Ask::Extraction(document) => self.extract(document),
            Ask::Feedback => Ok(wire::json(StatusCode::OK, &json!({}))),
            Ask::NewRun(run) => self.create_run(run, visit),
            Ask::Runs(listing) => self.list_runs(listing, visit),
            Ask::Run(id) => self.show_run(id, visit),
            Ask::SignedEvidence(id) => self.signed_evidence(id),
            Ask::EvidenceFolder(id) => self.evidence_folder(id),
            Ask::NewTimeline(id) => self.create_timeline(id, visit),
            Ask::Timeline(id, file) => self.show_timeline(id, file, visit),
            Ask::Tasks(run) => self.list_tasks(run),
            Ask::Task(run, task) => self.show_task(run, task),
            Ask::CompleteTask(run, task, data) => self.complete_task(run, task, data, visit),
            Ask::NewWebhook(said) => self.create_webhook(said, visit),
            Ask::Webhooks => Ok(self.list_webhooks()),
            Ask::Webhook(id) => self.show_webhook(id),
            Ask::UpdateWebhook(id, said) => self.update_webhook(id, said),
            Ask::DeleteWebhook(id) => self.delete_webhook(id),
            Ask::Resend(items) => self.resend(items, visit),
            Ask::NewMonitor(monitor) => self.create_monitor(monitor, visit),
            Ask::Monitors(applicant, include_deleted) => self.list_monitors(applicant, *include_deleted),
            Ask::Monitor(id) => self.show_monitor(id),
            Ask::DeleteMonitor(id) => self.delete_monitor(id, visit),
            Ask::Matches(id) => self.list_matches(id),
            Ask::UpdateMatches(id, matches) => self.update_matches(id, matches),
            Ask::NewReport(id) => self.new_report(id, visit),
            Ask::Page => pass_of(request).and_then(|pass| self.show_page(pass, visit)),
            Ask::PageChoice(choice) => pass_of(request).and_then(|pass| self.choose(pass, *choice, visit)),
        }
    }

    fn session_of_applicant(&self, id: &str) -> Result<Whose, Refusal> {
        self.applicant(id)?.session().cloned().map(Whose::Session).ok_or(Refusal::NoSuchSession)
    }

    fn session_of_check(&self, id: &str) -> Result<Whose, Refusal> {
        Ok(Whose::Session(self.check(id)?.session.clone()))
    }

    fn session_of_run(&self, id: &str) -> Result<Whose, Refusal> {
        Ok(Whose::Session(self.run(id)?.session.clone()))
    }

    fn session_of_medium(&self, kind: MediumKind, id: &str) -> Result<Whose, Refusal> {
        self.session_of_applicant(&self.medium(kind, id)?.applicant)
    }
}

fn pass_of(request: &Request) -> Result<&Pass, Refusal> {
    request.pass.as_ref().ok_or_else(forbidden)
}

fn request_of(errand: &Errand) -> Result<&Request, Refusal> {
    // An errand of another dialect's never comes here.
    errand.wants.downcast_ref().ok_or_else(|| Refusal::NoSuchEndpoint { nearest: String::new() })
}

impl Desk for OnfidoDesk {
    fn tells(&self) -> &'static [EventKind] {
        &[EventKind::Processing, EventKind::Decided, EventKind::Expired]
    }

    fn whose(&self, errand: &Errand) -> Result<Whose, Refusal> {
        let request = request_of(errand)?;
        match &request.ask {
            Ask::Ping
            | Ask::AccessToken(_)
            | Ask::Applicants(_)
            | Ask::Feedback
            | Ask::Runs(_)
            | Ask::NewWebhook(_)
            | Ask::Webhooks
            | Ask::Webhook(_)
            | Ask::UpdateWebhook(..)
            | Ask::DeleteWebhook(_)
            | Ask::Resend(_) => Ok(Whose::Nobody),
            Ask::NewApplicant(profile) => Ok(Whose::New {
                applicant: self.key_of(profile),
                country: profile.country().ok_or_else(|| invalid("address.country", "is not a country"))?,
                document: DocumentKind::Passport,
            }),
            Ask::SdkToken(id)
            | Ask::Applicant(id)
            | Ask::UpdateApplicant(id, _)
            | Ask::DeleteApplicant(id)
            | Ask::RestoreApplicant(id)
            | Ask::Consents(id)
            | Ask::Media(_, id)
            | Ask::Checks(id)
            | Ask::Monitors(id, _) => self.session_of_applicant(id),
            Ask::Upload(new) => self.session_of_applicant(&new.applicant),
            Ask::NewCheck(check) => self.session_of_applicant(&check.applicant),
            Ask::NewRun(run) => self.session_of_applicant(&run.applicant),
            Ask::NewMonitor(monitor) => self.session_of_applicant(&monitor.applicant),
            Ask::Medium(kind, id) | Ask::Download(kind, id) => self.session_of_medium(*kind, id),
            Ask::DocumentExtra(id) | Ask::Extraction(id) => self.session_of_medium(MediumKind::Document, id),
            Ask::Check(id) | Ask::ResumeCheck(id) | Ask::DownloadCheck(id) | Ask::Reports(id) => self.session_of_check(id),
            Ask::Report(id) | Ask::ResumeReport(id) | Ask::CancelReport(id) | Ask::RepeatAttempts(id) => {
                self.session_of_check(self.check_of_report(id)?)
            }
            Ask::Run(id)
            | Ask::SignedEvidence(id)
            | Ask::EvidenceFolder(id)
            | Ask::NewTimeline(id)
            | Ask::Timeline(id, _)
            | Ask::Tasks(id)
            | Ask::Task(id, _)
            | Ask::CompleteTask(id, ..) => self.session_of_run(id),
            Ask::Monitor(id) | Ask::DeleteMonitor(id) | Ask::Matches(id) | Ask::UpdateMatches(id, _) | Ask::NewReport(id) => {
                self.session_of_applicant(&self.monitor(id)?.applicant)
            }
            Ask::Page | Ask::PageChoice(_) => Ok(Whose::Session(pass_of(request)?.session.clone())),
        }
    }

    fn serve(&mut self, errand: &Errand, counter: &mut Counter<'_>) -> Result<Said, Refusal> {
        let request = request_of(errand)?;
        let base = format!("{}{VERSION_PATH}", request.host);
        let mut visit = Visit { counter, base: &base, begun: None };
        let reply = match self.answer(request, &mut visit) {
            Ok(reply) => reply,
            Err(own @ Refusal::Own(_)) => refuse(&own),
            Err(refusal) => return Err(refusal),
        };
        Ok(Said { answer: Answer::Whole(reply), request: errand.cause.request.clone(), session: visit.begun, told: None })
    }

    fn note(&mut self, happening: &Happening<'_>) {
        self.take_note(happening);
    }

    fn event_name(&self, happening: &Happening<'_>) -> Option<&'static str> {
        self.name_of_event(happening)
    }

    fn event(&self, happening: &Happening<'_>, _id: &str, telling: Telling) -> Bytes {
        self.body_of_event(happening, telling)
    }

    fn heralds(&self, happening: &Happening<'_>) -> Vec<Herald> {
        self.heralds_of(happening)
    }

    fn endpoints(&self, event: &str) -> Vec<Arc<Endpoint>> {
        self.webhooks_for(event)
    }

    fn endpoint(&self, id: &str) -> Option<Arc<Endpoint>> {
        self.endpoint_of(id)
    }

    fn keep(&self) -> serde_json::Value {
        serde_json::to_value(&self.state).unwrap_or_default() // texts and numbers: this cannot fail
    }

    fn resume(&mut self, kept: serde_json::Value) -> Result<(), Unsound> {
        if kept.is_null() {
            return Ok(()); // of a vendor that spoke another dialect
        }
        self.state = serde_json::from_value(kept).map_err(|_| Unsound::Unreadable("what the vendor has beside sessions"))?;
        self.state.webhooks.iter_mut().try_for_each(|webhook| webhook.ready(&self.hosts))
    }
}
