use std::collections::BTreeMap;
use std::time::Duration;

use rand::{Rng, RngExt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::callbacks::Callbacks;
use super::distribution::Distribution;
use super::outcomes::{Outcomes, pick};
use super::quantity::{Period, Probability, QuantityError, Rate, Weight};
use crate::vendor::{Operation, Outcome, Reason};
use crate::words::words;

/// The fake vendor's own behaviour, in the absence of incidents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Vendor {
    /// Whose HTTP API it speaks.
    #[serde(default = "default_dialect")]
    pub dialect: String,
    /// What it decides, as weights.
    pub outcomes: Outcomes,
    /// From submission to decision.
    pub decision_delay: Distribution,
    /// What brings a decision about.
    #[serde(default = "by_time")]
    pub progress: Progress,
    /// With `progress = "polls"`: the how manieth read of a session that is processing shows its decision.
    #[serde(default = "default_polls")]
    pub polls: Polls,
    /// Decisions that are changed later, the first that applies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revision: Vec<Revision>,
    /// How sure each check says it is.
    #[serde(default)]
    pub confidence: Confidence,
    /// How long it takes to answer a request.
    #[serde(default = "default_latency")]
    pub latency: Distribution,
    /// How many requests it takes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rate_limit: Vec<RateLimit>,
    /// How long a session may be collected before it expires.
    #[serde(default = "default_session_lifetime")]
    pub session_lifetime: Period,
    /// How it tells of what becomes of a session.
    #[serde(default)]
    pub callbacks: Callbacks,
}

fn default_dialect() -> String {
    "generic".to_owned()
}

fn default_latency() -> Distribution {
    Distribution::constant(Duration::ZERO)
}

const fn default_session_lifetime() -> Period {
    Period::new(Duration::from_secs(30 * 60))
}

const fn by_time() -> Progress {
    Progress::Time
}

const fn default_polls() -> Polls {
    Polls(3)
}

words! {
    /// What brings a decision about.
    Progress {
        /// The decision delay.
        Time = "time",
        /// Reading the session so many times.
        Polls = "polls",
        /// A command of the admin API or the library, and nothing else.
        Command = "command",
    }
}

/// How many reads a decision takes, 1 to 1000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "u32", into = "u32")]
#[schemars(with = "u32")]
pub struct Polls(u32);

impl Polls {
    /// The plain number.
    #[must_use]
    pub const fn value(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Polls {
    type Error = QuantityError;

    fn try_from(polls: u32) -> Result<Self, QuantityError> {
        if (1..=1000).contains(&polls) {
            Ok(Self(polls))
        } else {
            Err(QuantityError::new(format!("{polls} is not a number of polls; write one from 1 to 1000")))
        }
    }
}

impl From<Polls> for u32 {
    fn from(polls: Polls) -> Self {
        polls.0
    }
}

/// A decision that is changed later: a sanctions hit days after an approval, a review that ends well.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "RawRevision", into = "RawRevision")]
#[schemars(with = "RawRevision")]
pub struct Revision(RawRevision);

/// The file's own form; [`Revision`] is the checked one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawRevision {
    /// Which decisions.
    from: Outcome,
    /// How likely one of them is changed.
    probability: Probability,
    /// How long after it was made.
    after: Distribution,
    /// What it becomes.
    to: Outcome,
    /// Why, as weights among each other.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    reasons: BTreeMap<Reason, Weight>,
}

impl Revision {
    /// Which decisions it changes.
    #[must_use]
    pub const fn from(&self) -> Outcome {
        self.0.from
    }

    /// Draws when and into what a decision is changed; three numbers, whatever comes of them.
    pub fn sample(&self, rng: &mut impl Rng) -> Option<(Duration, Outcome, Vec<Reason>)> {
        let (changes, after, why) = (rng.random::<f64>(), self.0.after.sample(rng), rng.random::<f64>());
        let reasons = pick(self.0.reasons.iter().map(|(reason, weight)| (*reason, *weight)), why).into_iter().collect();
        (changes < self.0.probability.value()).then_some((after, self.0.to, reasons))
    }
}

impl TryFrom<RawRevision> for Revision {
    type Error = QuantityError;

    fn try_from(raw: RawRevision) -> Result<Self, QuantityError> {
        let refuse = |why: &str| Err(QuantityError::new(why.to_owned()));
        if raw.from == Outcome::Resubmission || raw.to == Outcome::Resubmission {
            return refuse("a resubmission is no end, so it is neither revised nor the result of a revision");
        }
        if raw.from == raw.to {
            return refuse("`from` and `to` of a revision are the same");
        }
        if raw.to != Outcome::Approved && raw.reasons.values().all(|weight| weight.value() <= 0.0) {
            return refuse("a revision needs reasons: reasons = { sanctions_hit = 1 }");
        }
        Ok(Self(raw))
    }
}

impl From<Revision> for RawRevision {
    fn from(revision: Revision) -> Self {
        revision.0
    }
}

/// How sure each check says it is, as ranges of scores from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Confidence {
    /// Of a check that found nothing wrong.
    pub clear: Band,
    /// Of one that cannot tell.
    pub unsure: Band,
    /// Of one that found something wrong.
    pub rejected: Band,
}

impl Default for Confidence {
    fn default() -> Self {
        let band = |min, max| Band::try_from([min, max]).unwrap_or(Band([0.0, 1.0]));
        Self { clear: band(0.9, 0.999), unsure: band(0.45, 0.75), rejected: band(0.01, 0.3) }
    }
}

/// A range of scores: `[lowest, highest]`, each from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "[f64; 2]", into = "[f64; 2]")]
#[schemars(with = "[f64; 2]")]
pub struct Band([f64; 2]);

impl Band {
    /// Returns the score at the share `u` of the range, in thousandths.
    #[must_use]
    pub fn at(self, u: f64) -> f64 {
        let [min, max] = self.0;
        ((min + (max - min) * u) * 1000.0).round() / 1000.0
    }
}

impl TryFrom<[f64; 2]> for Band {
    type Error = QuantityError;

    fn try_from(band: [f64; 2]) -> Result<Self, QuantityError> {
        let [min, max] = band;
        if (0.0..=1.0).contains(&min) && (min..=1.0).contains(&max) {
            Ok(Self(band))
        } else {
            Err(QuantityError::new(format!(
                "[{min}, {max}] is not a range of scores; write the lowest and the highest, such as [0.9, 0.99]"
            )))
        }
    }
}

impl From<Band> for [f64; 2] {
    fn from(band: Band) -> Self {
        band.0
    }
}

/// How many requests the vendor takes, as a token bucket: `burst` at once, then `per_second`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "RawRateLimit", into = "RawRateLimit")]
#[schemars(with = "RawRateLimit")]
pub struct RateLimit(RawRateLimit);

/// The file's own form; [`RateLimit`] is the checked one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawRateLimit {
    /// Which requests; all of them when empty.
    #[serde(default)]
    pub endpoints: Vec<Operation>,
    /// Whether each endpoint has a bucket of its own. Each API key has its own in any case.
    #[serde(default)]
    pub each_endpoint: bool,
    /// How many at once, 1 to 1000000.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub burst: u32,
    /// How many more each second.
    pub per_second: Rate,
    /// What the others are answered: 429, or a misleading code.
    #[serde(default = "too_many_requests")]
    #[schemars(range(min = 400, max = 599))]
    pub status: u16,
}

const fn too_many_requests() -> u16 {
    429
}

impl std::ops::Deref for RateLimit {
    type Target = RawRateLimit;

    fn deref(&self) -> &RawRateLimit {
        &self.0
    }
}

impl TryFrom<RawRateLimit> for RateLimit {
    type Error = QuantityError;

    fn try_from(raw: RawRateLimit) -> Result<Self, QuantityError> {
        if !(1..=1_000_000).contains(&raw.burst) {
            return Err(QuantityError::new(format!("{} is not a burst; write how many requests are taken at once, from 1", raw.burst)));
        }
        if !(400..=599).contains(&raw.status) {
            return Err(QuantityError::new(format!("{} is not an error status; write one from 400 to 599", raw.status)));
        }
        Ok(Self(raw))
    }
}

impl From<RateLimit> for RawRateLimit {
    fn from(limit: RateLimit) -> Self {
        limit.0
    }
}
