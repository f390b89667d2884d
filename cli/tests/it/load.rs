//! Runs in parts, and the search for a capacity: through the command, as their users have them.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::command::{SMALL, kycsim, outcome, scenario_file};
use crate::vendor_doc::commands;

/// Twenty-four applicants, some of whom are declined, some reviewed.
fn mixed(folder: &Path) -> String {
    let text = SMALL
        .replace("per_second = 5", "per_second = 8")
        .replace("duration = \"2s\"", "duration = \"3s\"")
        .replace("approved = 1", "approved = 5\ndeclined = { weight = 3, reasons = { document_forged = 1 } }\nreview = { weight = 2, reasons = { low_confidence = 1 } }");
    scenario_file(
        folder,
        &format!("{text}\n[review]\nreviewers = 4\nhandling_time = {{ distribution = \"constant\", value = \"200ms\" }}\n"),
    )
}

fn rows(folder: &Path, file: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(folder.join(file)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What became of everybody, and when they came: what must not depend on how many processes there were.
fn fates(folder: &Path) -> BTreeMap<String, (Value, Value)> {
    let fate = |row: Value| (row["applicant"].as_str().unwrap().to_owned(), (row["arrived"].clone(), row["end"]["ending"].clone()));
    rows(folder, "journeys.ndjson").into_iter().map(fate).collect()
}

#[test]
fn four_parts_joined_are_the_run_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = mixed(folder.path());
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let mut parts: Vec<_> = (1..=4)
        .map(|part| {
            // The index counts from 0, as Kubernetes does.
            let mut command = kycsim(&["run", &scenario, "--quiet", "--shard", "auto/4", "--out", &at(&format!("part-{part}"))]);
            command.env("JOB_COMPLETION_INDEX", (part - 1).to_string()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        })
        .collect();
    for part in &mut parts {
        assert!(matches!(part.wait().unwrap().code(), Some(0 | 4)), "a part that is judged alone may be too small to say");
    }
    let (exit, stdout, stderr) = outcome(&["run", &scenario, "--quiet", "--out", &at("whole")]);
    assert!(matches!(exit, 0 | 4), "{stdout}\n{stderr}");

    let (exit, stdout, stderr) = outcome(&["merge", &at("part-3"), &at("part-1"), &at("part-4"), &at("part-2"), "--out", &at("merged")]);
    assert!(matches!(exit, 0 | 4), "{stdout}\n{stderr}");
    assert!(folder.path().join("merged/report.html").exists());
    let (merged, whole) = (fates(&folder.path().join("merged")), fates(&folder.path().join("whole")));
    assert_eq!(whole.len(), 24);
    assert_eq!(merged, whole);

    let report =
        |name: &str| -> Value { serde_json::from_slice(&std::fs::read(folder.path().join(name).join("report.json")).unwrap()).unwrap() };
    let (merged, parts) = (report("merged"), (1..=4).map(|part| report(&format!("part-{part}"))));
    let sum = |figure: &str| parts.clone().map(|part| part.pointer(figure).unwrap().as_u64().unwrap()).sum::<u64>();
    for figure in ["/totals/arrived", "/vendor/requests", "/vendor/deliveries", "/generator/steps", "/review/decided"] {
        assert_eq!(merged.pointer(figure).unwrap().as_u64().unwrap(), sum(figure), "{figure}");
    }
    let counted = |report: &Value| report["steps"].as_array().unwrap().iter().map(|step| step["count"].as_u64().unwrap()).sum::<u64>();
    assert_eq!(counted(&merged), parts.map(|part| counted(&part)).sum::<u64>(), "histograms add");
    assert_eq!(merged["manifest"].get("shard"), None);
    // What was joined is a run like any other.
    let (exit, _, stderr) = outcome(&["report", &at("merged")]);
    assert!(matches!(exit, 0 | 4), "{stderr}");
}

#[test]
fn what_is_not_all_of_one_run_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = scenario_file(folder.path(), SMALL);
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for (name, arguments) in [("one", &["--shard", "1/2"][..]), ("other", &["--shard", "2/2", "--seed", "8"]), ("plain", &[])] {
        let mut args = vec!["run", &scenario, "--quiet", "--duration", "1s"];
        let out = at(name);
        args.extend(arguments);
        args.extend(["--out", &out]);
        let (exit, _, stderr) = outcome(&args);
        assert!(matches!(exit, 0 | 4), "{stderr}");
    }
    for (parts, expected) in [
        (&[at("one")][..], "the parts 2 of 2 are missing"),
        (&[at("one"), at("one")], "part 1/2 is there twice"),
        (&[at("one"), at("other")], "they differ in their scenario or seed"),
        (&[at("one"), at("plain")], "was not played with --shard"),
        (&[at("nowhere")], "is this the folder of a run?"),
    ] {
        let out = at("merged");
        let mut args = vec!["merge", "--out", &out];
        args.extend(parts.iter().map(String::as_str));
        let (exit, _, stderr) = outcome(&args);
        assert_eq!(exit, 2, "{stderr}");
        assert!(stderr.contains(expected), "{stderr}");
    }
    for bad in ["0/4", "5/4", "x", "auto/4"] {
        let (exit, _, stderr) = outcome(&["run", &scenario, "--shard", bad]);
        assert_eq!(exit, 2, "{bad}: {stderr}");
    }
}

#[test]
fn every_command_on_the_page_about_load_works() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/load.md")).unwrap();
    let script = commands(&page);
    assert!(script.matches("kycsim ").count() >= 5, "the page has lost its commands");
    let folder = tempfile::tempdir().unwrap();
    let binaries = Path::new(env!("CARGO_BIN_EXE_kycsim")).parent().unwrap();
    // Whoever is too busy to say is not wrong: a machine that runs all tests at once may be.
    let busy = "kycsim() { local code=0; command kycsim \"$@\" || code=$?; if [ $code = 4 ]; then return 0; fi; return $code; }";
    let output = Command::new("bash")
        .args(["-c", &format!("set -euo pipefail\n{busy}\nset -x\n{script}")])
        .env("PATH", format!("{}:{}", binaries.display(), std::env::var("PATH").unwrap()))
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    for word in ["the parts 2 of 2 are missing", "refused with exit code 2", "applicants a second", "applicants.arrived"] {
        assert!(said.contains(word), "{word}: {said}");
    }
}
