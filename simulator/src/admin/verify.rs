//! `verify` and `wait`: whether something happened so often, now or soon.

use aide::axum::ApiRouter;
use aide::axum::routing::post_with;
use axum::Json as Answer;
use kycsim_scenarios::language::Period;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Office;
use super::extract::Json;
use super::problem::Problem;
use super::routes::about;
use super::span;
use super::tenant::Of;
use crate::journal::{Pattern, Times, Verification};

/// What should have happened, and how often.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Claim {
    /// What.
    pattern: Pattern,
    /// How often.
    times: Times,
}

/// What should happen soon, and how often.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Hope {
    /// What.
    pattern: Pattern,
    /// How often.
    times: Times,
    /// How long to wait at most, in real time: at most `"60s"`; 10 s when it is not said.
    #[serde(default)]
    within: Option<Period>,
}

pub(super) fn routes() -> ApiRouter<Office> {
    let verifies = "Whether requests or deliveries like this were so many; if there were too few, what came nearest";
    let waits = "Wait until requests or deliveries like this are so many, and say how it is then";
    ApiRouter::new()
        .api_route("/verify", post_with(verify, about("verify", "verify", verifies)))
        .api_route("/wait", post_with(wait, about("wait", "verify", waits)))
}

async fn verify(Of(tenant): Of, Json(Claim { pattern, times }): Json<Claim>) -> Result<Answer<Verification>, Problem> {
    Ok(Answer(tenant.verify(&pattern, times)))
}

async fn wait(Of(tenant): Of, Json(Hope { pattern, times, within }): Json<Hope>) -> Result<Answer<Verification>, Problem> {
    let within = span::wait(within)?;
    tokio::select! {
        verification = tenant.wait_until(&pattern, times, within) => Ok(Answer(verification)),
        () = tenant.stopped() => Err(Problem::conflict("tenant_stopped", "the tenant was deleted")),
    }
}
