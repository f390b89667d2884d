//! The control room as a browser without script sees it.

use reqwest::{Method, Response, redirect};
use serde_json::json;

use crate::stage::{APPROVE, Stage, client};

async fn page(stage: &Stage, query: &str) -> String {
    let answer = stage.admin(Method::GET, &format!("/{query}")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.text().await.unwrap()
}

/// Presses a button, as a browser would; returns the page that comes back.
async fn press(stage: &Stage, form: &[(&str, &str)]) -> Response {
    let origin = format!("http://{}", stage.vendor.address());
    stage
        .admin(Method::POST, "/room")
        .header("origin", origin)
        .body(form_body(form))
        .header("content-type", "application/x-www-form-urlencoded")
        .send()
        .await
        .unwrap()
}

fn form_body(form: &[(&str, &str)]) -> String {
    serde_urlencoded::to_string(form).unwrap()
}

#[tokio::test]
async fn it_shows_what_goes_on() {
    let stage = Stage::set(APPROVE).await;
    let session = stage.walk("a-1").await;
    stage.idle().await;
    stage.get("/v1/lost").send().await.unwrap();
    let incident = json!({"incident": {"name": "long night", "lasts": "1h", "http": {"fault": "error", "status": 503}}});
    stage.admin(Method::POST, "/incidents").json(&incident).send().await.unwrap();
    let html = page(&stage, "").await;
    for expected in [session.as_str(), "a-1", "approved", "accepted 204", "GET /v1/lost", "long night", "going on", "real time"] {
        assert!(html.contains(expected), "{expected}\nis not in\n{html}");
    }
}

#[tokio::test]
async fn its_buttons_do_what_they_say() {
    let stage = Stage::set(&APPROVE.replace("20ms", "30m")).await;
    let session = stage.walk("a-1").await;
    let frozen = press(&stage, &[("tenant", "default"), ("act", "freeze")]).await;
    assert!(frozen.url().query().unwrap().contains("done=frozen"));
    assert!(frozen.text().await.unwrap().contains("The clock is frozen."));
    let advanced = press(&stage, &[("tenant", "default"), ("act", "advance_1h")]).await.text().await.unwrap();
    assert!(advanced.contains("The clock was moved on") && advanced.contains("approved"), "{advanced}");
    assert_eq!(stage.session(&session).await["status"], "approved");
    assert!(press(&stage, &[("tenant", "default"), ("act", "resume")]).await.text().await.unwrap().contains("The clock goes on."));
    let refused = press(&stage, &[("tenant", "default"), ("act", "advance_1m")]).await.text().await.unwrap();
    assert!(refused.contains("Only a frozen clock"), "{refused}");

    let incident = json!({"incident": {"name": "x", "lasts": "1h", "http": {"fault": "error", "status": 503}}});
    let started: serde_json::Value = stage.admin(Method::POST, "/incidents").json(&incident).send().await.unwrap().json().await.unwrap();
    let id = started["id"].to_string();
    assert!(press(&stage, &[("tenant", "default"), ("act", "stop"), ("id", &id)]).await.text().await.unwrap().contains("was stopped"));
    assert!(press(&stage, &[("tenant", "default"), ("act", "stop"), ("id", &id)]).await.text().await.unwrap().contains("over already"));
    assert_eq!(press(&stage, &[("tenant", "default"), ("act", "explode")]).await.status(), 400);
    assert_eq!(press(&stage, &[("tenant", "nobody"), ("act", "freeze")]).await.status(), 404);
}

#[tokio::test]
async fn a_button_leads_back_to_the_same_tenant() {
    let stage = Stage::set(APPROVE).await;
    stage.admin(Method::POST, "/tenants").json(&json!({"name": "mine"})).send().await.unwrap();
    let still = reqwest::Client::builder().no_proxy().redirect(redirect::Policy::none()).build().unwrap();
    let answer = still
        .post(stage.url("/__admin/room"))
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form_body(&[("tenant", "mine"), ("act", "freeze")]))
        .send()
        .await
        .unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["location"].to_str().unwrap()), (303, "/__admin/?tenant=mine&done=frozen"));
    assert_eq!(stage.ask("/clock").await["mode"], "real", "the default tenant's goes on");
    assert!(page(&stage, "?tenant=mine").await.contains("<option selected>mine</option>"));
    assert_eq!(client().get(stage.url("/__admin/?tenant=nobody")).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn what_customers_write_is_text_and_nothing_else() {
    let stage = Stage::set(APPROVE).await;
    let incident =
        json!({"incident": {"name": "<script>alert(1)</script>&\"'", "lasts": "1h", "http": {"fault": "error", "probability": 0.0}}});
    assert_eq!(stage.admin(Method::POST, "/incidents").json(&incident).send().await.unwrap().status(), 201);
    stage.get("/v1/%3Cimg%20src=x%20onerror=alert(1)%3E/'\"").send().await.unwrap();
    let html = page(&stage, "").await;
    assert!(!html.contains("<script>alert") && !html.contains("<img"), "{html}");
    assert!(html.contains("alert(1)"), "it is there, escaped");
    assert_eq!(html.matches("<script").count(), 1);
}

#[tokio::test]
async fn nothing_runs_but_its_own_script() {
    let stage = Stage::set(APPROVE).await;
    let policy = async || {
        let answer = stage.admin(Method::GET, "/").send().await.unwrap();
        let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
        (policy, answer.text().await.unwrap())
    };
    let (first, html) = policy().await;
    let nonce = first.split("script-src 'nonce-").nth(1).unwrap().split('\'').next().unwrap();
    assert!(first.starts_with("default-src 'none';") && first.contains("frame-ancestors 'none'") && first.contains("form-action 'self'"));
    assert!(!first.contains("unsafe"));
    // The template may spell `+` and `=` as references; a browser reads them as the same.
    let html = html.replace("&#43;", "+").replace("&#61;", "=");
    assert!(html.contains(&format!("<script nonce=\"{nonce}\"")) && html.contains(&format!("<style nonce=\"{nonce}\"")), "{html}");
    assert_ne!(policy().await.0, first, "another page, another nonce");
    assert!(!html.contains("style=\"") && !html.contains("onclick"), "nothing that the policy would refuse");
}
