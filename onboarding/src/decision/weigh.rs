//! Weighs a report against what is known already. Pure: this is where duplicates, stale news and contradictions end.

use super::policy::{Ruling, rule, rule_change};
use super::{Outcome, Reason, Report, SessionState, VendorDecision};
use crate::verification::Status;
use crate::word::words;

/// What is known of a verification when a report about it arrives.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    pub(crate) status: Status,
    pub(crate) attempt: u32,
    pub(crate) max_attempts: u32,
    /// The newest version of the session that was taken into account.
    pub(crate) version: i64,
    /// What was recorded for the attempt that the report speaks of.
    pub(crate) recorded: Option<Recorded>,
    /// Whether the report is the vendor's answer to a question of ours. Only such a one may change what was decided.
    pub(crate) asked: bool,
    /// Whether people decided where it stands.
    pub(crate) by_people: bool,
}

/// An attempt's decision, as recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recorded {
    /// The vendor's word; none when our own policy decided without the vendor.
    pub(crate) outcome: Option<Outcome>,
    pub(crate) reasons: Vec<Reason>,
}

/// What a report comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Finding {
    /// It decides the attempt, and perhaps the session has ended as well.
    Decides { ruling: Ruling, decision: VendorDecision, ended: bool },
    /// The vendor has changed its decision. No ruling when that makes no difference to the applicant.
    Changes { ruling: Option<Ruling>, decision: VendorDecision },
    /// The session ended without a decision that is still open to us.
    Ends,
    /// Known already.
    Repeats,
    /// Nothing to be done yet.
    Pending,
    /// Not to be believed, or not now.
    Refused(Why),
}

words! {
    /// Why a report was not applied.
    "refusal"
    pub(crate) enum Why {
        /// A newer one has been seen.
        Stale = "stale",
        /// The attempt has been decided otherwise.
        Contradicts = "contradicts",
        /// No decision is awaited for this attempt.
        NotAwaited = "not_awaited",
        /// Speaks of nothing that was decided.
        NothingDecided = "nothing_decided",
        /// Uses words that we do not know.
        NotUnderstood = "not_understood",
    }
}

/// What the report's decision is to us.
enum Decision {
    None,
    New(Ruling, VendorDecision),
    Changed(Option<Ruling>, VendorDecision),
    Known,
    Contradicting,
    NotAwaited,
}

/// Weighs `report` against `standing`.
pub(crate) fn weigh(standing: &Standing, report: &Report) -> Finding {
    let decision = weigh_decision(standing, report.decision.as_ref());
    let ended = report.state == SessionState::Ended;
    if report.version < standing.version {
        return if matches!(decision, Decision::Known) { Finding::Repeats } else { Finding::Refused(Why::Stale) };
    }
    match (decision, ended) {
        (Decision::New(ruling, decision), ended) => Finding::Decides { ruling, decision, ended },
        (Decision::Changed(ruling, decision), true | false) => Finding::Changes { ruling, decision },
        (Decision::Contradicting, true | false) => Finding::Refused(Why::Contradicts),
        (Decision::NotAwaited, true | false) => Finding::Refused(Why::NotAwaited),
        (Decision::None | Decision::Known, true) => match standing.status {
            Status::Initiated | Status::CaptureInProgress | Status::Submitted | Status::NeedsResubmission => Finding::Ends,
            Status::Expired => Finding::Repeats,
            Status::PendingReview | Status::Approved | Status::Rejected => Finding::Refused(Why::NotAwaited),
        },
        (Decision::Known, false) => Finding::Repeats,
        (Decision::None, false) => Finding::Pending,
    }
}

fn weigh_decision(standing: &Standing, decision: Option<&VendorDecision>) -> Decision {
    let Some(decision) = decision else { return Decision::None };
    if let Some(recorded) = &standing.recorded {
        let same = recorded.outcome == Some(decision.outcome) && recorded.reasons == decision.reasons;
        if same {
            return Decision::Known;
        }
        let may_change = standing.asked
            && recorded.outcome.is_some() // what our own policy decided, the vendor's silence did
            && decision.attempt == standing.attempt
            && decision.outcome != Outcome::ResubmissionRequested
            && matches!(standing.status, Status::PendingReview | Status::Approved | Status::Rejected);
        return if may_change { Decision::Changed(rule_change(standing, decision), decision.clone()) } else { Decision::Contradicting };
    }
    if standing.status != Status::Submitted || decision.attempt != standing.attempt {
        return Decision::NotAwaited;
    }
    let attempts_left = standing.max_attempts.saturating_sub(standing.attempt);
    Decision::New(rule(decision, attempts_left), decision.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::SessionId;
    use crate::verification::Move;

    fn submitted() -> Standing {
        Standing { status: Status::Submitted, attempt: 1, max_attempts: 3, version: 2, recorded: None, asked: false, by_people: false }
    }

    fn decided(version: i64, outcome: Outcome, reasons: &[Reason]) -> Report {
        Report {
            session: SessionId::parse("ses_1").unwrap(),
            version,
            attempt: 1,
            examination: None,
            state: SessionState::Decided,
            decision: Some(VendorDecision { attempt: 1, outcome, reasons: reasons.to_vec() }),
        }
    }

    fn ended(report: Report) -> Report {
        Report { state: SessionState::Ended, ..report }
    }

    fn taken(finding: Finding) -> Option<(Move, bool)> {
        match finding {
            Finding::Decides { ruling, decision: _, ended } => Some((ruling.taken, ended)),
            Finding::Changes { .. } | Finding::Ends | Finding::Repeats | Finding::Pending | Finding::Refused(_) => None,
        }
    }

    #[test]
    fn the_first_decision_counts() {
        let finding = weigh(&submitted(), &decided(3, Outcome::Approved, &[]));
        assert_eq!(taken(finding), Some((Move::Approve, false)));
    }

    #[test]
    fn the_same_decision_again_repeats_even_when_it_is_old() {
        let recorded = Some(Recorded { outcome: Some(Outcome::Approved), reasons: vec![] });
        let standing = Standing { status: Status::Approved, version: 5, recorded, ..submitted() };
        assert_eq!(weigh(&standing, &decided(5, Outcome::Approved, &[])), Finding::Repeats);
        assert_eq!(weigh(&standing, &decided(3, Outcome::Approved, &[])), Finding::Repeats);
    }

    #[test]
    fn another_decision_contradicts() {
        let recorded = Some(Recorded { outcome: Some(Outcome::Approved), reasons: vec![] });
        let standing = Standing { status: Status::Approved, version: 3, recorded, ..submitted() };
        let report = decided(4, Outcome::Declined, &[Reason::DocumentForged]);
        assert_eq!(weigh(&standing, &report), Finding::Refused(Why::Contradicts));
    }

    #[track_caller]
    fn changes(status: Status, by_people: bool, outcome: Outcome, reasons: &[Reason], expected: Option<Move>) {
        let recorded = Some(Recorded { outcome: Some(Outcome::Review), reasons: vec![Reason::ImageGlare] });
        let standing = Standing { status, version: 3, recorded, asked: true, by_people, ..submitted() };
        let finding = weigh(&standing, &decided(4, outcome, reasons));
        let Finding::Changes { ruling, .. } = finding else { panic!("{finding:?}") };
        assert_eq!(ruling.map(|ruling| ruling.taken), expected);
    }

    #[test]
    fn an_answer_may_change_what_was_decided() {
        use Move::{Clear, Revoke, Suspend};
        use Outcome::{Approved, Declined, Review};
        let (hit, forged) = (&[Reason::SanctionsHit], &[Reason::DocumentForged]);
        changes(Status::Approved, false, Declined, hit, Some(Suspend));
        changes(Status::Approved, false, Declined, forged, Some(Revoke));
        changes(Status::Approved, true, Declined, forged, Some(Suspend));
        changes(Status::Approved, true, Approved, &[], None);
        changes(Status::Rejected, false, Approved, &[], Some(Clear));
        changes(Status::Rejected, false, Review, hit, Some(Suspend));
        changes(Status::Rejected, true, Approved, &[], None);
        changes(Status::PendingReview, false, Approved, &[], Some(Clear));
        changes(Status::PendingReview, false, Declined, forged, Some(Revoke));
        changes(Status::PendingReview, false, Declined, hit, None);
    }

    #[test]
    fn an_answer_that_is_older_than_what_we_know_changes_nothing() {
        let recorded = Some(Recorded { outcome: Some(Outcome::Approved), reasons: vec![] });
        let standing = Standing { status: Status::Approved, version: 5, recorded, asked: true, ..submitted() };
        assert_eq!(weigh(&standing, &decided(4, Outcome::Declined, &[Reason::Underage])), Finding::Refused(Why::Stale));
    }

    #[test]
    fn what_policy_decided_the_vendor_cannot_change() {
        let recorded = Some(Recorded { outcome: None, reasons: vec![Reason::VendorUnavailable] });
        let standing = Standing { status: Status::PendingReview, recorded, asked: true, ..submitted() };
        assert_eq!(weigh(&standing, &decided(3, Outcome::Approved, &[])), Finding::Refused(Why::Contradicts));
    }

    #[test]
    fn an_old_report_is_stale() {
        let standing = Standing { version: 9, ..submitted() };
        assert_eq!(weigh(&standing, &decided(3, Outcome::Approved, &[])), Finding::Refused(Why::Stale));
    }

    #[test]
    fn a_decision_for_an_attempt_that_is_not_submitted_is_not_awaited() {
        let standing = Standing { status: Status::CaptureInProgress, ..submitted() };
        assert_eq!(weigh(&standing, &decided(3, Outcome::Approved, &[])), Finding::Refused(Why::NotAwaited));
        let standing = Standing { attempt: 2, ..submitted() };
        assert_eq!(weigh(&standing, &decided(3, Outcome::Approved, &[])), Finding::Refused(Why::NotAwaited));
    }

    #[test]
    fn an_end_that_overtakes_its_decision_brings_it_along() {
        let report = ended(decided(4, Outcome::ResubmissionRequested, &[Reason::ImageBlurred]));
        assert_eq!(taken(weigh(&submitted(), &report)), Some((Move::AskAgain, true)));
    }

    #[test]
    fn an_end_without_a_decision_ends() {
        let report = Report { decision: None, ..ended(decided(4, Outcome::Approved, &[])) };
        assert_eq!(weigh(&submitted(), &report), Finding::Ends);
        let standing = Standing { status: Status::PendingReview, ..submitted() };
        assert_eq!(weigh(&standing, &report), Finding::Refused(Why::NotAwaited));
        let standing = Standing { status: Status::Expired, ..submitted() };
        assert_eq!(weigh(&standing, &report), Finding::Repeats);
    }

    #[test]
    fn work_in_progress_is_no_news() {
        let report = Report { state: SessionState::Processing, decision: None, ..decided(3, Outcome::Approved, &[]) };
        assert_eq!(weigh(&submitted(), &report), Finding::Pending);
    }
}
