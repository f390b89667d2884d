//! The one place of this crate that reads a clock or waits on one.
//!
//! Each tenant has a clock of its own: real, scaled or frozen, and it may change from one to the other while it runs. Scenario time never jumps when it
//! does. Time before the moment at which scenario time begins counts as zero.
//!
//! Which of the two times something follows is a rule. **What a socket does takes real time**: how long an answer is delayed, a hang, a drip, the
//! time-outs of bodies and deliveries; whoever is at the other end lives in real time, and a frozen tenant must not hold them for ever. **What the
//! vendor does of its own accord follows the tenant's clock**: decisions, callbacks, retries, expiry, incidents, rate limits. And signatures carry the
//! machine's time of day, because receivers compare it with their own.

mod kept;

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use kycsim_scenarios::SimTime;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::Interval;

/// How scenario time goes by.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockMode {
    /// As the machine's.
    #[default]
    Real,
    /// So many times as fast.
    Scaled(TimeScale),
    /// Not at all, until it is told to: see [`crate::TenantHandle::advance`].
    Frozen,
}

/// How many times as fast scenario time goes by: greater than 0, at most a million.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct TimeScale(f64);

/// Why a factor is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("time goes by at more than 0 and at most 1,000,000 times its own speed")]
pub struct InvalidTimeScale;

impl TimeScale {
    /// Beyond it a microsecond of the machine is a second of the scenario, and nothing is on time any more.
    const MAX: f64 = 1e6;

    /// Returns the scale with this factor, such as 60 for a minute a second.
    ///
    /// # Errors
    /// [`InvalidTimeScale`] when it is not greater than 0, or greater than a million.
    pub fn new(factor: f64) -> Result<Self, InvalidTimeScale> {
        if factor > 0.0 && factor <= Self::MAX { Ok(Self(factor)) } else { Err(InvalidTimeScale) }
    }

    /// The plain factor.
    #[must_use]
    pub const fn factor(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for TimeScale {
    type Error = InvalidTimeScale;

    fn try_from(factor: f64) -> Result<Self, InvalidTimeScale> {
        Self::new(factor)
    }
}

impl From<TimeScale> for f64 {
    fn from(scale: TimeScale) -> Self {
        scale.0
    }
}

/// A clock whose scenario time begins at a moment the caller chose. A handle: all its copies are one clock.
#[derive(Debug, Clone)]
pub struct Clock {
    epoch: Instant,
    wall: WallEpoch,
    /// How time goes by now. Whoever waits is told when that changes.
    pace: Arc<watch::Sender<Pace>>,
}

/// How time goes by since a moment at which it is known.
#[derive(Debug, Clone, Copy)]
struct Pace {
    mode: ClockMode,
    /// The machine's moment from which on this holds.
    since: Instant,
    /// The scenario time it was then.
    from: SimTime,
}

impl Pace {
    /// Returns the scenario time at the machine's moment `instant`.
    fn at(&self, instant: Instant) -> SimTime {
        let passed = instant.saturating_duration_since(self.since);
        match self.mode {
            ClockMode::Real => self.from.saturating_add(passed),
            ClockMode::Scaled(TimeScale(factor)) => {
                self.from.saturating_add(Duration::try_from_secs_f64(passed.as_secs_f64() * factor).unwrap_or(Duration::MAX))
            }
            ClockMode::Frozen => self.from,
        }
    }

    /// Returns the machine's moment at which it is `due`; none when it never is, or later than the machine can tell.
    fn moment(&self, due: SimTime) -> Option<Instant> {
        let left = due.saturating_since(self.from);
        let left = match self.mode {
            ClockMode::Real => left,
            // A microsecond more than the quotient, so that rounding wakes nobody too early.
            ClockMode::Scaled(TimeScale(factor)) => {
                Duration::try_from_secs_f64(left.as_secs_f64() / factor).ok()?.checked_add(Duration::from_micros(1))?
            }
            ClockMode::Frozen => return None,
        };
        self.since.checked_add(left)
    }
}

impl Clock {
    /// Returns a real clock whose scenario time begins at `epoch`, which may lie in the near future.
    #[must_use]
    pub fn starting_at(epoch: Instant) -> Self {
        Self::beginning(epoch, ClockMode::Real)
    }

    /// Returns a clock whose scenario time begins now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everyone else must use")]
    pub fn new(mode: ClockMode) -> Self {
        Self::beginning(Instant::now(), mode)
    }

    #[expect(clippy::disallowed_methods, reason = "this is the clock that everyone else must use")]
    fn beginning(epoch: Instant, mode: ClockMode) -> Self {
        let now = Instant::now();
        let ahead = SignedDuration::try_from(epoch.saturating_duration_since(now)).unwrap_or(SignedDuration::ZERO);
        let behind = SignedDuration::try_from(now.saturating_duration_since(epoch)).unwrap_or(SignedDuration::ZERO);
        // Two clocks read side by side, once: later the wall clock may jump, and payloads must not.
        let at_epoch = Timestamp::now().saturating_add(ahead).and_then(|then| then.saturating_sub(behind));
        let wall = WallEpoch(at_epoch.unwrap_or(Timestamp::UNIX_EPOCH));
        Self { epoch, wall, pace: Arc::new(watch::Sender::new(Pace { mode, since: epoch, from: SimTime::ZERO })) }
    }

    /// The moment at which scenario time begins. Only a clock that was real all along tells from it when something is due.
    #[must_use]
    pub const fn epoch(&self) -> Instant {
        self.epoch
    }

    /// Returns how scenario time goes by.
    #[must_use]
    pub fn mode(&self) -> ClockMode {
        self.pace.borrow().mode
    }

    /// Lets scenario time go by in another way from now on. It goes on from where it is.
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everyone else must use")]
    pub fn set_mode(&self, mode: ClockMode) {
        self.pace.send_if_modified(|pace| {
            if pace.mode == mode {
                return false; // a clock that has yet to begin must not begin now
            }
            let now = Instant::now();
            *pace = Pace { mode, since: now, from: pace.at(now) };
            true
        });
    }

    /// Puts a frozen clock forward to `to`, and never back. Returns false, and does nothing, when the clock is not frozen.
    pub(crate) fn put_forward(&self, to: SimTime) -> bool {
        let mut frozen = false;
        self.pace.send_if_modified(|pace| {
            frozen = pace.mode == ClockMode::Frozen;
            let moves = frozen && pace.from < to;
            if moves {
                pace.from = to;
            }
            moves
        });
        frozen
    }

    /// Returns the scenario time; zero before the epoch.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everyone else must use")]
    pub fn now(&self) -> SimTime {
        self.pace.borrow().at(Instant::now())
    }

    /// Waits until scenario time is `due`, however the clock is changed meanwhile; not at all when it is already.
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everyone else must use")]
    pub async fn wait_until(&self, due: SimTime) {
        if due <= self.now() {
            return;
        }
        let mut changes = self.pace.subscribe();
        loop {
            let pace = *changes.borrow_and_update();
            if due <= pace.at(Instant::now()) {
                return;
            }
            let passed = async {
                match pace.moment(due) {
                    Some(moment) => tokio::time::sleep_until(moment.into()).await,
                    None => std::future::pending().await, // never, unless the clock is changed
                }
            };
            tokio::select! {
                () = passed => {}
                Ok(()) = changes.changed() => {}
            }
        }
    }

    /// Waits for this long in scenario time; before the epoch, until so long after it.
    pub async fn wait_for(&self, length: Duration) {
        self.wait_until(self.now().saturating_add(length)).await;
    }

    /// Waits for this long in the machine's time, whatever the mode: for what protects or imitates real sockets.
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everyone else must use")]
    pub async fn wait_real_for(&self, length: Duration) {
        tokio::time::sleep(length).await;
    }

    /// Returns what ticks at once and then every `length` (at least a millisecond) by the machine's time, whatever this clock says.
    pub(crate) fn real_ticks(&self, length: Duration) -> Interval {
        tokio::time::interval(length.max(Duration::from_millis(1)))
    }

    /// Returns the machine's time of day, whatever the mode.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everyone else must use")]
    pub fn real_time(&self) -> Timestamp {
        Timestamp::now()
    }

    /// Starts to measure the machine's time, whatever the mode.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everyone else must use")]
    pub(crate) fn stopwatch(&self) -> Stopwatch {
        Stopwatch(Instant::now())
    }

    /// Returns the scenario time, and how long ago `since` was started: of one reading.
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everyone else must use")]
    pub(crate) fn lap(&self, since: Stopwatch) -> (SimTime, Duration) {
        let now = Instant::now();
        (self.pace.borrow().at(now), now.saturating_duration_since(since.0))
    }

    /// Returns the machine's time of day as whole seconds since 1970, whatever the mode: what a receiver compares a signature's time with.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everyone else must use")]
    pub fn unix_seconds(&self) -> i64 {
        Timestamp::now().as_second()
    }

    /// The relation of scenario time to the time of day.
    #[must_use]
    pub(crate) const fn wall(&self) -> WallEpoch {
        self.wall
    }
}

/// Measures the machine's time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// How long ago it was started.
    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// The time of day at which scenario time begins: turns moments into what payloads show, without reading a clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WallEpoch(Timestamp);

impl WallEpoch {
    /// Returns the time of day at `at`.
    pub(crate) fn at(self, at: SimTime) -> Timestamp {
        SignedDuration::try_from(at.since_start()).ok().and_then(|since| self.0.saturating_add(since).ok()).unwrap_or(Timestamp::MAX)
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a clock is checked against the machine's own")]
mod tests {
    use super::*;

    fn secs(seconds: u64) -> SimTime {
        SimTime::from_start(Duration::from_secs(seconds))
    }

    fn scaled(factor: f64) -> ClockMode {
        ClockMode::Scaled(TimeScale::new(factor).unwrap())
    }

    #[test]
    fn before_the_epoch_it_is_zero() {
        let soon = Clock::starting_at(Instant::now() + Duration::from_secs(60));
        assert_eq!(soon.now(), SimTime::ZERO);
        soon.set_mode(ClockMode::Real); // no change, so it does not begin either
        let due = soon.pace.borrow().moment(SimTime::from_micros(1)).unwrap();
        assert!(due > Instant::now() + Duration::from_secs(30), "it has yet to begin");
        let past = Clock::starting_at(Instant::now() - Duration::from_secs(60));
        assert!(past.now() >= secs(60));
    }

    #[test]
    fn the_time_of_day_is_the_epochs_and_the_scenarios_time() {
        let clock = Clock::starting_at(Instant::now() - Duration::from_secs(60));
        let shown = clock.wall().at(clock.now());
        let difference = shown.duration_since(Timestamp::now()).abs();
        assert!(difference < SignedDuration::from_secs(1), "{difference}");
    }

    #[tokio::test]
    async fn what_is_past_is_not_waited_for() {
        let clock = Clock::starting_at(Instant::now());
        clock.wait_until(SimTime::ZERO).await;
        let due = clock.now().saturating_add(Duration::from_millis(5));
        clock.wait_until(due).await;
        assert!(clock.now() >= due);
    }

    #[test]
    fn each_pace_is_kept_to_the_microsecond() {
        #[track_caller]
        fn check(mode: ClockMode, passed: Duration, expected: u64) {
            let since = Instant::now();
            let pace = Pace { mode, since, from: secs(10) };
            let (at, due) = (since + passed, SimTime::from_micros(expected));
            assert_eq!(pace.at(at), due);
            if let Some(moment) = pace.moment(due) {
                assert!((at..=at + Duration::from_micros(2)).contains(&moment), "{:?}", moment - since);
            }
        }
        check(ClockMode::Real, Duration::from_millis(3), 10_003_000);
        check(scaled(60.0), Duration::from_secs(2), 130_000_000);
        check(scaled(0.5), Duration::from_secs(2), 11_000_000);
        check(ClockMode::Frozen, Duration::from_secs(2), 10_000_000);
        assert_eq!(Pace { mode: ClockMode::Frozen, since: Instant::now(), from: secs(1) }.moment(secs(2)), None);
    }

    #[test]
    fn time_does_not_jump_when_its_pace_changes() {
        let clock = Clock::starting_at(Instant::now() - Duration::from_secs(60));
        clock.set_mode(ClockMode::Frozen);
        let frozen = clock.now();
        assert!((secs(60)..secs(80)).contains(&frozen), "{frozen}");
        assert_eq!(clock.now(), frozen);
        clock.set_mode(scaled(0.001));
        assert!(clock.now() - frozen < Duration::from_millis(10), "it goes on from there, slowly");
        clock.set_mode(ClockMode::Real);
        assert!((frozen..frozen.saturating_add(Duration::from_secs(20))).contains(&clock.now()));
    }

    #[test]
    fn only_a_frozen_clock_is_put_forward_and_never_back() {
        let clock = Clock::new(ClockMode::Real);
        assert!(!clock.put_forward(secs(1000)) && clock.now() < secs(1000));
        let clock = Clock::new(ClockMode::Frozen);
        assert!(clock.put_forward(secs(1000)));
        assert!(clock.put_forward(secs(10)));
        assert_eq!(clock.now(), secs(1000));
    }

    #[tokio::test]
    async fn whoever_waits_is_told_of_every_change() {
        let clock = Clock::new(ClockMode::Frozen);
        let (waiting, far) = (clock.clone(), secs(86_400));
        let waiter = tokio::spawn(async move { waiting.wait_until(far).await });
        tokio::task::yield_now().await;
        clock.put_forward(secs(10));
        tokio::task::yield_now().await;
        assert!(!waiter.is_finished(), "not yet");
        clock.put_forward(far);
        tokio::time::timeout(Duration::from_secs(20), waiter).await.unwrap().unwrap();

        let (waiting, later) = (clock.clone(), far.saturating_add(Duration::from_secs(3600)));
        let waiter = tokio::spawn(async move { waiting.wait_until(later).await });
        tokio::task::yield_now().await;
        clock.set_mode(scaled(1e6)); // an hour in 3.6 ms
        tokio::time::timeout(Duration::from_secs(20), waiter).await.unwrap().unwrap();
        assert!(clock.now() >= later);
    }

    #[test]
    fn a_scale_is_a_positive_number() {
        for factor in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e7] {
            assert_eq!(TimeScale::new(factor), Err(InvalidTimeScale), "{factor}");
        }
        assert!(TimeScale::new(60.0).is_ok_and(|scale| (scale.factor() - 60.0).abs() < f64::EPSILON));
    }
}
