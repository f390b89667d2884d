//! Fewer samples with the same story.

use crate::model::Sample;

/// Returns at most about `limit` samples. Each stands for a stretch of the run: rates are its mean, so that areas stay true; levels, the
/// 95th percentile and lag are its highest, so that no peak is smoothed away; the median latency is its middle one.
pub(super) fn thin(series: &[Sample], limit: usize) -> Vec<Sample> {
    let stretch = series.len().div_ceil(limit.max(1)).max(1);
    if stretch == 1 {
        return series.to_vec();
    }
    series.chunks(stretch).map(one_for).collect()
}

fn one_for(samples: &[Sample]) -> Sample {
    let Some(last) = samples.last() else { return Sample::default() };
    Sample {
        at: last.at,
        arrivals_per_second: mean(samples, |s| s.arrivals_per_second),
        decisions_per_second: mean(samples, |s| s.decisions_per_second),
        abandonments_per_second: mean(samples, |s| s.abandonments_per_second),
        vendor_errors_per_second: mean(samples, |s| s.vendor_errors_per_second),
        callbacks_per_second: mean(samples, |s| s.callbacks_per_second),
        in_flight: samples.iter().map(|s| s.in_flight).max().unwrap_or(0),
        awaiting_decision: samples.iter().map(|s| s.awaiting_decision).max().unwrap_or(0),
        review_queue_depth: samples.iter().filter_map(|s| s.review_queue_depth).max(),
        callbacks_pending: samples.iter().map(|s| s.callbacks_pending).max().unwrap_or(0),
        decision_latency_p50: middle(samples.iter().filter_map(|s| s.decision_latency_p50)),
        decision_latency_p95: highest(samples.iter().filter_map(|s| s.decision_latency_p95)),
        lag_p99: highest(samples.iter().filter_map(|s| s.lag_p99)),
    }
}

fn mean(samples: &[Sample], read: fn(&Sample) -> f64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a stretch has few samples")]
    let number = samples.len() as f64;
    samples.iter().map(read).sum::<f64>() / number
}

fn highest(values: impl Iterator<Item = f64>) -> Option<f64> {
    values.max_by(f64::total_cmp)
}

fn middle(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(at: u32, arrivals: f64, depth: u64) -> Sample {
        Sample { at: f64::from(at), arrivals_per_second: arrivals, review_queue_depth: Some(depth), ..Sample::default() }
    }

    #[test]
    fn a_short_series_stays_as_it_is() {
        let series = [sample(1, 2.0, 3), sample(2, 4.0, 5)];
        assert_eq!(thin(&series, 600), series);
        assert!(thin(&[], 600).is_empty());
    }

    #[test]
    fn a_stretch_keeps_the_mean_of_rates_and_the_peak_of_levels() {
        let series = [sample(1, 2.0, 9), sample(2, 4.0, 5), sample(3, 1.0, 1)];
        assert_eq!(thin(&series, 2), [sample(2, 3.0, 9), sample(3, 1.0, 1)]);
    }
}
