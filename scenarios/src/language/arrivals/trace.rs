use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::language::quantity::{QuantityError, Rate};
use crate::time::SimTime;

/// The most arrivals that one trace may have: they are held in memory.
pub const TRACE_MAX: usize = 10_000_000;

/// Arrivals as they were recorded somewhere: a file beside the scenario's.
///
/// Its first column says when each came, in seconds since the first of the file's own time line; a heading and further columns are passed over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Trace {
    /// Where it is, seen from the scenario's file.
    pub file: String,
    /// How many times faster than recorded it is played.
    #[serde(default = "as_recorded")]
    pub speed: Rate,
    /// What is in the file, at the speed at which it is played. Empty until it was read.
    #[serde(skip)]
    moments: Arc<[SimTime]>,
}

#[expect(clippy::expect_used, reason = "a constant, and valid")]
fn as_recorded() -> Rate {
    Rate::new(1.0).expect("one is a rate")
}

impl Trace {
    /// Returns a trace of these moments, kept in `file`.
    #[must_use]
    pub fn of(file: &str, moments: Arc<[SimTime]>) -> Self {
        Self { file: file.to_owned(), speed: as_recorded(), moments }
    }

    /// Takes in the text of its file.
    ///
    /// # Errors
    /// When a line does not begin with a time, or there are more than [`TRACE_MAX`].
    pub fn take_in(&mut self, text: &str) -> Result<(), QuantityError> {
        let mut moments = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let column = line.split(',').next().unwrap_or_default().trim();
            match column.parse::<f64>().ok().filter(|seconds| *seconds >= 0.0) {
                Some(seconds) => {
                    let played = Duration::try_from_secs_f64(seconds / self.speed.value());
                    moments.push(SimTime::from_start(played.map_err(|_| too_late(number, column))?));
                }
                None if number == 1 || column.is_empty() => {} // a heading, or nothing
                None => {
                    return Err(QuantityError::new(format!(
                        "line {number} of the trace `{}` begins with `{column}`, which is not a number of seconds",
                        self.file
                    )));
                }
            }
            if moments.len() > TRACE_MAX {
                return Err(QuantityError::new(format!("the trace `{}` has more than {TRACE_MAX} arrivals", self.file)));
            }
        }
        if moments.is_empty() {
            return Err(QuantityError::new(format!("the trace `{}` has no arrivals", self.file)));
        }
        moments.sort_unstable();
        self.moments = moments.into();
        Ok(())
    }

    /// When applicants come, in order.
    #[must_use]
    pub fn moments(&self) -> &[SimTime] {
        &self.moments
    }

    /// Returns it as it is kept with a run: in a file called `file`, at the speed at which it was played; and that file's text.
    #[must_use]
    pub fn kept(&self, file: &str) -> (Self, String) {
        let lines = self.moments.iter().map(|at| format!("{:.6}\n", at.as_secs_f64()));
        (Self::of(file, Arc::clone(&self.moments)), std::iter::once("seconds\n".to_owned()).chain(lines).collect())
    }
}

fn too_late(number: usize, column: &str) -> QuantityError {
    QuantityError::new(format!("line {number} of the trace says `{column}` seconds, which no clock counts to"))
}
