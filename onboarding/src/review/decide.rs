//! A reviewer decides a case.

use serde_json::json;

use super::case::{Case, CaseStatus, ReviewerName, Ruling};
use crate::audit::{Entry, Kind, append};
use crate::core::Core;
use crate::id::{Cause, ReviewId};
use crate::notice;
use crate::store::{StoreError, micros};
use crate::verification::{Move, Verification};

/// Why a case was not decided.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DecideError {
    #[error("there is no such case")]
    Missing,
    #[error("the case is not claimed by this reviewer")]
    NotClaimed,
    #[error("the case has been decided")]
    AlreadyDecided,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Decides a case. The same decision by the same reviewer again changes nothing and is no error.
///
/// A lease that has run out does not matter as long as nobody else has claimed the case: the work has been done.
pub(crate) async fn decide(
    core: &Core,
    cause: &Cause,
    id: &ReviewId,
    reviewer: &ReviewerName,
    ruling: Ruling,
    note: Option<&str>,
) -> Result<Case, DecideError> {
    let mut change = core.store.begin().await?;
    let case = Case::by_id(&mut change, id).await?.ok_or(DecideError::Missing)?;
    let by_this_one = case.reviewer.as_ref() == Some(reviewer);
    match case.status {
        CaseStatus::Decided if by_this_one && case.ruling == Some(ruling) => return Ok(case),
        CaseStatus::Decided | CaseStatus::Withdrawn => return Err(DecideError::AlreadyDecided),
        CaseStatus::Claimed if by_this_one => {}
        CaseStatus::Claimed | CaseStatus::Waiting => return Err(DecideError::NotClaimed),
    }
    sqlx::query("UPDATE reviews SET status = 'decided', decision = ?, note = ?, lease_until = NULL, decided_at = ? WHERE id = ?")
        .bind(ruling.as_str())
        .bind(note)
        .bind(micros(cause.at))
        .bind(id.as_str())
        .execute(&mut *change)
        .await
        .map_err(StoreError::from)?;

    let mut verification = Verification::by_id(&mut change, &case.verification).await?.ok_or(DecideError::Missing)?;
    let (taken, reason) = match ruling {
        Ruling::Approve => (Move::Approve, None),
        Ruling::Reject => (Move::Reject, Some(case.reason)),
    };
    verification.take(&mut change, cause, taken, reason).await?;
    // The note stays with the case: it is free text, and may say anything about anybody.
    let details = json!({ "review": id, "reviewer": reviewer.as_str(), "decision": ruling });
    let entry = Entry::of(&verification, Kind::ReviewDecided).status(verification.status).details(details);
    append(&mut change, cause, entry).await?;
    notice::send(&mut change, cause, &verification).await?;
    change.commit().await.map_err(StoreError::from)?;
    Ok(Case { status: CaseStatus::Decided, ruling: Some(ruling), ..case })
}
