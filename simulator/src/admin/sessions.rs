//! `sessions`: looked at, decided, told of again, waited for.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::Json as Answer;
use axum::response::NoContent;
use kycsim_scenarios::language::Period;
use kycsim_scenarios::vendor::{Outcome, Reason, Status};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Office;
use super::extract::{Id, Json, JsonOrNothing, Path, Query};
use super::problem::Problem;
use super::requests::limit;
use super::routes::about;
use super::span;
use super::tenant::Of;
use crate::tenants::SessionView;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListSessions {
    /// Those that stand here.
    status: Option<Status>,
    /// Those of this applicant.
    applicant: Option<String>,
    /// How many, 1 to 1000; 100 when it is not said.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<u32>,
}

/// Some sessions.
#[derive(Serialize, JsonSchema)]
struct SessionList {
    /// The newest first.
    sessions: Vec<SessionView>,
}

/// How to decide.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Verdict {
    /// The conclusion; as planned when it is not said.
    outcome: Option<Outcome>,
    /// Why; needed unless the outcome is an approval.
    reasons: Vec<Reason>,
}

/// What to wait for.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Awaited {
    /// Where the session is to stand.
    status: Status,
    /// How long to wait at most, in real time: at most `"60s"`; 10 s when it is not said.
    #[serde(default)]
    within: Option<Period>,
}

pub(super) fn routes() -> ApiRouter<Office> {
    ApiRouter::new()
        .api_route("/sessions", get_with(list, about("listSessions", "sessions", "The latest sessions")))
        .api_route("/sessions/{id}", get_with(show, about("showSession", "sessions", "One session")))
        .api_route(
            "/sessions/{id}/decide",
            post_with(decide, about("decideSession", "sessions", "End an examination now, or change a decision that was made")),
        )
        .api_route(
            "/sessions/{id}/redeliver",
            post_with(redeliver, about("redeliverSession", "sessions", "Tell the latest decision once more, with the same event id")),
        )
        .api_route(
            "/sessions/{id}/wait",
            post_with(wait, about("awaitSession", "sessions", "Wait until a session stands somewhere; 409 `not_reached` when it does not")),
        )
}

async fn list(Of(tenant): Of, Query(query): Query<ListSessions>) -> Result<Answer<SessionList>, Problem> {
    let limit = limit(query.limit)?;
    Ok(Answer(SessionList { sessions: tenant.sessions(query.status, query.applicant.as_deref(), limit) }))
}

async fn show(Of(tenant): Of, Path(Id { id }): Path<Id>) -> Result<Answer<SessionView>, Problem> {
    tenant.session(&id).map(Answer).ok_or_else(|| Problem::no_such_session(&id))
}

async fn decide(
    Of(tenant): Of,
    Path(Id { id }): Path<Id>,
    JsonOrNothing(Verdict { outcome, reasons }): JsonOrNothing<Verdict>,
) -> Result<Answer<SessionView>, Problem> {
    if outcome.is_none() && !reasons.is_empty() {
        return Err(Problem::invalid("invalid_decision", "`reasons` without an `outcome`; say both"));
    }
    Ok(Answer(tenant.decide(&id, outcome.map(|outcome| (outcome, reasons)))?))
}

async fn redeliver(Of(tenant): Of, Path(Id { id }): Path<Id>) -> Result<NoContent, Problem> {
    tenant.redeliver(&id)?;
    Ok(NoContent)
}

async fn wait(
    Of(tenant): Of,
    Path(Id { id }): Path<Id>,
    Json(Awaited { status, within }): Json<Awaited>,
) -> Result<Answer<SessionView>, Problem> {
    let within = span::wait(within)?;
    if tenant.session(&id).is_none() {
        return Err(Problem::no_such_session(&id)); // ids are made here: one that is not known never will be
    }
    tokio::select! {
        reached = tenant.wait_for_status(&id, status, within) => {
            reached.map(Answer).map_err(|error| Problem::conflict("not_reached", error.to_string()))
        }
        () = tenant.stopped() => Err(Problem::conflict("tenant_stopped", "the tenant was deleted")),
    }
}
