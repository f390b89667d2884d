use bytes::Bytes;
use kycsim_scenarios::ApplicantKey;

use super::CallbackUrl;
use crate::id::SessionId;

/// What can be told about a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventKind {
    Decided,
    Expired,
}

/// One thing to tell: the same bytes in every copy and every try.
#[derive(Debug)]
pub(crate) struct Event {
    /// Its id, the same in every copy and every try.
    pub(crate) id: String,
    pub(crate) session: SessionId,
    pub(crate) applicant: ApplicantKey,
    /// The session's attempt it is about.
    pub(crate) attempt: u32,
    pub(crate) to: CallbackUrl,
    /// The session as it was when it changed, in the dialect's words.
    pub(crate) body: Bytes,
}
