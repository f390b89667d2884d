//! The page on incidents that happened does what it says: its shell commands run, one after another, in one shell.

use std::path::Path;
use std::process::Command;

use crate::vendor_doc::commands;

/// A busy machine may be unable to judge a bound (4); everything else is to go well.
const PRELUDE: &str = r#"set -euo pipefail
kycsim() {
    local code=0
    command kycsim "$@" || code=$?
    case "$1 $code" in "run 4" | "report 4") ;; *) return "$code" ;; esac
}
set -x
"#;

#[test]
fn every_command_on_the_page_of_incidents_works() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/incidents.md")).unwrap();
    let script = commands(&page);
    assert!(script.lines().count() >= 6, "the page has lost its commands");
    let folder = tempfile::tempdir().unwrap();
    let binaries = Path::new(env!("CARGO_BIN_EXE_kycsim")).parent().unwrap();
    let output = Command::new("bash")
        .args(["-c", &format!("{PRELUDE}{script}")])
        .env("PATH", format!("{}:{}", binaries.display(), std::env::var("PATH").unwrap()))
        .current_dir(folder.path())
        .output()
        .unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{stdout}\n{stderr}");
    assert!(stdout.contains("integrity clean"), "{stdout}");
    assert!(stdout.contains("our-night.toml is valid"), "{stdout}");
}
