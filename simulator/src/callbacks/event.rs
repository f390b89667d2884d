use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use kycsim_scenarios::ApplicantKey;
use kycsim_scenarios::language::{Callbacks, EventKind, Period};
use serde::{Deserialize, Serialize};

use super::CallbackUrl;
use super::Endpoint;
use super::delivery::Sealed;
use crate::id::SessionId;

/// One thing to tell: the same bytes in every copy and every try.
#[derive(Debug)]
pub(crate) struct Event {
    /// Its id, the same in every copy and every try.
    pub(crate) id: String,
    pub(crate) kind: EventKind,
    pub(crate) session: SessionId,
    pub(crate) applicant: ApplicantKey,
    /// The session's attempt it is about.
    pub(crate) attempt: u32,
    pub(crate) to: CallbackUrl,
    /// The customer's webhook endpoint that this is; none: the address that the vendor was started with, or the session's own.
    pub(crate) endpoint: Option<Arc<Endpoint>>,
    /// The session as it was when it changed, in the dialect's words.
    pub(crate) body: Bytes,
    /// What a defective try says instead.
    pub(crate) defective_body: Option<Bytes>,
    pub(crate) terms: Arc<Terms>,
    /// What was sent first and told the truth, for a copy that is to replay it; none when there is no such copy.
    pub(crate) replayed: Option<Box<OnceLock<Sealed>>>,
}

/// On which terms events are delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Terms {
    /// How long after a failed delivery the next one follows.
    pub(crate) retry: Vec<Period>,
    /// How long a receiver may take to answer, in real time.
    pub(crate) within: Duration,
    /// Which answers count as success; none: any 2xx.
    pub(crate) success: Option<Vec<u16>>,
    /// After how many failures in a row a receiver is sent nothing more.
    pub(crate) disable_after: Option<u32>,
}

impl Terms {
    /// Returns the terms that `callbacks` set, and the dialect's own where they set none.
    pub(crate) fn of(callbacks: &Callbacks, dialects: Self) -> Self {
        Self {
            retry: callbacks.retry.clone().unwrap_or(dialects.retry),
            within: callbacks.timeout.map_or(dialects.within, Period::length),
            success: callbacks.success.clone().or(dialects.success),
            disable_after: callbacks.disable_after.or(dialects.disable_after),
        }
    }

    /// Whether an answer counts as success.
    pub(crate) fn accept(&self, status: u16) -> bool {
        match &self.success {
            Some(success) => success.contains(&status),
            None => (200..300).contains(&status),
        }
    }
}
