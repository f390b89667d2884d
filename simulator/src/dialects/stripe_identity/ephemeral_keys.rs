//! Ephemeral keys: what an applicant's device has instead of the secret key.

use std::time::Duration;

use hyper::http::request::Parts;
use kycsim_scenarios::SimTime;
use serde::Serialize;

use super::desk::StripeDesk;
use super::errors::own;
use super::form::Fields;
use super::names::spell;
use super::particulars::ID_MAX;
use super::served::{Served, json};
use crate::id::SessionId;
use crate::pass::PassPurpose;
use crate::refusal::Refusal;
use crate::world::Counter;

/// What a key begins with.
pub(super) const PREFIX: &str = "ek_test_";

/// How long a key holds, by the tenant's clock: an hour, as the documentation has it for other keys of this kind.
const HOLDS: Duration = Duration::from_secs(60 * 60);

/// A new key for a session.
pub(super) struct Ask(SessionId);

#[derive(Serialize)]
struct KeyWire<'a> {
    id: String,
    object: &'static str,
    associated_objects: [Associated<'a>; 1],
    created: i64,
    expires: i64,
    livemode: bool,
    secret: String,
}

#[derive(Serialize)]
struct Associated<'a> {
    id: &'a str,
    r#type: &'static str,
}

impl Ask {
    pub(super) fn read(head: &Parts, fields: &mut Fields) -> Result<Self, Refusal> {
        if !head.headers.contains_key("stripe-version") {
            let message = "To create an ephemeral key, set the `Stripe-Version` header to the version that your device's library speaks.";
            return Err(own(400, None, None, message.to_owned()));
        }
        fields.required("verification_session", ID_MAX).map(|id| Self(SessionId::named(&id)))
    }

    pub(super) const fn session(&self) -> &SessionId {
        &self.0
    }
}

/// Refuses a key that was given too long ago.
pub(super) fn still_holds(issued: SimTime, now: SimTime) -> Result<(), Refusal> {
    if issued.saturating_add(HOLDS) > now {
        return Ok(());
    }
    Err(own(401, Some("api_key_expired"), None, "Expired API Key provided.".to_owned()))
}

impl StripeDesk {
    pub(super) fn serve_ephemeral_keys(&self, Ask(session): &Ask, counter: &Counter<'_>) -> Result<Served, Refusal> {
        let id = self.verification(session)?.id.as_str();
        let now = counter.now();
        let bits = counter.name("an ephemeral key", &[id.as_bytes(), &now.as_micros().to_le_bytes()]);
        Ok(json(&KeyWire {
            id: spell("ephkey_1K", bits),
            object: "ephemeral_key",
            associated_objects: [Associated { id, r#type: "identity.verification_session" }],
            created: self.second(now),
            expires: self.second(now.saturating_add(HOLDS)),
            livemode: false,
            secret: format!("{PREFIX}{}", self.passes.give(PassPurpose::Device, session, now)),
        }))
    }
}
