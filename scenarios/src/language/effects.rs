use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::callbacks::Duplicates;
use super::distribution::Distribution;
use super::quantity::{Probability, Rate};
use super::response_fault::ResponseFault;

/// What is wrong during an incident, or one phase of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Effects {
    /// How requests fail.
    pub http: Option<ResponseFault>,
    /// How much longer answers take.
    pub slow: Option<Distribution>,
    /// How much longer decisions take.
    pub decisions: Option<Distribution>,
    /// What becomes of callbacks.
    pub callbacks: Option<CallbackTrouble>,
}

/// What becomes of callbacks during an incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CallbackTrouble {
    /// They are held back, and so many a second are released once it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release_rate: Option<Rate>,
    /// In which order they are released.
    pub release_order: ReleaseOrder,
    /// They starve: so many a second leave while it lasts. The rest leaves when it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starve_rate: Option<Rate>,
    /// How much later they are sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<Distribution>,
    /// They are sent more than once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duplicate: Option<Duplicates>,
    /// How likely one is never sent.
    pub lost: Probability,
    /// How likely one whose first try fails is never tried again.
    pub lost_on_retry: Probability,
    /// How likely one comes as a body that is not JSON: whoever is told refuses it. In which tries says the vendor's `defective_tries`.
    pub malformed: Probability,
}

impl Default for CallbackTrouble {
    fn default() -> Self {
        Self {
            release_rate: None,
            release_order: ReleaseOrder::OldestFirst,
            starve_rate: None,
            delay: None,
            duplicate: None,
            lost: Probability::NEVER,
            lost_on_retry: Probability::NEVER,
            malformed: Probability::NEVER,
        }
    }
}

crate::words::words! {
    /// In which order held callbacks are released.
    ReleaseOrder {
        /// As they were held.
        OldestFirst = "oldest_first",
        /// Old and new mixed: each among the 64 that were held next to it.
        Mixed = "mixed",
    }
}

impl Effects {
    /// Whether nothing is wrong at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What is wrong, in words for a report; `whom` says which requests are meant.
    #[must_use]
    pub fn describe(&self, whom: &str) -> Vec<String> {
        let mut effects = Vec::new();
        let median = |law: &Distribution| humantime::format_duration(law.quantile(0.5)).to_string();
        if let Some(http) = &self.http {
            effects.push(if http.refuses_connections() { http.describe() } else { format!("{whom} {}", http.describe()) });
        }
        if let Some(slow) = &self.slow {
            effects.push(format!("{whom} slower by {} (median)", median(slow)));
        }
        if let Some(decisions) = &self.decisions {
            effects.push(format!("decisions later by {} (median)", median(decisions)));
        }
        if let Some(callbacks) = &self.callbacks {
            effects.extend(callbacks.describe());
        }
        effects
    }
}

impl CallbackTrouble {
    fn describe(&self) -> Vec<String> {
        let share = |probability: Probability| format!("{:.0} %", probability.value() * 100.0);
        let mut effects = Vec::new();
        if let Some(rate) = self.release_rate {
            let order = if self.release_order == ReleaseOrder::Mixed { ", mixed" } else { "" };
            effects.push(format!("callbacks held, then released at {} per second{order}", rate.value()));
        }
        if let Some(rate) = self.starve_rate {
            effects.push(format!("callbacks starved to {} per second", rate.value()));
        }
        if let Some(delay) = &self.delay {
            effects.push(format!("callbacks later by {} (median)", humantime::format_duration(delay.quantile(0.5))));
        }
        if let Some(duplicate) = &self.duplicate {
            effects.push(format!("{} of callbacks sent {} times", share(duplicate.probability), duplicate.copies.value()));
        }
        if self.lost.value() > 0.0 {
            effects.push(format!("{} of callbacks lost", share(self.lost)));
        }
        if self.lost_on_retry.value() > 0.0 {
            effects.push(format!("{} of failed callbacks never tried again", share(self.lost_on_retry)));
        }
        if self.malformed.value() > 0.0 {
            effects.push(format!("{} of callbacks damaged", share(self.malformed)));
        }
        effects
    }
}
