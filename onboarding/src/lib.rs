//! The reference backend: what a good team builds around a KYC vendor.
//!
//! Start with [`OnboardingConfig`], [`Backend::open`] and [`Backend::serve`]; a [`Clock`] may be brought along. The API it
//! serves is described in `docs/onboarding-api.md`; which vendors it speaks with, and how, in `docs/onboarding-vendors.md`.
//!
//! The way of an applicant through the code: `account` and `consent`, then `verification` (start, capture, submit), then
//! `outbox` and `vendor` (tell the vendor), `callback` or `reconcile` (hear from the vendor), `decision` (what it means to us),
//! perhaps `review` (people decide), `notice` (tell the applicant). `audit` writes everything down, `sweep` clears away what
//! ran out, `http` is the only module that knows requests, `store` the only one that opens the database.
//!
//! It knows nothing of scenarios or of the simulator, and must not: it is the thing under test.

mod account;
mod audit;
mod backend;
mod callback;
mod chance;
mod clock;
mod config;
mod consent;
mod core;
mod decision;
mod http;
mod id;
mod in_flight;
mod metrics;
mod notice;
mod outbox;
mod quality;
mod reconcile;
mod review;
mod secret;
mod store;
mod sweep;
mod token;
mod vendor;
mod verification;
mod word;

pub use backend::{Backend, OpenBackendError};
pub use clock::{Clock, Sleep, SystemClock};
pub use config::{Backoff, Database, OnboardingConfig};
pub use secret::{CallbackSecret, ParseCallbackSecretError, Secret};
pub use store::OpenDatabaseError;
pub use vendor::VendorApi;
