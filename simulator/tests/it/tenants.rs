//! Many tenants behind one address: each has its own, and none sees another's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use kycsim_scenarios::ledger::LedgerEvent;
use kycsim_simulator::{
    ApiKey, CallbackUrl, ClockMode, CreateTenantError, DeleteTenantError, NewTenant, TenantHandle, Vendor, WebhookSecret,
};
use reqwest::{Client, Response, StatusCode};
use serde_json::Value;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::customer::Customer;
use crate::receiver::{signed_at, signed_by};
use crate::stage::{API_KEY, APPROVE, Stage, client, json, limits, new_session, picked, scenario, start, text, until, url};

const DECLINE: &str = "outcomes = { declined = { weight = 1, reasons = { document_forged = 1 } } }\n\
    decision_delay = { distribution = \"constant\", value = \"20ms\" }\n";

async fn ask(client: &Client, vendor: &Vendor, key: &str, reference: &str) -> Response {
    client.post(url(vendor.address(), "/v1/sessions")).bearer_auth(key).json(&new_session(reference)).send().await.unwrap()
}

/// What one tenant of the crowd is like, by its number: half decline, and a third have frozen time.
async fn live(vendor: &Vendor, client: &Client, backend: &MockServer, number: usize) -> (TenantHandle, String) {
    let (approves, frozen) = (number.is_multiple_of(2), number.is_multiple_of(3));
    let new = NewTenant::new(format!("t-{number}"), scenario(if approves { APPROVE } else { DECLINE }))
        .callback_url(CallbackUrl::parse(&format!("{}/t-{number}", backend.uri())).unwrap())
        .seed(number as u64)
        .clock(if frozen { ClockMode::Frozen } else { ClockMode::Real });
    let tenant = vendor.create_tenant(new).unwrap();
    let customer = Customer { client, address: vendor.address(), key: tenant.api_key().reveal() };
    let session = customer.walk("a-1").await; // the same person everywhere
    if frozen {
        assert_eq!(tenant.counts().decisions, 0, "time stands still");
        tenant.advance(Duration::from_secs(1), Duration::from_secs(60)).await.unwrap();
    }
    tokio::time::timeout(Duration::from_secs(60), tenant.idle()).await.unwrap();
    let status = if approves { "approved" } else { "declined" };
    assert_eq!(json(customer.get(&session).await).await["status"], status);
    (tenant, session)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_tenants_at_once_do_not_meet() {
    const TENANTS: usize = 1000;
    let backend = MockServer::builder().start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(204)).mount(&backend).await;
    let vendor = start(scenario(APPROVE), |config| config).await;
    let client = client();
    let lived: Vec<_> =
        stream::iter(0..TENANTS).map(|number| live(&vendor, &client, &backend, number)).buffer_unordered(32).collect().await;

    assert_eq!(vendor.tenants().len(), TENANTS + 1);
    let mut received = BTreeMap::<String, Vec<_>>::new();
    for request in backend.received_requests().await.unwrap() {
        received.entry(request.url.path().to_owned()).or_default().push(request);
    }
    assert_eq!(received.len(), TENANTS);
    let ids: BTreeSet<_> = lived.iter().map(|(_, session)| session).collect();
    assert_eq!(ids.len(), TENANTS, "another seed, another id");
    for (tenant, session) in &lived {
        let [callback] = &received[&format!("/{}", tenant.name())][..] else { panic!("one callback to {}", tenant.name()) };
        assert_eq!(text(&callback.body_json::<Value>().unwrap()["data"], "id"), *session);
        assert_eq!(signed_by(callback, tenant.webhook_secret().reveal()), [true], "{}", tenant.name());
        let counts = tenant.counts();
        assert_eq!((counts.requests, counts.sessions, counts.decisions, counts.deliveries), (5, 1, 1, 1));
        assert!(tenant.ledger().iter().all(|entry| *entry.session == **session));
    }
    assert_eq!((vendor.counts().requests, vendor.ledger().len()), (0, 0), "the default tenant was never asked");
}

#[tokio::test]
async fn a_key_opens_its_own_tenant_and_no_other() {
    let stage = Stage::set(APPROVE).await;
    let tenant = stage.vendor.create_tenant(NewTenant::new("other", scenario(APPROVE)).seed(8)).unwrap();
    let key = tenant.api_key().reveal();
    let mine = text(&json(ask(&stage.client, &stage.vendor, key, "a-1").await).await, "id");
    let default = stage.create("a-1").await;
    assert_ne!(mine, default, "another seed, another id");
    let customer = Customer { client: &stage.client, address: stage.vendor.address(), key };
    assert_eq!(customer.get(&mine).await.status(), StatusCode::OK);
    assert_eq!(customer.get(&default).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(stage.get(&format!("/v1/sessions/{mine}")).send().await.unwrap().status(), StatusCode::NOT_FOUND);
    let long = "k".repeat(5000);
    for stranger in [&key[..key.len() - 1], "key_", long.as_str()] {
        let answer = ask(&stage.client, &stage.vendor, stranger, "a-1").await;
        assert_eq!((answer.status(), &json(answer).await["error"]["code"]), (StatusCode::UNAUTHORIZED, &"invalid_api_key".into()));
    }
}

#[tokio::test]
async fn an_incident_of_one_tenant_is_no_others() {
    let stage = Stage::set(APPROVE).await;
    for (name, effect) in [("reset", "{ fault = \"refuse\" }"), ("down", "{ fault = \"error\", status = 503 }")] {
        let incident = format!("{APPROVE}[[incident]]\nname = \"test\"\nat = \"0s\"\nlasts = \"1h\"\nhttp = {effect}");
        let new = NewTenant::new(name, scenario(&incident)).api_key(ApiKey::new(format!("key_{name}")).unwrap());
        let tenant = stage.vendor.create_tenant(new).unwrap();
        let asked = stage.client.post(stage.url("/v1/sessions")).bearer_auth(format!("key_{name}")).json(&new_session("a-1")).send().await;
        assert_eq!(asked.ok().map(|answer| answer.status().as_u16()), (name == "down").then_some(503));
        assert_eq!(tenant.counts().faults, 1);
    }
    stage.create("a-1").await;
    assert_eq!(stage.vendor.counts().faults, 0);
}

#[tokio::test]
async fn what_cannot_be_a_tenant_is_refused_and_changes_nothing() {
    let vendor = start(scenario(APPROVE), |config| config.limits(limits(|limits| limits.tenants = 2))).await;
    let create = |new: NewTenant| vendor.create_tenant(new);
    let new = |name: &str| NewTenant::new(name, scenario(APPROVE));
    let key = |text: &str| ApiKey::new(text).unwrap();
    create(new("one").api_key(key("key_one"))).unwrap();
    for name in ["", "a b", "ä", &"n".repeat(65)] {
        assert!(matches!(create(new(name)), Err(CreateTenantError::InvalidName)), "{name}");
    }
    for name in ["one", "default"] {
        assert!(matches!(create(new(name)), Err(CreateTenantError::NameTaken { .. })), "{name}");
    }
    for taken in ["key_one", API_KEY] {
        assert!(matches!(create(new("two").api_key(key(taken))), Err(CreateTenantError::ApiKeyTaken)), "{taken}");
    }
    let unusable = create(new("two").webhook_secret(WebhookSecret::new("hunter2"))).unwrap_err();
    assert!(matches!(unusable, CreateTenantError::WebhookSecret(_)) && !unusable.to_string().contains("hunter2"), "{unusable}");
    let strange = NewTenant::new("two", scenario(&format!("dialect = \"klingon\"\n{APPROVE}")));
    assert!(matches!(create(strange), Err(CreateTenantError::UnknownDialect { .. })));
    create(new("two")).unwrap();
    assert!(matches!(create(new("three")), Err(CreateTenantError::TooMany { limit: 2 })));
    let names: Vec<_> = vendor.tenants().iter().map(|tenant| tenant.name().to_owned()).collect();
    assert_eq!(names, ["default", "one", "two"]);
}

#[tokio::test]
async fn a_deleted_tenant_is_gone_and_its_deliveries_are_cut() {
    let stage = Stage::set_with(APPROVE, |config| config, ResponseTemplate::new(200).set_delay(Duration::from_secs(60))).await;
    let hook = CallbackUrl::parse(&stage.backend.uri()).unwrap();
    let sink = Arc::new(|_: &kycsim_scenarios::ledger::LedgerEntry| {});
    let new = || NewTenant::new("short", scenario(APPROVE)).api_key(ApiKey::new("key_short").unwrap()).callback_url(hook.clone());
    let tenant = stage.vendor.create_tenant(new().ledger_sink(Arc::clone(&sink) as _)).unwrap();
    let customer = Customer { client: &stage.client, address: stage.vendor.address(), key: "key_short" };
    let session = customer.walk("a-1").await;
    until(async || stage.received().await.len(), |received| *received == 1).await;

    stage.vendor.delete_tenant("short").unwrap();
    assert_eq!(customer.get(&session).await.status(), StatusCode::UNAUTHORIZED);
    assert!(stage.vendor.tenant("short").is_none());
    assert_eq!(stage.vendor.delete_tenant("short"), Err(DeleteTenantError::Unknown { name: "short".to_owned() }));
    assert_eq!(stage.vendor.delete_tenant("default"), Err(DeleteTenantError::Default));
    assert_eq!(tenant.counts().callbacks_pending, 1, "a handle still tells what was done");
    drop(tenant);
    until(async || Arc::strong_count(&sink), |holders| *holders == 1).await; // its world is gone

    let again = stage.vendor.create_tenant(new()).unwrap();
    assert_eq!(customer.get(&session).await.status(), StatusCode::NOT_FOUND, "the same name and key, and another tenant");
    assert_eq!(again.counts().sessions, 0);
    let remains = stage.vendor.shutdown(Duration::from_secs(10)).await;
    assert_eq!(remains.cut_short, 0, "the delivery was cut when its tenant was deleted");
}

#[tokio::test]
async fn shutting_down_stops_every_tenant() {
    let stage = Stage::set(APPROVE).await;
    let later = APPROVE.replace("20ms", "1h");
    let tenant = stage.vendor.create_tenant(NewTenant::new("other", scenario(&later))).unwrap();
    let customer = Customer { client: &stage.client, address: stage.vendor.address(), key: tenant.api_key().reveal() };
    customer.walk("a-1").await;
    let remains = stage.vendor.shutdown(Duration::from_secs(10)).await;
    assert_eq!((remains.decisions, remains.cut_short), (1, 0));
}

#[tokio::test]
async fn both_secrets_sign_during_the_overlap_and_the_new_one_alone_after_it() {
    let stage = Stage::set(APPROVE).await;
    let hook = CallbackUrl::parse(&stage.backend.uri()).unwrap();
    let new = NewTenant::new("other", scenario(APPROVE)).callback_url(hook).clock(ClockMode::Frozen);
    let tenant = stage.vendor.create_tenant(new).unwrap();
    let customer = Customer { client: &stage.client, address: stage.vendor.address(), key: tenant.api_key().reveal() };
    let step = async |reference| {
        customer.walk(reference).await;
        tenant.advance(Duration::from_secs(1), Duration::from_secs(20)).await.unwrap();
        stage.received().await.pop().unwrap()
    };
    let first = tenant.webhook_secret();
    assert_eq!(signed_by(&step("a-1").await, first.reveal()), [true]);
    let second = tenant.rotate_webhook_secret(None, Duration::from_secs(86_400)).unwrap();
    assert_eq!(tenant.webhook_secret().reveal(), second.reveal());
    let during = step("a-2").await;
    assert_eq!((signed_by(&during, second.reveal()), signed_by(&during, first.reveal())), (vec![true, false], vec![false, true]));
    tenant.advance(Duration::from_secs(86_400), Duration::from_secs(20)).await.unwrap();
    let after = step("a-3").await;
    assert_eq!((signed_by(&after, second.reveal()), signed_by(&after, first.reveal())), (vec![true], vec![false]));
    let age = jiff::Timestamp::now().as_second() - signed_at(&after);
    assert!((0..60).contains(&age), "signed at the machine's time of day, not the tenant's: {age}");
    assert!(tenant.rotate_webhook_secret(Some(WebhookSecret::new("hunter2")), Duration::ZERO).is_err());
}

#[tokio::test]
async fn callbacks_go_to_hosts_that_were_allowed_by_name_and_no_others() {
    let stage = Stage::set_with(APPROVE, |config| config.allow_callback_host("backend.test"), ResponseTemplate::new(204)).await;
    for (host, status) in [("backend.test", StatusCode::CREATED), ("other.test", StatusCode::BAD_REQUEST)] {
        let mut new = new_session("a-1");
        new["callback_url"] = format!("http://{host}:8080/").into();
        assert_eq!(stage.post("/v1/sessions").json(&new).send().await.unwrap().status(), status, "{host}");
    }
    let hosts = kycsim_simulator::AllowedHosts::default().allow("other.test");
    let url = CallbackUrl::parse_allowing("http://other.test/", &hosts).unwrap();
    let refused = stage.vendor.create_tenant(NewTenant::new("other", scenario(APPROVE)).callback_url(url));
    assert!(matches!(refused, Err(CreateTenantError::CallbackUrl(_))));
}

#[tokio::test]
async fn localhost_is_asked_for_again_when_it_is_connected_to() {
    let stage = Stage::set(APPROVE).await;
    let port = stage.backend.address().port();
    stage.walk_to("a-1", &format!("http://localhost:{port}/by-name")).await;
    stage.idle().await;
    assert_eq!(stage.received().await[0].url.path(), "/by-name");
}

#[tokio::test]
async fn a_sink_hears_of_its_own_tenant_only() {
    let stage = Stage::set(APPROVE).await;
    let heard = Arc::new(std::sync::Mutex::new(Vec::new()));
    let listener = Arc::clone(&heard);
    let sink = Arc::new(move |entry: &kycsim_scenarios::ledger::LedgerEntry| listener.lock().unwrap().push(entry.clone()));
    let tenant = stage.vendor.create_tenant(NewTenant::new("other", scenario(APPROVE)).ledger_sink(sink)).unwrap();
    stage.create("a-1").await;
    ask(&stage.client, &stage.vendor, tenant.api_key().reveal(), "a-2").await;
    let created = picked(&heard.lock().unwrap(), |event| matches!(event, LedgerEvent::SessionCreated).then_some(()));
    assert_eq!(created.len(), 1);
    assert_eq!(heard.lock().unwrap()[0].applicant.as_str(), "a-2");
}
