//! What a customer says about a session, when it is created and later.

use std::collections::BTreeMap;

use hyper::Uri;
use kycsim_scenarios::ApplicantKey;
use kycsim_scenarios::language::DocumentKind;
use serde::{Deserialize, Serialize};

use super::errors::{invalid, missing};
use super::form::{Fields, Given, TEXT_MAX};
use super::options::{Asks, DocumentType, Kind, Options};
use crate::refusal::Refusal;
use crate::session::CountryCode;

/// The bounds of metadata: the documentation of other objects of this vendor has them.
const METADATA_MAX: usize = 50;
const METADATA_KEY_MAX: usize = 40;
const METADATA_VALUE_MAX: usize = 500;
/// The longest id of anything.
pub(super) const ID_MAX: usize = 255;
/// The longest name that a customer has for an applicant.
const REFERENCE_MAX: usize = 200;
const URL_MAX: usize = 2048;

/// What stands for the country of somebody of whom none was said.
const NOWHERE: &str = "XX";

/// What a session was asked for with.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Particulars {
    pub(super) kind: Kind,
    pub(super) verification_flow: Option<String>,
    pub(super) options: Options,
    pub(super) provided_details: Option<ProvidedDetails>,
    pub(super) client_reference_id: Option<String>,
    pub(super) metadata: BTreeMap<String, String>,
    /// Where the hosted page sends the user. It is never shown to the customer again.
    pub(super) return_url: Option<String>,
    pub(super) related_customer: Option<String>,
    pub(super) related_customer_account: Option<String>,
    pub(super) related_person: Option<RelatedPerson>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct ProvidedDetails {
    email: Option<String>,
    phone: Option<String>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct RelatedPerson {
    account: String,
    person: String,
}

/// What is to be different about a session.
pub(super) struct Changes {
    metadata: Metadata,
    kind: Option<Kind>,
    options: Given<Options>,
    provided_details: Given<ProvidedDetails>,
}

/// Changes of metadata: all of it emptied, or some keys set, and those emptied whose value is empty.
pub(super) enum Metadata {
    Cleared,
    Merged(Vec<(String, String)>),
}

impl Particulars {
    /// Takes them out of the form of a new session.
    pub(super) fn read(fields: &mut Fields) -> Result<Self, Refusal> {
        let verification_flow = fields.text("verification_flow", ID_MAX)?.value();
        let kind = match (fields.choice("type", Kind::WORDS)?, &verification_flow) {
            (_, Some(_)) => Kind::VerificationFlow,
            (Some(kind), None) => kind,
            (None, None) => return Err(missing("type")),
        };
        let mut metadata = BTreeMap::new();
        Metadata::read(fields)?.apply(&mut metadata)?;
        Ok(Self {
            kind,
            verification_flow,
            options: Options::read(fields)?.value().unwrap_or_default().of(kind),
            provided_details: ProvidedDetails::read(fields)?.value(),
            client_reference_id: fields.text("client_reference_id", REFERENCE_MAX)?.value(),
            metadata,
            return_url: fields.text("return_url", URL_MAX)?.value().map(followable).transpose()?,
            related_customer: fields.text("related_customer", ID_MAX)?.value(),
            related_customer_account: fields.text("related_customer_account", ID_MAX)?.value(),
            related_person: RelatedPerson::read(fields)?,
        })
    }

    pub(super) fn asks(&self) -> Asks {
        self.options.asks(self.kind)
    }

    /// Whose fate it is: that of whom the customer names, or of nobody else.
    pub(super) fn applicant(&self, ordinal: u64) -> ApplicantKey {
        match &self.client_reference_id {
            Some(reference) => ApplicantKey::new(reference.as_str()),
            None => ApplicantKey::new(format!("unnamed-{ordinal}")),
        }
    }

    /// Where they are from, as far as the customer has said so in `metadata[country]`.
    pub(super) fn country(&self) -> Result<CountryCode, Refusal> {
        let said = self.metadata.get("country").and_then(|country| CountryCode::parse(country));
        said.or_else(|| CountryCode::parse(NOWHERE)).ok_or(Refusal::MissingField { field: "country" }) // never: it is two capital letters
    }

    /// Which document they have: what `metadata[document_type]` says, or else the one that is allowed.
    pub(super) fn document(&self) -> DocumentKind {
        let said = self.metadata.get("document_type").and_then(|word| DocumentKind::from_word(word));
        said.or_else(|| self.options.only_type().map(DocumentType::kind)).unwrap_or(DocumentKind::Passport)
    }

    /// Forgets whom it is about.
    pub(super) fn redact(&mut self) {
        self.metadata.clear();
        self.provided_details = None;
    }
}

impl Changes {
    pub(super) fn read(fields: &mut Fields) -> Result<Self, Refusal> {
        Ok(Self {
            metadata: Metadata::read(fields)?,
            kind: fields.choice("type", Kind::WORDS)?,
            options: Options::read(fields)?,
            provided_details: ProvidedDetails::read(fields)?,
        })
    }

    /// Whether it is about what is to be verified, which can be changed only before it is.
    pub(super) fn concern_the_verification(&self) -> bool {
        self.kind.is_some() || self.options != Given::Absent || !matches!(self.provided_details, Given::Absent)
    }

    /// Makes them.
    pub(super) fn apply(&self, to: &mut Particulars) -> Result<(), Refusal> {
        self.metadata.apply(&mut to.metadata)?;
        to.kind = self.kind.unwrap_or(to.kind);
        let options = match &self.options {
            Given::Absent => to.options.clone(),
            Given::Unset => Options::default(),
            Given::Value(options) => options.clone(),
        };
        to.options = options.of(to.kind);
        match &self.provided_details {
            Given::Absent => {}
            Given::Unset => to.provided_details = None,
            Given::Value(details) => to.provided_details = Some(details.clone()),
        }
        Ok(())
    }
}

impl Metadata {
    /// Takes `metadata` out of a form.
    pub(super) fn read(fields: &mut Fields) -> Result<Self, Refusal> {
        let texts = match fields.fields("metadata")? {
            Given::Absent => Vec::new(),
            Given::Unset => return Ok(Self::Cleared),
            Given::Value(fields) => fields.all_texts(METADATA_VALUE_MAX)?,
        };
        match texts.iter().find(|(key, _)| key.chars().count() > METADATA_KEY_MAX) {
            Some(_) => Err(invalid(Some("metadata"), format!("Metadata keys may be at most {METADATA_KEY_MAX} characters long."))),
            None => Ok(Self::Merged(texts)),
        }
    }

    /// Changes metadata, unless there would be too much of it.
    pub(super) fn apply(&self, to: &mut BTreeMap<String, String>) -> Result<(), Refusal> {
        let mut changed = to.clone();
        match self {
            Self::Cleared => changed.clear(),
            Self::Merged(texts) => {
                for (key, value) in texts {
                    if value.is_empty() {
                        changed.remove(key);
                    } else {
                        changed.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        if changed.len() > METADATA_MAX {
            return Err(invalid(Some("metadata"), format!("Metadata may have at most {METADATA_MAX} keys.")));
        }
        *to = changed;
        Ok(())
    }
}

impl ProvidedDetails {
    fn read(fields: &mut Fields) -> Result<Given<Self>, Refusal> {
        Ok(match fields.fields("provided_details")? {
            Given::Absent => Given::Absent,
            Given::Unset => Given::Unset,
            Given::Value(mut details) => {
                let read = Self { email: details.text("email", TEXT_MAX)?.value(), phone: details.text("phone", TEXT_MAX)?.value() };
                details.nothing_else()?;
                Given::Value(read)
            }
        })
    }
}

impl RelatedPerson {
    fn read(fields: &mut Fields) -> Result<Option<Self>, Refusal> {
        let Some(mut person) = fields.fields("related_person")?.value() else { return Ok(None) };
        let read = Self { account: person.required("account", ID_MAX)?, person: person.required("person", ID_MAX)? };
        person.nothing_else()?;
        Ok(Some(read))
    }
}

/// Returns an address that a browser may be sent to. Nobody else ever goes there.
fn followable(url: String) -> Result<String, Refusal> {
    let web = url.parse::<Uri>().is_ok_and(|url| matches!(url.scheme_str(), Some("http" | "https")) && url.host().is_some());
    if web { Ok(url) } else { Err(invalid(Some("return_url"), "Not a valid URL".to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: &str) -> Result<Particulars, Refusal> {
        let mut fields = Fields::parse(form.as_bytes())?;
        let particulars = Particulars::read(&mut fields)?;
        fields.nothing_else().map(|()| particulars)
    }

    #[test]
    fn country_and_document_are_what_the_metadata_says() {
        let said = read("type=document&client_reference_id=a-1&metadata[country]=DE&metadata[document_type]=residence_permit")
            .unwrap_or_else(|_| panic!());
        assert_eq!(said.applicant(7).as_str(), "a-1");
        assert_eq!((said.country().unwrap().as_str(), said.document()), ("DE", DocumentKind::ResidencePermit));
        let silent = read("type=document&options[document][allowed_types][]=driving_license").unwrap_or_else(|_| panic!());
        assert_eq!(silent.applicant(7).as_str(), "unnamed-7");
        assert_eq!((silent.country().unwrap().as_str(), silent.document()), ("XX", DocumentKind::DrivingLicence));
        assert_eq!(read("type=document").unwrap_or_else(|_| panic!()).document(), DocumentKind::Passport);
    }

    #[test]
    fn metadata_is_merged_and_bounded() {
        let mut metadata = BTreeMap::from([("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())]);
        let change = |form: &str| Metadata::read(&mut Fields::parse(form.as_bytes()).unwrap());
        change("metadata[a]=&metadata[c]=3").unwrap_or_else(|_| panic!()).apply(&mut metadata).unwrap();
        assert_eq!(metadata.keys().collect::<Vec<_>>(), ["b", "c"]);
        let many: String = (0..49).map(|key| format!("metadata[k{key}]=x&")).collect();
        assert!(change(&many).unwrap_or_else(|_| panic!()).apply(&mut metadata).is_err());
        assert_eq!(metadata.len(), 2, "a refusal changes nothing");
        change("metadata=").unwrap_or_else(|_| panic!()).apply(&mut metadata).unwrap();
        assert!(metadata.is_empty());
        assert!(change(&format!("metadata[{}]=x", "k".repeat(41))).is_err());
        assert!(change(&format!("metadata[k]={}", "x".repeat(501))).is_err());
    }

    #[test]
    fn a_user_is_sent_to_the_web_only() {
        for url in ["javascript:alert(1)", "ftp://example.org/", "/relative", "data:text/html,x", "not an address"] {
            assert!(read(&format!("type=document&return_url={url}")).is_err(), "{url}");
        }
        assert!(read("type=document&return_url=https://example.org/back?a=1").is_ok());
    }

    #[test]
    fn what_is_missing_or_unknown_is_refused() {
        for form in ["", "type=selfie", "type=document&colour=red", "type=document&related_person[account]=acct_1"] {
            assert!(read(form).is_err(), "{form}");
        }
        assert!(read("verification_flow=vf_1").is_ok_and(|flow| flow.kind == Kind::VerificationFlow));
    }
}
