//! `events`: the journal as server-sent events, as it is written.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::body::Body;
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::unfold;
use hyper::{HeaderMap, StatusCode};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::sync::OwnedSemaphorePermit;

use super::Office;
use super::answers::Events;
use super::extract::Query;
use super::problem::Problem;
use super::routes::about;
use super::tenant::Of;
use crate::journal::{Entry, EntryKind, Filter};
use crate::tenants::TenantHandle;

/// How many entries are read at once.
const AT_ONCE: usize = 64;
/// A sign of life, so that a line that nobody listens to any more is noticed.
const ALIVE_EVERY: Duration = Duration::from_secs(15);
/// After how long a browser tries again.
const AGAIN_AFTER: Duration = Duration::from_secs(2);

/// Which events.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Which {
    /// A cursor: those after it. Without it, and without `Last-Event-ID`, those from now on.
    since: Option<u64>,
    /// Requests or deliveries only; both when it is not said.
    kind: Option<EntryKind>,
    /// Those about this session.
    session: Option<String>,
    /// Those about this applicant.
    applicant: Option<String>,
}

pub(super) fn routes() -> ApiRouter<Office> {
    let text = "The journal as it is written: an event is named `request` or `delivery`, its data is the entry, its id is the cursor to go on from \
        (`Last-Event-ID`). An event `missed` says how many entries were dropped before they could be read";
    ApiRouter::new().api_route("/events", get_with(listen, about("listen", "requests", text)))
}

/// Somebody who listens.
struct Listener {
    tenant: TenantHandle,
    filter: Filter,
    cursor: u64,
    /// What is still to be told: at most one reading, and what was missed before it.
    told: VecDeque<Event>,
    stop: tokio_util::sync::CancellationToken,
    _place: OwnedSemaphorePermit,
}

async fn listen(
    State(office): State<Office>,
    Of(tenant): Of,
    Query(which): Query<Which>,
    headers: aide::NoApi<HeaderMap>,
) -> Result<Events, Problem> {
    let last_seen = match headers.0.get("last-event-id") {
        Some(id) => Some(id.to_str().ok().and_then(|id| id.parse().ok()).ok_or_else(|| {
            Problem::new(
                StatusCode::BAD_REQUEST,
                "invalid_cursor",
                "`Last-Event-ID` is a number: the id of the last event that you have seen",
            )
        })?),
        None => None,
    };
    let place = Arc::clone(&office.0.streams).try_acquire_owned().map_err(|_| Problem::busy("streams of events"))?;
    let cursor = last_seen.or(which.since).unwrap_or_else(|| tenant.journal().last());
    let filter = Filter { kind: which.kind, session: which.session, applicant: which.applicant, ..Filter::default() };
    let told = VecDeque::from([Event::default().retry(AGAIN_AFTER)]);
    let listener = Listener { tenant, filter, cursor, told, stop: office.0.stop.clone(), _place: place };
    let events = unfold(listener, |mut listener| async move {
        let event = listener.next().await?;
        Some((Ok::<_, Infallible>(event), listener))
    });
    let response: Response<Body> = Sse::new(events).keep_alive(KeepAlive::new().interval(ALIVE_EVERY)).into_response();
    Ok(Events(response.into_body()))
}

impl Listener {
    /// Waits for the next event; none when the tenant has stopped.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.told.pop_front() {
                return Some(event);
            }
            let page = self.tenant.journal().since(self.cursor, AT_ONCE, &self.filter);
            let moved = page.next > self.cursor;
            self.cursor = page.next;
            if page.missed > 0 {
                // Its id is where what was missed ends: what comes after it is still to be told.
                let last_missed = page.entries.first().map_or(page.next, |first| first.sequence - 1);
                let missed = format!("{{\"missed\":{}}}", page.missed);
                self.told.push_back(Event::default().event("missed").id(last_missed.to_string()).data(missed));
            }
            self.told.extend(page.entries.iter().filter_map(|entry| event(entry)));
            if moved || !self.told.is_empty() {
                continue;
            }
            tokio::select! {
                () = self.tenant.journal().written(self.cursor) => {}
                () = self.tenant.stopped() => return None,
                () = self.stop.cancelled() => return None,
            }
        }
    }
}

/// Returns the event for an entry. An entry can always be written as JSON.
fn event(entry: &Entry) -> Option<Event> {
    let name = match entry.what.kind() {
        EntryKind::Request => "request",
        EntryKind::Delivery => "delivery",
    };
    Event::default().event(name).id(entry.sequence.to_string()).json_data(entry).ok()
}
