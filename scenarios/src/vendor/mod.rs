//! The vendor as a pure model: sessions and their states, what is decided and when, which callbacks follow, how a request is answered.
//!
//! Nothing here opens a socket, reads a clock or names a real vendor. Start with [`plan_decision`]; the simulator performs what it returns over HTTP,
//! the planner in virtual time.

mod callback;
mod decision;
mod fault;
mod plan;
mod request;
mod session;

pub use callback::{CallbackGate, retry_delay};
pub use decision::{Decision, Outcome, Reason};
pub use plan::{Effect, Planned, plan_decision};
pub use fault::{Befalling, Fault, FaultKind, ResetMoment};
pub use request::{Answer, Operation, RequestFacts, answer};
pub use session::{IllegalTransition, SessionEvent, SessionState, Status};
