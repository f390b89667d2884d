//! How a call to the vendor fails, and what that means for the next try.

use std::time::Duration;

use crate::clock::Elapsed;

/// Why a call to the vendor did not succeed. No bodies in here: a vendor may quote what it was sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    #[error("the vendor cannot be reached")]
    Unreachable(#[source] reqwest::Error),
    #[error("the vendor is silent")]
    TimedOut(#[from] Elapsed),
    #[error("the vendor's answer {status} cannot be read: {why}")]
    Unreadable { status: u16, why: &'static str },
    #[error("the vendor answered {status} `{code}`")]
    Answered { status: u16, code: String, verdict: Verdict },
    /// Said with a success or with a refusal, according to the vendor.
    #[error("the vendor has no images to examine")]
    ImagesMissing,
}

/// A vendor that wants us to wait longer than this does not know us well enough: the backoff's own cap is the patient choice.
pub(crate) const RETRY_AFTER_MAX: Duration = Duration::from_hours(1);

/// What to do after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It may work later; not before this, if the vendor said so.
    Retry(Option<Duration>),
    /// The same, but the vendor remembers this answer under the key: the next try needs another one.
    RetryAnew(Option<Duration>),
    /// Our picture of the session is wrong: look at it.
    Look,
    /// The vendor has lost what it had taken: upload everything again.
    UploadAgain,
    /// It can never work.
    GiveUp,
}

/// How long to wait when the vendor asks for patience and does not say for how long.
const PATIENCE: Duration = Duration::from_secs(1);

impl CallError {
    /// Returns how long the vendor wants us to wait, if that is all that is wrong.
    pub(super) fn asks_for_patience(&self) -> Option<Duration> {
        match self {
            Self::Answered { status: 429, verdict: Verdict::Retry(wait) | Verdict::RetryAnew(wait), .. } => Some(wait.unwrap_or(PATIENCE)),
            Self::Unreachable(_) | Self::TimedOut(_) | Self::Unreadable { .. } | Self::Answered { .. } | Self::ImagesMissing => None,
        }
    }

    /// Says what to do. What the vendor's refusals mean, its adapter has said.
    ///
    /// The rule for all of them: a refused API key counts as retryable, since it is an operator's mistake that an operator will mend, and must not send
    /// every applicant to the reviewers. So does every refusal that the vendor's documents do not have: during an outage a vendor may well answer 422, and
    /// whoever takes that for their own mistake loses everybody who came meanwhile.
    pub(crate) fn verdict(&self) -> Verdict {
        match self {
            Self::Unreachable(_) | Self::TimedOut(_) | Self::Unreadable { .. } => Verdict::Retry(None),
            Self::Answered { verdict, .. } => *verdict,
            Self::ImagesMissing => Verdict::UploadAgain,
        }
    }

    /// Returns a word for the metrics.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "unreachable",
            Self::TimedOut(_) => "timed_out",
            Self::Unreadable { .. } => "unreadable",
            Self::Answered { status: 429, .. } => "rate_limited",
            Self::Answered { status: 500..=599, .. } => "server_error",
            Self::Answered { .. } | Self::ImagesMissing => "refused",
        }
    }
}
