use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use kycsim_scenarios::Scenario;

use super::expectation::{Expectations, Expected};
use super::order::OrderFor;
use crate::journal::{Filter, Pattern, Recorded, RecordedDelivery, RecordedRequest, Times};
use crate::tenants::{AdvanceError, CreateTenantError, NewTenant, SessionView, Subject, TenantHandle, Tenants};
use crate::vendor::Vendor;

/// How much real time an [`TestTenant::advance`] may take: long enough for a busy machine and a whole day of callbacks, and short enough for a test that hangs.
const ADVANCE_WITHIN: Duration = Duration::from_secs(60);

/// One tenant of a [`super::TestVendor`]: what a test does with a vendor. It derefs to its [`TenantHandle`], which can do more.
///
/// Dropping it checks its expectations.
#[derive(Debug)]
pub struct TestTenant {
    handle: TenantHandle,
    address: SocketAddr,
    scenario: Arc<Scenario>,
    expectations: Expectations,
    _lease: Option<Lease>,
}

/// Deletes a tenant when its test is over.
struct Lease {
    tenants: Arc<Tenants>,
    name: String,
}

impl Drop for Lease {
    fn drop(&mut self) {
        let _ = self.tenants.delete(&self.name); // somebody may have done so already
    }
}

impl std::fmt::Debug for Lease {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Lease").field(&self.name).finish()
    }
}

impl TestTenant {
    pub(super) fn default_of(vendor: &Vendor, scenario: Arc<Scenario>) -> Self {
        let (handle, address) = (vendor.default_tenant(), vendor.address());
        Self { handle, address, scenario, expectations: Expectations::default(), _lease: None }
    }

    pub(super) fn made(vendor: &Vendor, new: NewTenant) -> Result<Self, CreateTenantError> {
        let scenario = new.plays();
        let handle = vendor.create_tenant(new)?;
        let lease = Lease { tenants: vendor.shared_tenants(), name: handle.name().to_owned() };
        Ok(Self { handle, address: vendor.address(), scenario, expectations: Expectations::default(), _lease: Some(lease) })
    }

    /// Where its customers go: `http://127.0.0.1:` and a port.
    #[must_use]
    pub fn uri(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What its customers prove themselves with.
    #[must_use]
    pub fn api_key(&self) -> &str {
        self.handle.api_key().reveal()
    }

    /// Returns what its callbacks are signed with now, as a customer is given it.
    #[must_use]
    pub fn webhook_secret(&self) -> String {
        self.handle.webhook_secret().reveal().to_owned()
    }

    /// The scenario that it plays.
    #[must_use]
    pub const fn scenario(&self) -> &Arc<Scenario> {
        &self.scenario
    }

    /// Begins an order about all sessions of the applicant with this reference, who need not have come yet. It is placed when it is awaited, or by
    /// [`OrderFor::place`].
    pub fn order_for(&self, reference: impl Into<String>) -> OrderFor<'_> {
        OrderFor::new(self, Subject::Applicant(reference.into()))
    }

    /// Begins an order about the session with this id, which must exist. It comes before its applicant's.
    pub fn order_for_session(&self, id: impl Into<String>) -> OrderFor<'_> {
        OrderFor::new(self, Subject::Session(id.into()))
    }

    /// Moves its frozen clock on by `by`. All that falls due on the way is performed in order of time, and every delivery has ended. By
    /// [`Duration::ZERO`], what is due already is.
    ///
    /// # Errors
    /// [`AdvanceError`] when its clock is not frozen, when a minute of real time was not enough, or when it stops.
    pub async fn advance(&self, by: Duration) -> Result<(), AdvanceError> {
        self.handle.advance(by, ADVANCE_WITHIN).await
    }

    /// Returns its sessions, the newest first.
    #[must_use]
    pub fn sessions(&self) -> Vec<SessionView> {
        self.handle.sessions(None, None, usize::MAX)
    }

    /// Returns the newest session of the applicant with this reference.
    #[must_use]
    pub fn session_of(&self, reference: &str) -> Option<SessionView> {
        self.handle.sessions(None, Some(reference), 1).pop()
    }

    /// Returns every try of a delivery that the journal still holds, the oldest first.
    #[must_use]
    pub fn deliveries(&self) -> Vec<RecordedDelivery> {
        self.recorded(|recorded| match recorded {
            Recorded::Delivery(delivery) => Some(delivery.clone()),
            Recorded::Request(_) => None,
        })
    }

    /// Returns every request that the journal still holds, the oldest first. Secrets in its headers read `[redacted]`.
    #[must_use]
    pub fn received_requests(&self) -> Vec<RecordedRequest> {
        self.recorded(|recorded| match recorded {
            Recorded::Request(request) => Some(request.clone()),
            Recorded::Delivery(_) => None,
        })
    }

    fn recorded<T>(&self, pick: impl Fn(&Recorded) -> Option<T>) -> Vec<T> {
        let (mut picked, mut cursor) = (Vec::new(), 0);
        loop {
            let page = self.journal().since(cursor, usize::MAX, &Filter::default());
            if page.entries.is_empty() {
                return picked;
            }
            cursor = page.next;
            picked.extend(page.entries.iter().filter_map(|entry| pick(&entry.what)));
        }
    }

    /// Checks that requests or deliveries like this stand in the journal so often: `1`, `1..`, `..=3`, `1..=3`.
    ///
    /// # Panics
    /// When they do not; the message shows what came nearest.
    #[track_caller]
    pub fn verify(&self, pattern: impl Into<Pattern>, times: impl Into<Times>) {
        let verification = self.handle.verify(&pattern.into(), times.into());
        assert!(verification.satisfied, "the vendor's tenant `{}`: {verification}", self.name());
    }

    /// Expects requests or deliveries like this so often, in all, by the time this is dropped: `1`, `1..`, `..=3`, `1..=3`.
    pub fn expect(&self, pattern: impl Into<Pattern>, times: impl Into<Times>) -> Expected<'_> {
        self.expectations.add(pattern.into(), times.into())
    }

    /// Checks all that is expected now, and not when this is dropped.
    ///
    /// # Panics
    /// When an expectation is not met; the message shows what came nearest.
    #[track_caller]
    pub fn verify_expectations(&self) {
        if let Some(unmet) = self.expectations.unmet(self.journal()) {
            panic!("the vendor's tenant `{}`: {unmet}", self.name());
        }
    }
}

impl Deref for TestTenant {
    type Target = TenantHandle;

    fn deref(&self) -> &TenantHandle {
        &self.handle
    }
}

impl Drop for TestTenant {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.verify_expectations();
        }
    }
}
