//! Dialects: translators between a vendor's HTTP API and the neutral words of the core.
//!
//! A dialect has two halves. Its [`Translator`] is pure: it reads what a request means, says what became of it in its vendor's words, and signs callbacks in
//! its vendor's scheme. Its [`Desk`] keeps what the vendor has beside sessions, and tells events. Neither decides an outcome, keeps a session, or waits for
//! anything. A new vendor is a new folder with `routes.rs`, `wire.rs`, `signature.rs` and `errors.rs`, and a few lines below.

mod desk;
mod generic;
mod onfido;
mod seal;
mod stripe_identity;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method, Response};
use kycsim_scenarios::Scenario;

use crate::call::{Call, Granted};
use crate::callbacks::Terms;
use crate::config::VendorConfig;
use crate::http::Form;
use crate::pass::{Pass, Passes};
use crate::refusal::Refusal;
use crate::secret::{InvalidWebhookSecret, WebhookSecret};
pub(crate) use desk::{Desk, Happening, Herald};
pub(crate) use seal::{Keys, Seal, Signer};

/// Whose HTTP API a vendor speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dialect {
    /// Nobody's in particular: `docs/dialects/generic.md`.
    Generic,
    /// Stripe Identity's: `docs/dialects/stripe-identity.md`.
    StripeIdentity,
    /// Onfido's, API v3.6: `docs/dialects/onfido.md`.
    Onfido,
}

/// How much of a vendor's decisions its customers can tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clarity {
    /// Approvals, refusals, doubts, and requests for better pictures.
    Outcomes,
    /// Approvals, and everything else.
    Approval,
}

/// Whether a vendor recognises a call that is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repetitions {
    /// Whatever came of the first try, the same key makes the second one the same call.
    Recognised,
    /// There are no keys; or a failure is remembered under its key, so that trying again needs another one.
    NotAlways,
}

/// What somebody needs who points their own program at a vendor.
#[derive(Debug, Clone, Copy)]
pub struct Access<'a> {
    /// The vendor's base address: `http://` and where it listens.
    pub base: &'a str,
    /// What customers prove themselves with.
    pub api_key: &'a str,
    /// What callbacks are signed with, as a customer is given it.
    pub webhook_secret: &'a str,
}

impl Dialect {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Generic, Self::StripeIdentity, Self::Onfido];

    /// Its word in scenario files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::StripeIdentity => "stripe-identity",
            Self::Onfido => "onfido",
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

    /// How much of its vendor's decisions customers can tell apart.
    #[must_use]
    pub const fn clarity(self) -> Clarity {
        match self {
            Self::Generic | Self::Onfido => Clarity::Outcomes,
            Self::StripeIdentity => Clarity::Approval,
        }
    }

    /// Whether its vendor always recognises a call that is tried again.
    #[must_use]
    pub const fn repetitions(self) -> Repetitions {
        match self {
            Self::Generic => Repetitions::Recognised,
            Self::StripeIdentity | Self::Onfido => Repetitions::NotAlways,
        }
    }

    /// Returns what a scenario asks for that this dialect's vendor has no way to do; nothing when it can play all of it.
    #[must_use]
    pub fn cannot_play(self, scenario: &Scenario) -> Vec<&'static str> {
        match self {
            Self::Generic => Vec::new(),
            Self::StripeIdentity => stripe_identity::cannot_play(scenario),
            Self::Onfido => onfido::cannot_play(scenario),
        }
    }

    /// Returns the API key of vendors that nobody gave one, in the form that the vendor's own libraries expect.
    #[must_use]
    pub const fn sample_api_key(self) -> &'static str {
        match self {
            Self::Generic => "kycsim-test-key",
            Self::StripeIdentity => "sk_test_kycsim",
            Self::Onfido => "api_sandbox.kycsim",
        }
    }

    /// Returns the webhook secret of vendors that nobody gave one, in the form that the vendor's own libraries expect. It is public.
    #[must_use]
    pub const fn sample_webhook_secret(self) -> &'static str {
        match self {
            Self::Generic => "whsec_a3ljc2ltIHJlaGVhcnNhbCBzZWNyZXQsIHB1YmxpYyE=",
            Self::StripeIdentity => "whsec_kycsimRehearsalSecretPublic",
            Self::Onfido => "kycsimRehearsalTokenThatIsPublic",
        }
    }

    /// Returns how to point a program at such a vendor, for people: addresses, keys, and lines of code.
    #[must_use]
    pub fn guide(self, access: Access<'_>) -> String {
        match self {
            Self::Generic => generic::guide(access),
            Self::StripeIdentity => stripe_identity::guide(access),
            Self::Onfido => onfido::guide(access),
        }
    }

    /// Returns who speaks for a vendor that is started with `config`; `passes` are those of its tenant.
    pub(crate) fn staff(self, config: &VendorConfig, passes: &Passes) -> Staff {
        match self {
            Self::Generic => {
                Staff { translator: Arc::new(generic::Generic::new(config)), desk: Box::new(generic::GenericDesk::new(config)) }
            }
            Self::StripeIdentity => Staff {
                translator: Arc::new(stripe_identity::StripeIdentity::new(config)),
                desk: Box::new(stripe_identity::StripeDesk::new(config, passes)),
            },
            Self::Onfido => {
                Staff { translator: Arc::new(onfido::Onfido::new(config)), desk: Box::new(onfido::OnfidoDesk::new(config, passes.clone())) }
            }
        }
    }

    /// Returns what a request offers in this dialect to prove who it is from; none when it offers nothing. Whose vendor is asked is not known before.
    pub(crate) fn credential(self, head: &Parts) -> Option<Credential<'_>> {
        match self {
            Self::Generic => generic::api_key(&head.headers).map(|key| Credential::ApiKey(Cow::Borrowed(key))),
            Self::StripeIdentity => stripe_identity::credential(head),
            Self::Onfido => onfido::credential(head),
        }
    }

    /// Returns what signs with `secret`.
    pub(crate) fn signer(self, secret: &WebhookSecret) -> Result<Arc<dyn Signer>, InvalidWebhookSecret> {
        match self {
            Self::Generic => generic::signer(secret),
            Self::StripeIdentity => stripe_identity::signer(secret),
            Self::Onfido => onfido::signer(secret),
        }
    }

    /// Returns the secret made of these bytes, spelled as this dialect spells its secrets.
    pub(crate) fn secret(self, bytes: [u8; 32]) -> WebhookSecret {
        match self {
            Self::Generic => generic::secret(bytes),
            Self::StripeIdentity => stripe_identity::secret(bytes),
            Self::Onfido => onfido::secret(bytes),
        }
    }
}

/// What every dialect can say. Pure: the same arguments, the same answer.
pub(crate) trait Translator: fmt::Debug + Send + Sync {
    /// Returns the name of a request, as its answer has it.
    fn request_name(&self, request: RequestId) -> String;

    /// Returns the name of the session that these bits stand for.
    fn session_name(&self, bits: u128) -> String;

    /// Returns what an address wants to be sent, if there is anything at it.
    fn door(&self, method: &Method, path: &str) -> Result<Door, Refusal>;

    /// Returns what is written down in place of an address that lets anybody in who knows it; none of any other.
    fn concealed(&self, _path: &str) -> Option<&'static str> {
        None
    }

    /// Returns what a request wants, of which [`Translator::door`] approves.
    fn call(&self, incoming: &Incoming<'_>, payload: Payload) -> Result<Call, Refusal>;

    /// What it does with requests that come again.
    fn repetition(&self) -> Repetition {
        Repetition::default()
    }

    /// Says that a request was granted. `request` is its name.
    fn grant(&self, granted: &Granted, request: &str) -> Reply;

    /// Says why a request was not granted.
    fn refuse(&self, refusal: &Refusal, request: &str) -> Reply;

    /// Says that the vendor failed, as an incident wants it.
    fn fail(&self, status: u16, request: &str) -> Reply;

    /// Writes on an answer what every answer repeats of its request.
    fn echo(&self, _head: &Parts, _reply: &mut Reply) {}

    /// Returns the body of a granted request without what the customer wants to know, complete in form.
    fn hollow(&self, body: &Bytes) -> Bytes;

    /// Returns the headers of one delivery attempt, its signatures among them.
    fn sign(&self, keys: &Keys, seal: Seal, event: &str, unix_seconds: i64, body: &Bytes) -> HeaderMap;

    /// On which terms callbacks are delivered, unless the scenario says otherwise.
    fn terms(&self) -> Terms;
}

/// Who speaks for one tenant's vendor.
#[derive(Debug)]
pub(crate) struct Staff {
    pub(crate) translator: Arc<dyn Translator>,
    pub(crate) desk: Box<dyn Desk>,
}

/// What a request offers to prove who it is from.
#[derive(Debug)]
pub(crate) enum Credential<'r> {
    /// The customer's key.
    ApiKey(Cow<'r, [u8]>),
    /// The text of a pass, perhaps.
    Pass(&'r str),
}

/// A request as a dialect reads it.
#[derive(Debug)]
pub(crate) struct Incoming<'r> {
    pub(crate) head: &'r Parts,
    /// Its name, as its answer has it.
    pub(crate) name: &'r str,
    /// What its sender may do; none: whatever the customer may.
    pub(crate) pass: Option<&'r Pass>,
}

/// What a vendor does with requests that come again under the same key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Repetition {
    /// Whether a fault of its own (a status of 500) is an answer to repeat.
    pub(crate) keeps_faults: bool,
    /// Whether it refuses a repetition while the first is under way.
    pub(crate) refuses_in_flight: bool,
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

/// What an address wants to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Door {
    pub(crate) body: BodyForm,
    /// Whether a request may carry a key that makes it safe to repeat.
    pub(crate) repeatable: bool,
    /// Whether anybody may go there, who proves nothing: to be given what proves something. The default tenant answers.
    pub(crate) open: bool,
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
    /// A form as HTML has it by default, or nothing.
    UrlEncodedOrNothing,
}

/// The body that came.
#[derive(Debug, Clone)]
pub(crate) enum Payload {
    Nothing,
    Json(Bytes),
    Form(Form),
    UrlEncoded(Bytes),
}
