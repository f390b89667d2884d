use kycsim_reports::model::VendorSummary;
use kycsim_scenarios::SimTime;

/// What the load test wants to know of the vendor while it runs.
///
/// The vendor may be in this process or elsewhere; whoever starts both says how to ask.
pub trait VendorWatch: Send + Sync + std::fmt::Debug {
    /// Returns the vendor's counters, from its start to now.
    fn counts(&self) -> VendorCounts;

    /// Whether the vendor has nothing more to decide or to send, and will change no decision up to `until`.
    fn is_quiet(&self, until: SimTime) -> bool;
}

/// What the vendor has done so far, and what it has still to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VendorCounts {
    /// Counted from its start.
    pub totals: VendorSummary,
    /// Callbacks still to be sent.
    pub pending: u64,
}
