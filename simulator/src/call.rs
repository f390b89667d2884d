//! What a customer wants, and what it gets, in neutral words: the language between the core and the dialects.

use kycsim_scenarios::ApplicantKey;
use kycsim_scenarios::language::DocumentKind;
use kycsim_scenarios::vendor::{Check, Operation};
use tokio_util::sync::CancellationToken;

use crate::callbacks::CallbackUrl;
use crate::id::SessionId;
use crate::picture::Picture;
use crate::session::{CountryCode, ImageSlot, Session};

/// A request, understood.
#[derive(Debug, Clone)]
pub(crate) enum Call {
    CreateSession(NewSession),
    GetSession(SessionId),
    Upload { session: SessionId, slot: ImageSlot, picture: Picture },
    Submit(SessionId),
    Cancel(SessionId),
}

/// What a session begins with.
#[derive(Debug, Clone)]
pub(crate) struct NewSession {
    /// Whose fate it is.
    pub(crate) applicant: ApplicantKey,
    pub(crate) country: CountryCode,
    pub(crate) document: DocumentKind,
    /// Where its callbacks go; none: where all do.
    pub(crate) callback_url: Option<CallbackUrl>,
}

/// A request, granted.
#[derive(Debug, Clone)]
pub(crate) enum Granted {
    Created(Session),
    Read(Session),
    Uploaded(Upload),
    Submitted {
        session: Session,
        /// Cancelled when the decision has been told once: the answer must wait for it.
        told: Option<CancellationToken>,
    },
    Cancelled(Session),
}

/// A picture that was taken in.
#[derive(Debug, Clone)]
pub(crate) struct Upload {
    pub(crate) id: String,
    pub(crate) slot: ImageSlot,
    pub(crate) picture: Picture,
}

impl Call {
    pub(crate) const fn operation(&self) -> Operation {
        match self {
            Self::CreateSession(_) => Operation::CreateSession,
            Self::GetSession(_) => Operation::GetSession,
            Self::Upload { .. } => Operation::Upload,
            Self::Submit(_) => Operation::Submit,
            Self::Cancel(_) => Operation::Cancel,
        }
    }

    /// Which check it serves, if it is an upload.
    pub(crate) const fn check(&self) -> Option<Check> {
        match self {
            Self::Upload { slot: ImageSlot::Document(_), .. } => Some(Check::Document),
            Self::Upload { slot: ImageSlot::Selfie, .. } => Some(Check::Selfie),
            Self::CreateSession(_) | Self::GetSession(_) | Self::Submit(_) | Self::Cancel(_) => None,
        }
    }

    /// Which session it is about; none when it begins one.
    pub(crate) const fn session(&self) -> Option<&SessionId> {
        match self {
            Self::CreateSession(_) => None,
            Self::GetSession(session) | Self::Upload { session, .. } | Self::Submit(session) | Self::Cancel(session) => Some(session),
        }
    }
}
