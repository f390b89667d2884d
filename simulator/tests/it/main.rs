//! The vendor through its public face: HTTP in, callbacks out.

mod flow;
mod stage;
