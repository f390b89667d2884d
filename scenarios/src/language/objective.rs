use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, DeserializeSeed, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::measure::{Measure, Unit};
use super::quantity::{Period, QuantityError};

/// A bound on a measure: the run fails when it does not hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Objective {
    /// What is bounded.
    pub measure: Measure,
    /// In which direction.
    pub comparison: Comparison,
    /// The bound, in the measure's unit: seconds, a share of 1, or a number.
    pub bound: f64,
    /// The bound as it was written: `< 60s`.
    pub written: String,
}

/// How a measure is compared with its bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
    /// `=`
    Equal,
}

impl Comparison {
    /// The longer signs first, so that `<=` is not read as `<`.
    const SIGNS: [(&'static str, Self); 5] =
        [("<=", Self::AtMost), (">=", Self::AtLeast), ("<", Self::Less), (">", Self::Greater), ("=", Self::Equal)];
}

impl Objective {
    /// Returns the objective that `measure` meets `bound`, such as `< 60s`.
    ///
    /// # Errors
    /// When there is no such measure, or the bound does not fit it; the message says what would.
    pub fn parse(measure: &str, bound: &str) -> Result<Self, QuantityError> {
        let measure: Measure = measure.parse()?;
        let bound = bound.trim();
        let Some((sign, comparison)) = Comparison::SIGNS.into_iter().find(|(sign, _)| bound.starts_with(sign)) else {
            return Err(QuantityError::new(format!(
                "`{bound}` is not a bound; write a comparison and a value, such as `{}`",
                measure.unit().example()
            )));
        };
        let value = bound[sign.len()..].trim();
        Ok(Self { bound: parse_value(&measure, value)?, measure, comparison, written: format!("{sign} {value}") })
    }

    /// Whether `measured`, in the measure's unit, meets the bound.
    #[must_use]
    #[expect(clippy::float_cmp, reason = "`=` is for counts, which are whole")]
    pub fn holds(&self, measured: f64) -> bool {
        match self.comparison {
            Comparison::Less => measured < self.bound,
            Comparison::AtMost => measured <= self.bound,
            Comparison::Greater => measured > self.bound,
            Comparison::AtLeast => measured >= self.bound,
            Comparison::Equal => measured == self.bound,
        }
    }
}

fn parse_value(measure: &Measure, value: &str) -> Result<f64, QuantityError> {
    let number = || value.parse::<f64>().ok().filter(|number| number.is_finite());
    let parsed = match measure.unit() {
        Unit::Duration => Period::try_from(value.to_owned()).ok().map(|period| period.length().as_secs_f64()),
        Unit::Share => match value.strip_suffix('%') {
            Some(percent) => percent.trim().parse::<f64>().ok().map(|percent| percent / 100.0),
            None => number(),
        }
        .filter(|share| (0.0..=1.0).contains(share)),
        Unit::Count => number(),
    };
    parsed.ok_or_else(|| {
        let unit = measure.unit();
        QuantityError::new(format!("`{measure}` is {}, and `{value}` is not; write for example `{}`", unit.describe(), unit.example()))
    })
}

/// Reads an objective from one word, as the command line takes it: `decision_latency.p95<30s`.
impl FromStr for Objective {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let at = text.find(['<', '>', '=']).ok_or_else(|| {
            QuantityError::new(format!(
                "`{text}` is not an objective; write a measure, a comparison and a value, such as `decision_latency.p95<30s`"
            ))
        })?;
        Self::parse(text[..at].trim(), &text[at..])
    }
}

impl fmt::Display for Objective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.measure, self.written)
    }
}

/// The objectives of a scenario: a table of measures and bounds, in the order of the file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Objectives(pub Vec<Objective>);

impl<'de> Deserialize<'de> for Objectives {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Table;

        impl<'de> Visitor<'de> for Table {
            type Value = Objectives;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table of measures and bounds, such as \"decision_latency.p95\" = \"< 60s\"")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Objectives, A::Error> {
                let mut objectives = Vec::new();
                while let Some(measure) = map.next_key::<String>()? {
                    objectives.push(map.next_value_seed(BoundOn(&measure))?);
                }
                Ok(Objectives(objectives))
            }
        }

        deserializer.deserialize_map(Table)
    }
}

/// Reads a bound while its measure is at hand, so that an error points at this very line.
struct BoundOn<'a>(&'a str);

impl<'de> DeserializeSeed<'de> for BoundOn<'_> {
    type Value = Objective;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Objective, D::Error> {
        Objective::parse(self.0, &String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl Serialize for Objectives {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut table = serializer.serialize_map(Some(self.0.len()))?;
        for objective in &self.0 {
            table.serialize_entry(&objective.measure.to_string(), &objective.written)?;
        }
        table.end()
    }
}

impl JsonSchema for Objectives {
    fn schema_name() -> Cow<'static, str> {
        "Objectives".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let properties: serde_json::Map<String, serde_json::Value> = Measure::all()
            .map(|measure| {
                let about = format!("{} Write for example \"{}\".", measure.describe(), measure.unit().example());
                (measure.to_string(), serde_json::json!({ "type": "string", "description": about }))
            })
            .collect();
        json_schema!({
            "description": "Bounds on measures: the run fails when one does not hold.",
            "type": "object",
            "properties": properties,
            "additionalProperties": false
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str, expected: &str) {
        let message = text.parse::<Objective>().unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }

    #[test]
    fn a_bound_is_read_in_the_unit_of_its_measure() {
        assert!((("decision_latency.p95<30s").parse::<Objective>().unwrap().bound - 30.0).abs() < 1e-9);
        assert!((("abandonment.rate <= 8%").parse::<Objective>().unwrap().bound - 0.08).abs() < 1e-9);
        assert!(("integrity.lost = 0").parse::<Objective>().unwrap().holds(0.0));
        assert!(!("review_queue.depth.max < 150").parse::<Objective>().unwrap().holds(150.0));
    }

    #[test]
    fn what_does_not_parse_says_what_would() {
        refused("decision_latency.p95", "is not an objective");
        refused("decision_latncy.p95<30s", "did you mean `decision_latency.p95`?");
        refused("decision_latency.p95<8%", "is a duration");
        refused("abandonment.rate<30s", "is a share");
        refused("abandonment.rate<150%", "is a share");
        refused("integrity.lost=none", "is a number");
    }
}
