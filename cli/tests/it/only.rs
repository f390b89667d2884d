//! `kycsim run --only`: one applicant of a scenario, at their moment and with their fate.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::command::{SMALL, outcome, scenario_file};

/// Ten applicants whom much may happen to.
fn varied() -> String {
    let outcomes = "approved = 2\ndeclined = { weight = 2, reasons = { document_forged = 1, selfie_mismatch = 1 } }\n\
                    resubmission = { weight = 2, reasons = { image_blurred = 1, document_expired = 1 } }";
    let expects = "[expect]\n\"applicants.arrived\" = \"= 10\"\n\"integrity.findings\" = \"= 0\"\n[vendor]";
    SMALL.replace("approved = 1", outcomes).replacen("[vendor]", expects, 1)
}

fn rows(run: &Path, file: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(run.join(file)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What was to happen to an applicant, whoever else came: when they arrived, where they are from, and what the vendor decided how long after each submission.
fn fate(run: &Path, applicant: &str) -> Value {
    let journeys = rows(run, "journeys.ndjson");
    let journey = journeys.iter().find(|row| row["applicant"] == applicant).unwrap();
    let ledger: Vec<Value> = rows(run, "vendor-ledger.ndjson").into_iter().filter(|row| row["applicant"] == applicant).collect();
    let times = |event: &str, field: &str| -> Vec<u64> {
        ledger.iter().filter(|row| row["event"] == event).map(|row| row[field].as_u64().unwrap()).collect()
    };
    let took: Vec<u64> = times("submitted", "at").iter().zip(times("decided", "due")).map(|(at, due)| due - at).collect();
    let decisions: Vec<&Value> = ledger.iter().filter(|row| row["event"] == "decided").map(|row| &row["decision"]).collect();
    assert!(!decisions.is_empty());
    serde_json::json!([journey["arrived"], journey["country"], journey["device"], took, decisions])
}

#[test]
fn an_applicant_of_a_run_is_played_again_alone() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = scenario_file(folder.path(), &varied());
    let (all, alone) = (folder.path().join("all"), folder.path().join("alone"));
    let (exit, stdout, stderr) = outcome(&["run", &scenario, "--seed", "3", "--quiet", "--out", all.to_str().unwrap()]);
    assert!(exit == 0 || exit == 4, "{exit}\n{stdout}\n{stderr}");

    // The command as findings have it, in a shell, as somebody would copy it.
    let manifest: Value = serde_json::from_slice(&std::fs::read(all.join("manifest.json")).unwrap()).unwrap();
    let command = format!("{} a-000007 --quiet --json --out {}", manifest["replay"].as_str().unwrap(), alone.display());
    let binaries = Path::new(env!("CARGO_BIN_EXE_kycsim")).parent().unwrap();
    let path = format!("{}:{}", binaries.display(), std::env::var("PATH").unwrap());
    let output = Command::new("sh").args(["-c", &command]).env("PATH", path).current_dir(folder.path()).output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 4)), "{command}\n{}", String::from_utf8_lossy(&output.stderr));

    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["totals"]["arrived"], 1);
    assert_eq!(rows(&alone, "journeys.ndjson").len(), 1);
    assert_eq!(fate(&alone, "a-000007"), fate(&all, "a-000007"));
    // Ten do not arrive, and nobody expects them to.
    let expected: Vec<&str> = report["objectives"].as_array().unwrap().iter().map(|each| each["measure"].as_str().unwrap()).collect();
    assert_eq!(expected, ["integrity.findings"]);
    assert!(report["manifest"]["command"].as_str().unwrap().ends_with("--only a-000007"), "{}", report["manifest"]["command"]);
    assert!(report["manifest"]["replay"].as_str().unwrap().ends_with("--only"), "{}", report["manifest"]["replay"]);
}

#[test]
fn a_stranger_is_bad_usage() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = scenario_file(folder.path(), SMALL);
    for (applicant, message) in [
        ("a-000010", "`a-000010` does not come in this scenario with seed 7; 10 do, from a-000000 to a-000009"),
        ("anna", "`anna` is no applicant of a schedule"),
    ] {
        let out = folder.path().join("run");
        let (exit, stdout, stderr) = outcome(&["run", &scenario, "--only", applicant, "--out", out.to_str().unwrap()]);
        assert_eq!((exit, stdout.as_str(), out.exists()), (2, "", false), "{stderr}");
        assert!(stderr.contains(message), "{stderr}");
    }
}

#[test]
fn every_command_on_the_page_of_the_verdict_works() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/integrity.md")).unwrap();
    let script = crate::vendor_doc::commands(&page);
    assert!(script.lines().count() >= 3, "the page has lost its commands");
    let folder = tempfile::tempdir().unwrap();
    let binaries = Path::new(env!("CARGO_BIN_EXE_kycsim")).parent().unwrap();
    let path = format!("{}:{}", binaries.display(), std::env::var("PATH").unwrap());
    let script = format!("set -euxo pipefail\n{script}");
    let output = Command::new("bash").args(["-c", &script]).env("PATH", path).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
}
