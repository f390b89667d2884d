//! A vendor's state as a value that outlives the process: what a long rehearsal needs to go on after a restart.
//!
//! Here are the file and its plain data (`Kept…`); how each thing becomes what is kept, and comes back, stands beside that thing. Kept are sessions, all
//! that is still to come, examinations, answers to repeatable requests, orders, incidents, receivers' health, secrets, clocks, counters and ledgers (as
//! far as they are in memory). Not kept are connections, the journal's entries (its numbers go on, so that a reader learns what it missed), and
//! everything that stands in the configuration.

mod file;
mod kept;

use std::fmt;

use jiff::Timestamp;
use kycsim_scenarios::Scenario;
use serde::{Deserialize, Serialize};

use crate::callbacks::InvalidCallbackUrl;
use crate::counts::Counts;
use crate::secret::{InvalidApiKey, InvalidWebhookSecret};
use crate::vendor::StartVendorError;
pub use file::{ReadSnapshotError, WriteSnapshotError};
pub(crate) use kept::{
    KeptAnswer, KeptClock, KeptEvent, KeptExamined, KeptFuse, KeptKeyring, KeptOrder, KeptRefusal, KeptReply, KeptSaid, KeptSealed,
    KeptSending, KeptSession, KeptTally, KeptTask, KeptUrl, KeptWorld,
};

/// The format that is written, and the newest that is read. It grows with every change that an older reader would misread.
const FORMAT: u32 = 2;

/// The state of a vendor, with all its tenants, at one moment: see [`crate::Vendor::snapshot`] and [`crate::Vendor::start_from`].
///
/// It holds API keys, webhook secrets and personal data: whoever can read it can sign as the vendor.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[must_use = "a snapshot changes nothing until it is written or started from"]
pub struct Snapshot {
    format: u32,
    /// When it was taken, by the machine's time of day.
    taken: Timestamp,
    /// The default one first.
    pub(crate) tenants: Vec<KeptTenant>,
}

/// One tenant.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeptTenant {
    pub(crate) name: String,
    pub(crate) scenario: Scenario,
    pub(crate) api_key: String,
    pub(crate) keyring: KeptKeyring,
    pub(crate) clock: KeptClock,
    pub(crate) counts: Counts,
    /// How many entries were ever written into its journal.
    pub(crate) journal_last: u64,
    /// How long the incidents that were started by hand may go on at most, by the machine's time.
    pub(crate) fuses: Vec<KeptFuse>,
    pub(crate) world: KeptWorld,
}

/// Why a vendor was not started from a snapshot.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreVendorError {
    /// It would not have started without one either.
    #[error(transparent)]
    Start(#[from] StartVendorError),
    /// Another scenario was played.
    #[error("the snapshot is of the scenario `{kept}`, seed {kept_seed}, and not of `{asked}`, seed {asked_seed}, as it is now")]
    OtherScenario {
        /// The one that was played.
        kept: String,
        /// Its seed.
        kept_seed: u64,
        /// The one that is to be played.
        asked: String,
        /// Its seed.
        asked_seed: u64,
    },
    /// What is kept of a tenant makes no sense.
    #[error("the snapshot cannot be used: tenant `{tenant}`: {reason}")]
    Unsound {
        /// Its name.
        tenant: String,
        /// What is wrong.
        reason: Unsound,
    },
    /// There are more tenants than there may be.
    #[error("the snapshot has {has} tenants beside the default one, and there may be {limit}")]
    TooManyTenants {
        /// How many.
        has: usize,
        /// How many there may be.
        limit: usize,
    },
    /// There is no tenant in it.
    #[error("the snapshot holds no tenant")]
    Empty,
}

/// What is wrong with what is kept of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsound {
    /// Callbacks may not go there. Perhaps the host was allowed by name before.
    #[error(transparent)]
    CallbackUrl(#[from] InvalidCallbackUrl),
    /// No dialect can sign with it.
    #[error(transparent)]
    WebhookSecret(#[from] InvalidWebhookSecret),
    /// It is none.
    #[error(transparent)]
    ApiKey(#[from] InvalidApiKey),
    /// Its scenario asks for a dialect that there is not.
    #[error("its dialect is not known")]
    Dialect,
    /// Its name, or its API key, is another tenant's.
    #[error("its name or its API key is another tenant's too")]
    Taken,
    /// Something points to what is not there.
    #[error("it speaks of {0} that it does not hold")]
    Dangling(&'static str),
    /// Something is not what it should be.
    #[error("{0} cannot be read")]
    Unreadable(&'static str),
}

impl Snapshot {
    pub(crate) const fn of(tenants: Vec<KeptTenant>, taken: Timestamp) -> Self {
        Self { format: FORMAT, taken, tenants }
    }

    /// When it was taken, by the machine's time of day.
    #[must_use]
    pub const fn taken(&self) -> Timestamp {
        self.taken
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.tenants.iter().map(|tenant| tenant.name.as_str()).collect();
        f.debug_struct("Snapshot").field("taken", &self.taken).field("tenants", &names).finish_non_exhaustive()
    }
}
