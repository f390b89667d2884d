//! What is to be verified: the kind of a session and its options.

use kycsim_scenarios::language::DocumentKind;
use serde::{Deserialize, Serialize};

use super::form::{Fields, Given};
use crate::refusal::Refusal;

/// What a session verifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Document,
    IdNumber,
    /// What a flow says that was made in the dashboard.
    VerificationFlow,
}

impl Kind {
    pub(super) const WORDS: &[(&str, Self)] = &[("document", Self::Document), ("id_number", Self::IdNumber)];
}

/// A document this vendor knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DocumentType {
    DrivingLicense,
    IdCard,
    Passport,
}

impl DocumentType {
    pub(super) const WORDS: &[(&str, Self)] =
        &[("driving_license", Self::DrivingLicense), ("id_card", Self::IdCard), ("passport", Self::Passport)];

    pub(super) const fn of(document: DocumentKind) -> Self {
        match document {
            DocumentKind::Passport => Self::Passport,
            DocumentKind::DrivingLicence => Self::DrivingLicense,
            DocumentKind::IdCard | DocumentKind::ResidencePermit => Self::IdCard,
        }
    }

    pub(super) const fn kind(self) -> DocumentKind {
        match self {
            Self::Passport => DocumentKind::Passport,
            Self::DrivingLicense => DocumentKind::DrivingLicence,
            Self::IdCard => DocumentKind::IdCard,
        }
    }
}

/// `options` of a session. What was not asked for is not there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Options {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) document: Option<DocumentOptions>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) id_number: Option<NoOptions>,
}

/// An empty object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct NoOptions {}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DocumentOptions {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) allowed_types: Vec<DocumentType>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    require_id_number: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    require_live_capture: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    require_matching_selfie: Option<bool>,
}

/// Which checks a session asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asks {
    pub(super) document: bool,
    pub(super) selfie: bool,
    pub(super) id_number: bool,
}

impl Options {
    /// Takes `options` out of a form; nothing when it says nothing about them.
    pub(super) fn read(fields: &mut Fields) -> Result<Given<Self>, Refusal> {
        let mut options = match fields.fields("options")? {
            Given::Absent => return Ok(Given::Absent),
            Given::Unset => return Ok(Given::Unset),
            Given::Value(options) => options,
        };
        let document = match options.fields("document")? {
            Given::Absent | Given::Unset => None,
            Given::Value(document) => Some(DocumentOptions::read(document)?),
        };
        options.nothing_else()?;
        Ok(Given::Value(Self { document, id_number: None }))
    }

    /// Returns them as a session of this kind has them.
    pub(super) fn of(mut self, kind: Kind) -> Self {
        self.id_number = (kind == Kind::IdNumber).then(NoOptions::default);
        self
    }

    pub(super) fn asks(&self, kind: Kind) -> Asks {
        let document = self.document.as_ref();
        let wants = |option: fn(&DocumentOptions) -> Option<bool>| document.and_then(option).unwrap_or(false);
        match kind {
            Kind::Document | Kind::VerificationFlow => Asks {
                document: true,
                selfie: wants(|options| options.require_matching_selfie),
                id_number: wants(|options| options.require_id_number),
            },
            Kind::IdNumber => Asks { document: false, selfie: false, id_number: true },
        }
    }

    /// Whether a document of this type may be shown.
    pub(super) fn allow(&self, shown: DocumentType) -> bool {
        self.document.as_ref().is_none_or(|document| document.allowed_types.is_empty() || document.allowed_types.contains(&shown))
    }

    /// The one type that may be shown, if there is but one.
    pub(super) fn only_type(&self) -> Option<DocumentType> {
        match self.document.as_ref()?.allowed_types[..] {
            [only] => Some(only),
            _ => None,
        }
    }
}

impl DocumentOptions {
    fn read(mut fields: Fields) -> Result<Self, Refusal> {
        let options = Self {
            allowed_types: fields.choices("allowed_types", DocumentType::WORDS)?,
            require_id_number: fields.boolean("require_id_number")?,
            require_live_capture: fields.boolean("require_live_capture")?,
            require_matching_selfie: fields.boolean("require_matching_selfie")?,
        };
        fields.nothing_else()?;
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: &str) -> Options {
        Options::read(&mut Fields::parse(form.as_bytes()).unwrap()).unwrap().value().unwrap_or_default()
    }

    #[test]
    fn options_show_what_was_asked_and_no_more() {
        let shown = |form: &str| serde_json::to_string(&read(form)).unwrap();
        assert_eq!(shown(""), "{}");
        assert_eq!(
            shown("options[document][allowed_types][0]=passport&options[document][require_matching_selfie]=true"),
            r#"{"document":{"allowed_types":["passport"],"require_matching_selfie":true}}"#
        );
        assert_eq!(serde_json::to_string(&Options::default().of(Kind::IdNumber)).unwrap(), r#"{"id_number":{}}"#);
    }

    #[test]
    fn the_options_say_what_is_checked() {
        let asks = read("options[document][require_matching_selfie]=true").asks(Kind::Document);
        assert_eq!(asks, Asks { document: true, selfie: true, id_number: false });
        assert_eq!(read("").asks(Kind::IdNumber), Asks { document: false, selfie: false, id_number: true });
        let both = read("options[document][allowed_types][]=passport&options[document][allowed_types][]=id_card");
        assert!(both.allow(DocumentType::IdCard) && !both.allow(DocumentType::DrivingLicense) && both.only_type().is_none());
        assert!(read("").allow(DocumentType::DrivingLicense));
    }
}
