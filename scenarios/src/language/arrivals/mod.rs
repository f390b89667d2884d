//! When applicants come.

mod rate;
mod schedule;
mod trace;

use std::num::NonZeroU32;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::distribution::Distribution;
use super::quantity::{Period, QuantityError, Rate};
pub use rate::{Diurnal, RateProfile, RateStep, Spike};
pub use schedule::{Arrival, Schedule};
pub use trace::{TRACE_MAX, Trace};

/// The most users that a closed model may have: each is an entry of the agenda from the start.
const USERS_MAX: u32 = 1_000_000;

/// When applicants come, and for how long they keep coming.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "RawArrivals", into = "RawArrivals")]
#[schemars(with = "RawArrivals")]
pub struct Arrivals {
    /// What brings them.
    pub pattern: Pattern,
    /// How long they keep coming.
    pub duration: Period,
}

/// What brings applicants.
#[derive(Debug, Clone, PartialEq)]
pub enum Pattern {
    /// An open model: they come whether or not the system keeps up.
    Open(Open),
    /// They come as they were recorded, whether or not the system keeps up.
    Trace(Trace),
    /// A closed model: so many at a time, and the next comes when one has ended. A slow system gets fewer of them, which hides how slow it is.
    Closed(Closed),
}

/// Applicants who come by a rate.
#[derive(Debug, Clone, PartialEq)]
pub struct Open {
    /// How regular they are.
    pub process: Process,
    /// How many a second.
    pub rate: RateProfile,
    /// The swing of the day.
    pub diurnal: Option<Diurnal>,
    /// Who comes all at once.
    pub spikes: Vec<Spike>,
}

/// How regular arrivals are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Process {
    /// Evenly spaced.
    Constant,
    /// Independent of each other, as people are.
    Poisson,
}

/// So many at a time.
#[derive(Debug, Clone, PartialEq)]
pub struct Closed {
    /// How many there are at a time.
    pub users: NonZeroU32,
    /// How long after one journey has ended the next begins; the first begins so long after the start.
    pub think_time: Distribution,
}

/// What a file says, key by key; [`Arrivals`] is the checked form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawArrivals {
    /// What brings them.
    process: Word,
    /// `constant` and `poisson`: how many a second. One entry for each change, the first at `0s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rate: Option<RateProfile>,
    /// `constant` and `poisson`: the swing of the day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    diurnal: Option<Diurnal>,
    /// `constant` and `poisson`: who comes all at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    spikes: Vec<Spike>,
    /// `trace`: where they were recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trace: Option<Trace>,
    /// `closed`: how many there are at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    users: Option<NonZeroU32>,
    /// `closed`: how long after one journey has ended the next begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    think_time: Option<Distribution>,
    /// How long they keep coming.
    duration: Period,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Word {
    /// By a rate, evenly spaced.
    Constant,
    /// By a rate, independent of each other, as people are.
    Poisson,
    /// As they were recorded.
    Trace,
    /// So many at a time: the next comes when one has ended.
    Closed,
}

impl Word {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Poisson => "poisson",
            Self::Trace => "trace",
            Self::Closed => "closed",
        }
    }
}

impl TryFrom<RawArrivals> for Arrivals {
    type Error = QuantityError;

    fn try_from(raw: RawArrivals) -> Result<Self, QuantityError> {
        let RawArrivals { process, rate, diurnal, spikes, trace, users, think_time, duration } = raw;
        let (open, word) = (matches!(process, Word::Constant | Word::Poisson), process.as_str());
        let stray = [
            ("rate", rate.is_some() && !open),
            ("diurnal", diurnal.is_some() && !open),
            ("spikes", !spikes.is_empty() && !open),
            ("trace", trace.is_some() && process != Word::Trace),
            ("users", users.is_some() && process != Word::Closed),
            ("think_time", think_time.is_some() && process != Word::Closed),
        ];
        if let Some((key, _)) = stray.into_iter().find(|(_, stray)| *stray) {
            return Err(QuantityError::new(format!("arrivals of the process `{word}` have no `{key}`")));
        }
        let missing =
            |key: &str, example: &str| QuantityError::new(format!("arrivals of the process `{word}` need `{key}`; write {example}"));
        let pattern = match process {
            Word::Constant | Word::Poisson => Pattern::Open(Open {
                process: if process == Word::Constant { Process::Constant } else { Process::Poisson },
                rate: rate.ok_or_else(|| missing("rate", "rate = [{ at = \"0s\", per_second = 5 }]"))?,
                diurnal: diurnal.map(checked_day).transpose()?,
                spikes: spikes.into_iter().map(checked_spike).collect::<Result<_, _>>()?,
            }),
            Word::Trace => Pattern::Trace(trace.ok_or_else(|| missing("trace", "trace = { file = \"arrivals.csv\" }"))?),
            Word::Closed => Pattern::Closed(Closed {
                users: users.ok_or_else(|| missing("users", "users = 50")).and_then(few_enough)?,
                think_time: think_time.unwrap_or_else(|| Distribution::constant(Duration::ZERO)),
            }),
        };
        Ok(Self { pattern, duration })
    }
}

fn few_enough(users: NonZeroU32) -> Result<NonZeroU32, QuantityError> {
    if users.get() <= USERS_MAX {
        Ok(users)
    } else {
        Err(QuantityError::new(format!("{users} users are too many; write at most {USERS_MAX}")))
    }
}

fn checked_day(day: Diurnal) -> Result<Diurnal, QuantityError> {
    if day.period.length().is_zero() {
        Err(QuantityError::new("a day of no length has no swing; give `diurnal` a `period`"))
    } else {
        Ok(day)
    }
}

fn checked_spike(spike: Spike) -> Result<Spike, QuantityError> {
    if spike.over.length().is_zero() {
        return Err(QuantityError::new("nobody can come in no time at all; spread the spike `over` at least a millisecond"));
    }
    Ok(spike)
}

impl From<Arrivals> for RawArrivals {
    fn from(arrivals: Arrivals) -> Self {
        let Arrivals { pattern, duration } = arrivals;
        let nothing =
            |process| Self { process, rate: None, diurnal: None, spikes: Vec::new(), trace: None, users: None, think_time: None, duration };
        match pattern {
            Pattern::Open(Open { process, rate, diurnal, spikes }) => {
                let process = match process {
                    Process::Constant => Word::Constant,
                    Process::Poisson => Word::Poisson,
                };
                Self { rate: Some(rate), diurnal, spikes, ..nothing(process) }
            }
            Pattern::Trace(trace) => Self { trace: Some(trace), ..nothing(Word::Trace) },
            Pattern::Closed(Closed { users, think_time }) => {
                Self { users: Some(users), think_time: Some(think_time), ..nothing(Word::Closed) }
            }
        }
    }
}

impl Arrivals {
    /// Lets applicants come at one unchanging rate instead, as regular as before: without swings and spikes.
    ///
    /// # Errors
    /// When they do not come by a rate.
    pub fn flatten(&mut self, per_second: Rate) -> Result<(), QuantityError> {
        match &mut self.pattern {
            Pattern::Open(open) => {
                (open.rate, open.diurnal, open.spikes) = (RateProfile::flat(per_second), None, Vec::new());
                Ok(())
            }
            Pattern::Trace(_) => Err(QuantityError::new("its applicants come as they were recorded, and not by a rate")),
            Pattern::Closed(_) => Err(QuantityError::new("its applicants come when others have ended, and not by a rate")),
        }
    }

    /// Whether the next comes only when one has ended.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        matches!(self.pattern, Pattern::Closed(_))
    }

    /// The trace that they follow, if they follow one.
    #[must_use]
    pub const fn trace(&self) -> Option<&Trace> {
        match &self.pattern {
            Pattern::Trace(trace) => Some(trace),
            Pattern::Open(_) | Pattern::Closed(_) => None,
        }
    }

    /// The trace that they follow, if they follow one.
    pub const fn trace_mut(&mut self) -> Option<&mut Trace> {
        match &mut self.pattern {
            Pattern::Trace(trace) => Some(trace),
            Pattern::Open(_) | Pattern::Closed(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
