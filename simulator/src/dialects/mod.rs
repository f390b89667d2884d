//! Dialects: translators between a vendor's HTTP API and the neutral words of the core.
//!
//! A dialect is pure. It reads what a request means, says what became of it in its vendor's words, and signs callbacks in its vendor's scheme. It decides no
//! outcome, keeps no session, waits for nothing. A new vendor is a new folder with `routes.rs`, `wire.rs`, `signature.rs` and `errors.rs`, and one line below.

mod generic;
mod seal;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use hyper::{HeaderMap, Method, Response};
use kycsim_scenarios::language::{EventKind, Period};

use crate::call::{Call, Granted};
use crate::config::VendorConfig;
use crate::http::Form;
use crate::id::SessionId;
use crate::refusal::Refusal;
use crate::secret::{InvalidWebhookSecret, WebhookSecret};
use crate::session::Session;
pub(crate) use seal::{Keys, Seal, Signer};

/// Whose HTTP API a vendor speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dialect {
    /// Nobody's in particular: `docs/dialects/generic.md`.
    Generic,
}

impl Dialect {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Generic];

    /// Its word in scenario files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Generic => "generic",
        }
    }

    /// Returns the dialect this word stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|dialect| dialect.as_str() == word)
    }

    /// All words, for a message.
    pub(crate) fn words() -> String {
        Self::ALL.iter().map(|dialect| dialect.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// Returns its translator, for a vendor that is started with `config`.
    pub(crate) fn translator(self, config: &VendorConfig) -> Arc<dyn Translator> {
        match self {
            Self::Generic => Arc::new(generic::Generic::new(config)),
        }
    }

    /// Returns the API key that a request offers in this dialect; none when it offers none. Whose vendor is asked is not known before.
    pub(crate) fn api_key(self, headers: &HeaderMap) -> Option<&[u8]> {
        match self {
            Self::Generic => generic::api_key(headers),
        }
    }

    /// Returns what signs with `secret`.
    pub(crate) fn signer(self, secret: &WebhookSecret) -> Result<Arc<dyn Signer>, InvalidWebhookSecret> {
        match self {
            Self::Generic => generic::signer(secret),
        }
    }

    /// Returns the secret made of these bytes, spelled as this dialect spells its secrets.
    pub(crate) fn secret(self, bytes: [u8; 32]) -> WebhookSecret {
        match self {
            Self::Generic => generic::secret(bytes),
        }
    }
}

/// What every dialect can say. Pure: the same arguments, the same answer.
pub(crate) trait Translator: fmt::Debug + Send + Sync {
    /// Returns the name of a request, as its answer has it.
    fn request_name(&self, request: RequestId) -> String;

    /// Returns what is at this address, and which body it wants.
    fn route(&self, method: &Method, path: &str) -> Result<Route, Refusal>;

    /// Returns what a request wants.
    fn call(&self, route: Route, payload: Payload) -> Result<Call, Refusal>;

    /// Says that a request was granted. `request` is its name.
    fn grant(&self, granted: &Granted, request: &str) -> Reply;

    /// Says why a request was not granted.
    fn refuse(&self, refusal: &Refusal, request: &str) -> Reply;

    /// Says that the vendor failed, as an incident wants it.
    fn fail(&self, status: u16, request: &str) -> Reply;

    /// Returns the body of a granted request without what the customer wants to know, complete in form.
    fn hollow(&self, body: &Bytes) -> Bytes;

    /// Returns the body of the callback about what has just happened to a session.
    fn event(&self, kind: EventKind, session: &Session, telling: Telling) -> Bytes;

    /// Returns the headers of one delivery attempt, its signatures among them.
    fn sign(&self, keys: &Keys, seal: Seal, event: &str, unix_seconds: i64, body: &Bytes) -> HeaderMap;

    /// How long after a failed delivery the next one follows, unless the scenario says otherwise.
    fn retry_schedule(&self) -> Vec<Period>;
}

/// An answer in a dialect's words.
pub(crate) type Reply = Response<Bytes>;

/// Names one request, in its answer and in the logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequestId(pub(crate) u128);

/// How an event is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Telling {
    /// As documented.
    Plain,
    /// With fields that nobody has announced.
    UnknownFields,
    /// As an event of a kind and a status that nobody has announced.
    UnknownStatus,
}

/// What is at an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) target: Target,
    pub(crate) body: BodyForm,
    /// Whether a request may carry a key that makes it safe to repeat.
    pub(crate) repeatable: bool,
}

/// What a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    NewSession,
    Session(SessionId),
    Document(SessionId),
    Selfie(SessionId),
    Submission(SessionId),
    Cancellation(SessionId),
}

/// Which body an address wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyForm {
    /// None; what comes is not looked at.
    Nothing,
    Json,
    JsonOrNothing,
    /// A multipart form.
    Form,
}

/// The body that came.
#[derive(Debug, Clone)]
pub(crate) enum Payload {
    Nothing,
    Json(Bytes),
    Form(Form),
}
