//! The vendor on a `wiremock::MockServer` of the test's own.

use std::time::{Duration, Instant};

use kycsim_simulator::ResultWord;
use kycsim_simulator::testing::{Fault, Operation, Probability, Reason, ResetMoment, TestVendor, callbacks_about, calls_to};
use reqwest::{Client, StatusCode};
use serde_json::Value;
use wiremock::matchers::{any, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::customer::Customer;
use crate::receiver::signed_by;
use crate::stage::{client, json, new_session, url};

/// A vendor under a frozen clock on a server of the test's own, and a backend that takes every callback.
struct Scene {
    server: MockServer,
    backend: MockServer,
    vendor: TestVendor,
    client: Client,
}

impl Scene {
    async fn set() -> Self {
        let (server, backend) = (MockServer::builder().start().await, MockServer::start().await);
        Mock::given(any()).respond_with(ResponseTemplate::new(204)).mount(&backend).await;
        let vendor = TestVendor::builder().frozen().callback_url(backend.uri()).mount_on(&server).await.unwrap();
        Self { server, backend, vendor, client: client() }
    }

    fn customer(&self) -> Customer<'_> {
        Customer { client: &self.client, address: *self.server.address(), key: self.vendor.api_key() }
    }

    async fn create(&self) -> reqwest::Result<reqwest::Response> {
        let post = self.client.post(url(*self.server.address(), "/v1/sessions")).bearer_auth(self.vendor.api_key());
        post.json(&new_session("a-1")).send().await
    }
}

#[tokio::test]
async fn a_journey_on_another_server_ends_with_a_callback() {
    let scene = Scene::set().await;
    assert_eq!(scene.vendor.uri(), scene.server.uri());
    scene.vendor.order_for("a-1").declined([Reason::SanctionsHit]).after(Duration::from_secs(3600)).await.unwrap();
    let id = scene.customer().walk("a-1").await;
    assert_eq!(json(scene.customer().get(&id).await).await["status"], "processing");
    scene.vendor.advance(Duration::from_secs(3600)).await.unwrap();
    let session = json(scene.customer().get(&id).await).await;
    assert_eq!(session["decision"]["reasons"], serde_json::json!(["sanctions_hit"]));
    let [callback] = &scene.backend.received_requests().await.unwrap()[..] else { panic!("one callback") };
    assert_eq!(callback.body_json::<Value>().unwrap()["data"], session);
    assert_eq!(signed_by(callback, &scene.vendor.webhook_secret()), [true]);

    let received = scene.server.received_requests().await.unwrap();
    assert_eq!(received.iter().filter(|request| request.url.path() == format!("/v1/sessions/{id}/submit")).count(), 1);
    assert_eq!(received.len(), 6);
    scene.vendor.verify(calls_to(Operation::Upload).applicant("a-1").status(201), 2);
    scene.vendor.verify(callbacks_about("a-1").result(ResultWord::Accepted), 1);
    assert_eq!(scene.vendor.received_requests().len(), 6);
}

#[tokio::test]
async fn faults_come_as_near_as_the_server_can() {
    let scene = Scene::set().await;
    let order = |fault| scene.vendor.order_for("a-1").failing(Operation::CreateSession, fault, 1);
    order(Fault::Error { status: 429 }).await.unwrap();
    let limited = scene.create().await.unwrap();
    assert_eq!((limited.status(), limited.headers()["retry-after"].as_bytes()), (StatusCode::TOO_MANY_REQUESTS, &b"1"[..]));
    order(Fault::Html { status: 502 }).await.unwrap();
    assert_eq!(scene.create().await.unwrap().headers()["content-type"], "text/html");
    order(Fault::MalformedJson).await.unwrap();
    assert!(scene.create().await.unwrap().json::<Value>().await.is_err());
    order(Fault::WrongContentType).await.unwrap();
    assert_eq!(scene.create().await.unwrap().headers()["content-type"], "text/html");
    order(Fault::MissingFields).await.unwrap();
    let hollow = scene.create().await.unwrap();
    assert_eq!((hollow.status(), json(hollow).await.get("status")), (StatusCode::CREATED, None));
    for fault in [Fault::ConnectionResetByPeer { moment: ResetMoment::BeforeHeaders }, Fault::EmptyResponse, Fault::TruncatedBody] {
        order(fault).await.unwrap();
        let broken = scene.create().await.unwrap_err();
        assert!(broken.is_request() && broken.status().is_none(), "{broken:?}");
    }
    assert_eq!(scene.create().await.unwrap().status(), StatusCode::CREATED, "once each");
    assert_eq!((scene.server.received_requests().await.unwrap().len(), scene.vendor.counts().faults), (9, 8));
}

#[tokio::test]
async fn latency_holds_the_answer_back_and_nobody_else() {
    let slow = crate::stage::scenario(
        "outcomes = { approved = 1 }\ndecision_delay = { distribution = \"constant\", value = \"0s\" }\n\
        latency = { distribution = \"constant\", value = \"150ms\" }",
    );
    let server = MockServer::builder().start().await;
    let vendor = TestVendor::builder().scenario(slow).mount_on(&server).await.unwrap();
    let client = client();
    let customer = Customer { client: &client, address: *server.address(), key: vendor.api_key() };
    let begun = Instant::now();
    futures_util::future::join_all((0..10).map(|number| async move { customer.create(&format!("a-{number}")).await })).await;
    assert!(begun.elapsed() >= Duration::from_millis(150));
    assert!(begun.elapsed() < Duration::from_millis(1500), "they wait side by side: {:?}", begun.elapsed());
}

#[tokio::test]
async fn an_early_callback_is_ahead_of_the_answer() {
    let scene = Scene::set().await;
    let early = |callbacks: &mut kycsim_simulator::testing::RawCallbacks| callbacks.early = Probability::new(1.0).unwrap();
    scene.vendor.order_for("a-1").with_callbacks(early).await.unwrap();
    scene.customer().walk("a-1").await;
    assert_eq!(scene.backend.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn mocks_of_the_team_come_first_and_other_paths_are_theirs() {
    let scene = Scene::set().await;
    let teapot = Mock::given(method("POST")).and(path("/v1/sessions")).respond_with(ResponseTemplate::new(418));
    teapot.up_to_n_times(1).expect(1).mount(&scene.server).await;
    Mock::given(path("/health")).respond_with(ResponseTemplate::new(200)).mount(&scene.server).await;
    assert_eq!(scene.create().await.unwrap().status(), StatusCode::IM_A_TEAPOT);
    assert_eq!(scene.create().await.unwrap().status(), StatusCode::CREATED);
    let status = async |path| scene.client.get(url(*scene.server.address(), path)).send().await.unwrap().status();
    assert_eq!((status("/health").await, status("/elsewhere").await), (StatusCode::OK, StatusCode::NOT_FOUND));
    assert_eq!(status("/v1/sessions").await, StatusCode::METHOD_NOT_ALLOWED, "an endpoint of the vendor");
    assert_eq!(scene.vendor.received_requests().len(), 2, "the vendor heard of its own only");
}

#[tokio::test]
async fn tenants_are_told_apart_and_a_dropped_vendor_is_gone() {
    let scene = Scene::set().await;
    let tenant = scene.vendor.tenant("other").unwrap();
    let other = Customer { client: &scene.client, address: tenant.address(), key: tenant.api_key() };
    let id = other.create("a-1").await;
    assert_eq!(scene.customer().get(&id).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(other.get(&id).await.status(), StatusCode::OK);
    let stranger = Customer { key: "key_of_nobody", ..scene.customer() };
    assert_eq!(stranger.get(&id).await.status(), StatusCode::UNAUTHORIZED);
    let key = scene.vendor.api_key().to_owned();
    drop(tenant);
    drop(scene.vendor);
    let gone = Customer { client: &scene.client, address: *scene.server.address(), key: &key };
    let answer = gone.get(&id).await;
    assert_eq!((answer.status(), answer.bytes().await.unwrap().len()), (StatusCode::NOT_FOUND, 0), "wiremock's own 404");
}
