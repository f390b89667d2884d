//! The one place of this crate that reads a clock or waits on one.
//!
//! The caller supplies the moment at which scenario time begins, so that load test and vendor share one time line. Time before that moment counts as
//! zero. A scaled or frozen clock will become another variant behind the same four verbs.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use kycsim_scenarios::SimTime;
use tokio::time::Interval;

/// A real clock whose scenario time begins at a moment the caller chose.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    epoch: Instant,
    wall: WallEpoch,
}

impl Clock {
    /// Returns a clock whose scenario time begins at `epoch`, which may lie in the near future.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everyone else must use")]
    pub fn starting_at(epoch: Instant) -> Self {
        let now = Instant::now();
        let ahead = SignedDuration::try_from(epoch.saturating_duration_since(now)).unwrap_or(SignedDuration::ZERO);
        let behind = SignedDuration::try_from(now.saturating_duration_since(epoch)).unwrap_or(SignedDuration::ZERO);
        // Two clocks read side by side, once: later the wall clock may jump, and payloads must not.
        let at_epoch = Timestamp::now().saturating_add(ahead).and_then(|then| then.saturating_sub(behind));
        Self { epoch, wall: WallEpoch(at_epoch.unwrap_or(Timestamp::UNIX_EPOCH)) }
    }

    /// The moment at which scenario time begins.
    #[must_use]
    pub const fn epoch(&self) -> Instant {
        self.epoch
    }

    /// Returns the scenario time; zero before the epoch.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everyone else must use")]
    pub fn now(&self) -> SimTime {
        SimTime::from_start(Instant::now().saturating_duration_since(self.epoch))
    }

    /// Waits until scenario time is `due`; not at all when it is already.
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everyone else must use")]
    pub async fn wait_until(&self, due: SimTime) {
        if due <= self.now() {
            return;
        }
        match self.epoch.checked_add(due.since_start()) {
            Some(moment) => tokio::time::sleep_until(moment.into()).await,
            None => std::future::pending().await, // later than the machine can tell
        }
    }

    /// Waits for this long; before the epoch, until so long after it.
    pub async fn wait_for(&self, length: Duration) {
        self.wait_until(self.now().saturating_add(length)).await;
    }

    /// Waits for this long by the machine's time, whatever this clock says: for what protects real sockets.
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everyone else must use")]
    pub async fn wait_real_for(&self, length: Duration) {
        tokio::time::sleep(length).await;
    }

    /// Returns what ticks at once and then every `length` (at least a millisecond) by the machine's time, whatever this clock says.
    pub(crate) fn real_ticks(&self, length: Duration) -> Interval {
        tokio::time::interval(length.max(Duration::from_millis(1)))
    }

    /// Returns the time of day as whole seconds since 1970: what a receiver compares a signature's time with.
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

    #[test]
    fn before_the_epoch_it_is_zero() {
        let soon = Clock::starting_at(Instant::now() + Duration::from_secs(60));
        assert_eq!(soon.now(), SimTime::ZERO);
        let past = Clock::starting_at(Instant::now() - Duration::from_secs(60));
        assert!(past.now() >= SimTime::from_start(Duration::from_secs(60)));
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
}
