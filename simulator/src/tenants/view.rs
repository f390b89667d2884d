//! What whoever runs a test may see of a tenant: plain data, as the library returns it and the admin API writes it.

use jiff::Timestamp;
use kycsim_scenarios::SimTime;
use kycsim_scenarios::language::{DocumentKind, Incident};
use kycsim_scenarios::vendor::{CheckResult, Outcome, Reason, Standing, Status};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::WallEpoch;
use crate::session::Session;

/// One session, as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SessionView {
    /// Its id.
    pub id: String,
    /// Whose it is: the customer's reference.
    pub applicant: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// What the applicant shows.
    pub document: DocumentKind,
    /// Where it stands.
    pub status: Status,
    /// Which attempt it is at, from 1.
    pub attempt: u32,
    /// Grows by one at every change that the customer can see.
    pub version: u64,
    /// The latest decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<DecisionView>,
    /// Where its callbacks go: host and port. None when there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receiver: Option<String>,
    /// When it was begun, by the tenant's time of day.
    pub created_at: Timestamp,
    /// When it changed last, by the tenant's time of day.
    pub updated_at: Timestamp,
}

/// A decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DecisionView {
    /// Which attempt it is about.
    pub attempt: u32,
    /// The conclusion.
    pub outcome: Outcome,
    /// Why.
    pub reasons: Vec<Reason>,
    /// What each check found.
    pub checks: Vec<CheckResult>,
    /// When, by the tenant's time of day.
    pub at: Timestamp,
}

impl SessionView {
    pub(crate) fn of(session: &Session, wall: WallEpoch) -> Self {
        let about = &session.about;
        Self {
            id: about.id.to_string(),
            applicant: about.fate.applicant().to_string(),
            country: about.country.as_str().to_owned(),
            document: about.document,
            status: session.state.status(),
            attempt: session.attempt,
            version: session.version,
            decision: session.decided.as_ref().map(|decided| DecisionView {
                attempt: decided.decision.attempt,
                outcome: decided.decision.outcome,
                reasons: decided.decision.reasons.clone(),
                checks: decided.checks.to_vec(),
                at: wall.at(decided.at),
            }),
            receiver: about.callback_url.as_ref().map(|url| url.receiver().to_owned()),
            created_at: wall.at(about.created_at),
            updated_at: wall.at(session.updated_at),
        }
    }
}

/// One incident, as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IncidentView {
    /// Names it, to stop it.
    pub id: u32,
    /// What people call it.
    pub name: String,
    /// What it does, in words.
    pub describes: String,
    /// Whether somebody started it; the others stand in the scenario.
    pub by_hand: bool,
    /// Whether it is going on.
    pub active: bool,
    /// When it began or will, in microseconds of the tenant's time.
    #[schemars(with = "u64")]
    pub begins: SimTime,
    /// When it is over, in microseconds of the tenant's time.
    #[schemars(with = "u64")]
    pub until: SimTime,
    /// What it is, as it could be written in a file.
    pub incident: Incident,
}

impl From<Standing<'_>> for IncidentView {
    fn from(standing: Standing<'_>) -> Self {
        Self {
            id: standing.id.0,
            name: standing.incident.name().to_owned(),
            describes: standing.incident.describe(),
            by_hand: standing.by_hand,
            active: standing.active,
            begins: standing.begins,
            until: standing.until,
            incident: standing.incident.clone(),
        }
    }
}

/// A receiver of callbacks that has failed lately.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReceiverView {
    /// Host and port.
    pub receiver: String,
    /// How many deliveries have failed since the last that did not.
    pub failed_in_a_row: u32,
    /// Whether it is sent nothing more.
    pub disabled: bool,
}
