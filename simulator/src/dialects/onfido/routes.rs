use hyper::Method;

use super::media::MediumKind;
use super::wire::VERSION_PATH;
use crate::dialects::{BodyForm, Door};
use crate::journal::{Endpoint, nearest_endpoint};
use crate::refusal::Refusal;

/// What is at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Ping,
    OauthToken,
    SdkToken,
    NewApplicant,
    Applicants,
    Applicant,
    UpdateApplicant,
    DeleteApplicant,
    RestoreApplicant,
    Consents,
    Upload(MediumKind),
    Media(MediumKind),
    Medium(MediumKind),
    Download(MediumKind),
    /// What a document of this vendor's never has: the film of it, the face from its chip.
    DocumentExtra,
    NewCheck,
    Checks,
    Check,
    ResumeCheck,
    DownloadCheck,
    Reports,
    Report,
    ResumeReport,
    CancelReport,
    RepeatAttempts,
    Extraction,
    Feedback,
    NewRun,
    Runs,
    Run,
    SignedEvidence,
    EvidenceFolder,
    NewTimeline,
    Timeline,
    Tasks,
    Task,
    CompleteTask,
    NewWebhook,
    Webhooks,
    Webhook,
    UpdateWebhook,
    DeleteWebhook,
    Resend,
    NewMonitor,
    Monitors,
    Monitor,
    DeleteMonitor,
    Matches,
    UpdateMatches,
    NewReport,
    Page,
    PageChoice,
}

use BodyForm::{Form, Json, JsonOrNothing, Nothing, UrlEncodedOrNothing};
use MediumKind::{Document, IdPhoto, LivePhoto, LiveVideo, MotionCapture};

/// Everything there is: method, path, what is there, and which body it wants.
const ROUTES: &[(&str, &str, Place, BodyForm)] = &[
    ("GET", "/v3.6/ping", Place::Ping, Nothing),
    ("POST", "/v3.6/oauth/token", Place::OauthToken, UrlEncodedOrNothing),
    ("POST", "/v3.6/sdk_token", Place::SdkToken, Json),
    ("POST", "/v3.6/applicants", Place::NewApplicant, Json),
    ("GET", "/v3.6/applicants", Place::Applicants, Nothing),
    ("GET", "/v3.6/applicants/{id}", Place::Applicant, Nothing),
    ("PUT", "/v3.6/applicants/{id}", Place::UpdateApplicant, Json),
    ("DELETE", "/v3.6/applicants/{id}", Place::DeleteApplicant, Nothing),
    ("POST", "/v3.6/applicants/{id}/restore", Place::RestoreApplicant, Nothing),
    ("GET", "/v3.6/applicants/{id}/consents", Place::Consents, Nothing),
    ("POST", "/v3.6/documents", Place::Upload(Document), Form),
    ("GET", "/v3.6/documents", Place::Media(Document), Nothing),
    ("GET", "/v3.6/documents/{id}", Place::Medium(Document), Nothing),
    ("GET", "/v3.6/documents/{id}/download", Place::Download(Document), Nothing),
    ("GET", "/v3.6/documents/{id}/nfc_face", Place::DocumentExtra, Nothing),
    ("GET", "/v3.6/documents/{id}/video/download", Place::DocumentExtra, Nothing),
    ("POST", "/v3.6/live_photos", Place::Upload(LivePhoto), Form),
    ("GET", "/v3.6/live_photos", Place::Media(LivePhoto), Nothing),
    ("GET", "/v3.6/live_photos/{id}", Place::Medium(LivePhoto), Nothing),
    ("GET", "/v3.6/live_photos/{id}/download", Place::Download(LivePhoto), Nothing),
    ("POST", "/v3.6/id_photos", Place::Upload(IdPhoto), Form),
    ("GET", "/v3.6/id_photos", Place::Media(IdPhoto), Nothing),
    ("GET", "/v3.6/id_photos/{id}", Place::Medium(IdPhoto), Nothing),
    ("GET", "/v3.6/id_photos/{id}/download", Place::Download(IdPhoto), Nothing),
    ("POST", "/v3.6/live_videos", Place::Upload(LiveVideo), Form),
    ("GET", "/v3.6/live_videos", Place::Media(LiveVideo), Nothing),
    ("GET", "/v3.6/live_videos/{id}", Place::Medium(LiveVideo), Nothing),
    ("GET", "/v3.6/live_videos/{id}/download", Place::Download(LiveVideo), Nothing),
    ("GET", "/v3.6/live_videos/{id}/frame", Place::Download(LiveVideo), Nothing),
    ("POST", "/v3.6/motion_captures", Place::Upload(MotionCapture), Form),
    ("GET", "/v3.6/motion_captures", Place::Media(MotionCapture), Nothing),
    ("GET", "/v3.6/motion_captures/{id}", Place::Medium(MotionCapture), Nothing),
    ("GET", "/v3.6/motion_captures/{id}/download", Place::Download(MotionCapture), Nothing),
    ("GET", "/v3.6/motion_captures/{id}/frame", Place::Download(MotionCapture), Nothing),
    ("POST", "/v3.6/checks", Place::NewCheck, Json),
    ("GET", "/v3.6/checks", Place::Checks, Nothing),
    ("GET", "/v3.6/checks/{id}", Place::Check, Nothing),
    ("POST", "/v3.6/checks/{id}/resume", Place::ResumeCheck, Nothing),
    ("GET", "/v3.6/checks/{id}/download", Place::DownloadCheck, Nothing),
    ("GET", "/v3.6/reports", Place::Reports, Nothing),
    ("GET", "/v3.6/reports/{id}", Place::Report, Nothing),
    ("POST", "/v3.6/reports/{id}/resume", Place::ResumeReport, Nothing),
    ("POST", "/v3.6/reports/{id}/cancel", Place::CancelReport, Nothing),
    ("GET", "/v3.6/repeat_attempts/{id}", Place::RepeatAttempts, Nothing),
    ("POST", "/v3.6/extractions", Place::Extraction, Json),
    ("POST", "/v3.6/results_feedback", Place::Feedback, JsonOrNothing),
    ("POST", "/v3.6/workflow_runs", Place::NewRun, Json),
    ("GET", "/v3.6/workflow_runs", Place::Runs, Nothing),
    ("GET", "/v3.6/workflow_runs/{id}", Place::Run, Nothing),
    ("GET", "/v3.6/workflow_runs/{id}/signed_evidence_file", Place::SignedEvidence, Nothing),
    ("GET", "/v3.6/workflow_runs/{id}/evidence_folder", Place::EvidenceFolder, Nothing),
    ("POST", "/v3.6/workflow_runs/{id}/timeline_file", Place::NewTimeline, Nothing),
    ("GET", "/v3.6/workflow_runs/{id}/timeline_file/{id}", Place::Timeline, Nothing),
    ("GET", "/v3.6/workflow_runs/{id}/tasks", Place::Tasks, Nothing),
    ("GET", "/v3.6/workflow_runs/{id}/tasks/{id}", Place::Task, Nothing),
    ("POST", "/v3.6/workflow_runs/{id}/tasks/{id}/complete", Place::CompleteTask, Json),
    ("POST", "/v3.6/webhooks", Place::NewWebhook, Json),
    ("GET", "/v3.6/webhooks", Place::Webhooks, Nothing),
    ("POST", "/v3.6/webhooks/resend", Place::Resend, Json),
    ("GET", "/v3.6/webhooks/{id}", Place::Webhook, Nothing),
    ("PUT", "/v3.6/webhooks/{id}", Place::UpdateWebhook, Json),
    ("DELETE", "/v3.6/webhooks/{id}", Place::DeleteWebhook, Nothing),
    ("POST", "/v3.6/watchlist_monitors", Place::NewMonitor, Json),
    ("GET", "/v3.6/watchlist_monitors", Place::Monitors, Nothing),
    ("GET", "/v3.6/watchlist_monitors/{id}", Place::Monitor, Nothing),
    ("DELETE", "/v3.6/watchlist_monitors/{id}", Place::DeleteMonitor, Nothing),
    ("GET", "/v3.6/watchlist_monitors/{id}/matches", Place::Matches, Nothing),
    ("PATCH", "/v3.6/watchlist_monitors/{id}/matches", Place::UpdateMatches, Json),
    ("POST", "/v3.6/watchlist_monitors/{id}/new_report", Place::NewReport, Nothing),
    ("GET", "/l/{id}", Place::Page, Nothing),
    ("POST", "/l/{id}", Place::PageChoice, UrlEncodedOrNothing),
];

/// Longer than any id that was given out.
const ID_MAX: usize = 64;
/// Where applicants go, and not the customer.
pub(super) const PAGE: &str = "/l/";

/// What a request is about: the place, and the ids in its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Route<'p> {
    pub(super) place: Place,
    pub(super) door: Door,
    /// The ids in the path, in their order; empty where there is none.
    pub(super) ids: [&'p str; 2],
}

/// Returns what is at this address.
pub(super) fn route<'p>(method: &Method, path: &'p str) -> Result<Route<'p>, Refusal> {
    let mut allowed = None;
    for (at_method, pattern, place, body) in ROUTES {
        let Some(ids) = ids(pattern, path) else { continue };
        if *at_method != method.as_str() {
            allowed.get_or_insert(*at_method);
            continue;
        }
        let open = matches!(place, Place::OauthToken);
        return Ok(Route { place: *place, door: Door { body: *body, repeatable: false, open }, ids });
    }
    Err(match allowed {
        Some(allowed) => Refusal::MethodNotAllowed { allowed },
        None => {
            let endpoints: Vec<Endpoint> = ROUTES.iter().map(|(method, path, ..)| Endpoint { method, path }).collect();
            Refusal::NoSuchEndpoint { nearest: nearest_endpoint(method.as_str(), path, &endpoints) }
        }
    })
}

/// Returns the ids in a path that follows a pattern.
fn ids<'p>(pattern: &str, path: &'p str) -> Option<[&'p str; 2]> {
    let (mut ids, mut found) = ([""; 2], 0);
    let mut parts = path.split('/');
    for wanted in pattern.split('/') {
        let part = parts.next()?;
        if wanted != "{id}" {
            if part != wanted {
                return None;
            }
            continue;
        }
        // The text of a pass is longer than any id; whether it is one was found out before.
        if part.is_empty() || (part.len() > ID_MAX && path.starts_with(VERSION_PATH)) {
            return None;
        }
        *ids.get_mut(found)? = part;
        found += 1;
    }
    parts.next().is_none().then_some(ids)
}

/// Returns the text of the pass that an address of the hosted page has.
pub(super) fn pass_in(path: &str) -> Option<&str> {
    path.strip_prefix(PAGE).filter(|text| !text.is_empty() && !text.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(method: &Method, path: &str, expected: Result<(Place, [&str; 2]), Refusal>) {
        assert_eq!(route(method, path).map(|route| (route.place, route.ids)), expected, "{method} {path}");
    }

    #[test]
    fn every_address_leads_somewhere_or_says_that_it_does_not() {
        check(&Method::POST, "/v3.6/checks", Ok((Place::NewCheck, ["", ""])));
        check(&Method::GET, "/v3.6/checks/c1", Ok((Place::Check, ["c1", ""])));
        check(&Method::POST, "/v3.6/workflow_runs/r1/tasks/t1/complete", Ok((Place::CompleteTask, ["r1", "t1"])));
        check(&Method::POST, "/v3.6/webhooks/resend", Ok((Place::Resend, ["", ""])));
        check(&Method::GET, "/l/abc", Ok((Place::Page, ["abc", ""])));
        check(&Method::DELETE, "/v3.6/checks/c1", Err(Refusal::MethodNotAllowed { allowed: "GET" }));
        for path in ["/", "/v3.6", "/v3.6/", "/v3.6/checks/", "/v3.6/checks/c1/", "/v3.5/checks", "/checks", "/l/", "/l/a/b"] {
            let nowhere = route(&Method::GET, path);
            assert!(matches!(nowhere, Err(Refusal::NoSuchEndpoint { .. })), "{path}: {nowhere:?}");
        }
        let long = format!("/v3.6/checks/{}", "c".repeat(ID_MAX + 1));
        assert!(route(&Method::GET, &long).is_err());
    }

    #[test]
    fn the_page_is_opened_with_the_pass_in_its_address() {
        assert_eq!(pass_in("/l/abc"), Some("abc"));
        for path in ["/l/", "/l/a/b", "/v3.6/checks", ""] {
            assert_eq!(pass_in(path), None);
        }
    }

    #[test]
    fn the_page_of_the_dialect_names_every_address() {
        let page = include_str!("../../../../docs/dialects/onfido.md");
        for (method, path, ..) in ROUTES.iter().filter(|(_, path, ..)| path.starts_with(VERSION_PATH)) {
            let told = format!("`{method} {}`", path.trim_start_matches(VERSION_PATH));
            assert!(page.contains(&told), "{told} is not on the page");
        }
    }
}
