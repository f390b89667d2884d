use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was run, where, and how it ended: written before the first applicant arrives, so that even a killed run can be told apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The run's own name, which is also its folder's: start time, scenario, seed.
    pub id: String,
    /// The version of kycsim that made it.
    pub kycsim: String,
    /// When the schedule began, RFC 3339 in UTC.
    pub started_at: String,
    pub scenario: ScenarioSummary,
    /// The seed every fate was drawn from; with the scenario, it makes the run again.
    pub seed: u64,
    /// The command that repeats this run.
    pub command: String,
    /// The command that plays a single applicant of it again, up to where the applicant's name goes; empty when there is none.
    #[serde(default)]
    pub replay: String,
    pub machine: Machine,
    /// The vendor that was played.
    #[serde(default)]
    pub vendor: VendorPlayed,
    /// Which part of the run it is, such as `3/16`; none: all of it, or all parts joined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<String>,
    pub ended: Ended,
}

/// Which vendor was played, as far as the verdict must know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VendorPlayed {
    /// Whose API it spoke, in the word that scenario files have.
    pub dialect: String,
    /// What its answers tell.
    pub tells: Tells,
    /// Which repeated calls it recognises.
    #[serde(default)]
    pub recognises: Recognises,
}

impl Default for VendorPlayed {
    fn default() -> Self {
        Self { dialect: "generic".to_owned(), tells: Tells::Outcomes, recognises: Recognises::EveryRepetition }
    }
}

/// How much of a vendor's decisions a backend can tell apart. It is not to be blamed for what it was never told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tells {
    /// Approvals, refusals, doubts, and requests for better pictures.
    Outcomes,
    /// Approvals, and everything else: what is not approved may be tried again, or not.
    Approval,
}

/// Whether a vendor can always tell a call that is tried again from a new one. A backend is not to be blamed for a second session that it could not prevent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Recognises {
    /// Always, by the key that comes with it.
    EveryRepetition,
    /// Not always: it knows no keys, or remembers failures under them, so that trying again needs another one.
    #[default]
    SomeRepetitions,
}

/// What a reader must know of the scenario without opening it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioSummary {
    pub name: String,
    /// One sentence: what happens.
    pub summary: String,
    /// What a run of it teaches.
    pub teaches: String,
    /// How long applicants arrive, in seconds.
    pub arrivals_seconds: f64,
}

/// The machine that ran it: figures from different machines are not comparable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    pub os: String,
    pub arch: String,
    pub cores: u32,
    /// Built with or without optimisation: `release` or `debug`.
    pub build: String,
}

/// How the run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// It has not, or it was killed: what is here is what was on disk.
    Unfinished,
    /// Asked to stop (Ctrl-C or SIGTERM) before the schedule was over.
    CutShort,
    /// The whole schedule was played and every journey followed to its end or to the settling deadline.
    Complete,
}
