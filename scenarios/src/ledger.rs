//! The vendor's ledger: what it decided and what it sent, the truth against which a backend is judged.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::fate::ApplicantKey;
use crate::language::EventKind;
use crate::time::SimTime;
use crate::vendor::{Decision, Defect};

/// One line of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// When it happened.
    pub at: SimTime,
    /// The session it happened to.
    pub session: Arc<str>,
    /// Whose session it is.
    pub applicant: ApplicantKey,
    /// What happened.
    #[serde(flatten)]
    pub event: LedgerEvent,
}

/// What can stand in the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum LedgerEvent {
    /// The customer began a session.
    SessionCreated,
    /// The customer asked for a decision.
    Submitted {
        /// About which attempt.
        attempt: u32,
    },
    /// The vendor decided.
    Decided {
        /// When it was to decide; `at` is when it did.
        due: SimTime,
        /// What.
        decision: Decision,
    },
    /// The vendor changed its decision.
    Revised {
        /// Into what.
        decision: Decision,
    },
    /// Nobody finished the session in time.
    Expired,
    /// The customer gave the session up.
    Cancelled,
    /// The customer had erased what the session knew about the applicant.
    Redacted,
    /// An incident holds the callback back.
    CallbackHeld {
        /// The event's id.
        callback: String,
        /// Which copy.
        copy: u32,
        /// Until when.
        until: SimTime,
    },
    /// The callback will never be sent.
    CallbackLost {
        /// The event's id.
        callback: String,
    },
    /// A delivery was attempted; `at` is when it ended.
    Delivered {
        /// The event's id.
        callback: String,
        /// What it tells of.
        #[serde(default = "decided")]
        kind: EventKind,
        /// About which attempt of the session.
        attempt: u32,
        /// Which copy: 0 is the first, others are duplicates made on purpose.
        copy: u32,
        /// Which try of this copy, from 1.
        attempt_number: u32,
        /// What is wrong with it on purpose.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        defect: Option<Defect>,
        /// When it was to begin.
        due: SimTime,
        /// When it began.
        began: SimTime,
        /// How it ended.
        result: DeliveryResult,
    },
    /// A receiver has failed too often in a row: nothing more is sent there.
    ReceiverDisabled {
        /// Its host and port.
        receiver: String,
    },
    /// The vendor gave a callback up after its last try.
    CallbackGivenUp {
        /// The event's id.
        callback: String,
        /// Which copy.
        copy: u32,
    },
}

const fn decided() -> EventKind {
    EventKind::Decided
}

/// How a delivery ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DeliveryResult {
    /// Answered with success.
    Accepted {
        /// 200 to 299.
        status: u16,
    },
    /// Answered with anything else.
    Refused {
        /// The status.
        status: u16,
    },
    /// Not answered.
    Failed {
        /// Why, in words.
        reason: String,
    },
}
