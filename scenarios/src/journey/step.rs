use crate::words::words;

words! {
    /// A step of the journey.
    Step {
        /// Sign up.
        OpenAccount = "open_account",
        /// Agree to the processing of identity data.
        Consent = "consent",
        /// Begin the verification.
        StartVerification = "start_verification",
        /// Take a picture of the document.
        CaptureDocument = "capture_document",
        /// Take a picture of one's face.
        CaptureSelfie = "capture_selfie",
        /// Hand everything in.
        Submit = "submit",
        /// Look whether there is a decision.
        AwaitDecision = "await_decision",
    }
}

/// What a step came to, in neutral words: each target says which of its answers mean what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepResult {
    /// It is done.
    Done,
    /// The picture was not good enough: take another.
    PictureRefused,
    /// An error or no answer: worth another try.
    Failed,
    /// The status that the applicant was shown.
    Status(Shown),
}

words! {
    /// What an applicant is shown about their verification.
    Shown {
        /// Not decided yet.
        Waiting = "waiting",
        /// People will look at it; the applicant need not stay.
        InReview = "in_review",
        /// Better pictures are needed.
        NeedsResubmission = "needs_resubmission",
        /// Yes.
        Approved = "approved",
        /// No.
        Rejected = "rejected",
        /// It ran out of time.
        Expired = "expired",
    }
}
