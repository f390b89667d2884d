//! Time as the model sees it: a number, handed in by whoever owns a clock.

use std::fmt;
use std::ops::Sub;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A moment, in microseconds since the scenario's schedule began.
///
/// Real, scaled, frozen and virtual clocks all speak it, which is what makes their runs comparable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SimTime(u64);

impl SimTime {
    /// The moment at which the schedule begins.
    pub const ZERO: Self = Self(0);
    /// Later than anything that happens.
    pub const MAX: Self = Self(u64::MAX);

    /// Returns the moment `micros` microseconds after the beginning.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Returns the moment `since_start` after the beginning; [`SimTime::MAX`] when that is out of range.
    #[must_use]
    pub fn from_start(since_start: Duration) -> Self {
        Self(u64::try_from(since_start.as_micros()).unwrap_or(u64::MAX))
    }

    /// Microseconds since the beginning.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// Seconds since the beginning, for reports.
    #[must_use]
    pub fn as_secs_f64(self) -> f64 {
        self.since_start().as_secs_f64()
    }

    /// Time since the beginning.
    #[must_use]
    pub const fn since_start(self) -> Duration {
        Duration::from_micros(self.0)
    }

    /// Returns the moment `by` later, at most [`SimTime::MAX`].
    #[must_use]
    pub fn saturating_add(self, by: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(by.as_micros()).unwrap_or(u64::MAX)))
    }

    /// Returns how long after `earlier` this is; zero when it is not after it.
    #[must_use]
    pub const fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

impl Sub for SimTime {
    type Output = Duration;

    /// How long after `earlier` this is; zero when it is not after it.
    fn sub(self, earlier: Self) -> Duration {
        self.saturating_since(earlier)
    }
}

impl fmt::Display for SimTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}s", self.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adding_past_the_end_of_time_stays_at_the_end() {
        assert_eq!(SimTime::MAX.saturating_add(Duration::from_secs(1)), SimTime::MAX);
        assert_eq!(SimTime::ZERO.saturating_add(Duration::MAX), SimTime::MAX);
    }

    #[test]
    fn an_earlier_moment_is_no_time_after_a_later_one() {
        let (early, late) = (SimTime::from_micros(1), SimTime::from_micros(5));
        assert_eq!(late - early, Duration::from_micros(4));
        assert_eq!(early - late, Duration::ZERO);
    }
}
