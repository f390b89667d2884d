//! The scenarios that come with kycsim.

use crate::language::{InvalidScenario, Scenario};

macro_rules! catalogue {
    ($($name:literal),+ $(,)?) => {
        /// Name and text of every shipped scenario, in the order in which to try them.
        const TEXTS: &[(&str, &str)] = &[$(($name, include_str!(concat!("../catalogue/", $name, ".toml")))),+];
    };
}

catalogue! {
    "baseline",
    "all-pass",
    "decline-heavy",
    "slow-vendor",
    "duplicate-callbacks",
    "outage",
    "callback-flood",
    "lost-callbacks",
    "review-surge",
}

/// The names of the shipped scenarios, in the order in which to try them.
pub fn names() -> impl Iterator<Item = &'static str> {
    TEXTS.iter().map(|(name, _)| *name)
}

/// The text of a shipped scenario, comments included.
#[must_use]
pub fn text(name: &str) -> Option<&'static str> {
    TEXTS.iter().find(|(each, _)| *each == name).map(|(_, text)| *text)
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
    use super::*;

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
