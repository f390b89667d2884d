//! Objectives over any measure, segment and window, absolute or relative: verdicts and exit codes of runs in which everything is known.

use std::path::{Path, PathBuf};

use kycsim_scenarios::language::Measure;
use serde_json::Value;

use crate::command::outcome;
use crate::recorded::{MINUTE, Minute};

struct Recorded {
    folder: tempfile::TempDir,
}

impl Recorded {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn record(&self, minute: &Minute) -> PathBuf {
        let path = self.folder.path().join(format!("{}-{}", minute.name, minute.seed));
        minute.record(&path);
        path
    }
}

/// Judges the minute with these expectations, and returns the exit code and the report.
#[track_caller]
fn judged(expect: &'static str) -> (i32, Value) {
    let recorded = Recorded::new();
    report(&recorded.record(&Minute { expect, ..MINUTE }), None)
}

#[track_caller]
fn report(run: &Path, baseline: Option<&Path>) -> (i32, Value) {
    let mut args = vec!["report", run.to_str().unwrap(), "--json"];
    args.extend(baseline.into_iter().flat_map(|folder| ["--baseline", folder.to_str().unwrap()]));
    let (exit, stdout, stderr) = outcome(&args);
    (exit, serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{stderr}")))
}

/// Measure, what it is narrowed to, what was measured, in how many, and whether it held; of every objective.
fn lines(report: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let objectives = report["objectives"].as_array().unwrap();
    let line = |objective: &Value| {
        let (measure, narrowed, measured) = (text(&objective["measure"]), text(&objective["narrowed"]), text(&objective["measured"]));
        format!("{measure} | {narrowed} | {measured} | {} | {}", objective["count"], text(&objective["held"]))
    };
    objectives.iter().map(line).collect()
}

#[test]
fn a_window_fails_while_the_whole_holds() {
    let (exit, report) = judged("'decision_latency.p50' = '< 3s'\n'decision_latency.p50 during hard outage' = '< 3s'");
    assert_eq!(exit, 1);
    assert_eq!(
        lines(&report),
        ["decision_latency.p50 | - | 1.0 s | 210 | yes", "decision_latency.p50 | during hard outage | 8.0 s | 70 | no"]
    );
}

#[test]
fn a_window_holds_while_the_whole_fails() {
    let (exit, report) = judged(
        "'decision_latency.p95' = '< 3s'\n'decision_latency.p95 before hard outage' = '< 3s'\n'decision_latency.p95 after hard outage' = '< 3s'\n\
         'decision_latency.p95 from 45s to 55s' = '< 3s'\n'review_queue.depth.max' = '< 4'\n'review_queue.depth.max after hard outage' = '< 4'",
    );
    assert_eq!(exit, 1);
    assert_eq!(
        lines(&report),
        [
            "decision_latency.p95 | - | 8.0 s | 210 | no",
            "decision_latency.p95 | before hard outage | 1.0 s | 66 | yes",
            "decision_latency.p95 | after hard outage | 1.0 s | 74 | yes",
            "decision_latency.p95 | from 45s to 55s | 1.0 s | 35 | yes",
            "review_queue.depth.max | - | 6 | 75 | no",
            "review_queue.depth.max | after hard outage | 1 | 35 | yes",
        ]
    );
}

#[test]
fn a_segment_fails_while_the_whole_holds_and_the_other_way_round() {
    let (exit, report) = judged(
        "'abandonment.capture' = '< 20%'\n'abandonment.capture where device = \"mobile_poor\"' = '< 20%'\n\
         'abandonment.rate' = '< 10%'\n'abandonment.rate where device = \"mobile_good\" and country = \"DE\"' = '< 10%'\n\
         'completion.rate during hard outage where device = \"mobile_poor\"' = '= 100%'",
    );
    assert_eq!(exit, 1);
    assert_eq!(
        lines(&report),
        [
            "abandonment.capture | - | 12.5 % | 240 | yes",
            "abandonment.capture | where device = \"mobile_poor\" | 50.0 % | 60 | no",
            "abandonment.rate | - | 12.5 % | 240 | no",
            "abandonment.rate | where device = \"mobile_good\" and country = \"DE\" | 0 % | 180 | yes",
            "completion.rate | during hard outage where device = \"mobile_poor\" | 50.0 % | 20 | no",
        ]
    );
}

#[test]
fn all_that_hold_pass() {
    let (exit, report) = judged(
        "'decision_latency.p95 during hard outage' = '< 9s'\n'integrity.findings where device = \"mobile_poor\"' = '= 0'\n'callbacks.duplicates before hard outage' = '= 0'",
    );
    assert_eq!((exit, report["verdict"].as_str()), (0, Some("passed")), "{report:#}");
}

#[test]
fn too_few_are_inconclusive_whatever_they_say() {
    let (exit, report) = judged(
        "'decision_latency.p95 from 10s to 12s' = '< 60s'\n'abandonment.rate from 10s to 12s' = '<= 100%'\n'abandonment.rate from 10s to 15s' = '< 3%'\n\
         'decision_latency.max from 70s to 80s' = '< 1s'\n'applicants.arrived from 10m to 11m' = '= 0'",
    );
    assert_eq!(exit, 4);
    assert!(lines(&report).iter().all(|line| line.ends_with("| inconclusive")), "{:#?}", lines(&report));
    let notes: Vec<&str> = report["objectives"].as_array().unwrap().iter().map(|objective| objective["note"].as_str().unwrap()).collect();
    assert_eq!(
        notes,
        [
            "a p95 needs 20 values, and there were 7",
            "a share with this bound needs 10 values, and there were 8",
            "a share with this bound needs 34 values, and there were 20",
            "nothing was measured",
            "the run ended before this window began",
        ]
    );
}

#[test]
fn a_window_of_everything_measures_what_the_whole_does() {
    let recorded = Recorded::new();
    let run = recorded.record(&MINUTE);
    let narrowable: Vec<Measure> = Measure::all().filter(|measure| measure.moment().is_some()).collect();
    let both = |measure: &Measure| {
        let bound = measure.unit();
        let bound = match bound {
            kycsim_scenarios::language::Unit::Duration => "< 1h",
            kycsim_scenarios::language::Unit::Share => "<= 100%",
            kycsim_scenarios::language::Unit::Count => "< 1000000",
        };
        format!("'{measure}' = '{bound}'\n'{measure} from 0s to 1h' = '{bound}'\n")
    };
    let expect: String = narrowable.iter().map(both).collect();
    let file = run.join("scenario.toml");
    let scenario = std::fs::read_to_string(&file).unwrap() + &expect;
    std::fs::write(file, scenario).unwrap();
    let (_, report) = report(&run, None);
    for pair in report["objectives"].as_array().unwrap().chunks(2) {
        assert!(pair[0]["measured"].is_string(), "{}", pair[0]);
        assert_eq!((&pair[0]["measured"], &pair[0]["count"]), (&pair[1]["measured"], &pair[1]["count"]), "{}", pair[1]);
    }
    assert_eq!(report["objectives"].as_array().unwrap().len(), 2 * narrowable.len());
}

#[test]
fn a_bound_may_hang_on_a_baseline() {
    let recorded = Recorded::new();
    let slower = Minute { name: "slower", decided_after: 1080, expect: "'decision_latency.p50' = '<= 110% of baseline'", ..MINUTE };
    let run = recorded.record(&slower);
    let baseline = recorded.record(&MINUTE);
    let (exit, judged) = report(&run, Some(&baseline));
    assert_eq!(exit, 0);
    assert_eq!(judged["objectives"][0]["baseline"], "1.0 s");
    assert_eq!(judged["baseline"]["differs"], serde_json::json!(["another scenario"]));

    let much_slower = Minute { name: "slower", decided_after: 1200, seed: 8, ..slower.clone() };
    let (exit, judged) = report(&recorded.record(&much_slower), Some(&baseline));
    assert_eq!(exit, 1);
    assert_eq!(judged["baseline"]["differs"], serde_json::json!(["another scenario", "another seed"]));

    // Said in every face.
    let (exit, terminal, _) =
        outcome(&["report", recorded.folder.path().join("slower-8").to_str().unwrap(), "--baseline", baseline.to_str().unwrap()]);
    assert_eq!(exit, 1);
    let differs = "Compared with the baseline run minute-7 (scenario minute, seed 7), which differs: another scenario, another seed.";
    assert!(terminal.contains(differs) && terminal.contains("in 210; baseline 1.0 s"), "{terminal}");
    for face in ["report.html", "summary.md", "junit.xml"] {
        let text = std::fs::read_to_string(recorded.folder.path().join("slower-8").join(face)).unwrap();
        assert!(text.contains("which differs: another scenario, another seed"), "{face}");
    }
}

#[test]
fn a_baseline_without_the_incident_is_looked_at_at_the_same_time() {
    let recorded = Recorded::new();
    let calm = recorded.record(&Minute { name: "calm", outage: false, ..MINUTE });
    let expect =
        "'decision_latency.p50 during hard outage' = '<= baseline + 6s'\n'decision_latency.p50 after hard outage' = '<= baseline + 6s'";
    let (exit, judged) = report(&recorded.record(&Minute { expect, ..MINUTE }), Some(&calm));
    assert_eq!(exit, 1);
    assert_eq!(
        lines(&judged),
        ["decision_latency.p50 | during hard outage | 8.0 s | 70 | no", "decision_latency.p50 | after hard outage | 1.0 s | 74 | yes"]
    );
    assert_eq!(judged["objectives"][0]["baseline"], "1.0 s");
}

#[test]
fn a_baseline_that_says_nothing_is_inconclusive() {
    let recorded = Recorded::new();
    let run = recorded.record(&Minute { expect: "'decision_latency.p50' = '<= 110% of baseline'", ..MINUTE });
    let unfit = recorded.record(&Minute { name: "unfit", panics: 3, ..MINUTE });
    let (exit, judged) = report(&run, Some(&unfit));
    assert_eq!((exit, &judged["objectives"][0]["note"]), (4, &Value::from("the baseline's own generator was the bottleneck")));

    std::fs::write(unfit.join("journeys.ndjson"), "").unwrap();
    let (exit, judged) = report(&run, Some(&unfit));
    assert_eq!((exit, &judged["objectives"][0]["note"]), (4, &Value::from("in the baseline, nothing was measured")));
}

#[test]
fn bad_usage_says_what_to_do() {
    let recorded = Recorded::new();
    let run = recorded.record(&Minute { expect: "'decision_latency.p50' = '<= 110% of baseline'", ..MINUTE });
    let run = run.to_str().unwrap();
    let check = |args: &[&str], expected: &str| {
        let (exit, stdout, stderr) = outcome(args);
        assert_eq!((exit, stdout.as_str()), (2, ""), "{stderr}");
        assert!(stderr.contains(expected), "{stderr}");
    };
    check(
        &["report", run],
        "the objective `decision_latency.p50 <= 110% of baseline` needs a baseline run; give the folder of one with --baseline",
    );
    check(&["report", run, "--baseline", "/nowhere"], "the baseline cannot be used");
    check(&["run", "all-pass", "--expect", "review_wait.p95 < baseline"], "needs a baseline run");
    check(&["run", "outage", "--expect", "review_wait.p95 during hard outge < 3s"], "did you mean `hard outage`?");
    check(&["run", "outage", "--expect", "review_wait.p95 where device = tablet < 3s"], "there is no device `tablet`");
    check(&["run", "outage", "--expect", "drain.seconds during hard outage < 3s"], "has no windows; these have:");
    check(&["run", "all-pass", "--expect", "review_wait.p95 where country = NG and device = desktop < 3s"], "nobody comes");
}

#[test]
fn junit_has_a_case_for_each() {
    let recorded = Recorded::new();
    let run = recorded.record(&Minute {
        expect: "'decision_latency.p50 during hard outage' = '< 3s'\n'decision_latency.p50 where device = \"mobile_poor\"' = '< 9s'\n'review_wait.p99 after hard outage' = '< 9s'",
        ..MINUTE
    });
    assert_eq!(outcome(&["report", run.to_str().unwrap()]).0, 1);
    let junit = std::fs::read_to_string(run.join("junit.xml")).unwrap();
    let cases: Vec<&str> = junit.lines().filter(|line| line.contains("kycsim.objective")).map(str::trim).collect();
    assert_eq!(
        cases,
        [
            r#"<testcase name="decision_latency.p50 during hard outage &lt; 3s" classname="kycsim.objective">"#,
            r#"<testcase name="decision_latency.p50 where device = &quot;mobile_poor&quot; &lt; 9s" classname="kycsim.objective">"#,
            r#"<testcase name="review_wait.p99 after hard outage &lt; 9s" classname="kycsim.objective">"#,
        ]
    );
    assert!(junit.contains(r#"<failure message="measured 8.0 s (in 70), wanted &lt; 3s" type="objective"/>"#), "{junit}");
    assert!(junit.contains("<system-out>measured 1.0 s (in 30), wanted &lt; 9s</system-out>"), "{junit}");
    assert!(
        junit.contains("<skipped message=\"measured 1.0 ms (in 11), wanted &lt; 9s: a p99 needs 100 values, and there were 11\""),
        "{junit}"
    );
}
