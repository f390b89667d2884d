//! A vendor that is stopped and started again goes on where it stood.

use std::path::Path;
use std::time::Duration;

use kycsim_scenarios::vendor::{IncidentId, Outcome, Reason, Status};
use kycsim_simulator::{
    ApiKey, CallbackUrl, Clock, ClockMode, NewTenant, ReadSnapshotError, RestoreVendorError, Snapshot, Subject, Vendor, VendorConfig,
    WebhookSecret,
};
use reqwest::StatusCode;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::receiver::{header, signed_by};
use crate::stage::{API_KEY, APPROVE, SECRET, Stage, client, json, new_session, scenario, text, until};

const WITHIN: Duration = Duration::from_secs(20);
const HOUR: Duration = Duration::from_secs(60 * 60);
/// Decided after a minute, and told again a minute after a failure.
const SLOW: &str =
    "outcomes = { approved = 1 }\ndecision_delay = { distribution = \"constant\", value = \"1m\" }\ncallbacks.retry = [\"1m\", \"1m\"]\n";

fn config(vendor: &str) -> VendorConfig {
    VendorConfig::new(scenario(vendor), ApiKey::new(API_KEY).unwrap(), WebhookSecret::new(SECRET), Clock::new(ClockMode::Frozen))
}

async fn set(vendor: &str) -> Stage {
    let backend = MockServer::builder().start().await;
    let hook = CallbackUrl::parse(&format!("{}/callbacks", backend.uri())).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let vendor = Vendor::start(config(vendor).callback_url(hook), listener, &CancellationToken::new()).unwrap();
    Stage { vendor, backend, client: client() }
}

async fn restore(vendor: &str, snapshot: Snapshot) -> Result<Vendor, RestoreVendorError> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    Vendor::start_from(config(vendor), snapshot, listener, &CancellationToken::new())
}

/// Stops the vendor, and starts another from what is written to a file.
async fn restart(stage: Stage, vendor: &str, within: Duration) -> Stage {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("vendor.json");
    let Stage { vendor: running, backend, client } = stage;
    running.shutdown_to_snapshot(within).await.1.write(&file).unwrap();
    let vendor = restore(vendor, Snapshot::read(&file).unwrap()).await.unwrap();
    Stage { vendor, backend, client }
}

async fn advance(stage: &Stage, by: Duration) {
    stage.vendor.default_tenant().advance(by, WITHIN).await.unwrap();
}

#[tokio::test]
async fn a_rehearsal_goes_on_after_a_restart() {
    let stage = set(SLOW).await;
    Mock::given(any()).respond_with(ResponseTemplate::new(500)).up_to_n_times(1).mount(&stage.backend).await;
    Mock::given(any()).respond_with(ResponseTemplate::new(204)).mount(&stage.backend).await;
    let early = stage.walk("a-1").await;
    advance(&stage, Duration::from_secs(50)).await;
    let create = async |stage: &Stage| {
        let answer = stage.post("/v1/sessions").header("idempotency-key", "once").json(&new_session("a-2")).send().await.unwrap();
        (answer.status(), json(answer).await)
    };
    let (status, late) = create(&stage).await;
    assert_eq!(status, StatusCode::CREATED);
    stage.vendor.default_tenant().rotate_webhook_secret(None, HOUR).unwrap();
    advance(&stage, Duration::from_secs(10)).await; // decided, and its callback refused
    let before = stage.session(&early).await;
    let (counts, cursor) = (stage.vendor.counts(), stage.vendor.default_tenant().journal().last());
    let (ledger, secret) = (stage.vendor.ledger(), stage.vendor.default_tenant().webhook_secret());

    let stage = restart(stage, SLOW, WITHIN).await;
    let tenant = stage.vendor.default_tenant();
    assert_eq!((stage.vendor.counts(), stage.vendor.ledger()), (counts, ledger));
    assert_eq!((tenant.clock().mode(), tenant.clock().now().as_secs_f64().round()), (ClockMode::Frozen, 60.0));
    assert_eq!(stage.session(&early).await, before, "to the last digit of its times");
    assert_eq!(create(&stage).await, (StatusCode::CREATED, late), "an answer that was given before is given again");
    assert_eq!(tenant.journal().last(), cursor + 2, "its numbers go on");
    assert_eq!(tenant.webhook_secret().reveal(), secret.reveal());
    assert_eq!(stage.received().await.len(), 1, "nothing falls due early");
    advance(&stage, Duration::from_secs(59)).await;
    assert_eq!(stage.received().await.len(), 1, "nothing falls due early");
    advance(&stage, Duration::from_secs(1)).await;
    let received = stage.received().await;
    assert_eq!(received.len(), 2);
    assert_eq!(header(&received[1], "webhook-id"), header(&received[0], "webhook-id"));
    assert_eq!(received[1].body, received[0].body);
    assert_eq!((signed_by(&received[1], secret.reveal()), signed_by(&received[1], SECRET)), (vec![true, false], vec![false, true]));
    assert!(stage.vendor.is_quiet());
}

#[tokio::test]
async fn a_callback_that_was_cut_short_is_sent_again() {
    let stage = set(SLOW).await;
    Mock::given(any()).respond_with(ResponseTemplate::new(204).set_delay(HOUR)).up_to_n_times(1).mount(&stage.backend).await;
    Mock::given(any()).respond_with(ResponseTemplate::new(204)).mount(&stage.backend).await;
    stage.walk("a-1").await;
    let tenant = stage.vendor.default_tenant();
    let moving = tokio::spawn(async move { tenant.advance(Duration::from_secs(60), WITHIN).await });
    until(async || stage.received().await.len(), |received| *received == 1).await;
    let stage = restart(stage, SLOW, Duration::ZERO).await;
    assert!(moving.await.unwrap().is_err(), "time waits for what is under way");
    stage.idle().await;
    let received = stage.received().await;
    assert_eq!(received.len(), 2);
    assert_eq!(header(&received[1], "webhook-id"), header(&received[0], "webhook-id"));
}

#[tokio::test]
async fn tenants_orders_and_incidents_come_back_too() {
    let stage = set(SLOW).await;
    let key = ApiKey::new("key_of_another").unwrap();
    let made = NewTenant::new("another", scenario(APPROVE)).api_key(key).clock(ClockMode::Frozen);
    let tenant = stage.vendor.create_tenant(made).unwrap();
    let order = serde_json::from_value(json!({"outcome": "declined", "reasons": ["sanctions_hit"], "progress": "command"})).unwrap();
    tenant.order(&Subject::Applicant("a-1".to_owned()), order).unwrap();
    let incident =
        |name: &str| serde_json::from_value(json!({"name": name, "lasts": "2h", "http": {"fault": "error", "status": 503}})).unwrap();
    tenant.start_incident(incident("long"), HOUR).unwrap();
    tenant.start_incident(incident("short"), Duration::from_millis(500)).unwrap();

    let stage = restart(stage, SLOW, WITHIN).await;
    let tenant = stage.vendor.tenant("another").unwrap();
    // Its clock stands still, so only the machine's time can have ended it.
    let names = async || tenant.incidents().iter().filter(|each| each.active).map(|each| each.name.clone()).collect::<Vec<_>>();
    until(names, |names| *names == ["long"]).await;
    let ask = || stage.client.post(stage.url("/v1/sessions")).bearer_auth("key_of_another").json(&new_session("a-1"));
    assert_eq!(ask().send().await.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    let long = tenant.incidents().iter().find(|each| each.active).unwrap().id;
    tenant.stop_incident(IncidentId(long)).unwrap();
    let session = text(&json(ask().send().await.unwrap()).await, "id");
    let (outcome, reasons) = (tenant.orders()[0].1.outcome, tenant.orders()[0].1.reasons.clone());
    assert_eq!((outcome, reasons), (Some(Outcome::Declined), vec![Reason::SanctionsHit]));
    assert_eq!(tenant.session(&session).unwrap().status, Status::Collecting);
}

#[tokio::test]
async fn only_what_fits_is_started_from() {
    let stage = set(SLOW).await;
    let error = restore(APPROVE, stage.vendor.snapshot()).await.unwrap_err();
    assert!(matches!(error, RestoreVendorError::OtherScenario { .. }), "{error}");
    stage.walk_to("a-1", "http://127.0.0.1:1/").await;
    assert!(restore(SLOW, stage.vendor.snapshot()).await.is_ok());
}

fn file(folder: &Path, text: &[u8]) -> Result<Snapshot, ReadSnapshotError> {
    let path = folder.join("state");
    std::fs::write(&path, text).unwrap();
    Snapshot::read(&path)
}

#[tokio::test]
async fn a_file_is_whole_or_refused_and_its_owners_alone() {
    let stage = set(SLOW).await;
    stage.walk("a-1").await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vendor.json");
    for _ in 0..2 {
        stage.vendor.snapshot().write(&path).unwrap();
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions()) & 0o777, 0o600);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    let whole = std::fs::read(&path).unwrap();
    assert!(file(folder.path(), &whole).is_ok());
    for length in [0, 1, whole.len() / 2, whole.len() - 3] {
        let error = file(folder.path(), &whole[..length]).unwrap_err();
        assert!(matches!(error, ReadSnapshotError::Damaged { .. }), "{error}");
    }
    let text = String::from_utf8(whole).unwrap();
    let newer = text.replacen("\"format\":2", "\"format\":3", 1).replacen("\"tenants\"", "\"customers\"", 1);
    let error = file(folder.path(), newer.as_bytes()).unwrap_err();
    assert!(matches!(error, ReadSnapshotError::Newer { format: 3, .. }), "{error}");
    let error = file(folder.path(), text.replacen(SECRET, "whsec_\u{0}", 1).as_bytes()).unwrap_err();
    assert!(!error.to_string().contains("whsec_"), "{error}");
    let shown = format!("{:?}", stage.vendor.snapshot());
    assert!(!shown.contains(API_KEY) && !shown.contains(SECRET), "{shown}");

    let nowhere = folder.path().join("no such folder").join("vendor.json");
    assert!(stage.vendor.snapshot().write(&nowhere).is_err());
    assert!(matches!(Snapshot::read(&nowhere), Err(ReadSnapshotError::Open { .. })));
}
