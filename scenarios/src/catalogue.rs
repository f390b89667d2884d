//! The scenarios that come with kycsim.

use crate::language::{InvalidScenario, Scenario, nearest_to};

/// Scenarios that show the same side of a vendor, or follow incidents that happened.
#[derive(Debug, Clone, Copy)]
pub struct Theme {
    /// What they are about.
    pub title: &'static str,
    /// Which folder of the repository's `scenarios` they stand in, such as `catalogue/incidents/`.
    pub folder: &'static str,
    /// Name and text of each, in the order in which to try them.
    scenarios: &'static [(&'static str, &'static str)],
}

macro_rules! catalogue {
    ($($title:literal in $folder:literal: [$($name:literal),+ $(,)?]),+ $(,)?) => {
        /// Every shipped scenario, in the order in which to try them: what vendors do, then what happened.
        const THEMES: &[Theme] = &[$(Theme {
            title: $title,
            folder: $folder,
            scenarios: &[$(($name, include_str!(concat!("../", $folder, $name, ".toml")))),+],
        }),+];
    };
}

catalogue! {
    "To begin with" in "catalogue/": [
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
    "What is decided" in "catalogue/": [
        "reason-taxonomy",
        "ambiguous-results",
        "late-sanctions-hit",
        "changed-decisions",
        "expired-sessions",
        "decided-by-polling",
    ],
    "How requests are answered" in "catalogue/": [
        "rate-limited",
        "misleading-codes",
        "counted-faults",
        "connection-faults",
        "broken-answers",
        "slow-drip",
        "lost-uploads",
        "stale-reads",
    ],
    "How it is told" in "catalogue/": [
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
    "What applicants do" in "catalogue/": [
        "double-submits",
    ],
    "Bad days" in "catalogue/": [
        "late-callbacks",
        "starved-callbacks",
        "mixed-flood",
        "repeated-outages",
        "brownout",
        "selfie-backlog",
    ],
    "Incidents that happened: identity vendors" in "catalogue/incidents/": [
        "flushed-into-a-limit",
        "starved-by-others",
        "duplicates-silence-flood",
        "purged-retries",
        "limit-says-500",
        "no-new-checks",
        "mostly-503",
        "failover-then-backlog",
        "load-shed",
        "unprocessable-checks",
        "half-of-documents-late",
        "slow-manual-review",
        "tools-down-too",
        "reprocessing-outage",
        "hosted-flow-hangs",
        "hours-of-slowness",
        "renamed-header",
        "slow-empty-uploads",
    ],
    "Incidents that happened: webhook and platform providers" in "catalogue/incidents/": [
        "down-twice",
        "growing-delay",
        "jobs-an-hour-late",
        "thundering-herd",
        "one-dispatcher-left",
        "complete-stop",
        "late-and-twice",
        "parked-for-good",
        "stuck-pending",
        "subscription-removed",
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

/// Returns the name that somebody may have meant by `name`, which may be a path: none when no name is near.
#[must_use]
pub fn nearest(name: &str) -> Option<&'static str> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    nearest_to(last.strip_suffix(".toml").unwrap_or(last), names())
}

/// Returns what to say to somebody who asked for `name`, which is none of them: the nearest name, or all there are.
#[must_use]
pub fn remedy(name: &str) -> String {
    match nearest(name) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("there are: {}", names().collect::<Vec<_>>().join(", ")),
    }
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
    use crate::language::Incident;
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
    fn every_incident_that_happened_has_a_source_estimates_objectives_and_the_length_that_its_factor_says() {
        for name in THEMES.iter().filter(|theme| theme.folder == "catalogue/incidents/").flat_map(Theme::names) {
            let scenario = load(name).unwrap().unwrap();
            let happened = scenario.happened.unwrap_or_else(|| panic!("{name} does not say what happened"));
            // What cannot be known for certain of a played incident is who came: there is always an estimate.
            assert!(!happened.estimates.is_empty(), "{name} marks no estimate");
            let source = happened.source.as_str();
            let leads_there = ["https://", "status page", "report", "changelog"].iter().any(|place| source.contains(place));
            assert!(leads_there, "{name}: `{source}` says neither an address nor whose page it is");
            let begins = scenario.incident.iter().map(Incident::begins).min().unwrap_or_else(|| panic!("{name} plays no incident"));
            let ends = scenario.incident.iter().map(Incident::ends).max().unwrap();
            let (played, expected) = ((ends - begins).as_secs_f64(), happened.compressed().as_secs_f64());
            assert!((played / expected - 1.0).abs() < 0.005, "{name} plays {played} s, and its factor makes {expected} s");
            // Before, during and after: a run that ends before the incident does shows no recovery.
            assert!(scenario.arrivals.duration.length() > ends.since_start(), "{name} ends before its incident");
            let bounded: Vec<&str> = scenario.expect.0.iter().map(|objective| objective.subject.measure.as_str()).collect();
            assert!(bounded.contains(&"integrity.findings") && bounded.len() >= 4, "{name} expects too little: {bounded:?}");
        }
    }

    #[test]
    fn only_the_incidents_folder_follows_incidents_that_happened() {
        for theme in THEMES {
            for name in theme.names() {
                let happened = load(name).unwrap().unwrap().happened.is_some();
                assert_eq!(happened, theme.folder == "catalogue/incidents/", "{name}");
            }
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
    fn every_file_of_the_catalogue_is_listed_and_has_a_name_of_its_own() {
        let files = |folder: &str| {
            let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
            let files = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
            let names: Vec<String> = files.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
            names
        };
        let mut all: Vec<String> = ["catalogue/", "catalogue/incidents/"].into_iter().flat_map(files).collect();
        all.sort();
        let mut listed: Vec<&str> = names().collect();
        listed.sort_unstable();
        assert_eq!(all, listed);
        listed.dedup();
        assert_eq!(all.len(), listed.len(), "a name stands for one scenario");
    }

    #[test]
    fn a_name_that_is_misspelt_or_a_path_is_answered_with_the_nearest() {
        #[track_caller]
        fn check(name: &str, expected: Option<&str>) {
            assert_eq!(nearest(name), expected);
        }
        check("out-age", Some("outage"));
        check("down-twise", Some("down-twice"));
        check("incidents/down-twice", Some("down-twice"));
        check("scenarios/catalogue/incidents/stuck-pending.toml", Some("stuck-pending"));
        check("no-such-scenario-at-all", None);
        check("", None);
    }
}
