//! Why a verification failed, in this vendor's words: the complete list of `last_error.code`.

use kycsim_scenarios::vendor::Reason;
use serde::{Deserialize, Serialize};

use super::options::Asks;

/// A code of `last_error`. The list is open: this vendor's customers must bear new ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Code {
    Abandoned,
    ConsentDeclined,
    CountryNotSupported,
    DocumentExpired,
    DocumentTypeNotSupported,
    DocumentUnverifiedOther,
    IdNumberUnverifiedOther,
    SelfieFaceMismatch,
    SelfieManipulated,
    UnderSupportedAge,
}

/// Which part of a report says why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    /// None: it is about the applicant's visit, and there is no report.
    Visit,
    Document,
    Selfie,
    IdNumber,
}

impl Code {
    /// Returns what this vendor calls a reason, where it was asked to check this. What it has no check for, it calls "other".
    pub(super) const fn of(reason: Reason, asks: Asks) -> Self {
        let other = if asks.document { Self::DocumentUnverifiedOther } else { Self::IdNumberUnverifiedOther };
        match reason {
            Reason::UnsupportedJurisdiction => Self::CountryNotSupported,
            Reason::Underage => Self::UnderSupportedAge,
            Reason::DocumentExpired if asks.document => Self::DocumentExpired,
            Reason::UnsupportedDocument if asks.document => Self::DocumentTypeNotSupported,
            Reason::SelfieMismatch if asks.selfie => Self::SelfieFaceMismatch,
            Reason::LivenessFailed if asks.selfie => Self::SelfieManipulated,
            Reason::DocumentExpired
            | Reason::UnsupportedDocument
            | Reason::SelfieMismatch
            | Reason::LivenessFailed
            | Reason::ImageBlurred
            | Reason::ImageGlare
            | Reason::DocumentUnreadable
            | Reason::DocumentForged
            | Reason::LowConfidence
            | Reason::AddressMismatch
            | Reason::SanctionsHit
            | Reason::PepMatch
            | Reason::DuplicateIdentity => other,
        }
    }

    pub(super) const fn section(self) -> Section {
        match self {
            Self::Abandoned | Self::ConsentDeclined | Self::CountryNotSupported | Self::UnderSupportedAge => Section::Visit,
            Self::DocumentExpired | Self::DocumentTypeNotSupported | Self::DocumentUnverifiedOther => Section::Document,
            Self::SelfieFaceMismatch | Self::SelfieManipulated => Section::Selfie,
            Self::IdNumberUnverifiedOther => Section::IdNumber,
        }
    }

    /// A sentence fit to show a person.
    pub(super) const fn sentence(self) -> &'static str {
        match self {
            Self::Abandoned => "The verification was not finished.",
            Self::ConsentDeclined => "The user declined to be verified.",
            Self::CountryNotSupported => "The user's country is not supported.",
            Self::DocumentExpired => "The document is expired.",
            Self::DocumentTypeNotSupported => "The type of the document is not supported.",
            Self::DocumentUnverifiedOther => "The document could not be verified.",
            Self::IdNumberUnverifiedOther => "The ID number could not be verified.",
            Self::SelfieFaceMismatch => "The person in the selfie is not the person on the document.",
            Self::SelfieManipulated => "The selfie was tampered with.",
            Self::UnderSupportedAge => "The user is below the minimum age.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_code() {
        let all = Asks { document: true, selfie: true, id_number: false };
        let own = [
            (Reason::DocumentExpired, "document_expired"),
            (Reason::UnsupportedDocument, "document_type_not_supported"),
            (Reason::UnsupportedJurisdiction, "country_not_supported"),
            (Reason::SelfieMismatch, "selfie_face_mismatch"),
            (Reason::LivenessFailed, "selfie_manipulated"),
            (Reason::Underage, "under_supported_age"),
        ];
        for reason in Reason::ALL.iter().copied() {
            let expected = own.iter().find(|(known, _)| *known == reason).map_or("document_unverified_other", |(_, code)| code);
            assert_eq!(serde_json::to_value(Code::of(reason, all)).unwrap(), expected, "{reason}");
        }
    }

    #[test]
    fn the_page_about_the_dialect_says_the_same() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/dialects/stripe-identity.md");
        let page = std::fs::read_to_string(path).unwrap();
        let all = Asks { document: true, selfie: true, id_number: false };
        for reason in Reason::ALL.iter().copied() {
            let code = Code::of(reason, all);
            let shown = serde_json::to_value(code).unwrap();
            let reported = if code.section() == Section::Visit { "no" } else { "yes" };
            let row = format!("| `{reason}` | `{}` | {reported} |", shown.as_str().unwrap());
            let every_other = code == Code::DocumentUnverifiedOther;
            assert_eq!(page.contains(&row), !every_other, "{row}");
        }
        assert!(page.contains("| every other, and a selfie's where no selfie was asked for | `document_unverified_other`"));
    }

    #[test]
    fn what_was_not_checked_is_not_blamed() {
        let document = Asks { document: true, selfie: false, id_number: false };
        assert_eq!(Code::of(Reason::SelfieMismatch, document), Code::DocumentUnverifiedOther);
        let number = Asks { document: false, selfie: false, id_number: true };
        assert_eq!(Code::of(Reason::DocumentExpired, number), Code::IdNumberUnverifiedOther);
        assert_eq!(Code::of(Reason::Underage, number).section(), Section::Visit);
    }
}
