//! Callbacks: where they may go, what they say, in which lanes they travel, and how one is delivered.
//!
//! What is due and when is the core's business (`world`); here nothing is decided.

mod address;
mod delivery;
mod endpoint;
mod event;
mod lanes;
mod receivers;
mod resolver;

pub use address::{AllowedHosts, CallbackUrl, InvalidCallbackUrl};
pub(crate) use delivery::{Courier, Sealed, deliver};
pub(crate) use endpoint::Endpoint;
pub(crate) use event::{Event, Terms};
pub(crate) use lanes::{Delivery, Lanes, Sending};
pub(crate) use receivers::{Receiver, Receivers};
