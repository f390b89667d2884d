//! What a tenant was asked, and what it sent: every request and every try of a delivery, as a test wants to look at them afterwards.
//!
//! The ledger is the truth about sessions; the journal is what went over the wire. It decides nothing, reads no clock and talks to nobody: whoever
//! answers requests and sends callbacks calls [`Journal::record_request`] and [`Journal::record_delivery`], whoever asks uses one of these:
//!
//! | question | answer |
//! | --- | --- |
//! | what happened since I looked last? | [`Journal::since`], [`Journal::written`] |
//! | did this happen so often? | [`Journal::verify`], [`Journal::wait_until`] |
//! | all of it, as lines of JSON? | [`Journal::export`], [`write_ndjson`] |
//! | why did this call find nothing? | [`nearest_endpoint`] |
//!
//! Words and JSON shapes are WireMock's where it has them; what it lacks is written as in our ledger.

mod body;
mod difference;
mod endpoint;
mod entry;
mod export;
mod filter;
mod headers;
mod json;
mod matcher;
mod pattern;
mod place;
mod redact;
mod ring;
mod times;
mod verify;
mod wait;

pub use body::{BODY_KEPT_MAX, Body};
pub use endpoint::{Endpoint, nearest_endpoint};
pub use entry::{Entry, Recorded, RecordedDelivery, RecordedRequest};
pub use export::{Export, write_ndjson};
pub use filter::{EntryKind, Filter, ResultWord};
pub use headers::Headers;
pub use pattern::{DeliveryPattern, InvalidPattern, Pattern, RequestPattern};
pub use ring::{Journal, JournalLimits, PAGE_MAX, Page};
pub use times::{InvalidTimes, Times};
pub use verify::Verification;
