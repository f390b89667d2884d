//! How a vendor starts and stops.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use kycsim_scenarios::ledger::LedgerEntry;
use kycsim_simulator::{ApiKey, Clock, Dialect, StartVendorError, Vendor, VendorConfig, WebhookSecret};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use wiremock::ResponseTemplate;

use crate::stage::{APPROVE, SECRET, Stage, scenario, until};

async fn start(vendor: &str, secret: &str) -> Result<Vendor, StartVendorError> {
    let clock = Clock::starting_at(Instant::now());
    let config = VendorConfig::new(scenario(vendor), ApiKey::new("key").unwrap(), WebhookSecret::new(secret), clock);
    Vendor::start(config, TcpListener::bind("127.0.0.1:0").await.unwrap(), &CancellationToken::new())
}

#[tokio::test]
async fn a_vendor_that_cannot_work_does_not_start() {
    let unknown = start(&format!("dialect = \"klingon\"\n{APPROVE}"), SECRET).await.unwrap_err();
    let words = Dialect::ALL.iter().map(|dialect| dialect.as_str()).collect::<Vec<_>>().join(", ");
    assert_eq!(unknown.to_string(), format!("the scenario's vendor speaks `klingon`, which is not a dialect; there are: {words}"));
    let secret = start(APPROVE, "hunter2").await.unwrap_err();
    assert!(matches!(secret, StartVendorError::WebhookSecret(_)) && !secret.to_string().contains("hunter2"), "{secret}");
}

#[tokio::test]
async fn what_is_under_way_ends_and_what_takes_too_long_is_cut() {
    let late = ResponseTemplate::new(200).set_delay(Duration::from_secs(60));
    let stage = Stage::set_with(APPROVE, |config| config, late).await;
    stage.walk("a-1").await;
    until(async || stage.received().await.len(), |received| *received == 1).await;
    let address = stage.vendor.address();
    let remains = stage.vendor.shutdown(Duration::from_millis(50)).await;
    assert_eq!((remains.decisions, remains.callbacks, remains.cut_short), (0, 1, 1));
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn an_idle_vendor_stops_at_once_though_clients_keep_their_connections() {
    let stage = Stage::set(APPROVE).await;
    stage.walk("a-1").await;
    stage.idle().await;
    let remains = stage.vendor.shutdown(Duration::from_secs(10)).await;
    assert_eq!((remains.decisions, remains.callbacks, remains.cut_short), (0, 0, 0));
}

#[tokio::test]
async fn the_token_stops_it_and_so_does_dropping_it() {
    for by_token in [true, false] {
        let stop = CancellationToken::new();
        let config = VendorConfig::new(
            scenario(APPROVE),
            ApiKey::new("key").unwrap(),
            WebhookSecret::new(SECRET),
            Clock::starting_at(Instant::now()),
        );
        let vendor = Vendor::start(config, TcpListener::bind("127.0.0.1:0").await.unwrap(), &stop).unwrap();
        let address = vendor.address();
        assert!(TcpStream::connect(address).await.is_ok());
        let _kept = if by_token {
            stop.cancel();
            Some(vendor)
        } else {
            drop(vendor);
            None
        };
        until(async || TcpStream::connect(address).await.is_err(), |gone| *gone).await;
        assert_eq!(stop.is_cancelled(), by_token, "the caller's token is the caller's");
    }
}

#[tokio::test]
async fn a_sink_sees_what_the_ledger_says() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&seen);
    let sink = Arc::new(move |entry: &LedgerEntry| listener.lock().unwrap().push(entry.clone()));
    let stage = Stage::set_with(APPROVE, |config| config.ledger_sink(sink), ResponseTemplate::new(200)).await;
    stage.walk("a-1").await;
    stage.idle().await;
    assert_eq!(*seen.lock().unwrap(), stage.vendor.ledger());
    assert_eq!(seen.lock().unwrap().len(), 4, "created, submitted, decided, delivered");
}

#[tokio::test]
async fn before_its_epoch_time_stands_still_and_requests_are_served() {
    let config =
        |clock| VendorConfig::new(scenario(APPROVE), ApiKey::new(crate::stage::API_KEY).unwrap(), WebhookSecret::new(SECRET), clock);
    let clock = Clock::starting_at(Instant::now() + Duration::from_secs(3600));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let vendor = Vendor::start(config(clock), listener, &CancellationToken::new()).unwrap();
    let answer = crate::stage::client()
        .post(crate::stage::url(vendor.address(), "/v1/sessions"))
        .bearer_auth(crate::stage::API_KEY)
        .json(&crate::stage::new_session("a-1"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status().as_u16(), 201);
    assert_eq!(vendor.ledger()[0].at.as_micros(), 0);
}
