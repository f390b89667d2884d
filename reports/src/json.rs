//! `report.json`: the run itself, serialized, and its way back.

use std::io;

use serde::Deserialize;

use crate::model::{FORMAT, Run};

/// Writes the run as `report.json`, indented: people read it, and tools that compare runs by line.
///
/// # Errors
/// Whatever the writer refuses.
pub fn json(run: &Run, out: &mut impl io::Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, run)?;
    out.write_all(b"\n")
}

/// Returns the JSON Schema of `report.json`.
#[must_use]
pub fn schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(Run);
    schema.insert("title".to_owned(), format!("kycsim report, format {FORMAT}").into());
    schema.to_value()
}

/// Why a `report.json` could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadReportError {
    #[error("could not read the report")]
    Read(#[source] io::Error),
    #[error("this is not a kycsim report: it is no JSON object with a number under `format`")]
    NotAReport(#[source] serde_json::Error),
    #[error(
        "the report has format {found}, and this version of kycsim reads format {FORMAT}: use the version that wrote it, named under `manifest.kycsim`, or repeat the run"
    )]
    OtherFormat { found: u64 },
    #[error("the report says that it has format {FORMAT}, and does not keep to it")]
    Malformed(#[source] serde_json::Error),
}

/// Reads a run from its `report.json`.
///
/// # Errors
/// When it cannot be read, or was written by a version with another format.
pub fn read(mut report: impl io::Read) -> Result<Run, ReadReportError> {
    /// What every format has, past and future.
    #[derive(Deserialize)]
    struct Head {
        format: u64,
    }

    let mut text = String::new();
    report.read_to_string(&mut text).map_err(ReadReportError::Read)?;
    let head: Head = serde_json::from_str(&text).map_err(ReadReportError::NotAReport)?;
    if head.format != u64::from(FORMAT) {
        return Err(ReadReportError::OtherFormat { found: head.format });
    }
    serde_json::from_str(&text).map_err(ReadReportError::Malformed)
}
