//! What a vendor is started with.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use kycsim_scenarios::Scenario;

use crate::callbacks::{AllowedHosts, CallbackUrl};
use crate::clock::Clock;
use crate::dialects::Dialect;
#[cfg(feature = "tls")]
use crate::http::Tls;
use crate::journal::JournalLimits;
use crate::ledger::LedgerSink;
use crate::secret::{AdminToken, ApiKey, WebhookSecret};

/// What a vendor is started with: what it must have, and options with defaults.
#[derive(Clone)]
#[must_use]
pub struct VendorConfig {
    pub(crate) scenario: Arc<Scenario>,
    pub(crate) api_key: ApiKey,
    pub(crate) webhook_secret: WebhookSecret,
    pub(crate) next_webhook_secret: Option<WebhookSecret>,
    pub(crate) clock: Clock,
    pub(crate) callback_url: Option<CallbackUrl>,
    pub(crate) callback_hosts: AllowedHosts,
    pub(crate) ledger_sink: Option<Arc<dyn LedgerSink>>,
    pub(crate) limits: Limits,
    pub(crate) admin: Access,
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<Tls>,
}

/// Who may steer a vendor through its admin API.
#[derive(Debug, Clone)]
pub(crate) enum Access {
    /// Nobody: there is none.
    None,
    /// Whoever is on this machine.
    Loopback,
    /// Whoever shows the token, from anywhere.
    Token(AdminToken),
}

impl VendorConfig {
    /// Returns the configuration of a vendor that plays `scenario`, on `clock`, for a customer with these secrets.
    pub fn new(scenario: Arc<Scenario>, api_key: ApiKey, webhook_secret: WebhookSecret, clock: Clock) -> Self {
        Self {
            scenario,
            api_key,
            webhook_secret,
            next_webhook_secret: None,
            clock,
            callback_url: None,
            callback_hosts: AllowedHosts::default(),
            ledger_sink: None,
            limits: Limits::default(),
            admin: Access::Loopback,
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    /// Speaks this dialect, whatever the scenario says.
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        Arc::make_mut(&mut self.scenario).vendor.dialect = dialect.as_str().to_owned();
        self
    }

    /// Changes the webhook secret to `secret` when the scenario wants it changed. Without it, one is made up then.
    pub fn next_webhook_secret(mut self, secret: WebhookSecret) -> Self {
        self.next_webhook_secret = Some(secret);
        self
    }

    /// Sends the callbacks of sessions that name no address of their own to `url`. Without it, such sessions have none.
    pub fn callback_url(mut self, url: CallbackUrl) -> Self {
        self.callback_url = Some(url);
        self
    }

    /// Lets callbacks, of every tenant, go to this host too: a name or an IP address. Without it they stay on this machine.
    ///
    /// An address on that host is read with [`CallbackUrl::parse_allowing`].
    pub fn allow_callback_host(mut self, host: &str) -> Self {
        self.callback_hosts = self.callback_hosts.allow(host);
        self
    }

    /// Lets `sink` listen to the ledger.
    pub fn ledger_sink(mut self, sink: Arc<dyn LedgerSink>) -> Self {
        self.ledger_sink = Some(sink);
        self
    }

    /// Lets whoever shows this token steer the vendor through its admin API, from anywhere. Without it, whoever is on this machine may, and nobody else.
    pub fn admin_token(mut self, token: AdminToken) -> Self {
        self.admin = Access::Token(token);
        self
    }

    /// Leaves the admin API out: its addresses are unknown ones, like any other.
    pub fn without_admin(mut self) -> Self {
        self.admin = Access::None;
        self
    }

    /// Speaks HTTPS instead of HTTP.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Replaces the bounds.
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}

impl fmt::Debug for VendorConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VendorConfig")
            .field("scenario", &self.scenario.name)
            .field("clock", &self.clock)
            .field("callback_url", &self.callback_url)
            .field("callback_hosts", &self.callback_hosts)
            .field("limits", &self.limits)
            .field("admin", &self.admin)
            .finish_non_exhaustive()
    }
}

/// How much of everything a vendor keeps or bears. Each bound has a sentence about what happens there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Sessions, and applicants: a new one is answered 429 `too_many_sessions`. About half a kilobyte each.
    pub sessions: usize,
    /// Answers kept for repeated requests: the oldest are forgotten.
    pub idempotency_keys: usize,
    /// Orders: a further one is refused.
    pub orders: usize,
    /// Ledger entries kept in memory: the oldest are dropped, and counted. A sink sees all.
    pub ledger_entries: usize,
    /// Requests and tries of deliveries kept in each tenant's journal: the oldest make room, and whoever reads on learns how many were missed.
    pub journal: JournalLimits,
    /// Tenants beside the default one: a new one is refused with an error. Each has the bounds above to itself.
    pub tenants: usize,
    /// Open connections: further ones wait, one accepted and counted, the rest in the listener's queue.
    pub connections: usize,
    /// Headers of one request: what has more is answered 431, and its connection closed. Other numbers than the default cost an allocation a request.
    /// HTTP/2 counts bytes only.
    pub headers: usize,
    /// Bytes of one request's head: what is longer is answered 431, and an HTTP/1 connection closed.
    pub head_bytes: usize,
    /// How long a connection may go without a new request and with none under way: idle, dribbling a head, not reading an answer, or stuck in a TLS
    /// handshake. Then it is closed, at the latest half as long again later. By the machine's time on any clock.
    pub head_within: Duration,
    /// How long a client may take to send a body: a picture over a poor line, and no longer. Then its connection is closed (on HTTP/2: the stream
    /// reset). By the machine's time on any clock.
    pub body_within: Duration,
    /// How long a request that an incident hangs is held before its connection is reset, if the client does not leave first.
    pub hang: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            sessions: 200_000,
            idempotency_keys: 200_000,
            orders: 100_000,
            ledger_entries: 500_000,
            journal: JournalLimits::default(),
            tenants: 10_000,
            connections: 2048,
            headers: 100,
            head_bytes: 32 * 1024,
            head_within: Duration::from_secs(30),
            body_within: Duration::from_secs(60),
            hang: Duration::from_secs(300),
        }
    }
}
