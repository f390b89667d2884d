//! The manual review queue: where a decision is made by people.

mod case;
mod decide;
mod queue;

pub(crate) use case::{Case, CaseStatus, Order, ReviewerName, Ruling};
pub(crate) use decide::{DecideError, decide};
pub(crate) use queue::{claim, decided_by_people, list, open, summary, withdraw};
