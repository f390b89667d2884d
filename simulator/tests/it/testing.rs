//! The library that tests use: a vendor in a line, its expectations, its tenants.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use kycsim_simulator::testing::{Operation, Reason, Scenario, StartTestVendorError, TestVendor, callbacks_about, calls_to};
use kycsim_simulator::{ClockMode, NewTenant};
use reqwest::StatusCode;
use wiremock::matchers::{header_exists, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::customer::Customer;
use crate::stage::{APPROVE, client, json, new_session, scenario, until, url};

const SOON: Duration = Duration::from_secs(20);

fn customer<'a>(client: &'a reqwest::Client, vendor: &'a kycsim_simulator::testing::TestTenant) -> Customer<'a> {
    Customer { client, address: vendor.address(), key: vendor.api_key() }
}

#[tokio::test]
async fn a_vendor_in_one_line_approves_everybody_in_real_time() {
    let backend = MockServer::builder().start().await;
    let accept = Mock::given(method("POST")).and(path("/hook")).and(header_exists("webhook-signature"));
    accept.respond_with(ResponseTemplate::new(204)).expect(1).mount(&backend).await;
    let vendor = TestVendor::start().await.unwrap();
    let hook = kycsim_simulator::CallbackUrl::parse(&format!("{}/hook", backend.uri())).unwrap();
    vendor.send_callbacks_to(Some(hook));
    let client = client();
    let id = customer(&client, &vendor).walk("a-1").await;
    tokio::time::timeout(SOON, vendor.idle()).await.unwrap();
    assert_eq!(vendor.session_of("a-1").unwrap().status.as_str(), "approved");
    assert_eq!((vendor.sessions().len(), vendor.sessions()[0].id == id, vendor.session_of("a-2")), (1, true, None));
    let [delivery] = &vendor.deliveries()[..] else { panic!("one delivery") };
    assert_eq!((delivery.event.as_ref(), delivery.try_number, delivery.defect.as_ref()), ("decided", 1, None));
    assert_eq!(delivery.body.json().unwrap()["data"]["id"], id);
    assert!(delivery.headers.get("webhook-signature").is_some_and(|signature| signature.starts_with("v1,")));
    let remains = vendor.shutdown().await;
    assert_eq!((remains.decisions, remains.callbacks, remains.cut_short), (0, 0, 0));
}

#[tokio::test]
async fn several_vendors_in_one_test_do_not_meet() {
    let (one, two) = (TestVendor::start().await.unwrap(), TestVendor::start().await.unwrap());
    assert_ne!(one.uri(), two.uri());
    let client = client();
    customer(&client, &one).walk("a-1").await;
    assert_eq!((one.sessions().len(), two.sessions().len()), (1, 0));
}

#[tokio::test]
async fn a_vendor_stops_when_it_is_dropped_and_what_it_did_with_it() {
    let backend = MockServer::builder().start().await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(204).set_delay(Duration::from_secs(60))).mount(&backend).await;
    let vendor = TestVendor::builder().callback_url(backend.uri()).start().await.unwrap();
    let (client, address) = (client(), vendor.address());
    customer(&client, &vendor).walk("a-1").await;
    until(async || backend.received_requests().await.unwrap().len(), |received| *received == 1).await;
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    assert!(tasks() > 0);
    drop(vendor);
    drop(client);
    until(async || tasks(), |tasks| *tasks == 0).await; // the delivery would have taken ten seconds
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn what_makes_no_sense_does_not_start() {
    let start = async |builder: kycsim_simulator::testing::TestVendorBuilder| builder.start().await.unwrap_err();
    let unknown = start(TestVendor::builder().scenario("out-age")).await;
    assert_eq!(unknown.to_string(), "there is no shipped scenario `out-age`; did you mean `outage`?");
    let unknown = start(TestVendor::builder().scenario("nothing like it")).await;
    assert!(unknown.to_string().starts_with("there is no shipped scenario `nothing like it`; there are: baseline, "), "{unknown}");
    assert!(matches!(start(TestVendor::builder().api_key("")).await, StartTestVendorError::ApiKey(_)));
    assert!(matches!(start(TestVendor::builder().scaled(0.0)).await, StartTestVendorError::TimeScale(_)));
    assert!(matches!(start(TestVendor::builder().callback_url("http://example.com/")).await, StartTestVendorError::CallbackUrl(_)));
    assert!(matches!(start(TestVendor::builder().webhook_secret("hunter2")).await, StartTestVendorError::Vendor(_)));
}

#[tokio::test]
async fn what_was_said_to_the_builder_holds() {
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let builder = TestVendor::builder().scenario("outage").seed(99).scaled(60.0).api_key("key_mine").webhook_secret(secret);
    let vendor = builder.start().await.unwrap();
    assert_eq!((vendor.scenario().name.as_str(), vendor.scenario().seed), ("outage", 99));
    assert_eq!((vendor.api_key(), vendor.webhook_secret().as_str()), ("key_mine", secret));
    assert!(matches!(vendor.clock().mode(), ClockMode::Scaled(scale) if scale.factor() > 59.0));
    let given = Scenario::clone(&scenario(APPROVE));
    let given = TestVendor::builder().scenario(given).frozen().start().await.unwrap();
    assert_eq!((given.scenario().name.as_str(), given.clock().mode()), ("test", ClockMode::Frozen));
}

#[tokio::test]
async fn tenants_share_a_vendor_and_nothing_else() {
    let vendor = TestVendor::builder().frozen().callback_url("http://127.0.0.1:9/").start().await.unwrap();
    let (one, two) = (vendor.tenant("one").unwrap(), vendor.tenant("two").unwrap());
    assert_eq!(one.uri(), two.uri());
    let client = client();
    one.order_for("a-1").declined([Reason::PepMatch]).await.unwrap();
    for tenant in [&one, &two] {
        customer(&client, tenant).walk("a-1").await;
        tenant.advance(Duration::ZERO).await.unwrap();
    }
    let statuses = [&one, &two].map(|tenant| tenant.session_of("a-1").unwrap().status.as_str());
    assert_eq!((statuses, vendor.sessions().len()), (["declined", "approved"], 0));
    assert_eq!(two.deliveries().len(), 1, "callbacks go where the vendor's go");
    let key = one.api_key().to_owned();
    drop(one);
    let answer = client.post(url(vendor.address(), "/v1/sessions")).bearer_auth(key).json(&new_session("a-1")).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "its tenant is gone");
    assert!(vendor.tenant("one").is_ok(), "and its name free again");
    assert!(vendor.tenant_of(NewTenant::new("two", scenario(APPROVE))).is_err());
}

/// What a panic said.
async fn complaint(act: impl Future<Output = ()>) -> String {
    let panicked = AssertUnwindSafe(act).catch_unwind().await.unwrap_err();
    *panicked.downcast::<String>().unwrap()
}

/// Returns a vendor that told the backend of one approval, under a frozen clock.
async fn told() -> (TestVendor, MockServer) {
    let backend = MockServer::builder().start().await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(204)).mount(&backend).await;
    let vendor = TestVendor::builder().frozen().callback_url(backend.uri()).start().await.unwrap();
    customer(&client(), &vendor).walk("a-1").await;
    vendor.advance(Duration::ZERO).await.unwrap();
    (vendor, backend)
}

#[tokio::test]
async fn expectations_that_are_met_say_nothing() {
    let (vendor, _backend) = told().await;
    vendor.expect(callbacks_about("a-1"), 1).named("one callback");
    vendor.expect(callbacks_about("a-2"), ..=0);
    vendor.verify(callbacks_about("a-1").event("decided").status(204), 1..=3);
    vendor.verify_expectations();
}

#[tokio::test]
async fn what_was_received_is_shown_without_secrets_and_counted() {
    let (vendor, _backend) = told().await;
    let received = vendor.received_requests();
    let asked: Vec<_> = received.iter().map(|request| request.operation.as_deref().unwrap()).collect();
    assert_eq!(asked, ["create_session", "upload", "upload", "submit"]);
    assert_eq!(received[0].body.json().unwrap()["reference"], "a-1");
    assert_eq!(received[0].headers.get("authorization"), Some("[redacted]"));
    vendor.verify(calls_to(Operation::Upload).applicant("a-1").status(201), 2);
    vendor.verify(calls_to(Operation::Cancel), 0);
}

#[tokio::test]
async fn an_expectation_that_is_not_met_panics_when_the_vendor_is_dropped() {
    let (vendor, _backend) = told().await;
    vendor.expect(callbacks_about("a-1"), 1);
    vendor.expect(callbacks_about("a-1").event("expired"), 1..).named("the session expires");
    let complaint = complaint(async { drop(vendor) }).await;
    assert!(
        complaint.starts_with("the vendor's tenant `default`: \n- `the session expires` is not met: expected at least 1, found 0"),
        "{complaint}"
    );
    assert!(complaint.contains("<<<<<") && complaint.contains("decided"), "the nearest is shown: {complaint}");
    assert!(!complaint.contains("expectation 1"), "{complaint}");
}

#[tokio::test]
async fn a_shutdown_and_a_dropped_tenant_check_expectations_too() {
    let vendor = TestVendor::start().await.unwrap();
    vendor.expect(calls_to(Operation::CreateSession), 1);
    let tenant = vendor.tenant("other").unwrap();
    tenant.expect(calls_to(Operation::Submit), 2);
    let said = complaint(async { drop(tenant) }).await;
    assert!(said.starts_with("the vendor's tenant `other`: \n- expectation 1 is not met: expected exactly 2, found 0"), "{said}");
    let said = complaint(async {
        vendor.shutdown().await;
    })
    .await;
    assert!(said.contains("expected exactly 1, found 0"), "{said}");
}

#[tokio::test]
async fn a_test_that_panics_already_hears_of_nothing_else() {
    let vendor = TestVendor::start().await.unwrap();
    vendor.expect(callbacks_about("a-1"), 1);
    let said = complaint(async move {
        let _vendor = vendor; // dropped while the panic unwinds; a second one would end the process
        panic!("{}", "of its own".to_owned());
    });
    assert_eq!(said.await, "of its own");
}

#[tokio::test]
async fn verify_shows_what_came_nearest() {
    let (vendor, _backend) = told().await;
    let said = complaint(async { vendor.verify(callbacks_about("a-1").status(500), 1) }).await;
    assert!(said.starts_with("the vendor's tenant `default`: expected exactly 1, found 0"), "{said}");
    assert!(said.contains("204"), "{said}");
}

#[tokio::test]
async fn advance_says_why_it_cannot() {
    let vendor = TestVendor::start().await.unwrap();
    let refused = vendor.advance(Duration::from_secs(1)).await.unwrap_err();
    assert_eq!(refused.to_string(), "the clock is not frozen, so it cannot be advanced; freeze it first");
}

#[tokio::test]
async fn a_vendor_is_there_before_anybody_has_noticed() {
    let client = client();
    let mut took = Vec::new();
    for _ in 0..20 {
        let begun = Instant::now();
        let vendor = TestVendor::start().await.unwrap();
        let create = client.post(url(vendor.address(), "/v1/sessions")).bearer_auth(vendor.api_key()).json(&new_session("a-1"));
        assert_eq!(json(create.send().await.unwrap()).await["status"], "collecting");
        took.push(begun.elapsed());
    }
    took.sort();
    // Five in a release build, which a benchmark measures; this build is slower, and its machine busy.
    assert!(took[10] < Duration::from_millis(100), "from start to first answer: {took:?}");
}
