//! The hosted page, without a browser.

use kycsim_simulator::testing::{Operation, Reason, calls_to};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};

use super::{IN_8_S, SELFIE, SESSIONS, Scene, filled};

/// A browser that looks where it is sent, and does not go there.
fn browser() -> Client {
    Client::builder().no_proxy().redirect(Policy::none()).build().unwrap()
}

async fn new(scene: &Scene, more: &str) -> (String, String) {
    let made = scene.post(SESSIONS, &format!("type=document&client_reference_id=a-1&{SELFIE}&{more}")).await;
    (made["id"].as_str().unwrap().to_owned(), made["url"].as_str().unwrap().to_owned())
}

async fn choose(url: &str, sample: &str) -> Response {
    filled(browser().post(url), &format!("sample={sample}")).send().await.unwrap()
}

#[tokio::test]
async fn an_applicant_chooses_and_is_sent_back() {
    let scene = Scene::set(IN_8_S).await;
    let (id, url) = new(&scene, "return_url=https://example.org/back?x=1").await;
    let page = browser().get(&url).send().await.unwrap();
    assert_eq!((page.status().as_u16(), page.headers()["content-type"].to_str().unwrap()), (200, "text/html; charset=utf-8"));
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(
        (page.headers()["cache-control"].as_bytes(), page.headers()["referrer-policy"].as_bytes()),
        (&b"no-store"[..], &b"no-referrer"[..])
    );
    let page = page.text().await.unwrap();
    assert!(page.contains("<label for=\"good\">") && !page.contains("<script"), "{page}");
    scene.advance(1).await;
    let sent = choose(&url, "good").await;
    assert_eq!((sent.status().as_u16(), sent.headers()["location"].to_str().unwrap()), (303, "https://example.org/back?x=1"));
    assert_eq!(scene.session(&id).await["status"], "processing");
    scene.advance(8).await;
    assert_eq!(scene.session(&id).await["status"], "verified");
}

#[tokio::test]
async fn each_choice_comes_to_what_it_says() {
    for (sample, code) in [
        ("blurred", "document_unverified_other"),
        ("expired", "document_expired"),
        ("another_face", "selfie_face_mismatch"),
        ("underage", "under_supported_age"),
        ("no_consent", "consent_declined"),
        ("leave", "abandoned"),
    ] {
        let scene = Scene::set(IN_8_S).await;
        let (id, url) = new(&scene, "").await;
        let done = choose(&url, sample).await;
        assert!(done.status() == 200 && done.text().await.unwrap().contains("You can close this page"), "{sample}");
        scene.advance(8).await;
        assert_eq!(scene.session(&id).await["last_error"]["code"], code, "{sample}");
        assert_eq!(scene.told().await.last().map(String::as_str), Some("requires_input"), "{sample}");
    }
}

#[tokio::test]
async fn a_link_is_good_once_and_for_two_days() {
    let scene = Scene::set(IN_8_S).await;
    let (id, url) = new(&scene, "").await;
    scene.advance(1).await;
    assert_eq!(choose(&url, "blurred").await.status(), 200);
    assert_eq!(choose(&url, "good").await.status(), 410, "it is processing");
    scene.advance(8).await;
    assert_eq!(choose(&url, "good").await.status(), 410, "it was used");
    let fresh = scene.session(&id).await["url"].as_str().unwrap().to_owned();
    let page = browser().get(&fresh).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("Last time:") && page.contains("The document could not be verified."), "{page}");
    scene.advance(48 * 3600).await;
    assert_eq!(choose(&fresh, "good").await.status(), 410, "it is too old");
    let newest = scene.session(&id).await["url"].as_str().unwrap().to_owned();
    assert_eq!(choose(&newest, "good").await.status(), 200);
}

#[tokio::test]
async fn whoever_has_no_good_link_is_told_so_on_a_page() {
    let scene = Scene::set(IN_8_S).await;
    let (id, url) = new(&scene, "").await;
    for link in [scene.url("/start/test_forged"), format!("{url}x")] {
        let page = browser().get(&link).send().await.unwrap();
        assert_eq!((page.status().as_u16(), page.headers()["content-type"].to_str().unwrap()), (404, "text/html; charset=utf-8"));
        assert!(page.text().await.unwrap().contains("This link is not valid."));
    }
    assert_eq!(choose(&url, "forged").await.status(), 400, "nothing like it can be chosen");
    scene.post(&format!("{SESSIONS}/{id}/cancel"), "").await;
    assert_eq!(choose(&url, "good").await.status(), 410);
}

#[tokio::test]
async fn the_journal_knows_that_somebody_came_and_not_by_which_link() {
    let scene = Scene::set(IN_8_S).await;
    let (_, url) = new(&scene, "").await;
    choose(&url, "good").await;
    scene.vendor.verify(calls_to(Operation::CapturePage), 1);
    let paths: Vec<String> = scene.vendor.received_requests().iter().map(|request| request.path.to_string()).collect();
    assert_eq!(paths, [SESSIONS, "/start/[redacted]"]);
}

#[tokio::test]
async fn an_order_comes_before_the_choice() {
    let scene = Scene::set(IN_8_S).await;
    scene.vendor.order_for("a-1").declined([Reason::LivenessFailed]).await.unwrap();
    let (id, url) = new(&scene, "").await;
    choose(&url, "good").await;
    scene.advance(8).await;
    assert_eq!(scene.session(&id).await["last_error"]["code"], "selfie_manipulated");
}
