//! From what the vendor reports to what we decide.
//!
//! [`weigh`] and [`policy`] are pure: a report is an input, the rules are ours. [`apply`] writes down what they say.

mod apply;
mod outcome;
pub(crate) mod policy;
mod reason;
mod weigh;

pub(crate) use apply::{Applied, Heard, apply, expire, refer};
pub(crate) use outcome::{Outcome, Report, SessionState, VendorDecision};
pub(crate) use reason::{Reason, Risk};
pub(crate) use weigh::Why;
