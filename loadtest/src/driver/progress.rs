use std::time::Duration;

/// A run at one moment, for whoever shows it.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// Since the schedule began.
    pub elapsed: Duration,
    /// Applicants who came.
    pub arrived: u64,
    /// On their way, neither decided nor gone.
    pub in_flight: u64,
    /// Submitted, and not told an outcome yet.
    pub awaiting_decision: u64,
    /// Told yes.
    pub approved: u64,
    /// Told no.
    pub rejected: u64,
    /// Left.
    pub abandoned: u64,
    /// Waiting for people to look at their case, as far as they were told.
    pub in_review: u64,
    /// The review queue, as the backend says.
    pub queue_depth: Option<u64>,
    /// Decision latency so far.
    pub decision_latency_p50: Option<Duration>,
    /// Decision latency so far.
    pub decision_latency_p95: Option<Duration>,
    /// Incidents that are going on.
    pub incidents: Vec<String>,
    /// Whether the schedule is over and open journeys are being followed to their end.
    pub settling: bool,
}
