//! Asks the vendor about sessions for which no callback came: callbacks get lost, and an applicant must not wait for that. And about those of which a
//! callback said something that cannot be believed as it is: words we do not know, or another decision than the one we know.

use std::sync::Arc;
use std::time::Duration;

use sqlx::SqliteConnection;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::clock;
use crate::config::{Backoff, OnboardingConfig};
use crate::core::Core;
use crate::decision::{Applied, Reason, Source, apply, refer};
use crate::id::Cause;
use crate::store::{StoreError, micros};
use crate::vendor::{CallError, RETRY_AFTER_MAX, Verdict};
use crate::verification::{Status, Verification};
use jiff::Timestamp;

/// How many sessions are asked about at the same time: a vendor that has trouble with callbacks needs no flood of questions.
const CONCURRENCY: usize = 4;
/// The wait between two questions about the same session never grows beyond this many times `reconcile_every`.
const BACKOFF_CAP: u32 = 64;
/// How often it is asked about a decision that a callback has contradicted; with the wait doubling up to its cap, for an hour and a half. An answer as new as
/// the callback ends it earlier, and mostly the first is one.
const LOOKS_MAX: u32 = 12;

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
        "SELECT * FROM verifications WHERE reconcile_at IS NOT NULL AND reconcile_at <= ? \
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
    if verification.status != asked.status || verification.attempt != asked.attempt || verification.revision != asked.revision {
        return Ok(()); // a callback, or a reviewer, was faster; if there is anything left to ask, it is still due
    }
    let awaited = verification.status == Status::Submitted;
    let (settled, after) = match &answer {
        Ok(report) => match apply(&mut change, &cause, &core.config, &mut verification, report, Source::Reconciliation).await? {
            Applied::Decided(_) | Applied::Ended => (true, None),
            Applied::Changed => (report.version >= verification.reconcile_version, None),
            // The answer is as new as what made us ask: so that was not true.
            Applied::Repeated | Applied::Pending | Applied::Refused(_) => {
                (!awaited && report.version >= verification.reconcile_version, None)
            }
        },
        Err(error) => match error.verdict() {
            Verdict::GiveUp if awaited => {
                tracing::warn!(verification = %verification.id, %error, "the vendor does not know the session any more");
                refer(&mut change, &cause, &core.config, &mut verification, Reason::VendorRefused).await?;
                (true, None)
            }
            Verdict::GiveUp => (true, None),
            Verdict::Retry(after) => (false, after),
            Verdict::Look | Verdict::UploadAgain => (false, None),
        },
    };
    if let Err(error) = &answer {
        tracing::info!(verification = %verification.id, %error, "vendor call failed");
    }
    if settled {
        verification.ask_no_more(&mut change).await?;
    } else {
        again(core, &mut change, &cause, &mut verification, after.unwrap_or_default()).await?;
    }
    change.commit().await?;
    Ok(())
}

/// No answer yet: asks again later, ever more rarely, and not before the vendor wants to be asked; until people take over.
async fn again(
    core: &Core,
    conn: &mut SqliteConnection,
    cause: &Cause,
    verification: &mut Verification,
    after: Duration,
) -> Result<(), StoreError> {
    let tries = verification.reconcile_tries.saturating_add(1);
    if verification.status == Status::Submitted {
        let waiting = verification.vendor_accepted_at.map(|since| clock::between(since, cause.at)).unwrap_or_default();
        if waiting > core.config.give_up_after {
            return refer(conn, cause, &core.config, verification, Reason::VendorUnavailable).await;
        }
    } else if tries >= LOOKS_MAX {
        tracing::warn!(verification = %verification.id, "the vendor contradicted its decision, and never explained itself");
        return verification.ask_no_more(conn).await;
    }
    let base = core.config.reconcile_every;
    let backoff = Backoff { base, cap: base.saturating_mul(BACKOFF_CAP), jitter: 0.0 };
    let wait = backoff.delay(tries, 0.0).max(after.min(RETRY_AFTER_MAX));
    verification.reconcile(conn, clock::later(cause.at, wait), tries).await
}
