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
    Answered { status: u16, code: String, retry_after: Option<Duration> },
}

/// A vendor that wants us to wait longer than this does not know us well enough: the backoff's own cap is the patient choice.
pub(crate) const RETRY_AFTER_MAX: Duration = Duration::from_hours(1);

/// What to do after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It may work later; not before this, if the vendor said so.
    Retry(Option<Duration>),
    /// Our picture of the session is wrong: look at it.
    Look,
    /// The vendor has lost what it had taken: upload everything again.
    UploadAgain,
    /// It can never work.
    GiveUp,
}

impl CallError {
    /// Says what to do.
    ///
    /// A refused API key counts as retryable: it is an operator's mistake that an operator will mend, and must not send
    /// every applicant to the reviewers. So does every refusal that the vendor's documents do not have: during an outage a vendor may well answer 422, and
    /// whoever takes that for their own mistake loses everybody who came meanwhile.
    pub(crate) fn verdict(&self) -> Verdict {
        match self {
            Self::Unreachable(_) | Self::TimedOut(_) | Self::Unreadable { .. } => Verdict::Retry(None),
            Self::Answered { status, code, retry_after } => match (*status, code.as_str()) {
                (409, "wrong_status") => Verdict::Look,
                (409, "images_missing") => Verdict::UploadAgain,
                (
                    400,
                    "malformed_json" | "malformed_multipart" | "unknown_field" | "missing_field" | "invalid_field" | "callback_url_refused",
                )
                | (404, "no_such_session" | "no_such_endpoint")
                | (405, "method_not_allowed")
                | (409, "idempotency_key_reused")
                | (413, "body_too_large")
                | (415, "unsupported_media_type")
                | (422, "not_an_image" | "image_truncated") => Verdict::GiveUp,
                _ => Verdict::Retry(*retry_after),
            },
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
            Self::Answered { .. } => "refused",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: u16, code: &str, verdict: Verdict) {
        let error = CallError::Answered { status, code: code.to_owned(), retry_after: Some(Duration::from_secs(3)) };
        assert_eq!(error.verdict(), verdict);
    }

    #[test]
    fn what_may_work_later_is_tried_again() {
        for status in [401, 403, 408, 425, 429, 500, 502, 503, 504, 302] {
            check(status, "whatever", Verdict::Retry(Some(Duration::from_secs(3))));
        }
        // Codes that the vendor's documents do not have.
        for (status, code) in [(400, ""), (404, ""), (409, "busy"), (422, "unprocessable")] {
            check(status, code, Verdict::Retry(Some(Duration::from_secs(3))));
        }
    }

    #[test]
    fn what_can_never_work_is_given_up() {
        for (status, code) in [(400, "unknown_field"), (404, "no_such_session"), (409, "idempotency_key_reused"), (422, "not_an_image")] {
            check(status, code, Verdict::GiveUp);
        }
    }

    #[test]
    fn what_was_lost_is_uploaded_again() {
        check(409, "images_missing", Verdict::UploadAgain);
    }

    #[test]
    fn a_session_that_has_moved_on_is_looked_at() {
        check(409, "wrong_status", Verdict::Look);
    }
}
