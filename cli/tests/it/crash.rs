//! kill -9 of the backend in the middle of its work loses nothing that it acknowledged.

use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use kycsim_fixtures::{Album, Shot, Subject};
use kycsim_scenarios::journey::Capture;
use kycsim_scenarios::language::{Country, Device, DocumentKind};
use kycsim_scenarios::{ApplicantKey, Fate};
use serde_json::{Value, json};

use crate::command::{SMALL, Server, scenario_file, wait_until};

const APPLICANTS: u64 = 12;

/// An applicant whose submission the backend has acknowledged.
struct Acknowledged {
    verification: String,
    token: String,
}

#[test]
fn no_acknowledged_submission_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = scenario_file(folder.path(), SMALL);
    let vendor = Server::start(&["vendor", &scenario, "--listen", "127.0.0.1:0"]);
    // The vendor calls back where the backend was when the session was made, so the backend must come back there.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let database = folder.path().join("backend.sqlite");
    let backend = start_backend(&address, &database, &vendor.url);

    let runtime = tokio::runtime::Runtime::new().unwrap();
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().unwrap();
    // Killed at once after the acknowledgements: the outbox is full, sessions half made, callbacks on their way.
    let acknowledged: Vec<Acknowledged> = runtime.block_on(submit_all(&client, &backend.url));
    backend.kill();
    assert_eq!(acknowledged.len() as u64, APPLICANTS);

    let backend = start_backend(&address, &database, &vendor.url);
    for applicant in &acknowledged {
        let path = format!("{}/v1/verifications/{}", backend.url, applicant.verification);
        wait_until("every acknowledged submission is decided", || {
            let answer = runtime.block_on(get(&client, &path, &applicant.token));
            answer["status"] == "approved"
        });
        let events = runtime.block_on(get(&client, &format!("{path}/events"), &applicant.token));
        let applied = events["events"].as_array().unwrap().iter().filter(|event| event["kind"] == "decision_applied").count();
        assert_eq!(applied, 1, "{events:#}");
    }
}

fn start_backend(address: &str, database: &Path, vendor_url: &str) -> Server {
    Server::start(&["backend", "--listen", address, "--database", database.to_str().unwrap(), "--vendor-url", vendor_url])
}

async fn submit_all(client: &reqwest::Client, backend: &str) -> Vec<Acknowledged> {
    let mut acknowledged = Vec::new();
    for number in 0..APPLICANTS {
        acknowledged.push(submit(client, backend, number).await);
    }
    acknowledged
}

async fn submit(client: &reqwest::Client, backend: &str, number: u64) -> Acknowledged {
    let fate = Fate::new(1, ApplicantKey::numbered(number));
    let post = async |path: &str, token: &str, body: Value| -> Value {
        let request = client.post(format!("{backend}{path}")).bearer_auth(token).header("idempotency-key", format!("{path}-{number}"));
        let answer = request.json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.unwrap()
    };
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let account =
        post("/v1/accounts", "", json!({ "reference": fate.applicant(), "email": "a@applicants.example", "country": "DE" })).await;
    let (id, token) = (text(&account["id"]), text(&account["token"]));
    let policy: Value = client.get(format!("{backend}/v1/consent-policy")).send().await.unwrap().json().await.unwrap();
    let consent = json!({ "policy_version_hash": policy["policy_version_hash"], "locale": "de", "scopes": policy["scopes"] });
    post(&format!("/v1/accounts/{id}/consents"), &token, consent).await;
    let started = post(&format!("/v1/accounts/{id}/verifications"), &token, json!({ "country": "DE", "document_type": "id_card" })).await;
    let (verification, capture) = (text(&started["id"]), text(&started["capture"]["token"]));
    let album = Album::new(jiff::civil::date(2026, 1, 1));
    let document = Subject::Document { kind: DocumentKind::IdCard, country: Country::De };
    for (kind, subject) in [("document", document), ("selfie", Subject::Selfie)] {
        let picture = album.picture(Shot { subject, device: Device::MobilePoor, capture: Capture::Good }, &fate, 0);
        let request =
            client.put(format!("{backend}/v1/capture/{verification}/{kind}")).bearer_auth(&capture).header("content-type", "image/jpeg");
        assert!(request.body(picture).send().await.unwrap().status().is_success());
    }
    post(&format!("/v1/verifications/{verification}/submit"), &token, json!({})).await;
    Acknowledged { verification, token }
}

async fn get(client: &reqwest::Client, url: &str, token: &str) -> Value {
    client.get(url).bearer_auth(token).send().await.unwrap().json().await.unwrap()
}
