use std::time::Duration;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::rate::Intensity;
use super::{Arrivals, Closed, Open, Pattern, Process};
use crate::fate::{ApplicantKey, Fate, Purpose, world_rng};
use crate::time::SimTime;

/// One applicant's arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// When.
    pub at: SimTime,
    /// The applicant's number in the schedule, from 0: it says who they are.
    pub number: u64,
}

impl Arrivals {
    /// Returns the arrivals that are known beforehand, in order: all of an open model, and the first of each user of a closed one.
    #[must_use]
    pub fn schedule(&self, seed: u64) -> Schedule<'_> {
        let moments = match &self.pattern {
            Pattern::Open(Open { process, rate, diurnal, spikes }) => Moments::Rate {
                process: *process,
                intensity: Intensity::new(rate, *diurnal, spikes),
                rng: Box::new(world_rng(seed, Purpose::Arrivals)),
                expected: 0.0,
            },
            Pattern::Trace(trace) => Moments::Recorded(trace.moments()),
            Pattern::Closed(closed) => Moments::First(closed.first(seed)),
        };
        Schedule { moments, number: 0, until: SimTime::from_start(self.duration.length()) }
    }

    /// Returns the arrival that follows in a closed model when the journey of applicant `number` has ended; none in an open one, and none when it is too late.
    ///
    /// A user's applicants are numbered apart from those of others, so that who they are does not depend on who was faster.
    #[must_use]
    pub fn after(&self, number: u64, ended: SimTime, seed: u64) -> Option<Arrival> {
        let Pattern::Closed(closed) = &self.pattern else { return None };
        let number = number.checked_add(closed.users.get().into())?;
        let at = ended.saturating_add(closed.thinks_before(number, seed));
        (at < SimTime::from_start(self.duration.length())).then_some(Arrival { at, number })
    }
}

impl Closed {
    fn thinks_before(&self, number: u64, seed: u64) -> Duration {
        self.think_time.sample(&mut Fate::new(seed, ApplicantKey::numbered(number)).rng(Purpose::ThinkTime, 0))
    }

    fn first(&self, seed: u64) -> std::vec::IntoIter<Arrival> {
        let users = 0..u64::from(self.users.get());
        let mut first: Vec<Arrival> =
            users.map(|number| Arrival { at: SimTime::from_start(self.thinks_before(number, seed)), number }).collect();
        first.sort_by_key(|arrival| (arrival.at, arrival.number));
        first.into_iter()
    }
}

/// The moments of arrival; ends with the arrivals' duration.
///
/// A rate that changes is a change of time: unit-rate arrivals, laid out by the rate's integral, so no candidate is thrown away.
#[derive(Debug)]
pub struct Schedule<'a> {
    moments: Moments<'a>,
    number: u64,
    until: SimTime,
}

#[derive(Debug)]
enum Moments<'a> {
    Rate {
        process: Process,
        intensity: Intensity,
        rng: Box<ChaCha8Rng>,
        /// How many are expected by the last one.
        expected: f64,
    },
    Recorded(&'a [SimTime]),
    First(std::vec::IntoIter<Arrival>),
}

impl Iterator for Schedule<'_> {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        let arrival = match &mut self.moments {
            Moments::First(users) => users.next()?,
            Moments::Recorded(moments) => {
                let (at, later) = moments.split_first()?;
                *moments = later;
                Arrival { at: *at, number: self.number }
            }
            Moments::Rate { process, intensity, rng, expected } => {
                let moment = match process {
                    // The first comes at once: the k-th of n evenly spaced arrivals stands at the beginning of its slot.
                    Process::Constant => {
                        let moment = intensity.moment_of(*expected);
                        *expected += 1.0;
                        moment
                    }
                    Process::Poisson => {
                        *expected += -(1.0 - rng.random::<f64>()).ln();
                        intensity.moment_of(*expected)
                    }
                };
                Arrival { at: SimTime::from_start(Duration::try_from_secs_f64(moment).ok()?), number: self.number }
            }
        };
        self.number += 1;
        (arrival.at < self.until).then_some(arrival)
    }
}
