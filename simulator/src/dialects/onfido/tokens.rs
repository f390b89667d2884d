//! Tokens that are given out: OAuth access tokens, and SDK tokens for an applicant's device.

use hyper::StatusCode;
use kycsim_scenarios::SimTime;
use serde_json::json;
use std::time::Duration;

use super::desk::{OnfidoDesk, Visit};
use super::errors::{expired_token, unauthorized};
use super::wire;
use crate::dialects::Reply;
use crate::id::SessionId;
use crate::pass::{Pass, PassPurpose};
use crate::refusal::Refusal;
use crate::secret::ApiKey;

/// How long an access token is said to hold. The libraries renew it half a minute before.
const ACCESS_TOKEN_SECONDS: u64 = 3600;
/// How long an SDK token holds.
const SDK_TOKEN_HOLDS: Duration = Duration::from_secs(90 * 60);

/// A token of ours looks like a JSON web token: what stands before and behind the pass that it carries. It says `{"alg":"ES512"}` and `sig`.
const JWT: (&str, &str) = ("eyJhbGciOiJFUzUxMiJ9.", ".c2ln");

/// Returns the pass in an SDK token.
pub(super) fn pass_in(token: &str) -> Option<&str> {
    token.strip_prefix(JWT.0)?.strip_suffix(JWT.1)
}

impl OnfidoDesk {
    /// Gives an access token for the customer's own secret: it is the API token, under another name.
    pub(super) fn access_token(&self, client_secret: &ApiKey) -> Result<Reply, Refusal> {
        if !self.api_key.is(client_secret.reveal().as_bytes()) {
            return Err(unauthorized());
        }
        let token = json!({"access_token": client_secret.reveal(), "expires_in": ACCESS_TOKEN_SECONDS, "token_type": "Bearer"});
        Ok(wire::json(StatusCode::OK, &token))
    }

    /// Returns the token with which a device may hand in what this applicant has.
    pub(super) fn sdk_token(&self, applicant: &str, now: SimTime) -> String {
        format!("{}{}{}", JWT.0, self.passes.give(PassPurpose::Device, &SessionId::named(applicant), now), JWT.1)
    }

    pub(super) fn give_sdk_token(&self, applicant: &str, visit: &Visit<'_, '_>) -> Result<Reply, Refusal> {
        self.present_applicant(applicant)?;
        Ok(wire::json(StatusCode::OK, &json!({"token": self.sdk_token(applicant, visit.counter.now())})))
    }
}

/// Refuses a pass that has run out.
pub(super) fn holds(pass: &Pass, now: SimTime) -> Result<(), Refusal> {
    if pass.purpose == PassPurpose::Device && now > pass.issued.saturating_add(SDK_TOKEN_HOLDS) { Err(expired_token()) } else { Ok(()) }
}
