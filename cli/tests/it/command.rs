//! Starting `kycsim`, and waiting for what it does: by level and deadline, never by guess.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Nothing in these tests takes this long on any machine.
const DEADLINE: Duration = Duration::from_secs(120);

/// A scenario that needs few seconds, whatever the machine: few applicants, small pictures, much patience.
pub(crate) const SMALL: &str = r#"name = "small"
summary = "Few applicants, approved at once"
teaches = "That it works"
[arrivals]
process = "constant"
rate = [{ at = "0s", per_second = 5 }]
duration = "2s"
[[applicants]]
share = 1
country = "DE"
document = "id_card"
device = "mobile_poor"
patience = { distribution = "constant", value = "60s" }
step_time = { distribution = "constant", value = "50ms" }
[run]
poll_every = "200ms"
[vendor]
decision_delay = { distribution = "constant", value = "200ms" }
[vendor.outcomes]
approved = 1
[vendor.callbacks]
retry = ["200ms", "500ms", "1s", "2s", "4s", "8s", "16s"]
"#;

pub(crate) fn kycsim(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kycsim"));
    command.args(args).stdin(Stdio::null());
    command
}

/// Runs to the end and returns exit code, standard output and standard error.
#[track_caller]
pub(crate) fn outcome(args: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = kycsim(args).output().unwrap();
    (status.code().unwrap(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

/// Waits until `level` holds.
#[track_caller]
#[expect(clippy::disallowed_methods, reason = "polls another process with a deadline")]
pub(crate) fn wait_until(what: &str, mut level: impl FnMut() -> bool) {
    let began = Instant::now();
    while !level() {
        assert!(began.elapsed() < DEADLINE, "waited {DEADLINE:?} until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A process that listens, and is killed when the test is done with it.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
}

impl Server {
    /// Starts `kycsim` and waits until it has said where it listens.
    #[track_caller]
    pub(crate) fn start(args: &[&str]) -> Self {
        let mut child = kycsim(args).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.split_whitespace().find(|word| word.starts_with("http://")).unwrap_or_else(|| panic!("{line:?}")).to_owned();
        Self { child, url }
    }

    /// Sends it a signal by its name, such as `TERM`, and returns with which code it ends.
    pub(crate) fn end(mut self, name: &str) -> Option<i32> {
        signal(&self.child, name);
        self.child.wait().unwrap().code()
    }

    /// Kills it as `kill -9` does: it gets no chance to tidy up.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal by its name, such as `INT`.
pub(crate) fn signal(child: &Child, name: &str) {
    assert!(Command::new("sh").args(["-c", &format!("kill -{name} {}", child.id())]).status().unwrap().success());
}

/// Writes a scenario file and returns its path as text.
pub(crate) fn scenario_file(folder: &Path, text: &str) -> String {
    let path = folder.join("my.toml");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}
