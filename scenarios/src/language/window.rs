use std::fmt;
use std::ops::Range;

use super::incident::Incident;
use super::nearest::did_you_mean;
use super::phrase::{Phrase, written_name};
use super::quantity::{Period, QuantityError};
use crate::time::SimTime;

/// A stretch of the schedule that an objective looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Window {
    /// `during outage`: from the incident's first beginning to its last end.
    During(String),
    /// `before outage`: from the start of the schedule to the incident's first beginning.
    Before(String),
    /// `after outage`: from the incident's last end on.
    After(String),
    /// `from 1m to 3m`, counted from the start of the schedule.
    Between {
        /// Its first moment.
        from: Period,
        /// The moment after its last.
        to: Period,
    },
}

/// The words that windows and segments begin with: a name ends before them.
pub(super) const KEYWORDS: [&str; 5] = ["during", "before", "after", "from", "where"];

pub(super) fn is_keyword(word: &str) -> bool {
    KEYWORDS.contains(&word)
}

impl Window {
    /// Reads a window, if one comes next.
    pub(super) fn read(phrase: &mut Phrase<'_>) -> Result<Option<Self>, QuantityError> {
        for (word, of) in [("during", Self::During as fn(String) -> Self), ("before", Self::Before), ("after", Self::After)] {
            if phrase.take(word) {
                let name = phrase.name(is_keyword)?;
                let name = name.ok_or_else(|| QuantityError::new(format!("`{word}` wants an incident's name, such as `{word} outage`")))?;
                return Ok(Some(of(name)));
            }
        }
        if !phrase.take("from") {
            return Ok(None);
        }
        let from = moment(phrase)?;
        if !phrase.take("to") {
            return Err(QuantityError::new(format!("`from {from}` has no end; write for example `from 1m to 3m`")));
        }
        let to = moment(phrase)?;
        if from >= to {
            return Err(QuantityError::new(format!("`from {from} to {to}` ends before it begins")));
        }
        Ok(Some(Self::Between { from, to }))
    }

    /// The incident it hangs on; none when it stands by itself.
    #[must_use]
    pub fn incident(&self) -> Option<&str> {
        match self {
            Self::During(name) | Self::Before(name) | Self::After(name) => Some(name),
            Self::Between { .. } => None,
        }
    }

    /// Returns its moments among these incidents; none when the one it hangs on is not there. Incidents that share a name count as one.
    #[must_use]
    pub fn moments(&self, incidents: &[Incident]) -> Option<Range<SimTime>> {
        let named = |name: &str| {
            let named = || incidents.iter().filter(move |incident| incident.name() == name);
            Some(named().map(Incident::begins).min()?..named().map(Incident::ends).max()?)
        };
        Some(match self {
            Self::During(name) => named(name)?,
            Self::Before(name) => SimTime::ZERO..named(name)?.start,
            Self::After(name) => named(name)?.end..SimTime::MAX,
            Self::Between { from, to } => SimTime::from_start(from.length())..SimTime::from_start(to.length()),
        })
    }

    /// Says so when the incident it hangs on is not among these.
    pub(super) fn check(&self, incidents: &[Incident]) -> Result<(), QuantityError> {
        match self.incident() {
            Some(name) if incidents.is_empty() => {
                Err(QuantityError::new(format!("there is no incident `{name}`: the scenario has none; write for example `from 1m to 3m`")))
            }
            Some(name) if !incidents.iter().any(|incident| incident.name() == name) => {
                let near = did_you_mean(name, incidents.iter().map(Incident::name));
                Err(QuantityError::new(format!("there is no incident `{name}`{near}")))
            }
            Some(_) | None => Ok(()),
        }
    }
}

fn moment(phrase: &mut Phrase<'_>) -> Result<Period, QuantityError> {
    let text = match phrase.quoted()? {
        Some(text) => text,
        None => phrase.word().unwrap_or_default().to_owned(),
    };
    Period::try_from(text)
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // In one word each, so that a sentence stays a row of words.
        let word = |period: &Period| period.to_string().replace(' ', "");
        match self {
            Self::During(name) => write!(f, "during {}", written_name(name, is_keyword)),
            Self::Before(name) => write!(f, "before {}", written_name(name, is_keyword)),
            Self::After(name) => write!(f, "after {}", written_name(name, is_keyword)),
            Self::Between { from, to } => write!(f, "from {} to {}", word(from), word(to)),
        }
    }
}
