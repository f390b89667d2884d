use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::decision::{Outcome, Reason};
use super::request::Operation;
use crate::language::{Callbacks, Period, Progress, QuantityError, ResponseFault};

/// What is to happen to one applicant or session, whatever the scenario says. What is left out is left to the scenario.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "RawOrder", into = "RawOrder")]
#[schemars(with = "RawOrder")]
pub struct Order(RawOrder);

/// The written form; [`Order`] is the checked one.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawOrder {
    /// What is decided about every attempt that is still to be decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// Why; needed unless the outcome is an approval.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Reason>,
    /// What brings the decision about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// From submission to decision; `"0s"` decides at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision_delay: Option<Period>,
    /// How it is told of, in place of all that the scenario says about callbacks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callbacks: Option<Callbacks>,
    /// How requests about this applicant or session fail; `fail_next` counts them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub responses: Vec<OrderedResponse>,
}

/// How some requests fail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderedResponse {
    /// These endpoints only; all of them when empty.
    #[serde(default)]
    pub endpoints: Vec<Operation>,
    /// How.
    pub http: ResponseFault,
}

/// More ordered responses than anybody needs: each is looked at on every request of the applicant.
const RESPONSES_MAX: usize = 64;

impl std::ops::Deref for Order {
    type Target = RawOrder;

    fn deref(&self) -> &RawOrder {
        &self.0
    }
}

impl TryFrom<RawOrder> for Order {
    type Error = QuantityError;

    fn try_from(raw: RawOrder) -> Result<Self, QuantityError> {
        match raw.outcome {
            None if !raw.reasons.is_empty() => Err(QuantityError::new("`reasons` without an `outcome`; say both")),
            Some(outcome) if outcome != Outcome::Approved && raw.reasons.is_empty() => {
                Err(QuantityError::new(format!("`{outcome}` needs reasons, such as [\"low_confidence\"]")))
            }
            Some(_) | None if raw.responses.len() > RESPONSES_MAX => {
                Err(QuantityError::new(format!("an order has at most {RESPONSES_MAX} responses")))
            }
            Some(_) | None if raw.responses.iter().any(|response| response.http.refuses_connections()) => {
                Err(QuantityError::new("`refuse` is about connections, which belong to nobody yet; order `connection_reset_by_peer`"))
            }
            Some(_) | None => Ok(Self(raw)),
        }
    }
}

impl From<Order> for RawOrder {
    fn from(order: Order) -> Self {
        order.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_checked_where_it_is_read() {
        #[track_caller]
        fn check(json: &str, expected: &str) {
            let error = serde_json::from_str::<Order>(json).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        check(r#"{"reasons": ["sanctions_hit"]}"#, "without an `outcome`");
        check(r#"{"outcome": "declined"}"#, "needs reasons");
        check(r#"{"colour": 1}"#, "unknown field");
        check(r#"{"responses": [{"http": {"fault": "refuse"}}]}"#, "belong to nobody");
        let order: Order =
            serde_json::from_str(r#"{"outcome": "declined", "reasons": ["sanctions_hit"], "decision_delay": "0s"}"#).unwrap();
        assert_eq!(order.outcome, Some(Outcome::Declined));
    }
}
