//! Takes in an image, if it is worth the vendor's fee.

use axum::body::Bytes;
use serde_json::json;
use sqlx::SqliteConnection;

use super::{Move, Status, Verification};
use crate::audit::{Entry, Kind, append};
use crate::core::Core;
use crate::id::{Cause, VerificationId};
use crate::quality::{ImageRefusal, inspect};
use crate::store::StoreError;
use crate::word::words;

words! {
    /// What an image shows.
    "kind of image"
    pub(crate) enum ImageKind {
        Document = "document",
        Selfie = "selfie",
    }
}

/// Why an image was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CaptureError {
    #[error("the image was refused: {0}")]
    Image(#[source] ImageRefusal),
    #[error("a verification that is {0} takes no images")]
    NotCapturing(Status),
    #[error("there is no such verification")]
    Missing,
    #[error("the backend is shutting down")]
    ShuttingDown,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Checks an image and keeps it until the vendor has it.
pub(crate) async fn capture(core: &Core, cause: &Cause, id: &VerificationId, kind: ImageKind, bytes: Bytes) -> Result<(), CaptureError> {
    // Looked at before the costly check, and again below: in between the applicant may have submitted.
    let mut reader = core.store.read().await?;
    let _ = capturing(&mut reader, id).await?;
    drop(reader);

    let inspected = {
        let _slot = core.decoders.acquire().await.map_err(|_| CaptureError::ShuttingDown)?;
        let bytes = bytes.clone();
        // A panic in a decoder is the image's fault as far as we are concerned.
        tokio::task::spawn_blocking(move || inspect(&bytes)).await.unwrap_or(Err(ImageRefusal::NotAnImage))
    };

    let mut change = core.store.begin().await?;
    let mut verification = capturing(&mut change, id).await?;
    if let Err(refusal) = inspected {
        let details = json!({ "image": kind, "code": refusal.code() });
        append(&mut change, cause, Entry::of(&verification, Kind::ImageRefused).details(details)).await?;
        change.commit().await.map_err(StoreError::from)?;
        return Err(CaptureError::Image(refusal));
    }
    verification.take(&mut change, cause, Move::Capture, None).await?;
    keep(&mut change, &verification, kind, &bytes).await?;
    let details = json!({ "image": kind, "bytes": bytes.len() });
    append(&mut change, cause, Entry::of(&verification, Kind::ImageAccepted).details(details)).await?;
    change.commit().await.map_err(StoreError::from)?;
    Ok(())
}

async fn capturing(conn: &mut SqliteConnection, id: &VerificationId) -> Result<Verification, CaptureError> {
    let verification = Verification::by_id(conn, id).await?.ok_or(CaptureError::Missing)?;
    if verification.status.captures() { Ok(verification) } else { Err(CaptureError::NotCapturing(verification.status)) }
}

async fn keep(conn: &mut SqliteConnection, verification: &Verification, kind: ImageKind, bytes: &[u8]) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO evidence (verification, kind, bytes) VALUES (?, ?, ?) \
         ON CONFLICT (verification, kind) DO UPDATE SET bytes = excluded.bytes",
    )
    .bind(verification.id.as_str())
    .bind(kind.as_str())
    .bind(bytes)
    .execute(conn)
    .await?;
    Ok(())
}
