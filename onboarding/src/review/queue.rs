//! The queue: opened by decisions, emptied by reviewers. A claim is a lease, so that nobody's lunch break blocks an applicant.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use sqlx::{Row as _, SqliteConnection};

use super::case::{Case, CaseStatus, Order, ReviewerName, select_case};
use crate::audit::{Entry, Kind, append};
use crate::clock;
use crate::core::Core;
use crate::decision::Reason;
use crate::id::{Cause, ReviewId};
use crate::store::{Reading as _, StoreError, micros};
use crate::verification::Verification;

/// Opens a case for a verification that has just become `pending_review`.
pub(crate) async fn open(
    conn: &mut SqliteConnection,
    cause: &Cause,
    verification: &Verification,
    reason: Reason,
) -> Result<(), StoreError> {
    let id = ReviewId::new(cause.at);
    let risk = reason.risk();
    sqlx::query("INSERT INTO reviews (id, verification, attempt, revision, reason, risk, status, opened_at) VALUES (?, ?, ?, ?, ?, ?, 'waiting', ?)")
        .bind(id.as_str())
        .bind(verification.id.as_str())
        .bind(verification.attempt)
        .bind(verification.revision)
        .bind(reason.as_str())
        .bind(risk as i64)
        .bind(micros(cause.at))
        .execute(&mut *conn)
        .await?;
    let details = json!({ "review": id, "reason": reason, "risk": risk.as_str() });
    append(conn, cause, Entry::of(verification, Kind::ReviewOpened).details(details)).await
}

/// Takes a verification's open case off the queue: the vendor has changed its decision, and no doubt is left.
pub(crate) async fn withdraw(conn: &mut SqliteConnection, cause: &Cause, verification: &Verification) -> Result<(), StoreError> {
    let row = sqlx::query(
        "UPDATE reviews SET status = 'withdrawn', lease_until = NULL, decided_at = ? \
         WHERE verification = ? AND status IN ('waiting', 'claimed') RETURNING id",
    )
    .bind(micros(cause.at))
    .bind(verification.id.as_str())
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row else { return Ok(()) };
    let id: ReviewId = row.parsed("id", "review id", ReviewId::parse)?;
    append(conn, cause, Entry::of(verification, Kind::ReviewWithdrawn).details(json!({ "review": id }))).await
}

/// Says whether it was people who decided where a verification stands.
pub(crate) async fn decided_by_people(conn: &mut SqliteConnection, verification: &Verification) -> Result<bool, StoreError> {
    let row = sqlx::query("SELECT count(*) AS n FROM reviews WHERE verification = ? AND attempt = ? AND status = 'decided'")
        .bind(verification.id.as_str())
        .bind(verification.attempt)
        .fetch_one(conn)
        .await?;
    Ok(row.try_get::<i64, _>("n")? > 0)
}

/// Returns the open cases, at most `limit`.
pub(crate) async fn list(conn: &mut SqliteConnection, order: Order, limit: u32) -> Result<Vec<Case>, StoreError> {
    let query = match order {
        Order::OldestFirst => sqlx::query(select_case!("WHERE r.status IN ('waiting', 'claimed') ORDER BY r.opened_at, r.id LIMIT ?")),
        Order::HighestRiskFirst => {
            sqlx::query(select_case!("WHERE r.status IN ('waiting', 'claimed') ORDER BY r.risk DESC, r.opened_at, r.id LIMIT ?"))
        }
    };
    query.bind(limit).fetch_all(conn).await?.iter().map(Case::read).collect()
}

/// The queue in three figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Summary {
    /// Cases that could be claimed now.
    pub(crate) waiting: i64,
    /// Cases that somebody is looking at.
    pub(crate) claimed: i64,
    /// How long the oldest waiting case has been open; none when none waits.
    pub(crate) oldest_waiting: Option<Duration>,
}

/// Sums the queue up.
pub(crate) async fn summary(conn: &mut SqliteConnection, now: Timestamp) -> Result<Summary, StoreError> {
    let row = sqlx::query(
        "SELECT coalesce(sum(status = 'waiting' OR lease_until <= ?1), 0) AS waiting, \
                coalesce(sum(status = 'claimed' AND lease_until > ?1), 0) AS claimed, \
                min(CASE WHEN status = 'waiting' OR lease_until <= ?1 THEN opened_at END) AS oldest \
         FROM reviews WHERE status IN ('waiting', 'claimed')",
    )
    .bind(micros(now))
    .fetch_one(conn)
    .await?;
    let oldest_waiting = match row.try_get::<Option<i64>, _>("oldest")? {
        Some(_) => Some(clock::between(row.time("oldest")?, now)),
        None => None,
    };
    Ok(Summary { waiting: row.try_get("waiting")?, claimed: row.try_get("claimed")?, oldest_waiting })
}

/// Gives the next case to a reviewer, or nothing when none waits. Two who ask at once never get the same one: there is one
/// writer.
pub(crate) async fn claim(core: &Core, cause: &Cause, reviewer: &ReviewerName, order: Order) -> Result<Option<Case>, StoreError> {
    let mut change = core.store.begin().await?;
    let query = match order {
        Order::OldestFirst => sqlx::query(select_case!(
            "WHERE r.status = 'waiting' OR (r.status = 'claimed' AND r.lease_until <= ?) ORDER BY r.opened_at, r.id LIMIT 1"
        )),
        Order::HighestRiskFirst => sqlx::query(select_case!(
            "WHERE r.status = 'waiting' OR (r.status = 'claimed' AND r.lease_until <= ?) \
             ORDER BY r.risk DESC, r.opened_at, r.id LIMIT 1"
        )),
    };
    let Some(row) = query.bind(micros(cause.at)).fetch_optional(&mut *change).await? else { return Ok(None) };
    let case = Case::read(&row)?;
    sqlx::query("UPDATE reviews SET status = 'claimed', reviewer = ?, lease_until = ? WHERE id = ?")
        .bind(reviewer.as_str())
        .bind(micros(clock::later(cause.at, core.config.review_lease)))
        .bind(case.id.as_str())
        .execute(&mut *change)
        .await?;
    if let Some(verification) = Verification::by_id(&mut change, &case.verification).await? {
        let details = json!({ "review": case.id, "reviewer": reviewer.as_str() });
        append(&mut change, cause, Entry::of(&verification, Kind::ReviewClaimed).details(details)).await?;
    }
    change.commit().await?;
    Ok(Some(Case { status: CaseStatus::Claimed, reviewer: Some(reviewer.clone()), ..case }))
}
