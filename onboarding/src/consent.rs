//! Consent that a machine can check: which text, which scopes, which language, when.

use data_encoding::HEXLOWER;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use sqlx::{Row as _, SqliteConnection};

use crate::audit::{Entry, Kind, append};
use crate::core::Core;
use crate::id::{AccountId, Cause};
use crate::store::{StoreError, micros};
use crate::word::{Word as _, words};

words! {
    /// What is done with an applicant's data.
    "scope"
    pub(crate) enum Scope {
        IdentityDocument = "identity_document",
        BiometricSelfie = "biometric_selfie",
        Screening = "screening",
    }
}

/// The text that applicants agree to, and its version.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    text: String,
    version_hash: String,
}

impl Policy {
    pub(crate) fn new(text: &str) -> Self {
        let version_hash = HEXLOWER.encode(&Sha256::digest(text));
        Self { text: text.to_owned(), version_hash }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the SHA-256 of the text, in hexadecimal: a version that cannot be forgotten to be counted up.
    pub(crate) fn version_hash(&self) -> &str {
        &self.version_hash
    }

    /// Returns everything that an applicant must agree to.
    pub(crate) const fn scopes() -> &'static [Scope] {
        Scope::ALL
    }
}

/// The language in which the text was shown: a BCP 47 tag, not checked beyond its shape.
#[derive(Debug, Clone)]
pub(crate) struct Locale(String);

impl Locale {
    pub(crate) fn parse(written: &str) -> Option<Self> {
        let fits = (2..=35).contains(&written.len()) && written.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        fits.then(|| Self(written.to_owned()))
    }
}

/// Why consent was not taken down.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConsentError {
    #[error("the consent policy has changed since it was shown")]
    Outdated,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Takes consent down. Giving it twice is harmless; both are kept.
pub(crate) async fn give(
    core: &Core,
    cause: &Cause,
    account: &AccountId,
    version_hash: &str,
    locale: &Locale,
    scopes: &[Scope],
) -> Result<i64, ConsentError> {
    if version_hash != core.policy.version_hash() {
        return Err(ConsentError::Outdated);
    }
    let words: Vec<_> = scopes.iter().map(|scope| scope.as_str()).collect();
    let mut change = core.store.begin().await?;
    let id = sqlx::query("INSERT INTO consents (account, policy_version_hash, locale, scopes, given_at) VALUES (?, ?, ?, ?, ?)")
        .bind(account.as_str())
        .bind(version_hash)
        .bind(&locale.0)
        .bind(words.join(" "))
        .bind(micros(cause.at))
        .execute(&mut *change)
        .await
        .map_err(StoreError::from)?
        .last_insert_rowid();
    let details = json!({ "policy_version_hash": version_hash, "locale": locale.0, "scopes": scopes });
    append(&mut change, cause, Entry::of_account(account, Kind::ConsentGiven).details(details)).await?;
    change.commit().await.map_err(StoreError::from)?;
    Ok(id)
}

/// Says whether the account has agreed to this version of the policy, with every scope.
pub(crate) async fn covers(conn: &mut SqliteConnection, account: &AccountId, version_hash: &str) -> Result<bool, StoreError> {
    let rows = sqlx::query("SELECT scopes FROM consents WHERE account = ? AND policy_version_hash = ?")
        .bind(account.as_str())
        .bind(version_hash)
        .fetch_all(conn)
        .await?;
    let mut given = Vec::new();
    for row in rows {
        let words: String = row.try_get("scopes")?;
        given.extend(words.split_whitespace().filter_map(Scope::parse));
    }
    Ok(Policy::scopes().iter().all(|scope| given.contains(scope)))
}
