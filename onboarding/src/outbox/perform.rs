//! Performs one step: a call to the vendor, and a change that records what came of it.
//!
//! Between the call and the change the program may die. Then the step is performed again, and the vendor recognises the
//! repetition by its key, or its adapter looks first; an image simply replaces itself.

use std::time::Duration;

use sqlx::{Row as _, SqliteConnection};

use super::queue::{Due, Step, complete, discard, postpone, postpone_anew, upload_again};
use crate::account;
use crate::audit::{Entry, Kind, append};
use crate::callback::apply_parked;
use crate::core::Core;
use crate::decision::{Heard, Reason, Report, SessionState, apply, refer};
use crate::id::{Cause, SessionId};
use crate::store::{StoreError, micros};
use crate::vendor::{CallError, Created, NewSession, Picture, RETRY_AFTER_MAX, Subject, Verdict};
use crate::verification::{ImageKind, Status, Verification};
use crate::{chance, clock};

/// What a successful call tells.
enum Told {
    Created(Created),
    Uploaded,
    Accepted(Report),
    /// There was nothing to be told any more.
    Nothing,
}

/// Performs one step, whatever comes of it; fails only when the database does, and then nothing has changed.
pub(super) async fn perform(core: &Core, due: &Due) -> Result<(), StoreError> {
    let mut reader = core.store.read().await?;
    let verification = Verification::by_id(&mut reader, &due.verification).await?;
    drop(reader);
    let outcome = match verification {
        // Expired, or decided by a callback that overtook the answer to our own call.
        Some(verification) if verification.status == Status::Submitted && verification.attempt == due.attempt => {
            call(core, due, &verification).await?
        }
        Some(_) | None => Ok(Told::Nothing),
    };
    match &outcome {
        Ok(Told::Nothing) => {}
        Ok(Told::Created(_) | Told::Uploaded | Told::Accepted(_)) => core.metrics.vendor_call(due.step.as_str(), "ok"),
        Err(error) => core.metrics.vendor_call(due.step.as_str(), error.label()),
    }
    let outcome = match outcome {
        Err(error) if error.verdict() == Verdict::Look => look(core, due, error).await?,
        Ok(_) | Err(_) => outcome,
    };
    let cause = Cause { at: core.clock.now(), correlation: due.correlation.clone() };
    let accepted = matches!(outcome, Ok(Told::Accepted(_)));
    let mut change = core.store.begin().await?;
    match outcome {
        Ok(told) => record(core, &mut change, &cause, due, told).await?,
        Err(error) => fail(core, &mut change, &cause, due, &error).await?,
    }
    change.commit().await?;
    if accepted {
        core.reconcile_wake.notify_one(); // a callback may have come before the answer
    }
    Ok(())
}

/// Makes the call that the step stands for.
async fn call(core: &Core, due: &Due, verification: &Verification) -> Result<Result<Told, CallError>, StoreError> {
    let (key, correlation) = (due.idempotency_key(), &due.correlation);
    let mut reader = core.store.read().await?;
    let (kind, known) = match (due.step, verification.known(&mut reader).await?) {
        (Step::CreateSession, None) => {
            let reference = account::reference(&mut reader, &verification.account).await?;
            drop(reader);
            let session =
                NewSession { reference: reference.as_str(), country: &verification.country, document_type: verification.document_type };
            return Ok(core.vendor.create_session(correlation, &key, &session).await.map(Told::Created));
        }
        (Step::Submit, Some(known)) => {
            drop(reader);
            return Ok(core.vendor.submit(correlation, &key, &known).await.map(Told::Accepted));
        }
        (Step::UploadDocument, Some(known)) => (ImageKind::Document, known),
        (Step::UploadSelfie, Some(known)) => (ImageKind::Selfie, known),
        // Cannot be: the steps are performed in order, and the session is stored with the first one's completion.
        (Step::CreateSession, Some(_)) | (Step::UploadDocument | Step::UploadSelfie | Step::Submit, None) => {
            return Ok(Ok(Told::Nothing));
        }
    };
    let bytes = image(&mut reader, verification, kind).await?;
    drop(reader);
    match bytes {
        Some(bytes) => Ok(core.vendor.upload(correlation, &known, Picture { kind, bytes }).await.map(|()| Told::Uploaded)),
        None => Ok(Ok(Told::Nothing)),
    }
}

async fn image(conn: &mut SqliteConnection, verification: &Verification, kind: ImageKind) -> Result<Option<Vec<u8>>, StoreError> {
    let row = sqlx::query("SELECT bytes FROM evidence WHERE verification = ? AND kind = ?")
        .bind(verification.id.as_str())
        .bind(kind.as_str())
        .fetch_optional(conn)
        .await?;
    row.map(|row| row.try_get("bytes")).transpose().map_err(StoreError::from)
}

/// The session does not take the step: perhaps because it took it before, and we never heard.
async fn look(core: &Core, due: &Due, refusal: CallError) -> Result<Result<Told, CallError>, StoreError> {
    let mut reader = core.store.read().await?;
    let known = match Verification::by_id(&mut reader, &due.verification).await? {
        Some(verification) => verification.known(&mut reader).await?,
        None => None,
    };
    drop(reader);
    let Some(known) = known else { return Ok(Err(refusal)) };
    let report = match core.vendor.fetch(&due.correlation, &known).await {
        Ok(report) => report,
        Err(error) => return Ok(Err(error)),
    };
    let moved_on = match report.state {
        SessionState::Collecting => false,
        SessionState::Processing => report.attempt == due.attempt,
        SessionState::Decided => report.decision.as_ref().is_some_and(|decision| decision.attempt == due.attempt),
        SessionState::Ended => true,
    };
    Ok(if moved_on { Ok(Told::Accepted(report)) } else { Err(refusal) })
}

/// Records a success.
async fn record(core: &Core, conn: &mut SqliteConnection, cause: &Cause, due: &Due, told: Told) -> Result<(), StoreError> {
    let Some(mut verification) = Verification::by_id(conn, &due.verification).await? else { return Ok(()) };
    match told {
        // The image stays until the vendor has accepted the submission: an upload may be confirmed and lost.
        Told::Nothing | Told::Uploaded => {}
        Told::Created(Created { session, version }) => {
            remember_session(conn, &mut verification, &session).await?;
            verification.saw_version(conn, version).await?;
            apply_parked(core, conn, cause, &mut verification, &Subject::Session(session)).await?;
        }
        Told::Accepted(report) => {
            if verification.attempt == due.attempt {
                verification.forget_evidence(conn).await?; // the vendor has it, so we need not
            }
            accepted(core, conn, cause, &mut verification, &report).await?;
            if due.step != Step::Submit {
                discard(conn, &verification.id).await?; // the session has moved on without the remaining steps
            }
        }
    }
    complete(conn, cause, due).await
}

async fn remember_session(conn: &mut SqliteConnection, verification: &mut Verification, session: &SessionId) -> Result<(), StoreError> {
    sqlx::query("UPDATE verifications SET session = ? WHERE id = ?")
        .bind(session.as_str())
        .bind(verification.id.as_str())
        .execute(conn)
        .await?;
    verification.session = Some(session.clone());
    Ok(())
}

/// The vendor has everything. If a callback told the decision already, nothing is left to wait for.
async fn accepted(
    core: &Core,
    conn: &mut SqliteConnection,
    cause: &Cause,
    verification: &mut Verification,
    report: &Report,
) -> Result<(), StoreError> {
    if report.state != SessionState::Ended {
        append(conn, cause, Entry::of(verification, Kind::VendorAccepted)).await?;
    }
    if verification.status != Status::Submitted {
        return Ok(());
    }
    sqlx::query("UPDATE verifications SET vendor_accepted_at = ? WHERE id = ?")
        .bind(micros(cause.at))
        .bind(verification.id.as_str())
        .execute(&mut *conn)
        .await?;
    verification.vendor_accepted_at = Some(cause.at);
    let patience = if verification.was_told_more() { Duration::ZERO } else { core.config.reconcile_after };
    verification.reconcile(conn, clock::later(cause.at, patience), 0).await?;
    apply(conn, cause, &core.config, verification, report, Heard::Asked).await?;
    if let Some(examination) = &report.examination {
        apply_parked(core, conn, cause, verification, &Subject::Examination(examination.clone())).await?;
    }
    Ok(())
}

/// Records a failure: another try, or people take over. The applicant is never turned away for it.
async fn fail(core: &Core, conn: &mut SqliteConnection, cause: &Cause, due: &Due, error: &CallError) -> Result<(), StoreError> {
    let given_up = clock::between(due.created_at, cause.at) > core.config.give_up_after;
    let backoff = core.config.outbox_backoff.delay(due.tries.saturating_add(1), chance::share());
    let reason = match error.verdict() {
        Verdict::UploadAgain if !given_up => {
            tracing::warn!(verification = %due.verification, step = %due.step, tries = due.tries, "the vendor has lost images that it had confirmed");
            if upload_again(conn, due, clock::later(cause.at, backoff)).await? {
                return Ok(());
            }
            Reason::VendorRefused
        }
        Verdict::Retry(retry_after) | Verdict::RetryAnew(retry_after) if !given_up => {
            let delay = backoff.max(retry_after.unwrap_or_default().min(RETRY_AFTER_MAX));
            tracing::info!(verification = %due.verification, step = %due.step, tries = due.tries, %error, "vendor call failed");
            let due_at = clock::later(cause.at, delay);
            let anew = matches!(error.verdict(), Verdict::RetryAnew(_));
            return if anew { postpone_anew(conn, due, due_at).await } else { postpone(conn, due, due_at).await };
        }
        Verdict::Retry(_) | Verdict::RetryAnew(_) | Verdict::UploadAgain => Reason::VendorUnavailable,
        Verdict::Look | Verdict::GiveUp => Reason::VendorRefused,
    };
    tracing::warn!(verification = %due.verification, step = %due.step, %reason, %error, "vendor call given up");
    discard(conn, &due.verification).await?;
    match Verification::by_id(conn, &due.verification).await? {
        Some(mut verification) if verification.status == Status::Submitted && verification.attempt == due.attempt => {
            refer(conn, cause, &core.config, &mut verification, reason).await
        }
        Some(_) | None => Ok(()),
    }
}
