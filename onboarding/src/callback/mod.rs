//! The vendor calls: verified, stored, applied, and only then acknowledged.

mod receive;

pub(crate) use receive::{ReceiveError, apply_parked, receive};
