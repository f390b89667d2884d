//! Onfido, API v3.6, as its specification and official libraries have it (read for this adapter on 2026-11-22): applicants, checks and reports.
//!
//! The applicant is our session, and a check is what is done about one attempt. A callback says that a check is complete and not what it found, has no id and
//! no time, and verifies for ever: it is a hint, under a digest of what it says. There is no idempotency, so whoever makes a check looks first.

mod client;
mod country;
mod errors;
mod findings;
mod signature;
mod wire;

pub(super) use client::Vendor;
pub(super) use wire::read_callback;
