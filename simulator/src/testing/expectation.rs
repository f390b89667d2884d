use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::journal::{Journal, Pattern, Times};

/// What a test expects of its tenant: as many as it says.
#[derive(Debug, Default)]
pub(super) struct Expectations(Mutex<Vec<Expectation>>);

#[derive(Debug)]
struct Expectation {
    pattern: Pattern,
    times: Times,
    name: Option<String>,
}

/// Something that is expected, and may be given a name.
#[derive(Debug)]
pub struct Expected<'t> {
    all: &'t Expectations,
    index: usize,
}

impl Expected<'_> {
    /// Calls it so, where it is not met.
    pub fn named(self, name: impl Into<String>) {
        if let Some(expectation) = self.all.list().get_mut(self.index) {
            expectation.name = Some(name.into());
        }
    }
}

impl Expectations {
    pub(super) fn add(&self, pattern: Pattern, times: Times) -> Expected<'_> {
        let mut list = self.list();
        list.push(Expectation { pattern, times, name: None });
        Expected { all: self, index: list.len() - 1 }
    }

    /// Returns what is not met, in words; none when all is well.
    pub(super) fn unmet(&self, journal: &Journal) -> Option<String> {
        let mut text = String::new();
        for (number, Expectation { pattern, times, name }) in self.list().iter().enumerate() {
            let verification = journal.verify(pattern, *times);
            if verification.satisfied {
                continue;
            }
            let name = name.as_ref().map_or_else(|| format!("expectation {}", number + 1), |name| format!("`{name}`"));
            let _ = write!(text, "\n- {name} is not met: {verification}"); // writing to a string cannot fail
        }
        (!text.is_empty()).then_some(text)
    }

    fn list(&self) -> MutexGuard<'_, Vec<Expectation>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
