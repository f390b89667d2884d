//! What happened, for good: an append-only log. The database itself refuses to change or shorten it.
//!
//! It holds ids, words and times; never personal data, because it outlives every deletion request.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sqlx::{Row as _, SqliteConnection};

use crate::id::{AccountId, Cause, VerificationId};
use crate::store::{Reading as _, StoreError, micros};
use crate::verification::{Status, Verification};
use crate::word::words;

/// A verification's log is short; one that is longer than this has been flooded with duplicates, and the rest is kept from
/// filling somebody's memory.
const EVENTS_MAX: i64 = 10_000;

words! {
    /// What can be written down.
    "audit event"
    pub(crate) enum Kind {
        ConsentGiven = "consent_given",
        VerificationStarted = "verification_started",
        ImageAccepted = "image_accepted",
        ImageRefused = "image_refused",
        Submitted = "submitted",
        /// The vendor has everything.
        VendorAccepted = "vendor_accepted",
        CallbackReceived = "callback_received",
        CallbackDuplicate = "callback_duplicate",
        CallbackRefused = "callback_refused",
        /// Learnt by asking, since no callback came.
        Reconciled = "reconciled",
        DecisionApplied = "decision_applied",
        /// The vendor has changed its decision.
        DecisionRevised = "decision_revised",
        ReviewOpened = "review_opened",
        ReviewClaimed = "review_claimed",
        ReviewDecided = "review_decided",
        /// The vendor's change made the case needless.
        ReviewWithdrawn = "review_withdrawn",
        ApplicantNotified = "applicant_notified",
        Expired = "expired",
    }
}

/// One thing to be written down.
#[derive(Debug, Clone)]
pub(crate) struct Entry<'a> {
    kind: Kind,
    account: &'a AccountId,
    verification: Option<(&'a VerificationId, u32)>,
    revision: u32,
    status: Option<Status>,
    details: Value,
}

impl<'a> Entry<'a> {
    /// Something about a verification, at its present attempt.
    pub(crate) fn of(verification: &'a Verification, kind: Kind) -> Self {
        Self {
            kind,
            account: &verification.account,
            verification: Some((&verification.id, verification.attempt)),
            revision: verification.revision,
            status: None,
            details: json!({}),
        }
    }

    /// Something about an account, before there is a verification.
    pub(crate) fn of_account(account: &'a AccountId, kind: Kind) -> Self {
        Self { kind, account, verification: None, revision: 0, status: None, details: json!({}) }
    }

    pub(crate) fn status(mut self, status: Status) -> Self {
        self.status = Some(status);
        self
    }

    /// Adds members of the kind's own: a JSON object.
    pub(crate) fn details(mut self, details: Value) -> Self {
        self.details = details;
        self
    }
}

/// Writes an entry down, in the caller's change.
pub(crate) async fn append(conn: &mut SqliteConnection, cause: &Cause, entry: Entry<'_>) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO audit (at, kind, account, verification, attempt, revision, status, correlation, details) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(micros(cause.at))
    .bind(entry.kind.as_str())
    .bind(entry.account.as_str())
    .bind(entry.verification.map(|(id, _)| id.as_str()))
    .bind(entry.verification.map(|(_, attempt)| attempt))
    .bind(entry.revision)
    .bind(entry.status.map(Status::as_str))
    .bind(cause.correlation.as_str())
    .bind(entry.details.to_string())
    .execute(conn)
    .await?;
    Ok(())
}

/// Returns the log of a verification as JSON objects, the account's consents included: they are what it rests on.
pub(crate) async fn events(conn: &mut SqliteConnection, verification: &Verification) -> Result<Vec<Value>, StoreError> {
    let rows = sqlx::query(
        "SELECT seq, at, kind, attempt, status, correlation, details FROM audit WHERE verification = ?1 \
         UNION ALL \
         SELECT seq, at, kind, attempt, status, correlation, details FROM audit WHERE account = ?2 AND verification IS NULL \
         ORDER BY seq LIMIT ?3",
    )
    .bind(verification.id.as_str())
    .bind(verification.account.as_str())
    .bind(EVENTS_MAX)
    .fetch_all(conn)
    .await?;

    let mut events = Vec::with_capacity(rows.len());
    for row in rows {
        let at: Timestamp = row.time("at")?;
        let mut event = Map::new();
        event.insert("seq".to_owned(), json!(row.try_get::<i64, _>("seq")?));
        event.insert("at".to_owned(), json!(at));
        event.insert("kind".to_owned(), json!(row.word::<Kind>("kind")?));
        event.insert("attempt".to_owned(), json!(row.try_get::<Option<i64>, _>("attempt")?));
        if let Some(status) = row.optional_word::<Status>("status")? {
            event.insert("status".to_owned(), json!(status));
        }
        event.insert("correlation".to_owned(), json!(row.try_get::<&str, _>("correlation")?));
        let details = row.parsed("details", "JSON object", |text| serde_json::from_str::<Map<String, Value>>(text).ok())?;
        event.extend(details);
        events.push(Value::Object(event));
    }
    Ok(events)
}
