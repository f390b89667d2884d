//! The zoo's inhabitants: each the reference backend with one bug that integrations really have, and the scenario that finds it.

use std::sync::Arc;
use std::time::Duration;

use kycsim_reports::model::FindingKind;
use kycsim_scenarios::language::{Period, Rate};
use kycsim_scenarios::{Scenario, catalogue};

use super::bends::*;
use super::database;
use super::habitat::{Nature, Surroundings};

/// One inhabitant.
pub(super) struct Exhibit {
    /// What it is called, here and in `docs/zoo.md`.
    pub(super) name: &'static str,
    /// What is wrong with it.
    pub(super) bug: &'static str,
    /// What of the catalogue finds it.
    pub(super) scenario: &'static str,
    /// How it shows, in every way that is sure.
    pub(super) shows: &'static [Shows],
    /// How much of the scenario is played.
    extract: Extract,
    /// After so many callbacks the backend's process is restarted; a sound one is as well.
    pub(super) restart_after: Option<usize>,
    pub(super) nature: fn(Surroundings) -> Nature,
}

/// How a bug shows in a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shows {
    /// As a finding of the integrity check.
    As(FindingKind),
    /// As an objective of the scenario that is missed.
    Missing(&'static str),
}

/// The part of a scenario that a test has time for. Everything else is as it is shipped.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Extract {
    per_second: f64,
    seconds: u64,
    settle: u64,
}

const SHORT: Extract = Extract { per_second: 5.0, seconds: 4, settle: 6 };
/// For those that leave applicants waiting: nothing is gained by waiting with them, since the end of the run does so once more.
const CURT: Extract = Extract { settle: 3, ..SHORT };

impl Exhibit {
    /// The scenario as it is played here: fewer applicants, and of the objectives those that do not depend on how many there are.
    pub(super) fn scenario(&self) -> Scenario {
        let Extract { per_second, seconds, settle } = self.extract;
        let mut scenario = catalogue::load(self.scenario).unwrap().unwrap();
        scenario.arrivals.flatten(Rate::new(per_second).unwrap()).unwrap();
        scenario.arrivals.duration = Period::new(Duration::from_secs(seconds));
        scenario.run.settle = Period::new(Duration::from_secs(settle));
        scenario.expect.0.retain(|objective| {
            let measure = objective.subject.measure.as_str();
            measure.starts_with("integrity.") || self.shows.iter().any(|shows| shows.is_missing(measure))
        });
        scenario
    }

    /// What tells one play of the sound backend from another: exhibits that are the same in this share one.
    pub(super) fn play(&self) -> String {
        format!("{} {:?} {:?}", self.scenario, self.extract, self.restart_after)
    }
}

impl Shows {
    fn is_missing(self, measure: &str) -> bool {
        match self {
            Self::Missing(missing) => missing == measure,
            Self::As(_) => false,
        }
    }
}

/// Everybody, in the order of `docs/zoo.md`.
pub(super) const EXHIBITS: &[Exhibit] = &[
    Exhibit {
        name: "no-de-duplication",
        bug: "Applies a decision, and tells the applicant, once for each delivery",
        scenario: "duplicate-callbacks",
        shows: &[Shows::As(FindingKind::Doubled)],
        extract: SHORT,
        restart_after: None,
        nature: |_| Nature { statements: database::DUPLICATES_APPLY, ..Nature::default() },
    },
    Exhibit {
        name: "de-duplication-by-id",
        bug: "Knows a delivery that comes again by its id, and by nothing else",
        scenario: "duplicate-new-ids",
        shows: &[Shows::As(FindingKind::Doubled)],
        extract: SHORT,
        restart_after: None,
        nature: |_| Nature { statements: database::UNKNOWN_IDS_APPLY, ..Nature::default() },
    },
    Exhibit {
        name: "last-callback-wins",
        bug: "Takes the latest callback's word, whatever was decided before",
        scenario: "contradicting-callbacks",
        shows: &[Shows::As(FindingKind::Contradicted), Shows::As(FindingKind::ApprovedAfterRejection)],
        extract: SHORT,
        restart_after: None,
        nature: last_callback_wins,
    },
    Exhibit {
        name: "last-callback-wins-out-of-order",
        bug: "The same: and `processing`, told late, takes a decision back",
        scenario: "reordered-callbacks",
        shows: &[Shows::As(FindingKind::Regressed)],
        extract: CURT,
        restart_after: None,
        nature: last_callback_wins,
    },
    Exhibit {
        name: "trusts-unsigned",
        bug: "Checks no signature",
        scenario: "forged-callbacks",
        shows: &[Shows::As(FindingKind::Forged)],
        extract: SHORT,
        restart_after: None,
        nature: |_| Nature { front: Arc::new(BelievesAnybody(Believes::Everything)), ..Nature::default() },
    },
    Exhibit {
        name: "no-timestamp-check",
        bug: "Checks the signature, and not how old it is",
        scenario: "forged-callbacks",
        shows: &[Shows::As(FindingKind::Forged)],
        extract: SHORT,
        restart_after: None,
        nature: |_| Nature { front: Arc::new(BelievesAnybody(Believes::WhateverItsAge)), ..Nature::default() },
    },
    Exhibit {
        name: "loses-callbacks-in-a-restart",
        bug: "Acknowledges callbacks into a queue in memory, takes them for told, and is restarted",
        scenario: "baseline",
        shows: &[Shows::As(FindingKind::Lost)],
        extract: CURT,
        restart_after: Some(8),
        nature: |around| {
            let front = Arc::new(AcknowledgesFirst::new(around.database, usize::MAX, Duration::from_millis(600)));
            let queue = Arc::clone(&front);
            Nature { front, forget: Box::new(move || queue.forget()), ..Nature::default() }
        },
    },
    Exhibit {
        name: "unprocessable-is-final",
        bug: "Takes every 422 for its own mistake, and sends the applicant to people",
        scenario: "misleading-codes",
        shows: &[Shows::Missing("review_queue.depth.max")],
        extract: SHORT,
        restart_after: None,
        nature: |_| Nature { line: Arc::new(TakesUnprocessableForFinal), ..Nature::default() },
    },
    Exhibit {
        name: "answers-before-it-has-stored",
        bug: "Answers 200 first, and puts the callback into a short queue in memory; what does not fit is gone",
        scenario: "mixed-flood",
        shows: &[Shows::As(FindingKind::Lost)],
        extract: Extract { per_second: 6.0, seconds: 7, settle: 6 },
        restart_after: None,
        nature: |around| {
            let front = AcknowledgesFirst::new(around.database, 3, Duration::from_millis(300));
            Nature { front: Arc::new(front), ..Nature::default() }
        },
    },
    Exhibit {
        name: "no-idempotency-key",
        bug: "Tries a call again without saying that it is the same call",
        scenario: "connection-faults",
        shows: &[Shows::As(FindingKind::DuplicateAttempt)],
        extract: Extract { settle: 12, ..SHORT },
        restart_after: None,
        nature: |_| Nature { line: Arc::new(ForgetsKeys), ..Nature::default() },
    },
    Exhibit {
        name: "no-reconciliation",
        bug: "Waits for callbacks, and never asks",
        scenario: "lost-callbacks",
        shows: &[Shows::As(FindingKind::Lost)],
        extract: CURT,
        restart_after: None,
        nature: |_| Nature { configure: |config| config.reconcile_after = Duration::from_hours(24), ..Nature::default() },
    },
    Exhibit {
        name: "believes-a-stale-status",
        bug: "Reads the session at each callback; an old answer says that there is nothing yet, and nobody asks again",
        scenario: "stale-reads",
        shows: &[Shows::As(FindingKind::Lost)],
        extract: Extract { settle: 9, ..SHORT },
        restart_after: None,
        nature: |around| Nature {
            // Of its own accord it asks late enough not to come between a callback and its question.
            configure: |config| config.reconcile_after = Duration::from_secs(8),
            ..asks_and_believes(around)
        },
    },
    Exhibit {
        name: "fetches-until-rate-limited",
        bug: "Reads the session at each callback; told that it asks too often, it takes the callback for done",
        scenario: "rate-limited",
        shows: &[Shows::As(FindingKind::Lost)],
        extract: Extract { per_second: 10.0, seconds: 4, settle: 8 },
        restart_after: None,
        nature: asks_and_believes,
    },
    Exhibit {
        name: "session-for-each-submission",
        bug: "Takes every submission for a new job: pressed twice, two examinations",
        scenario: "double-submits",
        shows: &[Shows::As(FindingKind::DuplicateAttempt)],
        extract: SHORT,
        restart_after: None,
        nature: |around| {
            let both = SessionForEachSubmission::new(around.vendor, around.database);
            Nature { front: Arc::new(both.clone()), line: Arc::new(both), ..Nature::default() }
        },
    },
    Exhibit {
        name: "another-attempt-is-the-same",
        bug: "De-duplicates submissions by the verification: the second attempt is taken for the first, sent again",
        scenario: "reason-taxonomy",
        shows: &[Shows::As(FindingKind::ResubmissionIgnored)],
        extract: Extract { settle: 15, ..SHORT },
        restart_after: None,
        nature: |_| Nature { front: Arc::new(TakesAnotherAttemptForTheSame::default()), ..Nature::default() },
    },
    Exhibit {
        name: "failures-are-forgotten",
        bug: "Strikes a call that failed from its outbox, as it does with one that succeeded",
        scenario: "counted-faults",
        shows: &[Shows::As(FindingKind::Stuck)],
        extract: CURT,
        restart_after: None,
        nature: |_| Nature { statements: database::FAILURES_ARE_FORGOTTEN, ..Nature::default() },
    },
    Exhibit {
        name: "approves-the-waiting",
        bug: "Approves whoever has waited too long for the vendor",
        scenario: "slow-vendor",
        shows: &[Shows::As(FindingKind::NeverDecided)],
        extract: Extract { settle: 9, ..SHORT },
        restart_after: None,
        nature: |around| {
            let front = ApprovesTheWaiting { database: around.database, longer_than: Duration::from_millis(1500) };
            Nature { front: Arc::new(front), ..Nature::default() }
        },
    },
    Exhibit {
        name: "session-at-sign-up",
        bug: "Begins the session at the vendor with the account, before anybody has consented",
        scenario: "all-pass",
        shows: &[Shows::As(FindingKind::ConsentMissing)],
        extract: SHORT,
        restart_after: None,
        nature: |around| {
            let both = SessionAtSignUp::new(around.vendor, around.callback_url);
            Nature { front: Arc::new(both.clone()), line: Arc::new(both), ..Nature::default() }
        },
    },
    Exhibit {
        name: "cases-vanish",
        bug: "Opens the review case in a change of its own, which fails for every second one",
        scenario: "ambiguous-results",
        shows: &[Shows::As(FindingKind::ReviewOrphaned)],
        extract: SHORT,
        restart_after: None,
        nature: |_| Nature { statements: database::CASES_VANISH, ..Nature::default() },
    },
];

fn last_callback_wins(around: Surroundings) -> Nature {
    Nature { front: Arc::new(LastCallbackWins(around.database)), statements: database::ANY_MOVE, ..Nature::default() }
}

fn asks_and_believes(around: Surroundings) -> Nature {
    let front = AsksAndBelieves { vendor: around.vendor, database: around.database };
    Nature { front: Arc::new(front), ..Nature::default() }
}
