//! What goes wrong, and which of several incidents has its way.

use std::time::Duration;

use kycsim_scenarios::language::{Callbacks, DocumentKind, Incident, Probability, Whom};
use kycsim_scenarios::vendor::{Answer, Check, Fault, IncidentBoard, Operation, Reason, RequestFacts};
use kycsim_scenarios::{ApplicantKey, Fate, Scenario, SimTime, catalogue};

fn vendor() -> kycsim_scenarios::language::Vendor {
    catalogue::load("all-pass").unwrap().unwrap().vendor
}

fn incident(text: &str) -> Incident {
    toml::from_str(&format!("name = \"x\"\n{text}")).unwrap_or_else(|error| panic!("{error}"))
}

fn board(incidents: &[&str]) -> IncidentBoard {
    IncidentBoard::new(&incidents.iter().map(|text| incident(text)).collect::<Vec<_>>())
}

fn secs(seconds: u64) -> SimTime {
    SimTime::from_start(Duration::from_secs(seconds))
}

fn fate(applicant: u64) -> Fate {
    Fate::new(7, ApplicantKey::numbered(applicant))
}

fn whom(fate: &Fate) -> Whom<'_> {
    Whom { fate, country: "DE", document: DocumentKind::Passport }
}

fn ask_for(board: &mut IncidentBoard, operation: Operation, check: Option<Check>, applicant: u64, occurrence: u32, now: SimTime) -> Answer {
    let fate = fate(applicant);
    board.answer(&vendor(), RequestFacts { operation, check, whom: whom(&fate), occurrence, now }, None)
}

fn status(board: &mut IncidentBoard, now: u64) -> Option<u16> {
    let answer = ask_for(board, Operation::CreateSession, None, 1, 0, secs(now));
    answer.befalls.map(|befalling| {
        let Fault::Error { status } = befalling.fault else { panic!("{befalling:?}") };
        status
    })
}

const fn error(status: u16) -> &'static str {
    match status {
        500 => "http = { fault = \"error\", status = 500 }",
        502 => "http = { fault = \"error\", status = 502 }",
        _ => "http = { fault = \"error\", status = 503 }",
    }
}

fn lasting(at: u64, lasts: u64, more: &str) -> String {
    format!("at = \"{at}s\"\nlasts = \"{lasts}s\"\n{more}")
}

#[test]
fn an_outage_fails_requests_while_it_lasts() {
    let outage: Scenario = catalogue::load("outage").unwrap().unwrap();
    let mut board = IncidentBoard::new(&outage.incident);
    assert_eq!([7, 8, 19, 20].map(|now| status(&mut board, now)), [None, Some(503), Some(503), None]);
}

#[test]
fn the_latest_by_hand_comes_first_and_then_the_file_in_its_order() {
    let mut board = board(&[&lasting(0, 100, error(500)), &lasting(0, 100, error(502))]);
    assert_eq!(status(&mut board, 1), Some(500));
    let minute = Duration::from_secs(60);
    let first = board.start(incident(&lasting(0, 100, error(502))), secs(1), minute);
    assert_eq!(status(&mut board, 2), Some(502));
    let second = board.start(incident(&lasting(0, 100, error(503))), secs(2), minute);
    assert_eq!(status(&mut board, 3), Some(503));
    assert!(board.stop(second, secs(4)));
    assert!(!board.stop(second, secs(5)), "it is over");
    assert_eq!(status(&mut board, 5), Some(502));
    assert_eq!(status(&mut board, 62), Some(500), "it ended by itself");
    assert_eq!(board.started_by_hand(secs(62)), 0);
    assert!(!board.stop(first, secs(62)));
}

#[test]
fn added_times_add_up() {
    let slow = "slow = { distribution = \"constant\", value = \"2s\" }";
    let mut board = board(&[&lasting(0, 9, slow), &lasting(0, 9, slow), &lasting(5, 9, slow)]);
    let delay = |board: &mut IncidentBoard, now| ask_for(board, Operation::Submit, None, 1, 0, secs(now)).delay.as_secs();
    assert_eq!([1, 6, 9].map(|now| delay(&mut board, now)), [4, 6, 2]);
}

#[test]
fn a_ramp_lets_more_and_more_requests_fail() {
    let mut board = board(&["lasts = \"100s\"\nramp = { up = \"100s\" }\nhttp = { fault = \"error\" }"]);
    let failed = |board: &mut IncidentBoard, now| {
        (0..1000).filter(|applicant| ask_for(board, Operation::Submit, None, *applicant, 0, secs(now)).befalls.is_some()).count()
    };
    assert!((200..300).contains(&failed(&mut board, 25)));
    assert!((700..800).contains(&failed(&mut board, 75)));
}

#[test]
fn faults_are_counted() {
    let mut board = board(&["lasts = \"1h\"\nhttp = { fault = \"error\", succeed_first = 2, fail_next = 3 }"]);
    let seen: Vec<bool> = (0..8).map(|_| status(&mut board, 1).is_some()).collect();
    assert_eq!(seen, [false, false, true, true, true, false, false, false]);
}

#[test]
fn a_scope_keeps_an_incident_to_its_own() {
    #[track_caller]
    fn check(scope: &str, operation: Operation, check: Option<Check>, expected: bool) {
        let mut board = board(&[&format!("lasts = \"1h\"\nscope = {{ {scope} }}\nhttp = {{ fault = \"error\" }}")]);
        assert_eq!(ask_for(&mut board, operation, check, 1, 0, secs(1)).befalls.is_some(), expected, "{scope}");
    }
    check("endpoints = [\"submit\"]", Operation::Submit, None, true);
    check("endpoints = [\"submit\"]", Operation::Upload, Some(Check::Selfie), false);
    check("checks = [\"selfie\"]", Operation::Upload, Some(Check::Selfie), true);
    check("checks = [\"selfie\"]", Operation::Upload, Some(Check::Document), false);
    check("checks = [\"selfie\"]", Operation::Submit, None, false);
    check("countries = [\"DE\", \"GB\"]", Operation::Submit, None, true);
    check("countries = [\"GB\"]", Operation::Submit, None, false);
    check("documents = [\"id_card\"]", Operation::Submit, None, false);
    let mut some = board(&["lasts = \"1h\"\nscope = { applicants = 0.3 }\nhttp = { fault = \"error\" }"]);
    let touched = |board: &mut IncidentBoard, occurrence| -> Vec<u64> {
        (0..500).filter(|number| ask_for(board, Operation::Submit, None, *number, occurrence, secs(1)).befalls.is_some()).collect()
    };
    let first = touched(&mut some, 0);
    assert!((100..200).contains(&first.len()), "{}", first.len());
    assert_eq!(first, touched(&mut some, 1), "always the same applicants");
}

#[test]
fn decisions_that_hang_on_a_check_are_later() {
    let board = board(&["lasts = \"1h\"\nscope = { checks = [\"selfie\"] }\ndecisions = { distribution = \"constant\", value = \"10s\" }"]);
    let fate = fate(1);
    assert_eq!(board.decision_delay(whom(&fate), &[Reason::SelfieMismatch], 1, secs(1)), Duration::from_secs(10));
    assert_eq!(board.decision_delay(whom(&fate), &[Reason::DocumentExpired], 1, secs(1)), Duration::ZERO);
}

fn hold_all(board: &mut IncidentBoard, number: usize, now: SimTime) -> Vec<u64> {
    let fate = fate(1);
    (0..number).map(|_| board.hold(whom(&fate), now, None).map_or(0, |held| held.until.as_micros())).collect()
}

#[test]
fn held_callbacks_are_released_oldest_first_at_the_rate() {
    let flood: Scenario = catalogue::load("callback-flood").unwrap().unwrap(); // held from 4 s to 19 s, released at 200 a second
    let mut board = IncidentBoard::new(&flood.incident);
    assert_eq!(hold_all(&mut board, 1, secs(3)), [0]);
    assert_eq!(hold_all(&mut board, 1, secs(4)), [19_000_000]);
    assert_eq!(hold_all(&mut board, 1, secs(5)), [19_005_000]);
    assert_eq!(hold_all(&mut board, 1, secs(19)), [0]);
}

#[test]
fn a_mixed_release_lets_each_go_once_at_the_same_rate() {
    let mut board = board(&["lasts = \"10s\"\ncallbacks = { release_rate = 1, release_order = \"mixed\" }"]);
    let slots = hold_all(&mut board, 128, secs(1));
    assert_ne!(slots[..4], [10_000_000, 11_000_000, 12_000_000, 13_000_000]);
    let mut sorted = slots;
    sorted.sort_unstable();
    assert_eq!(sorted, (10..138).map(|second| second * 1_000_000).collect::<Vec<u64>>());
}

#[test]
fn starving_callbacks_leave_slowly_and_each_waits_once() {
    let mut board = board(&["lasts = \"10s\"\ncallbacks = { starve_rate = 2 }"]);
    assert_eq!(hold_all(&mut board, 4, secs(1)), [0, 1_500_000, 2_000_000, 2_500_000]);
    let fate = fate(1);
    let held = board.hold(whom(&fate), secs(1), None).unwrap();
    assert_eq!(board.hold(whom(&fate), held.until, Some(held.by)), None);
    assert!(hold_all(&mut board, 100, secs(9)).iter().all(|until| *until <= 10_000_000), "the rest leaves when it ends");
}

#[test]
fn trouble_changes_how_events_are_told() {
    let board = board(&["lasts = \"1h\"\ncallbacks = { delay = { distribution = \"constant\", value = \"3m\" }, lost = 1 }"]);
    let (ordinary, fate) = (Callbacks::default(), fate(1));
    assert!(board.callbacks(&ordinary, whom(&fate), secs(1)).lost.value() >= 1.0);
    assert_eq!(*board.callbacks(&ordinary, whom(&fate), secs(3601)), ordinary);
    assert_eq!(board.callback_delay(whom(&fate), 1, secs(1)), Duration::from_secs(180));
}

#[test]
fn callbacks_may_be_damaged_for_a_while() {
    let board = board(&["lasts = \"1h\"\nramp = { down = \"1h\" }\ncallbacks = { malformed = 0.8, lost_on_retry = 1 }"]);
    let fate = fate(1);
    let ordinary: Callbacks = toml::from_str("malformed = 0.1").unwrap();
    let malformed = |now| board.callbacks(&ordinary, whom(&fate), secs(now)).malformed;
    let expected = [0.8, 0.4, 0.1, 0.1].map(|likely| Probability::new(likely).unwrap());
    assert_eq!([0, 1800, 3590, 3600].map(malformed), expected, "never less than at other times");
    assert!(incident("lasts = \"1h\"\ncallbacks = { malformed = 0.8 }").describe().contains("80 % of callbacks damaged"));
}

#[test]
fn refusals_are_seen_coming() {
    let board = board(&["at = \"5s\"\nlasts = \"2s\"\nrepeat = { every = \"10s\", times = 2 }\nhttp = { fault = \"refuse\" }"]);
    assert_eq!(board.next_refusal(None), Some(secs(5)));
    assert_eq!(board.next_refusal(Some(secs(5))), Some(secs(15)));
    assert_eq!(board.next_refusal(Some(secs(15))), None);
    assert!(board.is_refusing(secs(6)) && !board.is_refusing(secs(7)) && board.is_refusing(secs(16)));
}
