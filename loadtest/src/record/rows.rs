//! The rows of a run's files.

use std::collections::{BTreeMap, BTreeSet};

use kycsim_scenarios::journey::{Cause, Ending, Shown, Step};
use kycsim_scenarios::language::{Country, Device, DocumentKind, ReviewDecision, Risk};
use kycsim_scenarios::{ApplicantKey, SimTime};
use serde::{Deserialize, Serialize};

/// One applicant's journey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct JourneyRow {
    pub(crate) applicant: ApplicantKey,
    pub(crate) country: Country,
    pub(crate) document: DocumentKind,
    pub(crate) device: Device,
    pub(crate) risk: Risk,
    pub(crate) arrived: SimTime,
    /// When they agreed to the processing of their data, if the backend acknowledged it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) consented: Option<SimTime>,
    /// The step it ended at, or stands at.
    pub(crate) step: Step,
    /// How it ended; none while it is open.
    pub(crate) end: Option<EndRow>,
    pub(crate) verification: Option<String>,
    pub(crate) attempts: Vec<AttemptRow>,
    /// Whether the applicant was told that people look at it.
    pub(crate) in_review: bool,
    pub(crate) polls: u32,
    /// Tries beyond the first, by step.
    pub(crate) retries: BTreeMap<Step, u32>,
}

/// How a journey ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ending", rename_all = "snake_case")]
pub(crate) enum EndRow {
    Approved { at: SimTime },
    Rejected { at: SimTime },
    Expired { at: SimTime },
    Abandoned { at: SimTime, cause: Cause },
}

impl EndRow {
    pub(crate) const fn new(ending: Ending, at: SimTime) -> Self {
        match ending {
            Ending::Approved => Self::Approved { at },
            Ending::Rejected => Self::Rejected { at },
            Ending::Expired => Self::Expired { at },
            Ending::Abandoned { step: _, cause } => Self::Abandoned { at, cause },
        }
    }

    pub(crate) const fn at(self) -> SimTime {
        match self {
            Self::Approved { at } | Self::Rejected { at } | Self::Expired { at } | Self::Abandoned { at, cause: _ } => at,
        }
    }
}

/// One attempt at the verification, from its submission on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AttemptRow {
    pub(crate) attempt: u32,
    /// When the submission was due.
    pub(crate) due: SimTime,
    /// When the backend acknowledged it.
    pub(crate) accepted: SimTime,
    /// When the applicant went back and submitted it once more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) submitted_again: Option<SimTime>,
    /// What the applicant was told in the end, and when.
    pub(crate) told: Option<Told>,
    /// When the applicant first saw that people look at it.
    pub(crate) review_seen: Option<SimTime>,
}

/// The outcome of an attempt, as the applicant saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Told {
    pub(crate) shown: Shown,
    pub(crate) at: SimTime,
}

/// The review queue's depth at one moment, as the backend says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DepthRow {
    pub(crate) at: SimTime,
    pub(crate) waiting: u64,
    pub(crate) claimed: u64,
}

/// A case that a reviewer worked on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReviewRow {
    pub(crate) case: String,
    pub(crate) applicant: ApplicantKey,
    pub(crate) reviewer: u32,
    /// When the backend says that it opened the case.
    pub(crate) opened: Option<SimTime>,
    pub(crate) claimed: SimTime,
    /// When the backend acknowledged the decision; none when the run ended before.
    pub(crate) decided: Option<SimTime>,
    /// When the backend said instead that the case needs no decision any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) settled: Option<SimTime>,
    pub(crate) decision: ReviewDecision,
}

/// What the backend says of an applicant at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AnswerRow {
    pub(crate) applicant: ApplicantKey,
    pub(crate) verification: String,
    pub(crate) at: SimTime,
    /// The backend's own word; none when it did not answer.
    pub(crate) status: Option<String>,
    pub(crate) attempt: u32,
    pub(crate) events: Vec<BackendEvent>,
    /// Whether the world still moved when this was the last time to ask: then nobody can say that nothing more would have come.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) too_early: bool,
}

/// About whom cases were open at the end, as the reviewers' tool says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OpenCases {
    pub(crate) at: SimTime,
    pub(crate) applicants: BTreeSet<ApplicantKey>,
}

/// An event of the backend's audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BackendEvent {
    pub(crate) at: SimTime,
    pub(crate) kind: String,
    pub(crate) attempt: Option<u32>,
    pub(crate) status: Option<String>,
}

/// What the generator says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct GeneratorRow {
    /// Goose users.
    pub(crate) workers: u32,
    /// Reviewers, as the scenario staffs the queue.
    pub(crate) reviewers: u32,
    /// Steps performed.
    pub(crate) steps: u64,
    /// Requests that Goose counted itself.
    pub(crate) goose_requests: u64,
    /// Steps that ended in a panic.
    pub(crate) panics: u64,
    /// The most workers busy at once.
    pub(crate) busy_max: u32,
    /// When the last thing was observed.
    pub(crate) observed_until: SimTime,
}
