//! The journal and the ledger as lines of JSON, streamed: nothing is held in memory whole.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::body::Body;
use bytes::Bytes;
use futures_util::stream::unfold;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Office;
use super::answers::Lines;
use super::extract::Query;
use super::problem::Problem;
use super::routes::about;
use super::tenant::Of;
use crate::journal::{EntryKind, Filter, write_ndjson};
use crate::tenants::TenantHandle;

/// How many entries are written at once: some hundred kilobytes.
const AT_ONCE: usize = 256;

/// Which entries.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Which {
    /// Requests or deliveries only; both when it is not said.
    kind: Option<EntryKind>,
}

pub(super) fn routes() -> ApiRouter<Office> {
    let requests =
        "The whole journal, requests and deliveries, up to now. Sequences have no gaps: what is missing at the beginning was dropped";
    ApiRouter::new().api_route("/requests.ndjson", get_with(requests_ndjson, about("exportRequests", "requests", requests))).api_route(
        "/ledger.ndjson",
        get_with(
            ledger_ndjson,
            about("exportLedger", "requests", "The ledger: the truth about sessions, decisions and callbacks, up to now"),
        ),
    )
}

async fn requests_ndjson(Of(tenant): Of, Query(Which { kind }): Query<Which>) -> Result<Lines, Problem> {
    let end = tenant.journal().last();
    let filter = Filter { kind, ..Filter::default() };
    Ok(Lines(Body::from_stream(unfold((tenant, 0), move |(tenant, cursor)| {
        let piece = journal_piece(&tenant, cursor, end, &filter);
        async move { piece.map(|(piece, next)| (piece, (tenant, next))) }
    }))))
}

fn journal_piece(tenant: &TenantHandle, cursor: u64, end: u64, filter: &Filter) -> Option<(std::io::Result<Bytes>, u64)> {
    if cursor >= end {
        return None;
    }
    let page = tenant.journal().since(cursor, AT_ONCE, filter);
    let mut lines = Vec::new();
    let written = write_ndjson(page.entries.iter().take_while(|entry| entry.sequence <= end).map(|entry| &**entry), &mut lines);
    Some((written.map(|()| lines.into()), page.next))
}

async fn ledger_ndjson(Of(tenant): Of) -> Result<Lines, Problem> {
    Ok(Lines(Body::from_stream(unfold((tenant, 0), |(tenant, cursor)| async move {
        let (entries, next) = tenant.ledger_after(cursor, AT_ONCE);
        if entries.is_empty() {
            return None;
        }
        let mut lines = Vec::new();
        let written = entries.iter().try_for_each(|entry| {
            serde_json::to_writer(&mut lines, entry)?;
            lines.push(b'\n');
            Ok::<_, serde_json::Error>(())
        });
        Some((written.map(|()| Bytes::from(lines)), (tenant, next)))
    }))))
}
