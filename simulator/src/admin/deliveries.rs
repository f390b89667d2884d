//! `deliveries`: every try to deliver a callback.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::Json as Answer;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Office;
use super::extract::{Json, Query};
use super::problem::Problem;
use super::requests::{Count, Found, page, search, tally};
use super::routes::about;
use super::tenant::Of;
use crate::journal::{DeliveryPattern, EntryKind, Filter, Page, ResultWord};

/// Which tries of deliveries.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListDeliveries {
    /// A cursor: those after it, oldest first. Begin with 0 and go on with `next`; without it come the latest.
    since: Option<u64>,
    /// How many, 1 to 1000; 100 when it is not said.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<u32>,
    /// Those about this session.
    session: Option<String>,
    /// Those about this applicant.
    applicant: Option<String>,
    /// Those answered with this status.
    status: Option<u16>,
    /// Those with this defect, such as `unsigned`.
    defect: Option<String>,
    /// Those that ended so.
    result: Option<ResultWord>,
}

pub(super) fn routes() -> ApiRouter<Office> {
    ApiRouter::new()
        .api_route(
            "/deliveries",
            get_with(list, about("listDeliveries", "deliveries", "Tries of deliveries: the latest, or those after a cursor")),
        )
        .api_route("/deliveries/count", post_with(count, about("countDeliveries", "deliveries", "How many tries are like this")))
        .api_route("/deliveries/find", post_with(find, about("findDeliveries", "deliveries", "The tries that are like this")))
}

async fn list(Of(tenant): Of, Query(query): Query<ListDeliveries>) -> Result<Answer<Page>, Problem> {
    let ListDeliveries { since, limit, session, applicant, status, defect, result } = query;
    let filter = Filter { kind: Some(EntryKind::Delivery), session, applicant, status, defect, result, ..Filter::default() };
    page(tenant.journal(), since, limit, &filter)
}

async fn count(Of(tenant): Of, Json(pattern): Json<DeliveryPattern>) -> Result<Answer<Count>, Problem> {
    Ok(Answer(tally(tenant.journal(), &pattern.into())))
}

async fn find(Of(tenant): Of, Json(pattern): Json<DeliveryPattern>) -> Result<Answer<Found>, Problem> {
    Ok(Answer(search(tenant.journal(), &pattern.into())))
}
