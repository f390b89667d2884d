//! The core without sockets and without waiting: time is a number that the test counts up.

mod kept;

use std::time::{Duration, Instant};

use kycsim_scenarios::ledger::DeliveryResult;
use kycsim_scenarios::vendor::FaultKind;
use kycsim_scenarios::{ApplicantKey, language::DocumentKind};
use proptest::prelude::*;

use super::*;
use crate::call::{Call, Granted, NewSession};
use crate::callbacks::Delivery;
use crate::clock::Clock;
use crate::dialects::{Dialect, Staff};
use crate::pass::Passes;
use crate::picture::{Picture, PictureKind};
use crate::secret::{ApiKey, WebhookSecret};
use crate::session::{CountryCode, ImageSlot, Side};

const HEAD: &str = r#"
name = "test"
summary = "A test"
teaches = "Nothing"
arrivals = { process = "poisson", rate = [{ at = "0s", per_second = 1 }], duration = "1s" }
applicants = [{ share = 1, country = "DE", document = "id_card", patience = { distribution = "constant", value = "1m" } }]
[vendor]
outcomes = { approved = 1 }
decision_delay = { distribution = "constant", value = "8s" }
"#;

fn world(more: &str) -> World {
    let config = config_of(Scenario::parse("test", &format!("{HEAD}{more}")).unwrap());
    World::new(&config, staff(&config), Arc::default())
}

fn staff(config: &VendorConfig) -> Staff {
    Dialect::Generic.staff(config, &Passes::of("test", &config.api_key))
}

#[expect(clippy::disallowed_methods, reason = "a clock wants an epoch; nobody reads this one")]
fn config_of(scenario: Scenario) -> VendorConfig {
    let clock = Clock::starting_at(Instant::now());
    let secret = WebhookSecret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    VendorConfig::new(Arc::new(scenario), ApiKey::new("key").unwrap(), secret, clock)
        .callback_url(CallbackUrl::parse("http://127.0.0.1:1/").unwrap())
}

fn secs(seconds: u64) -> SimTime {
    SimTime::from_start(Duration::from_secs(seconds))
}

fn new_session(number: u64) -> NewSession {
    NewSession {
        applicant: ApplicantKey::numbered(number),
        country: CountryCode::parse("DE").unwrap(),
        document: DocumentKind::IdCard,
        callback_url: None,
    }
}

/// Walks an applicant up to and with the submission at `now`.
fn submit(world: &mut World, number: u64, now: SimTime) -> SessionId {
    let Ok(Granted::Created(session)) = world.perform(Call::CreateSession(new_session(number)), None, None, now) else {
        panic!("not created")
    };
    let id = session.about.id.clone();
    let picture = Picture { kind: PictureKind::Jpeg, bytes: 9 };
    for slot in [ImageSlot::Document(Side::Front), ImageSlot::Selfie] {
        world.perform(Call::Upload { session: id.clone(), slot, picture }, None, None, now).unwrap();
    }
    world.perform(Call::Submit(id.clone()), None, None, now).unwrap();
    id
}

/// Performs everything up to `end`, on time, with a receiver that answers at once as `receive` says; returns when each delivery was made.
fn play(world: &mut World, end: SimTime, mut receive: impl FnMut(&Delivery) -> DeliveryResult) -> Vec<u64> {
    let mut delivered = Vec::new();
    while let Some(now) = world.next_due().filter(|due| *due <= end) {
        loop {
            match world.step(now) {
                Step::Nothing => break,
                Step::Done | Step::RotateSecret { .. } => {}
                Step::Deliver(delivery) => {
                    delivered.push(now.as_micros() / 1_000_000);
                    let result = receive(&delivery);
                    assert!(world.delivered(delivery, now, result, now).is_none(), "nobody waits for a place");
                }
            }
        }
    }
    delivered
}

fn accept(_: &Delivery) -> DeliveryResult {
    DeliveryResult::Accepted { status: 204 }
}

/// Checks at which seconds the callbacks of one applicant, decided at 8, are sent when they are all accepted.
#[track_caller]
fn check(more: &str, expected: &[u64]) {
    let mut world = world(more);
    submit(&mut world, 1, SimTime::ZERO);
    assert_eq!(play(&mut world, secs(1000), accept), expected);
    assert!(world.counters.is_quiet());
}

#[test]
fn a_callback_is_sent_when_the_scenario_says() {
    check("", &[8]);
    check("callbacks.delay = { distribution = \"constant\", value = \"3s\" }", &[11]);
    check("callbacks.duplicate = { probability = 1, copies = 3, spacing = \"2s\" }", &[8, 10, 12]);
    check("callbacks.lost = 1", &[]);
}

#[test]
fn a_hold_keeps_callbacks_and_a_second_one_keeps_what_the_first_lets_go() {
    let hold = |at: u64, lasts: u64| {
        format!("[[incident]]\nname = \"hold\"\nat = \"{at}s\"\nlasts = \"{lasts}s\"\ncallbacks = {{ release_rate = 1 }}\n")
    };
    check(&hold(5, 10), &[15]);
    check(&hold(0, 8), &[8]);
    check(&(hold(5, 10) + &hold(14, 6)), &[20]);
}

#[test]
fn retries_count_from_the_attempt_before_and_then_end() {
    let mut world = world("callbacks.retry = [\"5s\", \"1m\"]");
    submit(&mut world, 1, SimTime::ZERO);
    let sent = play(&mut world, secs(1000), |_| DeliveryResult::Refused { status: 500 });
    assert_eq!(sent, [8, 13, 73]);
    assert!(matches!(world.ledger().last().unwrap().event, LedgerEvent::CallbackGivenUp { copy: 0, .. }));
    assert!(world.counters.is_quiet());
}

#[test]
fn the_dialects_own_schedule_holds_where_the_scenario_has_none() {
    let mut world = world("");
    submit(&mut world, 1, SimTime::ZERO);
    let sent = play(&mut world, secs(4 * 86_400), |_| DeliveryResult::Failed { reason: "nobody there".to_owned() });
    assert_eq!(
        sent.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<_>>(),
        [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]
    );
}

#[test]
fn a_fault_comes_before_any_effect() {
    let mut world = world("[[incident]]\nname = \"outage\"\nat = \"0s\"\nlasts = \"1h\"\nhttp = { fault = \"connection_reset_by_peer\" }");
    for _ in 0..3 {
        let answer = world.meet(&Call::CreateSession(new_session(1)), SimTime::ZERO).unwrap().answer;
        assert_eq!(answer.befalls.map(|befalling| befalling.fault.kind()), Some(FaultKind::ConnectionResetByPeer));
    }
    assert!(world.ledger().is_empty());
    assert_eq!(world.store.count_request(&ApplicantKey::numbered(1)), Ok(3), "each request is another draw");
}

proptest! {
    /// Whatever the order in which they come, and however callbacks fare: everything is told or given up, and nothing happens before it is due.
    #[test]
    fn all_is_done_in_the_end(submissions in prop::collection::vec(0_u64..30, 1..20), refused in prop::collection::vec(any::<bool>(), 40)) {
        let mut world = world("callbacks = { retry = [\"3s\", \"9s\"], duplicate = { probability = 0.5, copies = 2, spacing = \"1s\" } }");
        let mut submissions = submissions;
        submissions.sort_unstable();
        for (number, at) in (0..).zip(&submissions) {
            play(&mut world, secs(*at), accept);
            submit(&mut world, number, secs(*at));
        }
        let mut outcomes = refused.iter().cycle();
        play(&mut world, secs(100_000), |delivery| {
            if outcomes.next().copied().unwrap_or(false) { DeliveryResult::Refused { status: 500 } } else { accept(delivery) }
        });
        prop_assert!(world.counters.is_quiet());
        let counts = world.counters.read();
        prop_assert_eq!(counts.decisions, submissions.len() as u64);
        for entry in world.ledger() {
            if let LedgerEvent::Decided { due, .. } | LedgerEvent::Delivered { due, .. } = entry.event {
                prop_assert!(due <= entry.at);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))] // each plays two vendors

    /// Fate is a function: whoever comes before whom, each applicant's part of the ledger is the same.
    #[test]
    fn the_same_seed_gives_everybody_the_same_ledger_whatever_the_interleaving(
        submissions in prop::collection::vec(0_u64..20, 1..12),
        turn in 0_usize..12,
        probabilities in prop::collection::vec(0_u8..=10, 8),
        by in prop::sample::select(vec!["time", "polls"]),
    ) {
        let of = |index: usize| f64::from(probabilities[index]) / 10.0;
        let more = format!(
            "progress = \"{by}\"\npolls = 1\n[vendor.callbacks]\nevents = [\"created\", \"processing\", \"decided\"]\nretry = [\"3s\", \"9s\"]\n\
            duplicate = {{ probability = {}, copies = 3, spacing = \"1s\", id = \"new\" }}\nlost = {}\nlost_on_retry = {}\nunsigned = {}\n\
            malformed = {}\nunknown_status = {}\nreordered = {}\ncontradicting = {{ probability = {}, after = \"5s\" }}",
            of(0), of(1), of(2), of(3), of(4), of(5), of(6), of(7),
        );
        let numbered: Vec<(u64, u64)> = (0..).zip(submissions).collect();
        let play_in = |order: &[(u64, u64)]| {
            let mut world = world(&more);
            for second in 0..20 {
                play(&mut world, secs(second), refuse_some);
                for (number, _) in order.iter().filter(|(_, at)| *at == second) {
                    let id = submit(&mut world, *number, secs(second));
                    if by == "polls" {
                        world.perform(Call::GetSession(id), None, None, secs(second)).unwrap();
                    }
                }
            }
            play(&mut world, secs(1000), refuse_some);
            let mut ledger = std::collections::BTreeMap::<_, Vec<_>>::new();
            for entry in world.ledger() {
                ledger.entry(entry.applicant.clone()).or_default().push(entry);
            }
            ledger
        };
        let forwards = play_in(&numbered);
        let mut turned = numbered;
        turned.reverse();
        let turn = turn % turned.len();
        turned.rotate_left(turn);
        prop_assert_eq!(forwards, play_in(&turned));
    }
}

/// Answers by what is delivered, and not by when.
fn refuse_some(delivery: &Delivery) -> DeliveryResult {
    let Sending { event, copy, failed, .. } = &delivery.sending;
    let sum = event.id.bytes().fold(copy.number + failed, |sum, byte| sum + u32::from(byte));
    if sum.is_multiple_of(3) { DeliveryResult::Refused { status: 500 } } else { accept(delivery) }
}
