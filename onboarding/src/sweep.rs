//! Clears away what has run out: verifications left lying, tokens, and the memory of old callbacks.

use std::sync::Arc;
use std::time::Duration;

use sqlx::SqliteConnection;
use tokio_util::sync::CancellationToken;

use crate::clock;
use crate::core::Core;
use crate::decision::expire;
use crate::outbox;
use crate::store::{StoreError, micros};
use crate::verification::Verification;

/// How many verifications expire in one change: others want to write as well.
const BATCH: u32 = 100;
/// How long a callback's id is remembered. The vendor's last retry comes some 76 hours after the first.
const CALLBACKS_KEPT: Duration = Duration::from_hours(7 * 24);

/// Sweeps until told to stop.
pub(crate) async fn run(core: Arc<Core>, shutdown: CancellationToken) {
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = core.clock.sleep(core.config.sweep_every) => {}
        }
        if let Err(error) = sweep(&core, &shutdown).await {
            tracing::error!(error = &error as &dyn std::error::Error, "sweeping failed");
        }
    }
}

async fn sweep(core: &Core, shutdown: &CancellationToken) -> Result<(), StoreError> {
    while !shutdown.is_cancelled() {
        let mut change = core.store.begin().await?;
        let expired = expire_some(core, &mut change).await?;
        change.commit().await?;
        if expired < BATCH as usize {
            break;
        }
    }
    let now = core.clock.now();
    let mut change = core.store.begin().await?;
    sqlx::query("DELETE FROM tokens WHERE expires_at <= ?").bind(micros(now)).execute(&mut *change).await?;
    sqlx::query("DELETE FROM callbacks WHERE received_at <= ?")
        .bind(micros(clock::earlier(now, CALLBACKS_KEPT)))
        .execute(&mut *change)
        .await?;
    change.commit().await?;
    Ok(())
}

async fn expire_some(core: &Core, conn: &mut SqliteConnection) -> Result<usize, StoreError> {
    let cause = core.timer();
    let rows = sqlx::query(
        "SELECT * FROM verifications WHERE status IN ('initiated', 'capture_in_progress', 'needs_resubmission') \
         AND expires_at <= ? ORDER BY expires_at LIMIT ?",
    )
    .bind(micros(cause.at))
    .bind(BATCH)
    .fetch_all(&mut *conn)
    .await?;
    for row in &rows {
        let mut verification = Verification::read(row)?;
        expire(conn, &cause, &mut verification).await?;
        outbox::discard(conn, &verification.id).await?;
    }
    Ok(rows.len())
}
