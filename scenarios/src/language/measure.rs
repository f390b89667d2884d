use std::fmt;
use std::str::FromStr;

use super::nearest::did_you_mean;
use super::quantity::QuantityError;
use crate::journey::Step;

/// Something a run measures, by the name that objectives and `report.json` use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    name: String,
    unit: Unit,
    about: &'static str,
}

/// What a measure is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Seconds.
    Duration,
    /// A share of 1.
    Share,
    /// A number of something.
    Count,
}

impl Unit {
    pub(super) const fn describe(self) -> &'static str {
        match self {
            Self::Duration => "a duration",
            Self::Share => "a share",
            Self::Count => "a number",
        }
    }

    pub(super) const fn example(self) -> &'static str {
        match self {
            Self::Duration => "< 60s",
            Self::Share => "< 8%",
            Self::Count => "<= 150",
        }
    }
}

/// The distributions that are measured, each with the statistics of [`STATISTICS`].
const DISTRIBUTIONS: [(&str, &str); 6] = [
    ("decision_latency", "From the moment the submission was due until the applicant was told the outcome of that attempt."),
    ("automatic_decision_latency", "Decision latency of the attempts that no reviewer touched."),
    ("review_wait", "From the moment a case was opened until a reviewer claimed it."),
    ("callback_latency", "From the vendor's decision until the backend accepted a callback about it."),
    ("api_latency", "From the moment a step was due until the backend had answered it, over all steps but polls."),
    ("lag", "From the moment a step was due until a worker began it: the generator's own delay."),
];

const STATISTICS: [&str; 6] = ["mean", "p50", "p90", "p95", "p99", "max"];

/// Everything else that is measured once a run.
const SINGLE: [(&str, Unit, &str); 29] = [
    ("approval.rate", Unit::Share, "Share of those told a final decision who were approved."),
    ("rejection.rate", Unit::Share, "Share of those told a final decision who were rejected."),
    ("completion.rate", Unit::Share, "Share of those who arrived and were told a final decision."),
    ("abandonment.rate", Unit::Share, "Share of those who arrived and left before a final decision."),
    ("applicants.arrived", Unit::Count, "Applicants who arrived."),
    ("applicants.open", Unit::Count, "Applicants who were neither decided nor gone at the end."),
    ("review_queue.depth.max", Unit::Count, "The longest the manual review queue was, in cases that waited."),
    ("review_queue.depth.mean", Unit::Count, "The mean length of the manual review queue."),
    ("review_queue.depth.end", Unit::Count, "The length of the manual review queue at the end."),
    ("vendor.error_rate", Unit::Share, "Share of the requests to the vendor that met an injected fault."),
    ("vendor.rate_limited", Unit::Count, "Requests that the vendor's rate limits refused."),
    ("decisions.revised", Unit::Count, "Decisions the vendor changed after it had made them."),
    ("callbacks.deliveries", Unit::Count, "Callback deliveries the vendor attempted."),
    ("callbacks.duplicates", Unit::Count, "Callback deliveries the vendor made on purpose a second time."),
    (
        "callbacks.forged",
        Unit::Count,
        "Callback deliveries that nobody should believe: unsigned, wrongly signed, or with an old signature.",
    ),
    ("integrity.findings", Unit::Count, "Everything the integrity check found."),
    ("integrity.lost", Unit::Count, "Decisions the backend never took notice of."),
    ("integrity.contradicted", Unit::Count, "Applicants for whom the backend holds another decision than was made."),
    ("integrity.never_decided", Unit::Count, "Applicants who were shown an outcome that nobody had decided."),
    (
        "integrity.approved_after_rejection",
        Unit::Count,
        "Applicants who were rejected, and approved later without anybody having decided so.",
    ),
    ("integrity.regressed", Unit::Count, "Applicants whose verification was over, and was taken back to an earlier state."),
    ("integrity.doubled", Unit::Count, "Decisions that had their effect more than once."),
    ("integrity.duplicate_attempt", Unit::Count, "Applicants for whom the vendor was asked more often than they had submitted."),
    ("integrity.forged", Unit::Count, "Applicants about whom the backend took in a callback that the vendor had not signed, or not now."),
    ("integrity.consent_missing", Unit::Count, "Applicants whose data went to the vendor before they had consented."),
    ("integrity.stuck", Unit::Count, "Applicants for whom nobody holds the next move."),
    ("integrity.resubmission_ignored", Unit::Count, "Applicants whose resubmission was asked for or handed in, and led to nothing."),
    (
        "integrity.review_orphaned",
        Unit::Count,
        "Applicants who wait for people, and whose case no reviewer can reach; or the other way round.",
    ),
    (
        "drain.seconds",
        Unit::Duration,
        "From the end of the last incident until no more applicants waited for a decision than before it began.",
    ),
];

/// The two captures together: one thing to the applicant.
const CAPTURE: (&str, &str) = ("abandonment.capture", "Share of those who came to the pictures, of document or face, and left at them.");

impl Measure {
    /// Every measure there is.
    pub fn all() -> impl Iterator<Item = Self> {
        let distributions = DISTRIBUTIONS.into_iter().flat_map(|(distribution, about)| {
            STATISTICS.into_iter().map(move |statistic| Self { name: format!("{distribution}.{statistic}"), unit: Unit::Duration, about })
        });
        let single = SINGLE.into_iter().map(|(name, unit, about)| Self { name: name.to_owned(), unit, about });
        let steps = Step::ALL.iter().map(|step| Self {
            name: format!("abandonment.{step}"),
            unit: Unit::Share,
            about: "Share of those who came to this step and left at it.",
        });
        let (name, about) = CAPTURE;
        let capture = Self { name: name.to_owned(), unit: Unit::Share, about };
        distributions.chain(single).chain(steps).chain([capture])
    }

    /// What it is counted in.
    #[must_use]
    pub const fn unit(&self) -> Unit {
        self.unit
    }

    /// What it measures, in a sentence.
    #[must_use]
    pub const fn describe(&self) -> &'static str {
        self.about
    }

    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.name
    }
}

/// Returns what the named distribution measures, in a sentence.
#[must_use]
pub fn describe_distribution(name: &str) -> &'static str {
    DISTRIBUTIONS.iter().find(|(distribution, _)| *distribution == name).map_or("", |(_, about)| about)
}

impl FromStr for Measure {
    type Err = QuantityError;

    fn from_str(name: &str) -> Result<Self, QuantityError> {
        Self::all().find(|measure| measure.name == name).ok_or_else(|| {
            let names: Vec<String> = Self::all().map(|measure| measure.name).collect();
            QuantityError::new(format!("there is no measure `{name}`{}", did_you_mean(name, names.iter().map(String::as_str))))
        })
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
