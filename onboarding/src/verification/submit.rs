//! The applicant is done: from here on it is our job to get an answer, whatever happens.

use sqlx::SqliteConnection;

use super::{ImageKind, Move, Status, Verification};
use crate::audit::{Entry, Kind, append};
use crate::core::Core;
use crate::id::{Cause, VerificationId};
use crate::outbox;
use crate::store::{Reading as _, StoreError};

/// Why a submission was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SubmitError {
    #[error("there is no accepted {0} yet")]
    ImagesMissing(ImageKind),
    #[error("the verification has expired")]
    Expired,
    #[error("there is no such verification")]
    Missing,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Submits a verification. State and outbox change together: once this has returned, the vendor will hear of it, or people.
pub(crate) async fn submit(core: &Core, cause: &Cause, id: &VerificationId) -> Result<Verification, SubmitError> {
    let mut change = core.store.begin().await?;
    let mut verification = Verification::by_id(&mut change, id).await?.ok_or(SubmitError::Missing)?;
    match verification.status {
        Status::CaptureInProgress => {}
        Status::Initiated => return Err(SubmitError::ImagesMissing(ImageKind::Document)),
        Status::Expired => return Err(SubmitError::Expired),
        // Submitted before: a back button, or a retry whose first answer was lost. There is no second attempt.
        Status::Submitted | Status::PendingReview | Status::NeedsResubmission | Status::Approved | Status::Rejected => {
            return Ok(verification);
        }
    }
    let images = evidence(&mut change, &verification).await?;
    // The vendor keeps the images of earlier attempts, so a resubmission may replace just the one that was bad.
    if verification.session.is_none() {
        for kind in [ImageKind::Document, ImageKind::Selfie] {
            if !images.contains(&kind) {
                return Err(SubmitError::ImagesMissing(kind));
            }
        }
    }
    verification.take(&mut change, cause, Move::Submit, None).await?;
    outbox::enqueue(&mut change, cause, &verification, &images).await?;
    append(&mut change, cause, Entry::of(&verification, Kind::Submitted)).await?;
    change.commit().await.map_err(StoreError::from)?;
    core.outbox_wake.notify_one();
    Ok(verification)
}

/// The images that are held, the document first.
async fn evidence(conn: &mut SqliteConnection, verification: &Verification) -> Result<Vec<ImageKind>, StoreError> {
    let rows = sqlx::query("SELECT kind FROM evidence WHERE verification = ? ORDER BY kind")
        .bind(verification.id.as_str())
        .fetch_all(conn)
        .await?;
    rows.iter().map(|row| row.word("kind")).collect()
}
