//! The vendor calls: verified, stored, applied, and only then acknowledged.

mod receive;
mod signature;

pub(crate) use receive::{ReceiveError, apply_parked, receive};
pub(crate) use signature::SignedHeaders;
