use std::net::Ipv4Addr;
use std::sync::Arc;

use kycsim_scenarios::catalogue;
use kycsim_scenarios::language::{InvalidScenario, Scenario};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::vendor::TestVendor;
use crate::callbacks::{AllowedHosts, CallbackUrl, InvalidCallbackUrl};
use crate::clock::{Clock, ClockMode, InvalidTimeScale, TimeScale};
use crate::config::{Limits, VendorConfig};
use crate::dialects::Dialect;
use crate::secret::{ApiKey, InvalidApiKey, WebhookSecret};
use crate::snapshot::{RestoreVendorError, Snapshot};
use crate::vendor::{StartVendorError, Vendor};

/// What is played unless somebody says otherwise.
const ALL_APPROVED: &str = include_str!("all_approved.toml");

/// How a test vendor is to be started. What is not said has a default that is the same in every run.
#[derive(Debug, Clone)]
#[must_use]
pub struct TestVendorBuilder {
    scenario: ScenarioSource,
    seed: Option<u64>,
    dialect: Option<Dialect>,
    pace: Pace,
    api_key: Option<String>,
    webhook_secret: Option<WebhookSecret>,
    callback_url: Option<String>,
    callback_hosts: AllowedHosts,
    limits: Limits,
}

#[derive(Debug, Clone, Copy)]
enum Pace {
    Real,
    Scaled(f64),
    Frozen,
}

/// Where a scenario comes from: the name of a shipped one, or the scenario itself.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum ScenarioSource {
    /// A shipped one, such as `outage`.
    Shipped(String),
    /// This one.
    Given(Arc<Scenario>),
    /// Everybody is approved, at once.
    AllApproved,
}

impl From<&str> for ScenarioSource {
    fn from(name: &str) -> Self {
        Self::Shipped(name.to_owned())
    }
}

impl From<Scenario> for ScenarioSource {
    fn from(scenario: Scenario) -> Self {
        Self::Given(Arc::new(scenario))
    }
}

impl From<Arc<Scenario>> for ScenarioSource {
    fn from(scenario: Arc<Scenario>) -> Self {
        Self::Given(scenario)
    }
}

/// Why a test vendor was not started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartTestVendorError {
    /// There is no shipped scenario of this name.
    #[error("there is no shipped scenario `{name}`; {}", catalogue::remedy(.name))]
    UnknownScenario {
        /// What was asked for.
        name: String,
    },
    /// A scenario makes no sense.
    #[error(transparent)]
    Scenario(#[from] Box<InvalidScenario>),
    /// The API key could not stand in a header.
    #[error(transparent)]
    ApiKey(#[from] InvalidApiKey),
    /// Callbacks may not go there.
    #[error(transparent)]
    CallbackUrl(#[from] InvalidCallbackUrl),
    /// Time cannot go by like this.
    #[error(transparent)]
    TimeScale(#[from] InvalidTimeScale),
    /// No port could be had.
    #[error("no port of this machine could be listened on")]
    Listener(#[from] std::io::Error),
    /// The snapshot does not fit.
    #[error(transparent)]
    Restore(#[from] RestoreVendorError),
    /// The vendor itself refused.
    #[error(transparent)]
    Vendor(#[from] StartVendorError),
}

impl Default for TestVendorBuilder {
    fn default() -> Self {
        Self {
            scenario: ScenarioSource::AllApproved,
            seed: None,
            dialect: None,
            pace: Pace::Real,
            api_key: None,
            webhook_secret: None,
            callback_url: None,
            callback_hosts: AllowedHosts::default(),
            limits: Limits::default(),
        }
    }
}

impl TestVendorBuilder {
    /// Plays this scenario: the name of a shipped one, or one that was read or made. Without it everybody is approved, at once.
    pub fn scenario(mut self, scenario: impl Into<ScenarioSource>) -> Self {
        self.scenario = scenario.into();
        self
    }

    /// Draws all chance from this seed and not from the scenario's.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Speaks this vendor's API, whatever the scenario says.
    pub const fn dialect(mut self, dialect: Dialect) -> Self {
        self.dialect = Some(dialect);
        self
    }

    /// Lets time stand still, but for [`super::TestTenant::advance`].
    pub const fn frozen(mut self) -> Self {
        self.pace = Pace::Frozen;
        self
    }

    /// Lets time go by so many times as fast: greater than 0, at most a million.
    pub const fn scaled(mut self, factor: f64) -> Self {
        self.pace = Pace::Scaled(factor);
        self
    }

    /// Lets customers prove themselves with this key.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(key.into());
        self
    }

    /// Signs callbacks with this secret.
    pub fn webhook_secret(mut self, secret: impl Into<String>) -> Self {
        self.webhook_secret = Some(WebhookSecret::new(secret));
        self
    }

    /// Sends the callbacks of sessions that name no address of their own there: `http://127.0.0.1:8080/callbacks`.
    pub fn callback_url(mut self, url: impl Into<String>) -> Self {
        self.callback_url = Some(url.into());
        self
    }

    /// Lets callbacks go to this host too, by name. Without it they stay on this machine.
    pub fn allow_callback_host(mut self, host: &str) -> Self {
        self.callback_hosts = self.callback_hosts.allow(host);
        self
    }

    /// Replaces the bounds.
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Starts the vendor on a free port of this machine. Call it within a tokio runtime: the vendor lives there.
    ///
    /// # Errors
    /// [`StartTestVendorError`] when what was said makes no sense, or there is no port.
    pub async fn start(self) -> Result<TestVendor, StartTestVendorError> {
        let config = self.into_config()?;
        let scenario = Arc::clone(&config.scenario);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        Ok(TestVendor::new(Vendor::start(config, listener, &CancellationToken::new())?, scenario))
    }

    /// Starts the vendor where another one stood when `snapshot` was taken, with its clock, its secrets and its callback address: what
    /// [`Vendor::start_from`] does, for tests of what a restart changes. Its scenario must be the same.
    ///
    /// # Errors
    /// [`StartTestVendorError`] when what was said makes no sense, the snapshot does not fit, or there is no port.
    pub async fn start_from(self, snapshot: Snapshot) -> Result<TestVendor, StartTestVendorError> {
        let config = self.into_config()?;
        let scenario = Arc::clone(&config.scenario);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        Ok(TestVendor::new(Vendor::start_from(config, snapshot, listener, &CancellationToken::new())?, scenario))
    }

    pub(super) fn into_config(self) -> Result<VendorConfig, StartTestVendorError> {
        let mut scenario = match self.scenario {
            ScenarioSource::AllApproved => Arc::new(Scenario::parse("all-approved", ALL_APPROVED)?),
            ScenarioSource::Shipped(name) => Arc::new(catalogue::load(&name).ok_or(StartTestVendorError::UnknownScenario { name })??),
            ScenarioSource::Given(scenario) => scenario,
        };
        if let Some(seed) = self.seed {
            Arc::make_mut(&mut scenario).seed = seed;
        }
        if let Some(dialect) = self.dialect {
            Arc::make_mut(&mut scenario).vendor.dialect = dialect.as_str().to_owned();
        }
        let mode = match self.pace {
            Pace::Real => ClockMode::Real,
            Pace::Scaled(factor) => ClockMode::Scaled(TimeScale::new(factor)?),
            Pace::Frozen => ClockMode::Frozen,
        };
        // A dialect that there is not is refused when the vendor starts; until then any will do.
        let dialect = Dialect::from_word(&scenario.vendor.dialect).unwrap_or(Dialect::Generic);
        let secret = self.webhook_secret.unwrap_or_else(|| WebhookSecret::new(dialect.sample_webhook_secret()));
        let api_key = ApiKey::new(self.api_key.unwrap_or_else(|| dialect.sample_api_key().to_owned()))?;
        let mut config = VendorConfig::new(scenario, api_key, secret, Clock::new(mode)).limits(self.limits);
        if let Some(url) = self.callback_url {
            config = config.callback_url(CallbackUrl::parse_allowing(&url, &self.callback_hosts)?);
        }
        config.callback_hosts = self.callback_hosts;
        Ok(config)
    }
}
