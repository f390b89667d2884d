//! What a customer wants, and what it gets, in neutral words: the language between the core and the dialects.

use kycsim_scenarios::ApplicantKey;
use kycsim_scenarios::language::DocumentKind;
use kycsim_scenarios::vendor::Operation;

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
    Submitted(Session),
    Cancelled(Session),
}

/// A picture that was taken in.
#[derive(Debug, Clone)]
pub(crate) struct Upload {
    pub(crate) id: String,
    pub(crate) slot: ImageSlot,
    pub(crate) picture: Picture,
}

/// Whom a call is about.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Subject<'a> {
    /// Somebody who may be new.
    Applicant(&'a ApplicantKey),
    /// The owner of a session that should exist.
    Session(&'a SessionId),
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

    pub(crate) const fn subject(&self) -> Subject<'_> {
        match self {
            Self::CreateSession(new) => Subject::Applicant(&new.applicant),
            Self::GetSession(session) | Self::Upload { session, .. } | Self::Submit(session) | Self::Cancel(session) => {
                Subject::Session(session)
            }
        }
    }
}
