use kycsim_reports::model::FunnelStep;
use kycsim_scenarios::journey::Step;

use crate::record::{EndRow, JourneyRow};

/// Counts who came to each step and what became of them there.
pub(super) fn funnel(journeys: &[JourneyRow]) -> Vec<FunnelStep> {
    Step::ALL.iter().map(|step| count(*step, journeys)).collect()
}

fn count(step: Step, journeys: &[JourneyRow]) -> FunnelStep {
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
