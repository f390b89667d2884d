//! Who carries a tenant's deliveries, and that its time waits for them.

use std::ops::Deref;
use std::sync::Arc;

use super::Tenant;

/// A tenant, while a task carries its deliveries: its time waits for that.
#[derive(Debug)]
pub(crate) struct Carrying(Arc<Tenant>);

impl Carrying {
    pub(super) fn begin(tenant: &Arc<Tenant>) -> Self {
        tenant.advances.begin_carrying();
        Self(Arc::clone(tenant))
    }
}

impl Deref for Carrying {
    type Target = Tenant;

    fn deref(&self) -> &Tenant {
        &self.0
    }
}

impl Drop for Carrying {
    fn drop(&mut self) {
        self.0.advances.end_carrying();
    }
}
