use std::collections::BTreeMap;

use kycsim_reports::model::{Breakdown, Slice};
use kycsim_scenarios::vendor::Outcome;

use super::truth::Truth;
use crate::record::{EndRow, JourneyRow, new_histogram};

/// Divides outcomes by reason, country, device and document.
pub(super) fn breakdowns(journeys: &[JourneyRow], truth: &Truth<'_>) -> Vec<Breakdown> {
    let by = |name: &str, values: &dyn Fn(&JourneyRow) -> Vec<String>| breakdown(name, journeys, values);
    vec![
        by("reason", &|journey| reasons(journey, truth)),
        by("country", &|journey| vec![journey.country.to_string()]),
        by("device", &|journey| vec![journey.device.to_string()]),
        by("document", &|journey| vec![journey.document.to_string()]),
    ]
}

/// Every reason the vendor gave about an applicant, over all attempts; an approval needs none.
fn reasons(journey: &JourneyRow, truth: &Truth<'_>) -> Vec<String> {
    let mut reasons: Vec<String> = journey
        .attempts
        .iter()
        .filter_map(|attempt| truth.attempt(&journey.applicant, attempt.attempt).decided)
        .filter(|(_, decision)| decision.outcome != Outcome::Approved)
        .flat_map(|(_, decision)| decision.reasons.iter().map(ToString::to_string))
        .collect();
    reasons.sort_unstable();
    reasons.dedup();
    reasons
}

fn breakdown(name: &str, journeys: &[JourneyRow], values: &dyn Fn(&JourneyRow) -> Vec<String>) -> Breakdown {
    let mut groups: BTreeMap<String, Vec<&JourneyRow>> = BTreeMap::new();
    for journey in journeys {
        for value in values(journey) {
            groups.entry(value).or_default().push(journey);
        }
    }
    let mut slices: Vec<Slice> = groups.into_iter().map(|(value, journeys)| slice(value, &journeys)).collect();
    slices.sort_by_key(|slice| std::cmp::Reverse(slice.applicants)); // stable: equals stay in alphabetical order
    Breakdown { by: name.to_owned(), slices }
}

fn slice(value: String, journeys: &[&JourneyRow]) -> Slice {
    let mut slice = Slice {
        value,
        applicants: journeys.len() as u64,
        approved: 0,
        rejected: 0,
        abandoned: 0,
        open: 0,
        decision_latency_p50: None,
        decision_latency_p95: None,
    };
    let mut latency = new_histogram();
    for journey in journeys {
        match journey.end {
            Some(EndRow::Approved { .. }) => slice.approved += 1,
            Some(EndRow::Rejected { .. }) => slice.rejected += 1,
            Some(EndRow::Abandoned { .. }) => slice.abandoned += 1,
            Some(EndRow::Expired { .. }) | None => slice.open += 1,
        }
        for attempt in &journey.attempts {
            if let Some(told) = attempt.told {
                let micros = (told.at - attempt.due).as_micros();
                latency.saturating_record(u64::try_from(micros).unwrap_or(u64::MAX).max(1));
            }
        }
    }
    if !latency.is_empty() {
        #[expect(clippy::cast_precision_loss, reason = "microseconds below an hour")]
        let at = |quantile| latency.value_at_quantile(quantile) as f64 / 1e6;
        (slice.decision_latency_p50, slice.decision_latency_p95) = (Some(at(0.5)), Some(at(0.95)));
    }
    slice
}
