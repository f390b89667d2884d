//! Begins a verification: once for each account, however often it is asked for.

use serde_json::json;
use sqlx::SqliteConnection;

use super::{Status, Verification};
use crate::audit::{Entry, Kind, append};
use crate::clock;
use crate::consent;
use crate::core::Core;
use crate::id::{AccountId, Cause, Country, DocumentType, VerificationId};
use crate::store::{StoreError, digest, micros};
use crate::token::{self, Issued};

/// What is to be verified.
#[derive(Debug, Clone)]
pub(crate) struct StartRequest {
    pub(crate) country: Country,
    pub(crate) document_type: DocumentType,
}

/// A verification, ready for images if its status takes any.
pub(crate) struct Started {
    pub(crate) verification: Verification,
    /// Whether it was made just now. Otherwise one was open already, or this very request was made before.
    pub(crate) new: bool,
    pub(crate) capture: Option<Issued>,
}

/// Why no verification was begun.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error("the account has not consented to the current policy")]
    ConsentRequired,
    #[error("the idempotency key was used for another request")]
    KeyReused,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Begins a verification, or returns the one there is.
pub(crate) async fn start(
    core: &Core,
    cause: &Cause,
    account: &AccountId,
    key: &str,
    request: &StartRequest,
) -> Result<Started, StartError> {
    let key = digest(&[key]);
    let mut change = core.store.begin().await?;
    let existing = match by_key(&mut change, account, &key).await? {
        Some(earlier) if earlier.country != request.country || earlier.document_type != request.document_type => {
            return Err(StartError::KeyReused);
        }
        Some(earlier) => Some(earlier),
        None => current(&mut change, account).await?,
    };
    let new = existing.is_none();
    let verification = match existing {
        Some(verification) => verification,
        None => begin(core, &mut change, cause, account, key, request).await?,
    };
    let capture = match verification.status.captures() {
        true => Some(issue_capture_token(core, &mut change, cause, &verification).await?),
        false => None,
    };
    change.commit().await.map_err(StoreError::from)?;
    Ok(Started { verification, new, capture })
}

/// Makes a token that lets its holder, a camera perhaps, send images of this verification and do nothing else.
pub(crate) async fn issue_capture_token(
    core: &Core,
    conn: &mut SqliteConnection,
    cause: &Cause,
    verification: &Verification,
) -> Result<Issued, StoreError> {
    token::issue(conn, "cap_", verification.id.as_str(), cause.at, Some(core.config.capture_token_lifetime)).await
}

async fn begin(
    core: &Core,
    change: &mut SqliteConnection,
    cause: &Cause,
    account: &AccountId,
    key: Vec<u8>,
    request: &StartRequest,
) -> Result<Verification, StartError> {
    let policy = core.policy.version_hash();
    if !consent::covers(change, account, policy).await? {
        return Err(StartError::ConsentRequired);
    }

    let id = VerificationId::new(cause.at);
    sqlx::query(
        "INSERT INTO verifications (id, account, idempotency, country, document_type, status, attempt, expires_at, created_at, updated_at) \
         VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?, ?)",
    )
    .bind(id.as_str())
    .bind(account.as_str())
    .bind(key)
    .bind(request.country.as_str())
    .bind(request.document_type.as_str())
    .bind(Status::Initiated.as_str())
    .bind(micros(clock::later(cause.at, core.config.verification_lifetime)))
    .bind(micros(cause.at))
    .bind(micros(cause.at))
    .execute(&mut *change)
    .await
    .map_err(StoreError::from)?;
    let verification = Verification {
        id,
        account: account.clone(),
        country: request.country.clone(),
        document_type: request.document_type,
        status: Status::Initiated,
        attempt: 1,
        reason: None,
        session: None,
        session_version: 0,
        vendor_accepted_at: None,
        reconcile_tries: 0,
        reconcile_version: 0,
        revision: 0,
        created_at: cause.at,
        updated_at: cause.at,
    };
    let details = json!({ "policy_version_hash": policy });
    append(change, cause, Entry::of(&verification, Kind::VerificationStarted).details(details)).await?;
    Ok(verification)
}

async fn by_key(conn: &mut SqliteConnection, account: &AccountId, key: &[u8]) -> Result<Option<Verification>, StoreError> {
    let row = sqlx::query("SELECT * FROM verifications WHERE account = ? AND idempotency = ?")
        .bind(account.as_str())
        .bind(key)
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(Verification::read).transpose()
}

/// The verification that makes another one needless: an open one, or an approval.
async fn current(conn: &mut SqliteConnection, account: &AccountId) -> Result<Option<Verification>, StoreError> {
    let rows =
        sqlx::query("SELECT * FROM verifications WHERE account = ? AND status NOT IN ('rejected', 'expired') ORDER BY created_at DESC")
            .bind(account.as_str())
            .fetch_optional(conn)
            .await?;
    rows.as_ref().map(Verification::read).transpose()
}
