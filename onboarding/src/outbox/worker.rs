//! The worker: takes what is due, performs it, a bounded number at a time.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::perform::perform;
use super::queue::{Due, due, next_due};
use crate::clock;
use crate::core::Core;
use crate::in_flight::{Claim, InFlight};
use crate::store::StoreError;

/// How long the worker rests when the database does not answer.
const REST: Duration = Duration::from_secs(1);
/// The longest sleep. New work wakes the worker, and so does the next due time; this is for a wall clock that was set back.
const SLEEP_MAX: Duration = Duration::from_secs(60);

/// Performs steps until told to stop; then finishes the ones under way.
pub(crate) async fn run(core: Arc<Core>, shutdown: CancellationToken) {
    let mut flying = JoinSet::new();
    let in_flight = InFlight::new();
    let workers = core.config.outbox_workers.get();
    while !shutdown.is_cancelled() {
        let rest = match launch(&core, &mut flying, &in_flight, workers).await {
            Ok(rest) => rest,
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "the outbox cannot be read");
                REST
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => {}
            Some(_) = flying.join_next() => {}
            () = core.outbox_wake.notified() => {}
            () = core.clock.sleep(rest) => {}
        }
        while flying.try_join_next().is_some() {}
    }
    while flying.join_next().await.is_some() {}
}

/// Launches as many due steps as there are workers free; returns how long there is nothing to do but wait.
async fn launch(core: &Arc<Core>, flying: &mut JoinSet<()>, in_flight: &InFlight<i64>, workers: usize) -> Result<Duration, StoreError> {
    let free = workers.saturating_sub(flying.len());
    if free == 0 {
        return Ok(SLEEP_MAX); // the next one that lands wakes us
    }
    let now = core.clock.now();
    let mut reader = core.store.read().await?;
    // Those in flight are still in the table, so look past them.
    let due = due(&mut reader, now, free + flying.len()).await?;
    for step in due.into_iter().take(workers) {
        if flying.len() == workers {
            break;
        }
        if let Some(claim) = in_flight.claim(&step.id) {
            flying.spawn(one_step(Arc::clone(core), step, claim));
        }
    }
    let next = next_due(&mut reader, now).await?;
    Ok(next.map_or(SLEEP_MAX, |next| clock::between(core.clock.now(), next)).min(SLEEP_MAX))
}

async fn one_step(core: Arc<Core>, step: Due, claim: Claim<i64>) {
    if let Err(error) = perform(&core, &step).await {
        tracing::error!(verification = %step.verification, error = &error as &dyn std::error::Error, "a step could not be recorded");
        core.clock.sleep(REST).await; // the row is still due; do not spin on a broken database
    }
    drop(claim);
}
