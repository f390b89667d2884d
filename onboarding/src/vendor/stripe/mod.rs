//! Stripe Identity, as its documents and official libraries have it (read for this adapter on 2026-11-22).
//!
//! One verification session takes all attempts. Nothing numbers them, nothing has a version, and there is no status that says "failed": a failed session waits
//! for input again, with its last error. So an event is a hint, the session is asked for, and `wire` finds out which attempt its answer is about.

mod client;
mod errors;
mod page_keys;
mod signature;
mod wire;

pub(super) use client::Vendor;
pub(super) use wire::read_callback;
