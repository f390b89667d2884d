use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::distribution::Distribution;
use super::quantity::{Period, Probability, QuantityError};
use crate::words::words;

/// How the vendor tells of what becomes of a session.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "RawCallbacks", into = "RawCallbacks")]
#[schemars(with = "RawCallbacks")]
pub struct Callbacks(RawCallbacks);

/// The file's own form; [`Callbacks`] is the checked one, and derefs to it for reading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RawCallbacks {
    /// What it tells of; none: what the dialect's vendor tells of by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<EventKind>>,
    /// From the event to its first delivery.
    pub delay: Distribution,
    /// How long after a failed delivery the next one follows; none: the dialect's own schedule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry: Option<Vec<Period>>,
    /// How long a receiver may take to answer, in real time, at most a minute; none: the dialect's own time-out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Period>,
    /// Which answers count as success; none: the dialect's own idea, mostly any 2xx.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub success: Option<Vec<u16>>,
    /// After so many failed deliveries in a row nothing more is sent to that receiver, until somebody enables it again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disable_after: Option<u32>,
    /// When the signing secret changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotate_secret: Option<Rotation>,
    /// The same event, sent more than once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duplicate: Option<Duplicates>,
    /// How likely an event is never sent at all.
    pub lost: Probability,
    /// How likely an event whose first try fails is never tried again.
    pub lost_on_retry: Probability,
    /// How likely `processing` is told after the decision instead of before it.
    pub reordered: Probability,
    /// How likely an examination ends at once, and its decision is told before the submission has been answered.
    pub early: Probability,
    /// How likely an event comes without a signature.
    pub unsigned: Probability,
    /// How likely an event comes with a signature of another key.
    pub wrong_signature: Probability,
    /// Events whose signature is older than receivers should take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stale: Option<Stale>,
    /// How likely an event comes as a body that is not JSON, properly signed.
    pub malformed: Probability,
    /// How likely an event comes with fields that nobody has announced.
    pub unknown_fields: Probability,
    /// Which tries have these five defects.
    pub defective_tries: Tries,
    /// How likely an event of a kind and status that nobody has announced is sent first.
    pub unknown_status: Probability,
    /// The bytes and headers of an event, sent once more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replayed: Option<Later>,
    /// A second event about the same change that says otherwise. It is a lie: reads tell the truth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contradicting: Option<Later>,
}

words! {
    /// What the vendor can tell of.
    EventKind {
        /// A session was begun.
        Created = "created",
        /// It was submitted.
        Processing = "processing",
        /// It was decided, or decided anew.
        Decided = "decided",
        /// Nobody finished it in time.
        Expired = "expired",
        /// The customer gave it up.
        Cancelled = "cancelled",
        /// What it knew about the applicant was erased.
        Redacted = "redacted",
    }
}

words! {
    /// Which tries of a delivery have a defect.
    Tries {
        /// The first: what is tried again is sound.
        First = "first",
        /// All.
        All = "all",
    }
}

words! {
    /// Which id a duplicate has.
    DuplicateId {
        /// That of the event.
        Same = "same",
        /// One of its own: whoever tells duplicates by their id is fooled.
        New = "new",
    }
}

/// The same event, sent more than once.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Duplicates {
    /// How likely an event is duplicated.
    pub probability: Probability,
    /// How often it is then sent in all.
    pub copies: Copies,
    /// From one copy to the next.
    pub spacing: Period,
    /// Which id the copies have.
    #[serde(default = "same_id")]
    pub id: DuplicateId,
}

const fn same_id() -> DuplicateId {
    DuplicateId::Same
}

/// Events whose signature is old.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stale {
    /// How likely an event is stale.
    pub probability: Probability,
    /// How old its signature says it is.
    pub age: Period,
}

/// Something that follows an event.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Later {
    /// How likely it follows.
    pub probability: Probability,
    /// How long after the event.
    pub after: Period,
}

/// A change of the signing secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// When, from the start of the arrivals.
    pub at: Period,
    /// For how long both secrets sign.
    pub overlap: Period,
}

/// How often an event is sent in all, 1 to 100: every copy is planned at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "u32", into = "u32")]
#[schemars(with = "u32")]
pub struct Copies(u32);

impl Copies {
    /// The plain number.
    #[must_use]
    pub const fn value(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Copies {
    type Error = QuantityError;

    fn try_from(copies: u32) -> Result<Self, QuantityError> {
        if (1..=100).contains(&copies) {
            Ok(Self(copies))
        } else {
            Err(QuantityError::new(format!("{copies} is not a number of copies; write one from 1 to 100")))
        }
    }
}

impl From<Copies> for u32 {
    fn from(copies: Copies) -> Self {
        copies.0
    }
}

impl Callbacks {
    /// Whether the vendor tells of such an event; `by_itself` is what it tells of unless it is said.
    #[must_use]
    pub fn tells(&self, kind: EventKind, by_itself: &[EventKind]) -> bool {
        self.events.as_deref().unwrap_or(by_itself).contains(&kind)
    }

    /// Returns the same with `change` made to it.
    ///
    /// # Errors
    /// When the change leaves something that makes no sense.
    pub fn with(&self, change: impl FnOnce(&mut RawCallbacks)) -> Result<Self, QuantityError> {
        let mut raw = self.0.clone();
        change(&mut raw);
        Self::try_from(raw)
    }
}

impl std::ops::Deref for Callbacks {
    type Target = RawCallbacks;

    fn deref(&self) -> &RawCallbacks {
        &self.0
    }
}

impl Default for RawCallbacks {
    fn default() -> Self {
        Self {
            events: None,
            delay: Distribution::constant(Duration::ZERO),
            retry: None,
            timeout: None,
            success: None,
            disable_after: None,
            rotate_secret: None,
            duplicate: None,
            lost: Probability::NEVER,
            lost_on_retry: Probability::NEVER,
            reordered: Probability::NEVER,
            early: Probability::NEVER,
            unsigned: Probability::NEVER,
            wrong_signature: Probability::NEVER,
            stale: None,
            malformed: Probability::NEVER,
            unknown_fields: Probability::NEVER,
            defective_tries: Tries::First,
            unknown_status: Probability::NEVER,
            replayed: None,
            contradicting: None,
        }
    }
}

/// The longest time-out: a delivery holds a connection for as long.
const TIMEOUT_MAX: Duration = Duration::from_secs(60);

impl TryFrom<RawCallbacks> for Callbacks {
    type Error = QuantityError;

    fn try_from(raw: RawCallbacks) -> Result<Self, QuantityError> {
        let tells = |kind| raw.events.as_ref().is_some_and(|events| events.contains(&kind));
        if raw.reordered.value() > 0.0 && !(tells(EventKind::Processing) && tells(EventKind::Decided)) {
            return Err(QuantityError::new("`reordered` needs two events to swap: events = [\"processing\", \"decided\"]"));
        }
        if raw.timeout.is_some_and(|timeout| timeout.length().is_zero() || timeout.length() > TIMEOUT_MAX) {
            return Err(QuantityError::new("`timeout` must be longer than nothing and at most 1m"));
        }
        if let Some(success) = &raw.success
            && (success.is_empty() || success.iter().any(|status| !(200..=599).contains(status)))
        {
            return Err(QuantityError::new("`success` lists the statuses that count as success, from 200 to 599, such as [200, 204]"));
        }
        if raw.disable_after == Some(0) {
            return Err(QuantityError::new("`disable_after` must be at least 1 failed delivery"));
        }
        Ok(Self(raw))
    }
}

impl From<Callbacks> for RawCallbacks {
    fn from(callbacks: Callbacks) -> Self {
        callbacks.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_sense_is_refused_with_the_remedy() {
        #[track_caller]
        fn check(text: &str, expected: &str) {
            let error = toml::from_str::<Callbacks>(text).unwrap_err();
            assert!(error.message().contains(expected), "{error}");
        }
        check("reordered = 0.5", "needs two events");
        check("timeout = \"2m\"", "at most 1m");
        check("success = []", "such as [200, 204]");
        check("disable_after = 0", "at least 1");
        check("duplicate = { probability = 1, copies = 101, spacing = \"1s\" }", "from 1 to 100");
        check("colour = 1", "unknown field");
    }
}
