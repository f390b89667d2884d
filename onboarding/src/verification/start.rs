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

/// What is to be verified.
#[derive(Debug, Clone)]
pub(crate) struct StartRequest {
    pub(crate) country: Country,
    pub(crate) document_type: DocumentType,
}

/// Whether the verification is new.
#[derive(Debug, Clone)]
pub(crate) enum Started {
    New(Verification),
    /// One was open already, or this very request was made before.
    Existing(Verification),
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
    if let Some(earlier) = by_key(&mut change, account, &key).await? {
        let same = earlier.country == request.country && earlier.document_type == request.document_type;
        return if same { Ok(Started::Existing(earlier)) } else { Err(StartError::KeyReused) };
    }
    if let Some(current) = current(&mut change, account).await? {
        return Ok(Started::Existing(current));
    }
    let policy = core.policy.version_hash();
    if !consent::covers(&mut change, account, policy).await? {
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
        created_at: cause.at,
        updated_at: cause.at,
    };
    let details = json!({ "policy_version_hash": policy });
    append(&mut change, cause, Entry::of(&verification, Kind::VerificationStarted).details(details)).await?;
    change.commit().await.map_err(StoreError::from)?;
    Ok(Started::New(verification))
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
