//! The control room in headless Chromium: its script runs under its policy, follows what happens, and its buttons do what they say.
//!
//! Without a browser it says that it was skipped; with `KYCSIM_REQUIRE_BROWSER=1`, as in CI, it fails. `KYCSIM_BROWSER` names another program.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::stage::{APPROVE, Stage};

/// Longer than any step takes on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// A page in a browser, spoken to in the words of the DevTools protocol, over two pipes.
struct Browser {
    child: Child,
    to: File,
    from: BufReader<File>,
    calls: u64,
    session: Option<String>,
    /// What the page has complained about.
    complaints: Vec<String>,
}

impl Browser {
    fn program() -> Option<String> {
        if let Ok(named) = std::env::var("KYCSIM_BROWSER") {
            return Some(named);
        }
        let there = |name: &str| Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
        ["chromium", "chromium-browser", "google-chrome"].into_iter().find(|name| there(name)).map(str::to_owned)
    }

    fn open(program: &str, folder: &Path, url: &str) -> Self {
        let [into, out] = ["into", "out"].map(|name| folder.join(name));
        assert!(Command::new("mkfifo").args([&into, &out]).status().unwrap().success());
        let mut command = Command::new("sh");
        command.args(["-c", "exec \"$@\" 3<\"$INTO\" 4>\"$OUT\"", "sh", program, "--headless", "--no-sandbox", "--disable-gpu"]);
        command.args(["--remote-debugging-pipe", "--no-first-run", "--disable-background-networking", "--disable-component-update"]);
        command.arg(format!("--user-data-dir={}", folder.join("profile").display())).env("INTO", &into).env("OUT", &out);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let to = File::options().write(true).open(into).unwrap(); // in the shell's order: each waits for the other side
        let from = BufReader::new(File::open(out).unwrap());
        let mut browser = Self { child, to, from, calls: 0, session: None, complaints: Vec::new() };
        let target = browser.call("Target.createTarget", &json!({"url": "about:blank"}))["targetId"].clone();
        let attached = browser.call("Target.attachToTarget", &json!({"targetId": target, "flatten": true}));
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        browser.call("Log.enable", &json!({}));
        browser.call("Runtime.enable", &json!({}));
        browser.call("Page.navigate", &json!({"url": url}));
        browser
    }

    fn call(&mut self, method: &str, params: &Value) -> Value {
        self.calls += 1;
        let mut call = json!({"id": self.calls, "method": method, "params": params});
        if let Some(session) = &self.session {
            call["sessionId"] = json!(session);
        }
        self.to.write_all(format!("{call}\0").as_bytes()).unwrap();
        loop {
            let mut message = Vec::new();
            self.from.read_until(0, &mut message).unwrap();
            assert_eq!(message.pop(), Some(0), "the browser is gone");
            let message: Value = serde_json::from_slice(&message).unwrap();
            if message["id"] == self.calls {
                assert!(message["error"].is_null(), "{message}");
                return message["result"].clone();
            }
            let complains = message["method"] == "Runtime.exceptionThrown"
                || (message["method"] == "Log.entryAdded" && message["params"]["entry"]["level"] == "error");
            if complains {
                self.complaints.push(message["params"].to_string());
            }
        }
    }

    /// Returns what a piece of script finds on the page.
    fn find(&mut self, script: &str) -> Value {
        self.call("Runtime.evaluate", &json!({"expression": script, "returnByValue": true}))["result"]["value"].clone()
    }

    /// Waits until it is true of the page.
    fn until(&mut self, script: &str) {
        let begun = Instant::now();
        while self.find(script) != true {
            if begun.elapsed() > DEADLINE {
                let shown = self.find("document.body.innerText");
                panic!("not: {script}\n{:?}\n{shown}", self.complaints);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Presses a button, and waits for what the page that comes back says.
    fn press(&mut self, act: &str, says: &str) {
        self.until(&format!("document.querySelector('button[value={act}]') !== null"));
        self.find(&format!("document.querySelector('button[value={act}]').click()"));
        self.until(&format!("document.querySelector('.notice')?.textContent.includes('{says}') ?? false"));
        self.until("document.getElementById('link').textContent === 'Live'");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_watches_and_steers() {
    let Some(program) = Browser::program() else {
        assert!(std::env::var("KYCSIM_REQUIRE_BROWSER").is_err(), "there is no Chromium, and KYCSIM_REQUIRE_BROWSER wants one");
        println!("skipped: there is no Chromium here");
        return;
    };
    let stage = Arc::new(Stage::set(APPROVE).await);
    let runtime = tokio::runtime::Handle::current();
    let watching = tokio::task::spawn_blocking({
        let stage = Arc::clone(&stage);
        move || watch_and_steer(&program, &stage, &runtime)
    });
    watching.await.unwrap();
    assert_eq!(stage.ask("/clock").await["mode"], "frozen");
    let moved = stage.ask("/clock").await["elapsed_micros"].as_u64().unwrap();
    assert!(moved >= 3_600_000_000, "{moved}");
}

fn watch_and_steer(program: &str, stage: &Stage, runtime: &tokio::runtime::Handle) {
    let folder = tempfile::tempdir().unwrap();
    let mut page = Browser::open(program, folder.path(), &stage.url("/__admin/"));
    page.until("document.getElementById('link')?.textContent === 'Live'");
    runtime.block_on(stage.create("a-live"));
    page.until("document.getElementById('sessions').textContent.includes('a-live')");

    page.press("freeze", "The clock is frozen");
    page.press("advance_1h", "The clock was moved on");
    page.find("document.getElementById('incident').value = 'slow-answers'");
    page.press("start", "The incident was started");
    page.until("document.getElementById('incidents').textContent.includes('slow-answers')");
    assert_eq!(runtime.block_on(stage.ask("/incidents"))["incidents"][0]["name"], "slow-answers");
    page.press("stop", "The incident was stopped");

    // What is done elsewhere shows here, and no part of the page is wider than a telephone.
    let lost = stage.client.request(Method::GET, stage.url("/v9/a-rather-long-address-that-leads-nowhere-and-has-no-place-to-be-broken"));
    runtime.block_on(lost.send()).unwrap();
    page.until("document.getElementById('unmatched').textContent.includes('/v9/')");
    page.call("Emulation.setDeviceMetricsOverride", &json!({"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": true}));
    assert_eq!(page.find("document.documentElement.scrollWidth"), 390);
    let unlabelled = "[...document.querySelectorAll('select')].filter(each => each.labels.length === 0).length";
    assert_eq!(page.find(unlabelled), 0);
    assert_eq!(page.complaints, Vec::<String>::new(), "the policy refuses nothing of ours");
}
