//! What the pure vendor plans.

use std::collections::BTreeMap;
use std::time::Duration;

use kycsim_scenarios::language::{Callbacks, EventKind, Period};
use kycsim_scenarios::vendor::{
    Defect, Ends, Order, Outcome, PlannedCallback, Reason, plan_callbacks, plan_examination, plan_revision, retry_delay,
};
use kycsim_scenarios::{ApplicantKey, Fate, Scenario, SimTime, catalogue};
use proptest::prelude::*;

fn scenario(name: &str) -> Scenario {
    catalogue::load(name).unwrap().unwrap()
}

fn fate(applicant: u64) -> Fate {
    Fate::new(7, ApplicantKey::numbered(applicant))
}

fn callbacks(text: &str) -> Callbacks {
    toml::from_str(text).unwrap()
}

fn told(callbacks: &Callbacks, applicant: u64) -> Vec<PlannedCallback> {
    plan_callbacks(callbacks, &fate(applicant), EventKind::Decided, 1, Duration::ZERO, SimTime::ZERO)
}

proptest! {
    #[test]
    fn nothing_is_planned_before_now(applicant in 0_u64..10_000, attempt in 1_u32..4, now in 0_u64..100_000_000) {
        let scenario = scenario("duplicate-callbacks");
        let now = SimTime::from_micros(now);
        let planned = plan_callbacks(&scenario.vendor.callbacks, &fate(applicant), EventKind::Decided, attempt, Duration::ZERO, now);
        prop_assert!(planned.iter().all(|each| each.due >= now));
    }

    #[test]
    fn one_defect_changes_nothing_about_the_others(applicant in 0_u64..10_000) {
        let one = callbacks("replayed = { probability = 0.5, after = \"1s\" }");
        let two = callbacks("unknown_status = 0.5\nreplayed = { probability = 0.5, after = \"1s\" }");
        let replayed = |callbacks| told(callbacks, applicant).iter().any(|each| each.copy.is_some_and(|copy| copy.defect == Some(Defect::Replayed)));
        prop_assert_eq!(replayed(&one), replayed(&two));
    }
}

#[test]
fn outcomes_follow_their_weights() {
    let scenario = scenario("decline-heavy");
    let mut counts = BTreeMap::new();
    for applicant in 0..10_000 {
        let decision = plan_examination(&scenario.vendor, None, &fate(applicant), 1).decision;
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
fn an_order_comes_before_the_scenario() {
    let scenario = scenario("all-pass");
    let order = |json: &str| -> Order { serde_json::from_str(json).unwrap() };
    let plan = |order: &Order| plan_examination(&scenario.vendor, Some(order), &fate(1), 1);
    let declined = plan(&order(r#"{"outcome": "declined", "reasons": ["sanctions_hit"], "decision_delay": "3s"}"#));
    assert_eq!(declined.decision.reasons, [Reason::SanctionsHit]);
    assert_eq!(declined.ends, Ends::After(Duration::from_secs(3)));
    assert_eq!(plan(&order(r#"{"progress": "command"}"#)).ends, Ends::OnCommand);
    assert_eq!(plan(&order(r#"{"progress": "polls"}"#)).ends, Ends::AfterPolls(3));
    let early = plan(&order(r#"{"callbacks": {"early": 1}}"#));
    assert_eq!((early.early, early.ends), (true, Ends::After(Duration::ZERO)));
    assert_eq!(plan(&Order::default()), plan_examination(&scenario.vendor, None, &fate(1), 1));
}

#[test]
fn duplicates_are_spaced_and_lost_callbacks_are_never_sent() {
    let duplicated = scenario("duplicate-callbacks").vendor.callbacks;
    let copies: Vec<Vec<SimTime>> = (0..100).map(|applicant| told(&duplicated, applicant).iter().map(|each| each.due).collect()).collect();
    assert!(copies.iter().any(|dues| dues.len() == 1));
    let tripled = copies.iter().find(|dues| dues.len() == 3).unwrap();
    assert_eq!(tripled[2] - tripled[0], Duration::from_secs(1));

    let lossy = scenario("lost-callbacks").vendor.callbacks;
    let lost = (0..1000).filter(|applicant| told(&lossy, *applicant).iter().any(|each| each.copy.is_none())).count();
    assert!((150..250).contains(&lost), "{lost}");
}

#[test]
fn each_defect_is_sent_as_it_was_ordered() {
    #[track_caller]
    fn check(text: &str, expected: &[(u64, Option<Defect>)]) {
        let planned = told(&callbacks(text), 1);
        let seen: Vec<_> = planned.iter().map(|each| (each.due.as_micros() / 1_000_000, each.copy.unwrap().defect)).collect();
        assert_eq!(seen, expected);
    }
    check("", &[(0, None)]);
    check("unsigned = 1", &[(0, Some(Defect::Unsigned))]);
    check("wrong_signature = 1", &[(0, Some(Defect::WrongSignature))]);
    check("stale = { probability = 1, age = \"10m\" }", &[(0, Some(Defect::Stale))]);
    check("malformed = 1", &[(0, Some(Defect::Malformed))]);
    check("unknown_fields = 1", &[(0, Some(Defect::UnknownFields))]);
    check("unknown_status = 1", &[(0, Some(Defect::UnknownStatus)), (0, None)]);
    check("replayed = { probability = 1, after = \"5s\" }", &[(0, None), (5, Some(Defect::Replayed))]);
    check("contradicting = { probability = 1, after = \"5s\" }", &[(0, None), (5, Some(Defect::Contradicting))]);
    let twice = "duplicate = { probability = 1, copies = 2, spacing = \"2s\", id = \"new\" }";
    check(twice, &[(0, None), (2, Some(Defect::NewId))]);
}

#[test]
fn events_are_those_of_the_file_or_else_the_dialects_own() {
    let own = [EventKind::Created, EventKind::Decided];
    let silent = callbacks("events = [\"expired\"]");
    assert!(silent.tells(EventKind::Expired, &own) && !silent.tells(EventKind::Decided, &own));
    let unsaid = callbacks("");
    assert!(unsaid.tells(EventKind::Created, &own) && !unsaid.tells(EventKind::Expired, &own));
}

#[test]
fn a_defect_befalls_the_first_try_or_all() {
    let first = told(&callbacks("unsigned = 1"), 1)[0].copy.unwrap();
    assert_eq!((first.defect_of_try(0), first.defect_of_try(1)), (Some(Defect::Unsigned), None));
    let all = told(&callbacks("unsigned = 1\ndefective_tries = \"all\""), 1)[0].copy.unwrap();
    assert_eq!(all.defect_of_try(5), Some(Defect::Unsigned));
    assert!(!told(&callbacks("lost_on_retry = 1"), 1)[0].copy.unwrap().retried);
}

#[test]
fn a_decision_may_be_changed_later() {
    let mut scenario = scenario("all-pass");
    let revision = "from = \"approved\"\nprobability = 0.25\nafter = { distribution = \"constant\", value = \"72h\" }\nto = \"declined\"\nreasons = { sanctions_hit = 1 }";
    scenario.vendor.revision = vec![toml::from_str(revision).unwrap()];
    let revised: Vec<_> = (0..1000)
        .filter_map(|applicant| {
            let decision = plan_examination(&scenario.vendor, None, &fate(applicant), 1).decision;
            plan_revision(&scenario.vendor, &fate(applicant), &decision, SimTime::ZERO)
        })
        .collect();
    assert!((200..300).contains(&revised.len()), "{}", revised.len());
    let (due, decision) = &revised[0];
    assert_eq!(due.since_start(), Duration::from_secs(72 * 3600));
    assert_eq!((decision.outcome, decision.reasons.as_slice()), (Outcome::Declined, &[Reason::SanctionsHit][..]));
}

#[test]
fn retries_follow_the_schedule_and_end() {
    let schedule = [Period::from_millis(5), Period::from_millis(10)];
    assert_eq!(retry_delay(&schedule, 1), Some(Duration::from_millis(5)));
    assert_eq!(retry_delay(&schedule, 2), Some(Duration::from_millis(10)));
    assert_eq!(retry_delay(&schedule, 3), None);
    assert_eq!(retry_delay(&schedule, 0), None);
}
