//! Moving a frozen clock: everything happens in its order, and nobody waits.

use std::time::{Duration, Instant};

use kycsim_scenarios::SimTime;
use kycsim_scenarios::ledger::LedgerEvent;
use kycsim_simulator::{AdvanceError, ClockMode, NewTenant, TenantHandle, TimeScale};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use wiremock::ResponseTemplate;

use crate::stage::{APPROVE, Stage, picked, scenario, until};

const DAY: Duration = Duration::from_secs(86_400);
/// Of real time, for what takes milliseconds.
const SOON: Duration = Duration::from_secs(20);

/// Sets a stage whose time stands still, with a backend that answers like this.
async fn still(vendor: &str, response: ResponseTemplate) -> (Stage, TenantHandle) {
    let stage = Stage::set_with(vendor, |config| config, response).await;
    let tenant = stage.vendor.default_tenant();
    tenant.clock().set_mode(ClockMode::Frozen);
    (stage, tenant)
}

/// When each delivery was due, began and was written down, in the order of the ledger.
fn deliveries(tenant: &TenantHandle) -> Vec<[SimTime; 3]> {
    let delivered = tenant.ledger().into_iter().filter_map(|entry| {
        let LedgerEvent::Delivered { due, began, .. } = entry.event else { return None };
        Some([due, began, entry.at])
    });
    delivered.collect()
}

#[tokio::test]
async fn a_session_expires_after_days_when_they_have_passed() {
    let (stage, tenant) = still(&format!("{APPROVE}session_lifetime = \"3days\""), ResponseTemplate::new(204)).await;
    let id = stage.create("a-1").await;
    tenant.advance(2 * DAY, SOON).await.unwrap();
    assert_eq!(stage.session(&id).await["status"], "collecting");
    tenant.advance(DAY, SOON).await.unwrap();
    let session = stage.session(&id).await;
    assert_eq!(session["status"], "expired");
    let [callback] = &stage.received().await[..] else { panic!("one callback") };
    assert_eq!(callback.body_json::<Value>().unwrap()["data"], session);
    let shown = |field: &str| session[field].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let age = shown("updated_at").duration_since(shown("created_at"));
    assert_eq!(age.as_secs(), 3 * 86_400, "payloads show the tenant's time");
}

#[tokio::test]
async fn a_whole_retry_schedule_fits_in_one_advance() {
    let (stage, tenant) = still(APPROVE, ResponseTemplate::new(503)).await;
    stage.walk("a-1").await;
    tenant.advance(5 * DAY, SOON).await.unwrap();
    let delivered = deliveries(&tenant);
    let gaps: Vec<_> = delivered.windows(2).map(|pair| (pair[1][0] - pair[0][0]).as_secs()).collect();
    assert_eq!(gaps, [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]);
    assert!(delivered.iter().all(|[due, began, ended]| due == began && began == ended), "time waits for each: {delivered:?}");
    assert_eq!(stage.received().await.len(), 10);
    assert!(tenant.is_quiet() && tenant.counts().callbacks_given_up == 1);
}

#[tokio::test]
async fn a_retry_comes_before_what_is_due_after_it() {
    let vendor = APPROVE.to_owned() + "callbacks = { duplicate = { probability = 1, copies = 4, spacing = \"4s\" }, retry = [\"5s\"] }";
    let (stage, tenant) = still(&vendor, ResponseTemplate::new(500)).await;
    stage.walk("a-1").await;
    tenant.advance(Duration::from_secs(60), SOON).await.unwrap();
    let delivered = deliveries(&tenant);
    let seconds: Vec<_> = delivered.iter().map(|[due, ..]| (*due - delivered[0][0]).as_secs()).collect();
    assert_eq!(seconds, [0, 4, 5, 8, 9, 12, 13, 17], "four copies, and each again after five seconds");
}

#[tokio::test]
async fn decisions_and_callbacks_are_told_in_order_of_time() {
    let vendor = "outcomes = { approved = 1 }\ndecision_delay = { distribution = \"lognormal\", median = \"1h\", p95 = \"9h\" }\n\
        callbacks.delay = { distribution = \"lognormal\", median = \"10m\", p95 = \"5h\" }";
    let (stage, tenant) = still(vendor, ResponseTemplate::new(204)).await;
    for number in 0..40 {
        stage.walk(&format!("a-{number}")).await;
    }
    let before = tenant.clock().now();
    tenant.advance(100 * DAY, SOON).await.unwrap();
    assert_eq!(tenant.clock().now() - before, 100 * DAY);

    let ledger = tenant.ledger();
    assert!(ledger.is_sorted_by_key(|entry| entry.at), "the ledger is written in order");
    let (decided, delivered) = (picked(&ledger, |event| matches!(event, LedgerEvent::Decided { .. }).then_some(())), deliveries(&tenant));
    assert_eq!((decided.len(), delivered.len()), (40, 40));
    let told: Vec<_> = picked(&ledger, |event| {
        let LedgerEvent::Delivered { callback, .. } = event else { return None };
        Some(callback.clone())
    });
    let received: Vec<_> =
        stage.received().await.iter().map(|request| request.headers["webhook-id"].to_str().unwrap().to_owned()).collect();
    assert_eq!(received, told, "the backend hears of it in the same order");
    assert!(tenant.is_quiet());
}

#[tokio::test]
async fn a_receiver_that_hangs_holds_an_advance_up_no_longer_than_its_bound() {
    let (stage, tenant) = still(APPROVE, ResponseTemplate::new(204).set_delay(Duration::from_secs(60))).await;
    stage.walk("a-1").await;
    let (before, begun) = (tenant.clock().now(), Instant::now());
    let overran = tenant.advance(DAY, Duration::from_millis(150)).await.unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let AdvanceError::Overran { advanced, outstanding } = overran else { panic!("{overran}") };
    assert_eq!(
        (advanced, tenant.clock().now() - before),
        (Duration::from_millis(20), Duration::from_millis(20)),
        "it stands where it hangs"
    );
    assert_eq!((outstanding.deliveries, outstanding.decisions, outstanding.callbacks), (1, 0, 1));
    assert!(overran.to_string().ends_with("under way: 1 deliveries; outstanding: 0 decisions, 1 callbacks"), "{overran}");
}

#[tokio::test]
async fn an_advance_ends_when_its_tenant_does() {
    let stage = Stage::set_with(APPROVE, |config| config, ResponseTemplate::new(204).set_delay(Duration::from_secs(60))).await;
    stage.vendor.default_tenant().clock().set_mode(ClockMode::Frozen);
    stage.walk("a-1").await;
    let tenant = stage.vendor.default_tenant();
    let advance = tokio::spawn(async move { tenant.advance(DAY, SOON).await });
    until(async || stage.received().await.len(), |received| *received == 1).await;
    stage.vendor.shutdown(Duration::ZERO).await;
    assert!(matches!(advance.await.unwrap(), Err(AdvanceError::Stopped { .. })));
}

#[tokio::test]
async fn only_frozen_time_is_moved() {
    let stage = Stage::set(APPROVE).await;
    assert_eq!(stage.vendor.default_tenant().advance(DAY, SOON).await, Err(AdvanceError::NotFrozen));
}

#[tokio::test]
async fn two_advances_take_turns() {
    let (stage, tenant) = still(APPROVE, ResponseTemplate::new(204)).await;
    for number in 0..5 {
        stage.create_owned(number).await;
    }
    let before = tenant.clock().now();
    let (one, two) = tokio::join!(tenant.advance(DAY, SOON), tenant.advance(2 * DAY, SOON));
    assert_eq!((one, two), (Ok(()), Ok(())));
    assert_eq!(tenant.clock().now() - before, 3 * DAY);
    assert_eq!(deliveries(&tenant).len(), 5, "five sessions expired");
}

#[tokio::test]
async fn answers_take_real_time_whatever_the_clock_says() {
    let latency = "latency = { distribution = \"constant\", value = \"60ms\" }";
    let (stage, tenant) = still(&format!("{APPROVE}{latency}"), ResponseTemplate::new(204)).await;
    let (begun, before) = (Instant::now(), tenant.clock().now());
    stage.create("a-1").await;
    assert!(begun.elapsed() >= Duration::from_millis(60));
    assert_eq!(tenant.clock().now(), before);
}

#[tokio::test]
async fn scaled_time_and_time_let_go_again_wake_who_waits() {
    let stage = Stage::set(APPROVE).await;
    let fast = ClockMode::Scaled(TimeScale::new(1e5).unwrap());
    let days = APPROVE.replace("20ms", "1h");
    let hook = kycsim_simulator::CallbackUrl::parse(&stage.backend.uri()).unwrap();
    for mode in [fast, ClockMode::Frozen] {
        let new = NewTenant::new(format!("{mode:?}").replace(|c: char| !c.is_ascii_alphanumeric(), "-"), scenario(&days));
        let tenant = stage.vendor.create_tenant(new.clock(mode).callback_url(hook.clone())).unwrap();
        let customer = crate::customer::Customer { client: &stage.client, address: stage.vendor.address(), key: tenant.api_key().reveal() };
        customer.walk("a-1").await;
        tenant.clock().set_mode(fast); // an hour in 36 ms
        tokio::time::timeout(SOON, tenant.idle()).await.unwrap();
        assert_eq!(tenant.counts().deliveries, 1);
    }
}

/// A receiver that does nothing but answer.
async fn receiver() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer_all(stream));
        }
    });
    format!("http://{address}/")
}

/// Answers each request of a client that sends the next one only after an answer.
async fn answer_all(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let (mut bytes, mut filled) = (vec![0; 16 * 1024], 0);
    loop {
        let read = stream.read(&mut bytes[filled..]).await?;
        if read == 0 {
            return Ok(());
        }
        filled += read;
        let text = String::from_utf8_lossy(&bytes[..filled]).to_ascii_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()).and_then(|length| length.parse().ok());
        if body.len() >= length.unwrap_or(0) {
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await?;
            filled = 0;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_moments_pass_in_one_advance() {
    let vendor = "outcomes = { approved = 1 }\ndecision_delay = { distribution = \"lognormal\", median = \"1h\", p95 = \"9h\" }\n\
        callbacks.duplicate = { probability = 1, copies = 100, spacing = \"7m\" }";
    let (stage, tenant) = still(vendor, ResponseTemplate::new(204)).await;
    let to = receiver().await;
    for number in 0..20 {
        stage.walk_to(&format!("a-{number}"), &to).await;
    }
    let begun = Instant::now();
    tenant.advance(100 * DAY, Duration::from_secs(60)).await.unwrap();
    println!("2,000 callbacks in {:?}", begun.elapsed());
    assert_eq!((tenant.counts().deliveries, tenant.is_quiet()), (2000, true));
    assert!(deliveries(&tenant).iter().all(|[due, began, ended]| due == began && began == ended));
}
