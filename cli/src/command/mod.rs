//! The subcommands, one file each.

pub(crate) mod backend;
mod baseline;
pub(crate) mod ctl;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod scenario;
pub(crate) mod vendor;

mod dialect;
mod load_scenario;
mod result;
mod vendor_state;
