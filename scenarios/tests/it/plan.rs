//! What the pure vendor plans.

use std::collections::BTreeMap;
use std::time::Duration;

use kycsim_scenarios::language::Period;
use kycsim_scenarios::vendor::{Answer, CallbackGate, Befalling, Effect, Fault, Operation, RequestFacts, answer, plan_decision, retry_delay};
use kycsim_scenarios::{ApplicantKey, Fate, Scenario, SimTime, catalogue};
use proptest::prelude::*;

fn scenario(name: &str) -> Scenario {
    catalogue::load(name).unwrap().unwrap()
}

fn secs(seconds: u64) -> SimTime {
    SimTime::from_micros(seconds * 1_000_000)
}

proptest! {
    #[test]
    fn nothing_is_planned_before_now_and_the_decision_comes_first(applicant in 0_u64..10_000, attempt in 1_u32..4, now in 0_u64..100_000_000) {
        let scenario = scenario("duplicate-callbacks");
        let fate = Fate::new(scenario.seed, ApplicantKey::numbered(applicant));
        let planned = plan_decision(&scenario.vendor, &fate, attempt, SimTime::from_micros(now));
        prop_assert!(matches!(planned[0].effect, Effect::Decide(_)));
        prop_assert!(planned.iter().all(|each| each.due >= planned[0].due && each.due >= SimTime::from_micros(now)));
    }

    #[test]
    fn an_incident_changes_no_fate(applicant in 0_u64..10_000, attempt in 1_u32..4) {
        let with = scenario("outage");
        let without = Scenario { incident: Vec::new(), ..with.clone() };
        let plan = |scenario: &Scenario| plan_decision(&scenario.vendor, &scenario.fate(&ApplicantKey::numbered(applicant)), attempt, SimTime::ZERO);
        prop_assert_eq!(plan(&with), plan(&without));
    }
}

#[test]
fn outcomes_follow_their_weights() {
    let scenario = scenario("decline-heavy");
    let mut counts = BTreeMap::new();
    for applicant in 0..10_000 {
        let fate = scenario.fate(&ApplicantKey::numbered(applicant));
        let planned = plan_decision(&scenario.vendor, &fate, 1, SimTime::ZERO);
        let Effect::Decide(decision) = &planned[0].effect else { panic!("{planned:?}") };
        *counts.entry(decision.outcome.as_str()).or_insert(0) += 1;
        assert_eq!(decision.reasons.is_empty(), decision.outcome.as_str() == "approved", "every refusal has its reason");
    }
    // 45, 40, 10 and 5 in a hundred; four standard errors are at most 200 of 10,000.
    for (outcome, expected) in [("approved", 4500), ("declined", 4000), ("resubmission", 1000), ("review", 500)] {
        let counted: i32 = counts[outcome];
        assert!((counted - expected).abs() < 200, "{outcome}: {counted}");
    }
}

#[test]
fn duplicates_are_spaced_and_lost_callbacks_are_never_sent() {
    let scenario = scenario("duplicate-callbacks");
    let copies: Vec<Vec<SimTime>> = (0..100)
        .map(|applicant| {
            plan_decision(&scenario.vendor, &scenario.fate(&ApplicantKey::numbered(applicant)), 1, SimTime::ZERO)
                .into_iter()
                .filter(|planned| matches!(planned.effect, Effect::SendCallback { .. }))
                .map(|planned| planned.due)
                .collect()
        })
        .collect();
    assert!(copies.iter().any(|dues| dues.len() == 1));
    let tripled = copies.iter().find(|dues| dues.len() == 3).unwrap();
    assert_eq!(tripled[2] - tripled[0], Duration::from_secs(1));

    let lossy = self::scenario("lost-callbacks");
    let lost = (0..1000)
        .filter(|applicant| {
            let planned = plan_decision(&lossy.vendor, &lossy.fate(&ApplicantKey::numbered(*applicant)), 1, SimTime::ZERO);
            planned.iter().any(|each| each.effect == Effect::LoseCallback)
        })
        .count();
    assert!((150..250).contains(&lost), "{lost}");
}

#[test]
fn an_outage_fails_requests_while_it_lasts() {
    let scenario = scenario("outage");
    let fate = scenario.fate(&ApplicantKey::numbered(1));
    let at = |now| {
        let facts = RequestFacts { operation: Operation::CreateSession, fate: &fate, occurrence: 0, now };
        let Answer { befalls, .. } = answer(&scenario.vendor, &scenario.incident, facts);
        befalls
    };
    assert_eq!(at(secs(7)), None);
    assert_eq!(at(secs(8)), Some(Befalling { fault: Fault::Error { status: 503 }, performed: false }));
    assert_eq!(at(secs(19)), Some(Befalling { fault: Fault::Error { status: 503 }, performed: false }));
    assert_eq!(at(secs(20)), None);
}

#[test]
fn held_callbacks_are_released_oldest_first_at_the_rate() {
    let scenario = scenario("callback-flood"); // held from 4 s to 19 s, released at 200 a second
    let mut gate = CallbackGate::default();
    assert_eq!(gate.hold(&scenario.incident, secs(3)), None);
    assert_eq!(gate.hold(&scenario.incident, secs(4)), Some(secs(19)));
    assert_eq!(gate.hold(&scenario.incident, secs(5)), Some(SimTime::from_micros(19_005_000)));
    assert_eq!(gate.hold(&scenario.incident, secs(19)), None);
}

#[test]
fn retries_follow_the_schedule_and_end() {
    let schedule = [Period::from_millis(5), Period::from_millis(10)];
    assert_eq!(retry_delay(&schedule, 1), Some(Duration::from_millis(5)));
    assert_eq!(retry_delay(&schedule, 2), Some(Duration::from_millis(10)));
    assert_eq!(retry_delay(&schedule, 3), None);
    assert_eq!(retry_delay(&schedule, 0), None);
}
