//! What customers ask for, read and checked before anybody is asked.

use kycsim_scenarios::vendor::{Check as NeutralCheck, Operation};
use serde_json::Value;

use super::applicants::Listing;
use super::checks::CheckRequest;
use super::errors::{bad_request, forbidden, unauthorized};
use super::fields::{Fields, Parameters};
use super::media::{MediumKind, NewMedium};
use super::monitors::{MatchesRequest, MonitorRequest};
use super::page::Choice;
use super::profile::Profile;
use super::routes::{Place, Route};
use super::tasks::read_completion;
use super::webhooks::{WebhookRequest, read_resent};
use super::workflow_runs::{RunListing, RunRequest};
use crate::callbacks::AllowedHosts;
use crate::dialects::{Incoming, Payload};
use crate::pass::{Pass, PassPurpose};
use crate::refusal::Refusal;
use crate::secret::ApiKey;

/// A request, for the desk.
pub(super) struct Request {
    pub(super) ask: Ask,
    /// The host that it came to, as its client wrote it, with the scheme.
    pub(super) host: String,
    /// What its sender may do; none: whatever the customer may.
    pub(super) pass: Option<Pass>,
}

/// What is asked for; ids as they came.
pub(super) enum Ask {
    Ping,
    AccessToken(ApiKey),
    SdkToken(String),
    NewApplicant(Box<Profile>),
    Applicants(Listing),
    Applicant(String),
    UpdateApplicant(String, Box<Profile>),
    DeleteApplicant(String),
    RestoreApplicant(String),
    Consents(String),
    Upload(NewMedium),
    Media(MediumKind, String),
    Medium(MediumKind, String),
    Download(MediumKind, String),
    DocumentExtra(String),
    NewCheck(CheckRequest),
    Checks(String),
    Check(String),
    ResumeCheck(String),
    DownloadCheck(String),
    Reports(String),
    Report(String),
    ResumeReport(String),
    CancelReport(String),
    RepeatAttempts(String),
    Extraction(String),
    Feedback,
    NewRun(RunRequest),
    Runs(RunListing),
    Run(String),
    SignedEvidence(String),
    EvidenceFolder(String),
    NewTimeline(String),
    Timeline(String, String),
    Tasks(String),
    Task(String, String),
    CompleteTask(String, String, Value),
    NewWebhook(Box<WebhookRequest>),
    Webhooks,
    Webhook(String),
    UpdateWebhook(String, Box<WebhookRequest>),
    DeleteWebhook(String),
    Resend(Vec<(String, String)>),
    NewMonitor(MonitorRequest),
    Monitors(String, bool),
    Monitor(String),
    DeleteMonitor(String),
    Matches(String),
    UpdateMatches(String, MatchesRequest),
    NewReport(String),
    Page,
    PageChoice(Option<Choice>),
}

/// Returns what a request asks for.
pub(super) fn read(route: &Route<'_>, incoming: &Incoming<'_>, payload: Payload, hosts: &AllowedHosts) -> Result<Ask, Refusal> {
    may(route.place, incoming.pass)?;
    let query = || Parameters::of_query(incoming.head.uri.query());
    let fields = || Fields::of(&payload);
    let id = || route.ids[0].to_owned();
    Ok(match route.place {
        Place::Ping => Ask::Ping,
        Place::OauthToken => access_token(&payload)?,
        Place::SdkToken => Ask::SdkToken(fields()?.needed_text("applicant_id")?),
        Place::NewApplicant => Ask::NewApplicant(Box::new(Profile::read(fields()?)?.complete()?)),
        Place::Applicants => Ask::Applicants(Listing::read(&query())?),
        Place::Applicant => Ask::Applicant(id()),
        Place::UpdateApplicant => Ask::UpdateApplicant(id(), Box::new(Profile::read(fields()?)?)),
        Place::DeleteApplicant => Ask::DeleteApplicant(id()),
        Place::RestoreApplicant => Ask::RestoreApplicant(id()),
        Place::Consents => Ask::Consents(id()),
        Place::Upload(kind) => Ask::Upload(NewMedium::read(kind, payload)?),
        Place::Media(kind) => Ask::Media(kind, query().needed("applicant_id")?),
        Place::Medium(kind) => Ask::Medium(kind, id()),
        Place::Download(kind) => Ask::Download(kind, id()),
        Place::DocumentExtra => Ask::DocumentExtra(id()),
        Place::NewCheck => Ask::NewCheck(CheckRequest::read(fields()?)?),
        Place::Checks => Ask::Checks(query().needed("applicant_id")?),
        Place::Check => Ask::Check(id()),
        Place::ResumeCheck => Ask::ResumeCheck(id()),
        Place::DownloadCheck => Ask::DownloadCheck(id()),
        Place::Reports => Ask::Reports(query().needed("check_id")?),
        Place::Report => Ask::Report(id()),
        Place::ResumeReport => Ask::ResumeReport(id()),
        Place::CancelReport => Ask::CancelReport(id()),
        Place::RepeatAttempts => Ask::RepeatAttempts(id()),
        Place::Extraction => Ask::Extraction(fields()?.needed_text("document_id")?),
        Place::Feedback => Ask::Feedback,
        Place::NewRun => Ask::NewRun(RunRequest::read(fields()?)?),
        Place::Runs => Ask::Runs(RunListing::read(&query())?),
        Place::Run => Ask::Run(id()),
        Place::SignedEvidence => Ask::SignedEvidence(id()),
        Place::EvidenceFolder => Ask::EvidenceFolder(id()),
        Place::NewTimeline => Ask::NewTimeline(id()),
        Place::Timeline => Ask::Timeline(id(), route.ids[1].to_owned()),
        Place::Tasks => Ask::Tasks(id()),
        Place::Task => Ask::Task(id(), route.ids[1].to_owned()),
        Place::CompleteTask => Ask::CompleteTask(id(), route.ids[1].to_owned(), read_completion(&payload)?),
        Place::NewWebhook => Ask::NewWebhook(Box::new(WebhookRequest::read(fields()?, hosts)?.complete()?)),
        Place::Webhooks => Ask::Webhooks,
        Place::Webhook => Ask::Webhook(id()),
        Place::UpdateWebhook => Ask::UpdateWebhook(id(), Box::new(WebhookRequest::read(fields()?, hosts)?)),
        Place::DeleteWebhook => Ask::DeleteWebhook(id()),
        Place::Resend => Ask::Resend(read_resent(fields()?)?),
        Place::NewMonitor => Ask::NewMonitor(MonitorRequest::read(fields()?)?),
        Place::Monitors => Ask::Monitors(query().needed("applicant_id")?, query().flag("include_deleted")?),
        Place::Monitor => Ask::Monitor(id()),
        Place::DeleteMonitor => Ask::DeleteMonitor(id()),
        Place::Matches => Ask::Matches(id()),
        Place::UpdateMatches => Ask::UpdateMatches(id(), MatchesRequest::read(fields()?)?),
        Place::NewReport => Ask::NewReport(id()),
        Place::Page => Ask::Page,
        Place::PageChoice => Ask::PageChoice(match &payload {
            Payload::UrlEncoded(body) => Parameters::of_form(body).text("choice").and_then(Choice::from_word),
            Payload::Nothing | Payload::Json(_) | Payload::Form(_) => None,
        }),
    })
}

/// Refuses what a pass is not for: an SDK token hands in pictures and completes tasks, a link opens its page.
fn may(place: Place, pass: Option<&Pass>) -> Result<(), Refusal> {
    let is_page = matches!(place, Place::Page | Place::PageChoice);
    match pass.map(|pass| pass.purpose) {
        None if is_page => Err(unauthorized()),
        None => Ok(()),
        Some(PassPurpose::Page) if is_page => Ok(()),
        Some(PassPurpose::Device) if matches!(place, Place::Upload(_) | Place::Tasks | Place::Task | Place::CompleteTask) => Ok(()),
        Some(PassPurpose::Page | PassPurpose::Device) => Err(forbidden()),
    }
}

fn access_token(payload: &Payload) -> Result<Ask, Refusal> {
    let Payload::UrlEncoded(body) = payload else { return Err(bad_request("Send client_id and client_secret as a form")) };
    let form = Parameters::of_form(body);
    form.needed("client_id")?;
    ApiKey::new(form.needed("client_secret")?).map(Ask::AccessToken).map_err(|_| unauthorized())
}

impl Ask {
    /// What it comes to, for whoever limits, delays, fails and counts requests.
    pub(super) const fn operation(&self) -> Operation {
        match self {
            Self::NewApplicant(_) => Operation::CreateSession,
            Self::Upload(_) => Operation::Upload,
            Self::NewCheck(_) | Self::CompleteTask(..) => Operation::Submit,
            Self::Check(_) | Self::Checks(_) | Self::Report(_) | Self::Reports(_) | Self::Run(_) => Operation::GetSession,
            Self::Page | Self::PageChoice(_) => Operation::CapturePage,
            Self::Ping
            | Self::AccessToken(_)
            | Self::SdkToken(_)
            | Self::Applicants(_)
            | Self::Applicant(_)
            | Self::UpdateApplicant(..)
            | Self::DeleteApplicant(_)
            | Self::RestoreApplicant(_)
            | Self::Consents(_)
            | Self::Media(..)
            | Self::Medium(..)
            | Self::Download(..)
            | Self::DocumentExtra(_)
            | Self::ResumeCheck(_)
            | Self::DownloadCheck(_)
            | Self::ResumeReport(_)
            | Self::CancelReport(_)
            | Self::RepeatAttempts(_)
            | Self::Extraction(_)
            | Self::Feedback
            | Self::NewRun(_)
            | Self::Runs(_)
            | Self::SignedEvidence(_)
            | Self::EvidenceFolder(_)
            | Self::NewTimeline(_)
            | Self::Timeline(..)
            | Self::Tasks(_)
            | Self::Task(..)
            | Self::NewWebhook(_)
            | Self::Webhooks
            | Self::Webhook(_)
            | Self::UpdateWebhook(..)
            | Self::DeleteWebhook(_)
            | Self::Resend(_)
            | Self::NewMonitor(_)
            | Self::Monitors(..)
            | Self::Monitor(_)
            | Self::DeleteMonitor(_)
            | Self::Matches(_)
            | Self::UpdateMatches(..)
            | Self::NewReport(_) => Operation::Manage,
        }
    }

    /// Which check an upload serves.
    #[expect(clippy::wildcard_enum_match_arm, reason = "nothing else is an upload")]
    pub(super) const fn serves(&self) -> Option<NeutralCheck> {
        match self {
            Self::Upload(new) => new.kind.check(),
            _ => None,
        }
    }
}
