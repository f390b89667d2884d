//! What the vendor must still be told, durably.
//!
//! A submission writes its steps here in the same change that makes it a submission. A worker performs them, each
//! verification's in order, many verifications at once, until they succeed or people take over.

mod perform;
mod queue;
mod worker;

pub(crate) use queue::{discard, enqueue};
pub(crate) use worker::run;
