//! Bearer tokens of applicants: 256 random bits, of which the database keeps only the SHA-256.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use sqlx::{Row as _, SqliteConnection};
use subtle::ConstantTimeEq as _;

use crate::store::{StoreError, micros};
use crate::{chance, clock};

/// How many tokens of one subject are valid at the same time. A client that lost an answer asks again and gets another one,
/// without the first becoming useless under a request that is still on its way; beyond this the oldest goes.
const TOKENS_PER_SUBJECT: i64 = 5;

/// A token in the open: exists only while it is on its way to its owner.
pub(crate) struct Issued {
    pub(crate) token: String,
    pub(crate) expires_at: Option<Timestamp>,
}

/// Makes a token for `subject`, valid for `lifetime`, or for good.
pub(crate) async fn issue(
    conn: &mut SqliteConnection,
    prefix: &str,
    subject: &str,
    now: Timestamp,
    lifetime: Option<Duration>,
) -> Result<Issued, StoreError> {
    let token = format!("{prefix}{}", URL_SAFE_NO_PAD.encode(chance::bytes::<32>()));
    let expires_at = lifetime.map(|lifetime| clock::later(now, lifetime));
    sqlx::query("INSERT INTO tokens (hash, subject, created_at, expires_at) VALUES (?, ?, ?, ?)")
        .bind(hash(&token))
        .bind(subject)
        .bind(micros(now))
        .bind(expires_at.map(micros))
        .execute(&mut *conn)
        .await?;
    sqlx::query(
        "DELETE FROM tokens WHERE subject = ?1 AND rowid NOT IN \
         (SELECT rowid FROM tokens WHERE subject = ?1 ORDER BY created_at DESC, rowid DESC LIMIT ?2)",
    )
    .bind(subject)
    .bind(TOKENS_PER_SUBJECT)
    .execute(conn)
    .await?;
    Ok(Issued { token, expires_at })
}

/// Says whether `token` is one of the subject's, and still valid.
pub(crate) async fn holds(conn: &mut SqliteConnection, subject: &str, token: &str, now: Timestamp) -> Result<bool, StoreError> {
    let rows = sqlx::query("SELECT hash FROM tokens WHERE subject = ? AND (expires_at IS NULL OR expires_at > ?)")
        .bind(subject)
        .bind(micros(now))
        .fetch_all(conn)
        .await?;
    let claimed = hash(token);
    let mut found = false;
    for row in rows {
        // All of them are compared, so that the time tells nothing.
        found |= bool::from(row.try_get::<&[u8], _>("hash")?.ct_eq(&claimed));
    }
    Ok(found)
}

fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token).to_vec()
}
