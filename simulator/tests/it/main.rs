//! The vendor through its public face: HTTP in, callbacks out. Each test has a vendor and a backend of its own, on ports of their own.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests may panic, and poll by the machine's own time")]

mod admin;
mod advance;
mod behaviour;
mod bounds;
mod callbacks;
mod chromium;
mod conformance;
mod customer;
mod faults;
mod flow;
mod holds;
mod http2;
#[cfg(feature = "wiremock")]
mod mounted;
mod names;
mod onfido;
mod privacy;
mod receiver;
mod repeat;
mod requests;
mod shutdown;
mod snapshot;
mod stage;
mod stripe_identity;
mod tenants;
mod testing;
#[cfg(feature = "tls")]
mod tls;
mod wire;
