use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::quantity::{Period, QuantityError};

/// What really happened, where a scenario follows an incident: so that whoever plays it can read it up, and knows which figures are whose.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Happened {
    /// The day, and the times that are known.
    pub when: Account,
    /// What happened, as its source says.
    pub what: Account,
    /// Where to read about it: an address, or whose page and which entry.
    pub source: Account,
    /// How long what the scenario's incidents play took in life, from the first beginning to the last end.
    pub lasted: Period,
    /// How many seconds of it one second of the scenario stands for.
    pub compression: Compression,
    /// Which figures no source has: estimates, readings of vague words, and choices of whoever wrote the scenario.
    #[serde(default)]
    pub estimates: Vec<Account>,
}

impl Happened {
    /// How long it takes in the scenario.
    #[must_use]
    pub fn compressed(&self) -> Duration {
        Duration::try_from_secs_f64(self.lasted.length().as_secs_f64() / self.compression.value()).unwrap_or(Duration::ZERO)
    }
}

/// A statement in words: not empty, and on one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Account(String);

impl Account {
    /// The words.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Account {
    type Error = QuantityError;

    fn try_from(words: String) -> Result<Self, QuantityError> {
        if words.trim().is_empty() {
            return Err(QuantityError::new("it is empty; say it in words, or that it is not known"));
        }
        if words.contains(['\n', '\r']) {
            return Err(QuantityError::new("it has several lines; write one"));
        }
        Ok(Self(words))
    }
}

impl From<Account> for String {
    fn from(account: Account) -> Self {
        account.0
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How much faster than life: from 1, which is as fast, to 1000000.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "f64", into = "f64")]
#[schemars(with = "f64")]
pub struct Compression(f64);

impl Compression {
    /// The plain number.
    #[must_use]
    pub const fn value(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Compression {
    type Error = QuantityError;

    fn try_from(factor: f64) -> Result<Self, QuantityError> {
        if (1.0..=1e6).contains(&factor) {
            Ok(Self(factor))
        } else {
            Err(QuantityError::new(format!(
                "{factor} is not a compression; write how many seconds of life are one second here, such as 60"
            )))
        }
    }
}

impl From<Compression> for f64 {
    fn from(compression: Compression) -> Self {
        compression.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"
        when = "2019-07-10, 16:35 to 17:02"
        what = "Most requests failed"
        source = "https://example.com/incident"
        lasted = "27m"
        compression = 60
    "#;

    #[test]
    fn an_hour_is_a_minute_at_a_factor_of_sixty() {
        let happened: Happened = toml::from_str(WHOLE).unwrap();
        assert_eq!(happened.compressed(), Duration::from_secs(27));
        assert_eq!(happened.estimates, []);
    }

    #[test]
    fn what_says_nothing_is_refused_with_the_remedy() {
        #[track_caller]
        fn check(from: &str, to: &str, expected: &str) {
            let text = WHOLE.replace(from, to);
            assert_ne!(text, WHOLE);
            let error = toml::from_str::<Happened>(&text).unwrap_err();
            assert!(error.message().contains(expected), "{error}");
        }
        check("source = \"https://example.com/incident\"", "", "missing field `source`");
        check("https://example.com/incident", " ", "it is empty");
        check("failed", "failed\\nand failed", "several lines");
        check("compression = 60", "compression = 0.5", "0.5 is not a compression");
        check("compression = 60", "compression = nan", "NaN is not a compression");
        check("lasted = \"27m\"", "lasted = \"long\"", "`long` is not a length of time");
        check("when", "wen", "unknown field `wen`");
    }
}
