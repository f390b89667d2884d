//! Headless Chromium, for tests of pages. Without a browser a test says that it was skipped; with `KYCSIM_REQUIRE_BROWSER=1`, as in CI, it fails.
//! `KYCSIM_BROWSER` names another program.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Longer than any step takes on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// A page in a browser, spoken to in the words of the DevTools protocol, over two pipes.
pub(crate) struct Browser {
    child: Child,
    to: File,
    from: BufReader<File>,
    calls: u64,
    session: Option<String>,
    /// What the page has complained about.
    pub(crate) complaints: Vec<String>,
}

impl Browser {
    /// Returns the program to start; none, and says so, when there is none and nobody insists.
    #[expect(clippy::print_stdout, reason = "whoever reads the tests' output should see what was not tested")]
    pub(crate) fn program() -> Option<String> {
        let found = Self::find_program();
        if found.is_none() {
            assert!(std::env::var("KYCSIM_REQUIRE_BROWSER").is_err(), "there is no Chromium, and KYCSIM_REQUIRE_BROWSER wants one");
            println!("skipped: there is no Chromium here");
        }
        found
    }

    fn find_program() -> Option<String> {
        if let Ok(named) = std::env::var("KYCSIM_BROWSER") {
            return Some(named);
        }
        let there = |name: &str| Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
        ["chromium", "chromium-browser", "google-chrome"].into_iter().find(|name| there(name)).map(str::to_owned)
    }

    pub(crate) fn open(program: &str, folder: &Path, url: &str) -> Self {
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

    pub(crate) fn call(&mut self, method: &str, params: &Value) -> Value {
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
    pub(crate) fn find(&mut self, script: &str) -> Value {
        self.call("Runtime.evaluate", &json!({"expression": script, "returnByValue": true}))["result"]["value"].clone()
    }

    /// Waits until it is true of the page.
    pub(crate) fn until(&mut self, script: &str) {
        let begun = Instant::now();
        while self.find(script) != true {
            if begun.elapsed() > DEADLINE {
                let shown = self.find("document.body.innerText");
                panic!("not: {script}\n{:?}\n{shown}", self.complaints);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
