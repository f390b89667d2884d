//! `tenants`: made, listed, looked at and deleted. And what is reset.

use std::sync::Arc;

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::Json as Answer;
use axum::extract::State;
use axum::response::NoContent;
use kycsim_scenarios::{Scenario, catalogue};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answers::Created;
use super::clock::{ClockView, Mode};
use super::extract::Json;
use super::problem::Problem;
use super::routes::about;
use super::tenant::Of;
use super::{Office, PREFIX};
use crate::callbacks::CallbackUrl;
use crate::counts::Counts;
use crate::dialects::Dialect;
use crate::secret::{ApiKey, WebhookSecret};
use crate::tenants::{NewTenant, TenantHandle};

/// A tenant to be made.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WantedTenant {
    /// 1 to 64 characters of `A-Z a-z 0-9 . _ -`.
    #[schemars(regex(pattern = r"^[A-Za-z0-9._-]{1,64}$"))]
    name: String,
    /// What it plays: the name of a shipped scenario, the text of a scenario file, or the same as JSON. Without it, what the default tenant plays.
    #[serde(default)]
    #[schemars(schema_with = "scenario_schema")]
    scenario: Option<Value>,
    /// Whose API it speaks, such as `generic`; what the scenario says when it is not said.
    #[serde(default)]
    dialect: Option<String>,
    /// What its customers prove themselves with; made up when it is not said.
    #[serde(default)]
    api_key: Option<String>,
    /// What its callbacks are signed with; made up when it is not said.
    #[serde(default)]
    webhook_secret: Option<String>,
    /// Where callbacks go when a session does not say.
    #[serde(default)]
    callback_url: Option<String>,
    /// How its time goes by.
    #[serde(default)]
    clock: Option<Mode>,
    /// Draw all chance from this seed, and not from the scenario's.
    #[serde(default)]
    seed: Option<u64>,
}

fn scenario_schema(generator: &mut SchemaGenerator) -> Schema {
    let scenario = generator.subschema_for::<Scenario>();
    json_schema!({ "anyOf": [{ "type": "string" }, scenario, { "type": "null" }] })
}

/// A tenant that was just made. Its secrets are shown this once.
#[derive(Serialize, JsonSchema)]
struct MadeTenant {
    /// What its customers prove themselves with.
    api_key: String,
    /// What its callbacks are signed with.
    webhook_secret: String,
    #[serde(flatten)]
    view: TenantView,
}

/// A tenant, as it stands.
#[derive(Serialize, JsonSchema)]
struct TenantView {
    #[serde(flatten)]
    summary: TenantSummary,
    /// Its clock.
    clock: ClockView,
    /// What it has done so far.
    counts: Counts,
    /// Its journal.
    requests: JournalView,
}

/// A tenant in a few words.
#[derive(Serialize, JsonSchema)]
struct TenantSummary {
    /// Its name.
    name: String,
    /// The name of what it plays.
    scenario: String,
    /// Whose API it speaks.
    dialect: String,
    /// Whether no decision and no callback is outstanding.
    quiet: bool,
}

/// How much was written into a journal.
#[derive(Serialize, JsonSchema)]
struct JournalView {
    /// Entries written so far: the cursor of the latest.
    last: u64,
    /// Of them, those that were dropped to make room.
    dropped: u64,
}

/// All tenants.
#[derive(Serialize, JsonSchema)]
struct TenantList {
    /// The default one first, then by name.
    tenants: Vec<TenantSummary>,
}

impl TenantSummary {
    fn of(tenant: &TenantHandle) -> Self {
        Self {
            name: tenant.name().to_owned(),
            scenario: tenant.scenario().name.as_str().to_owned(),
            dialect: tenant.dialect().as_str().to_owned(),
            quiet: tenant.is_quiet(),
        }
    }
}

impl TenantView {
    fn of(tenant: &TenantHandle) -> Self {
        Self {
            summary: TenantSummary::of(tenant),
            clock: ClockView::of(tenant),
            counts: tenant.counts(),
            requests: JournalView { last: tenant.journal().last(), dropped: tenant.journal().dropped() },
        }
    }
}

pub(super) fn routes() -> ApiRouter<Office> {
    ApiRouter::new()
        .api_route(
            "/tenants",
            get_with(list, about("listTenants", "tenants", "All tenants")).post_with(
                create,
                about("createTenant", "tenants", "Make a tenant, with sessions, clock, secrets, orders, incidents and journal of its own"),
            ),
        )
        .api_route(
            "/tenants/{tenant}",
            get_with(show, |operation| {
                about("showTenant", "tenants", "One tenant: its counts, clock, and whether it is quiet")(operation)
                    .input::<super::extract::Path<Named>>()
            })
            .delete_with(delete, |operation| {
                about("deleteTenant", "tenants", "Delete a tenant, with all that it knows")(operation)
                    .input::<super::extract::Path<Named>>()
            }),
        )
}

/// What every tenant has at its own address, too.
pub(super) fn routes_of_each() -> ApiRouter<Office> {
    let text = "Take all orders back, end all incidents that were started by hand, forget the journal. Sessions, clock and secrets stay";
    ApiRouter::new().api_route("/reset", post_with(reset, about("reset", "tenants", text)))
}

/// A tenant's name, in the path.
#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "it describes the path; `Of` reads it")]
struct Named {
    /// Its name; `default` is the one that the vendor was started with.
    tenant: String,
}

async fn list(State(office): State<Office>) -> Answer<TenantList> {
    Answer(TenantList { tenants: office.tenants().all().iter().map(TenantSummary::of).collect() })
}

async fn show(Of(tenant): Of) -> Result<Answer<TenantView>, Problem> {
    Ok(Answer(TenantView::of(&tenant)))
}

async fn create(State(office): State<Office>, Json(wanted): Json<WantedTenant>) -> Result<Created<MadeTenant>, Problem> {
    let scenario = match wanted.scenario {
        Some(scenario) => Arc::new(read_scenario(scenario)?),
        None => office.default_tenant().scenario(),
    };
    let mut new = NewTenant::new(wanted.name, scenario);
    if let Some(word) = wanted.dialect {
        let unknown = || Problem::invalid("unknown_dialect", format!("`{word}` is not a dialect; there are: {}", Dialect::words()));
        new = new.dialect(Dialect::from_word(&word).ok_or_else(unknown)?);
    }
    if let Some(key) = wanted.api_key {
        new = new.api_key(ApiKey::new(key).map_err(|error| Problem::invalid("invalid_api_key", error.to_string()))?);
    }
    if let Some(secret) = wanted.webhook_secret {
        new = new.webhook_secret(WebhookSecret::new(secret));
    }
    if let Some(url) = wanted.callback_url {
        let url = CallbackUrl::parse_allowing(&url, office.tenants().callback_hosts());
        new = new.callback_url(url.map_err(|error| Problem::invalid("invalid_callback_url", error.to_string()))?);
    }
    if let Some(mode) = wanted.clock {
        new = new.clock(mode.try_into()?);
    }
    if let Some(seed) = wanted.seed {
        new = new.seed(seed);
    }
    let tenant = office.tenants().create(new)?;
    let made = MadeTenant {
        api_key: tenant.api_key().reveal().to_owned(),
        webhook_secret: tenant.webhook_secret().reveal().to_owned(),
        view: TenantView::of(&tenant),
    };
    Ok(Created { is: made, at: Some(format!("{PREFIX}/tenants/{}", tenant.name())) })
}

/// Reads a scenario in any of its forms.
fn read_scenario(written: Value) -> Result<Scenario, Problem> {
    let invalid = |message: String| Problem::invalid("invalid_scenario", message);
    match written {
        // No name has an equals sign, and no file is without one.
        Value::String(text) if text.contains('=') => Scenario::parse("scenario", &text).map_err(|error| invalid(error.to_string())),
        Value::String(name) => match catalogue::load(&name) {
            Some(shipped) => shipped.map_err(|error| invalid(error.to_string())),
            None => {
                let remedy = catalogue::remedy(&name);
                Err(Problem::invalid("no_such_scenario", format!("there is no shipped scenario `{name}`; {remedy}")))
            }
        },
        written @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            serde_path_to_error::deserialize(written).map_err(|error| invalid(format!("in `scenario.{}`: {}", error.path(), error.inner())))
        }
    }
}

async fn delete(State(office): State<Office>, Of(tenant): Of) -> Result<NoContent, Problem> {
    office.tenants().delete(tenant.name())?;
    Ok(NoContent)
}

async fn reset(Of(tenant): Of) -> Result<NoContent, Problem> {
    tenant.reset();
    Ok(NoContent)
}
