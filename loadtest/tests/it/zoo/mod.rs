//! A zoo of broken backends: each is found, by a scenario of the catalogue, and a sound one is not accused in its place.
//!
//! The animals are the reference backend, bent from outside: by a proxy before it (`bends`), by one between it and its vendor, by what its database does
//! (`database`), or by its configuration. Its code knows nothing of them.

mod bends;
mod cage;
mod database;
mod exhibit;
mod habitat;
mod page;
mod proxy;
mod signing;

use kycsim_reports::model::{FindingKind, Held, Verdict};

use exhibit::{EXHIBITS, Shows};

/// A test for each exhibit; `every_exhibit_has_a_test` sees to it that none is missing.
macro_rules! tests {
    ($($test:ident: $name:literal),+ $(,)?) => {
        const TESTED: &[&str] = &[$($name),+];
        $(#[test]
        fn $test() {
            check($name);
        })+
    };
}

tests! {
    no_de_duplication: "no-de-duplication",
    de_duplication_by_id: "de-duplication-by-id",
    last_callback_wins: "last-callback-wins",
    last_callback_wins_out_of_order: "last-callback-wins-out-of-order",
    trusts_unsigned: "trusts-unsigned",
    no_timestamp_check: "no-timestamp-check",
    loses_callbacks_in_a_restart: "loses-callbacks-in-a-restart",
    unprocessable_is_final: "unprocessable-is-final",
    answers_before_it_has_stored: "answers-before-it-has-stored",
    no_idempotency_key: "no-idempotency-key",
    no_reconciliation: "no-reconciliation",
    believes_a_stale_status: "believes-a-stale-status",
    fetches_until_rate_limited: "fetches-until-rate-limited",
    session_for_each_submission: "session-for-each-submission",
    another_attempt_is_the_same: "another-attempt-is-the-same",
    failures_are_forgotten: "failures-are-forgotten",
    approves_the_waiting: "approves-the-waiting",
    session_at_sign_up: "session-at-sign-up",
    cases_vanish: "cases-vanish",
}

#[track_caller]
fn check(name: &str) {
    let exhibit = EXHIBITS.iter().find(|exhibit| exhibit.name == name).unwrap();
    let (broken, sound) = cage::play_both(exhibit);

    assert_eq!(sound.integrity.findings, [], "the sound backend is accused");
    assert!(sound.integrity.checked && sound.totals.arrived >= 10, "{:#?}", sound.totals);
    // Not the verdict alone: on a machine that is busy with other tests it may be inconclusive.
    assert_ne!(sound.verdict, Verdict::Failed, "{:#?}", sound.objectives);

    let kinds: Vec<FindingKind> = broken.integrity.findings.iter().map(|finding| finding.kind).collect();
    assert_ne!(broken.verdict, Verdict::Passed);
    for shows in exhibit.shows {
        match shows {
            Shows::As(kind) => {
                assert!(kinds.contains(kind), "found as {kinds:?}, and not as {kind:?}: {:#?}", broken.totals);
                assert_eq!(broken.verdict, Verdict::Failed);
            }
            Shows::Missing(measure) => {
                let objective = broken.objectives.iter().find(|objective| objective.measure == *measure).unwrap();
                assert_ne!(objective.held, Held::Yes, "{objective:?}");
            }
        }
    }
}

#[test]
fn every_exhibit_has_a_test() {
    let exhibits: Vec<&str> = EXHIBITS.iter().map(|exhibit| exhibit.name).collect();
    assert_eq!(exhibits, TESTED);
    let kinds: Vec<FindingKind> =
        FindingKind::ALL.into_iter().filter(|kind| !EXHIBITS.iter().any(|exhibit| exhibit.shows.contains(&Shows::As(*kind)))).collect();
    assert_eq!(kinds, [], "each kind of finding has a backend that is found by it");
}
