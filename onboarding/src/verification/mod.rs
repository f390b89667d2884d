//! A verification: from the first picture to the submission. What follows is in [`decision`](crate::decision).

mod capture;
mod examination;
mod row;
mod start;
mod status;
mod submit;

pub(crate) use capture::{CaptureError, ImageKind, capture};
pub(crate) use row::Verification;
pub(crate) use start::{StartError, StartRequest, issue_capture_token, start};
pub(crate) use status::{IllegalMove, Move, Status};
pub(crate) use submit::{SubmitError, submit};
