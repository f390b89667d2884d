//! The backend's own database, for bugs that live in what it stores.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, Row as _};

/// What has happened already happens again: the constraints that stop it are gone, and whatever is written down as a duplicate is applied and told anew.
pub(super) const DUPLICATES_APPLY: &[&str] = &[
    "DROP INDEX audit_one_decision",
    "DROP INDEX audit_one_notice",
    "CREATE TRIGGER applied_again AFTER INSERT ON audit WHEN NEW.kind = 'callback_duplicate' BEGIN
        INSERT INTO audit (at, kind, account, verification, attempt, revision, status, correlation, details)
        SELECT NEW.at, kind, account, verification, attempt, revision, status, NEW.correlation, details FROM audit
        WHERE verification = NEW.verification AND attempt = NEW.attempt AND kind IN ('decision_applied', 'applicant_notified')
        GROUP BY kind HAVING seq = min(seq);
    END",
];

/// The same, but for duplicates that come under an id which was not seen before: they were received first, and then found to be none.
pub(super) const UNKNOWN_IDS_APPLY: &[&str] = &[
    "DROP INDEX audit_one_decision",
    "DROP INDEX audit_one_notice",
    "CREATE TRIGGER applied_again AFTER INSERT ON audit WHEN NEW.kind = 'callback_duplicate' AND EXISTS (
        SELECT 1 FROM audit WHERE seq = NEW.seq - 1 AND kind = 'callback_received'
        AND json_extract(details, '$.webhook_id') = json_extract(NEW.details, '$.webhook_id')
    ) BEGIN
        INSERT INTO audit (at, kind, account, verification, attempt, revision, status, correlation, details)
        SELECT NEW.at, kind, account, verification, attempt, revision, status, NEW.correlation, details FROM audit
        WHERE verification = NEW.verification AND attempt = NEW.attempt AND kind IN ('decision_applied', 'applicant_notified')
        GROUP BY kind HAVING seq = min(seq);
    END",
];

/// Every second case is opened in a change of its own, which fails after the verification has been moved.
pub(super) const CASES_VANISH: &[&str] = &["CREATE TRIGGER case_vanishes AFTER INSERT ON reviews WHEN NEW.rowid % 2 = 0 BEGIN
        DELETE FROM reviews WHERE rowid = NEW.rowid;
    END"];

/// What could not be sent is forgotten.
pub(super) const FAILURES_ARE_FORGOTTEN: &[&str] = &["CREATE TRIGGER forgotten AFTER UPDATE OF tries ON outbox BEGIN
        DELETE FROM outbox WHERE verification = NEW.verification;
    END"];

/// Nothing stops a verification from being moved anywhere.
pub(super) const ANY_MOVE: &[&str] = &["DROP TRIGGER verifications_move_legally"];

/// A second way into the database, beside the backend's.
#[derive(Debug, Clone)]
pub(super) struct Database(SqlitePool);

impl Database {
    pub(super) async fn open(path: &Path) -> Self {
        let options = SqliteConnectOptions::new().filename(path).busy_timeout(Duration::from_secs(10));
        Self(SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap())
    }

    pub(super) async fn change(&self, statements: &'static [&'static str]) {
        for statement in statements {
            sqlx::query(AssertSqlSafe(*statement)).execute(&self.0).await.unwrap();
        }
    }

    /// Takes a session for told: nobody will ask the vendor about it any more.
    pub(super) async fn heard_of(&self, session: &str) {
        sqlx::query("UPDATE verifications SET reconcile_at = NULL WHERE session = ?").bind(session).execute(&self.0).await.unwrap();
    }

    /// Moves the verification of a session, whatever was decided before.
    pub(super) async fn overwrite(&self, session: &str, status: &str) {
        sqlx::query("UPDATE verifications SET status = ?1, revision = revision + 1 WHERE session = ?2 AND status <> ?1")
            .bind(status)
            .bind(session)
            .execute(&self.0)
            .await
            .unwrap();
    }

    /// Approves a verification that has waited longer than this.
    pub(super) async fn approve_when_waiting(&self, verification: &str, longer_than: Duration) {
        let micros = i64::try_from(longer_than.as_micros()).unwrap();
        sqlx::query(
            "UPDATE verifications SET status = 'approved' WHERE id = ? AND status = 'submitted'
             AND updated_at < (SELECT max(at) FROM audit) - ?",
        )
        .bind(verification)
        .bind(micros)
        .execute(&self.0)
        .await
        .unwrap();
    }

    /// Whose verification it is, by the name that the vendor knows too.
    pub(super) async fn reference(&self, verification: &str) -> Option<String> {
        let row = sqlx::query("SELECT a.reference FROM accounts a JOIN verifications v ON v.account = a.id WHERE v.id = ?")
            .bind(verification)
            .fetch_optional(&self.0)
            .await
            .unwrap();
        row.map(|row| row.get("reference"))
    }
}
