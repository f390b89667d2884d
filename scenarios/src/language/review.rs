use std::time::Duration;

use rand::RngExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::distribution::Distribution;
use super::quantity::{Probability, QuantityError};
use crate::fate::{Fate, Purpose};
use crate::words::words;

/// The people who work the manual review queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Review {
    /// How many there are.
    pub reviewers: Headcount,
    /// How long one case takes.
    pub handling_time: Distribution,
    /// How likely a case is approved.
    pub approve: Probability,
    /// Which case is taken next.
    pub triage: Triage,
}

/// So many people, up to 10,000: each is one more thing on the agenda.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "u32", into = "u32")]
#[schemars(with = "u32")]
pub struct Headcount(u32);

impl Headcount {
    /// The plain number.
    #[must_use]
    pub const fn value(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Headcount {
    type Error = QuantityError;

    fn try_from(people: u32) -> Result<Self, QuantityError> {
        if people <= 10_000 {
            Ok(Self(people))
        } else {
            Err(QuantityError::new(format!("{people} is too many people; write at most 10000")))
        }
    }
}

impl From<Headcount> for u32 {
    fn from(people: Headcount) -> Self {
        people.0
    }
}

words! {
    /// Which case a reviewer takes next.
    Triage {
        /// The one that has waited longest.
        OldestFirst = "oldest_first",
        /// The one with the highest risk; of equals, the one that has waited longest.
        HighestRiskFirst = "highest_risk_first",
    }
}

words! {
    /// What a reviewer decides.
    ReviewDecision {
        /// The applicant may pass.
        Approve = "approve",
        /// The applicant may not.
        Reject = "reject",
    }
}

impl Default for Review {
    fn default() -> Self {
        Self {
            reviewers: Headcount(2),
            handling_time: Distribution::constant(Duration::from_secs(2)),
            approve: Probability::new(0.7).unwrap_or(Probability::ALWAYS),
            triage: Triage::OldestFirst,
        }
    }
}

impl Review {
    /// Returns how long a reviewer takes for this applicant's case, and what they decide: the same whoever of them takes it.
    #[must_use]
    pub fn handle(&self, fate: &Fate) -> (Duration, ReviewDecision) {
        let takes = self.handling_time.sample(&mut fate.rng(Purpose::Handling, 0));
        let approves = fate.rng(Purpose::ReviewDecision, 0).random::<f64>() < self.approve.value();
        (takes, if approves { ReviewDecision::Approve } else { ReviewDecision::Reject })
    }
}
