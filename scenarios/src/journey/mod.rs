//! One applicant's onboarding as a pure state machine: which step is next and when, what an answer means, when patience ends.
//!
//! The load test performs the steps over HTTP, the planner in virtual time. Start with [`Journey`].

mod capture;
mod machine;
mod step;

pub use capture::Capture;
pub use machine::{Cause, Ending, Journey, Next, Rules};
pub use step::{Shown, Step, StepResult};
