use super::measure::Measure;

/// Which moment decides whether something falls into an objective's window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// When the submission was due.
    SubmissionDue,
    /// When the case was opened for manual review.
    CaseOpened,
    /// When the vendor decided.
    VendorDecided,
    /// When the applicant arrived.
    Arrived,
    /// When the review queue was looked at.
    QueueSampled,
    /// When the vendor began to deliver the callback.
    DeliveryBegan,
    /// When the vendor changed its decision.
    DecisionChanged,
}

/// The measures that can be narrowed, by their name or by what it begins with; and whether they can be told apart by applicant.
const NARROWED: [(&str, Moment, bool); 16] = [
    ("decision_latency.", Moment::SubmissionDue, true),
    ("automatic_decision_latency.", Moment::SubmissionDue, true),
    ("review_wait.", Moment::CaseOpened, true),
    ("callback_latency.", Moment::VendorDecided, true),
    ("approval.rate", Moment::Arrived, true),
    ("rejection.rate", Moment::Arrived, true),
    ("completion.rate", Moment::Arrived, true),
    ("abandonment.", Moment::Arrived, true),
    ("applicants.arrived", Moment::Arrived, true),
    ("applicants.open", Moment::Arrived, true),
    ("review_queue.depth.", Moment::QueueSampled, false),
    ("decisions.revised", Moment::DecisionChanged, true),
    ("callbacks.deliveries", Moment::DeliveryBegan, true),
    ("callbacks.duplicates", Moment::DeliveryBegan, true),
    ("callbacks.forged", Moment::DeliveryBegan, true),
    ("integrity.", Moment::Arrived, true),
];

impl Moment {
    /// The moment in words, to follow "when".
    #[must_use]
    pub const fn describe(self) -> &'static str {
        match self {
            Self::SubmissionDue => "the submission was due",
            Self::CaseOpened => "the case was opened",
            Self::VendorDecided => "the vendor decided",
            Self::Arrived => "the applicant arrived",
            Self::QueueSampled => "the queue was looked at",
            Self::DeliveryBegan => "the delivery began",
            Self::DecisionChanged => "the decision was changed",
        }
    }
}

impl Measure {
    /// Which moment decides whether something counts in a window; none when the measure is of the whole run.
    #[must_use]
    pub fn moment(&self) -> Option<Moment> {
        narrowed(self.as_str()).map(|(moment, _)| moment)
    }

    /// Whether it can be measured of some of the applicants.
    #[must_use]
    pub fn has_segments(&self) -> bool {
        narrowed(self.as_str()).is_some_and(|(_, segments)| segments)
    }
}

fn narrowed(name: &str) -> Option<(Moment, bool)> {
    let covers = |known: &str| if known.ends_with('.') { name.starts_with(known) } else { name == known };
    NARROWED.into_iter().find(|(known, ..)| covers(known)).map(|(_, moment, segments)| (moment, segments))
}

/// The measures that can be narrowed to a window, or to a segment, for an error that names them.
pub(super) fn narrowable(segments: bool) -> String {
    let names = NARROWED.into_iter().filter(|(.., has)| *has || !segments);
    names.map(|(name, ..)| if name.ends_with('.') { format!("`{name}*`") } else { format!("`{name}`") }).collect::<Vec<_>>().join(", ")
}
