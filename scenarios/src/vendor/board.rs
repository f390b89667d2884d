use std::borrow::Cow;
use std::time::Duration;

use rand::RngExt;
use serde::{Deserialize, Serialize};

use super::decision::Reason;
use super::fault::{Befalling, Fault, ResetMoment};
use super::request::{Answer, RequestFacts};
use crate::fate::Purpose;
use crate::language::{Active, CallbackTrouble, Callbacks, Incident, Probability, RawCallbacks, ReleaseOrder, Vendor, Whom};
use crate::time::SimTime;

/// All that goes wrong: the incidents of the scenario, and those that were started by hand.
///
/// # Precedence
/// Incidents are asked in this order: those started by hand, the latest first; then those of the scenario, in the order of the file. Of several that
/// are active at once, the first that fails a request decides how, the first that has anything to say about callbacks does so alone, and the times that
/// they add to answers and decisions add up.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct IncidentBoard {
    entries: Vec<Entry>,
    next_id: u32,
}

/// Names an incident on the board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IncidentId(pub u32);

/// An incident on the board.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Entry {
    id: IncidentId,
    incident: Incident,
    /// When its own time begins.
    origin: SimTime,
    /// When it is over at the latest.
    until: SimTime,
    by_hand: bool,
    /// How many requests it would have failed: tells counted faults when to begin and end.
    matched: u32,
    /// How many callbacks it has held since its phase began, and when that phase ends.
    held: Option<(SimTime, u32)>,
    /// The next free moment for a starved callback.
    next_free: SimTime,
}

/// An incident as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing<'a> {
    /// Names it.
    pub id: IncidentId,
    /// What it is.
    pub incident: &'a Incident,
    /// When it began, or will.
    pub begins: SimTime,
    /// When it is over.
    pub until: SimTime,
    /// Whether somebody started it, and it stands in no file.
    pub by_hand: bool,
    /// Whether it is going on.
    pub active: bool,
}

/// Until when a callback is held back, and by which incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// Until when.
    pub until: SimTime,
    /// By which: it lets go of the same callback only once.
    pub by: IncidentId,
}

/// How many held callbacks are mixed with each other.
const MIXED: u32 = 64;

/// Refusing connections is done by the accept loop; a request that came over a connection accepted before is reset.
const REFUSED: Befalling = Befalling { fault: Fault::ConnectionResetByPeer { moment: ResetMoment::BeforeHeaders }, performed: false };

impl IncidentBoard {
    /// Returns the board of a scenario.
    #[must_use]
    pub fn new(incidents: &[Incident]) -> Self {
        let mut board = Self { entries: Vec::new(), next_id: 0 };
        for incident in incidents {
            let entry = board.entry(incident.clone(), incident.begins(), incident.ends(), false);
            board.entries.push(entry);
        }
        board
    }

    /// Starts an incident at `now`. It ends by itself, after `ttl` at the latest.
    pub fn start(&mut self, incident: Incident, now: SimTime, ttl: Duration) -> IncidentId {
        self.sweep(now);
        let until = now.saturating_add(ttl.min(incident.span()));
        let entry = self.entry(incident, now, until, true);
        let id = entry.id;
        self.entries.insert(0, entry);
        id
    }

    /// Ends an incident at `now`, even one of the scenario. Returns whether there was such a one that was not over.
    pub fn stop(&mut self, id: IncidentId, now: SimTime) -> bool {
        let Some(entry) = self.entries.iter_mut().find(|entry| entry.id == id && entry.until > now) else { return false };
        entry.until = now;
        true
    }

    /// Returns when the phase of an incident ends that is going on at `now`; none when there is no such one.
    #[must_use]
    pub fn phase_ends(&self, id: IncidentId, now: SimTime) -> Option<SimTime> {
        let entry = self.entries.iter().find(|entry| entry.id == id)?;
        Some(entry.active(now)?.ends.min(entry.until))
    }

    /// Returns all incidents that are not forgotten, in the order in which they are asked.
    pub fn standing(&self, now: SimTime) -> impl Iterator<Item = Standing<'_>> {
        self.entries.iter().map(move |entry| Standing {
            id: entry.id,
            incident: &entry.incident,
            begins: entry.origin,
            until: entry.until,
            by_hand: entry.by_hand,
            active: entry.active(now).is_some(),
        })
    }

    /// How many incidents that were started by hand are not over.
    #[must_use]
    pub fn started_by_hand(&self, now: SimTime) -> usize {
        self.entries.iter().filter(|entry| entry.by_hand && entry.until > now).count()
    }

    /// Works out how a request is to be answered; `ordered` befalls it in any case.
    pub fn answer(&mut self, vendor: &Vendor, request: RequestFacts<'_>, ordered: Option<Befalling>) -> Answer {
        let fate = request.whom.fate;
        let mut delay = match vendor.latency.constant_value() {
            Some(value) => value,
            None => vendor.latency.sample(&mut fate.rng(Purpose::Latency, request.occurrence)),
        };
        let mut befalls = ordered;
        if self.entries.is_empty() {
            return Answer { delay, befalls };
        }
        // One draw for each incident, in the order of the file, whether it is active or not: taking one away changes nothing for the others.
        let mut of_the_file = fate.rng(Purpose::Fault, request.occurrence);
        for entry in &mut self.entries {
            let draws: (f64, f64) = if entry.by_hand {
                fate.rng(Purpose::Fault, request.occurrence.wrapping_add(entry.id.0.wrapping_mul(0x9E37_79B9))).random()
            } else {
                of_the_file.random()
            };
            let Some(Active { phase, strength, .. }) = entry.incident.active(entry.origin, request.now) else { continue };
            if request.now >= entry.until || !phase.scope.touches(request.operation, request.check) || !phase.scope.holds(request.whom) {
                continue;
            }
            let (fails, slowness) = draws;
            let slow = phase.effects.slow.as_ref().map_or(Duration::ZERO, |slow| slow.quantile(slowness));
            delay = delay.saturating_add(times(slow, strength));
            if let Some(http) = phase.effects.http.filter(|http| befalls.is_none() && fails < http.probability().value() * strength) {
                let matched = entry.matched;
                entry.matched = matched.saturating_add(1);
                if http.counts(matched) {
                    befalls = Some(http.befalls().unwrap_or(REFUSED));
                }
            }
        }
        Answer { delay, befalls }
    }

    /// Returns how much longer the decision about an attempt takes that is submitted at `now`.
    #[must_use]
    pub fn decision_delay(&self, whom: Whom<'_>, reasons: &[Reason], attempt: u32, now: SimTime) -> Duration {
        let mut delay = Duration::ZERO;
        for Active { phase, strength, .. } in self.active(now) {
            if let Some(decisions) = &phase.effects.decisions
                && phase.scope.holds(whom)
                && phase.scope.touches_decision(reasons)
            {
                let extra = decisions.sample(&mut whom.fate.rng(Purpose::DecisionTrouble, attempt));
                delay = delay.saturating_add(times(extra, strength));
            }
        }
        delay
    }

    /// Returns how an event of `now` is told, where `ordinary` is how it would be told at other times.
    #[must_use]
    pub fn callbacks<'a>(&self, ordinary: &'a Callbacks, whom: Whom<'_>, now: SimTime) -> Cow<'a, Callbacks> {
        let trouble = self.trouble(whom, now).filter(|(trouble, _)| trouble.changes_events());
        // What it changes cannot make a sound table unsound: lengths and probabilities alone.
        let changed = trouble.and_then(|(trouble, strength)| ordinary.with(|callbacks| trouble.apply(callbacks, strength)).ok());
        changed.map_or(Cow::Borrowed(ordinary), Cow::Owned)
    }

    /// Returns how much later an event of `now` is told.
    #[must_use]
    pub fn callback_delay(&self, whom: Whom<'_>, attempt: u32, now: SimTime) -> Duration {
        let Some((trouble, strength)) = self.trouble(whom, now) else { return Duration::ZERO };
        let Some(delay) = &trouble.delay else { return Duration::ZERO };
        times(delay.sample(&mut whom.fate.rng(Purpose::CallbackTrouble, attempt)), strength)
    }

    /// Returns until when a callback that is due at `now` must wait; none when it may go. `let_go` is the incident that held it before.
    ///
    /// Ask once for each callback: every answer but none takes a place in the queue.
    pub fn hold(&mut self, whom: Whom<'_>, now: SimTime, let_go: Option<IncidentId>) -> Option<Held> {
        let entry = self.entries.iter_mut().find(|entry| {
            let troubled = entry
                .active(now)
                .filter(|active| active.phase.scope.holds(whom))
                .and_then(|active| active.phase.effects.callbacks.as_ref());
            troubled.is_some_and(|trouble| trouble.release_rate.is_some() || trouble.starve_rate.is_some())
        })?;
        let Active { phase, ends, .. } = entry.active(now)?;
        let trouble = phase.effects.callbacks.clone()?;
        let ends = ends.min(entry.until);
        let by = entry.id;
        if let Some(rate) = trouble.release_rate {
            let before = entry.held.filter(|(of, _)| *of == ends).map_or(0, |(_, count)| count);
            entry.held = Some((ends, before.saturating_add(1)));
            let place = match trouble.release_order {
                ReleaseOrder::OldestFirst => before,
                ReleaseOrder::Mixed => mixed(before),
            };
            let until = ends.saturating_add(Duration::from_secs_f64(f64::from(place) / rate.value()));
            return Some(Held { until, by });
        }
        let rate = trouble.starve_rate.filter(|_| let_go != Some(by))?;
        let until = entry.next_free.max(now).min(ends);
        entry.next_free = until.saturating_add(Duration::from_secs_f64(1.0 / rate.value()));
        (until > now).then_some(Held { until, by })
    }

    /// Whether connections are refused at `now`.
    #[must_use]
    pub fn is_refusing(&self, now: SimTime) -> bool {
        self.active(now).any(|active| active.phase.effects.http.as_ref().is_some_and(|http| http.refuses_connections()))
    }

    /// When connections next begin to be refused, after `seen`.
    #[must_use]
    pub fn next_refusal(&self, seen: Option<SimTime>) -> Option<SimTime> {
        let begins = self.entries.iter().flat_map(|entry| entry.incident.refusals(entry.origin).filter(|begins| *begins < entry.until));
        begins.filter(|begins| seen.is_none_or(|seen| *begins > seen)).min()
    }

    fn trouble(&self, whom: Whom<'_>, now: SimTime) -> Option<(&CallbackTrouble, f64)> {
        self.active(now)
            .filter(|active| active.phase.scope.holds(whom))
            .find_map(|active| active.phase.effects.callbacks.as_ref().map(|trouble| (trouble, active.strength)))
    }

    fn active(&self, now: SimTime) -> impl Iterator<Item = Active<'_>> {
        self.entries.iter().filter_map(move |entry| entry.active(now))
    }

    fn entry(&mut self, incident: Incident, origin: SimTime, until: SimTime, by_hand: bool) -> Entry {
        let id = IncidentId(self.next_id);
        self.next_id += 1;
        Entry { id, incident, origin, until, by_hand, matched: 0, held: None, next_free: SimTime::ZERO }
    }

    /// Forgets what was started by hand and is over.
    fn sweep(&mut self, now: SimTime) {
        self.entries.retain(|entry| !entry.by_hand || entry.until > now);
    }
}

impl Entry {
    fn active(&self, now: SimTime) -> Option<Active<'_>> {
        self.incident.active(self.origin, now).filter(|_| now < self.until)
    }
}

impl CallbackTrouble {
    fn changes_events(&self) -> bool {
        self.duplicate.is_some() || [self.lost, self.lost_on_retry, self.malformed].iter().any(|likely| likely.value() > 0.0)
    }

    fn apply(&self, callbacks: &mut RawCallbacks, strength: f64) {
        let stronger = |probability: Probability, than: Probability| {
            Probability::new((probability.value() * strength).max(than.value())).unwrap_or(probability)
        };
        if let Some(duplicate) = self.duplicate {
            callbacks.duplicate = Some(duplicate);
        }
        callbacks.lost = stronger(self.lost, callbacks.lost);
        callbacks.lost_on_retry = stronger(self.lost_on_retry, callbacks.lost_on_retry);
        callbacks.malformed = stronger(self.malformed, callbacks.malformed);
    }
}

fn times(length: Duration, strength: f64) -> Duration {
    Duration::try_from_secs_f64(length.as_secs_f64() * strength).unwrap_or(Duration::MAX)
}

/// Returns the place of the `number`th held callback: each block of 64 is told in the order of their bits read backwards.
const fn mixed(number: u32) -> u32 {
    let within = number % MIXED;
    number - within + (within.reverse_bits() >> (u32::BITS - MIXED.trailing_zeros()))
}
