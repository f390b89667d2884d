//! What the animals do, each kind in a file.

mod acknowledging;
mod applicants;
mod asking;
mod believing;
mod calling;

pub(super) use acknowledging::AcknowledgesFirst;
pub(super) use applicants::{ApprovesTheWaiting, SessionAtSignUp, SessionForEachSubmission, TakesAnotherAttemptForTheSame};
pub(super) use asking::AsksAndBelieves;
pub(super) use believing::{Believes, BelievesAnybody, LastCallbackWins};
pub(super) use calling::{ForgetsKeys, TakesUnprocessableForFinal};
