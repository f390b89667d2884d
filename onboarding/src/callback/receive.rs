//! What happens between a callback's arrival and its 204.

use axum::http::HeaderMap;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use sqlx::{Row as _, SqliteConnection};

use crate::audit::{Entry, Kind, append};
use crate::core::Core;
use crate::decision::{Applied, Heard, Why, apply};
use crate::id::Cause;
use crate::store::{StoreError, micros};
use crate::vendor::{Delivery, HearError, News, Subject};
use crate::verification::{Status, Verification};
use crate::word::words;

words! {
    /// What became of a callback.
    "result"
    pub(crate) enum Received {
        Applied = "applied",
        /// Does not say what there is to know, so the vendor is asked.
        Asked = "asked",
        Duplicate = "duplicate",
        Refused = "refused",
        /// Came before we knew the session; applied as soon as we do.
        Parked = "parked",
        /// About nothing that could ever be ours; not even stored.
        Ignored = "ignored",
    }
}

/// Why a callback was not even stored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReceiveError {
    #[error("the callback is not the vendor's, or cannot be read")]
    Heard(#[from] HearError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Takes in a callback. Once this has returned, it is stored for good, together with everything that follows from it.
pub(crate) async fn receive(core: &Core, cause: &Cause, headers: &HeaderMap, body: &[u8]) -> Result<Received, ReceiveError> {
    let Some(Delivery { event, callback }) = core.vendor.hear(headers, body, cause.at)? else { return Ok(Received::Ignored) };

    let mut change = core.store.begin().await?;
    let found = Verification::by_subject(&mut change, &callback.subject).await?;
    let fresh = remember(&mut change, cause, &event, &callback.subject, body, found.is_none()).await?;
    let result = match (found, fresh) {
        (Some((mut verification, attempt)), true) => {
            let result = settle(core, &mut change, cause, &mut verification, attempt, &callback.news, &event).await?;
            conclude(&mut change, &event, result).await?;
            result
        }
        (Some((verification, _)), false) => {
            let details = json!({ "webhook_id": event });
            append(&mut change, cause, Entry::of(&verification, Kind::CallbackDuplicate).details(details)).await?;
            Received::Duplicate
        }
        (None, true) => Received::Parked,
        (None, false) => Received::Duplicate,
    };
    change.commit().await.map_err(StoreError::from)?;
    // Of what was refused there may be something to ask, too; to look in vain costs one read.
    if matches!(result, Received::Asked | Received::Refused) {
        core.reconcile_wake.notify_one();
    }
    Ok(result)
}

/// Applies what came before we knew what it was about. Called in the very change that makes it known.
pub(crate) async fn apply_parked(
    core: &Core,
    conn: &mut SqliteConnection,
    cause: &Cause,
    verification: &mut Verification,
    subject: &Subject,
) -> Result<(), StoreError> {
    let rows = sqlx::query("SELECT webhook_id, payload FROM callbacks WHERE subject = ? AND result = 'parked'")
        .bind(subject.as_str())
        .fetch_all(&mut *conn)
        .await?;
    let mut parked = Vec::new();
    for row in rows {
        let event: String = row.try_get("webhook_id")?;
        // It could be read when it came.
        if let Ok(Some(callback)) = core.vendor.read_again(row.try_get("payload")?) {
            parked.push((version_of(&callback.news), event, callback.news));
        }
    }
    parked.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1))); // in the order in which things happened at the vendor
    let attempt = verification.attempt;
    for (_, event, news) in parked {
        let result = settle(core, conn, cause, verification, attempt, &news, &event).await?;
        conclude(conn, &event, result).await?;
    }
    Ok(())
}

/// Stores the event under its id; says whether it is the first of its kind.
async fn remember(
    conn: &mut SqliteConnection,
    cause: &Cause,
    webhook_id: &str,
    subject: &Subject,
    body: &[u8],
    park: bool,
) -> Result<bool, StoreError> {
    let result = if park { Received::Parked } else { Received::Applied };
    let done = sqlx::query(
        "INSERT INTO callbacks (webhook_id, subject, digest, received_at, result, payload) VALUES (?, ?, ?, ?, ?, ?) \
         ON CONFLICT (webhook_id) DO NOTHING",
    )
    .bind(webhook_id)
    .bind(subject.as_str())
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

/// Applies one event about an attempt of a verification that is known, and writes down what came of it.
async fn settle(
    core: &Core,
    conn: &mut SqliteConnection,
    cause: &Cause,
    verification: &mut Verification,
    attempt: u32,
    news: &News,
    webhook_id: &str,
) -> Result<Received, StoreError> {
    let received = json!({ "webhook_id": webhook_id, "version": version_of(news) });
    append(conn, cause, Entry::of(verification, Kind::CallbackReceived).details(received)).await?;
    let applied = match news {
        News::Report(report) => apply(conn, cause, &core.config, verification, report, Heard::Called).await?,
        News::Hint if attempt == verification.attempt && may_be_news(verification.status) => {
            // One question answers all hints that came before it, and none that come after.
            verification.look(conn, cause.at, verification.reconcile_version.saturating_add(1)).await?;
            return Ok(Received::Asked);
        }
        News::Hint => Applied::Refused(Why::NotAwaited),
        News::Nothing => Applied::Refused(Why::NothingDecided),
        News::NotUnderstood => Applied::Refused(Why::NotUnderstood),
    };
    let why = match applied {
        Applied::Decided(_) | Applied::Ended | Applied::Changed => return Ok(Received::Applied),
        Applied::Repeated => {
            let details = json!({ "webhook_id": webhook_id });
            append(conn, cause, Entry::of(verification, Kind::CallbackDuplicate).details(details)).await?;
            return Ok(Received::Duplicate);
        }
        Applied::Pending => Why::NothingDecided,
        Applied::Refused(why) => why,
    };
    let details = json!({ "webhook_id": webhook_id, "why": why });
    append(conn, cause, Entry::of(verification, Kind::CallbackRefused).details(details)).await?;
    // Whatever it says, something may have happened: ask, if there is anything to ask about. What it says is not believed.
    if matches!(why, Why::NotUnderstood | Why::Contradicts) && verification.can_be_asked_about() {
        verification.look(conn, cause.at, version_of(news).unwrap_or(0)).await?;
    }
    Ok(Received::Refused)
}

/// Whether a hint may be of something that we do not know.
const fn may_be_news(status: Status) -> bool {
    match status {
        Status::Submitted | Status::PendingReview | Status::Approved | Status::Rejected => true,
        Status::Initiated | Status::CaptureInProgress | Status::NeedsResubmission | Status::Expired => false,
    }
}

fn version_of(news: &News) -> Option<i64> {
    match news {
        News::Report(report) => Some(report.version),
        News::Hint | News::Nothing | News::NotUnderstood => None,
    }
}
