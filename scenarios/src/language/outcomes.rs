use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use rand::{Rng, RngExt};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::quantity::{QuantityError, Weight};
use crate::vendor::{Outcome, Reason};

/// Weights of the four outcomes, each with its reasons.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "BTreeMap<Outcome, OutcomeWeight>", into = "BTreeMap<Outcome, OutcomeWeight>")]
#[schemars(schema_with = "outcomes_schema")]
pub struct Outcomes(BTreeMap<Outcome, OutcomeWeight>);

/// The weight of one outcome: a number, or a number with the weights of its reasons.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OutcomeWeight {
    /// Its weight among the outcomes.
    pub weight: Weight,
    /// Why, as weights among each other.
    pub reasons: BTreeMap<Reason, Weight>,
}

/// [`OutcomeWeight`] as a table.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OutcomeTable {
    /// Its weight among the outcomes.
    weight: Weight,
    /// Why, as weights among each other.
    #[serde(default)]
    #[schemars(schema_with = "reasons_schema")]
    reasons: BTreeMap<Reason, Weight>,
}

fn outcomes_schema(generator: &mut SchemaGenerator) -> Schema {
    let weight = generator.subschema_for::<OutcomeWeight>();
    closed_table(Outcome::ALL.iter().map(|outcome| outcome.as_str()), &weight)
}

fn reasons_schema(generator: &mut SchemaGenerator) -> Schema {
    let weight = generator.subschema_for::<Weight>();
    closed_table(Reason::ALL.iter().map(|reason| reason.as_str()), &weight)
}

/// A table that has these keys and no others; schemars would leave the keys of a map open.
fn closed_table(keys: impl Iterator<Item = &'static str>, value: &Schema) -> Schema {
    let properties: serde_json::Map<String, serde_json::Value> = keys.map(|key| (key.to_owned(), value.clone().to_value())).collect();
    json_schema!({ "type": "object", "properties": properties, "additionalProperties": false })
}

// A visitor and not an untagged enum: its errors say what was wrong, not only that nothing matched.
impl<'de> Deserialize<'de> for OutcomeWeight {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberOrTable;

        impl<'de> Visitor<'de> for NumberOrTable {
            type Value = OutcomeWeight;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a weight, or a table such as { weight = 5, reasons = { document_forged = 1 } }")
            }

            fn visit_f64<E: de::Error>(self, weight: f64) -> Result<OutcomeWeight, E> {
                Ok(OutcomeWeight { weight: Weight::new(weight).map_err(E::custom)?, reasons: BTreeMap::new() })
            }

            fn visit_i64<E: de::Error>(self, weight: i64) -> Result<OutcomeWeight, E> {
                #[expect(clippy::cast_precision_loss, reason = "a weight is a ratio; its last bits do not matter")]
                self.visit_f64(weight as f64)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<OutcomeWeight, A::Error> {
                let OutcomeTable { weight, reasons } = OutcomeTable::deserialize(MapAccessDeserializer::new(map))?;
                Ok(OutcomeWeight { weight, reasons })
            }
        }

        deserializer.deserialize_any(NumberOrTable)
    }
}

impl JsonSchema for OutcomeWeight {
    fn schema_name() -> Cow<'static, str> {
        "OutcomeWeight".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A weight among the outcomes, or a table of it and the weights of the reasons.",
            "anyOf": [generator.subschema_for::<Weight>(), generator.subschema_for::<OutcomeTable>()]
        })
    }
}

impl Outcomes {
    /// Draws an outcome and its reason: two uniform numbers, whatever the weights.
    pub fn sample(&self, rng: &mut impl Rng) -> (Outcome, Vec<Reason>) {
        let (which, why) = (rng.random::<f64>(), rng.random::<f64>());
        let weights = self.0.iter().map(|(outcome, entry)| ((*outcome, entry), entry.weight));
        // `try_from` made sure that some weight is not zero.
        let Some((outcome, entry)) = pick(weights, which) else { return (Outcome::Review, vec![Reason::LowConfidence]) };
        (outcome, pick(entry.reasons.iter().map(|(reason, weight)| (*reason, *weight)), why).into_iter().collect())
    }
}

/// Returns the item on which the share `u` of the total weight falls; none when all weights are zero.
pub(crate) fn pick<T>(items: impl Iterator<Item = (T, Weight)> + Clone, u: f64) -> Option<T> {
    let total: f64 = items.clone().map(|(_, weight)| weight.value()).sum();
    let mut left = u * total;
    let mut last = None;
    for (item, weight) in items.filter(|(_, weight)| weight.value() > 0.0) {
        if left < weight.value() {
            return Some(item);
        }
        left -= weight.value();
        last = Some(item); // rounding may leave a trace of weight behind the last item
    }
    last
}

impl TryFrom<BTreeMap<Outcome, OutcomeWeight>> for Outcomes {
    type Error = QuantityError;

    fn try_from(weights: BTreeMap<Outcome, OutcomeWeight>) -> Result<Self, QuantityError> {
        if weights.values().all(|entry| entry.weight.value() <= 0.0) {
            return Err(QuantityError::new("the weights of the outcomes add up to zero; give at least one a weight greater than 0"));
        }
        for (outcome, entry) in &weights {
            if !entry.reasons.is_empty() && entry.reasons.values().all(|weight| weight.value() <= 0.0) {
                return Err(QuantityError::new(format!("the weights of the reasons for `{outcome}` add up to zero")));
            }
            if entry.reasons.is_empty() && *outcome != Outcome::Approved && entry.weight.value() > 0.0 {
                return Err(QuantityError::new(format!(
                    "`{outcome}` needs reasons: write {outcome} = {{ weight = {}, reasons = {{ low_confidence = 1 }} }}",
                    entry.weight.value()
                )));
            }
        }
        Ok(Self(weights))
    }
}

impl From<Outcomes> for BTreeMap<Outcome, OutcomeWeight> {
    fn from(outcomes: Outcomes) -> Self {
        outcomes.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn weight(value: f64) -> Weight {
        Weight::new(value).unwrap()
    }

    proptest! {
        #[test]
        fn what_has_no_weight_is_never_picked(u in 0.0_f64..1.0, a in 0.0_f64..10.0, c in 0.1_f64..10.0) {
            let items = [("a", weight(a)), ("never", weight(0.0)), ("c", weight(c))];
            prop_assert_ne!(pick(items.into_iter(), u), Some("never"));
        }
    }

    #[test]
    fn shares_follow_the_weights() {
        let items = [("one", weight(1.0)), ("three", weight(3.0))];
        let threes = (0..1000).filter(|i| pick(items.into_iter(), f64::from(*i) / 1000.0) == Some("three")).count();
        assert_eq!(threes, 750);
        assert_eq!(pick([("none", weight(0.0))].into_iter(), 0.5), None);
    }
}
