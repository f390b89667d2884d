//! Accounts: made once for each idempotency key.

use sqlx::{Row as _, SqliteConnection};

use crate::core::Core;
use crate::id::{AccountId, Cause, Country};
use crate::store::{Reading as _, StoreError, digest, micros};
use crate::token::{self, Issued};

/// Who wants an account. No `Debug`: it holds an address.
pub(crate) struct OpenRequest {
    pub(crate) reference: Reference,
    pub(crate) email: Email,
    pub(crate) country: Country,
}

/// The applicant's stable name, within the alphabet that the vendor takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference(String);

impl Reference {
    pub(crate) fn parse(written: &str) -> Option<Self> {
        let fits = (1..=128).contains(&written.len()) && written.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-:@+".contains(&b));
        fits.then(|| Self(written.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where news is sent. Whether it is really an address only a mail can tell.
#[derive(Clone)]
pub(crate) struct Email(String);

impl Email {
    pub(crate) fn parse(written: &str) -> Option<Self> {
        let plain = written.len() <= 254 && !written.chars().any(|c| c.is_whitespace() || c.is_control());
        let (local, host) = written.split_once('@')?;
        (plain && !local.is_empty() && !host.is_empty()).then(|| Self(written.to_owned()))
    }
}

/// An account, as its owner gets it.
pub(crate) struct Opened {
    pub(crate) id: AccountId,
    pub(crate) token: Issued,
}

/// Why there is no account.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("the idempotency key was used for another account")]
    KeyReused,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Opens an account, or returns the one that the same request opened before, with a token of its own.
pub(crate) async fn open(core: &Core, cause: &Cause, key: &str, request: &OpenRequest) -> Result<Opened, OpenError> {
    let key = digest(&[key]);
    let request_digest = digest(&[request.reference.as_str(), &request.email.0, request.country.as_str()]);
    let mut change = core.store.begin().await?;
    let id = match earlier(&mut change, &key).await? {
        Some((id, digest)) if digest == request_digest => id,
        Some(_) => return Err(OpenError::KeyReused),
        None => {
            let id = AccountId::new(cause.at);
            sqlx::query(
                "INSERT INTO accounts (id, idempotency, request_digest, reference, email, country, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(id.as_str())
            .bind(key)
            .bind(request_digest)
            .bind(request.reference.as_str())
            .bind(&request.email.0)
            .bind(request.country.as_str())
            .bind(micros(cause.at))
            .execute(&mut *change)
            .await
            .map_err(StoreError::from)?;
            id
        }
    };
    let token = token::issue(&mut change, "act_", id.as_str(), cause.at, None).await?;
    change.commit().await.map_err(StoreError::from)?;
    Ok(Opened { id, token })
}

async fn earlier(conn: &mut SqliteConnection, key: &[u8]) -> Result<Option<(AccountId, Vec<u8>)>, StoreError> {
    let row = sqlx::query("SELECT id, request_digest FROM accounts WHERE idempotency = ?").bind(key).fetch_optional(conn).await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some((row.parsed("id", "account id", AccountId::parse)?, row.try_get("request_digest")?)))
}

/// Returns the account's stable name, as the vendor is to know it.
pub(crate) async fn reference(conn: &mut SqliteConnection, account: &AccountId) -> Result<Reference, StoreError> {
    let row = sqlx::query("SELECT reference FROM accounts WHERE id = ?").bind(account.as_str()).fetch_one(conn).await?;
    row.parsed("reference", "reference", Reference::parse)
}
