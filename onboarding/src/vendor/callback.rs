//! What a vendor's callback comes to, in words of our own.

use crate::decision::Report;
use crate::id::{ExaminationId, SessionId};

/// A callback that is the vendor's and about something that may be ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Callback {
    pub(crate) subject: Subject,
    pub(crate) news: News,
}

/// A callback under the name that its repetitions share: the vendor's event id, or a digest of what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delivery {
    pub(crate) event: String,
    pub(crate) callback: Callback,
}

/// What a callback is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject {
    Session(SessionId),
    /// What the vendor does about one attempt.
    Examination(ExaminationId),
}

impl Subject {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Session(id) => id.as_str(),
            Self::Examination(id) => id.as_str(),
        }
    }
}

/// What a callback says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum News {
    /// Where the session stands, with a version that says whether it is new.
    Report(Report),
    /// Something has happened. What it is the vendor must be asked: it did not say, or without a version what it said may be old.
    Hint,
    /// Work goes on, and nothing was decided.
    Nothing,
    /// Something that we have no word for.
    NotUnderstood,
}

/// Why a callback was not taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HearError {
    #[error(transparent)]
    NotTheVendors(#[from] SignatureError),
    #[error(transparent)]
    Malformed(#[from] MalformedError),
}

/// Why a callback is not believed to be the vendor's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SignatureError {
    #[error("a header is missing or malformed")]
    Headers,
    #[error("the timestamp is too far from now")]
    Timestamp,
    #[error("no signature holds")]
    Signature,
}

/// Not what the vendor's documents promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the vendor's JSON, or it names nothing")]
pub(crate) struct MalformedError;
