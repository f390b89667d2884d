//! The policy: what becomes of a vendor's decision, and what the applicant is told.
//!
//! The vendor's word is an input. It is never enough to reject somebody when the reason is one that people get wrong often
//! enough to matter (a name on a list, an address, a doubt): then people decide. The table in `docs/onboarding-api.md` says
//! the same; the load test's integrity check is written from there.

use super::weigh::Standing;
use super::{Outcome, Reason, VendorDecision};
use crate::verification::{Move, Status};

/// What a decision of the vendor's becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ruling {
    pub(crate) taken: Move,
    /// None when there is nothing to explain.
    pub(crate) reason: Option<Reason>,
}

/// Whether a declined applicant may be turned away for a reason, or people must look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    Definitive,
    Ambiguous,
}

const fn weight(reason: Reason) -> Weight {
    match reason {
        Reason::ImageBlurred
        | Reason::ImageGlare
        | Reason::DocumentUnreadable
        | Reason::DocumentExpired
        | Reason::DocumentForged
        | Reason::UnsupportedDocument
        | Reason::UnsupportedJurisdiction
        | Reason::SelfieMismatch
        | Reason::LivenessFailed
        | Reason::Underage
        | Reason::Unspecified => Weight::Definitive,
        Reason::LowConfidence
        | Reason::AddressMismatch
        | Reason::SanctionsHit
        | Reason::PepMatch
        | Reason::DuplicateIdentity
        | Reason::Unrecognised
        | Reason::VendorRefused
        | Reason::VendorUnavailable => Weight::Ambiguous,
    }
}

/// Rules on a decision; `attempts_left` counts the submissions that the applicant still has after this one.
pub(crate) fn rule(decision: &VendorDecision, attempts_left: u32) -> Ruling {
    let first = decision.reasons.first().copied();
    // Of several reasons the ambiguous one matters: it is why people look.
    let ambiguous = decision.reasons.iter().copied().find(|reason| weight(*reason) == Weight::Ambiguous);
    match decision.outcome {
        Outcome::Approved => Ruling { taken: Move::Approve, reason: None },
        Outcome::Declined => match ambiguous {
            Some(reason) => Ruling { taken: Move::Refer, reason: Some(reason) },
            None => Ruling { taken: Move::Reject, reason: Some(first.unwrap_or(Reason::Unspecified)) },
        },
        Outcome::Review => Ruling { taken: Move::Refer, reason: Some(ambiguous.or(first).unwrap_or(Reason::Unspecified)) },
        Outcome::ResubmissionRequested => {
            let taken = if attempts_left > 0 { Move::AskAgain } else { Move::Refer };
            Ruling { taken, reason: Some(first.unwrap_or(Reason::Unspecified)) }
        }
    }
}

/// Rules on a change of the vendor's decision; none when nothing changes for the applicant.
///
/// What people decided, a vendor's yes does not overrule; a no, or a doubt, that came after they had looked makes them look again.
pub(crate) fn rule_change(standing: &Standing, decision: &VendorDecision) -> Option<Ruling> {
    let Ruling { taken, reason } = rule(decision, 0);
    let taken = match (standing.status, taken, standing.by_people) {
        (Status::PendingReview, Move::Approve, _) | (Status::Rejected, Move::Approve, false) => Move::Clear,
        (Status::PendingReview, Move::Reject, _) | (Status::Approved, Move::Reject, false) => Move::Revoke,
        (Status::Approved, Move::Refer, _) | (Status::Approved, Move::Reject, true) | (Status::Rejected, Move::Refer, false) => {
            Move::Suspend
        }
        _ => return None,
    };
    Some(Ruling { taken, reason })
}

/// What an applicant reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Explanation {
    /// What has happened.
    pub(crate) message: &'static str,
    /// What the applicant can do about it; none when there is nothing.
    pub(crate) remedy: Option<&'static str>,
}

/// Explains where a verification stands. Never says more than an applicant may know: not which list a name is on.
pub(crate) const fn explain(status: Status, reason: Option<Reason>) -> Explanation {
    let (message, remedy) = match status {
        Status::Initiated => ("We need pictures of your document and of you.", Some("Take the pictures.")),
        Status::CaptureInProgress => ("We are collecting your pictures.", Some("Take the remaining pictures and submit.")),
        Status::Submitted => ("We are checking your documents.", Some("You need not do anything. We will tell you.")),
        Status::PendingReview => {
            ("We are checking your documents by hand.", Some("A person will look at your documents. You need not do anything."))
        }
        Status::Approved => ("You are verified.", None),
        Status::Expired => ("This verification has run out.", Some("Start a new verification.")),
        Status::NeedsResubmission => match reason {
            Some(reason) => (problem(reason), Some(better_picture(reason))),
            None => ("We need new pictures.", Some("Take the pictures again.")),
        },
        Status::Rejected => match reason {
            Some(reason) => (problem(reason), Some(after_rejection(reason))),
            None => ("We could not verify you.", Some("Contact support if you think that this is a mistake.")),
        },
    };
    Explanation { message, remedy }
}

const fn problem(reason: Reason) -> &'static str {
    match reason {
        Reason::ImageBlurred => "The picture is blurred.",
        Reason::ImageGlare => "Light is reflected on the document.",
        Reason::DocumentUnreadable => "The document cannot be read.",
        Reason::DocumentExpired => "The document has expired.",
        Reason::UnsupportedDocument => "We cannot accept this kind of document.",
        Reason::UnsupportedJurisdiction => "We do not offer our service in this country.",
        Reason::SelfieMismatch => "The selfie and the document's picture do not seem to show the same person.",
        Reason::LivenessFailed => "We could not see that the selfie was taken just now.",
        Reason::AddressMismatch => "The address does not match.",
        Reason::Underage => "You are too young for our service.",
        Reason::DocumentForged
        | Reason::LowConfidence
        | Reason::SanctionsHit
        | Reason::PepMatch
        | Reason::DuplicateIdentity
        | Reason::Unspecified
        | Reason::Unrecognised
        | Reason::VendorRefused
        | Reason::VendorUnavailable => "We could not verify you.",
    }
}

const fn better_picture(reason: Reason) -> &'static str {
    match reason {
        Reason::ImageBlurred => "Hold the camera still, and take the pictures again.",
        Reason::ImageGlare => "Turn the document away from the light, and take the pictures again.",
        Reason::DocumentExpired | Reason::UnsupportedDocument => "Take the pictures with another document.",
        Reason::SelfieMismatch | Reason::LivenessFailed => "Take the selfie again, in good light and without glasses.",
        Reason::DocumentUnreadable
        | Reason::DocumentForged
        | Reason::UnsupportedJurisdiction
        | Reason::LowConfidence
        | Reason::AddressMismatch
        | Reason::Underage
        | Reason::SanctionsHit
        | Reason::PepMatch
        | Reason::DuplicateIdentity
        | Reason::Unspecified
        | Reason::Unrecognised
        | Reason::VendorRefused
        | Reason::VendorUnavailable => "Take the pictures again; the whole document must be visible and sharp.",
    }
}

const fn after_rejection(reason: Reason) -> &'static str {
    match reason {
        Reason::ImageBlurred | Reason::ImageGlare | Reason::DocumentUnreadable | Reason::LivenessFailed => {
            "Start a new verification in good light."
        }
        Reason::DocumentExpired | Reason::UnsupportedDocument => "Start a new verification with another document.",
        Reason::AddressMismatch => "Correct your address, and start a new verification.",
        Reason::Underage => "Come back when you are of age.",
        Reason::UnsupportedJurisdiction => "There is nothing you can do; we will tell you when we open there.",
        Reason::SelfieMismatch
        | Reason::DocumentForged
        | Reason::LowConfidence
        | Reason::SanctionsHit
        | Reason::PepMatch
        | Reason::DuplicateIdentity
        | Reason::Unspecified
        | Reason::Unrecognised
        | Reason::VendorRefused
        | Reason::VendorUnavailable => "Contact support if you think that this is a mistake.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::word::Word as _;

    #[track_caller]
    fn check(outcome: Outcome, reasons: &[Reason], attempts_left: u32, taken: Move, reason: Option<Reason>) {
        let decision = VendorDecision { attempt: 1, outcome, reasons: reasons.to_vec() };
        assert_eq!(rule(&decision, attempts_left), Ruling { taken, reason });
    }

    #[test]
    fn only_these_reasons_stop_a_rejection() {
        let referred: Vec<_> = Reason::ALL
            .iter()
            .filter(|reason| {
                let decision = VendorDecision { attempt: 1, outcome: Outcome::Declined, reasons: vec![**reason] };
                rule(&decision, 2).taken == Move::Refer
            })
            .map(|reason| reason.as_str())
            .collect();
        assert_eq!(
            referred,
            [
                "low_confidence",
                "address_mismatch",
                "sanctions_hit",
                "pep_match",
                "duplicate_identity",
                "unrecognised",
                "vendor_refused",
                "vendor_unavailable"
            ]
        );
    }

    #[test]
    fn the_description_of_the_api_names_the_same_reasons() {
        let described = include_str!("../../../docs/onboarding-api.md");
        let row = described.lines().find(|line| line.starts_with("| `declined` | at least one of ")).unwrap();
        let listed: Vec<_> = row.split(" | ").nth(1).unwrap().split('`').filter_map(Reason::parse).collect();
        let vendors = |reason: &&Reason| weight(**reason) == Weight::Ambiguous && **reason < Reason::Unspecified;
        assert_eq!(listed, Reason::ALL.iter().filter(vendors).copied().collect::<Vec<_>>());
    }

    #[test]
    fn an_approval_needs_no_reason() {
        check(Outcome::Approved, &[Reason::LowConfidence], 2, Move::Approve, None);
    }

    #[test]
    fn one_ambiguous_reason_among_definitive_ones_is_enough() {
        let reasons = [Reason::DocumentForged, Reason::SanctionsHit];
        check(Outcome::Declined, &reasons, 2, Move::Refer, Some(Reason::SanctionsHit));
    }

    #[test]
    fn a_decline_without_a_reason_is_a_decline() {
        check(Outcome::Declined, &[], 2, Move::Reject, Some(Reason::Unspecified));
    }

    #[test]
    fn a_resubmission_is_asked_for_while_attempts_are_left() {
        let reasons = [Reason::ImageBlurred];
        check(Outcome::ResubmissionRequested, &reasons, 1, Move::AskAgain, Some(Reason::ImageBlurred));
        check(Outcome::ResubmissionRequested, &reasons, 0, Move::Refer, Some(Reason::ImageBlurred));
    }

    #[test]
    fn a_doubt_goes_to_people() {
        check(Outcome::Review, &[], 2, Move::Refer, Some(Reason::Unspecified));
        check(Outcome::Review, &[Reason::SelfieMismatch], 2, Move::Refer, Some(Reason::SelfieMismatch));
    }

    #[test]
    fn nobody_is_told_that_they_are_on_a_list() {
        for reason in [Reason::SanctionsHit, Reason::PepMatch, Reason::DuplicateIdentity, Reason::DocumentForged] {
            assert_eq!(explain(Status::Rejected, Some(reason)).message, "We could not verify you.");
        }
    }
}
