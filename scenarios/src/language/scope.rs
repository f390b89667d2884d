use rand::RngExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::applicants::{Country, DocumentKind};
use super::quantity::Probability;
use crate::fate::{Fate, Purpose};
use crate::vendor::{Check, Operation, Reason};

/// Whom an incident touches, and which of their requests. What is left out does not restrict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Scope {
    /// These endpoints only.
    pub endpoints: Vec<Operation>,
    /// These checks only: uploads for them, and decisions that name a reason of theirs.
    pub checks: Vec<Check>,
    /// Applicants of these countries only.
    pub countries: Vec<Country>,
    /// Applicants with these documents only.
    pub documents: Vec<DocumentKind>,
    /// This share of the applicants, always the same ones.
    pub applicants: Probability,
}

impl Default for Scope {
    fn default() -> Self {
        Self { endpoints: Vec::new(), checks: Vec::new(), countries: Vec::new(), documents: Vec::new(), applicants: Probability::ALWAYS }
    }
}

/// What a scope asks about an applicant.
#[derive(Debug, Clone, Copy)]
pub struct Whom<'a> {
    /// Their chance.
    pub fate: &'a Fate,
    /// Two capital letters.
    pub country: &'a str,
    /// What they show.
    pub document: DocumentKind,
}

impl Scope {
    /// Whether it holds this applicant.
    #[must_use]
    pub fn holds(&self, whom: Whom<'_>) -> bool {
        (self.countries.is_empty() || self.countries.iter().any(|country| country.as_str() == whom.country))
            && (self.documents.is_empty() || self.documents.contains(&whom.document))
            && (self.applicants == Probability::ALWAYS || whom.fate.rng(Purpose::Scope, 0).random::<f64>() < self.applicants.value())
    }

    /// Whether it touches requests for this, about this check.
    #[must_use]
    pub fn touches(&self, operation: Operation, check: Option<Check>) -> bool {
        (self.endpoints.is_empty() || self.endpoints.contains(&operation))
            && (self.checks.is_empty() || check.is_some_and(|check| self.checks.contains(&check)))
    }

    /// Whether it touches a decision for these reasons.
    #[must_use]
    pub fn touches_decision(&self, reasons: &[Reason]) -> bool {
        self.checks.is_empty() || reasons.iter().any(|reason| self.checks.contains(&reason.check()))
    }

    /// Which requests it touches, in words.
    #[must_use]
    pub fn describe(&self) -> String {
        let mut words: Vec<&str> = self.endpoints.iter().map(|endpoint| endpoint.as_str()).collect();
        words.extend(self.checks.iter().map(|check| check.as_str()));
        let mut text = if words.is_empty() { "every request".to_owned() } else { words.join(", ") };
        let mut whom: Vec<String> = self.countries.iter().map(|country| country.as_str().to_owned()).collect();
        whom.extend(self.documents.iter().map(|document| document.as_str().to_owned()));
        if self.applicants != Probability::ALWAYS {
            whom.push(format!("{:.0} % of the applicants", self.applicants.value() * 100.0));
        }
        if !whom.is_empty() {
            text = format!("{text} (of {})", whom.join(", "));
        }
        text
    }
}
