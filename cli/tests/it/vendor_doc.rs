//! The vendor's pages do what they say: their shell commands run, one after another, in one shell.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

/// Returns the shell blocks of a page, in order.
pub(crate) fn commands(page: &str) -> String {
    let mut script = String::new();
    let mut inside = false;
    for line in page.lines() {
        match line {
            "```sh" => inside = true,
            "```" => inside = false,
            _ if inside => {
                script.push_str(line);
                script.push('\n');
            }
            _ => {}
        }
    }
    script
}

/// Runs a page's commands in one shell, against a vendor of its own.
#[track_caller]
fn check(page: &str, lines_at_least: usize) {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(page)).unwrap();
    // Another test may be at the page's own port.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let script = commands(&text)
        .replace("8460", &port.to_string())
        .replace("kycsim vendor all-pass", &format!("kycsim vendor all-pass --listen 127.0.0.1:{port}"));
    assert!(script.lines().count() >= lines_at_least, "{page} has lost its commands");

    let folder = tempfile::tempdir().unwrap();
    let binaries = Path::new(env!("CARGO_BIN_EXE_kycsim")).parent().unwrap();
    let path = format!("{}:{}", binaries.display(), std::env::var("PATH").unwrap());
    // The vendor is started in the background; whatever happens it must not outlive the shell, and it must listen before the next line.
    let wait = format!("for _ in $(seq 200); do curl -sf http://127.0.0.1:{port}/__admin/health >/dev/null && break; sleep 0.05; done");
    let script = script.replacen(" &\n", &format!(" &\n{wait}\n"), 1);
    let output = Command::new("bash")
        .args(["-c", &format!("set -euo pipefail\ntrap 'kill %1' EXIT\nset -x\n{script}")])
        .env("PATH", path)
        .env("KYCSIM_URL", format!("http://127.0.0.1:{port}"))
        .env("NO_PROXY", "127.0.0.1")
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{page}\n{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
}

#[test]
fn every_command_on_the_vendors_page_works() {
    check("vendor.md", 26);
}

#[test]
fn every_command_on_the_page_of_stripe_identity_works() {
    check("dialects/stripe-identity.md", 14);
}

#[test]
fn every_command_on_the_page_of_onfido_works() {
    check("dialects/onfido.md", 13);
}
