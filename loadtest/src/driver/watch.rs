/// What the load test wants to know of the vendor while it runs.
///
/// The vendor may be in this process or elsewhere; whoever starts both says how to ask.
pub trait VendorWatch: Send + Sync + std::fmt::Debug {
    /// Returns the vendor's counters, from its start to now.
    fn counts(&self) -> VendorCounts;

    /// Whether the vendor has nothing more to decide or to send.
    fn is_quiet(&self) -> bool;
}

/// The vendor's counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VendorCounts {
    /// Requests it received.
    pub requests: u64,
    /// Requests that met an injected fault.
    pub faults: u64,
    /// Sessions made.
    pub sessions: u64,
    /// Decisions made.
    pub decisions: u64,
    /// Distinct callback events.
    pub callbacks: u64,
    /// Delivery attempts.
    pub deliveries: u64,
    /// Deliveries made on purpose a second time.
    pub duplicates: u64,
    /// Delivery attempts that were not answered with success.
    pub deliveries_failed: u64,
    /// Callbacks that an incident held back.
    pub held: u64,
    /// Callbacks still to be sent.
    pub pending: u64,
}
