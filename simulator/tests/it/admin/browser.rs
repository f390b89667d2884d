//! The control room in headless Chromium: its script runs under its policy, hears of changes, and puts them on the page.
//!
//! Without a browser it says that it was skipped; with `KYCSIM_REQUIRE_BROWSER=1`, as in CI, it fails. `KYCSIM_BROWSER` names another program.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::stage::{APPROVE, Stage};

/// How long the browser looks at the page: some refreshes, on any machine.
const LOOKS_FOR: &str = "6000";

fn browser() -> Option<String> {
    if let Ok(named) = std::env::var("KYCSIM_BROWSER") {
        return Some(named);
    }
    let there = |name: &&str| Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    ["chromium", "chromium-browser", "google-chrome"].iter().find(there).map(|name| (*name).to_owned())
}

/// Opens `url`, and returns the page as it is after a while, and what was written to the console.
fn look(browser: &str, folder: &Path, url: &str) -> (String, String) {
    let mut command = Command::new(browser);
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]);
    command.args(["--disable-component-update", "--enable-logging=stderr", "--dump-dom"]);
    command.arg(format!("--timeout={LOOKS_FOR}")).arg(format!("--user-data-dir={}", folder.display())).arg(url);
    let output = command.stdin(Stdio::null()).output().unwrap();
    (String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_follows_what_happens() {
    let Some(browser) = browser() else {
        assert!(std::env::var("KYCSIM_REQUIRE_BROWSER").is_err(), "there is no Chromium, and KYCSIM_REQUIRE_BROWSER wants one");
        println!("skipped: there is no Chromium here");
        return;
    };
    let stage = Stage::set(APPROVE).await;
    let folder = tempfile::tempdir().unwrap();
    let (path, url) = (folder.path().to_owned(), stage.url("/__admin/"));
    let looking = tokio::task::spawn_blocking(move || look(&browser, &path, &url));
    let mut count = 0;
    while !looking.is_finished() {
        count += 1;
        stage.create(&format!("a-{count}")).await;
        tokio::time::sleep(Duration::from_millis(200)).await; // a customer, not a wait
    }
    let (page, console) = looking.await.unwrap();
    let refreshes: u32 = page.split("data-refreshed=\"").nth(1).and_then(|rest| rest.split('"').next()?.parse().ok()).unwrap_or(0);
    assert!(refreshes >= 2, "{refreshes} refreshes\n{page}\n{console}");
    assert!(page.contains(">Live<"), "{page}");
    assert!(!console.contains("Content Security Policy") && !console.contains("Uncaught"), "{console}");
    assert_eq!(page.matches("<main").count(), 1);
}
