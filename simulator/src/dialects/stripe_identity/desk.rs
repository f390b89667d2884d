use std::sync::Arc;

use bytes::Bytes;
use kycsim_scenarios::SimTime;
use kycsim_scenarios::language::EventKind;
use serde::{Deserialize, Serialize};

use super::ask::{Ask, Wanted};
use super::ephemeral_keys::still_holds;
use super::errors::{self, no_such};
use super::events::{self, EVENTS_MAX, Told};
use super::files::{File, Link};
use super::reports::Report;
use super::served::Served;
use super::sessions;
use super::shelf::Shelf;
use super::verification::{Redaction, Verification};
use super::webhook_endpoints::{ENDPOINTS_MAX, Hook};
use crate::call::{Answer, Errand, Said, Whose};
use crate::callbacks::{AllowedHosts, Endpoint};
use crate::clock::WallEpoch;
use crate::config::VendorConfig;
use crate::dialects::{Desk, Happening, Telling};
use crate::pass::Passes;
use crate::refusal::Refusal;
use crate::secret::WebhookSecret;
use crate::session::Session;
use crate::snapshot::Unsound;
use crate::world::Counter;

/// How many files, and how many links to them, are known: of more, the oldest are forgotten.
const FILES_MAX: usize = 100_000;
const LINKS_MAX: usize = 10_000;

/// Keeps what this vendor has beside sessions, and tells its events.
pub(in crate::dialects) struct StripeDesk {
    wall: WallEpoch,
    pub(super) passes: Passes,
    /// Where webhook endpoints may be, beside this machine.
    pub(super) hosts: AllowedHosts,
    /// What the secrets of webhook endpoints are drawn from.
    pub(super) secret: WebhookSecret,
    pub(super) known: Known,
}

/// All that is to outlive the process.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Known {
    pub(super) sessions: Shelf<Verification>,
    pub(super) reports: Shelf<Report>,
    pub(super) events: Shelf<Told>,
    pub(super) endpoints: Shelf<Hook>,
    pub(super) files: Shelf<File>,
    pub(super) links: Shelf<Link>,
}

impl StripeDesk {
    pub(in crate::dialects) fn new(config: &VendorConfig, passes: &Passes) -> Self {
        // As many as the core has sessions: there it is refused when there is no room, so none is ever dropped here. Of reports the oldest may be: a session
        // that is tried again has several.
        let sessions = config.limits.sessions;
        Self {
            wall: config.clock.wall(),
            passes: passes.clone(),
            hosts: config.callback_hosts.clone(),
            secret: config.webhook_secret.clone(),
            known: Known {
                sessions: Shelf::new(sessions),
                reports: Shelf::new(sessions),
                events: Shelf::new(EVENTS_MAX),
                endpoints: Shelf::new(ENDPOINTS_MAX),
                files: Shelf::new(FILES_MAX),
                links: Shelf::new(LINKS_MAX),
            },
        }
    }

    /// The time of day in whole seconds, as payloads have it.
    pub(super) fn second(&self, at: SimTime) -> i64 {
        self.wall.at(at).as_second()
    }

    fn attend(&mut self, wanted: &Wanted, counter: &mut Counter<'_>) -> Result<Served, Refusal> {
        if let Some(issued) = wanted.key_issued {
            still_holds(issued, counter.now())?;
        }
        let base = &wanted.base;
        match &wanted.ask {
            Ask::Sessions(ask) => self.serve_sessions(ask, base, counter),
            Ask::Reports(ask) => self.serve_reports(ask),
            Ask::Pages(ask) => self.serve_pages(ask, counter),
            Ask::EphemeralKey(ask) => self.serve_ephemeral_keys(ask, counter),
            Ask::Files(ask) => self.serve_files(ask, base, counter),
            Ask::Events(ask) => self.serve_events(ask),
            Ask::Endpoints(ask) => self.serve_webhook_endpoints(ask, counter),
            Ask::Capture(ask) => self.serve_capture(ask, counter),
        }
    }

    /// Writes the report about a session's latest decision, if it is not written yet.
    pub(super) fn catch_up(&mut self, session: &Session) {
        let Some(name) = Report::name(session) else { return };
        let Some(verification) = self.known.sessions.get_mut(session.about.id.as_str()) else { return };
        if verification.reports().any(|report| report == name) {
            return;
        }
        if let Some(report) = Report::of(verification, session, self.wall) {
            verification.file(name, session.version);
            self.known.reports.put(report);
        }
    }

    fn redacted(&mut self, session: &Session) {
        let Some(verification) = self.known.sessions.get_mut(session.about.id.as_str()) else { return };
        verification.redaction = Some(Redaction::Redacted);
        Arc::make_mut(&mut verification.particulars).redact();
        for report in verification.reports() {
            if let Some(report) = self.known.reports.get_mut(report) {
                report.redacted = true;
            }
        }
    }
}

impl Desk for StripeDesk {
    fn tells(&self) -> &'static [EventKind] {
        EventKind::ALL
    }

    fn whose(&self, errand: &Errand) -> Result<Whose, Refusal> {
        let Some(Wanted { ask, .. }) = errand.wants.downcast_ref() else { return Ok(Whose::Nobody) };
        if let Ask::Sessions(sessions::Ask::Create { particulars, .. }) = ask {
            let applicant = particulars.applicant(self.known.sessions.count());
            return Ok(Whose::New { applicant, country: particulars.country()?, document: particulars.document() });
        }
        match ask.session() {
            None => Ok(Whose::Nobody),
            Some(id) => self.verification(id).map(|_| Whose::Session(id.clone())),
        }
    }

    fn serve(&mut self, errand: &Errand, counter: &mut Counter<'_>) -> Result<Said, Refusal> {
        let request = errand.cause.request.clone();
        let wanted = errand.wants.downcast_ref().ok_or_else(|| no_such("request", &request, "id"))?; // our translator made it
        let served = match self.attend(wanted, counter) {
            Ok(served) => served,
            // In this vendor's own words, and so it is said again to whoever repeats the request.
            Err(Refusal::Own(rebuff)) => Served { answer: Answer::Whole(errors::say(&rebuff, &request)), begun: None },
            Err(refusal) => return Err(refusal),
        };
        Ok(Said { answer: served.answer, request, session: served.begun, told: None })
    }

    fn note(&mut self, happening: &Happening<'_>) {
        let session = happening.session;
        match happening.kind {
            EventKind::Created | EventKind::Expired | EventKind::Cancelled => {}
            EventKind::Processing => {
                if let Ok(verification) = self.verification_mut(&session.about.id) {
                    verification.left = None;
                }
            }
            EventKind::Decided => self.catch_up(session),
            EventKind::Redacted => self.redacted(session),
        }
        self.keep_event(happening);
    }

    fn event_name(&self, happening: &Happening<'_>) -> Option<&'static str> {
        Some(events::name(happening))
    }

    fn event(&self, happening: &Happening<'_>, id: &str, telling: Telling) -> Bytes {
        self.told(happening, id, telling)
    }

    fn endpoints(&self, event: &str) -> Vec<Arc<Endpoint>> {
        self.listening(event).map(Arc::clone).collect()
    }

    fn endpoint(&self, id: &str) -> Option<Arc<Endpoint>> {
        self.known.endpoints.get(id).and_then(Hook::open).cloned()
    }

    fn delivered(&mut self, event: &str, receiver: &str, accepted: bool) {
        self.note_delivery(event, receiver, accepted);
    }

    fn keep(&self) -> serde_json::Value {
        serde_json::to_value(self.known.clone()).unwrap_or_default() // texts and numbers below texts: this cannot fail
    }

    fn resume(&mut self, kept: serde_json::Value) -> Result<(), Unsound> {
        self.known = serde_json::from_value(kept).map_err(|_| Unsound::Unreadable("what the desk knew"))?;
        self.open_endpoints()
    }
}

impl std::fmt::Debug for StripeDesk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StripeDesk").field("sessions", &self.known.sessions.len()).finish_non_exhaustive() // the rest is about people
    }
}
