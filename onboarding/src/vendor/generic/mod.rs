//! The generic vendor, as `docs/dialects/generic.md` describes it.
//!
//! It numbers attempts and versions, and its callbacks tell where a session stands: whatever it says can be weighed as it is.

mod client;
mod errors;
mod signature;
mod wire;

pub(super) use client::Vendor;
pub(super) use wire::read_callback;
