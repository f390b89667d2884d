//! The control room in headless Chromium: its script runs under its policy, follows what happens, and its buttons do what they say.

use std::sync::Arc;

use reqwest::Method;
use serde_json::json;

use crate::chromium::Browser;
use crate::stage::{APPROVE, Stage};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_watches_and_steers() {
    let Some(program) = Browser::program() else { return };
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

    press(&mut page, "freeze", "The clock is frozen");
    press(&mut page, "advance_1h", "The clock was moved on");
    page.find("document.getElementById('incident').value = 'slow-answers'");
    press(&mut page, "start", "The incident was started");
    page.until("document.getElementById('incidents').textContent.includes('slow-answers')");
    assert_eq!(runtime.block_on(stage.ask("/incidents"))["incidents"][0]["name"], "slow-answers");
    press(&mut page, "stop", "The incident was stopped");

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

/// Presses a button, and waits for what the page that comes back says.
fn press(page: &mut Browser, act: &str, says: &str) {
    page.until(&format!("document.querySelector('button[value={act}]') !== null"));
    page.find(&format!("document.querySelector('button[value={act}]').click()"));
    page.until(&format!("document.querySelector('.notice')?.textContent.includes('{says}') ?? false"));
    page.until("document.getElementById('link').textContent === 'Live'");
}
