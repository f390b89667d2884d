//! A verification as the database has it, and the one way to move it.

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use super::{Move, Status};
use crate::decision::Reason;
use crate::id::{AccountId, Cause, Country, DocumentType, SessionId, VerificationId};
use crate::store::{Reading as _, StoreError, micros};

/// One applicant's verification, over all its attempts.
#[derive(Debug, Clone)]
pub(crate) struct Verification {
    pub(crate) id: VerificationId,
    pub(crate) account: AccountId,
    pub(crate) country: Country,
    pub(crate) document_type: DocumentType,
    pub(crate) status: Status,
    /// Counts submissions, from 1; grows when the first new image of a resubmission is accepted.
    pub(crate) attempt: u32,
    pub(crate) reason: Option<Reason>,
    pub(crate) session: Option<SessionId>,
    pub(crate) session_version: i64,
    pub(crate) vendor_accepted_at: Option<Timestamp>,
    pub(crate) reconcile_tries: u32,
    /// The newest version of the session that somebody has told us of, whether we have seen it or not.
    pub(crate) reconcile_version: i64,
    /// How often the vendor has changed its decision.
    pub(crate) revision: u32,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

impl Verification {
    pub(crate) async fn by_id(conn: &mut SqliteConnection, id: &VerificationId) -> Result<Option<Self>, StoreError> {
        let row = sqlx::query("SELECT * FROM verifications WHERE id = ?").bind(id.as_str()).fetch_optional(conn).await?;
        row.as_ref().map(Self::read).transpose()
    }

    pub(crate) async fn by_session(conn: &mut SqliteConnection, id: &SessionId) -> Result<Option<Self>, StoreError> {
        let row = sqlx::query("SELECT * FROM verifications WHERE session = ?").bind(id.as_str()).fetch_optional(conn).await?;
        row.as_ref().map(Self::read).transpose()
    }

    pub(crate) fn read(row: &SqliteRow) -> Result<Self, StoreError> {
        let session = match row.try_get::<Option<&str>, _>("session")? {
            Some(_) => Some(row.parsed("session", "session id", SessionId::parse)?),
            None => None,
        };
        let vendor_accepted_at = match row.try_get::<Option<i64>, _>("vendor_accepted_at")? {
            Some(_) => Some(row.time("vendor_accepted_at")?),
            None => None,
        };
        Ok(Self {
            id: row.parsed("id", "verification id", VerificationId::parse)?,
            account: row.parsed("account", "account id", AccountId::parse)?,
            country: row.parsed("country", "country", Country::parse)?,
            document_type: row.word("document_type")?,
            status: row.word("status")?,
            attempt: row.try_get("attempt")?,
            reason: row.optional_word("reason")?,
            session,
            session_version: row.try_get("session_version")?,
            vendor_accepted_at,
            reconcile_tries: row.try_get("reconcile_tries")?,
            reconcile_version: row.try_get("reconcile_version")?,
            revision: row.try_get("revision")?,
            created_at: row.time("created_at")?,
            updated_at: row.time("updated_at")?,
        })
    }

    /// Moves the verification. What a move always entails happens here, so that no caller can forget it.
    pub(crate) async fn take(
        &mut self,
        conn: &mut SqliteConnection,
        cause: &Cause,
        taken: Move,
        reason: Option<Reason>,
    ) -> Result<(), StoreError> {
        let after = self.status.on(taken)?;
        let reopens = self.status == Status::NeedsResubmission && after == Status::CaptureInProgress;
        let attempt = if reopens { self.attempt.saturating_add(1) } else { self.attempt };
        let revision = if taken.is_change() { self.revision.saturating_add(1) } else { self.revision };
        if reopens || self.status == Status::Submitted {
            // Nobody must be asked about the new attempt before it has been submitted, nor about one that is decided.
            self.ask_no_more(conn).await?;
        }
        if reopens {
            sqlx::query("UPDATE verifications SET vendor_accepted_at = NULL WHERE id = ?")
                .bind(self.id.as_str())
                .execute(&mut *conn)
                .await?;
            self.vendor_accepted_at = None;
        }
        sqlx::query("UPDATE verifications SET status = ?, attempt = ?, revision = ?, reason = ?, updated_at = ? WHERE id = ?")
            .bind(after.as_str())
            .bind(attempt)
            .bind(revision)
            .bind(reason.map(Reason::as_str))
            .bind(micros(cause.at))
            .bind(self.id.as_str())
            .execute(&mut *conn)
            .await?;
        if after.is_final() {
            self.forget_evidence(conn).await?;
        }
        self.status = after;
        self.attempt = attempt;
        self.revision = revision;
        self.reason = reason;
        self.updated_at = cause.at;
        Ok(())
    }

    /// Counts a change of the vendor's decision that moves nothing.
    pub(crate) async fn note_change(&mut self, conn: &mut SqliteConnection) -> Result<(), StoreError> {
        self.revision = self.revision.saturating_add(1);
        sqlx::query("UPDATE verifications SET revision = ? WHERE id = ?").bind(self.revision).bind(self.id.as_str()).execute(conn).await?;
        Ok(())
    }

    /// Deletes the images: they are kept only as long as the vendor may need them from us.
    pub(crate) async fn forget_evidence(&self, conn: &mut SqliteConnection) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM evidence WHERE verification = ?").bind(self.id.as_str()).execute(conn).await?;
        Ok(())
    }

    /// Remembers the newest version of the session that was taken into account.
    pub(crate) async fn saw_version(&mut self, conn: &mut SqliteConnection, version: i64) -> Result<(), StoreError> {
        self.session_version = self.session_version.max(version);
        sqlx::query("UPDATE verifications SET session_version = max(session_version, ?) WHERE id = ?")
            .bind(version)
            .bind(self.id.as_str())
            .execute(conn)
            .await?;
        Ok(())
    }

    /// Sets the moment at which the verification runs out, if the applicant leaves it lying.
    pub(crate) async fn expires(&self, conn: &mut SqliteConnection, at: Timestamp) -> Result<(), StoreError> {
        sqlx::query("UPDATE verifications SET expires_at = ? WHERE id = ?").bind(micros(at)).bind(self.id.as_str()).execute(conn).await?;
        Ok(())
    }

    /// Sets the moment at which the vendor is asked, should no callback have come until then.
    pub(crate) async fn reconcile(&self, conn: &mut SqliteConnection, at: Timestamp, tries: u32) -> Result<(), StoreError> {
        sqlx::query("UPDATE verifications SET reconcile_at = ?, reconcile_tries = ? WHERE id = ?")
            .bind(micros(at))
            .bind(tries)
            .bind(self.id.as_str())
            .execute(conn)
            .await?;
        Ok(())
    }

    /// Whether the vendor's answer about it could tell us anything.
    pub(crate) fn can_be_asked_about(&self) -> bool {
        match self.status {
            Status::Submitted => self.vendor_accepted_at.is_some(), // else our own call will be answered
            Status::PendingReview | Status::Approved | Status::Rejected => true,
            Status::Initiated | Status::CaptureInProgress | Status::NeedsResubmission | Status::Expired => false,
        }
    }

    /// Says whether somebody has told us of something that we have not seen.
    pub(crate) fn was_told_more(&self) -> bool {
        self.reconcile_version > self.session_version
    }

    /// Remembers that the vendor has spoken of `version`, and has it asked as soon as possible: at once, or when it has everything of this attempt.
    pub(crate) async fn look(&mut self, conn: &mut SqliteConnection, at: Timestamp, version: i64) -> Result<(), StoreError> {
        self.reconcile_version = self.reconcile_version.max(version);
        sqlx::query("UPDATE verifications SET reconcile_version = ? WHERE id = ?")
            .bind(self.reconcile_version)
            .bind(self.id.as_str())
            .execute(&mut *conn)
            .await?;
        if self.can_be_asked_about() { self.reconcile(conn, at, self.reconcile_tries).await } else { Ok(()) }
    }

    /// Ends the asking: there is nothing more to learn.
    pub(crate) async fn ask_no_more(&mut self, conn: &mut SqliteConnection) -> Result<(), StoreError> {
        self.reconcile_tries = 0;
        sqlx::query("UPDATE verifications SET reconcile_at = NULL, reconcile_tries = 0 WHERE id = ?")
            .bind(self.id.as_str())
            .execute(conn)
            .await?;
        Ok(())
    }
}
