//! The vendor's HTTP API, and the border that its words do not cross.
//!
//! A folder for each vendor, with the same files: `client` (the calls), `wire` (its JSON, translated), `signature` (its callbacks' seal) and `errors` (what its
//! refusals mean). Which one it is the operator says ([`VendorApi`]); outside this module nobody knows. How each is translated is a table in
//! `docs/onboarding-vendors.md`.

mod api;
mod callback;
mod error;
mod generic;
mod known;
mod line;
mod mac;
mod onfido;
mod stripe;

use std::sync::Arc;

use axum::http::HeaderMap;
use jiff::Timestamp;

use crate::clock::Clock;
use crate::config::OnboardingConfig;
use crate::decision::Report;
use crate::id::Correlation;
use crate::secret::ParseCallbackSecretError;
pub use api::VendorApi;
pub(crate) use callback::{Callback, Delivery, HearError, MalformedError, News, Subject};
pub(crate) use error::{CallError, RETRY_AFTER_MAX, Verdict};
pub(crate) use known::{Created, Known, NewSession, Picture};
use line::Line;

/// The vendor, as we can call it and hear it.
#[derive(Debug)]
pub(crate) enum Vendor {
    Generic(generic::Vendor),
    Stripe(stripe::Vendor),
    Onfido(onfido::Vendor),
}

/// Why there is no vendor to speak with.
#[derive(Debug)]
pub(crate) enum SetUpError {
    Client(reqwest::Error),
    Secret(ParseCallbackSecretError),
}

impl Vendor {
    pub(crate) fn new(config: &OnboardingConfig, clock: Arc<dyn Clock>) -> Result<Self, SetUpError> {
        let line = Line::new(config, clock).map_err(SetUpError::Client)?;
        Ok(match config.vendor_api {
            VendorApi::Generic => Self::Generic(generic::Vendor::new(config, line).map_err(SetUpError::Secret)?),
            VendorApi::StripeIdentity => Self::Stripe(stripe::Vendor::new(config, line)),
            VendorApi::Onfido => Self::Onfido(onfido::Vendor::new(config, line)),
        })
    }

    /// Makes a session. Where the vendor knows keys: with the same key, the same one.
    pub(crate) async fn create_session(
        &self,
        correlation: &Correlation,
        key: &str,
        session: &NewSession<'_>,
    ) -> Result<Created, CallError> {
        match self {
            Self::Generic(vendor) => vendor.create_session(correlation, key, session).await,
            Self::Stripe(vendor) => vendor.create_session(correlation, key, session).await,
            Self::Onfido(vendor) => vendor.create_session(correlation, session).await,
        }
    }

    /// Hands over an image; a later one of the same kind replaces it.
    pub(crate) async fn upload(&self, correlation: &Correlation, known: &Known, picture: Picture) -> Result<(), CallError> {
        match self {
            Self::Generic(vendor) => vendor.upload(correlation, known, picture).await,
            Self::Stripe(vendor) => vendor.upload(correlation, known, picture).await,
            Self::Onfido(vendor) => vendor.upload(correlation, known, picture).await,
        }
    }

    /// Tells the vendor that everything is there. To do it twice is to do it once, by the key or by looking first.
    pub(crate) async fn submit(&self, correlation: &Correlation, key: &str, known: &Known) -> Result<Report, CallError> {
        match self {
            Self::Generic(vendor) => vendor.submit(correlation, key, known).await,
            Self::Stripe(vendor) => vendor.submit(correlation, key, known).await,
            Self::Onfido(vendor) => vendor.submit(correlation, known).await,
        }
    }

    /// Asks where a session stands.
    pub(crate) async fn fetch(&self, correlation: &Correlation, known: &Known) -> Result<Report, CallError> {
        match self {
            Self::Generic(vendor) => vendor.fetch(correlation, known).await,
            Self::Stripe(vendor) => vendor.fetch(correlation, known).await,
            Self::Onfido(vendor) => vendor.fetch(correlation, known).await,
        }
    }

    /// Hears a callback: whether it is the vendor's, then what it says. Nothing when it is about nothing that could be ours.
    pub(crate) fn hear(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<Option<Delivery>, HearError> {
        match self {
            Self::Generic(vendor) => vendor.hear(headers, body, now),
            Self::Stripe(vendor) => vendor.hear(headers, body, now),
            Self::Onfido(vendor) => vendor.hear(headers, body),
        }
    }

    /// Reads once more a callback that was heard before.
    pub(crate) fn read_again(&self, body: &[u8]) -> Result<Option<Callback>, MalformedError> {
        match self {
            Self::Generic(_) => generic::read_callback(body).map(Some),
            Self::Stripe(_) => Ok(stripe::read_callback(body)?.map(|delivery| delivery.callback)),
            Self::Onfido(_) => onfido::read_callback(body),
        }
    }
}
