//! Names of things: ours are a prefix and a version 7 UUID, so that they sort by age and cannot be guessed.

use jiff::Timestamp;
use uuid::{NoContext, Uuid};

/// What every id can: to be read and shown as it is written.
macro_rules! written {
    ($name:ident) => {
        impl $name {
            pub(crate) fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident = $prefix:literal,)+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        #[serde(transparent)]
        pub(crate) struct $name(String);

        impl $name {
            /// Returns a fresh one.
            pub(crate) fn new(now: Timestamp) -> Self {
                Self(format!(concat!($prefix, "{}"), uuid_at(now).simple()))
            }

            /// Returns the id that is written so, or nothing when it is not one.
            pub(crate) fn parse(written: &str) -> Option<Self> {
                let rest = written.strip_prefix($prefix)?;
                let plain = rest.len() == 32 && rest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
                plain.then(|| Self(written.to_owned()))
            }
        }

        written!($name);
    )+};
}

ids! {
    /// Names an account.
    AccountId = "acc_",
    /// Names a verification.
    VerificationId = "ver_",
    /// Names a case in the review queue.
    ReviewId = "rev_",
}

fn uuid_at(now: Timestamp) -> Uuid {
    let seconds = u64::try_from(now.as_second()).unwrap_or(0);
    let nanos = u32::try_from(now.subsec_nanosecond()).unwrap_or(0);
    Uuid::new_v7(uuid::Timestamp::from_unix(NoContext, seconds, nanos))
}

macro_rules! vendor_ids {
    ($($(#[$meta:meta])* $name:ident,)+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) struct $name(String);

        impl $name {
            /// Returns the id that is written so, or nothing when it could not be one: it becomes part of an address, hence the narrow alphabet.
            pub(crate) fn parse(written: &str) -> Option<Self> {
                let fits =
                    (1..=128).contains(&written.len()) && written.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
                fits.then(|| Self(written.to_owned()))
            }
        }

        written!($name);
    )+};
}

vendor_ids! {
    /// The vendor's name for its side of a verification, over all attempts.
    SessionId,
    /// The vendor's name for what it did about one attempt, where it has one.
    ExaminationId,
}

/// Follows one request through logs, audit log, outbox and the vendor's logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Correlation(String);

impl Correlation {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self(format!("req_{}", uuid_at(now).simple()))
    }

    /// Takes over a caller's, when it is short and plain enough to be logged.
    pub(crate) fn parse(written: &str) -> Option<Self> {
        let fits =
            (1..=64).contains(&written.len()) && written.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
        fits.then(|| Self(written.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// When, and following which request, a change is made.
#[derive(Debug, Clone)]
pub(crate) struct Cause {
    pub(crate) at: Timestamp,
    pub(crate) correlation: Correlation,
}

impl Cause {
    /// A change that no request asked for: a timer did.
    pub(crate) fn timer(at: Timestamp) -> Self {
        Self { at, correlation: Correlation::new(at) }
    }
}

crate::word::words! {
    /// The kinds of document that the vendor can read.
    "document type"
    pub(crate) enum DocumentType {
        Passport = "passport",
        IdCard = "id_card",
        DrivingLicence = "driving_licence",
        ResidencePermit = "residence_permit",
    }
}

/// A country, ISO 3166-1 alpha-2, in capitals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Country(String);

impl Country {
    pub(crate) fn parse(written: &str) -> Option<Self> {
        let fits = written.len() == 2 && written.bytes().all(|b| b.is_ascii_uppercase());
        fits.then(|| Self(written.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}
