//! The subcommands, one file each.

pub(crate) mod backend;
pub(crate) mod capacity;
pub(crate) mod ctl;
pub(crate) mod merge;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod scenario;
pub(crate) mod vendor;

mod baseline;
mod dialect;
mod load_scenario;
mod result;
mod run_folder;
mod vendor_state;
