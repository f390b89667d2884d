//! The numbers a scenario is written in, each checked once, where it is read.

use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why a number was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct QuantityError(String);

impl QuantityError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

/// A length of time, written as people do: `"800ms"`, `"90s"`, `"1h 30m"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Period(Duration);

impl Period {
    /// Returns a period of this length.
    #[must_use]
    pub const fn new(length: Duration) -> Self {
        Self(length)
    }

    /// Returns a period of this many milliseconds.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(Duration::from_millis(millis))
    }

    /// Its length.
    #[must_use]
    pub const fn length(self) -> Duration {
        self.0
    }
}

impl TryFrom<String> for Period {
    type Error = QuantityError;

    fn try_from(text: String) -> Result<Self, QuantityError> {
        humantime::parse_duration(&text).map(Self).map_err(|error| {
            QuantityError(format!("`{text}` is not a length of time ({error}); write one such as \"800ms\", \"90s\" or \"1h 30m\""))
        })
    }
}

impl From<Period> for String {
    fn from(period: Period) -> Self {
        period.to_string()
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_duration(self.0).fmt(f)
    }
}

macro_rules! checked_number {
    ($(#[$doc:meta])* $name:ident, $holds:expr, $wanted:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize, JsonSchema)]
        #[serde(try_from = "f64", into = "f64")]
        #[schemars(with = "f64")]
        pub struct $name(f64);

        impl $name {
            /// Returns the checked number.
            ///
            /// # Errors
            /// When it is out of range.
            pub fn new(value: f64) -> Result<Self, QuantityError> {
                let holds: fn(f64) -> bool = $holds;
                if holds(value) { Ok(Self(value)) } else { Err(QuantityError(format!("{value} is not {}", $wanted))) }
            }

            /// The plain number.
            #[must_use]
            pub const fn value(self) -> f64 {
                self.0
            }
        }

        impl TryFrom<f64> for $name {
            type Error = QuantityError;

            fn try_from(value: f64) -> Result<Self, QuantityError> {
                Self::new(value)
            }
        }

        impl From<$name> for f64 {
            fn from(number: $name) -> Self {
                number.0
            }
        }
    };
}

checked_number! {
    /// A probability, 0 to 1.
    Probability, |value| (0.0..=1.0).contains(&value), "a probability: it must lie between 0 and 1"
}

checked_number! {
    /// A weight among others: the share is the weight over the sum of all.
    Weight, |value| value.is_finite() && value >= 0.0, "a weight: it must not be negative"
}

checked_number! {
    /// So many per second. The ends keep the time between two within what a clock can count.
    Rate, |value| (1e-6..=1e6).contains(&value), "a rate: it must be greater than 0 per second (from 0.000001 to 1000000)"
}

impl Probability {
    /// Never.
    pub const NEVER: Self = Self(0.0);
    /// Always.
    pub const ALWAYS: Self = Self(1.0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_out_of_range_are_refused() {
        assert!(Probability::new(1.01).is_err());
        assert!(Probability::new(f64::NAN).is_err());
        assert!(Weight::new(-1.0).is_err());
        assert!(Rate::new(0.0).is_err());
        assert!(Rate::new(f64::INFINITY).is_err());
    }

    #[test]
    fn a_period_is_read_and_written_as_people_do() {
        let period = Period::try_from("1h 30m".to_owned()).unwrap();
        assert_eq!(period.length(), Duration::from_secs(5400));
        assert_eq!(period.to_string(), "1h 30m");
        let refused = Period::try_from("soon".to_owned()).unwrap_err().to_string();
        assert!(refused.contains("`soon` is not a length of time"), "{refused}");
    }
}
