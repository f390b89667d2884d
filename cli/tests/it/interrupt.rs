//! A run that is stopped keeps what it measured; one that is killed leaves enough to build its report from.

use std::path::Path;
use std::process::{Child, Stdio};

use crate::command::{SMALL, kycsim, outcome, scenario_file, signal, wait_until};

/// Starts a run of an hour, and waits until it has measured something.
fn begin(folder: &Path, out: &Path) -> Child {
    let scenario = scenario_file(folder, SMALL);
    let child = kycsim(&["run", &scenario, "--duration", "1h", "--out", out.to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let measured = |file: &str, lines: usize| std::fs::read_to_string(out.join(file)).is_ok_and(|text| text.lines().count() >= lines);
    wait_until("journeys have ended", || measured("journeys.ndjson", 3) && measured("series.ndjson", 2));
    child
}

fn report(out: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(out.join("report.json")).unwrap()).unwrap()
}

#[test]
fn ctrl_c_ends_the_load_and_reports_what_was_measured() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let child = begin(folder.path(), &out);
    signal(&child, "INT");
    let ended = child.wait_with_output().unwrap();
    let stdout = String::from_utf8(ended.stdout).unwrap();
    assert!(matches!(ended.status.code(), Some(0 | 4)), "{:?}\n{stdout}", ended.status);
    let report = report(&out);
    assert_eq!(report["manifest"]["ended"], "cut_short");
    assert!(report["totals"]["approved"].as_u64().unwrap() >= 3, "{}", report["totals"]);
    assert_eq!(report["integrity"]["findings"], serde_json::json!([]));
    assert!(out.join("report.html").exists());
}

#[test]
fn a_killed_run_is_reported_from_what_was_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let mut child = begin(folder.path(), &out);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!out.join("report.html").exists());

    let (exit, stdout, stderr) = outcome(&["report", out.to_str().unwrap()]);
    assert_eq!(exit, 4, "nobody can say whether it would have passed\n{stdout}\n{stderr}");
    let report = report(&out);
    assert_eq!(report["manifest"]["ended"], "unfinished");
    assert_eq!(report["integrity"]["checked"], false);
    assert!(report["totals"]["approved"].as_u64().unwrap() >= 3, "{}", report["totals"]);
    assert!(out.join("report.html").exists());
}
