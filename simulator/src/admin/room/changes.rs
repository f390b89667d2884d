//! Tells an open page that something has changed: often enough to follow, and never as often as things happen under load.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::unfold;
use serde::Deserialize;

use super::super::Office;
use super::super::extract::Query;
use super::super::problem::Problem;
use super::named;

/// The least time from one event to the next.
const AT_MOST_EVERY: Duration = Duration::from_millis(500);
/// A sign of life, so that a page that is gone is noticed.
const ALIVE_EVERY: Duration = Duration::from_secs(15);

#[derive(Deserialize)]
pub(super) struct Whose {
    tenant: Option<String>,
}

pub(super) async fn changes(State(office): State<Office>, Query(Whose { tenant }): Query<Whose>) -> Result<Response, Problem> {
    let tenant = named(&office, tenant)?;
    let place = Arc::clone(&office.0.streams).try_acquire_owned().map_err(|_| Problem::busy("streams of events"))?;
    let stop = office.0.stop.clone();
    let events = unfold((tenant, stop, place, false), |(tenant, stop, place, waits)| async move {
        let changed = async {
            if waits {
                tenant.clock().wait_real_for(AT_MOST_EVERY).await;
            }
            let last = tenant.journal().last();
            tokio::select! {
                () = tenant.changed() => {}
                () = tenant.journal().written(last) => {}
            }
        };
        tokio::select! {
            () = changed => {}
            () = tenant.stopped() => return None,
            () = stop.cancelled() => return None,
        }
        let event = Event::default().event("changed").data("");
        Some((Ok::<_, Infallible>(event), (tenant, stop, place, true)))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(ALIVE_EVERY)).into_response())
}
