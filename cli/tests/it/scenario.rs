//! `kycsim scenario`, and a small run from file to report.

use crate::command::{SMALL, outcome, scenario_file};

#[test]
fn the_catalogue_is_listed_shown_and_checked() {
    let (exit, listed, _) = outcome(&["scenario", "list"]);
    assert_eq!(exit, 0);
    for name in kycsim_scenarios::catalogue::names() {
        assert!(listed.contains(name), "{listed}");
        let (exit, shown, _) = outcome(&["scenario", "show", name]);
        assert_eq!((exit, shown.as_str()), (0, kycsim_scenarios::catalogue::text(name).unwrap()));
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(outcome(&["scenario", "check", &scenario_file(folder.path(), &shown)]).0, 0);
    }
    let at = |what: &str| listed.find(what).unwrap_or_else(|| panic!("{what} is not in {listed}"));
    for theme in kycsim_scenarios::catalogue::themes() {
        // A theme's name stands above its scenarios.
        assert!(theme.names().all(|name| at(format!("\n{}\n\n", theme.title).trim_start()) < at(&format!("\n{name}\n    "))), "{listed}");
    }
    assert!(at("Bad days") < at("Incidents that happened: identity vendors"), "what happened comes after what vendors do");
    assert!(listed.contains("Happened: 2019-07-10, 16:35 to 17:02 and 21:14 to 22:47 UTC; here 600 times as fast"), "{listed}");
    assert!(listed.contains("Source: https://stripe.com/rcas/2019-07-10"), "{listed}");
    let (exit, names, _) = outcome(&["scenario", "list", "--names"]);
    assert_eq!((exit, names.lines().collect::<Vec<_>>()), (0, kycsim_scenarios::catalogue::names().collect()), "names alone, for scripts");
    let (exit, happened, _) = outcome(&["scenario", "list", "--happened"]);
    assert!(
        exit == 0 && happened.starts_with("Incidents that happened: identity vendors\n") && !happened.contains("baseline"),
        "{happened}"
    );
    let (exit, schema, _) = outcome(&["scenario", "schema"]);
    assert_eq!(exit, 0);
    assert!(serde_json::from_str::<serde_json::Value>(&schema).unwrap()["properties"]["arrivals"].is_object());
}

#[test]
fn a_small_run_leaves_a_folder_and_says_what_it_found() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = scenario_file(folder.path(), SMALL);
    let out = folder.path().join("run");
    let args = ["run", &scenario, "--seed", "11", "--expect", "approval.rate>=100%", "--out", out.to_str().unwrap()];
    let (exit, stdout, stderr) = outcome(&args);
    // 4: the machine may be too busy to say; but nothing may be wrong.
    assert!(exit == 0 || exit == 4, "{exit}\n{stdout}\n{stderr}");
    assert!(stdout.contains("approval.rate") && stdout.contains("Integrity") && stdout.contains("report.html"), "{stdout}");
    for file in [
        "manifest.json",
        "scenario.toml",
        "journeys.ndjson",
        "vendor-ledger.ndjson",
        "latency.hlog",
        "report.html",
        "report.json",
        "junit.xml",
        "summary.md",
    ] {
        assert!(out.join(file).metadata().unwrap().len() > 0, "{file}");
    }
    let report: serde_json::Value = serde_json::from_slice(&std::fs::read(out.join("report.json")).unwrap()).unwrap();
    assert_eq!(report["totals"]["arrived"], 10);
    assert_eq!(report["totals"]["approved"], 10);
    assert_eq!(report["manifest"]["seed"], 11);

    let before = std::fs::read(out.join("report.json")).unwrap();
    let (again, json, _) = outcome(&["report", out.to_str().unwrap(), "--json"]);
    assert_eq!(again, exit);
    assert_eq!(json.trim_end().as_bytes(), before.trim_ascii_end(), "the report is a function of the folder");

    let (exit, _, stderr) = outcome(&args);
    assert_eq!(exit, 3, "a second run into the same folder");
    assert!(stderr.contains("holds a run already"), "{stderr}");
}
