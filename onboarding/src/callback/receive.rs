//! What happens between a callback's arrival and its 204.

use serde_json::json;
use sha2::{Digest as _, Sha256};
use sqlx::{Row as _, SqliteConnection};

use super::signature::{SignatureError, SignedHeaders, verify};
use crate::audit::{Entry, Kind, append};
use crate::config::OnboardingConfig;
use crate::core::Core;
use crate::decision::{Applied, Source, Why, apply};
use crate::id::{Cause, SessionId};
use crate::store::{StoreError, micros};
use crate::vendor::{MalformedError, Understood, read_callback};
use crate::verification::{Status, Verification};
use crate::word::words;

words! {
    /// What became of a callback.
    "result"
    pub(crate) enum Received {
        Applied = "applied",
        Duplicate = "duplicate",
        Refused = "refused",
        /// Came before we knew the session; applied as soon as we do.
        Parked = "parked",
    }
}

/// Why a callback was not even stored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReceiveError {
    #[error("the callback is not the vendor's")]
    NotTheVendors(#[from] SignatureError),
    #[error("the callback cannot be read")]
    Malformed(#[from] MalformedError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Takes in a callback. Once this has returned, it is stored for good, together with everything that follows from it.
pub(crate) async fn receive(core: &Core, cause: &Cause, headers: SignedHeaders<'_>, body: &[u8]) -> Result<Received, ReceiveError> {
    let webhook_id = verify(&core.config.callback_secret, headers, body, cause.at)?;
    let understood = read_callback(body)?;
    let session = session_of(&understood);

    let mut change = core.store.begin().await?;
    let verification = Verification::by_session(&mut change, session).await?;
    let fresh = remember(&mut change, cause, webhook_id, session, body, verification.is_none()).await?;
    let (result, ask) = match (verification, fresh) {
        (Some(mut verification), true) => {
            let (result, asks) = settle(&mut change, cause, &core.config, &mut verification, &understood, webhook_id).await?;
            conclude(&mut change, webhook_id, result).await?;
            (result, asks)
        }
        (Some(verification), false) => {
            let details = json!({ "webhook_id": webhook_id });
            append(&mut change, cause, Entry::of(&verification, Kind::CallbackDuplicate).details(details)).await?;
            (Received::Duplicate, false)
        }
        (None, true) => (Received::Parked, false),
        (None, false) => (Received::Duplicate, false),
    };
    change.commit().await.map_err(StoreError::from)?;
    if ask {
        core.reconcile_wake.notify_one();
    }
    Ok(result)
}

/// Applies what came before the session was known. Called in the very change that makes it known.
pub(crate) async fn apply_parked(
    conn: &mut SqliteConnection,
    cause: &Cause,
    config: &OnboardingConfig,
    verification: &mut Verification,
    session: &SessionId,
) -> Result<(), StoreError> {
    let rows = sqlx::query("SELECT webhook_id, payload FROM callbacks WHERE session = ? AND result = 'parked'")
        .bind(session.as_str())
        .fetch_all(&mut *conn)
        .await?;
    let mut parked = Vec::new();
    for row in rows {
        let webhook_id: String = row.try_get("webhook_id")?;
        // It could be read when it came.
        if let Ok(understood) = read_callback(row.try_get("payload")?) {
            parked.push((version_of(&understood), webhook_id, understood));
        }
    }
    parked.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1))); // in the order in which things happened at the vendor
    for (_, webhook_id, understood) in parked {
        let (result, _) = settle(conn, cause, config, verification, &understood, &webhook_id).await?;
        conclude(conn, &webhook_id, result).await?;
    }
    Ok(())
}

/// Stores the event under the vendor's id; says whether it is the first of its kind.
async fn remember(
    conn: &mut SqliteConnection,
    cause: &Cause,
    webhook_id: &str,
    session: &SessionId,
    body: &[u8],
    park: bool,
) -> Result<bool, StoreError> {
    let result = if park { Received::Parked } else { Received::Applied };
    let done = sqlx::query(
        "INSERT INTO callbacks (webhook_id, session, digest, received_at, result, payload) VALUES (?, ?, ?, ?, ?, ?) \
         ON CONFLICT (webhook_id) DO NOTHING",
    )
    .bind(webhook_id)
    .bind(session.as_str())
    .bind(Sha256::digest(body).to_vec())
    .bind(micros(cause.at))
    .bind(result.as_str())
    .bind(park.then_some(body))
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

async fn conclude(conn: &mut SqliteConnection, webhook_id: &str, result: Received) -> Result<(), StoreError> {
    sqlx::query("UPDATE callbacks SET result = ?, payload = NULL WHERE webhook_id = ?")
        .bind(result.as_str())
        .bind(webhook_id)
        .execute(conn)
        .await?;
    Ok(())
}

/// Applies one event whose session is known, and writes down what came of it. Says as well whether the vendor is to be asked at once.
async fn settle(
    conn: &mut SqliteConnection,
    cause: &Cause,
    config: &OnboardingConfig,
    verification: &mut Verification,
    understood: &Understood,
    webhook_id: &str,
) -> Result<(Received, bool), StoreError> {
    let received = json!({ "webhook_id": webhook_id, "version": version_of(understood) });
    append(conn, cause, Entry::of(verification, Kind::CallbackReceived).details(received)).await?;
    let applied = match understood {
        Understood::Fully(report) => apply(conn, cause, config, verification, report, Source::Callback).await?,
        Understood::OnlySession(_) => Applied::Refused(Why::NotUnderstood),
    };
    let (result, why) = match applied {
        Applied::Decided(_) | Applied::Ended | Applied::Changed => return Ok((Received::Applied, false)),
        Applied::Repeated => {
            let details = json!({ "webhook_id": webhook_id });
            append(conn, cause, Entry::of(verification, Kind::CallbackDuplicate).details(details)).await?;
            return Ok((Received::Duplicate, false));
        }
        Applied::Pending => (Received::Refused, Why::NothingDecided),
        Applied::Refused(why) => (Received::Refused, why),
    };
    let details = json!({ "webhook_id": webhook_id, "why": why });
    append(conn, cause, Entry::of(verification, Kind::CallbackRefused).details(details)).await?;
    // Whatever it says, something may have happened: ask, if there is anything to ask about. What it says is not believed.
    let asks = matches!(why, Why::NotUnderstood | Why::Contradicts) && can_be_asked_about(verification);
    if asks {
        verification.look(conn, cause.at, version_of(understood).unwrap_or(0)).await?;
    }
    Ok((result, asks))
}

/// Whether the vendor's answer about a verification could tell us anything.
fn can_be_asked_about(verification: &Verification) -> bool {
    match verification.status {
        Status::Submitted => verification.vendor_accepted_at.is_some(), // else our own call will be answered
        Status::PendingReview | Status::Approved | Status::Rejected => true,
        Status::Initiated | Status::CaptureInProgress | Status::NeedsResubmission | Status::Expired => false,
    }
}

fn session_of(understood: &Understood) -> &SessionId {
    match understood {
        Understood::Fully(report) => &report.session,
        Understood::OnlySession(session) => session,
    }
}

fn version_of(understood: &Understood) -> Option<i64> {
    match understood {
        Understood::Fully(report) => Some(report.version),
        Understood::OnlySession(_) => None,
    }
}
