use std::time::Duration;

use rand::RngExt;

use super::decision::Decision;
use crate::fate::{Fate, Purpose};
use crate::language::Vendor;
use crate::time::SimTime;

/// One thing the shell must do, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// When.
    pub due: SimTime,
    /// What.
    pub effect: Effect,
}

/// What the vendor does of its own accord.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// End the examination.
    Decide(Decision),
    /// Send the decision's callback, for the first time (`copy` 0) or once more.
    SendCallback {
        /// Which copy of the event.
        copy: u32,
    },
    /// Never send it: the backend must find out by asking.
    LoseCallback,
}

/// Works out everything that follows from a submission of `attempt` at `now`. Touches nothing.
///
/// The delay and the outcome depend on the applicant and the attempt alone, so no incident and no neighbour changes them.
#[must_use]
pub fn plan_decision(vendor: &Vendor, fate: &Fate, attempt: u32, now: SimTime) -> Vec<Planned> {
    let (outcome, reasons) = vendor.outcomes.sample(&mut fate.rng(Purpose::Outcome, attempt));
    let decided = now.saturating_add(vendor.decision_delay.sample(&mut fate.rng(Purpose::DecisionDelay, attempt)));
    let mut planned = vec![Planned { due: decided, effect: Effect::Decide(Decision { attempt, outcome, reasons }) }];
    planned.extend(plan_callbacks(vendor, fate, attempt, decided));
    planned
}

fn plan_callbacks(vendor: &Vendor, fate: &Fate, attempt: u32, decided: SimTime) -> Vec<Planned> {
    let callbacks = &vendor.callbacks;
    let mut rng = fate.rng(Purpose::Callback, attempt);
    // Always three draws: changing one defect's probability leaves the others as they were.
    let (lost, duplicated, delay) = (rng.random::<f64>(), rng.random::<f64>(), callbacks.delay.sample(&mut rng));
    let first = decided.saturating_add(delay);
    if lost < callbacks.lost.value() {
        return vec![Planned { due: first, effect: Effect::LoseCallback }];
    }
    let (copies, spacing) = match callbacks.duplicate {
        Some(duplicates) if duplicated < duplicates.probability.value() => (duplicates.copies.value(), duplicates.spacing.length()),
        Some(_) | None => (1, Duration::ZERO),
    };
    (0..copies)
        .map(|copy| Planned { due: first.saturating_add(spacing.saturating_mul(copy)), effect: Effect::SendCallback { copy } })
        .collect()
}
