//! Why a request is not granted, in neutral words. Each dialect has its own way of saying them.

use std::time::Duration;

use kycsim_scenarios::vendor::Status;

/// A refusal in the words of one vendor, which only its own dialect says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rebuff {
    pub(crate) status: u16,
    /// The vendor's word for the kind of error.
    pub(crate) kind: &'static str,
    /// Its word for the very error, if it has one.
    pub(crate) code: Option<&'static str>,
    /// What is to blame, as the customer wrote it.
    pub(crate) param: Option<String>,
    pub(crate) message: String,
}

/// Why a request is not granted. Nothing has changed then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("no API key was given")]
    MissingApiKey,
    #[error("the API key is not known")]
    InvalidApiKey,
    #[error("there is nothing at this address")]
    NoSuchEndpoint {
        /// The endpoint that comes nearest, laid beside what was asked for.
        nearest: String,
    },
    #[error("this address does not allow the method")]
    MethodNotAllowed {
        /// What it does allow, as the header says it.
        allowed: &'static str,
    },
    #[error("no such session")]
    NoSuchSession,
    #[error("the body is not what its content type should be")]
    UnsupportedMediaType {
        /// What it should be.
        expected: &'static str,
    },
    #[error("the body is longer than {limit} bytes")]
    BodyTooLarge {
        /// How long it may be.
        limit: u64,
    },
    #[error("the body is not a JSON object")]
    MalformedJson,
    #[error("the body is not a multipart form")]
    MalformedMultipart,
    #[error("unknown field")]
    UnknownField {
        /// Its name.
        field: String,
    },
    #[error("missing field {field}")]
    MissingField {
        /// Its name.
        field: &'static str,
    },
    #[error("invalid field {field}")]
    InvalidField {
        /// Its name.
        field: &'static str,
        /// What would be right.
        expected: &'static str,
    },
    #[error("the callback address is refused")]
    CallbackUrlRefused {
        /// Why.
        reason: &'static str,
    },
    #[error("the file is not a JPEG or PNG picture")]
    NotAnImage,
    #[error("the picture breaks off")]
    ImageTruncated,
    #[error("the idempotency key came with another request before")]
    IdempotencyKeyReused,
    #[error("a request with this idempotency key is under way")]
    IdempotencyKeyInFlight,
    #[error("the request met a fault when it came first, and so it does again")]
    FailedBefore {
        /// Of the answer that it got.
        status: u16,
    },
    /// What only one vendor refuses, or says so exactly.
    #[error("{}", .0.message)]
    Own(Box<Rebuff>),
    #[error("a session that is {} does not allow this", .status.as_str())]
    WrongStatus {
        /// Where the session stands.
        status: Status,
    },
    #[error("pictures are missing")]
    ImagesMissing,
    #[error("too many requests; the next is taken in {:.1} s", .retry_after.as_secs_f64())]
    TooManyRequests {
        /// What is answered: 429, or a misleading code.
        status: u16,
        /// When the next would be taken.
        retry_after: Duration,
    },
    #[error("the store is full")]
    TooManySessions,
}
