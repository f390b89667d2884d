//! Reading a scenario file: everything that is wrong with it is said with file, line, key and remedy.

use std::fmt;
use std::path::{Path, PathBuf};

use super::nearest::did_you_mean;
use super::phrase::Phrase;
use super::scenario::Scenario;
use super::subject::Subject;

/// Why a scenario was not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadScenarioError {
    /// The file could not be read at all.
    #[error("could not read `{}`", .path.display())]
    Open {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Its text is not a valid scenario.
    #[error(transparent)]
    Invalid(#[from] Box<InvalidScenario>),
    /// The trace that its arrivals follow is not one.
    #[error("could not read the arrivals of the scenario `{}`", .path.display())]
    Trace {
        /// Which scenario's.
        path: PathBuf,
        /// What is wrong with it.
        source: super::quantity::QuantityError,
    },
}

/// What is wrong with a scenario's text, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct InvalidScenario {
    /// The file, or the name of a scenario that was not read from one.
    pub origin: String,
    /// From 1; the line that is to blame, and the column in it.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// The key that is to blame, as a path: `vendor.outcomes.approved`. Empty for the file as a whole.
    pub key: String,
    /// What is wrong and what would be right.
    pub message: String,
    /// The text of that line.
    pub source_line: String,
}

impl fmt::Display for InvalidScenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { origin, line, column, key, message, source_line } = self;
        write!(f, "{origin}:{line}:{column}: ")?;
        if !key.is_empty() {
            write!(f, "in `{key}`: ")?;
        }
        writeln!(f, "{message}")?;
        let margin = " ".repeat(line.to_string().len());
        writeln!(f, "{margin} |")?;
        writeln!(f, "{line} | {source_line}")?;
        write!(f, "{margin} | {}^", " ".repeat(column.saturating_sub(1)))
    }
}

impl Scenario {
    /// Reads a scenario file, and the trace that its arrivals follow, if they follow one.
    ///
    /// # Errors
    /// [`ReadScenarioError`] when a file cannot be read or is not what it should be.
    pub fn read(path: &Path) -> Result<Self, ReadScenarioError> {
        let text = read_file(path)?;
        let mut scenario = Self::parse(&path.display().to_string(), &text)?;
        if let Some(trace) = scenario.arrivals.trace_mut() {
            let recorded = read_file(&path.with_file_name(&trace.file))?;
            trace.take_in(&recorded).map_err(|source| ReadScenarioError::Trace { path: path.to_owned(), source })?;
        }
        Ok(scenario)
    }

    /// Reads a scenario from its text; `origin` is what errors call it. A trace that its arrivals follow is empty yet.
    ///
    /// # Errors
    /// [`InvalidScenario`] when the text is not a valid scenario.
    pub fn parse(origin: &str, text: &str) -> Result<Self, Box<InvalidScenario>> {
        let invalid_at = |key: String, start: usize, message: String| {
            let start = start.min(text.len());
            let before = &text[..start];
            let line_start = before.rfind('\n').map_or(0, |at| at + 1);
            Box::new(InvalidScenario {
                origin: origin.to_owned(),
                line: before.matches('\n').count() + 1,
                column: before[line_start..].chars().count() + 1,
                key,
                message,
                source_line: text[line_start..].lines().next().unwrap_or_default().to_owned(),
            })
        };
        let invalid =
            |key: String, error: &toml::de::Error| invalid_at(key, error.span().map_or(0, |span| span.start), explain(error.message()));
        let deserializer = toml::Deserializer::parse(text).map_err(|error| invalid(String::new(), &error))?;
        let scenario: Self = serde_path_to_error::deserialize(deserializer).map_err(|error| {
            let path = error.path().to_string();
            invalid(if path == "." { String::new() } else { path }, error.inner())
        })?;
        for objective in &scenario.expect.0 {
            objective.subject.check_in(&scenario).map_err(|error| {
                let (key, span) = expected_at(text, &objective.subject).unwrap_or_default();
                invalid_at(format!("expect.{key}"), span, error.to_string())
            })?;
        }
        Ok(scenario)
    }

    /// The scenario as a file that reads back as the same scenario.
    ///
    /// # Errors
    /// When a number does not fit TOML, such as a seed above 2^63.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        toml::to_string_pretty(self)
    }
}

fn read_file(path: &Path) -> Result<String, ReadScenarioError> {
    std::fs::read_to_string(path).map_err(|source| ReadScenarioError::Open { path: path.to_owned(), source })
}

/// Where the key of an objective on this subject stands, and how it is written. Objectives are held against the rest of the file only when all of it has been
/// read, so the place is looked for once more.
fn expected_at(text: &str, subject: &Subject) -> Option<(String, usize)> {
    let file = toml::de::DeTable::parse(text).ok()?;
    let expected = file.get_ref().get("expect")?.get_ref().as_table()?;
    let (key, _) = expected.iter().find(|(key, _)| Subject::read(&mut Phrase::new(key.get_ref())).is_ok_and(|read| read == *subject))?;
    Some((key.get_ref().to_string(), key.span().start))
}

/// Turns serde's list of valid words into the nearest one: a reader wants the word they meant, not all there are.
fn explain(message: &str) -> String {
    let Some((what, rest)) = message.split_once(", expected ") else { return message.to_owned() };
    let Some(word) = what.strip_prefix("unknown field ").or_else(|| what.strip_prefix("unknown variant ")) else {
        return message.to_owned();
    };
    let kind = if what.starts_with("unknown field") { "unknown key" } else { "unknown word" };
    let valid = rest.split('`').skip(1).step_by(2);
    format!("{kind} {word}{}", did_you_mean(word.trim_matches('`'), valid))
}
