//! Asks the vendor about sessions for which no callback came: callbacks get lost, and an applicant must not wait for that.

use std::sync::Arc;

use sqlx::SqliteConnection;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::clock;
use crate::config::{Backoff, OnboardingConfig};
use crate::core::Core;
use crate::decision::{Applied, Reason, Source, apply, refer};
use crate::id::Cause;
use crate::store::{StoreError, micros};
use crate::vendor::{CallError, Verdict};
use crate::verification::{Status, Verification};
use jiff::Timestamp;

/// How many sessions are asked about at the same time: a vendor that has trouble with callbacks needs no flood of questions.
const CONCURRENCY: usize = 4;
/// The wait between two questions about the same session never grows beyond this many times `reconcile_every`.
const BACKOFF_CAP: u32 = 64;

/// Reconciles until told to stop.
pub(crate) async fn run(core: Arc<Core>, shutdown: CancellationToken) {
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = core.reconcile_wake.notified() => {}
            () = core.clock.sleep(core.config.reconcile_every) => {}
        }
        if let Err(error) = round(&core, &shutdown).await {
            tracing::error!(error = &error as &dyn std::error::Error, "reconciliation could not read the database");
        }
    }
}

/// Asks about everything that is due, up to the batch's bound.
async fn round(core: &Arc<Core>, shutdown: &CancellationToken) -> Result<(), StoreError> {
    let mut reader = core.store.read().await?;
    let due = due(&mut reader, core.clock.now(), &core.config).await?;
    drop(reader);
    let mut asking = JoinSet::new();
    for verification in due {
        if asking.len() >= CONCURRENCY {
            let _ = asking.join_next().await;
        }
        if shutdown.is_cancelled() {
            break;
        }
        asking.spawn(one(Arc::clone(core), verification));
    }
    while asking.join_next().await.is_some() {}
    Ok(())
}

async fn one(core: Arc<Core>, verification: Verification) {
    if let Err(error) = ask(&core, &verification).await {
        let error = &error as &dyn std::error::Error;
        tracing::error!(verification = %verification.id, error, "an answer could not be recorded");
    }
}

async fn due(conn: &mut SqliteConnection, now: Timestamp, config: &OnboardingConfig) -> Result<Vec<Verification>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM verifications WHERE status = 'submitted' AND reconcile_at IS NOT NULL AND reconcile_at <= ? \
         ORDER BY reconcile_at LIMIT ?",
    )
    .bind(micros(now))
    .bind(config.reconcile_batch.get())
    .fetch_all(conn)
    .await?;
    rows.iter().map(Verification::read).collect()
}

/// Asks about one session and applies the answer.
async fn ask(core: &Core, asked: &Verification) -> Result<(), StoreError> {
    let Some(session) = &asked.session else { return Ok(()) };
    let correlation = core.timer().correlation;
    let answer = core.vendor.fetch(&correlation, session).await;
    core.metrics.vendor_call("fetch_session", answer.as_ref().map_or_else(CallError::label, |_| "ok"));

    let cause = Cause { at: core.clock.now(), correlation };
    let mut change = core.store.begin().await?;
    let Some(mut verification) = Verification::by_id(&mut change, &asked.id).await? else { return Ok(()) };
    if verification.status != Status::Submitted || verification.attempt != asked.attempt {
        return Ok(()); // a callback was faster
    }
    let settled = match &answer {
        Ok(report) => match apply(&mut change, &cause, &core.config, &mut verification, report, Source::Reconciliation).await? {
            Applied::Decided(_) | Applied::Ended => true,
            Applied::Repeated | Applied::Pending | Applied::Refused(_) => false,
        },
        Err(error) if error.verdict() == Verdict::GiveUp => {
            tracing::warn!(verification = %verification.id, %error, "the vendor does not know the session any more");
            refer(&mut change, &cause, &core.config, &mut verification, Reason::VendorRefused).await?;
            true
        }
        Err(error) => {
            tracing::info!(verification = %verification.id, %error, "vendor call failed");
            false
        }
    };
    if !settled {
        again(core, &mut change, &cause, &mut verification).await?;
    }
    change.commit().await?;
    Ok(())
}

/// No answer yet: asks again later, ever more rarely, until people take over.
async fn again(core: &Core, conn: &mut SqliteConnection, cause: &Cause, verification: &mut Verification) -> Result<(), StoreError> {
    let waiting = verification.vendor_accepted_at.map(|since| clock::between(since, cause.at)).unwrap_or_default();
    if waiting > core.config.give_up_after {
        return refer(conn, cause, &core.config, verification, Reason::VendorUnavailable).await;
    }
    let base = core.config.reconcile_every;
    let backoff = Backoff { base, cap: base.saturating_mul(BACKOFF_CAP), jitter: 0.0 };
    let tries = verification.reconcile_tries.saturating_add(1);
    verification.reconcile(conn, clock::later(cause.at, backoff.delay(tries, 0.0)), tries).await
}
