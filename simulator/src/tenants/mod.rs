//! All tenants of one vendor, told apart by API key.
//!
//! They share a listener, and the pool of connections that callbacks go over. Everything else each has to itself: sessions, agenda, clock, secrets,
//! counters, ledger, and the task that performs what falls due.

mod advance;
mod command;
mod fuses;
mod handle;
mod keyring;
mod new;
mod resume;
mod view;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use hyper::http::request::Parts;
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::callbacks::{AllowedHosts, Courier};
use crate::clock::Clock;
use crate::config::VendorConfig;
use crate::dialects::{Credential, Dialect};
use crate::driver::drive;
use crate::pass::{Pass, claimed_tenant};
use crate::refusal::Refusal;
use crate::secret::{ApiKey, InvalidWebhookSecret, random};
use crate::tenant::Tenant;
pub(crate) use advance::Advances;
pub use advance::{AdvanceError, Outstanding};
pub use command::{INCIDENT_TTL_MAX, Subject, WaitTimeout};
pub(crate) use fuses::Fuses;
pub use handle::TenantHandle;
pub(crate) use keyring::Keyring;
pub use new::{CreateTenantError, DeleteTenantError, NewTenant, RotateSecretError};
pub use view::{DecisionView, IncidentView, ReceiverView, SessionView};

/// What the tenant is called that the vendor was started with.
const DEFAULT: &str = "default";

/// All tenants of one vendor.
pub(crate) struct Tenants {
    default: Arc<Tenant>,
    made: RwLock<Made>,
    /// What the vendor was started with: tenants have its limits and its allowed hosts.
    config: VendorConfig,
    courier: Courier,
    tasks: TaskTracker,
    stop: CancellationToken,
    kill: CancellationToken,
    /// How many tenants were made so far: tells the names of their requests apart.
    serial: AtomicU64,
}

/// The tenants beside the default one, as many as [`crate::Limits::tenants`] says.
#[derive(Default)]
struct Made {
    by_name: BTreeMap<String, Arc<Tenant>>,
    /// By the digest of the key: how long it takes to find one tells nothing about how much of a guess was right.
    by_key: HashMap<KeyDigest, Arc<Tenant>>,
}

type KeyDigest = [u8; 32];

/// Whose vendor a request asks, and as whom.
pub(crate) enum Asked {
    Default,
    Made(Arc<Tenant>),
    /// By somebody who has a pass for one of its sessions.
    Holder(Arc<Tenant>, Pass),
    /// Nobody's: the default tenant says so.
    Nobody(Refusal),
}

impl Asked {
    /// Why nothing is granted; none for a known customer.
    pub(crate) const fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Default | Self::Made(_) | Self::Holder(..) => None,
            Self::Nobody(refusal) => Some(refusal),
        }
    }

    /// What its sender may do; none: whatever the customer may.
    pub(crate) const fn pass(&self) -> Option<&Pass> {
        match self {
            Self::Holder(_, pass) => Some(pass),
            Self::Default | Self::Made(_) | Self::Nobody(_) => None,
        }
    }
}

impl Tenants {
    /// Returns who answers what is asked.
    pub(crate) fn tenant_of<'t>(&'t self, asked: &'t Asked) -> &'t Arc<Tenant> {
        match asked {
            Asked::Made(tenant) | Asked::Holder(tenant, _) => tenant,
            Asked::Default | Asked::Nobody(_) => &self.default,
        }
    }

    /// Makes the default tenant, which plays what `config` says, and starts it. `stop` and `kill` end every tenant.
    pub(crate) fn start(
        config: VendorConfig,
        dialect: Dialect,
        tasks: TaskTracker,
        stop: CancellationToken,
        kill: CancellationToken,
    ) -> Result<Self, InvalidWebhookSecret> {
        let default = Tenant::new(DEFAULT.to_owned(), 0, &config, dialect, &stop, &kill)?;
        let tenants = Self::around(default, config, tasks, stop, kill);
        tenants.drive(&tenants.default);
        Ok(tenants)
    }

    /// Returns all tenants while there is one, which is not driven yet.
    fn around(default: Tenant, config: VendorConfig, tasks: TaskTracker, stop: CancellationToken, kill: CancellationToken) -> Self {
        let (default, courier) = (Arc::new(default), Courier::new(config.callback_hosts.clone()));
        Self { default, made: RwLock::default(), config, courier, tasks, stop, kill, serial: AtomicU64::new(1) }
    }

    /// Starts to perform what falls due for a tenant.
    fn drive(&self, tenant: &Arc<Tenant>) {
        self.tasks.spawn(drive(Arc::clone(tenant), self.courier.clone(), self.tasks.clone()));
    }

    /// The hosts that callbacks of every tenant may go to.
    pub(crate) const fn callback_hosts(&self) -> &AllowedHosts {
        &self.config.callback_hosts
    }

    pub(crate) const fn default_tenant(&self) -> &Arc<Tenant> {
        &self.default
    }

    /// Finds out whose vendor a request asks, by the API key or the pass that it offers in that tenant's dialect.
    pub(crate) fn asked(&self, head: &Parts) -> Asked {
        let mut refusal = Refusal::MissingApiKey;
        // The default tenant's own comes first: mostly there is no other.
        let others = Dialect::ALL.iter().copied().filter(|dialect| *dialect != self.default.speaks);
        for dialect in std::iter::once(self.default.speaks).chain(others) {
            let Some(credential) = dialect.credential(head) else { continue };
            let known = match credential {
                // The one that most vendors have alone comes first: it costs no digest.
                Credential::ApiKey(key) if self.default.speaks == dialect && self.default.api_key.is(&key) => Some(Asked::Default),
                Credential::ApiKey(key) => self.with_key(&key).filter(|tenant| tenant.speaks == dialect).map(Asked::Made),
                Credential::Pass(text) => self.with_pass(text, dialect),
            };
            match known {
                Some(asked) => return asked,
                // It is the default tenant that says so: what is no key in its dialect was not offered.
                None if self.default.speaks == dialect => refusal = Refusal::InvalidApiKey,
                None => {}
            }
        }
        Asked::Nobody(refusal)
    }

    fn with_pass(&self, text: &str, dialect: Dialect) -> Option<Asked> {
        let name = claimed_tenant(text)?;
        let tenant = if name == DEFAULT { Arc::clone(&self.default) } else { self.made().by_name.get(&name).cloned()? };
        let pass = tenant.passes.check(text).filter(|_| tenant.speaks == dialect)?;
        Some(Asked::Holder(tenant, pass))
    }

    fn with_key(&self, offered: &[u8]) -> Option<Arc<Tenant>> {
        if offered.len() > ApiKey::LENGTH_MAX {
            return None; // nobody's, and not worth a digest
        }
        self.made().by_key.get(&digest(offered)).filter(|tenant| tenant.api_key.is(offered)).cloned()
    }

    /// Makes a tenant, and starts it.
    pub(crate) fn create(&self, new: NewTenant) -> Result<TenantHandle, CreateTenantError> {
        if !new.has_valid_name() {
            return Err(CreateTenantError::InvalidName);
        }
        let word = &new.scenario.vendor.dialect;
        let dialect = Dialect::from_word(word).ok_or_else(|| CreateTenantError::UnknownDialect { dialect: word.clone() })?;
        if let Some(url) = &new.callback_url {
            self.config.callback_hosts.admit(url)?;
        }
        let config = VendorConfig {
            next_webhook_secret: None,
            scenario: new.scenario,
            api_key: new.api_key.map_or_else(ApiKey::generate, Ok)?,
            webhook_secret: new.webhook_secret.map_or_else(|| random().map(|bytes| dialect.secret(bytes)), Ok)?,
            clock: Clock::new(new.clock),
            callback_url: new.callback_url,
            callback_hosts: self.config.callback_hosts.clone(),
            ledger_sink: new.ledger_sink,
            limits: self.config.limits,
            admin: self.config.admin.clone(),
            #[cfg(feature = "tls")]
            tls: None,
        };
        let serial = self.next_serial();
        let tenant = Arc::new(Tenant::new(new.name, serial, &config, dialect, &self.stop, &self.kill)?);
        self.enter(&tenant)?;
        self.drive(&tenant);
        tracing::debug!(tenant = tenant.name, scenario = config.scenario.name.as_str(), "tenant made");
        Ok(TenantHandle::new(tenant))
    }

    fn next_serial(&self) -> u64 {
        self.serial.fetch_add(1, Ordering::Relaxed)
    }

    fn enter(&self, tenant: &Arc<Tenant>) -> Result<(), CreateTenantError> {
        let mut made = self.made_mut();
        let key = digest(tenant.api_key.reveal().as_bytes());
        let limit = self.config.limits.tenants;
        if self.stop.is_cancelled() {
            return Err(CreateTenantError::Stopped);
        }
        if tenant.name == DEFAULT || made.by_name.contains_key(&tenant.name) {
            return Err(CreateTenantError::NameTaken { name: tenant.name.clone() });
        }
        if made.by_key.contains_key(&key) || self.default.api_key.is(tenant.api_key.reveal().as_bytes()) {
            return Err(CreateTenantError::ApiKeyTaken);
        }
        if made.by_name.len() >= limit {
            return Err(CreateTenantError::TooMany { limit });
        }
        made.by_key.insert(key, Arc::clone(tenant));
        made.by_name.insert(tenant.name.clone(), Arc::clone(tenant));
        Ok(())
    }

    /// Returns the tenant of this name.
    pub(crate) fn find(&self, name: &str) -> Option<TenantHandle> {
        let tenant = if name == DEFAULT { Some(Arc::clone(&self.default)) } else { self.made().by_name.get(name).cloned() };
        tenant.map(TenantHandle::new)
    }

    /// Returns all of them, the default one first, then by name.
    pub(crate) fn all(&self) -> Vec<TenantHandle> {
        std::iter::once(&self.default).chain(self.made().by_name.values()).map(|tenant| TenantHandle::new(Arc::clone(tenant))).collect()
    }

    /// Takes a tenant out and stops it. Its key is nobody's from now on, and its deliveries are cut short.
    pub(crate) fn delete(&self, name: &str) -> Result<(), DeleteTenantError> {
        if name == DEFAULT {
            return Err(DeleteTenantError::Default);
        }
        let mut made = self.made_mut();
        let tenant = made.by_name.remove(name).ok_or_else(|| DeleteTenantError::Unknown { name: name.to_owned() })?;
        made.by_key.remove(&digest(tenant.api_key.reveal().as_bytes()));
        drop(made);
        tenant.stop.cancel();
        tenant.kill.cancel();
        Ok(())
    }

    fn made(&self) -> RwLockReadGuard<'_, Made> {
        self.made.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn made_mut(&self) -> RwLockWriteGuard<'_, Made> {
        self.made.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn digest(key: &[u8]) -> KeyDigest {
    Sha256::digest(key).into()
}
