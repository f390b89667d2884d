use std::time::Duration;

use super::check::Check;
use super::fault::Befalling;
use crate::language::Whom;
use crate::time::SimTime;
use crate::words::words;

words! {
    /// What a request wants, in neutral words; each dialect says which of its endpoints is which.
    Operation {
        /// Begin a session.
        CreateSession = "create_session",
        /// Read a session.
        GetSession = "get_session",
        /// Hand in a picture.
        Upload = "upload",
        /// Ask for a decision.
        Submit = "submit",
        /// Give a session up.
        Cancel = "cancel",
        /// Something about no session: keys, webhook endpoints, files, lists of what has happened.
        Manage = "manage",
        /// The page on which an applicant hands in their pictures to the vendor itself.
        CapturePage = "capture_page",
    }
}

/// What is known of a request before it is answered.
#[derive(Debug, Clone, Copy)]
pub struct RequestFacts<'a> {
    /// What it wants.
    pub operation: Operation,
    /// Which check it serves, if it is an upload.
    pub check: Option<Check>,
    /// Whose it is.
    pub whom: Whom<'a>,
    /// How many requests this applicant's sessions have had before: tells one draw from the next.
    pub occurrence: u32,
    /// When it came.
    pub now: SimTime,
}

/// How a request is to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// Wait this long first.
    pub delay: Duration,
    /// What befalls it then; none: it is answered truly.
    pub befalls: Option<Befalling>,
}
