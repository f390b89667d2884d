//! The vendor as a pure model: sessions and their states, what is decided and when, which callbacks follow, how a request is answered.
//!
//! Nothing here opens a socket, reads a clock or names a real vendor. Start with [`plan_examination`]; the simulator performs what it returns over HTTP,
//! the planner in virtual time.

mod board;
mod callback;
mod check;
mod decision;
mod fault;
mod order;
mod plan;
mod rate_limit;
mod request;
mod session;

pub use board::{Held, IncidentBoard, IncidentId, Standing};
pub use callback::{Defect, PlannedCallback, PlannedCopy, plan_callbacks, retry_delay};
pub use check::{Check, CheckOutcome, CheckResult, check_results};
pub use decision::{Decision, Outcome, Reason};
pub use fault::{Befalling, Fault, FaultKind, ResetMoment};
pub use order::{Order, OrderedResponse, RawOrder};
pub use plan::{Ends, Examination, plan_examination, plan_revision};
pub use rate_limit::{Limited, RateLimiter};
pub use request::{Answer, Operation, RequestFacts};
pub use session::{IllegalTransition, SessionEvent, SessionState, Status};
