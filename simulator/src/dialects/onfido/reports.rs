//! Reports: what a check is made of. All of one check end together; each is told of before the check is.

use hyper::StatusCode;
use kycsim_scenarios::vendor::Reason;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::breakdown::{Finding, tree};
use super::checks::{Check, Report, Verdict};
use super::desk::{OnfidoDesk, Visit};
use super::errors::{invalid, not_found};
use super::media::{Medium, MediumKind};
use super::report_kinds::{Family, ReportKind};
use super::shelf::Named as _;
use super::wire::{self, Time, href, uuid};
use crate::dialects::Reply;
use crate::id::digest;
use crate::refusal::Refusal;

/// What the sandbox reads of every document.
pub(super) const SANDBOX_BIRTH: &str = "1990-01-01";
pub(super) const SANDBOX_EXPIRY: &str = "2031-05-28";
pub(super) const SANDBOX_NUMBER: &str = "999999999";
pub(super) const SANDBOX_COUNTRY: &str = "GBR";
const SANDBOX_TYPE: &str = "passport";
/// What is read where that is the matter.
const EXPIRED: &str = "2019-05-28";
const UNDERAGE_BIRTH: &str = "2015-01-01";

#[derive(Serialize)]
struct ReportWire<'a> {
    id: &'a str,
    name: &'a str,
    created_at: Time,
    status: &'static str,
    result: Option<&'static str>,
    sub_result: Option<&'static str>,
    check_id: &'a str,
    href: String,
    documents: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    live_photos: Option<Vec<Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    live_videos: Option<Vec<Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    motion_captures: Option<Vec<Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_photos: Option<Vec<Value>>,
    breakdown: Map<String, Value>,
    properties: Map<String, Value>,
}

impl OnfidoDesk {
    /// Returns the id of the check that a report is of.
    pub(super) fn check_of_report(&self, report: &str) -> Result<&str, Refusal> {
        self.state.works.reports.get(report).map(String::as_str).ok_or_else(|| not_found("Report", report))
    }

    fn wire_of_report<'c>(&self, check: &'c Check, place: usize, report: &'c Report, verdict: Option<&Verdict>) -> Option<ReportWire<'c>> {
        let kind = *check.kinds().get(place)?;
        let media = |wanted: MediumKind| self.latest(check, wanted).into_iter();
        let references = |wanted| media(wanted).map(Medium::reference).collect::<Vec<_>>();
        let facial = kind.family == Family::Facial;
        let documents: Vec<Value> = media(MediumKind::Document).map(|medium| json!({"id": medium.id()})).collect();
        let finding =
            verdict.filter(|_| !report.cancelled).and_then(|verdict| Some((verdict, check.findings(verdict).get(place)?.clone())));
        let (status, breakdown, properties) = match &finding {
            None if report.cancelled => ("cancelled", Map::new(), Map::new()),
            None => ("awaiting_data", Map::new(), Map::new()),
            Some((verdict, finding)) => {
                let document = documents.first().and_then(|document| document["id"].as_str());
                let breakdown = tree(kind, finding, |leaf| leaf_properties(leaf, verdict, document));
                ("complete", breakdown, self.properties(check, kind, verdict, finding))
            }
        };
        let looks_at_documents = facial || kind.family == Family::Document || kind.family == Family::ProofOfAddress;
        Some(ReportWire {
            id: &report.id,
            name: kind.name,
            created_at: Time::of(self.wall, check.created_at),
            status,
            result: finding.as_ref().map(|(_, finding)| finding.result),
            sub_result: finding.as_ref().and_then(|(_, finding)| finding.sub_result),
            check_id: check.id(),
            href: href(&format!("reports/{}", report.id)),
            documents: if looks_at_documents { documents } else { Vec::new() },
            live_photos: facial.then(|| references(MediumKind::LivePhoto)),
            live_videos: facial.then(|| references(MediumKind::LiveVideo)),
            motion_captures: facial.then(|| references(MediumKind::MotionCapture)),
            id_photos: facial.then(|| references(MediumKind::IdPhoto)),
            breakdown,
            properties,
        })
    }

    /// Returns what a check looks at: the documents that it was told of, or else the latest of each side; of all else the latest.
    fn latest(&self, check: &Check, kind: MediumKind) -> Vec<&Medium> {
        let named = check.request.documents();
        let uploaded = self.state.applicants.get(&check.applicant).map(|applicant| applicant.media.as_slice()).unwrap_or_default();
        let all = || uploaded.iter().rev().filter_map(|id| self.state.media.get(id)).filter(|medium| medium.kind == kind);
        if kind == MediumKind::Document && !named.is_empty() {
            return all().filter(|medium| named.iter().any(|id| id == medium.id())).collect();
        }
        let mut latest: Vec<&Medium> = Vec::new();
        for medium in all() {
            if !latest.iter().any(|known| known.slot() == medium.slot()) {
                latest.push(medium);
            }
        }
        latest
    }

    fn properties(&self, check: &Check, kind: &ReportKind, verdict: &Verdict, finding: &Finding) -> Map<String, Value> {
        let profile = self.state.applicants.get(&check.applicant).map(|applicant| &applicant.profile);
        let name = |pick: fn(&super::profile::Profile) -> &Option<String>| profile.and_then(|profile| pick(profile).clone());
        let (first_name, last_name) = (name(|profile| &profile.first_name), name(|profile| &profile.last_name));
        let is = |reason: Reason| verdict.reasons.contains(&reason);
        let hit = finding.result != "clear";
        let properties = match kind.family {
            Family::Document => json!({
                "document_type": SANDBOX_TYPE,
                "issuing_country": SANDBOX_COUNTRY,
                "nationality": null,
                "gender": null,
                "first_name": first_name,
                "last_name": last_name,
                "date_of_birth": if is(Reason::Underage) { UNDERAGE_BIRTH } else { SANDBOX_BIRTH },
                "date_of_expiry": if is(Reason::DocumentExpired) { EXPIRED } else { SANDBOX_EXPIRY },
                "document_numbers": [{"type": "document_number", "value": SANDBOX_NUMBER}],
            }),
            Family::Facial => json!({ "score": verdict.facial_score() }),
            Family::Watchlist if hit && kind.name == "watchlist_enhanced" => json!({ "records": [{
                "full_name": full_name(first_name.as_deref(), last_name.as_deref()),
                "address": [], "alias": [], "associate": [], "attribute": [], "date_of_birth": [SANDBOX_BIRTH], "position": [],
                "event": [{"category": "Sanctions", "sub_category": "Sample", "event_description": "A sample of a hit"}],
                "source": [{"source_name": "Sample list", "source_headline": "A sample of a hit"}],
            }] }),
            Family::Watchlist if hit => json!({ "records": [{"full_name": full_name(first_name.as_deref(), last_name.as_deref())}] }),
            Family::Watchlist => json!({ "records": [] }),
            Family::KnownFaces if hit => {
                let named = |what: &str| uuid(digest(what, &[check.id().as_bytes()]));
                let seen = json!({"applicant_id": named("seen applicant"), "score": verdict.facial_score(), "media_id": named("seen photo"),
                    "media_type": "live_photos", "suspected": true});
                json!({ "matches": [seen] })
            }
            Family::KnownFaces => json!({ "matches": [] }),
            Family::ProofOfAddress => json!({
                "address": null, "document_type": "utility_bill", "first_names": first_name, "last_names": last_name,
                "issue_date": "2026-01-01", "issuer": "A sample issuer", "summary_period_start": null, "summary_period_end": null,
            }),
            Family::IdentityEnhanced | Family::Other => json!({}),
        };
        if let Value::Object(properties) = properties { properties } else { Map::new() }
    }

    pub(super) fn show_report(&self, id: &str, visit: &mut Visit<'_, '_>) -> Result<Reply, Refusal> {
        let check = self.check_of_report(id)?;
        let verdict = self.seen(check, visit)?;
        let check = self.check(check)?;
        let (place, report) = check.report(id).ok_or_else(|| not_found("Report", id))?;
        let report = self.wire_of_report(check, place, report, verdict.as_ref());
        Ok(wire::json(StatusCode::OK, &report))
    }

    pub(super) fn list_reports(&self, check: &str, visit: &mut Visit<'_, '_>) -> Result<Reply, Refusal> {
        let verdict = self.seen(check, visit)?;
        let check = self.check(check)?;
        let reports = check.reports.iter().enumerate();
        let shown: Vec<_> = reports.filter_map(|(place, report)| self.wire_of_report(check, place, report, verdict.as_ref())).collect();
        Ok(wire::json(StatusCode::OK, &json!({ "reports": shown })))
    }

    /// Lets a report go on that was paused. None of ours ever is, so one that goes on goes on.
    pub(super) fn resume_report(&self, id: &str) -> Result<Reply, Refusal> {
        self.unfinished_report(id).map(|_| wire::no_content())
    }

    /// Has a report not finished. The check goes by the others.
    pub(super) fn cancel_report(&mut self, id: &str) -> Result<Reply, Refusal> {
        let check = self.unfinished_report(id)?;
        let reports = self.state.checks.get_mut(&check).map(|check| check.reports.iter_mut());
        if let Some(report) = reports.and_then(|mut reports| reports.find(|report| report.id == id)) {
            report.cancelled = true;
        }
        Ok(wire::no_content())
    }

    fn unfinished_report(&self, id: &str) -> Result<String, Refusal> {
        let check = self.check(self.check_of_report(id)?)?;
        let cancelled = check.report(id).is_some_and(|(_, report)| report.cancelled);
        if check.verdict.is_some() || cancelled { Err(invalid("status", "the report is complete")) } else { Ok(check.id().to_owned()) }
    }

    /// Returns how often the applicant of a report was looked at before, and how that ended.
    pub(super) fn repeat_attempts(&self, id: &str) -> Result<Reply, Refusal> {
        let check = self.check(self.check_of_report(id)?)?;
        let applicant = self.applicant(&check.applicant)?;
        let others = applicant.checks.iter().filter(|other| *other != check.id()).filter_map(|other| self.state.checks.get(other));
        let (mut attempts, mut clear) = (Vec::new(), 0_u32);
        for other in others {
            let Some(verdict) = &other.verdict else { continue };
            let findings = other.findings(verdict);
            let document = other.kinds().iter().position(|kind| kind.family == Family::Document);
            let Some((report, finding)) = document.and_then(|place| Some((other.reports.get(place)?, findings.get(place)?))) else {
                continue;
            };
            clear += u32::from(finding.result == "clear");
            attempts.push(json!({
                "report_id": report.id,
                "applicant_id": other.applicant,
                "date_of_birth": "match",
                "names": "match",
                "result": finding.result,
                "created_at": Time::of(self.wall, other.created_at),
                "completed_at": Time::of(self.wall, verdict.at),
            }));
        }
        let rate = if attempts.is_empty() { 1.0 } else { f64::from(clear) / attempts.len() as f64 };
        Ok(wire::json(
            StatusCode::OK,
            &json!({"report_id": id, "attempts_count": attempts.len(), "attempts_clear_rate": rate, "unique_mismatches_count": 0,
                "repeat_attempts": attempts}),
        ))
    }
}

fn full_name(first: Option<&str>, last: Option<&str>) -> String {
    [first, last].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// What a leaf has beside its result.
fn leaf_properties(leaf: &str, verdict: &Verdict, document: Option<&str>) -> Map<String, Value> {
    let properties = match leaf {
        "face_match" => vec![("score", json!(verdict.facial_score())), ("document_id", json!(document))],
        "spoofing_detection" => vec![("score", json!(verdict.facial_score()))],
        "total_sources" => vec![("total_number_of_sources", json!("3"))],
        "credit_agencies" => vec![("number_of_matches", json!("1"))],
        _ => Vec::new(),
    };
    properties.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
