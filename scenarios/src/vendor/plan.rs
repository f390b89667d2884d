use std::time::Duration;

use rand::RngExt;

use super::decision::Decision;
use super::order::Order;
use crate::fate::{Fate, Purpose};
use crate::language::{Callbacks, Progress, Vendor};
use crate::time::SimTime;

/// How an examination goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examination {
    /// What it ends with.
    pub decision: Decision,
    /// What ends it.
    pub ends: Ends,
    /// Whether the decision is told before the submission has been answered.
    pub early: bool,
    /// How long after the decision `processing` is told; none: at once, as it should be.
    pub processing_after: Option<Duration>,
}

/// What ends an examination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// So long after the submission.
    After(Duration),
    /// Having been read so many times.
    AfterPolls(u32),
    /// A command.
    OnCommand,
}

/// How long after the decision an event is told that should have come before it.
const OUT_OF_ORDER_BY: Duration = Duration::from_millis(500);

/// Works out how the examination of `attempt` goes. Touches nothing.
///
/// Length and outcome depend on the applicant, the attempt and what was ordered alone, so no incident and no neighbour changes them.
#[must_use]
pub fn plan_examination(vendor: &Vendor, order: Option<&Order>, fate: &Fate, attempt: u32) -> Examination {
    let callbacks = order.and_then(|order| order.callbacks.as_ref()).unwrap_or(&vendor.callbacks);
    let (early, reordered) = told_out_of_order(callbacks, fate, attempt);
    let ordered_delay = order.and_then(|order| order.decision_delay);
    let progress = match order.and_then(|order| order.progress) {
        Some(progress) => progress,
        None if ordered_delay.is_some() => Progress::Time,
        None => vendor.progress,
    };
    let ends = match progress {
        _ if early => Ends::After(Duration::ZERO),
        Progress::Time => Ends::After(match ordered_delay {
            Some(delay) => delay.length(),
            None => vendor.decision_delay.sample(&mut fate.rng(Purpose::DecisionDelay, attempt)),
        }),
        Progress::Polls => Ends::AfterPolls(vendor.polls.value()),
        Progress::Command => Ends::OnCommand,
    };
    Examination { decision: decide(vendor, order, fate, attempt), ends, early, processing_after: reordered.then_some(OUT_OF_ORDER_BY) }
}

fn decide(vendor: &Vendor, order: Option<&Order>, fate: &Fate, attempt: u32) -> Decision {
    let ordered = order.and_then(|order| order.outcome.map(|outcome| (outcome, order.reasons.clone())));
    let (outcome, reasons) = ordered.unwrap_or_else(|| vendor.outcomes.sample(&mut fate.rng(Purpose::Outcome, attempt)));
    Decision { attempt, outcome, reasons }
}

fn told_out_of_order(callbacks: &Callbacks, fate: &Fate, attempt: u32) -> (bool, bool) {
    if callbacks.early.value() <= 0.0 && callbacks.reordered.value() <= 0.0 {
        return (false, false);
    }
    let mut rng = fate.rng(Purpose::CallbackOrder, attempt);
    (rng.random::<f64>() < callbacks.early.value(), rng.random::<f64>() < callbacks.reordered.value())
}

/// Works out whether the decision that was made at `decided` is changed later, when, and into what. Touches nothing.
#[must_use]
pub fn plan_revision(vendor: &Vendor, fate: &Fate, decision: &Decision, decided: SimTime) -> Option<(SimTime, Decision)> {
    if vendor.revision.is_empty() {
        return None;
    }
    let mut rng = fate.rng(Purpose::Revision, decision.attempt);
    // All are drawn, in the order of the file, whatever the decision: changing one leaves the others as they were.
    let drawn: Vec<_> = vendor.revision.iter().map(|revision| (revision.from(), revision.sample(&mut rng))).collect();
    let (after, outcome, reasons) = drawn.into_iter().find_map(|(from, change)| change.filter(|_| from == decision.outcome))?;
    Some((decided.saturating_add(after), Decision { attempt: decision.attempt, outcome, reasons }))
}
