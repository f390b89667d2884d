use std::time::Duration;

use rand::RngExt;
use serde::{Deserialize, Serialize};

use crate::fate::{Fate, Purpose};
use crate::language::{Callbacks, DuplicateId, EventKind, Period, Tries};
use crate::time::SimTime;
use crate::words::words;

words! {
    /// What is wrong with a callback on purpose.
    Defect {
        /// It has no signature.
        Unsigned = "unsigned",
        /// It is signed with another key.
        WrongSignature = "wrong_signature",
        /// Its signature is old.
        Stale = "stale",
        /// Its body is not JSON.
        Malformed = "malformed",
        /// It has fields that nobody has announced.
        UnknownFields = "unknown_fields",
        /// It is of a kind and status that nobody has announced.
        UnknownStatus = "unknown_status",
        /// It is a duplicate with an id of its own.
        NewId = "new_id",
        /// It was sent before, byte by byte, with the same signature.
        Replayed = "replayed",
        /// It says otherwise than the event before, and than the truth.
        Contradicting = "contradicting",
    }
}

impl Defect {
    /// Whether a receiver that verifies signatures and their age must refuse it.
    #[must_use]
    pub const fn is_forged(self) -> bool {
        match self {
            Self::Unsigned | Self::WrongSignature | Self::Stale => true,
            Self::Malformed | Self::UnknownFields | Self::UnknownStatus | Self::NewId | Self::Replayed | Self::Contradicting => false,
        }
    }

    /// Whether it carries the event's own truth, so that a receiver that takes it in has been told.
    #[must_use]
    pub const fn tells_the_truth(self) -> bool {
        matches!(self, Self::UnknownFields | Self::NewId | Self::Replayed)
    }
}

/// One thing to send of an event, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedCallback {
    /// When.
    pub due: SimTime,
    /// What; none: the event is never told.
    pub copy: Option<PlannedCopy>,
}

/// One copy of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedCopy {
    /// Which; 0 is the first.
    pub number: u32,
    /// What is wrong with it.
    pub defect: Option<Defect>,
    /// Whether that is so in every try, or in the first alone.
    pub defective_tries: Tries,
    /// How old its signature says it is.
    pub age: Duration,
    /// Whether it is tried again when it fails.
    pub retried: bool,
}

impl PlannedCopy {
    /// What is wrong with the try that follows `failed` failed ones.
    #[must_use]
    pub fn defect_of_try(&self, failed: u32) -> Option<Defect> {
        self.defect.filter(|defect| match defect {
            // These are what the copy is; the others are something that befalls it.
            Defect::UnknownStatus | Defect::NewId | Defect::Replayed | Defect::Contradicting => true,
            Defect::Unsigned | Defect::WrongSignature | Defect::Stale | Defect::Malformed | Defect::UnknownFields => {
                failed == 0 || self.defective_tries == Tries::All
            }
        })
    }
}

/// Works out all that is sent of an event of `now` that is told; `occurrence` tells the events of one kind and applicant from each other. Touches nothing.
#[must_use]
pub fn plan_callbacks(
    callbacks: &Callbacks,
    fate: &Fate,
    kind: EventKind,
    occurrence: u32,
    later: Duration,
    now: SimTime,
) -> Vec<PlannedCallback> {
    let occurrence = occurrence.wrapping_add(match kind {
        EventKind::Decided => 0,
        EventKind::Created => 1 << 24,
        EventKind::Processing => 2 << 24,
        EventKind::Expired => 3 << 24,
        EventKind::Cancelled => 4 << 24,
        EventKind::Redacted => 5 << 24,
    });
    let mut rng = fate.rng(Purpose::Callback, occurrence);
    // Always three draws: changing one defect's probability leaves the others as they were.
    let (lost, duplicated, delay) = (rng.random::<f64>(), rng.random::<f64>(), callbacks.delay.sample(&mut rng));
    let first = now.saturating_add(delay).saturating_add(later);
    if lost < callbacks.lost.value() {
        return vec![PlannedCallback { due: first, copy: None }];
    }
    let drawn = Drawn::of(callbacks, fate, occurrence);
    let whole = PlannedCopy {
        number: 0,
        defect: None,
        defective_tries: callbacks.defective_tries,
        age: Duration::ZERO,
        retried: !drawn.lost_on_retry,
    };
    let mut planned = Vec::with_capacity(1);
    let mut send = |due, copy: PlannedCopy| planned.push(PlannedCallback { due, copy: Some(copy) });
    if drawn.unknown_status {
        send(first, PlannedCopy { defect: Some(Defect::UnknownStatus), ..whole });
    }
    send(first, PlannedCopy { defect: drawn.damage, age: drawn.age, ..whole });
    let mut number = 0;
    let mut next = |defect| {
        number += 1;
        PlannedCopy { number, defect, ..whole }
    };
    if let Some(duplicate) = callbacks.duplicate.filter(|duplicate| duplicated < duplicate.probability.value()) {
        for copy in 1..duplicate.copies.value() {
            let defect = (duplicate.id == DuplicateId::New).then_some(Defect::NewId);
            send(first.saturating_add(duplicate.spacing.length().saturating_mul(copy)), next(defect));
        }
    }
    for (follows, defect) in [(drawn.replayed, Defect::Replayed), (drawn.contradicting, Defect::Contradicting)] {
        if let Some(after) = follows {
            send(first.saturating_add(after), next(Some(defect)));
        }
    }
    planned
}

/// What an event's chance brought.
#[derive(Debug, Default)]
struct Drawn {
    lost_on_retry: bool,
    damage: Option<Defect>,
    age: Duration,
    unknown_status: bool,
    replayed: Option<Duration>,
    contradicting: Option<Duration>,
}

impl Drawn {
    /// One draw for each defect, in this order, whatever comes of the others.
    fn of(callbacks: &Callbacks, fate: &Fate, occurrence: u32) -> Self {
        let stale = callbacks.stale.map_or(0.0, |stale| stale.probability.value());
        let replayed = callbacks.replayed.map_or(0.0, |replayed| replayed.probability.value());
        let contradicting = callbacks.contradicting.map_or(0.0, |contradicting| contradicting.probability.value());
        let damages = [
            (Defect::Unsigned, callbacks.unsigned.value()),
            (Defect::WrongSignature, callbacks.wrong_signature.value()),
            (Defect::Stale, stale),
            (Defect::Malformed, callbacks.malformed.value()),
            (Defect::UnknownFields, callbacks.unknown_fields.value()),
        ];
        let others = [callbacks.lost_on_retry.value(), callbacks.unknown_status.value(), replayed, contradicting];
        if damages.iter().map(|(_, probability)| probability).chain(&others).all(|probability| *probability <= 0.0) {
            return Self::default(); // as most are
        }
        let mut rng = fate.rng(Purpose::CallbackDefect, occurrence);
        let drawn: [f64; 9] = rng.random();
        let damage = damages.iter().zip(drawn).find(|((_, probability), u)| u < probability).map(|((defect, _), _)| *defect);
        let [lost_on_retry, unknown_status, is_replayed, is_contradicted] =
            [0, 1, 2, 3].map(|other| drawn[damages.len() + other] < others[other]);
        Self {
            lost_on_retry,
            damage,
            age: callbacks.stale.filter(|_| damage == Some(Defect::Stale)).map_or(Duration::ZERO, |stale| stale.age.length()),
            unknown_status,
            replayed: callbacks.replayed.filter(|_| is_replayed).map(|replayed| replayed.after.length()),
            contradicting: callbacks.contradicting.filter(|_| is_contradicted).map(|contradicting| contradicting.after.length()),
        }
    }
}

/// Returns how long after the `failed`th failed delivery (from 1) the next one follows; none when the vendor gives up.
#[must_use]
pub fn retry_delay(schedule: &[Period], failed: u32) -> Option<Duration> {
    schedule.get(usize::try_from(failed.checked_sub(1)?).ok()?).map(|period| period.length())
}
