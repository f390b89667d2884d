//! One case in the queue.

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use crate::account::Reference;
use crate::decision::{Reason, Risk};
use crate::id::{ReviewId, VerificationId};
use crate::store::{Reading as _, StoreError};
use crate::word::words;

words! {
    /// Where a case stands.
    "case status"
    pub(crate) enum CaseStatus {
        Waiting = "waiting",
        Claimed = "claimed",
        Decided = "decided",
        /// The vendor's change of mind made it needless.
        Withdrawn = "withdrawn",
    }
}

words! {
    /// Which case comes first.
    "order"
    pub(crate) enum Order {
        OldestFirst = "oldest_first",
        HighestRiskFirst = "highest_risk_first",
    }
}

words! {
    /// What a reviewer decides.
    "ruling"
    pub(crate) enum Ruling {
        Approve = "approve",
        Reject = "reject",
    }
}

/// What a reviewer is called: a short name, as it goes into the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReviewerName(String);

impl ReviewerName {
    pub(crate) fn parse(written: &str) -> Option<Self> {
        let fits = (1..=64).contains(&written.len()) && written.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-:@+".contains(&b));
        fits.then(|| Self(written.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// One case.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) id: ReviewId,
    pub(crate) verification: VerificationId,
    pub(crate) reference: Reference,
    pub(crate) reason: Reason,
    pub(crate) risk: Risk,
    pub(crate) status: CaseStatus,
    pub(crate) reviewer: Option<ReviewerName>,
    pub(crate) ruling: Option<Ruling>,
    pub(crate) opened_at: Timestamp,
}

/// The columns that [`Case::read`] wants, and where they come from.
macro_rules! select_case {
    ($rest:literal) => {
        concat!(
            "SELECT r.id, r.verification, a.reference, r.reason, r.risk, r.status, r.reviewer, r.decision, r.opened_at ",
            "FROM reviews r JOIN verifications v ON v.id = r.verification JOIN accounts a ON a.id = v.account ",
            $rest
        )
    };
}
pub(super) use select_case;

impl Case {
    pub(super) async fn by_id(conn: &mut SqliteConnection, id: &ReviewId) -> Result<Option<Self>, StoreError> {
        let row = sqlx::query(select_case!("WHERE r.id = ?")).bind(id.as_str()).fetch_optional(conn).await?;
        row.as_ref().map(Self::read).transpose()
    }

    pub(super) fn read(row: &SqliteRow) -> Result<Self, StoreError> {
        let rank: i64 = row.try_get("risk")?;
        let reviewer = match row.try_get::<Option<&str>, _>("reviewer")? {
            Some(_) => Some(row.parsed("reviewer", "reviewer's name", ReviewerName::parse)?),
            None => None,
        };
        Ok(Self {
            id: row.parsed("id", "review id", ReviewId::parse)?,
            verification: row.parsed("verification", "verification id", VerificationId::parse)?,
            reference: row.parsed("reference", "reference", Reference::parse)?,
            reason: row.word("reason")?,
            risk: Risk::from_rank(rank).ok_or_else(|| StoreError::Unreadable { column: "risk", what: "risk", value: rank.to_string() })?,
            status: row.word("status")?,
            reviewer,
            ruling: row.optional_word("decision")?,
            opened_at: row.time("opened_at")?,
        })
    }
}
