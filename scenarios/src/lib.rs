//! The scenario language, the pure model, and the shipped catalogue.
//!
//! What *should* happen, as functions of values: an applicant's [`fate`], their [`journey`], what the [`vendor`] decides and sends, in which order
//! ([`agenda`]), and what is written down about it ([`ledger`]). The simulator and the load test perform it over HTTP in real time; a planner can perform the
//! same in virtual time. Nothing here may open a socket, read a clock, draw from a shared generator or name a real vendor.
//!
//! Start with [`language::Scenario`], [`vendor::plan_examination`] and [`journey::Journey`].

#![warn(missing_docs)]

pub mod agenda;
pub mod catalogue;
pub mod fate;
pub mod incidents;
pub mod journey;
pub mod language;
pub mod ledger;
pub mod schema;
mod shard;
mod time;
pub mod vendor;
mod words;

pub use agenda::Agenda;
pub use fate::{ApplicantKey, Fate, Purpose};
pub use language::Scenario;
pub use shard::Shard;
pub use time::SimTime;
