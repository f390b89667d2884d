//! A world that was kept in the middle goes on like one that never was.

use kycsim_scenarios::vendor::{Operation, Order};

use super::*;
use crate::idempotency::{Fingerprint, IdempotencyKey, Repeatable};
use crate::snapshot::{KeptWorld, Unsound};

/// Something of everything.
const MORE: &str = r#"
outcomes = { approved = 3, declined = { weight = 1, reasons = { document_forged = 1 } }, resubmission = { weight = 2, reasons = { image_blurred = 1 } } }
session_lifetime = "40s"
revision = [{ from = "approved", probability = 0.5, after = { distribution = "constant", value = "30s" }, to = "declined", reasons = { sanctions_hit = 1 } }]
rate_limit = [{ burst = 9, per_second = 1.7 }]
[vendor.callbacks]
events = ["created", "processing", "decided", "expired"]
delay = { distribution = "lognormal", median = "2s", p95 = "9s" }
retry = ["3s", "9s"]
duplicate = { probability = 0.5, copies = 2, spacing = "1s" }
lost = 0.1
malformed = 0.1
unknown_status = 0.1
replayed = { probability = 0.2, after = "4s" }
disable_after = 40
[[incident]]
name = "hold"
at = "10s"
lasts = "20s"
repeat = { every = "1m", times = 2 }
callbacks = { release_rate = 1.3, release_order = "mixed" }
[[incident]]
name = "counted"
at = "0s"
lasts = "2m"
http = { fault = "error", status = 503, probability = 0.6, succeed_first = 3, fail_next = 7 }
[[incident]]
name = "starved"
at = "50s"
lasts = "30s"
callbacks = { starve_rate = 0.7 }
"#;

fn config(more: &str) -> VendorConfig {
    let text = format!("{}{more}", HEAD.replace("outcomes = { approved = 1 }\n", ""));
    config_of(Scenario::parse("test", &text).unwrap())
}

fn begun(config: &VendorConfig) -> World {
    let mut world = World::new(config, staff(config), Arc::default());
    let order = |json: &str| serde_json::from_str::<Order>(json).unwrap();
    let whom = |number| Orderee::Applicant(ApplicantKey::numbered(number));
    let refused_twice = r#"{"responses": [{"endpoints": ["submit"], "http": {"fault": "error", "fail_next": 2}}]}"#;
    world.order(whom(1), order(refused_twice)).unwrap();
    world.order(whom(2), order(r#"{"progress": "polls", "callbacks": {"retry": ["1s"]}}"#)).unwrap();
    world
}

/// The way there and back, through the text.
fn resumed(config: &VendorConfig, world: &World) -> Result<World, Unsound> {
    let text = serde_json::to_string(&world.keep()).unwrap();
    let kept: KeptWorld = serde_json::from_str(&text).unwrap();
    World::resumed(config, staff(config), Arc::default(), kept, world.counters.read())
}

/// A customer asks, perhaps not for the first time, and is refused as often as not.
fn ask(world: &mut World, call: Call, key: &str, now: SimTime) -> Option<Granted> {
    let repeatable = matches!(call.operation(), Operation::CreateSession | Operation::Submit)
        .then(|| Repeatable { key: IdempotencyKey::parse(key.as_bytes()).unwrap(), fingerprint: Fingerprint::of(key, b"") });
    if world.meet(&call, now).ok()?.answer.befalls.is_some() {
        return None;
    }
    world.perform(call, repeatable, None, now).ok()
}

/// Walks an applicant as far as it goes.
fn walk(world: &mut World, number: u64, now: SimTime) {
    let Some(Granted::Created(session)) = ask(world, Call::CreateSession(new_session(number)), &format!("new-{number}"), now) else {
        return;
    };
    let id = session.about.id.clone();
    let picture = Picture { kind: PictureKind::Jpeg, bytes: 9 };
    for slot in [ImageSlot::Document(Side::Front), ImageSlot::Selfie] {
        ask(world, Call::Upload { session: id.clone(), slot, picture }, "none", now);
    }
    ask(world, Call::Submit(id.clone()), &format!("submit-{id}-{}", session.version), now);
    ask(world, Call::GetSession(id), "none", now);
}

/// A receiver whose mind does not depend on the order in which it is asked.
fn receive(delivery: &Delivery) -> DeliveryResult {
    let Sending { event, copy, failed, .. } = &delivery.sending;
    let number = event.id.bytes().map(u32::from).sum::<u32>() + copy.number + failed;
    if number % 3 == 0 { DeliveryResult::Refused { status: 500 } } else { accept(delivery) }
}

/// Plays what is to happen after `from`, up to and with `to`.
fn play_on(world: &mut World, visits: &[(u64, u64)], from: u64, to: u64) {
    for (at, number) in visits.iter().filter(|(at, _)| (from..=to).contains(at)) {
        play(world, secs(*at), receive);
        walk(world, *number, secs(*at));
    }
    play(world, secs(to), receive);
}

proptest! {
    #[test]
    fn an_interruption_changes_nothing(visits in prop::collection::vec((0_u64..120, 0_u64..6), 1..40), cut in 0_u64..130) {
        let mut visits = visits;
        visits.sort_unstable();
        let config = config(MORE);
        let mut whole = begun(&config);
        play_on(&mut whole, &visits, 0, cut);
        let mut second = resumed(&config, &whole).unwrap();
        prop_assert_eq!(second.counters.read(), whole.counters.read());
        for world in [&mut whole, &mut second] {
            play_on(world, &visits, cut + 1, 400);
        }
        prop_assert_eq!(second.ledger(), whole.ledger());
        prop_assert_eq!(second.counters.read(), whole.counters.read());
        prop_assert_eq!(serde_json::to_value(second.keep()).unwrap(), serde_json::to_value(whole.keep()).unwrap());
    }
}

#[test]
fn what_was_on_its_way_is_sent_again() {
    let config = config("outcomes = { approved = 1 }\n");
    let mut world = World::new(&config, staff(&config), Arc::default());
    submit(&mut world, 1, SimTime::ZERO);
    let deliver = |world: &mut World| loop {
        match world.step(secs(8)) {
            Step::Deliver(delivery) => return delivery,
            Step::Nothing => panic!("nothing to deliver"),
            Step::Done | Step::RotateSecret { .. } => {}
        }
    };
    let on_its_way = deliver(&mut world);
    let mut second = resumed(&config, &world).unwrap();
    let again = deliver(&mut second);
    assert_eq!((&again.sending.event.id, again.due), (&on_its_way.sending.event.id, on_its_way.due));
    assert_eq!(again.sending.event.body, on_its_way.sending.event.body);
    second.delivered(again, secs(8), DeliveryResult::Accepted { status: 204 }, secs(8));
    assert!(second.counters.is_quiet());
    assert!(resumed(&config, &second).unwrap().counters.is_quiet(), "what has ended is not sent again");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let config = config("outcomes = { approved = 1 }\n");
    let mut world = World::new(&config, staff(&config), Arc::default());
    submit(&mut world, 1, SimTime::ZERO);
    play(&mut world, secs(7), accept);
    let resumed = |spoil: fn(&mut KeptWorld)| {
        let mut kept = world.keep();
        spoil(&mut kept);
        World::resumed(&config, staff(&config), Arc::default(), kept, world.counters.read()).err()
    };
    assert_eq!(resumed(|_| {}), None);
    assert!(matches!(
        resumed(|kept| kept.callback_url.as_mut().unwrap().0 = "http://192.0.2.1/".to_owned()),
        Some(Unsound::CallbackUrl(_))
    ));
    assert!(matches!(resumed(|kept| kept.sessions.clear()), Some(Unsound::Dangling(_))));
}
