//! The seams between the vendor and the load test, which do not know each other.

use std::sync::{Arc, Mutex, PoisonError};

use kycsim_loadtest::{LedgerFile, VendorCounts, VendorWatch, WriteRunError};
use kycsim_reports::model::VendorSummary;
use kycsim_scenarios::SimTime;
use kycsim_scenarios::ledger::LedgerEntry;
use kycsim_simulator::{LedgerSink, Vendor};

/// A vendor of this process, for the load test to watch.
#[derive(Debug)]
pub(crate) struct Watched(pub(crate) Arc<Vendor>);

impl VendorWatch for Watched {
    fn counts(&self) -> VendorCounts {
        let counts = self.0.counts();
        let totals = VendorSummary {
            requests: counts.requests,
            faults: counts.faults,
            sessions: counts.sessions,
            decisions: counts.decisions,
            revisions: counts.revisions,
            rate_limited: counts.rate_limited,
            forged: counts.forged,
            callbacks: counts.callbacks,
            deliveries: counts.deliveries,
            duplicates: counts.duplicates,
            deliveries_failed: counts.deliveries_failed,
            held: counts.held,
        };
        VendorCounts { totals, pending: counts.callbacks_pending }
    }

    fn is_quiet(&self, until: SimTime) -> bool {
        self.0.is_quiet() && self.0.default_tenant().next_revision().is_none_or(|due| due > until)
    }
}

/// The vendor's ledger on its way to the run's folder.
#[derive(Debug)]
pub(crate) struct Ledger {
    file: LedgerFile,
    /// The first thing that went wrong; the vendor cannot be told, the run must be.
    failed: Mutex<Option<WriteRunError>>,
}

impl Ledger {
    pub(crate) const fn new(file: LedgerFile) -> Self {
        Self { file, failed: Mutex::new(None) }
    }

    /// Says whether every entry reached the file.
    pub(crate) fn check(&self) -> Result<(), WriteRunError> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).take().map_or(Ok(()), Err)
    }
}

impl LedgerSink for Ledger {
    fn record(&self, entry: &LedgerEntry) {
        if let Err(error) = self.file.append(entry) {
            self.failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
    }
}
