//! The page about objectives does what it says: its shell commands run, one after another, in one shell.

use std::path::Path;
use std::process::Command;

use crate::vendor_doc::commands;

/// Whoever is too busy to say is not wrong: a machine that runs all tests at once may be.
const BUSY: &str = "kycsim() { local code=0; command kycsim \"$@\" || code=$?; if [ $code = 4 ]; then return 0; fi; return $code; }";

#[test]
fn every_command_on_the_page_about_objectives_works() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/objectives.md")).unwrap();
    let script = commands(&page);
    assert!(script.matches("kycsim ").count() >= 8, "the page has lost its commands");
    let folder = tempfile::tempdir().unwrap();
    let binaries = Path::new(env!("CARGO_BIN_EXE_kycsim")).parent().unwrap();
    let output = Command::new("bash")
        .args(["-c", &format!("set -euo pipefail\n{BUSY}\nset -x\n{script}")])
        .env("PATH", format!("{}:{}", binaries.display(), std::env::var("PATH").unwrap()))
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    for refusal in ["`drain.seconds` is of the whole run", "did you mean `outage`?", "needs a baseline run"] {
        assert!(said.contains(refusal), "{said}");
    }
}
