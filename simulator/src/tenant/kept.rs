use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tokio_util::sync::CancellationToken;

use super::Tenant;
use crate::config::VendorConfig;
use crate::dialects::Dialect;
use crate::journal::Journal;
use crate::snapshot::{KeptFuse, KeptTenant, Unsound};
use crate::tenants::Keyring;
use crate::world::World;

impl Tenant {
    /// Returns all that is to outlive the process, as of one moment: nothing happens while it is copied.
    pub(crate) fn keep(&self) -> KeptTenant {
        let world = self.world();
        let keyring = self.keyring.read().unwrap_or_else(PoisonError::into_inner).keep();
        let scenario = world.scenario();
        KeptTenant {
            name: self.name.clone(),
            scenario: scenario.as_ref().clone(),
            api_key: self.api_key.reveal().to_owned(),
            keyring,
            clock: self.clock.keep(),
            counts: self.counters.read(),
            journal_last: self.journal.last(),
            fuses: self.fuses.keep(),
            world: world.keep(),
        }
    }

    /// Returns the tenant that was kept, and what is left of its fuses. Its clock is that of `config`, which goes on already.
    pub(crate) fn resumed(
        serial: u64,
        config: &VendorConfig,
        speaks: Dialect,
        kept: KeptTenant,
        stop: &CancellationToken,
        kill: &CancellationToken,
    ) -> Result<(Self, Vec<KeptFuse>), Unsound> {
        let KeptTenant { name, keyring, counts, journal_last, fuses, world, .. } = kept;
        let mut tenant = Self::new(name, serial, config, speaks, stop, kill)?;
        tenant.keyring = RwLock::new(Keyring::resumed(speaks, keyring)?);
        let resumed = World::resumed(config, speaks.staff(config, &tenant.passes), Arc::clone(&tenant.counters), world, counts)?;
        tenant.world = Mutex::new(resumed);
        tenant.journal = Journal::resumed(config.limits.journal, journal_last);
        Ok((tenant, fuses))
    }
}
