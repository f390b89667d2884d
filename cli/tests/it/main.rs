//! The command as its users meet it: processes, exit codes, streams and files.

#![expect(clippy::unwrap_used, reason = "a test may panic; that is how it fails")]

mod bad_input;
mod command;
mod crash;
mod ctl;
mod dialect_pages;
mod incident_page;
mod interrupt;
mod invariants;
mod load;
mod objectives;
mod objectives_page;
mod only;
mod recorded;
mod scenario;
mod vendor_doc;
mod vendor_state;
