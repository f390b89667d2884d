use kycsim_reports::model::FunnelStep;
use kycsim_scenarios::journey::Step;

use crate::record::{EndRow, JourneyRow};

/// Counts who came to each step and what became of them there.
pub(super) fn funnel<'a>(journeys: impl Iterator<Item = &'a JourneyRow> + Clone) -> Vec<FunnelStep> {
    Step::ALL.iter().map(|step| count(*step, journeys.clone())).collect()
}

/// Of those who came to the pictures: how many left at one of them, and how many came.
pub(super) fn capture(funnel: &[FunnelStep]) -> (u64, u64) {
    let at = |step: Step| funnel.iter().find(|counted| counted.step == step.as_str());
    let left = |step| at(step).map_or(0, |counted| counted.abandoned);
    (left(Step::CaptureDocument) + left(Step::CaptureSelfie), at(Step::CaptureDocument).map_or(0, |counted| counted.entered))
}

fn count<'a>(step: Step, journeys: impl Iterator<Item = &'a JourneyRow>) -> FunnelStep {
    let mut counted = FunnelStep { step: step.to_string(), entered: 0, passed: 0, abandoned: 0, open: 0, retries: 0 };
    for journey in journeys {
        counted.retries += u64::from(journey.retries.get(&step).copied().unwrap_or(0));
        let here = journey.step == step;
        // Whoever was asked for better pictures has been through all the steps before, wherever they stand now.
        let reached = if journey.attempts.is_empty() { journey.step } else { Step::AwaitDecision };
        if step > reached.max(journey.step) {
            continue;
        }
        counted.entered += 1;
        match journey.end {
            Some(EndRow::Abandoned { .. }) if here => counted.abandoned += 1,
            None if here => counted.open += 1,
            Some(EndRow::Approved { .. } | EndRow::Rejected { .. } | EndRow::Expired { .. } | EndRow::Abandoned { .. }) | None => {
                counted.passed += 1;
            }
        }
    }
    counted
}
