//! `kycsim ctl` against a vendor process: results on standard output, messages on standard error, exit codes as documented.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use serde_json::Value;

use crate::command::{SMALL, Server, kycsim, outcome, scenario_file, wait_until};

const KEY: &str = "kycsim-test-key";

struct Desk {
    vendor: Server,
    folder: tempfile::TempDir,
}

impl Desk {
    #[track_caller]
    fn open(more: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let scenario = scenario_file(folder.path(), SMALL);
        let vendor = Server::start(&[&["vendor", &scenario, "--listen", "127.0.0.1:0"], more].concat());
        Self { vendor, folder }
    }

    #[track_caller]
    fn ctl(&self, args: &[&str]) -> (i32, String, String) {
        outcome(&[&["ctl", "--url", &self.vendor.url], args].concat())
    }

    /// Runs a command that must succeed, and returns its result.
    #[track_caller]
    fn done(&self, args: &[&str]) -> String {
        let (exit, stdout, stderr) = self.ctl(args);
        assert_eq!((exit, stderr.as_str()), (0, ""), "{args:?}: {stdout}");
        stdout
    }

    #[track_caller]
    fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.done(&[args, &["--json"]].concat())).unwrap()
    }

    /// Runs a command that must fail, and returns what it complains about.
    #[track_caller]
    fn fails(&self, args: &[&str], code: i32) -> String {
        let (exit, stdout, stderr) = self.ctl(args);
        assert_eq!(exit, code, "{args:?}: {stdout}{stderr}");
        stdout + &stderr
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Begins a session as a customer would, and returns its id.
    fn create(&self, key: &str, reference: &str) -> Result<String, u16> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let client = reqwest::Client::builder().no_proxy().build().unwrap();
            let body = serde_json::json!({"reference": reference, "country": "DE", "document_type": "id_card"});
            let request = client.post(format!("{}/v1/sessions", self.vendor.url)).bearer_auth(key).json(&body);
            let answer = request.send().await.unwrap();
            match answer.status().as_u16() {
                201 => Ok(answer.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned()),
                status => Err(status),
            }
        })
    }
}

#[test]
fn a_tenant_is_made_used_and_deleted() {
    let desk = Desk::open(&[]);
    let made = desk.json(&["tenant", "create", "t-1", "--scenario", "all-pass", "--clock", "frozen", "--seed", "9"]);
    let key = made["api_key"].as_str().unwrap();
    assert_eq!((&made["scenario"], &made["clock"]["mode"]), (&"all-pass".into(), &"frozen".into()));
    let session = desk.create(key, "a-1").unwrap();
    assert!(desk.done(&["session", "list", "--tenant", "t-1"]).contains(&session));
    assert!(!desk.done(&["session", "list"]).contains(&session), "the default tenant has none");
    assert!(desk.done(&["tenant", "list"]).contains("t-1"));
    assert_eq!(desk.done(&["tenant", "delete", "t-1"]), "");
    assert!(desk.fails(&["session", "list", "--tenant", "t-1"], 2).contains("`kycsim ctl tenant list` shows them"));
    let scenario = scenario_file(desk.folder.path(), SMALL);
    assert_eq!(desk.json(&["tenant", "create", "t-2", "--scenario", &scenario])["scenario"], "small");
    assert!(desk.fails(&["tenant", "create", "t-3", "--scenario", "nothing"], 2).contains("no shipped scenario `nothing`"));
}

#[test]
fn time_is_steered() {
    let desk = Desk::open(&["--clock", "frozen"]);
    assert!(desk.done(&["clock", "show"]).starts_with("frozen, 20"));
    let elapsed = |desk: &Desk| desk.json(&["clock", "show"])["elapsed_micros"].as_u64().unwrap();
    let before = elapsed(&desk);
    desk.done(&["clock", "advance", "24h"]);
    assert_eq!(elapsed(&desk) - before, 86_400_000_000);
    assert!(desk.done(&["clock", "scale", "60"]).starts_with("60"));
    assert!(desk.done(&["clock", "resume"]).starts_with("real"));
    assert!(desk.fails(&["clock", "advance", "1h"], 2).contains("freeze it first"));
    assert!(desk.done(&["clock", "freeze"]).starts_with("frozen"));
    assert!(desk.fails(&["clock", "advance", "soon"], 2).contains("not a length of time"));
}

#[test]
fn orders_and_incidents_are_given_and_taken_back() {
    let desk = Desk::open(&[]);
    desk.done(&["order", "set", "--applicant", "a:1", "--outcome", "declined", "--reason", "sanctions_hit"]);
    assert!(desk.done(&["order", "show"]).contains("applicant a:1"));
    assert!(desk.done(&["order", "show", "--applicant", "a:1"]).contains("sanctions_hit"));
    let order = desk.file("order.json", r#"{"responses": [{"http": {"fault": "error", "status": 503}}]}"#);
    desk.done(&["order", "set", "--applicant", "a:1", "--file", &order]);
    assert_eq!(desk.create(KEY, "a:1"), Err(503));
    desk.done(&["order", "drop", "--applicant", "a:1"]);
    let session = desk.create(KEY, "a:1").unwrap();
    assert!(desk.fails(&["order", "set", "--applicant", "a", "--outcome", "declined"], 2).contains("needs reasons"));
    assert!(desk.fails(&["order", "drop", "--applicant", "nobody"], 2).contains("no order"));

    let incident = desk.file("night.toml", "name = \"night\"\nlasts = \"1h\"\nhttp = { fault = \"error\", status = 500 }\n");
    let id = desk.done(&["incident", "start", "--file", &incident, "--for", "5m"]);
    assert_eq!(desk.create(KEY, "a-2"), Err(500));
    assert!(desk.done(&["incident", "list"]).contains("night"));
    assert!(desk.done(&["status"]).contains("incident night"));
    assert_eq!(desk.done(&["incident", "stop", id.trim()]), "");
    desk.done(&["incident", "start", "--file", &incident]);
    assert_eq!(desk.done(&["incident", "stop", "--all"]), "1 stopped\n");
    desk.create(KEY, "a-2").unwrap();
    desk.done(&["incident", "start", "hard-outage", "--for", "5m"]);
    assert!(desk.done(&["incident", "list"]).contains("hard-outage"));
    desk.done(&["incident", "stop", "--all"]);
    assert!(desk.fails(&["incident", "start", "soft-outage"], 2).contains("hard-outage"));
    assert!(desk.fails(&["incident", "stop", "99"], 2).contains("`kycsim ctl incident list` shows them"));

    assert!(desk.fails(&["session", "decide", &session], 2).contains("collecting"));
    let waited = desk.fails(&["session", "wait", &session, "--status", "approved", "--within", "50ms"], 1);
    assert!(waited.contains("is collecting after 50ms"), "{waited}");
    assert!(desk.done(&["session", "show", &session]).contains("a:1"));
}

#[test]
fn the_journal_is_shown_followed_verified_and_exported() {
    let desk = Desk::open(&[]);
    let session = desk.create(KEY, "a-1").unwrap();
    let line = desk.done(&["requests"]);
    assert!(line.contains("POST /v1/sessions  201") && line.contains(&session), "{line}");
    assert_eq!(desk.done(&["requests", "--unmatched"]), "");
    assert_eq!(desk.done(&["deliveries"]), "");

    let mut following =
        kycsim(&["ctl", "--url", &desk.vendor.url, "requests", "--follow", "--json"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(following.stdout.take().unwrap()).lines();
    let mut next = || serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(next()["applicant"], "a-1");
    desk.create(KEY, "a-2").unwrap();
    assert_eq!(next()["applicant"], "a-2", "it goes on with what comes");
    following.kill().unwrap();
    following.wait().unwrap();

    let pattern = desk.file("pattern.json", r#"{"request": {"method": "POST", "applicant": "a-1"}}"#);
    assert_eq!(desk.done(&["verify", "--file", &pattern, "--exactly", "1"]), "expected exactly 1, found 1\n");
    let missed = desk.fails(&["verify", "--file", &pattern, "--at-least", "2"], 1);
    assert!(missed.contains("expected at least 2, found 1") && missed.contains("<<<<<"), "{missed}");
    assert_eq!(
        desk.fails(&["wait", "--file", &pattern, "--exactly", "3", "--within", "50ms"], 1).lines().next(),
        Some("expected exactly 3, found 1")
    );
    assert!(desk.fails(&["verify", "--file", &pattern], 2).contains("--exactly"));
    let broken = desk.file("broken.json", r#"{"request": {"methd": "POST"}}"#);
    assert!(desk.fails(&["verify", "--file", &broken, "--exactly", "1"], 2).contains("unknown field `methd`"));
    assert!(desk.fails(&["verify", "--file", "/nowhere", "--exactly", "1"], 2).contains("could not read `/nowhere`"));

    let out = desk.file("journal.ndjson", "");
    desk.done(&["export", &out]);
    assert_eq!(std::fs::read_to_string(&out).unwrap().lines().count(), 2);
    assert_eq!(desk.done(&["export", "-", "--ledger"]).lines().count(), 2);
    assert!(desk.done(&["rotate-secret", "--overlap", "24h"]).starts_with("whsec_"));
    desk.done(&["reset"]);
    assert_eq!(desk.done(&["requests"]), "");
}

#[test]
fn a_vendor_that_is_not_there_or_wants_a_token_is_said_so() {
    let (exit, stdout, stderr) = outcome(&["ctl", "--url", "http://127.0.0.1:1", "status"]);
    assert_eq!((exit, stdout.as_str()), (3, ""));
    assert!(stderr.contains("is `kycsim vendor` running?"), "{stderr}");
    let (exit, _, stderr) = outcome(&["ctl", "--url", "ftp://x", "status"]);
    assert!(exit == 2 && stderr.contains("is not an address"), "{stderr}");

    let token = "a-token-of-the-tests";
    let desk = Desk::open(&["--admin-token", token]);
    assert!(desk.fails(&["status"], 2).contains("KYCSIM_ADMIN_TOKEN"));
    assert!(desk.done(&["status", "--token", token]).contains("default plays small"));
    let desk = Desk::open(&["--no-admin"]);
    assert!(desk.fails(&["status"], 2).contains("--no-admin"));
}

#[test]
fn a_vendor_that_others_can_reach_wants_a_token() {
    let (exit, stdout, stderr) = outcome(&["vendor", "--listen", "0.0.0.0:0"]);
    assert_eq!((exit, stdout.as_str()), (2, ""));
    assert!(stderr.contains("--admin-token") && stderr.contains("--no-admin"), "{stderr}");
    Server::start(&["vendor", "--listen", "0.0.0.0:0", "--no-admin"]);
    Server::start(&["vendor", "--listen", "0.0.0.0:0", "--admin-token", "a-token-of-the-tests"]);
    let (exit, _, stderr) = outcome(&["vendor", "--admin-token", "short"]);
    assert!(exit == 2 && stderr.contains("16 to 256"), "{stderr}");
}

#[test]
fn where_the_control_room_is_stands_on_standard_error() {
    let mut child = kycsim(&["vendor", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("control room: http://127.0.0.1:") && line.ends_with("/__admin/\n"), "{line}");
    child.kill().unwrap();
    child.wait().unwrap();
    wait_until("it is gone", || child.try_wait().unwrap().is_some());
}
