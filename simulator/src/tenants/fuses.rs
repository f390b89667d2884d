//! When incidents that were started by hand end at the latest, by the machine's time: no crashed test leaves an outage behind, even under a frozen clock.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kycsim_scenarios::vendor::IncidentId;

use crate::clock::Stopwatch;
use crate::snapshot::KeptFuse;

/// The fuses of one tenant: as many as there are incidents started by hand whose time has not run out.
#[derive(Debug, Default)]
pub(crate) struct Fuses(Mutex<BTreeMap<IncidentId, Fuse>>);

#[derive(Debug)]
struct Fuse {
    lit: Stopwatch,
    burns: Duration,
}

impl Fuses {
    pub(super) fn light(&self, incident: IncidentId, lit: Stopwatch, burns: Duration) {
        self.fuses().insert(incident, Fuse { lit, burns });
    }

    pub(super) fn put_out(&self, incident: IncidentId) {
        self.fuses().remove(&incident);
    }

    /// Returns what is left of them.
    pub(crate) fn keep(&self) -> Vec<KeptFuse> {
        let left = |(incident, Fuse { lit, burns }): (&IncidentId, &Fuse)| KeptFuse {
            incident: *incident,
            left: burns.saturating_sub(lit.elapsed()),
        };
        self.fuses().iter().map(left).collect()
    }

    fn fuses(&self) -> MutexGuard<'_, BTreeMap<IncidentId, Fuse>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
