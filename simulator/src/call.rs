//! What a customer wants, and what it gets, in neutral words: the language between the core and the dialects.

use std::any::Any;
use std::sync::Arc;

use kycsim_scenarios::ApplicantKey;
use kycsim_scenarios::language::DocumentKind;
use kycsim_scenarios::vendor::{Check, Operation, Outcome, Reason};
use tokio_util::sync::CancellationToken;

use crate::callbacks::CallbackUrl;
use crate::dialects::Reply;
use crate::id::SessionId;
use crate::picture::Picture;
use crate::session::{CountryCode, ImageSlot, Session};

/// A request, understood.
#[derive(Debug, Clone)]
pub(crate) enum Call {
    CreateSession(NewSession),
    GetSession(SessionId),
    Upload {
        session: SessionId,
        slot: ImageSlot,
        picture: Picture,
    },
    Submit(SessionId),
    Cancel(SessionId),
    /// What only the dialect's own desk understands.
    Desk(Errand),
}

/// A request in its dialect's own words, for the dialect's desk: about what only this vendor has, or to sessions by a way that only it goes.
#[derive(Debug, Clone)]
pub(crate) struct Errand {
    /// What it comes to, for whoever limits, delays, fails and counts requests.
    pub(crate) operation: Operation,
    /// Which check it serves, if it hands in a picture.
    pub(crate) check: Option<Check>,
    /// What it wants. Only the desk that it is for can look inside.
    pub(crate) wants: Arc<dyn Any + Send + Sync>,
    /// Who brings it.
    pub(crate) cause: Cause,
}

/// The request that makes something happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cause {
    /// Its name, as its answer has it.
    pub(crate) request: String,
    /// The key under which it may come again.
    pub(crate) idempotency_key: Option<String>,
}

/// Whose a request is.
#[derive(Debug, Clone)]
pub(crate) enum Whose {
    /// Nobody's: it is about the customer itself.
    Nobody,
    /// This session's.
    Session(SessionId),
    /// It begins a session of this applicant.
    New {
        /// Whose fate it is.
        applicant: ApplicantKey,
        country: CountryCode,
        document: DocumentKind,
    },
}

/// How a session is handed in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Submission {
    pub(crate) pictures: Pictures,
    /// What the vendor's own sandbox makes of it; none: what is fated. An order comes before it.
    pub(crate) suggested: Option<(Outcome, Vec<Reason>)>,
    /// Whether the examination ends at once.
    pub(crate) at_once: bool,
}

/// Which pictures an examination needs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Pictures {
    #[default]
    DocumentAndSelfie,
    Document,
    /// It brings none: the vendor looks at what it has, or at nothing.
    None,
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
    Said(Said),
}

/// An answer of a desk, which is asked with the tenant's lock held: whole, or to be put into words without it.
#[derive(Clone)]
pub(crate) enum Answer {
    Whole(Reply),
    /// Says the same each time.
    Later(Arc<dyn Fn() -> Reply + Send + Sync>),
}

impl Answer {
    /// Returns it in words.
    pub(crate) fn reply(&self) -> Reply {
        match self {
            Self::Whole(reply) => reply.clone(),
            Self::Later(say) => say(),
        }
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Answer") // it is about people
    }
}

/// What the dialect's desk has to say.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) answer: Answer,
    /// The name of the request that it was said to: it may be said again to a repetition.
    pub(crate) request: String,
    /// Which session it is about, if there was none before.
    pub(crate) session: Option<SessionId>,
    /// Cancelled when the decision has been told once: the answer must wait for it.
    pub(crate) told: Option<CancellationToken>,
}

impl Granted {
    /// What the answer must wait for: that the decision has been told.
    pub(crate) const fn told(&self) -> Option<&CancellationToken> {
        match self {
            Self::Submitted { told, .. } | Self::Said(Said { told, .. }) => told.as_ref(),
            Self::Created(_) | Self::Read(_) | Self::Uploaded(_) | Self::Cancelled(_) => None,
        }
    }

    /// Which session was begun.
    pub(crate) fn begun(&self) -> Option<&SessionId> {
        match self {
            Self::Created(session) => Some(&session.about.id),
            Self::Said(said) => said.session.as_ref(),
            Self::Read(_) | Self::Uploaded(_) | Self::Submitted { .. } | Self::Cancelled(_) => None,
        }
    }
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
            Self::Desk(errand) => errand.operation,
        }
    }

    /// Which check it serves, if it is an upload.
    pub(crate) const fn check(&self) -> Option<Check> {
        match self {
            Self::Upload { slot: ImageSlot::Document(_), .. } => Some(Check::Document),
            Self::Upload { slot: ImageSlot::Selfie, .. } => Some(Check::Selfie),
            Self::CreateSession(_) | Self::GetSession(_) | Self::Submit(_) | Self::Cancel(_) => None,
            Self::Desk(errand) => errand.check,
        }
    }
}
