//! The vendor's side of HTTP/1 and HTTP/2, over TCP and TLS: connections, requests, bodies, and every fault as it shows on the wire.
//!
//! It knows no vendor and decides nothing: a dialect says what a request means, the tenant what becomes of it. From the outside in: `accept` takes
//! connections, `connection` attends one, over a `line` that can spoil what it carries; `exchange` answers one request; `fault` says what each fault is.

mod accept;
mod answer;
mod body;
mod connection;
mod exchange;
mod fault;
mod form;
mod line;
mod order;
mod socket;
mod spoil;
#[cfg(feature = "tls")]
mod tls;
mod visitor;

pub(crate) use accept::Server;
#[cfg(feature = "wiremock")]
pub(crate) use exchange::Heard;
#[cfg(any(feature = "fuzzing", feature = "wiremock"))]
pub(crate) use exchange::hear;
#[cfg(feature = "wiremock")]
pub(crate) use fault::{HTML, break_json, gateway_page};
pub(crate) use form::{Form, Part};
#[cfg(feature = "tls")]
pub use tls::{InvalidTls, Tls};
