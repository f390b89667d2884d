//! The fake KYC vendor: a library first, a server second.
//!
//! It performs over HTTP what [`kycsim_scenarios::vendor`] plans: sessions, decisions, signed callbacks, and bad times. Start with [`VendorConfig`] and
//! [`Vendor::start`]; read the truth from [`Vendor::ledger`] or a [`LedgerSink`].
//!
//! | module | what it is for |
//! | --- | --- |
//! | `world` | the core: sessions, agenda, gate and ledger of one tenant, as a value; it neither waits nor talks |
//! | `tenants` | all tenants of a vendor, told apart by API key; their secrets, and the moving of their clocks |
//! | `tenant` | the core behind a lock, with its clock: everybody comes here to decide, and waits outside |
//! | `driver` | the one task of each tenant that performs what falls due |
//! | `http` | the accept loop, connections, TLS, bodies, and every fault as it shows on the wire |
//! | `callbacks` | addresses, events, lanes and deliveries |
//! | `journal` | what went over the wire, and the questions that tests ask about it |
//! | `admin` | the admin API under `/__admin`, and the control room |
//! | `snapshot` | a vendor's state as a value and as a file, to go on from after a restart |
//! | [`testing`] | a vendor for tests, in a line |
//! | `dialects` | translators between a vendor's HTTP API and the neutral words of the core |
//!
//! Three things are absent on purpose. The core names no vendor. A dialect decides no outcome. Nothing but [`Clock`] reads a clock.

#![warn(missing_docs)]

mod admin;
mod call;
mod callbacks;
mod clock;
mod config;
mod counts;
mod dialects;
mod driver;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod http;
mod id;
mod idempotency;
mod journal;
mod ledger;
mod pass;
mod picture;
mod refusal;
mod secret;
mod session;
mod snapshot;
mod store;
mod tenant;
mod tenants;
pub mod testing;
mod vendor;
mod world;

pub use callbacks::{AllowedHosts, CallbackUrl, InvalidCallbackUrl};
pub use clock::{Clock, ClockMode, InvalidTimeScale, TimeScale};
pub use config::{Limits, VendorConfig};
pub use counts::Counts;
pub use dialects::{Access, Clarity, Dialect, Repetitions};
#[cfg(feature = "tls")]
pub use http::{InvalidTls, Tls};
pub use journal::{
    BODY_KEPT_MAX, Body, DeliveryPattern, Endpoint, Entry, EntryKind, Export, Filter, Headers, InvalidPattern, InvalidTimes, Journal,
    JournalLimits, PAGE_MAX, Page, Pattern, Recorded, RecordedDelivery, RecordedRequest, RequestPattern, ResultWord, Times, Verification,
    nearest_endpoint, write_ndjson,
};
pub use ledger::LedgerSink;
pub use secret::{AdminToken, ApiKey, InvalidAdminToken, InvalidApiKey, InvalidWebhookSecret, NoRandomness, WebhookSecret};
pub use snapshot::{ReadSnapshotError, RestoreVendorError, Snapshot, Unsound, WriteSnapshotError};
pub use tenants::{
    AdvanceError, CreateTenantError, DecisionView, DeleteTenantError, INCIDENT_TTL_MAX, IncidentView, NewTenant, Outstanding, ReceiverView,
    RotateSecretError, SessionView, Subject, TenantHandle, WaitTimeout,
};
pub use vendor::{Remains, StartVendorError, Vendor};
pub use world::CommandError;
