//! What the desk knows outlives a restart: the vendor goes on as if nothing had been.

use kycsim_simulator::{ApiKey, CallbackUrl, Clock, ClockMode, Dialect, Snapshot, Vendor, VendorConfig, WebhookSecret};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{IN_8_S, SESSIONS, filled, kind, secs, signed_by};
use crate::stage::{client, scenario, url};

const KEY: &str = "sk_test_1";

async fn config(backend: &MockServer) -> (VendorConfig, TcpListener) {
    let config =
        VendorConfig::new(scenario(IN_8_S), ApiKey::new(KEY).unwrap(), WebhookSecret::new("whsec_1"), Clock::new(ClockMode::Frozen));
    let hook = CallbackUrl::parse(&backend.uri()).unwrap();
    (config.dialect(Dialect::StripeIdentity).callback_url(hook), TcpListener::bind("127.0.0.1:0").await.unwrap())
}

async fn ask(vendor: &Vendor, method: &str, path: &str, form: &str) -> Value {
    let request = client().request(method.parse().unwrap(), url(vendor.address(), path)).bearer_auth(KEY);
    let request = request.header("idempotency-key", format!("{path}-{form}"));
    filled(request, form).send().await.unwrap().json().await.unwrap()
}

/// Goes through a life with everything in it; `restarts` says whether the vendor is stopped and started in the middle.
async fn life(restarts: bool) -> (Vec<Value>, Vec<String>) {
    let (backend, mine) = (MockServer::builder().start().await, MockServer::start().await);
    for server in [&backend, &mine] {
        Mock::given(any()).respond_with(ResponseTemplate::new(200)).mount(server).await;
    }
    let (first, listener) = config(&backend).await;
    let mut vendor = Vendor::start(first, listener, &CancellationToken::new()).unwrap();
    let hook = ask(&vendor, "POST", "/v1/webhook_endpoints", &format!("url={}&enabled_events[]=*", mine.uri())).await;
    let made = ask(&vendor, "POST", SESSIONS, "type=document&client_reference_id=a-1&metadata[a]=1").await;
    let id = made["id"].as_str().unwrap();
    ask(&vendor, "POST", &format!("/v1/identity/verification_pages/{id}/testing/unverify"), "").await;
    vendor.default_tenant().advance(secs(2), secs(20)).await.unwrap();
    ask(&vendor, "POST", &format!("/v1/identity/verification_pages/{id}/testing/verify"), "simulate_delay=true").await;
    if restarts {
        let text = vendor.shutdown_to_snapshot(secs(20)).await.1;
        let folder = tempfile::tempdir().unwrap();
        text.write(&folder.path().join("vendor.json")).unwrap();
        let (again, listener) = config(&backend).await;
        let snapshot = Snapshot::read(&folder.path().join("vendor.json")).unwrap();
        vendor = Vendor::start_from(again, snapshot, listener, &CancellationToken::new()).unwrap();
    }
    vendor.default_tenant().advance(secs(8), secs(20)).await.unwrap();
    let mut seen =
        vec![ask(&vendor, "GET", &format!("{SESSIONS}/{id}?expand[]=last_verification_report&expand[]=verified_outputs"), "").await];
    for path in ["/v1/events", "/v1/identity/verification_reports", "/v1/files"] {
        seen.push(ask(&vendor, "GET", path, "").await);
    }
    let again = ask(&vendor, "POST", SESSIONS, "type=document&client_reference_id=a-1&metadata[a]=1").await;
    assert_eq!(again["id"], made["id"], "it is answered as before");
    let heard = mine.received_requests().await.unwrap();
    assert!(heard.iter().all(|request| signed_by(request, hook["secret"].as_str().unwrap()).1 == [true]));
    (seen, heard.iter().map(kind).collect())
}

/// Returns an answer without what differs between two runs: when they ran, and on which ports.
fn timeless(mut value: Value) -> Value {
    match &mut value {
        Value::Object(fields) => {
            fields.retain(|name, _| !matches!(name.as_str(), "created" | "url" | "client_secret" | "request"));
            fields.values_mut().for_each(|field| *field = timeless(field.take()));
        }
        Value::Array(list) => list.iter_mut().for_each(|each| *each = timeless(each.take())),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    value
}

#[tokio::test]
async fn an_interruption_changes_nothing() {
    let ((whole, told), (interrupted, told_too)) = (life(false).await, life(true).await);
    assert_eq!(whole[0]["status"], "verified");
    for (whole, interrupted) in whole.into_iter().zip(interrupted) {
        assert_eq!(timeless(whole), timeless(interrupted));
    }
    assert_eq!(told, told_too);
    assert_eq!(told.len(), 5);
}
