//! `incidents`: bad times, started and stopped. Each that is started has a time to live.

use std::time::Duration;

use aide::axum::ApiRouter;
use aide::axum::routing::{delete_with, get_with};
use axum::Json as Answer;
use axum::response::NoContent;
use kycsim_scenarios::incidents as shipped;
use kycsim_scenarios::language::{Incident, Period};
use kycsim_scenarios::vendor::IncidentId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Office;
use super::answers::Created;
use super::extract::{Json, Path};
use super::problem::Problem;
use super::routes::about;
use super::span;
use super::tenant::Of;
use crate::tenants::{INCIDENT_TTL_MAX, IncidentView};

/// How long an incident lives of which that is not said.
const TTL: Duration = Duration::from_secs(5 * 60);

/// An incident to be started: a shipped one by name, or a definition.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WantedIncident {
    /// The name of a shipped one.
    #[serde(default)]
    name: Option<String>,
    /// What it is. It begins now, whatever its `at`.
    #[serde(default)]
    incident: Option<Incident>,
    /// How long it lives at most, such as `"5m"`: at most `"24h"`, by the tenant's clock and by the machine's. 5 min when it is not said.
    #[serde(default, rename = "for")]
    lives: Option<Period>,
}

/// What is going on, went on and is to come.
#[derive(Serialize, JsonSchema)]
struct IncidentList {
    /// In the order in which they are asked.
    incidents: Vec<IncidentView>,
    /// The names of those that can be started by name.
    shipped: Vec<&'static str>,
}

/// An incident's id, in the path.
#[derive(Deserialize, JsonSchema)]
struct Numbered {
    /// Its id.
    id: u32,
}

/// How many were stopped.
#[derive(Serialize, JsonSchema)]
struct Stopped {
    /// How many.
    stopped: usize,
}

/// Returns the shipped incident of this name.
pub(super) fn shipped(name: &str) -> Option<Incident> {
    shipped::load(name).and_then(Result::ok) // none that is shipped is invalid: a test reads them all
}

pub(super) fn routes() -> ApiRouter<Office> {
    ApiRouter::new()
        .api_route(
            "/incidents",
            get_with(list, about("listIncidents", "incidents", "Incidents of the scenario, and those that were started by hand"))
                .post_with(start, about("startIncident", "incidents", "Start an incident; it ends by itself"))
                .delete_with(stop_all, about("stopIncidents", "incidents", "End all incidents that were started by hand")),
        )
        .api_route("/incidents/{id}", delete_with(stop, about("stopIncident", "incidents", "End an incident, even one of the scenario")))
}

async fn list(Of(tenant): Of) -> Answer<IncidentList> {
    Answer(IncidentList { incidents: tenant.incidents(), shipped: shipped::names().collect() })
}

async fn start(
    Of(tenant): Of,
    Json(WantedIncident { name, incident, lives }): Json<WantedIncident>,
) -> Result<Created<IncidentView>, Problem> {
    let incident = match (name, incident) {
        (Some(name), None) => shipped(&name).ok_or_else(|| {
            let names: Vec<&str> = shipped::names().collect();
            Problem::invalid("no_such_shipped_incident", format!("there is no shipped incident `{name}`; there are {}", names.join(", ")))
        })?,
        (None, Some(incident)) => incident,
        (None, None) | (Some(_), Some(_)) => {
            return Err(Problem::invalid("invalid_body", "say either `name`, of a shipped incident, or `incident`, a definition"));
        }
    };
    let ttl = span::bounded("for", lives.map_or(TTL, Period::length), INCIDENT_TTL_MAX)?;
    if ttl.is_zero() {
        return Err(Problem::invalid("too_short", "`for` is a length of time above zero"));
    }
    let IncidentId(id) = tenant.start_incident(incident, ttl)?;
    let started = tenant.incidents().into_iter().find(|incident| incident.id == id);
    let started = started.ok_or_else(|| Problem::conflict("over_already", "the incident is over already"))?;
    Ok(Created { is: started, at: None })
}

async fn stop(Of(tenant): Of, Path(Numbered { id }): Path<Numbered>) -> Result<NoContent, Problem> {
    tenant.stop_incident(IncidentId(id))?;
    Ok(NoContent)
}

async fn stop_all(Of(tenant): Of) -> Result<Answer<Stopped>, Problem> {
    Ok(Answer(Stopped { stopped: tenant.stop_incidents() }))
}
