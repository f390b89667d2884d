//! The hosted page, as a browser sees it.

use reqwest::{Response, StatusCode};
use serde_json::json;

use super::scene::{IN_8_S, Scene, secs};
use crate::stage::text;

/// Presses one of the page's buttons, and follows nowhere.
async fn choose(url: &str, choice: &str) -> Response {
    let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    client.post(url).header("content-type", "application/x-www-form-urlencoded").body(format!("choice={choice}")).send().await.unwrap()
}

#[tokio::test]
async fn the_page_hands_in_samples_and_leads_on() {
    let scene = Scene::set(IN_8_S).await;
    for (choice, status) in
        [("good", "approved"), ("blurred", "awaiting_input"), ("expired", "declined"), ("another", "declined"), ("underage", "declined")]
    {
        let applicant = scene.applicant(choice).await;
        let run = scene.run(&applicant).await;
        let (id, url) = (text(&run, "id"), text(&run["link"], "url"));
        assert!(url.starts_with(&format!("{}/l/", scene.vendor.uri())), "{url}");
        let page = scene.client.get(&url).send().await.unwrap();
        assert_eq!((page.status(), page.headers()["content-type"].to_str().unwrap()), (StatusCode::OK, "text/html; charset=utf-8"));
        assert!(page.headers().contains_key("content-security-policy"));
        assert!(page.text().await.unwrap().contains("value=\"blurred\""));
        let chosen = choose(&url, choice).await;
        assert_eq!((chosen.status(), chosen.headers()["location"].to_str().unwrap()), (StatusCode::SEE_OTHER, "http://127.0.0.1:9/done"));
        assert_eq!(scene.run_status(&id).await, "processing");
        scene.advance(secs(8)).await;
        assert_eq!(scene.run_status(&id).await, status, "{choice}");
        let again = scene.client.get(&url).send().await.unwrap().text().await.unwrap();
        assert_eq!(again.contains("<form"), status == "awaiting_input", "{choice}");
    }
}

#[tokio::test]
async fn whoever_leaves_can_come_back_and_nobody_makes_a_link_of_their_own() {
    let scene = Scene::set(IN_8_S).await;
    let applicant = scene.applicant("a-1").await;
    let run = scene.run(&applicant).await;
    let url = text(&run["link"], "url");
    for (choice, says) in [("leave", "You have left"), ("nonsense", "Please choose")] {
        let page = choose(&url, choice).await.text().await.unwrap();
        assert!(page.contains(says) && page.contains("<form"), "{page}");
    }
    assert_eq!(scene.run_status(&text(&run, "id")).await, "awaiting_input");
    let changed = format!("{}_", &url[..url.len() - 1]);
    assert_eq!(scene.client.get(changed).send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    let pass = url.rsplit('/').next().unwrap();
    assert!(!format!("{:?}", scene.vendor.received_requests()).contains(pass), "the journal opens no page");
    let stolen = scene.client.get(format!("{}/v3.6/webhooks", scene.vendor.uri())).bearer_auth(format!("eyJhbGciOiJFUzUxMiJ9.{pass}.c2ln"));
    assert_eq!(stolen.send().await.unwrap().status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_check_may_wait_for_its_form() {
    let scene = Scene::set(IN_8_S).await;
    scene.webhook("/hook", &[]).await;
    let applicant = scene.applicant("a-1").await;
    let new = json!({"applicant_id": applicant, "report_names": ["document", "facial_similarity_photo"], "applicant_provides_data": true});
    let check = scene.post("/checks", new).await;
    assert_eq!(check["status"], "awaiting_applicant");
    scene.advance(secs(3600)).await;
    let page = choose(&text(&check, "form_uri"), "good").await.text().await.unwrap();
    assert!(page.contains("Thank you"), "{page}");
    scene.advance(secs(8)).await;
    assert_eq!(scene.get(&format!("/checks/{}", text(&check, "id"))).await["result"], "clear");
    assert_eq!(scene.actions("/hook").await[..2], ["check.form_completed", "check.started"]);
}

#[tokio::test]
async fn a_link_that_has_run_out_leads_elsewhere() {
    let scene = Scene::set(IN_8_S).await;
    let applicant = scene.applicant("a-1").await;
    let link = json!({"expires_at": "2020-01-01T00:00:00Z", "expired_redirect_url": "http://127.0.0.1:9/too-late"});
    let new = json!({"applicant_id": applicant, "workflow_id": "e8c921ee-72d6-4e07-9a04-0b6f7a9a2d11", "link": link});
    let run = scene.post("/workflow_runs", new).await;
    let url = text(&run["link"], "url");
    let page = scene.client.get(&url).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("http://127.0.0.1:9/too-late") && !page.contains("<form"), "{page}");
    assert!(choose(&url, "good").await.text().await.unwrap().contains("nothing to do"));
    assert_eq!(scene.run_status(&text(&run, "id")).await, "awaiting_input");
}
