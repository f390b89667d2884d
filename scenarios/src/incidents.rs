//! The incidents that come with kycsim, to be started by hand: `kycsim ctl incident start hard-outage --for 5m`.
//!
//! Each is written to last for a day: how long it really lasts says whoever starts it.

use crate::language::{Incident, QuantityError};

macro_rules! incidents {
    ($($name:literal),+ $(,)?) => {
        /// Name and text of every shipped incident.
        const TEXTS: &[(&str, &str)] = &[$(($name, include_str!(concat!("../incidents/", $name, ".toml")))),+];
    };
}

incidents! {
    "hard-outage",
    "brownout",
    "slow-answers",
    "rate-limit-storm",
    "unprocessable",
    "broken-gateway",
    "connections-refused",
    "connection-resets",
    "hanging",
    "empty-content",
    "lost-uploads",
    "stale-reads",
    "slow-decisions",
    "callbacks-held",
    "callbacks-starved",
    "callbacks-late",
    "callbacks-lost",
    "callbacks-duplicated",
}

/// The names of the shipped incidents: requests first, then decisions, then callbacks.
pub fn names() -> impl Iterator<Item = &'static str> {
    TEXTS.iter().map(|(name, _)| *name)
}

/// The text of a shipped incident, comments included.
#[must_use]
pub fn text(name: &str) -> Option<&'static str> {
    TEXTS.iter().find(|(each, _)| *each == name).map(|(_, text)| *text)
}

/// Reads a shipped incident; none when there is no such one.
///
/// # Errors
/// Never for what is shipped: a test reads them all.
pub fn load(name: &str) -> Option<Result<Incident, QuantityError>> {
    text(name).map(|text| toml::from_str(text).map_err(|error| QuantityError::new(error.message().to_owned())))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn every_shipped_incident_is_valid_named_as_its_file_and_longer_than_anybody_wants() {
        for name in names() {
            let incident = load(name).unwrap().unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(incident.name(), name);
            assert_eq!(incident.span(), Duration::from_hours(24), "{name}");
        }
    }

    #[test]
    fn every_file_of_the_folder_is_listed() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/incidents");
        let files =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned());
        let mut files: Vec<String> = files.collect();
        files.sort();
        let mut listed: Vec<&str> = names().collect();
        listed.sort_unstable();
        assert_eq!(files, listed);
    }
}
