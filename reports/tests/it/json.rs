//! `report.json` and its schema.

use std::fs;
use std::path::Path;

use kycsim_reports::{Face, ReadReportError, Run, read, schema};

use crate::{face, sample};

/// Set to write the schema anew: `KYCSIM_UPDATE_SCHEMA=1 cargo test -p kycsim-reports`.
const UPDATE: &str = "KYCSIM_UPDATE_SCHEMA";

#[track_caller]
fn comes_back(run: &Run) {
    assert_eq!(&read(face(Face::Json, run).as_bytes()).unwrap(), run);
}

#[test]
fn a_run_comes_back_from_its_json() {
    comes_back(&sample::outage());
    comes_back(&sample::killed());
}

#[test]
fn another_format_is_refused_with_what_to_do() {
    let error = read(br#"{ "format": 99, "new": true }"#.as_slice()).unwrap_err();
    assert!(matches!(error, ReadReportError::OtherFormat { found: 99 }));
    insta::assert_snapshot!(error, @"the report has format 99, and this version of kycsim reads format 1: use the version that wrote it, named under `manifest.kycsim`, or repeat the run");
}

#[test]
fn what_is_no_report_is_refused() {
    for text in ["", "[]", "{}", r#"{ "format": "one" }"#] {
        assert!(matches!(read(text.as_bytes()), Err(ReadReportError::NotAReport(_))), "{text}");
    }
    let unknown = face(Face::Json, &sample::killed()).replacen("\"verdict\"", "\"verdikt\"", 1);
    assert!(matches!(read(unknown.as_bytes()), Err(ReadReportError::Malformed(_))));
}

#[test]
fn the_stored_schema_is_the_models() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/report.schema.json");
    let current = format!("{}\n", serde_json::to_string_pretty(&schema()).unwrap());
    if std::env::var_os(UPDATE).is_some() {
        fs::write(&path, &current).unwrap();
    }
    let stored = fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == current, "{} is not what the model says; read the difference after running with {UPDATE}=1", path.display());
}
