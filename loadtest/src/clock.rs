//! The run's time line: moments since the schedule began, on the monotonic clock.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use kycsim_scenarios::SimTime;

/// The one clock of a run. Copies tell the same time.
#[derive(Debug, Clone, Copy)]
pub struct RunClock {
    began: Instant,
    began_wall: Timestamp,
}

impl RunClock {
    /// Returns the clock of a schedule that begins at `began`.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the load test's one clock")]
    pub fn starting_at(began: Instant) -> Self {
        let now = Instant::now();
        let wall = Timestamp::now();
        let ahead = began.saturating_duration_since(now);
        let behind = now.saturating_duration_since(began);
        // A clock out of jiff's range (the year 9999) is no clock: the present is as good then.
        let began_wall = wall.checked_add(ahead).and_then(|wall| wall.checked_sub(behind)).unwrap_or(wall);
        Self { began, began_wall }
    }

    /// Returns a clock whose schedule begins `ahead` from now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the load test's one clock")]
    pub fn starting_in(ahead: Duration) -> Self {
        Self::starting_at(Instant::now() + ahead)
    }

    /// When the schedule begins: what other parts of the run set their clocks by.
    #[must_use]
    pub const fn began(&self) -> Instant {
        self.began
    }

    /// When the schedule begins, for people.
    #[must_use]
    pub const fn began_wall(&self) -> Timestamp {
        self.began_wall
    }

    /// The present moment; zero before the schedule begins.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the load test's one clock")]
    pub fn now(&self) -> SimTime {
        SimTime::from_start(Instant::now().saturating_duration_since(self.began))
    }

    /// Returns when it is `moment`.
    #[expect(clippy::disallowed_methods, reason = "the load test's one clock")]
    pub async fn wait_until(&self, moment: SimTime) {
        match self.began.checked_add(moment.since_start()) {
            Some(instant) => tokio::time::sleep_until(instant.into()).await,
            None => std::future::pending().await, // further away than the clock can tell
        }
    }
}
