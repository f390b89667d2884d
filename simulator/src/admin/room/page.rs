//! What is on the page, as plain text: the template escapes all of it.

use std::time::Duration;

use askama::Template;
use jiff::Timestamp;
use kycsim_scenarios::SimTime;
use kycsim_scenarios::ledger::DeliveryResult;
use kycsim_scenarios::vendor::{Outcome, Status};

use super::super::Office;
use super::notice::{Done, Notice};
use crate::clock::ClockMode;
use crate::journal::{EntryKind, Filter, Recorded, RecordedDelivery};
use crate::tenants::{IncidentView, SessionView, TenantHandle};

/// How many rows a table has.
const ROWS: usize = 50;
/// How many tenants can be chosen from; a test that makes thousands knows their names.
const TENANTS_MAX: usize = 500;

/// The page.
#[derive(Template)]
#[template(path = "control_room.html")]
pub(super) struct Page {
    nonce: String,
    style: &'static str,
    script: &'static str,
    tenant: String,
    tenants: Vec<String>,
    scenario: String,
    dialect: &'static str,
    notice: Option<Notice>,
    clock: ClockCard,
    counts: Vec<CountCell>,
    rows: usize,
    incidents: Vec<IncidentRow>,
    shipped: Vec<&'static str>,
    sessions: Vec<SessionRow>,
    receivers: Vec<ReceiverRow>,
    deliveries: Vec<DeliveryRow>,
    unmatched: Vec<UnmatchedRow>,
}

struct ClockCard {
    iso: String,
    date: String,
    time: String,
    mode: String,
    tone: &'static str,
    frozen: bool,
    elapsed: String,
}

struct CountCell {
    name: &'static str,
    value: u64,
    warns: bool,
}

struct IncidentRow {
    id: u32,
    name: String,
    describes: String,
    by_hand: bool,
    stops: bool,
    state: &'static str,
    tone: &'static str,
    when: String,
}

struct SessionRow {
    id: String,
    applicant: String,
    status: &'static str,
    tone: &'static str,
    decision: String,
    age: String,
}

struct ReceiverRow {
    name: String,
    failed: u32,
}

struct DeliveryRow {
    event: String,
    nth: String,
    applicant: String,
    receiver: String,
    result: String,
    tone: &'static str,
    why: String,
    defect: String,
    age: String,
}

struct UnmatchedRow {
    method: String,
    path: String,
    status: String,
    age: String,
}

impl Page {
    pub(super) fn of(office: &Office, tenant: &TenantHandle, done: Option<Done>, nonce: String) -> Self {
        let now = tenant.clock().now();
        let mut tenants: Vec<String> = office.tenants().all().iter().take(TENANTS_MAX).map(|each| each.name().to_owned()).collect();
        if !tenants.iter().any(|name| name == tenant.name()) {
            tenants.push(tenant.name().to_owned());
        }
        let disabled = tenant.failing_receivers().into_iter().filter(|receiver| receiver.disabled);
        Self {
            nonce,
            style: include_str!("../../../templates/control_room.css"),
            script: include_str!("../../../templates/control_room.js"),
            tenant: tenant.name().to_owned(),
            tenants,
            scenario: tenant.scenario().name.as_str().to_owned(),
            dialect: tenant.dialect().as_str(),
            notice: done.map(Done::notice),
            clock: ClockCard::of(tenant, now),
            counts: counts(tenant),
            rows: ROWS,
            incidents: tenant.incidents().into_iter().take(ROWS).map(|incident| IncidentRow::of(incident, now)).collect(),
            shipped: kycsim_scenarios::incidents::names().collect(),
            sessions: sessions(tenant, now),
            receivers: disabled.map(|each| ReceiverRow { name: each.receiver, failed: each.failed_in_a_row }).take(ROWS).collect(),
            deliveries: deliveries(tenant, now),
            unmatched: unmatched(tenant, now),
        }
    }
}

impl ClockCard {
    fn of(tenant: &TenantHandle, now: SimTime) -> Self {
        let shown = tenant.clock().wall().at(now);
        let iso = shown.to_string();
        let (date, time) = iso.split_once('T').unwrap_or((&iso, ""));
        let (mode, tone) = match tenant.clock().mode() {
            ClockMode::Real => ("real time".to_owned(), "good"),
            ClockMode::Scaled(scale) => (format!("{} times as fast", scale.factor()), "unsure"),
            ClockMode::Frozen => ("frozen".to_owned(), "unsure"),
        };
        Self {
            date: date.to_owned(),
            time: time.get(..8).unwrap_or(time).to_owned(),
            mode,
            tone,
            frozen: tenant.clock().mode() == ClockMode::Frozen,
            elapsed: age(now.since_start()),
            iso,
        }
    }
}

fn counts(tenant: &TenantHandle) -> Vec<CountCell> {
    let counts = tenant.counts();
    let cell = |name, value| CountCell { name, value, warns: false };
    let warning = |name, value| CountCell { name, value, warns: value > 0 };
    vec![
        cell("requests", counts.requests),
        cell("sessions", counts.sessions),
        cell("decisions", counts.decisions),
        cell("decisions to come", counts.decisions_pending),
        cell("deliveries", counts.deliveries),
        cell("callbacks to come", counts.callbacks_pending),
        warning("requests failed", counts.faults),
        warning("rate limited", counts.rate_limited),
        warning("deliveries failed", counts.deliveries_failed),
        warning("callbacks given up", counts.callbacks_given_up),
    ]
}

impl IncidentRow {
    fn of(incident: IncidentView, now: SimTime) -> Self {
        let IncidentView { id, name, describes, by_hand, active, begins, until, .. } = incident;
        let (state, tone, when) = if active {
            ("going on", "bad", format!("for {} more", age(until.saturating_since(now))))
        } else if now >= until {
            ("over", "plain", format!("for {}", age(now.saturating_since(until))))
        } else if now < begins {
            ("to come", "plain", format!("in {}", age(begins.saturating_since(now))))
        } else {
            ("pausing", "unsure", format!("over in {}", age(until.saturating_since(now))))
        };
        Self { id, name, describes, by_hand, stops: now < until, state, tone, when }
    }
}

fn sessions(tenant: &TenantHandle, now: SimTime) -> Vec<SessionRow> {
    let now = tenant.clock().wall().at(now);
    tenant.sessions(None, None, ROWS).into_iter().map(|session| session_row(session, now)).collect()
}

fn session_row(session: SessionView, now: Timestamp) -> SessionRow {
    let tone = match session.status {
        Status::Approved => "good",
        Status::Declined => "bad",
        Status::Review | Status::ResubmissionRequested => "unsure",
        Status::Collecting | Status::Processing | Status::Expired | Status::Cancelled => "plain",
    };
    let decision = session.decision.map_or_else(String::new, |decision| {
        let why: Vec<_> = decision.reasons.iter().map(|reason| words(reason.as_str())).collect();
        match (decision.outcome, why.is_empty()) {
            (Outcome::Approved, _) | (_, true) => decision.outcome.as_str().to_owned(),
            (outcome, false) => format!("{outcome}: {}", why.join(", ")),
        }
    });
    let alive = Duration::try_from(now.duration_since(session.created_at)).unwrap_or(Duration::ZERO);
    SessionRow { id: session.id, applicant: session.applicant, status: shown(session.status), tone, decision, age: age(alive) }
}

fn shown(status: Status) -> &'static str {
    if status == Status::ResubmissionRequested { "resubmission" } else { status.as_str() }
}

fn deliveries(tenant: &TenantHandle, now: SimTime) -> Vec<DeliveryRow> {
    let filter = Filter { kind: Some(EntryKind::Delivery), ..Filter::default() };
    let latest = tenant.journal().latest(ROWS, &filter);
    let newest_first = latest.entries.iter().rev();
    newest_first
        .filter_map(|entry| match &entry.what {
            Recorded::Delivery(delivery) => Some(delivery_row(delivery, now.saturating_since(entry.at))),
            Recorded::Request(_) => None,
        })
        .collect()
}

fn delivery_row(delivery: &RecordedDelivery, ago: Duration) -> DeliveryRow {
    let (result, tone, why) = match &delivery.result {
        DeliveryResult::Accepted { status } => (format!("accepted {status}"), "good", String::new()),
        DeliveryResult::Refused { status } => (format!("refused {status}"), "bad", String::new()),
        DeliveryResult::Failed { reason } => ("failed".to_owned(), "bad", reason.clone()),
    };
    let copy = if delivery.copy > 0 { format!(" copy {}", delivery.copy + 1) } else { String::new() };
    let again = if delivery.try_number > 1 { format!(" try {}", delivery.try_number) } else { String::new() };
    DeliveryRow {
        event: words(&delivery.event),
        nth: copy + &again,
        applicant: delivery.applicant.to_string(),
        receiver: delivery.receiver.to_string(),
        result,
        tone,
        why,
        defect: delivery.defect.as_deref().map(words).unwrap_or_default(),
        age: age(ago),
    }
}

fn unmatched(tenant: &TenantHandle, now: SimTime) -> Vec<UnmatchedRow> {
    let filter = Filter { kind: Some(EntryKind::Request), unmatched: true, ..Filter::default() };
    let latest = tenant.journal().latest(ROWS, &filter);
    let newest_first = latest.entries.iter().rev();
    newest_first
        .filter_map(|entry| match &entry.what {
            Recorded::Request(request) => Some(UnmatchedRow {
                method: request.method.to_string(),
                path: request.path.to_string(),
                status: request.status.map_or_else(|| "not at all".to_owned(), |status| status.to_string()),
                age: age(now.saturating_since(entry.at)),
            }),
            Recorded::Delivery(_) => None,
        })
        .collect()
}

/// Returns a word of programs as one of people.
fn words(word: &str) -> String {
    word.replace('_', " ")
}

/// Returns a length of time in its two largest units: exact enough for the eye.
fn age(length: Duration) -> String {
    let seconds = length.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, _, _) => format!("{hours} h {} min", minutes % 60),
        (_, _, _) => format!("{days} d {} h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_shown_in_two_units() {
        let check = |seconds, expected| assert_eq!(age(Duration::from_secs(seconds)), expected);
        check(0, "0 s");
        check(59, "59 s");
        check(61, "1 min 1 s");
        check(3_600 + 61, "1 h 1 min");
        check(2 * 86_400 + 3_600, "2 d 1 h");
    }
}
