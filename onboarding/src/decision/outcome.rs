//! What a vendor reports, in words of our own: no vendor is named here.

use crate::decision::Reason;
use crate::id::{ExaminationId, SessionId};
use crate::word::words;

words! {
    /// What the vendor decided.
    "outcome"
    pub(crate) enum Outcome {
        Approved = "approved",
        Declined = "declined",
        /// The vendor could not tell.
        Review = "review",
        ResubmissionRequested = "resubmission_requested",
    }
}

/// One decision of the vendor's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VendorDecision {
    /// The attempt that was decided, from 1.
    pub(crate) attempt: u32,
    pub(crate) outcome: Outcome,
    /// Sorted, each once. A word we do not know has become [`Reason::Unrecognised`].
    pub(crate) reasons: Vec<Reason>,
}

/// Where the vendor's side stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionState {
    /// Waits for images.
    Collecting,
    Processing,
    Decided,
    /// Expired or cancelled: nothing will come any more.
    Ended,
}

/// The vendor's side as it was at `version`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) session: SessionId,
    /// Of two reports the higher one is newer. The vendor's own count of changes, or ours of its hints, where it counts nothing.
    pub(crate) version: i64,
    /// The attempt that the session is at.
    pub(crate) attempt: u32,
    /// What the vendor did about that attempt, where it has a name for it.
    pub(crate) examination: Option<ExaminationId>,
    pub(crate) state: SessionState,
    /// The latest decision, perhaps of an earlier attempt.
    pub(crate) decision: Option<VendorDecision>,
}
