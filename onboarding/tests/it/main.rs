//! The backend through its public HTTP API, with a fake vendor beside it and a clock that the test moves.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its world has failed")]

mod callbacks;
mod changes;
mod clock;
mod journey;
mod limits;
mod onfido;
mod order;
mod outbox;
mod restart;
mod reviews;
mod stripe;
mod time;
mod vendor;
mod world;
