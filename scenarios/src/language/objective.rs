use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::bound::{Bound, Comparison};
use super::measure::Measure;
use super::phrase::Phrase;
use super::quantity::QuantityError;
use super::subject::Subject;

/// A bound on a measure: the run fails when it does not hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Objective {
    /// What is bounded.
    pub subject: Subject,
    /// In which direction.
    pub comparison: Comparison,
    /// By what.
    pub bound: Bound,
    /// Comparison and bound as they were written: `< 60s`.
    pub written: String,
}

impl Objective {
    /// Returns the objective that `subject`, such as `decision_latency.p95 during outage`, meets `bound`, such as `< 60s`.
    ///
    /// # Errors
    /// When there is no such measure, or it cannot be narrowed like that, or the bound does not fit it; the message says what would.
    pub fn parse(subject: &str, bound: &str) -> Result<Self, QuantityError> {
        let mut phrase = Phrase::new(subject);
        let read = Subject::read(&mut phrase)?;
        if !phrase.rest().is_empty() {
            return Err(QuantityError::new(format!("`{}` does not belong behind `{read}`; the bound is the value", phrase.rest())));
        }
        Self::new(read, bound)
    }

    fn new(subject: Subject, bound: &str) -> Result<Self, QuantityError> {
        let (comparison, bound, written) = Bound::parse(&subject.measure, bound)?;
        Ok(Self { subject, comparison, bound, written })
    }
}

/// Reads an objective from one sentence, as the command line takes it: `decision_latency.p95 during outage < 60s`.
impl FromStr for Objective {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let mut phrase = Phrase::new(text);
        let subject = Subject::read(&mut phrase)?;
        if phrase.rest().is_empty() {
            return Err(QuantityError::new(format!(
                "`{text}` is not an objective; write a measure, a comparison and a value, such as `decision_latency.p95<30s`"
            )));
        }
        Self::new(subject, phrase.rest())
    }
}

impl fmt::Display for Objective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.subject, self.written)
    }
}

/// The objectives of a scenario: a table of measures and bounds, in the order of the file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Objectives(pub Vec<Objective>);

impl Objectives {
    /// The first one whose bound hangs on a baseline run.
    #[must_use]
    pub fn first_relative(&self) -> Option<&Objective> {
        self.0.iter().find(|objective| objective.bound.is_relative())
    }
}

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
                while let Some(subject) = map.next_key::<String>()? {
                    objectives.extend(map.next_value_seed(BoundsOn(&subject))?);
                }
                Ok(Objectives(objectives))
            }
        }

        deserializer.deserialize_map(Table)
    }
}

/// Reads a bound, or a list of them, while their subject is at hand, so that an error points at this very line.
struct BoundsOn<'a>(&'a str);

impl<'de> DeserializeSeed<'de> for BoundsOn<'_> {
    type Value = Vec<Objective>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<Objective>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for BoundsOn<'_> {
    type Value = Vec<Objective>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a bound, such as \"< 60s\", or a list of bounds")
    }

    fn visit_str<E: de::Error>(self, bound: &str) -> Result<Vec<Objective>, E> {
        Objective::parse(self.0, bound).map(|objective| vec![objective]).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut bounds: A) -> Result<Vec<Objective>, A::Error> {
        let mut objectives = Vec::new();
        while let Some(bound) = bounds.next_element::<String>()? {
            objectives.push(Objective::parse(self.0, &bound).map_err(de::Error::custom)?);
        }
        Ok(objectives)
    }
}

/// Several bounds on one subject, as the command line may add them, become a list: a table has each key once.
impl Serialize for Objectives {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut subjects: Vec<(String, Vec<&str>)> = Vec::new();
        for objective in &self.0 {
            let subject = objective.subject.to_string();
            match subjects.iter_mut().find(|(known, _)| *known == subject) {
                Some((_, bounds)) => bounds.push(&objective.written),
                None => subjects.push((subject, vec![&objective.written])),
            }
        }
        let mut table = serializer.serialize_map(Some(subjects.len()))?;
        for (subject, bounds) in &subjects {
            match bounds.as_slice() {
                [bound] => table.serialize_entry(subject, bound)?,
                bounds => table.serialize_entry(subject, bounds)?,
            }
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
                (measure.to_string(), bounds(&about))
            })
            .collect();
        json_schema!({
            "description": "Bounds on measures: the run fails when one does not hold. A bound is a comparison and a value, or a part of what a baseline run measured.",
            "type": "object",
            "properties": properties,
            "patternProperties": narrowed_properties(),
            "additionalProperties": false,
            "examples": [{
                "decision_latency.p95": "< 60s",
                "decision_latency.p95 during outage": "< 3m",
                "abandonment.capture where device = \"mobile_poor\"": "< 20%",
                "completion.rate from 1m to 3m where country = \"DE\" and risk = \"low\"": ">= 90%",
                "decision_latency.p50 after outage": "<= 110% of baseline"
            }]
        })
    }
}

/// The keys that are measures narrowed to a window or a segment: one pattern for those that have both, one for those that have windows alone.
fn narrowed_properties() -> serde_json::Value {
    const WINDOW: &str = "(?:(?:during|before|after) \\S.*|from \\S+ to \\S+)";
    const CONDITION: &str = "(?:country|document|device|risk) *= *\\S+";
    let names = |segments: bool| {
        let those = Measure::all().filter(|measure| measure.moment().is_some() && measure.has_segments() == segments);
        those.map(|measure| measure.as_str().replace('.', "\\.")).collect::<Vec<_>>().join("|")
    };
    let segment = format!("where {CONDITION}(?: and {CONDITION})*");
    let both = format!("^(?:{}) (?:{WINDOW}(?: {segment})?|{segment})$", names(true));
    let windows = format!("^(?:{}) {WINDOW}$", names(false));
    let about = "A measure in a window (`during INCIDENT`, `before INCIDENT`, `after INCIDENT`, `from 1m to 3m`)";
    let both_about = format!("{about}, of a segment (`where device = \"mobile_poor\" and country = \"DE\"`), or both.");
    serde_json::json!({ both: bounds(&both_about), windows: bounds(&format!("{about}.")) })
}

/// A bound, or a list of them.
fn bounds(about: &str) -> serde_json::Value {
    serde_json::json!({ "type": ["string", "array"], "items": { "type": "string" }, "description": about })
}

#[cfg(test)]
mod tests {
    use super::super::window::Window;
    use super::*;

    #[track_caller]
    fn refused(text: &str, expected: &str) {
        let message = text.parse::<Objective>().unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }

    #[track_caller]
    fn reads(text: &str, expected: &str) -> Objective {
        let objective: Objective = text.parse().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(objective.to_string(), expected);
        objective
    }

    #[track_caller]
    fn bound(text: &str, baseline: Option<f64>, expected: f64) {
        let bound = text.parse::<Objective>().unwrap().bound.value(baseline).unwrap();
        assert!((bound - expected).abs() < 1e-9, "{bound}");
    }

    #[test]
    fn a_bound_is_read_in_the_unit_of_its_measure() {
        bound("decision_latency.p95<30s", None, 30.0);
        bound("abandonment.rate <= 8%", None, 0.08);
        bound("integrity.lost = 0", None, 0.0);
    }

    #[test]
    fn a_bound_may_hang_on_a_baseline() {
        bound("decision_latency.p95 <= 110% of baseline", Some(10.0), 11.0);
        bound("decision_latency.p95 <= baseline + 5s", Some(10.0), 15.0);
        bound("abandonment.rate <= baseline+2%", Some(0.1), 0.12);
        bound("completion.rate >= baseline - 2%", Some(0.9), 0.88);
        bound("review_queue.depth.max <= baseline", Some(4.0), 4.0);
        reads("decision_latency.p95<=110 %of  baseline", "decision_latency.p95 <= 110% of baseline");
        reads("abandonment.rate<=baseline+2%", "abandonment.rate <= baseline + 2%");
        assert_eq!("decision_latency.p95 < 110% of baseline".parse::<Objective>().unwrap().bound.value(None), None);
    }

    #[test]
    fn a_comparison_is_strict_or_not() {
        assert!(Comparison::AtMost.holds(150.0, 150.0) && Comparison::AtLeast.holds(150.0, 150.0) && Comparison::Equal.holds(0.0, 0.0));
        assert!(!Comparison::Less.holds(150.0, 150.0) && !Comparison::Greater.holds(150.0, 150.0) && !Comparison::Equal.holds(1.0, 0.0));
    }

    #[test]
    fn an_objective_is_narrowed_to_a_window_and_a_segment() {
        let objective = reads("decision_latency.p95 during outage < 60s", "decision_latency.p95 during outage < 60s");
        assert_eq!(objective.subject.window, Some(Window::During("outage".to_owned())));
        reads("decision_latency.p95 during hard outage<60s", "decision_latency.p95 during hard outage < 60s");
        reads("decision_latency.p95 during 'hard outage' < 60s", "decision_latency.p95 during hard outage < 60s");
        reads(
            r#"decision_latency.p95 after "one thing after \"that\"" < 60s"#,
            r#"decision_latency.p95 after "one thing after \"that\"" < 60s"#,
        );
        reads("review_queue.depth.max from 1m to '1h 30m' < 9", "review_queue.depth.max from 1m to 1h30m < 9");
        reads("abandonment.capture where device = mobile_poor<8%", r#"abandonment.capture where device = "mobile_poor" < 8%"#);
        // The window stands first, however it was written.
        reads(
            "completion.rate where country='DE' and risk=\"low\" before outage >= 50%",
            r#"completion.rate before outage where country = "DE" and risk = "low" >= 50%"#,
        );
    }

    #[test]
    fn what_does_not_parse_says_what_would() {
        refused("decision_latency.p95", "is not an objective");
        refused("decision_latncy.p95<30s", "did you mean `decision_latency.p95`?");
        refused("decision_latency.p95<8%", "is a duration");
        refused("abandonment.rate<30s", "is a share");
        refused("abandonment.rate<150%", "is a share");
        refused("integrity.lost=none", "is a number");
        refused("decision_latency.p95 druing outage < 60s", "did you mean `during`?");
        refused("decision_latency.p95 during < 60s", "wants an incident's name");
        refused("decision_latency.p95 from 1m < 60s", "has no end");
        refused("decision_latency.p95 from 3m to 1m < 60s", "ends before it begins");
        refused("decision_latency.p95 from soon to 1m < 60s", "`soon` is not a length of time");
        refused("decision_latency.p95 during a from 1m to 2m < 60s", "one window");
        refused("decision_latency.p95 during \"outage < 60s", "has no end");
        refused("abandonment.rate where devise = mobile_poor < 8%", "did you mean `device`?");
        refused("abandonment.rate where device = mobile_pour < 8%", "did you mean `mobile_poor`?");
        refused("abandonment.rate where device < 8%", "wants a value");
        refused("abandonment.rate where device = desktop and device = desktop < 8%", "twice");
        refused("abandonment.rate where device = desktop where risk = low < 8%", "join its conditions");
        refused("decision_latency.p95 <= 110 of baseline", "`baseline + 5s`");
        refused("decision_latency.p95 <= baseline * 2", "`110% of baseline`");
        refused("decision_latency.p95 <= -1% of baseline", "`110% of baseline`");
        refused("abandonment.rate <= baseline + 5s", "is a share");
    }

    #[test]
    fn what_cannot_be_narrowed_names_what_can() {
        refused("drain.seconds during outage < 60s", "these have: `decision_latency.*`");
        refused("review_queue.depth.max where device = desktop < 60", "these can: `decision_latency.*`");
        refused("vendor.error_rate where device = desktop < 60%", "these can: `decision_latency.*`");
    }
}
