use rand::RngExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::applicants::{ApplicantGroup, Country, Device, DocumentKind, Risk};
use super::arrivals::Arrivals;
use super::happened::Happened;
use super::incident::Incident;
use super::objective::Objectives;
use super::outcomes::pick;
use super::quantity::{Period, QuantityError};
use super::review::Review;
use super::vendor::Vendor;
use crate::fate::{ApplicantKey, Fate, Purpose};

/// A rehearsal: who comes, what the vendor does, who reviews, and what must hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Its name: small letters, digits and hyphens.
    pub name: ScenarioName,
    /// What happens, in one sentence.
    pub summary: String,
    /// What a run of it teaches.
    pub teaches: String,
    /// What really happened, if it follows an incident that did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub happened: Option<Happened>,
    /// What every draw is keyed by: the same seed, the same fates.
    #[serde(default = "default_seed")]
    pub seed: u64,
    /// When applicants come.
    pub arrivals: Arrivals,
    /// Who comes.
    pub applicants: Mix,
    /// How the load test plays it.
    #[serde(default)]
    pub run: RunSettings,
    /// What the vendor does.
    pub vendor: Vendor,
    /// The vendor's bad times.
    #[serde(default)]
    pub incident: Vec<Incident>,
    /// Who works the review queue.
    #[serde(default)]
    pub review: Review,
    /// What must hold.
    #[serde(default)]
    pub expect: Objectives,
}

const fn default_seed() -> u64 {
    7
}

/// How the load test plays a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RunSettings {
    /// How often an applicant who waits looks at the status.
    pub poll_every: Period,
    /// How long after an error an applicant tries again.
    pub retry_after: Period,
    /// How long after the last arrival the run waits for open journeys before it ends without them.
    pub settle: Period,
}

impl Default for RunSettings {
    fn default() -> Self {
        Self { poll_every: Period::from_millis(500), retry_after: Period::from_millis(1000), settle: Period::from_millis(20_000) }
    }
}

/// A scenario's name: it names the run's folder too, so it holds nothing that a path would trip over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct ScenarioName(String);

impl ScenarioName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ScenarioName {
    type Error = QuantityError;

    fn try_from(name: String) -> Result<Self, QuantityError> {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if (1..=64).contains(&name.len()) && name.chars().all(fits) && !name.starts_with('-') {
            Ok(Self(name))
        } else {
            Err(QuantityError::new(format!(
                "`{name}` is not a name; use 1 to 64 small letters, digits and hyphens, such as `outage-at-peak`"
            )))
        }
    }
}

impl From<ScenarioName> for String {
    fn from(name: ScenarioName) -> Self {
        name.0
    }
}

/// The applicant mix: groups, not empty, whose shares do not add up to zero.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Vec<ApplicantGroup>", into = "Vec<ApplicantGroup>")]
#[schemars(with = "Vec<ApplicantGroup>")]
pub struct Mix(Vec<ApplicantGroup>);

impl Mix {
    /// The groups, in the order of the file.
    #[must_use]
    pub fn groups(&self) -> &[ApplicantGroup] {
        &self.0
    }
}

impl TryFrom<Vec<ApplicantGroup>> for Mix {
    type Error = QuantityError;

    fn try_from(groups: Vec<ApplicantGroup>) -> Result<Self, QuantityError> {
        if groups.iter().all(|group| group.share.value() <= 0.0) {
            return Err(QuantityError::new("the shares of the applicant groups add up to zero; give at least one a share greater than 0"));
        }
        Ok(Self(groups))
    }
}

impl From<Mix> for Vec<ApplicantGroup> {
    fn from(mix: Mix) -> Self {
        mix.0
    }
}

/// One applicant of a schedule: a key, and which group of the mix they belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applicant {
    /// The name everybody knows them by.
    pub key: ApplicantKey,
    /// Where they live and their document comes from.
    pub country: Country,
    /// What they show.
    pub document: DocumentKind,
    /// What they take pictures with.
    pub device: Device,
    /// What the backend would think of them.
    pub risk: Risk,
    /// Their group's place in the mix.
    pub group: usize,
}

impl Scenario {
    /// Returns the `number`th applicant of the schedule, always the same for the same seed.
    #[must_use]
    pub fn applicant(&self, number: u64) -> Applicant {
        let key = ApplicantKey::numbered(number);
        let u = Fate::new(self.seed, key.clone()).rng(Purpose::Profile, 0).random::<f64>();
        let groups = self.applicants.groups();
        let group = pick(groups.iter().enumerate().map(|(index, group)| (index, group.share)), u).unwrap_or(0);
        let ApplicantGroup { country, document, device, risk, .. } = groups[group];
        Applicant { key, country, document, device, risk, group }
    }

    /// Returns the fate of the applicant with this key.
    #[must_use]
    pub fn fate(&self, applicant: &ApplicantKey) -> Fate {
        Fate::new(self.seed, applicant.clone())
    }
}
