use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::distribution::Distribution;
use super::quantity::{Period, QuantityError, Rate};
use super::response_fault::ResponseFault;
use crate::time::SimTime;
use crate::vendor::Operation;

/// A bad time: from `at`, for `lasts`, the vendor misbehaves in one way or several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "RawIncident", into = "RawIncident")]
#[schemars(with = "RawIncident")]
pub struct Incident(RawIncident);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawIncident {
    /// What people will call it.
    name: String,
    /// When it begins, from the start of the arrivals.
    at: Period,
    /// How long it lasts.
    lasts: Period,
    /// Which requests it touches; callbacks are touched whatever the scope.
    #[serde(default)]
    scope: Scope,
    /// How requests fail.
    #[serde(default)]
    http: Option<ResponseFault>,
    /// How much longer answers take.
    #[serde(default)]
    slow: Option<Distribution>,
    /// What becomes of callbacks.
    #[serde(default)]
    callbacks: Option<HeldCallbacks>,
}

/// Which requests an incident touches.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Scope {
    /// These only; all of them when empty.
    pub endpoints: Vec<Operation>,
}

/// Callbacks held back and released as a flood.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeldCallbacks {
    /// How many a second are released once the incident ends, oldest first.
    pub release_rate: Rate,
}

impl Incident {
    /// What people call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// When it begins.
    #[must_use]
    pub fn begins(&self) -> SimTime {
        SimTime::from_start(self.0.at.length())
    }

    /// When it ends.
    #[must_use]
    pub fn ends(&self) -> SimTime {
        self.begins().saturating_add(self.0.lasts.length())
    }

    /// Whether it is going on at `now`.
    #[must_use]
    pub fn is_active(&self, now: SimTime) -> bool {
        (self.begins()..self.ends()).contains(&now)
    }

    /// Whether it touches requests of this kind.
    #[must_use]
    pub fn touches(&self, operation: Operation) -> bool {
        self.0.scope.endpoints.is_empty() || self.0.scope.endpoints.contains(&operation)
    }

    /// How requests fail during it.
    #[must_use]
    pub const fn http(&self) -> Option<ResponseFault> {
        self.0.http
    }

    /// How much longer answers take during it.
    #[must_use]
    pub const fn slow(&self) -> Option<&Distribution> {
        self.0.slow.as_ref()
    }

    /// What becomes of callbacks during it.
    #[must_use]
    pub const fn callbacks(&self) -> Option<HeldCallbacks> {
        self.0.callbacks
    }

    /// What it does, in words for a report.
    #[must_use]
    pub fn describe(&self) -> String {
        let endpoints = self.0.scope.endpoints.iter().map(|endpoint| endpoint.as_str()).collect::<Vec<_>>().join(", ");
        let whom = if endpoints.is_empty() { "every request".to_owned() } else { endpoints };
        let mut effects = Vec::new();
        if let Some(http) = &self.0.http {
            effects.push(if http.refuses_connections() { http.describe() } else { format!("{whom} {}", http.describe()) });
        }
        if let Some(slow) = &self.0.slow {
            effects.push(format!("{whom} slower by {} (median)", humantime::format_duration(slow.quantile(0.5))));
        }
        if let Some(held) = self.0.callbacks {
            effects.push(format!("callbacks held, then released at {} per second", held.release_rate.value()));
        }
        effects.join("; ")
    }
}

impl TryFrom<RawIncident> for Incident {
    type Error = QuantityError;

    fn try_from(raw: RawIncident) -> Result<Self, QuantityError> {
        if raw.lasts.length().is_zero() {
            return Err(QuantityError::new(format!("the incident `{}` lasts no time at all; give `lasts` a length", raw.name)));
        }
        if raw.http.is_none() && raw.slow.is_none() && raw.callbacks.is_none() {
            return Err(QuantityError::new(format!(
                "the incident `{}` does nothing; give it `http`, `slow` or `callbacks`, for example http = {{ fault = \"error\", status = 503 }}",
                raw.name
            )));
        }
        Ok(Self(raw))
    }
}

impl From<Incident> for RawIncident {
    fn from(incident: Incident) -> Self {
        incident.0
    }
}
