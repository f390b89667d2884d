//! Why: the vendor's taxonomy, and the four reasons that are our own.

use crate::word::words;

words! {
    /// Why a verification is where it is.
    "reason"
    pub(crate) enum Reason {
        ImageBlurred = "image_blurred",
        ImageGlare = "image_glare",
        DocumentUnreadable = "document_unreadable",
        DocumentExpired = "document_expired",
        DocumentForged = "document_forged",
        UnsupportedDocument = "unsupported_document",
        UnsupportedJurisdiction = "unsupported_jurisdiction",
        SelfieMismatch = "selfie_mismatch",
        LivenessFailed = "liveness_failed",
        LowConfidence = "low_confidence",
        AddressMismatch = "address_mismatch",
        Underage = "underage",
        SanctionsHit = "sanctions_hit",
        PepMatch = "pep_match",
        DuplicateIdentity = "duplicate_identity",
        /// Ours: the vendor gave no reason where one is needed.
        Unspecified = "unspecified",
        /// Ours: the vendor used a word that we do not know.
        Unrecognised = "unrecognised",
        /// Ours: the vendor refused our request for good.
        VendorRefused = "vendor_refused",
        /// Ours: the vendor has not answered for too long.
        VendorUnavailable = "vendor_unavailable",
    }
}

/// How urgently people should look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Risk {
    Low = 1,
    Medium = 2,
    High = 3,
}

impl Risk {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }

    pub(crate) const fn from_rank(rank: i64) -> Option<Self> {
        match rank {
            1 => Some(Self::Low),
            2 => Some(Self::Medium),
            3 => Some(Self::High),
            _ => None,
        }
    }
}

impl Reason {
    /// Returns the risk of leaving a case with this reason lying.
    pub(crate) const fn risk(self) -> Risk {
        match self {
            Self::SanctionsHit | Self::PepMatch | Self::DuplicateIdentity | Self::DocumentForged => Risk::High,
            Self::SelfieMismatch
            | Self::LivenessFailed
            | Self::AddressMismatch
            | Self::Underage
            | Self::Unrecognised
            | Self::Unspecified => Risk::Medium,
            Self::ImageBlurred
            | Self::ImageGlare
            | Self::DocumentUnreadable
            | Self::DocumentExpired
            | Self::UnsupportedDocument
            | Self::UnsupportedJurisdiction
            | Self::LowConfidence
            | Self::VendorRefused
            | Self::VendorUnavailable => Risk::Low,
        }
    }
}
