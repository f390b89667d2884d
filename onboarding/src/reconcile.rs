//! Asks the vendor about sessions: those for which no callback came, since callbacks get lost and an applicant must not wait for that; and those of which a
//! callback said too little to go by, or something that cannot be believed as it is.
//!
//! A question is a time in the verification's row. However many callbacks ask for it, it is asked once, by one of a bounded number of workers.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sqlx::SqliteConnection;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::clock;
use crate::config::Backoff;
use crate::core::Core;
use crate::decision::{Applied, Heard, Reason, SessionState, apply, refer};
use crate::id::{Cause, VerificationId};
use crate::in_flight::{Claim, InFlight};
use crate::store::{StoreError, micros};
use crate::vendor::{CallError, RETRY_AFTER_MAX, Verdict};
use crate::verification::{Status, Verification};

/// The wait between two questions about the same session never grows beyond this many times `reconcile_every`.
const BACKOFF_CAP: u32 = 64;
/// How often it is asked about a decision that a callback has put in doubt; with the wait doubling up to its cap, for an hour and a half. An answer as new as
/// the callback ends it earlier, and mostly the first is one.
const LOOKS_MAX: u32 = 12;

/// Asks whatever is due, until told to stop; then finishes what is being asked.
pub(crate) async fn run(core: Arc<Core>, shutdown: CancellationToken) {
    let mut asking = JoinSet::new();
    let in_flight = InFlight::new();
    loop {
        tokio::select! {
            () = shutdown.cancelled() => break,
            Some(_) = asking.join_next() => {}
            () = core.reconcile_wake.notified() => {}
            () = core.clock.sleep(core.config.reconcile_every) => {}
        }
        while asking.try_join_next().is_some() {}
        if let Err(error) = launch(&core, &mut asking, &in_flight).await {
            tracing::error!(error = &error as &dyn std::error::Error, "reconciliation could not read the database");
        }
    }
    while asking.join_next().await.is_some() {}
}

/// Asks as many of the questions that are due as there are workers free. The others wait for the next one that lands.
async fn launch(core: &Arc<Core>, asking: &mut JoinSet<()>, in_flight: &InFlight<VerificationId>) -> Result<(), StoreError> {
    let workers = core.config.reconcile_workers.get();
    if asking.len() >= workers {
        return Ok(());
    }
    let mut reader = core.store.read().await?;
    // Those in flight are still due, so look past them.
    let due = due(&mut reader, core.clock.now(), workers).await?;
    drop(reader);
    for verification in due {
        if asking.len() >= workers {
            break;
        }
        if let Some(claim) = in_flight.claim(&verification.id) {
            asking.spawn(one(Arc::clone(core), verification, claim));
        }
    }
    Ok(())
}

async fn one(core: Arc<Core>, verification: Verification, claim: Claim<VerificationId>) {
    if let Err(error) = ask(&core, &verification).await {
        tracing::error!(verification = %verification.id, error = &error as &dyn std::error::Error, "an answer could not be recorded");
        core.clock.sleep(core.config.reconcile_every).await; // it is still due; do not spin on a broken database
    }
    drop(claim);
}

async fn due(conn: &mut SqliteConnection, now: Timestamp, limit: usize) -> Result<Vec<Verification>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM verifications WHERE reconcile_at IS NOT NULL AND reconcile_at <= ? \
         ORDER BY reconcile_at LIMIT ?",
    )
    .bind(micros(now))
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .fetch_all(conn)
    .await?;
    rows.iter().map(Verification::read).collect()
}

/// Asks about one session and applies the answer.
async fn ask(core: &Core, asked: &Verification) -> Result<(), StoreError> {
    let mut reader = core.store.read().await?;
    let known = asked.known(&mut reader).await?;
    drop(reader);
    let Some(known) = known else { return Ok(()) };
    let correlation = core.timer().correlation;
    let answer = core.vendor.fetch(&correlation, &known).await;
    core.metrics.vendor_call("fetch_session", answer.as_ref().map_or_else(CallError::label, |_| "ok"));

    let cause = Cause { at: core.clock.now(), correlation };
    let mut change = core.store.begin().await?;
    let Some(mut verification) = Verification::by_id(&mut change, &asked.id).await? else { return Ok(()) };
    if verification.status != asked.status || verification.attempt != asked.attempt || verification.revision != asked.revision {
        return Ok(()); // a callback, or a reviewer, was faster; if there is anything left to ask, it is still due
    }
    let awaited = verification.status == Status::Submitted;
    let (settled, after) = match &answer {
        Ok(report) => {
            let heard = if asked.was_told_more() { Heard::CalledAndAsked } else { Heard::Asked };
            let as_new = report.version >= verification.reconcile_version;
            match apply(&mut change, &cause, &core.config, &mut verification, report, heard).await? {
                Applied::Decided(_) | Applied::Ended => (true, None),
                Applied::Changed => (as_new, None),
                // What was decided is being examined again.
                Applied::Pending if report.state == SessionState::Processing => (false, None),
                // The answer is as new as what made us ask: so that was not true.
                Applied::Repeated | Applied::Pending | Applied::Refused(_) => (!awaited && as_new, None),
            }
        }
        Err(error) => match error.verdict() {
            Verdict::GiveUp if awaited => {
                tracing::warn!(verification = %verification.id, %error, "the vendor does not know the session any more");
                refer(&mut change, &cause, &core.config, &mut verification, Reason::VendorRefused).await?;
                (true, None)
            }
            Verdict::GiveUp => (true, None),
            Verdict::Retry(after) | Verdict::RetryAnew(after) => (false, after),
            Verdict::Look | Verdict::UploadAgain => (false, None),
        },
    };
    if let Err(error) = &answer {
        tracing::info!(verification = %verification.id, %error, "vendor call failed");
    }
    let told_more_meanwhile = verification.reconcile_version > asked.reconcile_version && verification.can_be_asked_about();
    if told_more_meanwhile {
        verification.reconcile(&mut change, cause.at, verification.reconcile_tries).await?;
    } else if settled {
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
        tracing::warn!(verification = %verification.id, "the vendor has put its decision in doubt, and never explained itself");
        return verification.ask_no_more(conn).await;
    }
    let base = core.config.reconcile_every;
    let backoff = Backoff { base, cap: base.saturating_mul(BACKOFF_CAP), jitter: 0.0 };
    let wait = backoff.delay(tries, 0.0).max(after.min(RETRY_AFTER_MAX));
    verification.reconcile(conn, clock::later(cause.at, wait), tries).await
}
