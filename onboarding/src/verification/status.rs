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
        /// Final, unless the vendor changes its decision: verified.
        Approved = "approved",
        /// Final, unless the vendor changes its decision: not verified.
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
        /// The vendor has changed its decision to a yes.
        Clear = "clear",
        /// The vendor has changed its decision to a no.
        Revoke = "revoke",
        /// The vendor has changed its decision, and people must look.
        Suspend = "suspend",
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

            (Self::PendingReview | Self::Rejected, M::Clear) => Ok(Self::Approved),
            (Self::PendingReview | Self::Approved, M::Revoke) => Ok(Self::Rejected),
            (Self::Approved | Self::Rejected, M::Suspend) => Ok(Self::PendingReview),

            (Self::Submitted | Self::PendingReview, M::Capture)
            | (Self::Initiated | Self::Submitted | Self::PendingReview | Self::NeedsResubmission, M::Submit)
            | (Self::Initiated | Self::CaptureInProgress | Self::NeedsResubmission, M::Approve | M::Reject | M::Refer | M::AskAgain)
            | (Self::PendingReview, M::Refer | M::AskAgain | M::Expire)
            | (
                Self::Approved | Self::Rejected | Self::Expired,
                M::Capture | M::Submit | M::Approve | M::Reject | M::Refer | M::AskAgain | M::Expire,
            )
            | (
                Self::Initiated | Self::CaptureInProgress | Self::Submitted | Self::NeedsResubmission | Self::Expired,
                M::Clear | M::Revoke | M::Suspend,
            )
            | (Self::Approved, M::Clear)
            | (Self::Rejected, M::Revoke)
            | (Self::PendingReview, M::Suspend) => Err(IllegalMove { status: self, refused: taken }),
        }
    }

    /// Says whether images are taken in this status.
    pub(crate) fn captures(self) -> bool {
        self.on(Move::Capture).is_ok()
    }

    /// Says whether nothing more is awaited. Only a change of the vendor's decision leads away again.
    pub(crate) const fn is_final(self) -> bool {
        match self {
            Self::Approved | Self::Rejected | Self::Expired => true,
            Self::Initiated | Self::CaptureInProgress | Self::Submitted | Self::PendingReview | Self::NeedsResubmission => false,
        }
    }
}

impl Move {
    /// Says whether it needs a change of the vendor's decision.
    pub(crate) const fn is_change(self) -> bool {
        match self {
            Self::Clear | Self::Revoke | Self::Suspend => true,
            Self::Capture | Self::Submit | Self::Approve | Self::Reject | Self::Refer | Self::AskAgain | Self::Expire => false,
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

    /// What a change of the vendor's decision may lead to, as the API's description has it.
    const CHANGED: [(Status, &[Status]); 3] = [
        (Status::PendingReview, &[Status::Approved, Status::Rejected]),
        (Status::Approved, &[Status::PendingReview, Status::Rejected]),
        (Status::Rejected, &[Status::PendingReview, Status::Approved]),
    ];

    /// The statuses other than `from` that some move leads to, in order of definition.
    fn reachable(from: Status, by_change: bool) -> Vec<Status> {
        let moves = Move::ALL.iter().filter(|taken| taken.is_change() == by_change);
        let mut after: Vec<_> = moves.filter_map(|taken| from.on(*taken).ok()).filter(|after| *after != from).collect();
        after.sort_unstable();
        after
    }

    #[test]
    fn the_moves_are_exactly_the_described_ones() {
        for (from, described) in DESCRIBED {
            assert_eq!(reachable(from, false), described, "from {from}");
            let changed = CHANGED.iter().find(|(changed, _)| *changed == from).map_or(&[] as &[Status], |(_, changed)| changed);
            assert_eq!(reachable(from, true), changed, "from {from}, by a change");
        }
    }

    #[test]
    fn the_database_knows_the_same_moves() {
        let moves = include_str!("../../migrations/0001_initial.sql");
        let changes = include_str!("../../migrations/0002_changes.sql");
        for (sql, by_change) in [(moves, false), (changes, true)] {
            for before in Status::ALL {
                for after in Status::ALL {
                    let listed = sql.contains(&format!("('{before}', '{after}')"));
                    assert_eq!(listed, reachable(*before, by_change).contains(after), "{before} to {after}");
                }
            }
        }
    }

    #[test]
    fn a_final_status_takes_no_move_but_a_change() {
        for status in Status::ALL {
            let takes_any = Move::ALL.iter().any(|taken| !taken.is_change() && status.on(*taken).is_ok());
            assert_eq!(status.is_final(), !takes_any, "{status}");
        }
    }
}
