//! The patterns that most tests ask about.

use kycsim_scenarios::vendor::Operation;

use crate::journal::{DeliveryPattern, RequestPattern};

/// Returns the pattern of requests for this operation, whatever became of them.
#[must_use]
pub fn calls_to(operation: Operation) -> RequestPattern {
    RequestPattern::default().operation(operation.as_str())
}

/// Returns the pattern of tries to deliver callbacks about the applicant with this reference, whatever became of them.
#[must_use]
pub fn callbacks_about(reference: impl Into<String>) -> DeliveryPattern {
    DeliveryPattern::default().applicant(reference)
}
