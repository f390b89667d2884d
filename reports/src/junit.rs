//! `junit.xml`: one test case for each objective, one for each kind of integrity finding, one for the generator.

use std::io;
use std::time::Duration;

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use crate::headline::Headline;
use crate::model::{FindingKind, Held, Objective, Run};
use crate::{figures, wording};

/// A CI server shows these in a small box; all findings are in `report.json`.
const FINDINGS_SHOWN: usize = 10;

/// Writes the run as JUnit XML.
///
/// An objective that could not be judged counts as skipped, a saturated generator as an error: neither says anything about the backend.
///
/// # Errors
/// Whatever the writer refuses.
pub fn junit(run: &Run, out: &mut impl io::Write) -> io::Result<()> {
    let headline = Headline::of(run);
    let mut suite = TestSuite::new(format!("kycsim {}", run.manifest.scenario.name));
    if let Ok(lasted) = Duration::try_from_secs_f64(headline.lasted) {
        suite.set_time(lasted);
    }
    suite.add_properties(properties(run));
    suite.add_test_cases(run.objectives.iter().map(objective));
    suite.add_test_cases(FindingKind::ALL.into_iter().map(|kind| integrity(run, kind)));
    suite.add_test_case(generator(run));

    let mut report = Report::new("kycsim");
    report.add_test_suite(suite);
    report.serialize(out).map_err(io::Error::other)
}

fn properties(run: &Run) -> Vec<Property> {
    let manifest = &run.manifest;
    [
        ("scenario", manifest.scenario.name.clone()),
        ("seed", manifest.seed.to_string()),
        ("run", manifest.id.clone()),
        ("started_at", manifest.started_at.clone()),
        ("command", manifest.command.clone()),
        ("kycsim", manifest.kycsim.clone()),
        ("verdict", wording::verdict(run.verdict).to_lowercase()),
    ]
    .into_iter()
    .chain(run.baseline.as_ref().map(|baseline| ("baseline", wording::baseline(baseline))))
    .map(|(name, value)| Property::new(name, value))
    .collect()
}

fn objective(objective: &Objective) -> TestCase {
    let measured = objective.measured.as_deref().unwrap_or("nothing");
    let beside = wording::measured_in(objective);
    let measured = if beside.is_empty() { measured.to_owned() } else { format!("{measured} ({beside})") };
    let mut message = format!("measured {measured}, wanted {}", objective.bound);
    if let Some(note) = &objective.note {
        message.push_str(": ");
        message.push_str(note);
    }
    let mut status = match objective.held {
        Held::Yes => TestCaseStatus::success(),
        Held::No => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Held::Inconclusive => TestCaseStatus::skipped(),
    };
    if objective.held != Held::Yes {
        status.set_message(&message).set_type("objective");
    }
    let mut case = case("objective", format!("{} {}", objective.subject(), objective.bound), status);
    // Of one that held, too: the figure is what a reader of a CI server's history compares.
    case.set_system_out(message);
    case
}

fn integrity(run: &Run, kind: FindingKind) -> TestCase {
    let findings: Vec<_> = run.integrity.findings.iter().filter(|f| f.kind == kind).collect();
    let status = if !findings.is_empty() {
        let mut lines: Vec<_> =
            findings.iter().take(FINDINGS_SHOWN).map(|finding| format!("{}: {}", finding.applicant, finding.summary)).collect();
        if findings.len() > FINDINGS_SHOWN {
            lines.push(format!("and {} more", findings.len() - FINDINGS_SHOWN));
        }
        lines.extend(
            findings.first().filter(|first| !first.replay.is_empty()).map(|first| format!("play the first again: {}", first.replay)),
        );
        let found = figures::counted(wording::found(&run.integrity, kind), "applicant", "applicants");
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message(format!("{found}: {}", wording::finding_meaning(kind))).set_type("integrity").set_description(lines.join("\n"));
        status
    } else if run.integrity.checked {
        TestCaseStatus::success()
    } else {
        let mut status = TestCaseStatus::skipped();
        status.set_message("the backend gave no final answers to compare with");
        status
    };
    case("integrity", wording::finding_absent(kind).to_owned(), status)
}

fn generator(run: &Run) -> TestCase {
    let generator = &run.generator;
    let trouble = match (generator.panics, generator.saturated_since) {
        (0, None) => None,
        (0, Some(since)) => {
            Some(format!("the generator was the bottleneck from {} ({})", figures::duration(since), generator.saturation_rule))
        }
        (panics, _) => Some(figures::counted(panics, "step panicked", "steps panicked")),
    };
    let status = trouble.map_or_else(TestCaseStatus::success, |trouble| {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(trouble).set_type("generator");
        status
    });
    case("generator", "the generator kept up".to_owned(), status)
}

fn case(class: &str, name: String, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname(format!("kycsim.{class}"));
    case
}
