use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use kycsim_scenarios::Scenario;
use tokio_util::sync::DropGuard;

use super::builder::{StartTestVendorError, TestVendorBuilder};
use super::tenant::TestTenant;
use crate::snapshot::Snapshot;
use crate::tenants::{CreateTenantError, NewTenant};
use crate::vendor::{Remains, Vendor};

/// How long a shutdown lets go on what is under way.
const SHUTDOWN_WITHIN: Duration = Duration::from_secs(10);

/// A vendor for tests, on a port of its own. Dropping it checks its expectations, then stops it and everything it does.
#[derive(Debug)]
#[must_use = "a vendor stops when it is dropped"]
pub struct TestVendor {
    tenant: TestTenant,
    vendor: Vendor,
    scenario: Arc<Scenario>,
    /// Cuts short what is under way.
    _kill: DropGuard,
}

impl TestVendor {
    /// Starts a vendor that approves everybody, at once, in real time.
    ///
    /// # Errors
    /// [`StartTestVendorError`] when there is no port.
    pub async fn start() -> Result<Self, StartTestVendorError> {
        Self::builder().start().await
    }

    /// Returns what starts any other vendor.
    pub fn builder() -> TestVendorBuilder {
        TestVendorBuilder::default()
    }

    pub(super) fn new(vendor: Vendor, scenario: Arc<Scenario>) -> Self {
        let tenant = TestTenant::default_of(&vendor, Arc::clone(&scenario));
        Self { tenant, _kill: vendor.kill_guard(), vendor, scenario }
    }

    /// Makes another tenant, for another test: it plays the same scenario, at the same kind of time, and sends callbacks where this one does. Its key and
    /// secret are its own. It is deleted when it is dropped.
    ///
    /// # Errors
    /// [`CreateTenantError`] when the name is taken, or there are too many.
    pub fn tenant(&self, name: impl Into<String>) -> Result<TestTenant, CreateTenantError> {
        let mut new = NewTenant::new(name, Arc::clone(&self.scenario)).clock(self.tenant.clock().mode());
        if let Some(url) = self.tenant.callback_url() {
            new = new.callback_url(url);
        }
        self.tenant_of(new)
    }

    /// Makes a tenant that is to be like this. It is deleted when it is dropped.
    ///
    /// # Errors
    /// [`CreateTenantError`] when something about it is of no use, or there are too many.
    pub fn tenant_of(&self, new: NewTenant) -> Result<TestTenant, CreateTenantError> {
        TestTenant::made(&self.vendor, new)
    }

    /// Returns all that the vendor knows at this moment: [`TestVendorBuilder::start_from`] goes on from there.
    pub fn snapshot(&self) -> Snapshot {
        self.vendor.snapshot()
    }

    /// Stops, waits until all that was under way has ended or been cut short, and says what was left to do. Then it checks its expectations.
    ///
    /// # Panics
    /// When an expectation is not met.
    pub async fn shutdown(self) -> Remains {
        self.vendor.shutdown(SHUTDOWN_WITHIN).await
    }
}

impl Deref for TestVendor {
    type Target = TestTenant;

    fn deref(&self) -> &TestTenant {
        &self.tenant
    }
}
