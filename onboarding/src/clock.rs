//! The one way in which this crate learns the time and waits.
//!
//! Everything else takes `now` as a parameter, or a [`Clock`] from whoever opened the backend.

use std::fmt;
use std::pin::Pin;
use std::time::{Duration, Instant};

use jiff::Timestamp;

/// A wait that has not ended yet.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Time, as the backend sees it.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// Returns the time of day: for records, deadlines and people.
    fn now(&self) -> Timestamp;

    /// Returns the time since some fixed moment; it never runs backwards. For measuring.
    fn monotonic(&self) -> Duration;

    /// Waits for `duration` of this clock's time.
    fn sleep(&self, duration: Duration) -> Sleep;
}

/// The machine's own clock.
#[derive(Debug, Clone)]
pub struct SystemClock {
    origin: Instant,
}

impl SystemClock {
    /// Returns a clock whose monotonic time begins now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everyone else must use")]
    pub fn new() -> Self {
        Self { origin: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everyone else must use")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn monotonic(&self) -> Duration {
        self.origin.elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the clock that everyone else must use")]
    fn sleep(&self, duration: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// The time limit came before the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no answer within {}s", .0.as_secs_f32())]
pub(crate) struct Elapsed(pub(crate) Duration);

/// Waits for `work`, but not longer than `limit`.
pub(crate) async fn within<F: Future>(clock: &dyn Clock, limit: Duration, work: F) -> Result<F::Output, Elapsed> {
    tokio::select! {
        biased; // an answer that is there counts, even when the limit has come as well
        output = work => Ok(output),
        () = clock.sleep(limit) => Err(Elapsed(limit)),
    }
}

/// Returns the moment `by` after `at`, or the end of time.
pub(crate) fn later(at: Timestamp, by: Duration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// Returns the moment `by` before `at`, or the beginning of time.
pub(crate) fn earlier(at: Timestamp, by: Duration) -> Timestamp {
    at.checked_sub(by).unwrap_or(Timestamp::MIN)
}

/// Returns how long it is from `from` to `to`; nothing when `to` has passed.
pub(crate) fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or(Duration::ZERO)
}
