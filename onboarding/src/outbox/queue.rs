//! The outbox as a table.

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use crate::id::{Cause, Correlation, VerificationId};
use crate::store::{Reading as _, StoreError, micros};
use crate::verification::{ImageKind, Verification};
use crate::word::words;

words! {
    /// One call to the vendor.
    "step"
    pub(crate) enum Step {
        CreateSession = "create_session",
        UploadDocument = "upload_document",
        UploadSelfie = "upload_selfie",
        Submit = "submit",
    }
}

impl Step {
    const fn of(image: ImageKind) -> Self {
        match image {
            ImageKind::Document => Self::UploadDocument,
            ImageKind::Selfie => Self::UploadSelfie,
        }
    }
}

/// One row of the outbox.
#[derive(Debug, Clone)]
pub(crate) struct Due {
    pub(super) id: i64,
    pub(super) verification: VerificationId,
    pub(super) attempt: u32,
    pub(super) step: Step,
    /// How often it has failed.
    pub(super) tries: u32,
    /// How often it had to be told anew: after images were lost, or a failure that the vendor remembers.
    pub(super) round: u32,
    pub(super) created_at: Timestamp,
    pub(super) correlation: Correlation,
}

impl Due {
    fn read(row: &SqliteRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.try_get("id")?,
            verification: row.parsed("verification", "verification id", VerificationId::parse)?,
            attempt: row.try_get("attempt")?,
            step: row.word("step")?,
            tries: row.try_get("tries")?,
            round: row.try_get("round")?,
            created_at: row.time("created_at")?,
            correlation: row.parsed("correlation", "correlation id", Correlation::parse)?,
        })
    }

    /// Returns the key under which the vendor recognises a repetition: the same for every try whose answer we do not know, even after a restart. Another round
    /// has another one, or the vendor would repeat the refusal that led to it.
    pub(super) fn idempotency_key(&self) -> String {
        let Self { verification, attempt, step, round, .. } = self;
        match round {
            0 => format!("{verification}-{attempt}-{step}"),
            _ => format!("{verification}-{attempt}-{step}-{round}"),
        }
    }
}

/// Writes down the steps that follow from a submission.
pub(crate) async fn enqueue(
    conn: &mut SqliteConnection,
    cause: &Cause,
    verification: &Verification,
    images: &[ImageKind],
) -> Result<(), StoreError> {
    let mut steps = Vec::with_capacity(4);
    if verification.session.is_none() {
        steps.push(Step::CreateSession);
    }
    steps.extend(images.iter().copied().map(Step::of));
    steps.push(Step::Submit);
    for (position, step) in steps.into_iter().enumerate() {
        sqlx::query("INSERT INTO outbox (verification, attempt, step, due_at, created_at, correlation) VALUES (?, ?, ?, ?, ?, ?)")
            .bind(verification.id.as_str())
            .bind(verification.attempt)
            .bind(step.as_str())
            .bind((position == 0).then_some(micros(cause.at)))
            .bind(micros(cause.at))
            .bind(cause.correlation.as_str())
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

/// Returns the steps that are due, longest due first.
pub(super) async fn due(conn: &mut SqliteConnection, now: Timestamp, limit: usize) -> Result<Vec<Due>, StoreError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = sqlx::query("SELECT * FROM outbox WHERE due_at <= ? ORDER BY due_at, id LIMIT ?")
        .bind(micros(now))
        .bind(limit)
        .fetch_all(conn)
        .await?;
    rows.iter().map(Due::read).collect()
}

/// Returns when the next step falls due that is not due yet.
pub(super) async fn next_due(conn: &mut SqliteConnection, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
    let row = sqlx::query("SELECT min(due_at) AS due_at FROM outbox WHERE due_at > ?").bind(micros(now)).fetch_one(conn).await?;
    match row.try_get::<Option<i64>, _>("due_at")? {
        Some(_) => row.time("due_at").map(Some),
        None => Ok(None),
    }
}

/// Strikes a step out, and makes the verification's next one due.
pub(super) async fn complete(conn: &mut SqliteConnection, cause: &Cause, done: &Due) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM outbox WHERE id = ?").bind(done.id).execute(&mut *conn).await?;
    sqlx::query("UPDATE outbox SET due_at = ? WHERE id = (SELECT min(id) FROM outbox WHERE verification = ?) AND due_at IS NULL")
        .bind(micros(cause.at))
        .bind(done.verification.as_str())
        .execute(conn)
        .await?;
    Ok(())
}

/// Puts a step off that has failed once more.
pub(super) async fn postpone(conn: &mut SqliteConnection, failed: &Due, due_at: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE outbox SET tries = tries + 1, due_at = ? WHERE id = ?").bind(micros(due_at)).bind(failed.id).execute(conn).await?;
    Ok(())
}

/// Puts a step off that the vendor would answer alike for ever under the same key.
pub(super) async fn postpone_anew(conn: &mut SqliteConnection, failed: &Due, due_at: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE outbox SET round = round + 1 WHERE id = ?").bind(failed.id).execute(&mut *conn).await?;
    postpone(conn, failed, due_at).await
}

/// Puts the images that we hold before a submission that the vendor refused for want of them: it has lost what it had confirmed. Says whether we hold any.
pub(super) async fn upload_again(conn: &mut SqliteConnection, refused: &Due, due_at: Timestamp) -> Result<bool, StoreError> {
    let rows = sqlx::query("SELECT kind FROM evidence WHERE verification = ? ORDER BY kind")
        .bind(refused.verification.as_str())
        .fetch_all(&mut *conn)
        .await?;
    let images: Vec<ImageKind> = rows.iter().map(|row| row.word("kind")).collect::<Result<_, _>>()?;
    if images.is_empty() {
        return Ok(false);
    }
    discard(conn, &refused.verification).await?;
    let steps = images.into_iter().map(Step::of).chain(std::iter::once(refused.step));
    for (position, step) in steps.enumerate() {
        sqlx::query(
            "INSERT INTO outbox (verification, attempt, step, tries, round, due_at, created_at, correlation) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(refused.verification.as_str())
        .bind(refused.attempt)
        .bind(step.as_str())
        .bind(refused.tries.saturating_add(1))
        .bind(refused.round.saturating_add(1))
        .bind((position == 0).then_some(micros(due_at)))
        .bind(micros(refused.created_at)) // the patience with this submission began with it
        .bind(refused.correlation.as_str())
        .execute(&mut *conn)
        .await?;
    }
    Ok(true)
}

/// Strikes out everything that the vendor will not be told about a verification any more.
pub(crate) async fn discard(conn: &mut SqliteConnection, verification: &VerificationId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM outbox WHERE verification = ?").bind(verification.as_str()).execute(conn).await?;
    Ok(())
}
