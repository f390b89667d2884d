//! The manual review queue: its depth as the backend says, held against Little's law from our own event times.

use std::collections::BTreeSet;

use kycsim_reports::model::ReviewSummary;
use kycsim_scenarios::{ApplicantKey, SimTime};

use super::truth::Truth;
use crate::record::{DepthRow, Records};

/// By how much L and λW may differ before it is a finding: a fifth, or half a case for a queue that is hardly there.
const LITTLE_TOLERANCE_SHARE: f64 = 0.2;
const LITTLE_TOLERANCE_CASES: f64 = 0.5;

pub(super) fn summary(records: &Records, truth: &Truth<'_>) -> ReviewSummary {
    let observed = records.depths.last().map_or(SimTime::ZERO, |row| row.at);
    let depth_mean = time_average(&records.depths);
    let little_lambda_w = lambda_w(records, truth, observed);
    let busy: f64 =
        records.reviews.iter().map(|review| (review.decided.or(review.settled).unwrap_or(observed) - review.claimed).as_secs_f64()).sum();
    let waiting_at_end = waiting_at_end(records, truth).count() as u64;
    let reviewers = records.generator.map_or(records.scenario.review.reviewers.value(), |generator| generator.reviewers);
    let capacity = f64::from(reviewers) * observed.as_secs_f64();
    ReviewSummary {
        reviewers,
        opened: records.reviews.len() as u64 + waiting_at_end,
        decided: records.reviews.iter().filter(|review| review.decided.is_some()).count() as u64,
        depth_max: records.depths.iter().map(|row| row.waiting).max().unwrap_or(0),
        depth_end: records.depths.last().map_or(0, |row| row.waiting),
        depth_mean,
        little_lambda_w,
        occupancy: if capacity > 0.0 { (busy / capacity).min(1.0) } else { 0.0 },
        little_agrees: (depth_mean - little_lambda_w).abs() <= (LITTLE_TOLERANCE_SHARE * depth_mean).max(LITTLE_TOLERANCE_CASES),
    }
}

/// The time-average of the sampled depth: each sample stands until the next.
pub(super) fn time_average(depths: &[DepthRow]) -> f64 {
    let (Some(first), Some(last)) = (depths.first(), depths.last()) else { return 0.0 };
    let length = (last.at - first.at).as_secs_f64();
    if length <= 0.0 {
        return 0.0;
    }
    #[expect(clippy::cast_precision_loss, reason = "a queue's depth")]
    let area: f64 = depths.windows(2).map(|pair| pair[0].waiting as f64 * (pair[1].at - pair[0].at).as_secs_f64()).sum();
    area / length
}

/// λW: the waits of all cases, over the time observed. Opened when the backend accepted the callback that led to the case, by the vendor's ledger;
/// when there was none, when the backend says.
fn lambda_w(records: &Records, truth: &Truth<'_>, observed: SimTime) -> f64 {
    let length = observed.as_secs_f64();
    if length <= 0.0 {
        return 0.0;
    }
    let claimed = records.reviews.iter().filter_map(|review| {
        let opened = truth.last_accepted(&review.applicant, review.claimed).or(review.opened)?;
        Some((review.claimed.min(observed) - opened).as_secs_f64())
    });
    let waiting = waiting_at_end(records, truth).map(|opened| (observed - opened).as_secs_f64());
    claimed.chain(waiting).sum::<f64>() / length
}

/// When each case was opened that nobody had claimed by the end.
fn waiting_at_end<'a>(records: &'a Records, truth: &'a Truth<'_>) -> impl Iterator<Item = SimTime> + 'a {
    let claimed: BTreeSet<&ApplicantKey> = records.reviews.iter().map(|review| &review.applicant).collect();
    records
        .answers
        .values()
        .filter(|answer| answer.status.as_deref() == Some("pending_review"))
        .filter(move |answer| !claimed.contains(&answer.applicant))
        .filter_map(|answer| truth.last_accepted(&answer.applicant, answer.at))
}
