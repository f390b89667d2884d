//! The vendor's HTTP API (`docs/dialects/generic.md`), and the border that its words do not cross.

mod client;
mod error;
mod wire;

pub(crate) use client::{NewSession, Vendor};
pub(crate) use error::{CallError, RETRY_AFTER_MAX, Verdict};
pub(crate) use wire::{MalformedError, Understood, read_callback};
