//! Reviewers: people who claim a case, take their time, decide it, and claim the next.

use std::time::Duration;

use kycsim_scenarios::language::ReviewDecision;
use kycsim_scenarios::{Scenario, SimTime};

use super::target::Case;
use crate::record::ReviewRow;

/// How often a reviewer without a case looks for one. Short against any handling time worth playing.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A case that a reviewer is working on, and what will come of it.
#[derive(Debug)]
pub(super) struct Handled {
    pub(super) case: Case,
    pub(super) decision: ReviewDecision,
    pub(super) claimed: SimTime,
    /// When the reviewer will be done with it.
    pub(super) done: SimTime,
}

impl Handled {
    /// Begins work on a claimed case: how long it takes and what is decided are the applicant's fate, whoever reviews it.
    pub(super) fn begin(case: Case, scenario: &Scenario, claimed: SimTime) -> Self {
        let (takes, decision) = scenario.review.handle(&scenario.fate(&case.applicant));
        Self { case, decision, claimed, done: claimed.saturating_add(takes) }
    }

    pub(super) fn row(&self, reviewer: u32, decided: Option<SimTime>) -> ReviewRow {
        ReviewRow {
            case: self.case.id.clone(),
            applicant: self.case.applicant.clone(),
            reviewer,
            opened: self.case.opened,
            claimed: self.claimed,
            decided,
            settled: None,
            decision: self.decision,
        }
    }
}
