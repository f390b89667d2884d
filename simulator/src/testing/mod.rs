//! A vendor for tests: started in a line, stopped when dropped, in the spirit of `wiremock::MockServer`.
//!
//! ```
//! # use std::time::Duration;
//! use kycsim_simulator::testing::{Operation, Reason, TestVendor, calls_to};
//!
//! # async fn doc() -> Result<(), Box<dyn std::error::Error>> {
//! let vendor = TestVendor::builder().frozen().callback_url("http://127.0.0.1:9/callbacks").start().await?;
//! vendor.expect(calls_to(Operation::CreateSession), 0).named("nobody has come yet");
//! vendor.order_for("anna").declined([Reason::SanctionsHit]).after(Duration::from_secs(90)).await?;
//! // Here the code under test talks to `vendor.uri()`, with `vendor.api_key()` …
//! vendor.advance(Duration::from_secs(90)).await?; // … and here the decision has been made and told, without a sleep.
//! assert!(vendor.sessions().is_empty() && vendor.deliveries().is_empty());
//! # Ok(())
//! # }
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(doc())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | start with | for |
//! | --- | --- |
//! | [`TestVendor::start`] | a vendor that approves everybody, in real time |
//! | [`TestVendor::builder`] | any scenario, a frozen or scaled clock, keys of your own |
//! | [`TestTenant`] | what a test does with it: orders, the clock, expectations, what was received and sent |
//! | [`TestVendor::tenant`] | one vendor for many tests |
//!
//! Everything that a [`TenantHandle`](crate::TenantHandle) can do, a [`TestTenant`] and a [`TestVendor`] can do too: they deref to it.

mod builder;
mod expectation;
#[cfg(feature = "wiremock")]
mod mount;
mod order;
mod pattern;
mod tenant;
mod vendor;

pub use builder::{ScenarioSource, StartTestVendorError, TestVendorBuilder};
pub use expectation::Expected;
pub use order::{OrderFor, PlaceOrderError};
pub use pattern::{callbacks_about, calls_to};
pub use tenant::TestTenant;
pub use vendor::TestVendor;

pub use kycsim_scenarios::language::{
    Callbacks, Distribution, EventKind, Incident, Period, Probability, Progress, RawCallbacks, ResponseFault, Scenario,
};
pub use kycsim_scenarios::vendor::{Defect, Fault, Operation, Order, Outcome, Reason, ResetMoment, Status};
