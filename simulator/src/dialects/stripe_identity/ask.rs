//! What a request asks for, as the desk gets it.

use kycsim_scenarios::SimTime;
use kycsim_scenarios::vendor::{Check, Operation};

use super::form::Fields;
use super::routes::Target;
use super::{capture, ephemeral_keys, errors, events, files, reports, sessions, verification_pages, webhook_endpoints};
use crate::dialects::{Incoming, Payload};
use crate::id::SessionId;
use crate::pass::{Pass, PassPurpose};
use crate::refusal::Refusal;

/// A request, read.
pub(super) struct Wanted {
    pub(super) ask: Ask,
    /// Where its sender found the vendor.
    pub(super) base: String,
    /// When the ephemeral key was given that it came with, if it did.
    pub(super) key_issued: Option<SimTime>,
}

pub(super) enum Ask {
    Sessions(sessions::Ask),
    Reports(reports::Ask),
    Pages(verification_pages::Ask),
    EphemeralKey(ephemeral_keys::Ask),
    Files(files::Ask),
    Events(events::Ask),
    Endpoints(webhook_endpoints::Ask),
    Capture(capture::Ask),
}

impl Ask {
    /// Reads what a request asks for, if its sender may.
    pub(super) fn read(target: Target<'_>, incoming: &Incoming<'_>, payload: Payload) -> Result<Self, Refusal> {
        use Target as T;
        let pass = incoming.pass;
        if let T::Capture | T::Captured = target {
            let fields = match payload {
                Payload::UrlEncoded(body) => Fields::parse(&body)?,
                Payload::Nothing | Payload::Json(_) | Payload::Form(_) => Fields::default(),
            };
            return capture::Ask::read(target == T::Captured, pass, fields).map(Self::Capture);
        }
        permitted(target, pass)?;
        let mut fields = match payload {
            Payload::Form(form) => return files::Ask::create(form, pass).map(Self::Files),
            Payload::UrlEncoded(body) => Fields::parse(&body)?,
            Payload::Nothing => Fields::parse(incoming.head.uri.query().unwrap_or_default().as_bytes())?,
            Payload::Json(_) => Fields::default(), // no door of ours takes it
        };
        let f = &mut fields;
        let ask = match target {
            T::NewSession => Self::Sessions(sessions::Ask::create(f)?),
            T::Sessions => Self::Sessions(sessions::Ask::list(f)?),
            T::Session(id) => Self::Sessions(sessions::Ask::retrieve(id, f)?),
            T::ChangedSession(id) => Self::Sessions(sessions::Ask::update(id, f)?),
            T::Cancellation(id) => Self::Sessions(sessions::Ask::cancel(id, f)?),
            T::Redaction(id) => Self::Sessions(sessions::Ask::redact(id, f)?),
            T::Reports => Self::Reports(reports::Ask::list(f)?),
            T::Report(id) => Self::Reports(reports::Ask::retrieve(id, f)?),
            T::Page(id) => Self::Pages(verification_pages::Ask::page(id, f)),
            T::PageData(id) => Self::Pages(verification_pages::Ask::data(id, f)?),
            T::Submission(id) => Self::Pages(verification_pages::Ask::submit(id)),
            T::Verify(id) => Self::Pages(verification_pages::Ask::testing(id, true, f)?),
            T::Unverify(id) => Self::Pages(verification_pages::Ask::testing(id, false, f)?),
            T::PhoneStep(id) => Self::Pages(verification_pages::Ask::phone_step(id, f)),
            T::NewEphemeralKey => Self::EphemeralKey(ephemeral_keys::Ask::read(incoming.head, f)?),
            T::Files => Self::Files(files::Ask::list(f)?),
            T::File(id) => Self::Files(files::Ask::retrieve(id)),
            T::FileContents(id) => Self::Files(files::Ask::contents(id)),
            T::NewFileLink => Self::Files(files::Ask::link(f)?),
            T::FileLink(id) => Self::Files(files::Ask::retrieve_link(id)),
            T::Events => Self::Events(events::Ask::list(f)?),
            T::Event(id) => Self::Events(events::Ask::retrieve(id)),
            T::NewEndpoint => Self::Endpoints(webhook_endpoints::Ask::create(f)?),
            T::Endpoints => Self::Endpoints(webhook_endpoints::Ask::list(f)?),
            T::Endpoint(id) => Self::Endpoints(webhook_endpoints::Ask::retrieve(id)),
            T::ChangedEndpoint(id) => Self::Endpoints(webhook_endpoints::Ask::update(id, f)?),
            T::DeletedEndpoint(id) => Self::Endpoints(webhook_endpoints::Ask::delete(id)),
            // The first was dealt with above, the second has no form without parts.
            T::Capture | T::Captured | T::NewFile => return Err(Refusal::MalformedMultipart),
        };
        fields.nothing_else()?;
        Ok(ask)
    }

    /// What it comes to, for whoever limits, delays, fails and counts requests.
    pub(super) const fn operation(&self) -> Operation {
        match self {
            Self::Sessions(sessions::Ask::Create { .. }) => Operation::CreateSession,
            Self::Sessions(sessions::Ask::Retrieve { .. }) | Self::Reports(reports::Ask::Retrieve { .. }) => Operation::GetSession,
            Self::Sessions(sessions::Ask::Cancel { .. } | sessions::Ask::Redact { .. }) => Operation::Cancel,
            Self::Sessions(sessions::Ask::List { .. } | sessions::Ask::Update { .. })
            | Self::Reports(reports::Ask::List { .. })
            | Self::EphemeralKey(_)
            | Self::Events(_)
            | Self::Endpoints(_) => Operation::Manage,
            Self::Files(ask) => ask.operation(),
            Self::Pages(ask) => ask.operation(),
            Self::Capture(_) => Operation::CapturePage,
        }
    }

    /// Which check it serves, if it hands in a picture.
    pub(super) fn check(&self) -> Option<Check> {
        match self {
            Self::Files(ask) => ask.check(),
            Self::Pages(ask) => ask.check(),
            Self::Sessions(_) | Self::Reports(_) | Self::EphemeralKey(_) | Self::Events(_) | Self::Endpoints(_) | Self::Capture(_) => None,
        }
    }

    /// The session it is about, if there is one already.
    pub(super) fn session(&self) -> Option<&SessionId> {
        match self {
            Self::Sessions(ask) => ask.session(),
            Self::Pages(ask) => Some(ask.session()),
            Self::EphemeralKey(ask) => Some(ask.session()),
            Self::Capture(ask) => Some(ask.session()),
            Self::Files(ask) => ask.session(),
            Self::Reports(_) | Self::Events(_) | Self::Endpoints(_) => None,
        }
    }
}

/// What a device may do with an ephemeral key: hand in pictures, and see to its own session's page.
fn permitted(target: Target<'_>, pass: Option<&Pass>) -> Result<(), Refusal> {
    use Target as T;
    let Some(pass) = pass else { return Ok(()) };
    if pass.purpose != PassPurpose::Device {
        return Err(Refusal::InvalidApiKey);
    }
    if target == T::NewFile {
        return Ok(());
    }
    if let T::Page(id) | T::PageData(id) | T::Submission(id) | T::Verify(id) | T::Unverify(id) | T::PhoneStep(id) = target
        && id == pass.session.as_str()
    {
        return Ok(());
    }
    Err(errors::forbidden("The provided key does not have the required permissions for this endpoint."))
}
