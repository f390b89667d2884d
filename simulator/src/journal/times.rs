//! How often something should have happened.

use std::fmt;
use std::ops::{RangeFrom, RangeInclusive, RangeToInclusive};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How often: `{"exactly": 1}`, `{"atLeast": 1}`, `{"atMost": 3}` or both of the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Bounds", into = "Bounds")]
#[schemars(with = "Bounds")]
pub struct Times {
    at_least: u64,
    at_most: Option<u64>,
}

/// Why a number of times is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidTimes {
    /// Nothing was said.
    #[error("say how often: `exactly`, `atLeast`, `atMost`, or both of the last")]
    Nothing,
    /// One number is enough.
    #[error("`exactly` stands alone: leave `atLeast` and `atMost` out")]
    ExactlyAndMore,
    /// Nothing is both.
    #[error("`atLeast` {at_least} is more than `atMost` {at_most}")]
    Empty {
        /// What was asked for.
        at_least: u64,
        /// What was asked for.
        at_most: u64,
    },
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(rename = "Times")]
struct Bounds {
    /// This often, no more and no less.
    #[serde(skip_serializing_if = "Option::is_none")]
    exactly: Option<u64>,
    /// This often or more.
    #[serde(skip_serializing_if = "Option::is_none")]
    at_least: Option<u64>,
    /// This often or less.
    #[serde(skip_serializing_if = "Option::is_none")]
    at_most: Option<u64>,
}

impl Times {
    /// So often, no more and no less.
    #[must_use]
    pub const fn exactly(times: u64) -> Self {
        Self { at_least: times, at_most: Some(times) }
    }

    /// So often or more.
    #[must_use]
    pub const fn at_least(times: u64) -> Self {
        Self { at_least: times, at_most: None }
    }

    /// So often or less.
    #[must_use]
    pub const fn at_most(times: u64) -> Self {
        Self { at_least: 0, at_most: Some(times) }
    }

    /// From `at_least` to `at_most`, both of them allowed.
    ///
    /// # Errors
    /// [`InvalidTimes::Empty`] when `at_least` is more than `at_most`.
    pub const fn between(at_least: u64, at_most: u64) -> Result<Self, InvalidTimes> {
        if at_least > at_most {
            return Err(InvalidTimes::Empty { at_least, at_most });
        }
        Ok(Self { at_least, at_most: Some(at_most) })
    }

    /// Returns whether `found` is as often as it should be.
    #[must_use]
    pub fn allow(&self, found: u64) -> bool {
        found >= self.at_least && !self.are_exceeded_by(found)
    }

    /// Returns whether `found` is already too often.
    #[must_use]
    pub fn are_exceeded_by(&self, found: u64) -> bool {
        self.at_most.is_some_and(|at_most| found > at_most)
    }
}

impl Default for Times {
    /// Once or more, as WireMock has it.
    fn default() -> Self {
        Self::at_least(1)
    }
}

impl From<u64> for Times {
    /// So often, no more and no less.
    fn from(times: u64) -> Self {
        Self::exactly(times)
    }
}

impl From<RangeFrom<u64>> for Times {
    fn from(range: RangeFrom<u64>) -> Self {
        Self::at_least(range.start)
    }
}

impl From<RangeToInclusive<u64>> for Times {
    fn from(range: RangeToInclusive<u64>) -> Self {
        Self::at_most(range.end)
    }
}

impl From<RangeInclusive<u64>> for Times {
    /// An empty range is never met.
    fn from(range: RangeInclusive<u64>) -> Self {
        Self { at_least: *range.start(), at_most: Some(*range.end()) }
    }
}

impl TryFrom<Bounds> for Times {
    type Error = InvalidTimes;

    fn try_from(bounds: Bounds) -> Result<Self, InvalidTimes> {
        match bounds {
            Bounds { exactly: None, at_least: None, at_most: None } => Err(InvalidTimes::Nothing),
            Bounds { exactly: Some(times), at_least: None, at_most: None } => Ok(Self::exactly(times)),
            Bounds { exactly: Some(_), .. } => Err(InvalidTimes::ExactlyAndMore),
            Bounds { exactly: None, at_least, at_most: None } => Ok(Self::at_least(at_least.unwrap_or_default())),
            Bounds { exactly: None, at_least, at_most: Some(at_most) } => Self::between(at_least.unwrap_or_default(), at_most),
        }
    }
}

impl From<Times> for Bounds {
    fn from(times: Times) -> Self {
        match times {
            Times { at_least, at_most: Some(at_most) } if at_least == at_most => Self { exactly: Some(at_most), ..Self::default() },
            Times { at_least: 0, at_most: Some(at_most) } => Self { at_most: Some(at_most), ..Self::default() },
            Times { at_least, at_most } => Self { exactly: None, at_least: Some(at_least), at_most },
        }
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.at_least, self.at_most) {
            (at_least, None) => write!(f, "at least {at_least}"),
            (at_least, Some(at_most)) if at_least == at_most => write!(f, "exactly {at_most}"),
            (0, Some(at_most)) => write!(f, "at most {at_most}"),
            (at_least, Some(at_most)) => write!(f, "between {at_least} and {at_most}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, shown: &str, allowed: &[u64]) {
        let times: Times = serde_json::from_str(json).unwrap();
        assert_eq!(times.to_string(), shown);
        assert_eq!((0..6).filter(|found| times.allow(*found)).collect::<Vec<_>>(), allowed);
        assert_eq!(serde_json::to_string(&times).unwrap(), json);
    }

    #[test]
    fn they_are_written_as_they_are_read() {
        check(r#"{"exactly":1}"#, "exactly 1", &[1]);
        check(r#"{"exactly":0}"#, "exactly 0", &[0]);
        check(r#"{"atLeast":4}"#, "at least 4", &[4, 5]);
        check(r#"{"atMost":2}"#, "at most 2", &[0, 1, 2]);
        check(r#"{"atLeast":1,"atMost":3}"#, "between 1 and 3", &[1, 2, 3]);
    }

    #[test]
    fn numbers_and_ranges_are_times() {
        let shown = |times: Times| times.to_string();
        assert_eq!(shown(2.into()), "exactly 2");
        assert_eq!(shown((1..).into()), "at least 1");
        assert_eq!(shown((..=3).into()), "at most 3");
        assert_eq!(shown((1..=3).into()), "between 1 and 3");
    }

    #[test]
    fn what_makes_no_sense_is_refused_in_words() {
        let error = |json| serde_json::from_str::<Times>(json).unwrap_err().to_string();
        assert_eq!(error("{}"), InvalidTimes::Nothing.to_string());
        assert_eq!(error(r#"{"exactly":1,"atMost":2}"#), InvalidTimes::ExactlyAndMore.to_string());
        assert_eq!(error(r#"{"atLeast":3,"atMost":2}"#), "`atLeast` 3 is more than `atMost` 2");
        assert!(error(r#"{"atleast":3}"#).contains("unknown field `atleast`"));
    }
}
