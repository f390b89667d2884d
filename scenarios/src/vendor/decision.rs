use std::fmt;

use serde::{Deserialize, Serialize};

use crate::words::words;

words! {
    /// What the vendor concludes.
    Outcome {
        /// The applicant is who they say.
        Approved = "approved",
        /// They are not, or may not be served.
        Declined = "declined",
        /// Better pictures are needed.
        Resubmission = "resubmission",
        /// The vendor cannot tell: the customer's own people should look.
        Review = "review",
    }
}

words! {
    /// Why the vendor concluded so. Never one bucket "rejected": each reason has its own remedy.
    Reason {
        /// The picture is out of focus.
        ImageBlurred = "image_blurred",
        /// A reflection hides part of the document.
        ImageGlare = "image_glare",
        /// The text could not be read.
        DocumentUnreadable = "document_unreadable",
        /// The document is no longer valid.
        DocumentExpired = "document_expired",
        /// The document is not genuine.
        DocumentForged = "document_forged",
        /// The vendor does not know this document.
        UnsupportedDocument = "unsupported_document",
        /// People from there are not served.
        UnsupportedJurisdiction = "unsupported_jurisdiction",
        /// The face is not the one on the document.
        SelfieMismatch = "selfie_mismatch",
        /// Perhaps not a living person before the camera.
        LivenessFailed = "liveness_failed",
        /// What was read is not certain enough.
        LowConfidence = "low_confidence",
        /// The address is not the one declared.
        AddressMismatch = "address_mismatch",
        /// Too young.
        Underage = "underage",
        /// The name is on a sanctions list.
        SanctionsHit = "sanctions_hit",
        /// A politically exposed person.
        PepMatch = "pep_match",
        /// Known already under another account.
        DuplicateIdentity = "duplicate_identity",
    }
}

/// What the vendor decided about one attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Which attempt of the session it is about, from 1.
    pub attempt: u32,
    /// The conclusion.
    pub outcome: Outcome,
    /// Why; empty for an approval.
    pub reasons: Vec<Reason>,
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.outcome)?;
        for (index, reason) in self.reasons.iter().enumerate() {
            write!(f, "{}{reason}", if index == 0 { ": " } else { ", " })?;
        }
        Ok(())
    }
}
