//! What the vendor did about each attempt, by the vendor's names; and with it all that an adapter must know.

use sqlx::{Row as _, SqliteConnection};

use super::Verification;
use crate::id::{ExaminationId, VerificationId};
use crate::store::{Reading as _, StoreError};
use crate::vendor::{Known, Subject};

impl Verification {
    /// Remembers that the vendor did `examination` about the present attempt.
    pub(crate) async fn examined(&self, conn: &mut SqliteConnection, examination: &ExaminationId) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO examinations (verification, attempt, id) VALUES (?, ?, ?) \
             ON CONFLICT (verification, attempt) DO UPDATE SET id = excluded.id",
        )
        .bind(self.id.as_str())
        .bind(self.attempt)
        .bind(examination.as_str())
        .execute(conn)
        .await?;
        Ok(())
    }

    /// Returns what we know of the vendor's side; nothing as long as there is none.
    pub(crate) async fn known(&self, conn: &mut SqliteConnection) -> Result<Option<Known>, StoreError> {
        let Some(session) = self.session.clone() else { return Ok(None) };
        let rows = sqlx::query("SELECT attempt, id FROM examinations WHERE verification = ? ORDER BY attempt")
            .bind(self.id.as_str())
            .fetch_all(conn)
            .await?;
        let mut examinations = Vec::with_capacity(rows.len());
        for row in rows {
            examinations.push((row.try_get("attempt")?, row.parsed("id", "examination id", ExaminationId::parse)?));
        }
        Ok(Some(Known {
            session,
            country: self.country.clone(),
            document_type: self.document_type,
            attempt: self.attempt,
            accepted: self.vendor_accepted_at.is_some(),
            examinations,
            seen: self.session_version,
            told: self.reconcile_version,
        }))
    }

    /// Returns the verification that a callback is about, and the attempt, if we know the one that it names.
    pub(crate) async fn by_subject(conn: &mut SqliteConnection, subject: &Subject) -> Result<Option<(Self, u32)>, StoreError> {
        match subject {
            Subject::Session(session) => Ok(Self::by_session(conn, session).await?.map(|found| {
                let attempt = found.attempt;
                (found, attempt)
            })),
            Subject::Examination(examination) => {
                let row = sqlx::query("SELECT verification, attempt FROM examinations WHERE id = ?")
                    .bind(examination.as_str())
                    .fetch_optional(&mut *conn)
                    .await?;
                let Some(row) = row else { return Ok(None) };
                let (id, attempt) = (row.parsed("verification", "verification id", VerificationId::parse)?, row.try_get("attempt")?);
                Ok(Self::by_id(conn, &id).await?.map(|found| (found, attempt)))
            }
        }
    }
}
