//! All tenants as they are kept, and as they come back.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{TenantHandle, Tenants};
use crate::clock::Clock;
use crate::config::VendorConfig;
use crate::dialects::Dialect;
use crate::secret::{ApiKey, WebhookSecret};
use crate::snapshot::{KeptFuse, KeptTenant, RestoreVendorError, Snapshot, Unsound};
use crate::tenant::Tenant;

impl Tenants {
    /// Returns all that is to outlive the process, tenant by tenant.
    pub(crate) fn keep(&self) -> Snapshot {
        let kept = self.all().iter().map(|handle| handle.tenant().keep()).collect();
        Snapshot::of(kept, self.default.clock.real_time())
    }

    /// Starts the tenants that were kept. What may change while a vendor runs (clock, secrets, callback address) is as it was; the rest, of the default
    /// tenant, as `config` says.
    pub(crate) fn resume(
        config: VendorConfig,
        snapshot: Snapshot,
        tasks: TaskTracker,
        stop: CancellationToken,
        kill: CancellationToken,
    ) -> Result<Self, RestoreVendorError> {
        let mut kept = snapshot.tenants.into_iter();
        let default = kept.next().ok_or(RestoreVendorError::Empty)?;
        if default.scenario != *config.scenario {
            return Err(RestoreVendorError::OtherScenario {
                kept: default.scenario.name.as_str().to_owned(),
                kept_seed: default.scenario.seed,
                asked: config.scenario.name.as_str().to_owned(),
                asked_seed: config.scenario.seed,
            });
        }
        let (has, limit) = (kept.len(), config.limits.tenants);
        if has > limit {
            return Err(RestoreVendorError::TooManyTenants { has, limit });
        }
        let config = VendorConfig { clock: Clock::resumed(&default.clock), ..config };
        let (default, fuses) = resumed(0, &config, default, &stop, &kill)?;
        let tenants = Self::around(default, config, tasks, stop, kill);
        let mut all = vec![(Arc::clone(&tenants.default), fuses)];
        for kept in kept {
            all.push(tenants.take_back(kept)?);
        }
        // Last, when nothing can be refused any more: a vendor that does not start sends nothing either.
        for (tenant, fuses) in all {
            tenants.drive(&tenant);
            let handle = TenantHandle::new(tenant);
            for KeptFuse { incident, left } in fuses {
                handle.light_fuse(incident, left);
            }
        }
        Ok(tenants)
    }

    fn take_back(&self, kept: KeptTenant) -> Result<(Arc<Tenant>, Vec<KeptFuse>), RestoreVendorError> {
        let name = kept.name.clone();
        let unsound = |reason| RestoreVendorError::Unsound { tenant: name.clone(), reason };
        let config = VendorConfig {
            scenario: Arc::new(kept.scenario.clone()),
            api_key: ApiKey::new(kept.api_key.clone()).map_err(|error| unsound(error.into()))?,
            webhook_secret: WebhookSecret::new(kept.keyring.current.clone()),
            clock: Clock::resumed(&kept.clock),
            ledger_sink: None, // whoever listened was in another process
            next_webhook_secret: None,
            callback_url: None, // it was kept
            ..self.config.clone()
        };
        let (tenant, fuses) = resumed(self.next_serial(), &config, kept, &self.stop, &self.kill)?;
        let tenant = Arc::new(tenant);
        self.enter(&tenant).map_err(|_| unsound(Unsound::Taken))?;
        Ok((tenant, fuses))
    }
}

fn resumed(
    serial: u64,
    config: &VendorConfig,
    kept: KeptTenant,
    stop: &CancellationToken,
    kill: &CancellationToken,
) -> Result<(Tenant, Vec<KeptFuse>), RestoreVendorError> {
    let name = kept.name.clone();
    let dialect = Dialect::from_word(&kept.scenario.vendor.dialect);
    dialect
        .ok_or(Unsound::Dialect)
        .and_then(|dialect| Tenant::resumed(serial, config, dialect, kept, stop, kill))
        .map_err(|reason| RestoreVendorError::Unsound { tenant: name, reason })
}
