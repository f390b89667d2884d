use std::time::Duration;

use crate::language::{Incident, Period};
use crate::time::SimTime;

/// Holds callbacks back while an incident says so, and lets them out at its release rate, oldest first.
///
/// It keeps no queue: a held callback is given the moment at which its turn comes, and goes back on the agenda.
#[derive(Debug, Clone, Default)]
pub struct CallbackGate {
    /// The next free moment of each incident that has held something, by its place in the scenario.
    next_free: Vec<Option<SimTime>>,
}

impl CallbackGate {
    /// Returns when a callback that is due at `now` must wait until; none when it may go.
    ///
    /// Ask once for each callback: every answer but none takes a place in the queue.
    pub fn hold(&mut self, incidents: &[Incident], now: SimTime) -> Option<SimTime> {
        self.next_free.resize(incidents.len(), None);
        let (index, incident, held) = incidents
            .iter()
            .enumerate()
            .filter(|(_, incident)| incident.is_active(now))
            .find_map(|(index, incident)| incident.callbacks().map(|held| (index, incident, held)))?;
        let slot = self.next_free[index].unwrap_or_else(|| incident.ends());
        self.next_free[index] = Some(slot.saturating_add(Duration::from_secs_f64(1.0 / held.release_rate.value())));
        Some(slot)
    }
}

/// Returns how long after the `failed`th failed delivery (from 1) the next one follows; none when the vendor gives up.
#[must_use]
pub fn retry_delay(schedule: &[Period], failed: u32) -> Option<Duration> {
    schedule.get(usize::try_from(failed.checked_sub(1)?).ok()?).map(|period| period.length())
}
