use std::fmt;

use super::applicants::{ApplicantGroup, Country, Device, DocumentKind, Risk};
use super::nearest::did_you_mean;
use super::phrase::{Phrase, in_quotes};
use super::quantity::QuantityError;

/// The applicants that an objective looks at: those who meet every condition. Everybody, when there is none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Segment(Vec<Condition>);

/// What an applicant must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// `country = "DE"`
    Country(Country),
    /// `document = "passport"`
    Document(DocumentKind),
    /// `device = "mobile_poor"`
    Device(Device),
    /// `risk = "high"`
    Risk(Risk),
}

const TRAITS: [&str; 4] = ["country", "document", "device", "risk"];

impl Segment {
    /// Reads a segment, if one comes next: `where device = "mobile_poor" and country = "DE"`.
    pub(super) fn read(phrase: &mut Phrase<'_>) -> Result<Self, QuantityError> {
        let mut segment = Self::default();
        if !phrase.take("where") {
            return Ok(segment);
        }
        loop {
            let condition = Condition::read(phrase)?;
            if segment.0.iter().any(|earlier| earlier.name() == condition.name()) {
                return Err(QuantityError::new(format!("`{}` is asked for twice: an applicant has one", condition.name())));
            }
            segment.0.push(condition);
            if !phrase.take("and") {
                return Ok(segment);
            }
        }
    }

    /// The conditions, in the order they were written in.
    #[must_use]
    pub fn conditions(&self) -> &[Condition] {
        &self.0
    }

    /// Whether it is everybody.
    #[must_use]
    pub const fn is_everybody(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an applicant with these traits belongs to it.
    #[must_use]
    pub fn holds(&self, country: Country, document: DocumentKind, device: Device, risk: Risk) -> bool {
        self.0.iter().all(|condition| match condition {
            Condition::Country(wanted) => *wanted == country,
            Condition::Document(wanted) => *wanted == document,
            Condition::Device(wanted) => *wanted == device,
            Condition::Risk(wanted) => *wanted == risk,
        })
    }

    /// Says so when none of these groups can ever bring anybody who belongs to it.
    pub(super) fn check(&self, groups: &[ApplicantGroup]) -> Result<(), QuantityError> {
        let comes =
            |group: &ApplicantGroup| group.share.value() > 0.0 && self.holds(group.country, group.document, group.device, group.risk);
        if groups.iter().any(comes) {
            return Ok(());
        }
        Err(QuantityError::new(format!("nobody comes `{self}`: no group under [[applicants]] is like that")))
    }
}

impl Condition {
    fn read(phrase: &mut Phrase<'_>) -> Result<Self, QuantityError> {
        let name = phrase.word().unwrap_or_default().to_owned();
        if !TRAITS.contains(&name.as_str()) {
            let near = did_you_mean(&name, TRAITS.into_iter());
            return Err(QuantityError::new(format!("applicants cannot be told apart by `{name}`{near}")));
        }
        let example = || QuantityError::new(format!("`where {name}` wants a value, such as `where device = \"mobile_poor\"`"));
        if !phrase.take_mark('=') {
            return Err(example());
        }
        let value = match phrase.quoted()? {
            Some(value) => value,
            None => phrase.word().ok_or_else(example)?.to_owned(),
        };
        macro_rules! one_of {
            ($kind:ident) => {
                $kind::from_word(&value).ok_or_else(|| {
                    let near = did_you_mean(&value, $kind::ALL.iter().map(|each| each.as_str()));
                    QuantityError::new(format!("there is no {name} `{value}`{near}"))
                })
            };
        }
        Ok(match name.as_str() {
            "country" => Self::Country(one_of!(Country)?),
            "document" => Self::Document(one_of!(DocumentKind)?),
            "device" => Self::Device(one_of!(Device)?),
            _ => Self::Risk(one_of!(Risk)?),
        })
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Country(_) => "country",
            Self::Document(_) => "document",
            Self::Device(_) => "device",
            Self::Risk(_) => "risk",
        }
    }

    const fn value(self) -> &'static str {
        match self {
            Self::Country(country) => country.as_str(),
            Self::Document(document) => document.as_str(),
            Self::Device(device) => device.as_str(),
            Self::Risk(risk) => risk.as_str(),
        }
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, condition) in self.0.iter().enumerate() {
            let before = if index == 0 { "where" } else { " and" };
            write!(f, "{before} {} = {}", condition.name(), in_quotes(condition.value()))?;
        }
        Ok(())
    }
}
