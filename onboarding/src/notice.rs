//! Tells the applicant: a row in the inbox, in the same change as the news itself.
//!
//! The app shows the inbox, and a mailer may send from it; neither can then tell something that did not happen.

use sqlx::SqliteConnection;

use crate::audit::{Entry, Kind, append};
use crate::id::Cause;
use crate::store::{StoreError, micros};
use crate::verification::Verification;

/// Tells the applicant where the verification stands now. The same news twice is a bug, and the database refuses it.
pub(crate) async fn send(conn: &mut SqliteConnection, cause: &Cause, verification: &Verification) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO notices (account, verification, attempt, revision, status, created_at) VALUES (?, ?, ?, ?, ?, ?)")
        .bind(verification.account.as_str())
        .bind(verification.id.as_str())
        .bind(verification.attempt)
        .bind(verification.revision)
        .bind(verification.status.as_str())
        .bind(micros(cause.at))
        .execute(&mut *conn)
        .await?;
    append(conn, cause, Entry::of(verification, Kind::ApplicantNotified).status(verification.status)).await
}
