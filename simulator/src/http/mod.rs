//! The vendor's side of HTTP/1: connections, requests, bodies, and the faults that need a socket.
//!
//! It knows no vendor and decides nothing: a dialect says what a request means, the tenant what becomes of it.

mod accept;
mod body;
mod exchange;
mod form;
mod line;

pub(crate) use accept::Server;
pub(crate) use form::{Form, Part};
