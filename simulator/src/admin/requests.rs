//! `requests`: what a tenant was asked, in WireMock's words.

use std::sync::Arc;

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::Json as Answer;
use axum::response::NoContent;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Office;
use super::extract::{Json, Query};
use super::problem::Problem;
use super::routes::about;
use super::tenant::Of;
use crate::journal::{Entry, EntryKind, Filter, Journal, PAGE_MAX, Page, Pattern, RequestPattern};

/// How many entries come when nobody says how many.
const LIMIT: usize = 100;

/// Which requests.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListRequests {
    /// A cursor: those after it, oldest first. Begin with 0 and go on with `next`; without it come the latest.
    since: Option<u64>,
    /// How many, 1 to 1000; 100 when it is not said.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<u32>,
    /// Those for this operation, such as `create_session`.
    operation: Option<String>,
    /// Those with this method, in any case.
    method: Option<String>,
    /// Those with exactly this path.
    path: Option<String>,
    /// Those about this session.
    session: Option<String>,
    /// Those about this applicant.
    applicant: Option<String>,
    /// Those answered with this status.
    status: Option<u16>,
    /// Those that found no endpoint, only.
    #[serde(default)]
    unmatched: bool,
}

/// What was found.
#[derive(Serialize, JsonSchema)]
pub(super) struct Found {
    /// Oldest first, at most 1000.
    pub(super) entries: Vec<Arc<Entry>>,
    /// Whether there were more.
    pub(super) more: bool,
    /// How many entries, whatever they were, had been dropped before they could be looked at.
    pub(super) dropped: u64,
}

/// How many were found.
#[derive(Serialize, JsonSchema)]
pub(super) struct Count {
    /// How many.
    pub(super) count: u64,
    /// How many entries, whatever they were, had been dropped before they could be looked at.
    pub(super) dropped: u64,
}

pub(super) fn routes() -> ApiRouter<Office> {
    let forget = "Forget the journal: requests and deliveries. Its numbers go on, so a reader in the middle learns what it missed";
    ApiRouter::new()
        .api_route(
            "/requests",
            get_with(list, about("listRequests", "requests", "Requests in the journal: the latest, or those after a cursor"))
                .delete_with(forget_all, about("forgetRequests", "requests", forget)),
        )
        .api_route(
            "/requests/unmatched",
            get_with(unmatched, about("listUnmatchedRequests", "requests", "Requests that found no endpoint")),
        )
        .api_route("/requests/count", post_with(count, about("countRequests", "requests", "How many requests are like this")))
        .api_route("/requests/find", post_with(find, about("findRequests", "requests", "The requests that are like this")))
}

/// Returns how many entries to show.
pub(super) fn limit(wanted: Option<u32>) -> Result<usize, Problem> {
    let limit = wanted.map_or(LIMIT, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    if (1..=PAGE_MAX).contains(&limit) {
        return Ok(limit);
    }
    Err(Problem::new(hyper::StatusCode::BAD_REQUEST, "invalid_query", format!("`limit` is 1 to {PAGE_MAX}")))
}

/// Returns the entries after a cursor, or the latest.
pub(super) fn page(journal: &Journal, since: Option<u64>, most: Option<u32>, filter: &Filter) -> Result<Answer<Page>, Problem> {
    let limit = limit(most)?;
    Ok(Answer(match since {
        Some(cursor) => journal.since(cursor, limit, filter),
        None => journal.latest(limit, filter),
    }))
}

/// Returns the entries that fit, as far as one answer goes.
pub(super) fn search(journal: &Journal, pattern: &Pattern) -> Found {
    let mut export = journal.export(Filter::default());
    let mut entries: Vec<Arc<Entry>> = export.by_ref().filter(|entry| pattern.matches(entry)).take(PAGE_MAX + 1).collect();
    let more = entries.len() > PAGE_MAX;
    entries.truncate(PAGE_MAX);
    Found { entries, more, dropped: export.missed() }
}

/// Counts the entries that fit.
pub(super) fn tally(journal: &Journal, pattern: &Pattern) -> Count {
    let mut export = journal.export(Filter::default());
    let count = export.by_ref().filter(|entry| pattern.matches(entry)).count() as u64;
    Count { count, dropped: export.missed() }
}

async fn list(Of(tenant): Of, Query(query): Query<ListRequests>) -> Result<Answer<Page>, Problem> {
    let ListRequests { since, limit, operation, method, path, session, applicant, status, unmatched } = query;
    let kind = Some(EntryKind::Request);
    let filter = Filter { kind, operation, method, path, session, applicant, status, unmatched, ..Filter::default() };
    page(tenant.journal(), since, limit, &filter)
}

async fn unmatched(Of(tenant): Of, Query(query): Query<Tail>) -> Result<Answer<Page>, Problem> {
    let filter = Filter { kind: Some(EntryKind::Request), unmatched: true, ..Filter::default() };
    page(tenant.journal(), query.since, query.limit, &filter)
}

/// Which of them.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Tail {
    /// A cursor: those after it, oldest first. Begin with 0 and go on with `next`; without it come the latest.
    since: Option<u64>,
    /// How many, 1 to 1000; 100 when it is not said.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<u32>,
}

async fn count(Of(tenant): Of, Json(pattern): Json<RequestPattern>) -> Result<Answer<Count>, Problem> {
    Ok(Answer(tally(tenant.journal(), &pattern.into())))
}

async fn find(Of(tenant): Of, Json(pattern): Json<RequestPattern>) -> Result<Answer<Found>, Problem> {
    Ok(Answer(search(tenant.journal(), &pattern.into())))
}

async fn forget_all(Of(tenant): Of) -> Result<NoContent, Problem> {
    tenant.journal().clear();
    Ok(NoContent)
}
