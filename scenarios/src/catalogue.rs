//! The scenarios that come with kycsim.

use crate::language::{InvalidScenario, Scenario};

/// Scenarios that show the same side of a vendor.
#[derive(Debug, Clone, Copy)]
pub struct Theme {
    /// What they are about.
    pub title: &'static str,
    /// Name and text of each, in the order in which to try them.
    scenarios: &'static [(&'static str, &'static str)],
}

macro_rules! catalogue {
    ($($title:literal: [$($name:literal),+ $(,)?]),+ $(,)?) => {
        /// Every shipped scenario, in the order in which to try them.
        const THEMES: &[Theme] = &[$(Theme {
            title: $title,
            scenarios: &[$(($name, include_str!(concat!("../catalogue/", $name, ".toml")))),+],
        }),+];
    };
}

catalogue! {
    "To begin with": [
        "baseline",
        "all-pass",
        "decline-heavy",
        "slow-vendor",
        "duplicate-callbacks",
        "outage",
        "callback-flood",
        "lost-callbacks",
        "review-surge",
    ],
    "What is decided": [
        "reason-taxonomy",
        "ambiguous-results",
        "late-sanctions-hit",
        "changed-decisions",
        "expired-sessions",
        "decided-by-polling",
    ],
    "How requests are answered": [
        "rate-limited",
        "misleading-codes",
        "counted-faults",
        "connection-faults",
        "broken-answers",
        "slow-drip",
        "lost-uploads",
        "stale-reads",
    ],
    "How it is told": [
        "duplicate-new-ids",
        "reordered-callbacks",
        "early-callbacks",
        "forged-callbacks",
        "contradicting-callbacks",
        "unknown-callbacks",
        "lost-on-retry",
        "picky-success",
        "disabled-receiver",
        "secret-rotation",
    ],
    "What applicants do": [
        "double-submits",
    ],
    "Bad days": [
        "late-callbacks",
        "starved-callbacks",
        "mixed-flood",
        "repeated-outages",
        "brownout",
        "selfie-backlog",
    ],
}

impl Theme {
    /// The names of its scenarios, in the order in which to try them.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.scenarios.iter().map(|(name, _)| *name)
    }
}

/// The themes, in the order in which to read them.
#[must_use]
pub const fn themes() -> &'static [Theme] {
    THEMES
}

/// The names of the shipped scenarios, in the order in which to try them.
pub fn names() -> impl Iterator<Item = &'static str> {
    THEMES.iter().flat_map(Theme::names)
}

/// The text of a shipped scenario, comments included.
#[must_use]
pub fn text(name: &str) -> Option<&'static str> {
    THEMES.iter().flat_map(|theme| theme.scenarios).find(|(each, _)| *each == name).map(|(_, text)| *text)
}

/// Reads a shipped scenario; none when there is no such one.
///
/// # Errors
/// Never for what is shipped: a test reads them all.
pub fn load(name: &str) -> Option<Result<Scenario, Box<InvalidScenario>>> {
    text(name).map(|text| Scenario::parse(name, text))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::fate::ApplicantKey;
    use crate::vendor::{Outcome, Reason, plan_examination};

    #[test]
    fn every_shipped_scenario_is_valid_and_named_as_its_file() {
        for name in names() {
            let scenario = load(name).unwrap().unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(scenario.name.as_str(), name);
            assert!(!scenario.expect.0.is_empty(), "{name} expects nothing");
        }
    }

    #[test]
    fn a_scenario_written_out_reads_back_as_the_same() {
        for name in names() {
            let scenario = load(name).unwrap().unwrap();
            let written = scenario.to_toml().unwrap();
            assert_eq!(Scenario::parse("written", &written).unwrap_or_else(|error| panic!("{error}")), scenario, "{written}");
        }
    }

    #[test]
    fn the_taxonomy_is_shown_in_full() {
        let scenario = load("reason-taxonomy").unwrap().unwrap();
        let applicants = scenario.arrivals.schedule(scenario.seed).count() as u64;
        let decisions = (0..applicants).map(|number| {
            let fate = scenario.fate(&ApplicantKey::numbered(number));
            plan_examination(&scenario.vendor, None, &fate, 1).decision
        });
        let (mut outcomes, mut reasons) = (BTreeSet::new(), BTreeSet::new());
        for decision in decisions {
            outcomes.insert(decision.outcome);
            reasons.extend(decision.reasons);
        }
        assert_eq!(outcomes.len(), Outcome::ALL.len());
        let missing: Vec<_> = Reason::ALL.iter().filter(|reason| !reasons.contains(*reason)).collect();
        assert_eq!(missing, [] as [&Reason; 0]);
    }

    #[test]
    fn every_file_of_the_catalogue_is_listed() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/catalogue");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        files.sort();
        let mut listed: Vec<&str> = names().collect();
        listed.sort_unstable();
        assert_eq!(files, listed);
    }
}
