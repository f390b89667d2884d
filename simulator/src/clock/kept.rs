use std::sync::Arc;
use std::time::Instant;

use tokio::sync::watch;

use super::{Clock, Pace, WallEpoch};
use crate::snapshot::KeptClock;

impl Clock {
    /// Returns what is kept of it.
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everyone else must use")]
    pub(crate) fn keep(&self) -> KeptClock {
        let pace = self.pace.borrow();
        KeptClock { mode: pace.mode, now: pace.at(Instant::now()), began: self.wall.0 }
    }

    /// Returns a clock that goes on from now where the one that was kept stood, as if no time had passed between.
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everyone else must use")]
    pub(crate) fn resumed(kept: &KeptClock) -> Self {
        let now = Instant::now();
        let pace = Pace { mode: kept.mode, since: now, from: kept.now };
        // Where a real clock's time began, had it gone on without a break; now, on a machine that has not been up for so long.
        let epoch = now.checked_sub(kept.now.since_start()).unwrap_or(now);
        Self { epoch, wall: WallEpoch(kept.began), pace: Arc::new(watch::Sender::new(pace)) }
    }
}
