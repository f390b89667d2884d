use serde::{Deserialize, Serialize};

use super::decision::{Decision, Outcome};
use crate::time::SimTime;
use crate::words::words;

/// Where a session stands, with what it needs to stand there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionState {
    /// Waits for pictures and a submission; after a resubmission was asked for, `last` says why.
    Collecting {
        /// The attempt being collected, from 1.
        attempt: u32,
        /// The decision about the attempt before.
        last: Option<Decision>,
    },
    /// Submitted, and under examination.
    Processing {
        /// The attempt under examination.
        attempt: u32,
        /// Since when.
        since: SimTime,
    },
    /// Decided for good.
    Decided {
        /// When.
        at: SimTime,
        /// What.
        decision: Decision,
    },
    /// Nobody finished it in time.
    Expired {
        /// When.
        at: SimTime,
    },
    /// The customer gave it up.
    Cancelled {
        /// When.
        at: SimTime,
    },
}

/// What can happen to a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionEvent {
    /// The customer hands in what was collected.
    Submit,
    /// The examination ends.
    Decide(Decision),
    /// A decision is changed.
    Revise(Decision),
    /// Its lifetime ends.
    Expire,
    /// The customer gives it up.
    Cancel,
    /// The applicant comes back to it, at a vendor with whom nothing but an approval is the last word.
    Reopen {
        /// The attempt that it was at.
        attempt: u32,
    },
}

words! {
    /// The neutral status of a session: each dialect has its own word for it.
    Status {
        /// Waits for pictures and a submission.
        Collecting = "collecting",
        /// Under examination.
        Processing = "processing",
        /// Decided: yes.
        Approved = "approved",
        /// Decided: no.
        Declined = "declined",
        /// Decided: the customer's own people should look.
        Review = "review",
        /// Collecting again, because better pictures are needed.
        ResubmissionRequested = "resubmission_requested",
        /// Nobody finished it in time.
        Expired = "expired",
        /// The customer gave it up.
        Cancelled = "cancelled",
    }
}

/// An event that a session's state does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a session that is {} does not allow {event:?}", .status.as_str())]
pub struct IllegalTransition {
    /// Where the session stands, and stays.
    pub status: Status,
    /// What was refused.
    pub event: SessionEvent,
}

impl SessionState {
    /// The state a session begins in.
    pub const NEW: Self = Self::Collecting { attempt: 1, last: None };

    /// Returns the state that follows `event` at `now`.
    ///
    /// # Errors
    /// [`IllegalTransition`] when this state does not allow the event. Nothing has changed then.
    pub fn on(&self, event: SessionEvent, now: SimTime) -> Result<Self, IllegalTransition> {
        use SessionEvent as E;
        match (self, event) {
            (Self::Collecting { attempt, .. }, E::Submit) => Ok(Self::Processing { attempt: *attempt, since: now }),
            (Self::Processing { attempt, .. }, E::Decide(decision)) => Ok(match decision.outcome {
                Outcome::Resubmission => Self::Collecting { attempt: attempt + 1, last: Some(decision) },
                Outcome::Approved | Outcome::Declined | Outcome::Review => Self::Decided { at: now, decision },
            }),
            (Self::Collecting { .. }, E::Expire) => Ok(Self::Expired { at: now }),
            (Self::Collecting { .. } | Self::Processing { .. }, E::Cancel) => Ok(Self::Cancelled { at: now }),
            (Self::Decided { .. }, E::Revise(decision)) if decision.outcome != Outcome::Resubmission => {
                Ok(Self::Decided { at: now, decision })
            }
            (Self::Decided { decision, .. }, E::Reopen { attempt }) if decision.outcome != Outcome::Approved => {
                Ok(Self::Collecting { attempt: attempt + 1, last: Some(decision.clone()) })
            }
            (Self::Expired { .. }, E::Reopen { attempt }) => Ok(Self::Collecting { attempt, last: None }),
            (Self::Collecting { .. }, event @ (E::Decide(_) | E::Revise(_) | E::Reopen { .. }))
            | (Self::Processing { .. }, event @ (E::Submit | E::Expire | E::Revise(_) | E::Reopen { .. }))
            | (Self::Decided { .. }, event @ (E::Submit | E::Decide(_) | E::Expire | E::Cancel | E::Revise(_) | E::Reopen { .. }))
            | (Self::Expired { .. }, event @ (E::Submit | E::Decide(_) | E::Expire | E::Cancel | E::Revise(_)))
            | (Self::Cancelled { .. }, event @ (E::Submit | E::Decide(_) | E::Expire | E::Cancel | E::Revise(_) | E::Reopen { .. })) => {
                Err(IllegalTransition { status: self.status(), event })
            }
        }
    }

    /// The neutral status.
    #[must_use]
    pub const fn status(&self) -> Status {
        match self {
            Self::Collecting { last: None, .. } => Status::Collecting,
            Self::Collecting { last: Some(_), .. } => Status::ResubmissionRequested,
            Self::Processing { .. } => Status::Processing,
            Self::Decided { decision, .. } => match decision.outcome {
                Outcome::Approved => Status::Approved,
                Outcome::Declined => Status::Declined,
                Outcome::Review => Status::Review,
                Outcome::Resubmission => Status::ResubmissionRequested,
            },
            Self::Expired { .. } => Status::Expired,
            Self::Cancelled { .. } => Status::Cancelled,
        }
    }

    /// Whether nothing more can happen to it of itself.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        match self {
            Self::Collecting { .. } | Self::Processing { .. } => false,
            Self::Decided { .. } | Self::Expired { .. } | Self::Cancelled { .. } => true,
        }
    }

    /// The latest decision, if there was one.
    #[must_use]
    pub const fn decision(&self) -> Option<&Decision> {
        match self {
            Self::Collecting { last, .. } => last.as_ref(),
            Self::Decided { decision, .. } => Some(decision),
            Self::Processing { .. } | Self::Expired { .. } | Self::Cancelled { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn events() -> impl Strategy<Value = SessionEvent> {
        prop_oneof![
            Just(SessionEvent::Submit),
            Just(SessionEvent::Expire),
            Just(SessionEvent::Cancel),
            prop::sample::select(Outcome::ALL).prop_map(|outcome| SessionEvent::Decide(Decision { attempt: 1, outcome, reasons: vec![] })),
        ]
    }

    proptest! {
        #[test]
        fn a_final_state_stays_final(events in prop::collection::vec(events(), 0..30)) {
            let mut state = SessionState::NEW;
            for event in events {
                let next = state.on(event, SimTime::ZERO);
                if state.is_final() {
                    prop_assert!(next.is_err());
                }
                state = next.unwrap_or(state);
            }
        }
    }

    #[test]
    fn all_but_an_approval_can_be_come_back_to() {
        let decided = |outcome| SessionState::Decided { at: SimTime::ZERO, decision: Decision { attempt: 2, outcome, reasons: vec![] } };
        let reopened = |state: SessionState| state.on(SessionEvent::Reopen { attempt: 2 }, SimTime::ZERO).map(|state| state.status());
        for outcome in [Outcome::Declined, Outcome::Review] {
            assert_eq!(reopened(decided(outcome)), Ok(Status::ResubmissionRequested));
        }
        assert_eq!(reopened(SessionState::Expired { at: SimTime::ZERO }), Ok(Status::Collecting));
        for refused in [decided(Outcome::Approved), SessionState::Cancelled { at: SimTime::ZERO }, SessionState::NEW] {
            assert!(reopened(refused).is_err());
        }
    }

    #[test]
    fn a_resubmission_begins_the_next_attempt_and_remembers_why() {
        let asked = Decision { attempt: 1, outcome: Outcome::Resubmission, reasons: vec![super::super::Reason::ImageBlurred] };
        let state = SessionState::NEW.on(SessionEvent::Submit, SimTime::ZERO).unwrap();
        let state = state.on(SessionEvent::Decide(asked.clone()), SimTime::ZERO).unwrap();
        assert_eq!(state, SessionState::Collecting { attempt: 2, last: Some(asked) });
        assert_eq!(state.status(), Status::ResubmissionRequested);
    }
}
