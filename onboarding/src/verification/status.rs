//! The eight states of a verification, and the only moves between them.

use crate::word::words;

words! {
    /// Where a verification stands.
    "status"
    pub(crate) enum Status {
        /// Made, nothing captured.
        Initiated = "initiated",
        /// At least one image accepted.
        CaptureInProgress = "capture_in_progress",
        /// The applicant is done; the vendor's answer is awaited.
        Submitted = "submitted",
        /// In the manual review queue.
        PendingReview = "pending_review",
        /// The vendor asked for better images.
        NeedsResubmission = "needs_resubmission",
        /// Final: verified.
        Approved = "approved",
        /// Final: not verified.
        Rejected = "rejected",
        /// Final: ran out before it was decided.
        Expired = "expired",
    }
}

words! {
    /// What may happen to a verification.
    "move"
    pub(crate) enum Move {
        /// An image was accepted.
        Capture = "capture",
        /// The applicant has everything together.
        Submit = "submit",
        /// The decision is yes.
        Approve = "approve",
        /// The decision is no.
        Reject = "reject",
        /// The decision is left to people.
        Refer = "refer",
        /// Better images are wanted.
        AskAgain = "ask_again",
        /// Time ran out, here or at the vendor.
        Expire = "expire",
    }
}

/// A move that the verification's state does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a verification that is {status} does not take the move `{refused}`")]
pub(crate) struct IllegalMove {
    pub(crate) status: Status,
    pub(crate) refused: Move,
}

impl Status {
    /// Returns the status that follows.
    ///
    /// # Errors
    /// When this status does not take the move. Every such pair is named below; a new status or move does not compile
    /// until someone has thought about it.
    pub(crate) fn on(self, taken: Move) -> Result<Self, IllegalMove> {
        use Move as M;
        match (self, taken) {
            // A further image keeps the capture going.
            (Self::Initiated | Self::CaptureInProgress | Self::NeedsResubmission, M::Capture) => Ok(Self::CaptureInProgress),
            (Self::CaptureInProgress, M::Submit) => Ok(Self::Submitted),
            (Self::Submitted | Self::PendingReview, M::Approve) => Ok(Self::Approved),
            (Self::Submitted | Self::PendingReview, M::Reject) => Ok(Self::Rejected),
            (Self::Submitted, M::Refer) => Ok(Self::PendingReview),
            (Self::Submitted, M::AskAgain) => Ok(Self::NeedsResubmission),
            (Self::Initiated | Self::CaptureInProgress | Self::Submitted | Self::NeedsResubmission, M::Expire) => Ok(Self::Expired),

            (Self::Submitted | Self::PendingReview, M::Capture)
            | (Self::Initiated | Self::Submitted | Self::PendingReview | Self::NeedsResubmission, M::Submit)
            | (Self::Initiated | Self::CaptureInProgress | Self::NeedsResubmission, M::Approve | M::Reject | M::Refer | M::AskAgain)
            | (Self::PendingReview, M::Refer | M::AskAgain | M::Expire)
            | (
                Self::Approved | Self::Rejected | Self::Expired,
                M::Capture | M::Submit | M::Approve | M::Reject | M::Refer | M::AskAgain | M::Expire,
            ) => Err(IllegalMove { status: self, refused: taken }),
        }
    }

    /// Says whether images are taken in this status.
    pub(crate) fn captures(self) -> bool {
        self.on(Move::Capture).is_ok()
    }

    /// Says whether nothing more can happen.
    pub(crate) const fn is_final(self) -> bool {
        match self {
            Self::Approved | Self::Rejected | Self::Expired => true,
            Self::Initiated | Self::CaptureInProgress | Self::Submitted | Self::PendingReview | Self::NeedsResubmission => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::word::Word as _;

    /// The moves as the API's description has them: from each status, what may come next.
    const DESCRIBED: [(Status, &[Status]); 8] = [
        (Status::Initiated, &[Status::CaptureInProgress, Status::Expired]),
        (Status::CaptureInProgress, &[Status::Submitted, Status::Expired]),
        (Status::Submitted, &[Status::PendingReview, Status::NeedsResubmission, Status::Approved, Status::Rejected, Status::Expired]),
        (Status::PendingReview, &[Status::Approved, Status::Rejected]),
        (Status::NeedsResubmission, &[Status::CaptureInProgress, Status::Expired]),
        (Status::Approved, &[]),
        (Status::Rejected, &[]),
        (Status::Expired, &[]),
    ];

    /// The statuses other than `from` that some move leads to, in order of definition.
    fn reachable(from: Status) -> Vec<Status> {
        let mut after: Vec<_> = Move::ALL.iter().filter_map(|taken| from.on(*taken).ok()).filter(|after| *after != from).collect();
        after.sort_unstable();
        after
    }

    #[test]
    fn the_moves_are_exactly_the_described_ones() {
        for (from, described) in DESCRIBED {
            assert_eq!(reachable(from), described, "from {from}");
        }
    }

    #[test]
    fn the_database_knows_the_same_moves() {
        let sql = include_str!("../../migrations/0001_initial.sql");
        for before in Status::ALL {
            for after in Status::ALL {
                let listed = sql.contains(&format!("('{before}', '{after}')"));
                assert_eq!(listed, reachable(*before).contains(after), "{before} to {after}");
            }
        }
    }

    #[test]
    fn a_final_status_takes_no_move() {
        for status in Status::ALL {
            let takes_any = Move::ALL.iter().any(|taken| status.on(*taken).is_ok());
            assert_eq!(status.is_final(), !takes_any, "{status}");
        }
    }
}
