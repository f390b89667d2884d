//! The hosted page in headless Chromium: its style holds under its policy, a choice is made with the keyboard, and the browser lands where it was to.

use std::sync::Arc;

use serde_json::json;

use super::{IN_8_S, SESSIONS, Scene};
use crate::chromium::Browser;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_chooses_and_lands_where_the_customer_wants() {
    let Some(program) = Browser::program() else { return };
    let scene = Arc::new(Scene::set(IN_8_S).await);
    let back = format!("{}/back", scene.backend.uri());
    let made = scene.post(SESSIONS, &format!("type=document&client_reference_id=a-1&return_url={back}")).await;
    let url = made["url"].as_str().unwrap().to_owned();
    tokio::task::spawn_blocking(move || choose(&program, &url, &back)).await.unwrap();
    scene.advance(8).await;
    assert_eq!(scene.session(made["id"].as_str().unwrap()).await["last_error"]["code"], "document_expired");
}

fn choose(program: &str, url: &str, back: &str) {
    let folder = tempfile::tempdir().unwrap();
    let mut page = Browser::open(program, folder.path(), url);
    page.until("document.querySelector('button') !== null");
    page.call("Emulation.setDeviceMetricsOverride", &json!({"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": true}));
    assert_eq!(page.find("document.documentElement.scrollWidth"), 360, "no part of it is wider than a telephone");
    assert_eq!(page.find("[...document.querySelectorAll('input')].filter(each => each.labels.length !== 1).length"), 0);
    assert_eq!(page.find("getComputedStyle(document.querySelector('button')).minHeight"), "48px", "its style holds");
    // From the first choice down to the third, and on to the button: no mouse.
    for key in ["Tab", "ArrowDown", "ArrowDown", "Tab", "Enter"] {
        press(&mut page, key);
    }
    page.until(&format!("location.href === '{back}'"));
    assert_eq!(page.complaints, Vec::<String>::new(), "the policy refuses nothing of ours");
}

fn press(page: &mut Browser, key: &str) {
    let (code, text) = match key {
        "Tab" => (9, ""),
        "Enter" => (13, "\r"),
        _ => (40, ""),
    };
    for kind in [if text.is_empty() { "rawKeyDown" } else { "keyDown" }, "keyUp"] {
        let event =
            json!({"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": if kind == "keyUp" { "" } else { text }});
        page.call("Input.dispatchKeyEvent", &event);
    }
}
