//! The scenario language and the pure vendor, through their public interface.

#![expect(clippy::unwrap_used, reason = "a test may panic; that is how it fails")]

mod errors;
mod incidents;
mod objectives;
mod objectives_page;
mod plan;
mod readme;
mod schema;
