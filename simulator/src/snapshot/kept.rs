//! What is kept, as plain data. Each type says what it is kept of; the way there and back stands beside that.

use std::time::Duration;

use jiff::Timestamp;
use kycsim_scenarios::language::{DocumentKind, EventKind};
use kycsim_scenarios::ledger::LedgerEntry;
use kycsim_scenarios::vendor::{Decision, IncidentBoard, IncidentId, Order, PlannedCopy, RateLimiter, SessionState, Status};
use kycsim_scenarios::{ApplicantKey, SimTime};
use serde::{Deserialize, Serialize};

use crate::callbacks::{Receivers, Terms};
use crate::clock::ClockMode;
use crate::id::SessionId;
use crate::session::{CountryCode, Decided, Images};
use crate::world::Orderee;

/// An address that callbacks went to. It is no [`crate::CallbackUrl`] before it was admitted again: files can be written by anybody.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct KeptUrl(pub(crate) String);

/// A clock: how time went by, and how far it had come. It stands still while the vendor is down.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptClock {
    pub(crate) mode: ClockMode,
    pub(crate) now: SimTime,
    /// The time of day at which scenario time began, as payloads have it.
    pub(crate) began: Timestamp,
}

/// The secrets that callbacks are signed with.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptKeyring {
    pub(crate) current: String,
    /// The one before, and until when it holds.
    pub(crate) previous: Option<(String, SimTime)>,
}

/// How long an incident that was started by hand may go on, by the machine's time.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptFuse {
    pub(crate) incident: IncidentId,
    pub(crate) left: Duration,
}

/// All that a tenant's vendor knows.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeptWorld {
    pub(crate) callback_url: Option<KeptUrl>,
    pub(crate) sessions: Vec<KeptSession>,
    pub(crate) applicants: Vec<KeptTally>,
    /// The oldest first.
    pub(crate) answers: Vec<KeptAnswer>,
    pub(crate) orders: Vec<KeptOrder>,
    pub(crate) limiter: RateLimiter,
    pub(crate) examined: Vec<KeptExamined>,
    /// What the agenda's sendings point to.
    pub(crate) events: Vec<KeptEvent>,
    /// In the order in which it happens. What was on its way stands here too: it is sent again.
    pub(crate) agenda: Vec<(SimTime, KeptTask)>,
    pub(crate) board: IncidentBoard,
    pub(crate) receivers: Receivers,
    /// As far as it was in memory.
    pub(crate) ledger: Vec<LedgerEntry>,
    /// What the dialect's desk knows, in its own form.
    #[serde(default)]
    pub(crate) desk: serde_json::Value,
    /// How many requests there were that were about no session.
    #[serde(default)]
    pub(crate) errands: u32,
}

/// A session. Its fate is drawn from the scenario's seed again.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptSession {
    pub(crate) id: SessionId,
    pub(crate) applicant: ApplicantKey,
    pub(crate) ordinal: u32,
    pub(crate) country: CountryCode,
    pub(crate) document: DocumentKind,
    pub(crate) callback_url: Option<KeptUrl>,
    pub(crate) created_at: SimTime,
    pub(crate) state: SessionState,
    pub(crate) attempt: u32,
    pub(crate) decided: Option<Decided>,
    pub(crate) former: Option<Box<Decided>>,
    pub(crate) revisions: u32,
    pub(crate) version: u64,
    pub(crate) updated_at: SimTime,
    pub(crate) images: Images,
}

/// What was counted of an applicant.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptTally {
    pub(crate) applicant: ApplicantKey,
    pub(crate) requests: u32,
    pub(crate) sessions: u32,
}

/// An answer for a request that may come again.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptAnswer {
    pub(crate) key: String,
    /// The digest of what was asked for, in base 64.
    pub(crate) fingerprint: String,
    pub(crate) reply: KeptReply,
}

/// What was answered. Only what can be the answer to a repeatable request is here.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum KeptReply {
    Created(KeptSession),
    Submitted(KeptSession),
    Refused(KeptRefusal),
    Said(KeptSaid),
}

/// What a desk said, word for word.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptSaid {
    pub(crate) status: u16,
    /// Names and values, in their order.
    pub(crate) headers: Vec<(String, String)>,
    /// In base 64.
    pub(crate) body: String,
    pub(crate) request: String,
    pub(crate) session: Option<SessionId>,
}

/// Why it was refused.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum KeptRefusal {
    NoSuchSession,
    ImagesMissing,
    WrongStatus { status: Status },
    FailedBefore { status: u16 },
}

/// An order, with how many requests each of its responses would have failed.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptOrder {
    pub(crate) whom: Orderee,
    pub(crate) order: Order,
    pub(crate) matched: Vec<u32>,
}

/// An examination that has not ended.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptExamined {
    pub(crate) session: SessionId,
    pub(crate) decision: Decision,
    pub(crate) due: Option<SimTime>,
    pub(crate) polls_left: Option<u32>,
}

/// Something to tell.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptEvent {
    pub(crate) id: String,
    pub(crate) kind: EventKind,
    pub(crate) session: SessionId,
    pub(crate) applicant: ApplicantKey,
    pub(crate) attempt: u32,
    pub(crate) to: KeptUrl,
    /// The customer's webhook endpoint that this is.
    #[serde(default)]
    pub(crate) endpoint: Option<String>,
    /// In base 64: what is malformed on purpose need not be a text.
    pub(crate) body: String,
    pub(crate) defective_body: Option<String>,
    /// None: those of the scenario.
    pub(crate) terms: Option<Terms>,
    /// Whether a copy repeats what was sent first.
    pub(crate) repeated: bool,
    /// What that was, if it was sent.
    pub(crate) first_sent: Option<KeptSealed>,
}

/// What was sent, byte for byte, for a copy that is to repeat it.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptSealed {
    /// Names and values, in their order.
    pub(crate) headers: Vec<(String, String)>,
    /// In base 64.
    pub(crate) body: String,
}

/// One copy of an event. Nobody waits any more for its being told: whoever did was cut off.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeptSending {
    /// Its event's place among the events.
    pub(crate) event: usize,
    pub(crate) copy: PlannedCopy,
    pub(crate) failed: u32,
    pub(crate) let_go: Option<IncidentId>,
}

/// What stands on the agenda.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum KeptTask {
    Decide { session: SessionId, attempt: u32 },
    Revise { session: SessionId, decision: Decision },
    Expire { session: SessionId, attempt: u32 },
    Send(KeptSending),
    Lose { event: usize },
    RotateSecret { overlap: Duration },
}
