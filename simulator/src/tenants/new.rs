use std::fmt;
use std::sync::Arc;

use kycsim_scenarios::Scenario;

use crate::callbacks::{CallbackUrl, InvalidCallbackUrl};
use crate::clock::ClockMode;
use crate::dialects::Dialect;
use crate::ledger::LedgerSink;
use crate::secret::{ApiKey, InvalidWebhookSecret, NoRandomness, WebhookSecret};

/// Longer than any name that a test has.
const NAME_MAX: usize = 64;

/// What a tenant is made of: what it must have, and options with defaults.
#[derive(Clone)]
#[must_use]
pub struct NewTenant {
    pub(super) name: String,
    pub(super) scenario: Arc<Scenario>,
    pub(super) api_key: Option<ApiKey>,
    pub(super) webhook_secret: Option<WebhookSecret>,
    pub(super) callback_url: Option<CallbackUrl>,
    pub(super) clock: ClockMode,
    pub(super) ledger_sink: Option<Arc<dyn LedgerSink>>,
}

impl NewTenant {
    /// Returns what makes a tenant of this name that plays `scenario`. A name is 1 to 64 characters of `A-Z a-z 0-9 . _ -`.
    ///
    /// Unless told otherwise it gets secrets that nobody can guess, sends callbacks only where sessions say, and its clock is real and begins when it is
    /// made.
    pub fn new(name: impl Into<String>, scenario: Arc<Scenario>) -> Self {
        Self {
            name: name.into(),
            scenario,
            api_key: None,
            webhook_secret: None,
            callback_url: None,
            clock: ClockMode::Real,
            ledger_sink: None,
        }
    }

    /// Lets customers prove themselves with this key, which no other tenant may have.
    pub fn api_key(mut self, key: ApiKey) -> Self {
        self.api_key = Some(key);
        self
    }

    /// Signs callbacks with this secret.
    pub fn webhook_secret(mut self, secret: WebhookSecret) -> Self {
        self.webhook_secret = Some(secret);
        self
    }

    /// Sends the callbacks of sessions that name no address of their own to `url`.
    pub fn callback_url(mut self, url: CallbackUrl) -> Self {
        self.callback_url = Some(url);
        self
    }

    /// Lets its time go by like this.
    pub const fn clock(mut self, mode: ClockMode) -> Self {
        self.clock = mode;
        self
    }

    /// Speaks this dialect, whatever the scenario says.
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        Arc::make_mut(&mut self.scenario).vendor.dialect = dialect.as_str().to_owned();
        self
    }

    /// Draws all chance from this seed and not from the scenario's.
    pub fn seed(mut self, seed: u64) -> Self {
        Arc::make_mut(&mut self.scenario).seed = seed;
        self
    }

    /// Lets `sink` listen to its ledger.
    pub fn ledger_sink(mut self, sink: Arc<dyn LedgerSink>) -> Self {
        self.ledger_sink = Some(sink);
        self
    }

    /// The scenario that it is to play.
    pub(crate) fn plays(&self) -> Arc<Scenario> {
        Arc::clone(&self.scenario)
    }

    pub(super) fn has_valid_name(&self) -> bool {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        (1..=NAME_MAX).contains(&self.name.len()) && self.name.bytes().all(fits)
    }
}

impl fmt::Debug for NewTenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewTenant")
            .field("name", &self.name)
            .field("scenario", &self.scenario.name)
            .field("callback_url", &self.callback_url)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}

/// Why a tenant was not made. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CreateTenantError {
    /// The name is none.
    #[error("a tenant's name is 1 to 64 characters of A-Z a-z 0-9 . _ -")]
    InvalidName,
    /// There is a tenant of this name.
    #[error("there is a tenant `{name}` already")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// Another tenant has this API key.
    #[error("another tenant has this API key already")]
    ApiKeyTaken,
    /// There are as many tenants as there may be.
    #[error("there are {limit} tenants already, as many as there may be; delete some, or start the vendor with room for more")]
    TooMany {
        /// How many there may be.
        limit: usize,
    },
    /// The scenario asks for a dialect that there is not.
    #[error("the scenario's vendor speaks `{dialect}`, which is not a dialect; there are: {}", Dialect::words())]
    UnknownDialect {
        /// What it asks for.
        dialect: String,
    },
    /// The dialect cannot sign with the secret.
    #[error(transparent)]
    WebhookSecret(#[from] InvalidWebhookSecret),
    /// The vendor may not call there.
    #[error(transparent)]
    CallbackUrl(#[from] InvalidCallbackUrl),
    /// No secret could be made up.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The vendor is being shut down.
    #[error("the vendor is shutting down")]
    Stopped,
}

/// Why a tenant was not deleted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeleteTenantError {
    /// There is none of this name.
    #[error("there is no tenant `{name}`")]
    Unknown {
        /// The name.
        name: String,
    },
    /// The default tenant lives as long as the vendor.
    #[error("the default tenant cannot be deleted; shut the vendor down")]
    Default,
}

/// Why a secret was not rotated. The one before goes on holding.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RotateSecretError {
    /// The dialect cannot sign with the new one.
    #[error(transparent)]
    WebhookSecret(#[from] InvalidWebhookSecret),
    /// No secret could be made up.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}
