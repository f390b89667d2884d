use std::time::Duration;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::quantity::{Period, QuantityError, Rate};
use crate::fate::{Purpose, world_rng};
use crate::time::SimTime;

/// When applicants come. An open model: they come whether or not the system keeps up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Arrivals {
    /// How regular they are.
    pub process: Process,
    /// How many a second: one entry for each change, the first at `0s`.
    pub rate: RateProfile,
    /// How long they keep coming.
    pub duration: Period,
}

/// How regular arrivals are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Process {
    /// Evenly spaced.
    Constant,
    /// Independent of each other, as people are.
    Poisson,
}

/// A rate that changes in steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Vec<RateStep>", into = "Vec<RateStep>")]
#[schemars(with = "Vec<RateStep>")]
pub struct RateProfile(Vec<RateStep>);

/// From `at` on, `per_second` applicants come.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RateStep {
    /// Since when.
    pub at: Period,
    /// How many a second.
    pub per_second: Rate,
}

impl RateProfile {
    /// Returns the profile of one unchanging rate.
    #[must_use]
    pub fn flat(per_second: Rate) -> Self {
        Self(vec![RateStep { at: Period::new(Duration::ZERO), per_second }])
    }

    /// The steps, in order of time.
    #[must_use]
    pub fn steps(&self) -> &[RateStep] {
        &self.0
    }

    /// The highest rate of all steps, per second.
    #[must_use]
    pub fn peak(&self) -> f64 {
        self.0.iter().map(|step| step.per_second.value()).fold(0.0, f64::max)
    }

    /// Returns the moment, in seconds, by which `expected` arrivals are expected since the beginning.
    fn moment_of(&self, expected: f64) -> f64 {
        let mut left = expected;
        for (index, step) in self.0.iter().enumerate() {
            let from = step.at.length().as_secs_f64();
            let rate = step.per_second.value();
            let in_step = self.0.get(index + 1).map_or(f64::INFINITY, |next| (next.at.length().as_secs_f64() - from) * rate);
            if left <= in_step {
                return from + left / rate;
            }
            left -= in_step;
        }
        f64::INFINITY // a profile is never empty, and its last step never ends
    }
}

impl TryFrom<Vec<RateStep>> for RateProfile {
    type Error = QuantityError;

    fn try_from(steps: Vec<RateStep>) -> Result<Self, QuantityError> {
        match steps.first() {
            None => return Err(QuantityError::new("the list of rates is empty; write [{ at = \"0s\", per_second = 5 }]")),
            Some(first) if !first.at.length().is_zero() => {
                return Err(QuantityError::new(format!("the first rate must begin at \"0s\", not at \"{}\"", first.at)));
            }
            Some(_) => {}
        }
        if let Some(pair) = steps.windows(2).find(|pair| pair[0].at >= pair[1].at) {
            return Err(QuantityError::new(format!(
                "rates must be in order of time, but \"{}\" comes before \"{}\"",
                pair[0].at, pair[1].at
            )));
        }
        Ok(Self(steps))
    }
}

impl From<RateProfile> for Vec<RateStep> {
    fn from(profile: RateProfile) -> Self {
        profile.0
    }
}

impl Arrivals {
    /// Returns the moments of arrival, in order.
    ///
    /// A rate that changes is a change of time: unit-rate arrivals, laid out by the rate's integral, so no candidate is thrown away.
    #[must_use]
    pub fn schedule(&self, seed: u64) -> Schedule<'_> {
        Schedule { arrivals: self, rng: world_rng(seed, Purpose::Arrivals), expected: 0.0 }
    }
}

/// The moments of arrival; ends with the arrivals' duration.
#[derive(Debug)]
pub struct Schedule<'a> {
    arrivals: &'a Arrivals,
    rng: ChaCha8Rng,
    expected: f64,
}

impl Iterator for Schedule<'_> {
    type Item = SimTime;

    fn next(&mut self) -> Option<SimTime> {
        let moment = match self.arrivals.process {
            // The first comes at once: the k-th of n evenly spaced arrivals stands at the beginning of its slot.
            Process::Constant => {
                let moment = self.arrivals.rate.moment_of(self.expected);
                self.expected += 1.0;
                moment
            }
            Process::Poisson => {
                self.expected += -(1.0 - self.rng.random::<f64>()).ln();
                self.arrivals.rate.moment_of(self.expected)
            }
        };
        let moment = Duration::try_from_secs_f64(moment).ok()?;
        (moment < self.arrivals.duration.length()).then(|| SimTime::from_start(moment))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrivals(process: Process, steps: &[(u64, f64)], duration: u64) -> Arrivals {
        let steps: Vec<_> = steps
            .iter()
            .map(|&(at, per_second)| RateStep { at: Period::from_millis(at * 1000), per_second: Rate::new(per_second).unwrap() })
            .collect();
        Arrivals { process, rate: RateProfile::try_from(steps).unwrap(), duration: Period::from_millis(duration * 1000) }
    }

    #[test]
    fn constant_arrivals_are_evenly_spaced() {
        let moments: Vec<u64> = arrivals(Process::Constant, &[(0, 4.0)], 1).schedule(1).map(SimTime::as_micros).collect();
        assert_eq!(moments, [0, 250_000, 500_000, 750_000]);
    }

    #[test]
    fn a_changed_rate_holds_from_its_step_on() {
        let arrivals = arrivals(Process::Constant, &[(0, 1.0), (10, 10.0)], 20);
        let (calm, busy): (Vec<_>, Vec<_>) = arrivals.schedule(1).partition(|at| at.as_secs_f64() < 10.0);
        assert_eq!((calm.len(), busy.len()), (10, 100));
    }

    #[test]
    fn poisson_arrivals_have_the_mean_and_the_spread_of_poisson() {
        let counts: Vec<f64> =
            (0..400).map(|seed| arrivals(Process::Poisson, &[(0, 5.0), (10, 20.0)], 20).schedule(seed).count() as f64).collect();
        let mean = counts.iter().sum::<f64>() / 400.0;
        let variance = counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / 399.0;
        // Expected: 250, with variance 250. Four standard errors: 3.2 on the mean, 71 on the variance.
        assert!((mean - 250.0).abs() < 3.2, "{mean}");
        assert!((variance - 250.0).abs() < 71.0, "{variance}");
    }

    #[test]
    fn the_same_seed_gives_the_same_schedule() {
        let arrivals = arrivals(Process::Poisson, &[(0, 5.0)], 60);
        assert!(arrivals.schedule(3).eq(arrivals.schedule(3)));
        assert!(!arrivals.schedule(3).eq(arrivals.schedule(4)));
    }

    #[test]
    fn rates_out_of_order_are_refused() {
        let step = |at| RateStep { at: Period::from_millis(at), per_second: Rate::new(1.0).unwrap() };
        assert!(RateProfile::try_from(vec![]).is_err());
        assert!(RateProfile::try_from(vec![step(1)]).is_err());
        assert!(RateProfile::try_from(vec![step(0), step(5), step(5)]).is_err());
    }
}
