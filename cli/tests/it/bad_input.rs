//! Bad input is answered with one message and the right exit code, and leaves nothing behind.

use crate::command::{SMALL, Server, outcome, scenario_file};

#[track_caller]
fn refused(args: &[&str], code: i32, expected: &[&str]) {
    let (exit, stdout, stderr) = outcome(args);
    assert_eq!(exit, code, "{stderr}");
    assert_eq!(stdout, "", "standard output is for results");
    for piece in expected {
        assert!(stderr.contains(piece), "`{piece}` is not in:\n{stderr}");
    }
}

#[test]
fn a_scenario_that_is_not_valid_is_bad_usage() {
    let folder = tempfile::tempdir().unwrap();
    let check = |from: &str, to: &str, expected: &[&str]| {
        let file = scenario_file(folder.path(), &SMALL.replace(from, to));
        refused(&["run", &file], 2, expected);
        refused(&["scenario", "check", &file], 2, expected);
    };
    check("duration = \"2s\"", "durration = \"2s\"", &["my.toml:7:1", "unknown key `durration`", "did you mean `duration`?"]);
    check("per_second = 5", "per_second = -5", &["my.toml:6", "-5 is not a rate"]);
    check("approved = 1", "approved = 0", &["my.toml", "add up to zero"]);
    check("[vendor.callbacks]", "[expect]\n\"decision_latency.p95\" = \"fast\"\n[vendor.callbacks]", &["`fast` is not a bound", "< 60s"]);
}

#[test]
fn bad_arguments_are_bad_usage() {
    refused(&["run", "no-such-scenario"], 2, &["there is no scenario or file `no-such-scenario`", "kycsim scenario list"]);
    refused(&["run", "down-twise"], 2, &["there is no scenario or file `down-twise`", "did you mean `down-twice`?"]);
    refused(&["run", "incidents/down-twice"], 2, &["did you mean `down-twice`?"]);
    refused(&["vendor", "out-age"], 2, &["did you mean `outage`?"]);
    refused(&["scenario", "show", "stuck-pendin"], 2, &["did you mean `stuck-pending`?"]);
    refused(&["run", "--expect", "decision_latncy.p95<30s"], 2, &["did you mean `decision_latency.p95`?"]);
    refused(&["run", "--rate", "-3"], 2, &["-3"]);
    refused(&["run", "--duration", "soon"], 2, &["`soon` is not a length of time"]);
    refused(&["scenario", "show", "nothing"], 2, &["kycsim scenario list"]);
    refused(&["report", "/nowhere/at/all"], 2, &["is this the folder of a run?"]);
    refused(&["backend", "--vendor-api", "onfidoo"], 2, &["`onfidoo` is no vendor's API", "generic, stripe-identity, onfido"]);
    refused(&["backend", "--webhook-secret", "no prefix"], 2, &["whsec_"]);
    refused(&["backend", "--vendor-api", "onfido", "--webhook-secret", ""], 2, &["must not be empty"]);
    refused(&["vendor", "--callback-url", "http://example.com/"], 2, &["loopback"]);
}

#[test]
fn a_port_in_use_breaks_the_start() {
    let server = Server::start(&["vendor", "--listen", "127.0.0.1:0"]);
    let address = server.url.strip_prefix("http://").unwrap();
    refused(&["vendor", "--listen", address], 3, &["cannot listen on", "in use"]);
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("backend.sqlite");
    refused(&["backend", "--listen", address, "--database", database.to_str().unwrap()], 3, &["cannot listen on", "in use"]);
    assert!(!database.exists(), "nothing is half-written");
}

#[test]
fn an_unwritable_folder_breaks_the_run_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = scenario_file(folder.path(), SMALL);
    let file = folder.path().join("file");
    std::fs::write(&file, "in the way").unwrap();
    let out = file.join("run");
    refused(&["run", &scenario, "--quiet", "--out", out.to_str().unwrap()], 3, &["could not write", "run"]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
}
