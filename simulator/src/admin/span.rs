//! Lengths of time in requests, and their bounds.

use std::time::Duration;

use kycsim_scenarios::language::Period;

use super::problem::Problem;

/// How long anybody may wait: less than what proxies and clients give up after.
const WAIT_MAX: Duration = Duration::from_secs(60);
/// How long one waits who does not say.
const WAIT: Duration = Duration::from_secs(10);

/// Returns how long to wait at most, in real time.
pub(super) fn wait(within: Option<Period>) -> Result<Duration, Problem> {
    bounded("within", within.map_or(WAIT, Period::length), WAIT_MAX)
}

/// Returns `length` if it is not beyond `max`.
pub(super) fn bounded(key: &str, length: Duration, max: Duration) -> Result<Duration, Problem> {
    if length > max {
        return Err(Problem::invalid("too_long", format!("`{key}` is at most {}", Period::new(max))));
    }
    Ok(length)
}
