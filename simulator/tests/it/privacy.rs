//! Nobody's data and no secret is in the logs, at the most talkative level, of our crates and of all that a vendor runs on.

use std::io;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use kycsim_simulator::{ApiKey, CallbackUrl, Clock, ClockMode, NewTenant, Vendor, VendorConfig, WebhookSecret};
use reqwest::multipart::{Form, Part};
use reqwest::{Client, StatusCode};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::dispatcher::with_default;
use tracing::{Dispatch, Level};
use tracing_subscriber::fmt::format::FmtSpan;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::stage::{API_KEY, APPROVE, SECRET, Stage, client, json, new_session, scenario, text};

/// What must not be read anywhere: each is sent, or held, by somebody in this test.
const SECRETS: [&str; 10] = [
    API_KEY,
    "key_of_somebody_else",
    SECRET,
    "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "ottilie.nachtigall@example.org",
    "Ottilie",
    "PATHSECRET",
    "QUERYSECRET",
    "PICTUREBYTES",
    "key-that-repeats",
];

/// Each of these befalls one kind of request, so that a journey meets them all.
const FAULTS: &str = r#"
callbacks = { events = ["created", "processing", "decided"], retry = ["20ms"], unsigned = 0.5, duplicate = { probability = 1, copies = 2, spacing = "5ms" } }
[[incident]]
name = "a client that asks too soon gets all of it"
at = "0s"
lasts = "1h"
scope = { endpoints = ["cancel"] }
http = { fault = "connection_reset_by_peer" }
[[incident]]
name = "dribble"
at = "0s"
lasts = "1h"
scope = { endpoints = ["upload"] }
http = { fault = "chunked_dribble_delay", chunks = 3, duration = "10ms" }
[[incident]]
name = "malformed"
at = "0s"
lasts = "1h"
scope = { endpoints = ["get_session"] }
http = { fault = "malformed_json" }
"#;

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Captured {
    fn dispatch(&self) -> Dispatch {
        let writer = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(Level::TRACE)
            .with_span_events(FmtSpan::FULL)
            .with_ansi(false)
            .with_writer(move || writer.clone());
        Dispatch::new(subscriber.finish())
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

/// Runs a vendor on a thread of its own, whose log is captured whole: of our crates, and of hyper and tokio beneath. The client and the receiver of these
/// tests run on other threads. Theirs are not the vendor's logs, and what a client writes down of its own requests is its own business.
fn start(captured: &Captured, hook: CallbackUrl, stop: &CancellationToken) -> (Vendor, JoinHandle<()>) {
    let config = VendorConfig::new(
        scenario(&format!("{APPROVE}{FAULTS}")),
        ApiKey::new(API_KEY).unwrap(),
        WebhookSecret::new(SECRET),
        Clock::new(ClockMode::Real),
    );
    let (sender, receiver) = mpsc::channel();
    let (dispatch, stop) = (captured.dispatch(), stop.clone());
    let thread = std::thread::spawn(move || {
        with_default(&dispatch, || {
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                sender.send(Vendor::start(config.callback_url(hook), listener, &stop).unwrap()).unwrap();
                stop.cancelled().await;
            });
        });
    });
    (receiver.recv_timeout(Duration::from_secs(20)).unwrap(), thread)
}

/// Asks for everything, rightly and wrongly.
async fn journey(stage: &Stage, client: &Client, reference: &str) {
    let post = |path: &str| client.post(stage.url(path)).bearer_auth(API_KEY);
    let strange = client.post(stage.url("/v1/sessions?name=Ottilie")).bearer_auth("key_of_somebody_else").json(&new_session(reference));
    assert_eq!(strange.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    for wrong in [
        json!({"reference": "Ottilie N", "country": "DE", "document_type": "id_card"}),
        json!({"reference": reference, "country": "DE", "document_type": "id_card", "Ottilie": true}),
        json!({"reference": reference, "country": "DE", "document_type": "id_card", "callback_url": "http://example.org/PATHSECRET"}),
        json!("Ottilie"),
    ] {
        assert_eq!(post("/v1/sessions").json(&wrong).send().await.unwrap().status(), StatusCode::BAD_REQUEST);
    }
    assert_eq!(post("/v1/Ottilie/PATHSECRET?QUERYSECRET=1").send().await.unwrap().status(), StatusCode::NOT_FOUND);

    let mut new = new_session(reference);
    new["callback_url"] = json!(format!("{}/PATHSECRET?token=QUERYSECRET", stage.backend.uri()));
    let created =
        post("/v1/sessions").header("idempotency-key", format!("key-that-repeats-{}", reference.len())).json(&new).send().await.unwrap();
    assert_eq!(created.status(), StatusCode::CREATED);
    let session = text(&json(created).await, "id");
    for kind in ["documents", "selfies"] {
        for picture in [&b"no picture: PICTUREBYTES"[..], b"\xFF\xD8\xFF PICTUREBYTES \xFF\xD9"] {
            let form = Form::new().part("file", Part::bytes(picture).file_name("Ottilie.jpg"));
            let _ = post(&format!("/v1/sessions/{session}/{kind}")).multipart(form).send().await.unwrap().bytes().await;
        }
    }
    assert_eq!(post(&format!("/v1/sessions/{session}/submit")).send().await.unwrap().status(), StatusCode::ACCEPTED);
    let read = client.get(stage.url(&format!("/v1/sessions/{session}"))).bearer_auth(API_KEY).send().await.unwrap();
    assert!(read.json::<serde_json::Value>().await.is_err(), "an incident spoils it");
    assert!(post(&format!("/v1/sessions/{session}/cancel")).send().await.is_err(), "an incident resets it");
}

/// The same at a vendor whose links and keys are passes. Returns what lets anybody in.
async fn journey_with_passes(stage: &Stage) -> Vec<String> {
    let config = NewTenant::new("passes", scenario(&format!("dialect = \"stripe-identity\"\n{APPROVE}")));
    let new = config.api_key(ApiKey::new("sk_test_PATHSECRET").unwrap()).webhook_secret(WebhookSecret::new("whsec_QUERYSECRET"));
    let _tenant = stage.vendor.create_tenant(new).unwrap();
    let post = |path: &str, form: &str| {
        let request = stage.client.post(stage.url(path)).basic_auth("sk_test_PATHSECRET", Some("")).header("stripe-version", "1");
        request.header("content-type", "application/x-www-form-urlencoded").body(form.to_owned())
    };
    let sessions = "/v1/identity/verification_sessions";
    let form = "type=document&client_reference_id=Ottilie&metadata[name]=Ottilie&provided_details[email]=ottilie.nachtigall@example.org";
    let made = json(post(sessions, form).send().await.unwrap()).await;
    assert_eq!(post(sessions, "type=document&Ottilie=1").send().await.unwrap().status(), StatusCode::BAD_REQUEST);
    let key = json(post("/v1/ephemeral_keys", &format!("verification_session={}", text(&made, "id"))).send().await.unwrap()).await;
    let page = stage.client.get(text(&made, "url")).send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    let hook = format!("url={}/PATHSECRET&enabled_events[]=*", stage.backend.uri());
    let hook = json(post("/v1/webhook_endpoints", &hook).send().await.unwrap()).await;
    let url = text(&made, "url");
    let link = url.rsplit("test_").next().unwrap_or_default().to_owned();
    vec![link, text(&key, "secret"), text(&hook, "secret")]
}

#[tokio::test]
async fn no_secret_and_nobodys_data_is_logged() {
    let (captured, stop) = (Captured::default(), CancellationToken::new());
    // Two, kept to the end: while there is but one subscriber, a call that another test's thread makes first, without any, switches that place off for all.
    let _listening = [captured.dispatch(), captured.dispatch()];
    let backend = MockServer::builder().start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(500)).up_to_n_times(3).mount(&backend).await;
    Mock::given(any()).respond_with(ResponseTemplate::new(204)).mount(&backend).await;
    // Nobody listens there: what fails to connect is told of in words.
    let nowhere = CallbackUrl::parse("http://127.0.0.1:1/PATHSECRET?token=QUERYSECRET").unwrap();
    let (vendor, thread) = start(&captured, nowhere, &stop);
    let stage = Stage { vendor, backend, client: client() };
    let http2 = Client::builder().no_proxy().http2_prior_knowledge().timeout(Duration::from_secs(20)).build().unwrap();
    journey(&stage, &stage.client, "ottilie.nachtigall@example.org").await;
    journey(&stage, &http2, "ottilie.nachtigall@example.org+2").await;
    stage.create("ottilie.nachtigall@example.org").await; // whose callbacks go nowhere
    let passes = journey_with_passes(&stage).await;
    stage.idle().await;
    with_default(&captured.dispatch(), || {
        let key = ApiKey::new("key_of_somebody_else").unwrap();
        let tenant = stage.vendor.create_tenant(NewTenant::new("other", scenario(APPROVE)).api_key(key)).unwrap();
        assert!(tenant.rotate_webhook_secret(Some(WebhookSecret::new("QUERYSECRET")), Duration::ZERO).is_err());
    });
    assert!(!stage.received().await.is_empty() && stage.vendor.counts().deliveries_failed > 3, "{:?}", stage.vendor.counts());
    drop(stage);
    stop.cancel();
    thread.join().unwrap();

    let log = captured.text();
    for talks in ["kycsim_simulator::driver: callback refused", "could not connect", "hyper_util::client", "h2::", "tenant made"] {
        assert!(log.contains(talks), "nothing of {talks:?} was captured, so this test shows nothing");
    }
    for secret in SECRETS.into_iter().chain(passes.iter().map(String::as_str)) {
        let bytes = secret.bytes().map(|byte| byte.to_string()).collect::<Vec<_>>().join(", ");
        let hidden: Vec<&str> = log.lines().filter(|line| line.contains(secret) || line.contains(&bytes)).take(5).collect();
        assert!(hidden.is_empty(), "{secret} is in the log:\n{}", hidden.join("\n"));
    }
}
