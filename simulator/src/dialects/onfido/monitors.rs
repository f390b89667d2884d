//! Watchlist monitors: who is found on a list long after the check.

use hyper::StatusCode;
use hyper::header::{HeaderValue, LOCATION};
use kycsim_scenarios::SimTime;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::checks::{CheckRequest, Verdict};
use super::desk::{OnfidoDesk, Visit};
use super::errors::{invalid, not_found};
use super::events::{Object, body, is_hit};
use super::fields::Fields;
use super::shelf::Named;
use super::wire::{self, Time, href, uuid};
use crate::dialects::{Reply, Telling};
use crate::id::digest;
use crate::refusal::Refusal;

/// How many monitors an applicant may have: a further one is refused, 422.
const MONITORS_MAX: usize = 20;
/// How many matches a monitor holds: further ones are not entered.
const MATCHES_MAX: usize = 100;

/// A monitor.
#[derive(Serialize, Deserialize)]
pub(super) struct Monitor {
    id: String,
    pub(super) applicant: String,
    report_name: String,
    tags: Vec<String>,
    created_at: SimTime,
    deleted_at: Option<SimTime>,
    matches: Vec<Match>,
}

impl Named for Monitor {
    fn id(&self) -> &str {
        &self.id
    }
}

#[derive(Serialize, Deserialize)]
struct Match {
    id: String,
    enabled: bool,
}

/// What a monitor is asked for with.
pub(super) struct MonitorRequest {
    pub(super) applicant: String,
    report_name: String,
    tags: Vec<String>,
}

impl MonitorRequest {
    pub(super) fn read(mut fields: Fields) -> Result<Self, Refusal> {
        let report_name = fields.needed_text("report_name")?;
        if !["watchlist_standard", "watchlist_aml"].contains(&report_name.as_str()) {
            return Err(invalid("report_name", "must be watchlist_standard or watchlist_aml"));
        }
        Ok(Self { applicant: fields.needed_text("applicant_id")?, report_name, tags: fields.texts("tags")?.unwrap_or_default() })
    }
}

/// Which matches are to be taken for the applicant, and which not.
pub(super) struct MatchesRequest {
    enable: Vec<String>,
    disable: Vec<String>,
}

impl MatchesRequest {
    pub(super) fn read(mut fields: Fields) -> Result<Self, Refusal> {
        Ok(Self { enable: fields.texts("enable")?.unwrap_or_default(), disable: fields.texts("disable")?.unwrap_or_default() })
    }
}

#[derive(Serialize)]
struct MonitorWire<'a> {
    id: &'a str,
    applicant_id: &'a str,
    report_name: &'a str,
    tags: &'a [String],
    created_at: Time,
    deleted_at: Option<Time>,
    is_sandbox: bool,
}

impl OnfidoDesk {
    pub(super) fn monitor(&self, id: &str) -> Result<&Monitor, Refusal> {
        self.state.monitors.get(id).ok_or_else(|| not_found("WatchlistMonitor", id))
    }

    fn wire_of_monitor<'m>(&self, monitor: &'m Monitor) -> MonitorWire<'m> {
        MonitorWire {
            id: &monitor.id,
            applicant_id: &monitor.applicant,
            report_name: &monitor.report_name,
            tags: &monitor.tags,
            created_at: Time::of(self.wall, monitor.created_at),
            deleted_at: monitor.deleted_at.map(|at| Time::of(self.wall, at)),
            is_sandbox: self.sandbox,
        }
    }

    pub(super) fn create_monitor(&mut self, request: &MonitorRequest, visit: &Visit<'_, '_>) -> Result<Reply, Refusal> {
        let applicant = self.present_applicant(&request.applicant)?;
        if applicant.monitors.len() >= MONITORS_MAX {
            return Err(invalid("applicant_id", format!("has {MONITORS_MAX} monitors already")));
        }
        let ordinal = (applicant.monitors.len() as u64).to_le_bytes();
        let monitor = Monitor {
            id: uuid(visit.counter.name("watchlist monitor", &[request.applicant.as_bytes(), &ordinal])),
            applicant: request.applicant.clone(),
            report_name: request.report_name.clone(),
            tags: request.tags.clone(),
            created_at: visit.counter.now(),
            deleted_at: None,
            matches: Vec::new(),
        };
        let reply = wire::json(StatusCode::CREATED, &self.wire_of_monitor(&monitor));
        self.applicant_mut(&request.applicant)?.monitors.push(monitor.id.clone());
        self.state.monitors.put(monitor);
        Ok(reply)
    }

    pub(super) fn show_monitor(&self, id: &str) -> Result<Reply, Refusal> {
        Ok(wire::json(StatusCode::OK, &self.wire_of_monitor(self.monitor(id)?)))
    }

    pub(super) fn list_monitors(&self, applicant: &str, include_deleted: bool) -> Result<Reply, Refusal> {
        let monitors = self.monitors_of(applicant)?.filter(|monitor| include_deleted || monitor.deleted_at.is_none());
        let shown: Vec<_> = monitors.map(|monitor| self.wire_of_monitor(monitor)).collect();
        Ok(wire::json(StatusCode::OK, &json!({ "monitors": shown })))
    }

    fn monitors_of(&self, applicant: &str) -> Result<impl Iterator<Item = &Monitor>, Refusal> {
        Ok(self.present_applicant(applicant)?.monitors.iter().filter_map(|id| self.state.monitors.get(id)))
    }

    pub(super) fn delete_monitor(&mut self, id: &str, visit: &Visit<'_, '_>) -> Result<Reply, Refusal> {
        let monitor = self.state.monitors.get_mut(id).ok_or_else(|| not_found("WatchlistMonitor", id))?;
        monitor.deleted_at.get_or_insert(visit.counter.now());
        Ok(wire::no_content())
    }

    pub(super) fn list_matches(&self, id: &str) -> Result<Reply, Refusal> {
        Ok(wire::json(StatusCode::OK, &json!({"matches": self.monitor(id)?.matches})))
    }

    pub(super) fn update_matches(&mut self, id: &str, request: &MatchesRequest) -> Result<Reply, Refusal> {
        let monitor = self.state.monitors.get_mut(id).ok_or_else(|| not_found("WatchlistMonitor", id))?;
        for found in &mut monitor.matches {
            if request.enable.contains(&found.id) {
                found.enabled = true;
            } else if request.disable.contains(&found.id) {
                found.enabled = false;
            }
        }
        self.list_matches(id)
    }

    /// Makes a check of the monitor's report.
    pub(super) fn new_report(&mut self, id: &str, visit: &mut Visit<'_, '_>) -> Result<Reply, Refusal> {
        let monitor = self.monitor(id)?;
        let request = CheckRequest::for_report(&monitor.applicant, &monitor.report_name, &monitor.tags);
        let check = self.new_check(&request, visit)?;
        let mut reply = wire::json(StatusCode::CREATED, &json!({}));
        if let Ok(location) = HeaderValue::try_from(href(&format!("checks/{check}"))) {
            reply.headers_mut().insert(LOCATION, location);
        }
        Ok(reply)
    }

    /// Enters a match with every monitor of an applicant who was found on a list after all.
    pub(super) fn note_matches(&mut self, applicant: &str, verdict: &Verdict) {
        if !is_hit(Some(verdict)) {
            return;
        }
        let monitors = self.state.applicants.get(applicant).map(|applicant| applicant.monitors.clone()).unwrap_or_default();
        for id in monitors {
            let Some(monitor) = self.state.monitors.get_mut(&id) else { continue };
            if monitor.deleted_at.is_none() && monitor.matches.len() < MATCHES_MAX {
                let name = digest("watchlist match", &[id.as_bytes(), &(monitor.matches.len() as u64).to_le_bytes()]);
                monitor.matches.push(Match { id: uuid(name), enabled: true });
            }
        }
    }

    /// Returns the events that tell of an applicant's new matches.
    pub(super) fn monitor_events(&self, applicant: &str, base: &str) -> Vec<bytes::Bytes> {
        let monitors = self.monitors_of(applicant).into_iter().flatten().filter(|monitor| monitor.deleted_at.is_none());
        let told = |monitor: &Monitor| {
            let object = Object::of(&monitor.id, format!("{base}/watchlist_monitors/{}", monitor.id));
            body("watchlist_monitor.matches_updated", object, None, Telling::Plain)
        };
        monitors.map(told).collect()
    }
}
