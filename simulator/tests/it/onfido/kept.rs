//! A vendor that is stopped and started again goes on where it stood.

use std::time::Duration;

use kycsim_simulator::{ApiKey, Clock, ClockMode, Dialect, Snapshot, Vendor, VendorConfig, WebhookSecret};
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::scene::{IN_8_S, REPORTS, is_signed_with};
use crate::stage::{client, jpeg, scenario, text};

const KEY: &str = "api_sandbox.kept";
const WITHIN: Duration = Duration::from_secs(20);

fn config() -> VendorConfig {
    let scenario = scenario(IN_8_S);
    let config = VendorConfig::new(scenario, ApiKey::new(KEY).unwrap(), WebhookSecret::new("secret"), Clock::new(ClockMode::Frozen));
    config.dialect(Dialect::Onfido)
}

async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

async fn ask(client: &Client, vendor: &Vendor, method: Method, path: &str, body: Value) -> Value {
    let ask =
        client.request(method, format!("http://{}/v3.6{path}", vendor.address())).header("authorization", format!("Token token={KEY}"));
    let ask = if body.is_null() { ask } else { ask.json(&body) };
    serde_json::from_slice(&ask.send().await.unwrap().bytes().await.unwrap()).unwrap_or_default()
}

async fn upload(client: &Client, vendor: &Vendor, kind: &str, applicant: &str) {
    let part = reqwest::multipart::Part::bytes(jpeg()).file_name("picture.jpg");
    let form = reqwest::multipart::Form::new().text("applicant_id", applicant.to_owned()).text("type", "passport").part("file", part);
    let post = client.post(format!("http://{}/v3.6/{kind}", vendor.address())).header("authorization", format!("Token token={KEY}"));
    assert_eq!(post.multipart(form).send().await.unwrap().status(), 201);
}

/// Everything that a customer can read of an applicant, without the port that the vendor listens on.
async fn all(client: &Client, vendor: &Vendor, applicant: &str, check: &str, run: &str) -> Vec<String> {
    let mut read = Vec::new();
    for path in [
        format!("/applicants/{applicant}"),
        format!("/documents?applicant_id={applicant}"),
        format!("/live_photos?applicant_id={applicant}"),
        format!("/checks?applicant_id={applicant}"),
        format!("/reports?check_id={check}"),
        format!("/workflow_runs/{run}"),
        format!("/workflow_runs/{run}/tasks"),
        "/webhooks".to_owned(),
        format!("/watchlist_monitors?applicant_id={applicant}"),
    ] {
        read.push(ask(client, vendor, Method::GET, &path, Value::Null).await.to_string());
    }
    read
}

/// Has a vendor begin a check, a run and a monitor, stops it and starts another from what was kept if `restarts`, and goes on. Returns every id that was
/// given, and what came of it.
async fn story(restarts: bool) -> Vec<String> {
    let backend = MockServer::builder().start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(200)).mount(&backend).await;
    let mut vendor = Vendor::start(config(), listener().await, &CancellationToken::new()).unwrap();
    let client = client();
    let applicant = json!({"first_name": "Mara", "last_name": "Lindqvist", "email": "mara@example.org"});
    let applicant = text(&ask(&client, &vendor, Method::POST, "/applicants", applicant).await, "id");
    upload(&client, &vendor, "documents", &applicant).await;
    upload(&client, &vendor, "live_photos", &applicant).await;
    let webhook = ask(&client, &vendor, Method::POST, "/webhooks", json!({"url": backend.uri(), "events": ["check.completed"]})).await;
    let new_check = json!({"applicant_id": applicant, "report_names": REPORTS});
    let check = text(&ask(&client, &vendor, Method::POST, "/checks", new_check.clone()).await, "id");
    let new = json!({"applicant_id": applicant, "workflow_id": "e8c921ee-72d6-4e07-9a04-0b6f7a9a2d11"});
    let run = text(&ask(&client, &vendor, Method::POST, "/workflow_runs", new).await, "id");
    ask(&client, &vendor, Method::POST, "/watchlist_monitors", json!({"applicant_id": applicant, "report_name": "watchlist_aml"})).await;
    if restarts {
        let before = all(&client, &vendor, &applicant, &check, &run).await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("vendor.json");
        vendor.shutdown_to_snapshot(WITHIN).await.1.write(&file).unwrap();
        let snapshot = Snapshot::read(&file).unwrap();
        vendor = Vendor::start_from(config(), snapshot, listener().await, &CancellationToken::new()).unwrap();
        assert_eq!(all(&client, &vendor, &applicant, &check, &run).await, before);
    }
    let second = text(&ask(&client, &vendor, Method::POST, "/checks", new_check).await, "id");
    vendor.default_tenant().advance(Duration::from_secs(8), WITHIN).await.unwrap();
    let told = backend.received_requests().await.unwrap();
    assert!(told.iter().all(|request| is_signed_with(request, &text(&webhook, "token"))));
    let mut seen = vec![applicant.clone(), run, text(&webhook, "id"), text(&webhook, "token")];
    for check in [check, second] {
        let shown = ask(&client, &vendor, Method::GET, &format!("/checks/{check}"), Value::Null).await;
        seen.extend([check, shown["result"].to_string(), shown["report_ids"].to_string()]);
    }
    seen.extend(told.iter().map(|request| text(&super::scene::body(request)["payload"]["object"], "id")));
    let another = ask(&client, &vendor, Method::POST, "/webhooks", json!({"url": backend.uri()})).await;
    seen.extend([text(&another, "id"), text(&another, "token")]);
    seen
}

#[tokio::test]
async fn a_world_that_was_kept_goes_on_identically() {
    let (through, restarted) = (story(false).await, story(true).await);
    assert_eq!(through, restarted);
    assert_eq!(through.iter().filter(|word| *word == "\"clear\"").count(), 2, "{through:?}");
}
