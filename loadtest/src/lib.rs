//! Drives onboarding journeys through a backend with Goose, and judges the outcome.
//!
//! [`Pool::launch`] brings Goose users up as workers; [`play`] sends a scenario's applicants and reviewers through the backend and leaves a
//! [`RunFolder`]; [`assemble()`] makes the result of a folder, whole or cut short, and
//! [`assemble_against`] holds it against another run. There is one way from a run to its result, and it leads over the disk.
//! This crate formats nothing and knows nothing of the vendor but its ledger and its counters.

mod assemble;
pub mod capacity;
mod clock;
mod driver;
mod record;

pub use assemble::{assemble, assemble_against};
pub use clock::RunClock;
pub use driver::{LaunchError, Pictures, PlayError, Pool, Progress, Rehearsal, VendorCounts, VendorWatch, play};
pub use record::{LedgerFile, MergeError, ReadRunError, Records, RunFolder, WriteRunError};
