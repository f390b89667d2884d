use std::time::Duration;

use rand::{Rng, RngExt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use statrs::function::erf::erfc_inv;

use super::quantity::{Period, QuantityError};

/// The 95th percentile of the standard normal distribution.
const NORMAL_P95: f64 = 1.644_853_626_951_472_2;

/// How long something takes, as a distribution.
///
/// Values are drawn by inversion, one uniform number each: with the same fate, a slower distribution is slower for the same applicant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "RawDistribution", into = "RawDistribution")]
#[schemars(with = "RawDistribution")]
pub struct Distribution(RawDistribution);

/// The file's own form; [`Distribution`] is the checked one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "distribution", rename_all = "snake_case", deny_unknown_fields)]
enum RawDistribution {
    /// Always the same; `WireMock`'s word `fixed` is taken too.
    #[serde(alias = "fixed")]
    Constant { value: Period },
    /// Anything from `min` to `max`, equally likely.
    Uniform { min: Period, max: Period },
    /// Memoryless, with this mean.
    Exponential { mean: Period },
    /// Skewed to the right, as most human and machine times are: half below `median`, one in twenty above `p95`.
    Lognormal { median: Period, p95: Period },
    /// One of these measured values, equally likely.
    Empirical { values: Vec<Period> },
}

impl Distribution {
    /// Returns the distribution that always takes `value`.
    #[must_use]
    pub const fn constant(value: Duration) -> Self {
        Self(RawDistribution::Constant { value: Period::new(value) })
    }

    /// Returns the lognormal distribution with this median and 95th percentile.
    ///
    /// # Errors
    /// When the 95th percentile is below the median, or the median is zero.
    pub fn lognormal(median: Duration, p95: Duration) -> Result<Self, QuantityError> {
        Self::try_from(RawDistribution::Lognormal { median: Period::new(median), p95: Period::new(p95) })
    }

    /// The value that it always takes; none when it varies.
    #[must_use]
    pub const fn constant_value(&self) -> Option<Duration> {
        match self.0 {
            RawDistribution::Constant { value } => Some(value.length()),
            RawDistribution::Uniform { .. }
            | RawDistribution::Exponential { .. }
            | RawDistribution::Lognormal { .. }
            | RawDistribution::Empirical { .. } => None,
        }
    }

    /// Draws a value.
    pub fn sample(&self, rng: &mut impl Rng) -> Duration {
        self.quantile(rng.random::<f64>())
    }

    /// Returns the value below which the share `u` of all draws lies; `u` in `0.0..1.0`.
    #[must_use]
    pub fn quantile(&self, u: f64) -> Duration {
        match &self.0 {
            RawDistribution::Constant { value } => value.length(),
            RawDistribution::Uniform { min, max } => min.length() + (max.length() - min.length()).mul_f64(u),
            RawDistribution::Exponential { mean } => scaled(mean.length(), -(1.0 - u).ln()),
            RawDistribution::Lognormal { median, p95 } => {
                let sigma = (p95.length().as_secs_f64() / median.length().as_secs_f64()).ln() / NORMAL_P95;
                let normal = -std::f64::consts::SQRT_2 * erfc_inv(2.0 * u.clamp(1e-12, 1.0 - 1e-12));
                scaled(median.length(), (sigma * normal).exp())
            }
            RawDistribution::Empirical { values } => {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "u is in 0..1, so this is an index of the list"
                )]
                let index = (u * values.len() as f64) as usize;
                values[index.min(values.len() - 1)].length()
            }
        }
    }
}

/// `base × factor`, without the panic that `Duration::mul_f64` keeps for what does not fit.
fn scaled(base: Duration, factor: f64) -> Duration {
    Duration::try_from_secs_f64(base.as_secs_f64() * factor).unwrap_or(Duration::MAX)
}

impl TryFrom<RawDistribution> for Distribution {
    type Error = QuantityError;

    fn try_from(raw: RawDistribution) -> Result<Self, QuantityError> {
        match &raw {
            RawDistribution::Constant { .. } | RawDistribution::Exponential { .. } => {}
            RawDistribution::Uniform { min, max } if min > max => {
                return Err(QuantityError::new(format!("`min` ({min}) is greater than `max` ({max})")));
            }
            RawDistribution::Lognormal { median, .. } if median.length().is_zero() => {
                return Err(QuantityError::new("the `median` of a lognormal distribution must be greater than zero"));
            }
            RawDistribution::Lognormal { median, p95 } if p95 < median => {
                return Err(QuantityError::new(format!("`p95` ({p95}) is less than the `median` ({median})")));
            }
            RawDistribution::Empirical { values } if values.is_empty() => {
                return Err(QuantityError::new("`values` is empty; give at least one measured value"));
            }
            RawDistribution::Uniform { .. } | RawDistribution::Lognormal { .. } | RawDistribution::Empirical { .. } => {}
        }
        Ok(Self(raw))
    }
}

impl From<Distribution> for RawDistribution {
    fn from(distribution: Distribution) -> Self {
        distribution.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn millis(value: u64) -> Duration {
        Duration::from_millis(value)
    }

    #[test]
    fn a_lognormal_has_the_median_and_the_p95_it_was_written_with() {
        let law = Distribution::lognormal(millis(4000), millis(12_600)).unwrap();
        assert!((law.quantile(0.5).as_secs_f64() - 4.0).abs() < 1e-6);
        assert!((law.quantile(0.95).as_secs_f64() - 12.6).abs() < 1e-6);
    }

    #[test]
    fn an_exponential_has_its_mean() {
        let law = Distribution(RawDistribution::Exponential { mean: Period::from_millis(1000) });
        let steps = 100_000;
        let sum: f64 = (0..steps).map(|i| law.quantile((f64::from(i) + 0.5) / f64::from(steps)).as_secs_f64()).sum();
        assert!((sum / f64::from(steps) - 1.0).abs() < 1e-3);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        assert!(Distribution::lognormal(millis(2), millis(1)).is_err());
        assert!(Distribution::lognormal(millis(0), millis(1)).is_err());
        assert!(Distribution::try_from(RawDistribution::Empirical { values: vec![] }).is_err());
        assert!(Distribution::try_from(RawDistribution::Uniform { min: Period::from_millis(2), max: Period::from_millis(1) }).is_err());
    }

    proptest! {
        #[test]
        fn quantiles_never_decrease(u in 0.0_f64..1.0, v in 0.0_f64..1.0, median in 1_u64..100_000, more in 0_u64..100_000) {
            let (low, high) = (u.min(v), u.max(v));
            for law in [
                Distribution::lognormal(millis(median), millis(median + more)).unwrap(),
                Distribution(RawDistribution::Exponential { mean: Period::from_millis(median) }),
                Distribution(RawDistribution::Uniform { min: Period::from_millis(median), max: Period::from_millis(median + more) }),
            ] {
                prop_assert!(law.quantile(low) <= law.quantile(high));
            }
        }
    }
}
