use std::fmt;

use super::measure::Measure;
use super::moment::narrowable;
use super::nearest::did_you_mean;
use super::phrase::Phrase;
use super::quantity::QuantityError;
use super::scenario::Scenario;
use super::segment::Segment;
use super::window::{KEYWORDS, Window};

/// What an objective is about: a measure, of the whole run or of a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// What is measured.
    pub measure: Measure,
    /// When; always, when it is not said.
    pub window: Option<Window>,
    /// Of whom.
    pub segment: Segment,
}

impl Subject {
    /// Reads a subject, and leaves what comes after it.
    pub(super) fn read(phrase: &mut Phrase<'_>) -> Result<Self, QuantityError> {
        let measure: Measure = phrase.word().unwrap_or_default().parse()?;
        let mut window = None;
        let mut segment = Segment::default();
        loop {
            let before = phrase.rest();
            if let Some(read) = Window::read(phrase)?
                && window.replace(read).is_some()
            {
                return Err(QuantityError::new("an objective looks at one window; write two objectives"));
            }
            let read = Segment::read(phrase)?;
            if !read.is_everybody() {
                if !segment.is_everybody() {
                    return Err(QuantityError::new("an objective has one `where`; join its conditions with `and`"));
                }
                segment = read;
            }
            if phrase.rest() == before {
                break;
            }
        }
        if let Some(word) = phrase.peek() {
            let near = did_you_mean(word, KEYWORDS.into_iter());
            return Err(QuantityError::new(format!("`{word}` does not belong behind `{measure}`{near}")));
        }
        let subject = Self { measure, window, segment };
        subject.check()?;
        Ok(subject)
    }

    /// Whether it is the measure of the whole run.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.window.is_none() && self.segment.is_everybody()
    }

    /// What it is narrowed to, as it is written: `during outage where device = "mobile_poor"`. Empty for the whole run.
    #[must_use]
    pub fn narrowed(&self) -> String {
        let parts = [self.window.as_ref().map(ToString::to_string), Some(self.segment.to_string())];
        parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }

    fn check(&self) -> Result<(), QuantityError> {
        let measure = &self.measure;
        if self.window.is_some() && measure.moment().is_none() {
            let these = narrowable(false);
            return Err(QuantityError::new(format!("`{measure}` is of the whole run and has no windows; these have: {these}")));
        }
        if !self.segment.is_everybody() && !measure.has_segments() {
            let these = narrowable(true);
            return Err(QuantityError::new(format!("`{measure}` cannot be told apart by applicant; these can: {these}")));
        }
        Ok(())
    }

    /// Says so when the scenario has no such incident, or no such applicants.
    ///
    /// # Errors
    /// With the nearest incident's name.
    pub fn check_in(&self, scenario: &Scenario) -> Result<(), QuantityError> {
        self.window.as_ref().map_or(Ok(()), |window| window.check(&scenario.incident))?;
        self.segment.check(scenario.applicants.groups())
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.measure.fmt(f)?;
        if self.is_whole() { Ok(()) } else { write!(f, " {}", self.narrowed()) }
    }
}
