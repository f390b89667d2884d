//! What the benchmarks share: a vendor, a client, a receiver, and the arithmetic of figures.

#![allow(dead_code, clippy::allow_attributes, reason = "each benchmark uses its own part")]

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::SendRequest;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use kycsim_scenarios::Scenario;
use kycsim_simulator::{ApiKey, CallbackUrl, Clock, ClockMode, LedgerSink, Limits, Vendor, VendorConfig, WebhookSecret};
use mimalloc::MiMalloc;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// What `kycsim` itself has; whatever it is measured against gets the same.
#[global_allocator]
static MEMORY: MiMalloc = MiMalloc;

pub(crate) const API_KEY: &str = "key_bench";

/// Tells a process that it is a server, and which.
const ROLE: &str = "KYCSIM_BENCH_SERVER";

/// Which server this process is to be; none: the benchmark itself.
pub(crate) fn role() -> Option<String> {
    std::env::var(ROLE).ok()
}

/// A server in a process of its own. It is killed when this is dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts this very program once more, as the server of this role. It writes its address on the first line.
    pub(crate) fn start(role: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap()).env(ROLE, role).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, address: line.trim().parse().unwrap() }
    }

    /// Its number among the processes.
    pub(crate) fn process(&self) -> String {
        self.child.id().to_string()
    }

    /// Processor time that it has used, of all its threads. Zero where there is no `/proc`.
    pub(crate) fn processor_seconds(&self) -> f64 {
        // Nanoseconds on a processor, for each thread: finer than the ticks of `stat`.
        let Ok(threads) = std::fs::read_dir(format!("/proc/{}/task", self.child.id())) else { return 0.0 };
        let nanos = threads.flatten().filter_map(|thread| {
            let schedstat = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
            schedstat.split(' ').next()?.parse::<u64>().ok()
        });
        nanos.sum::<u64>() as f64 / 1e9
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether this is a benchmark, and not the look whether it works that `cargo test --benches` takes.
pub(crate) fn measuring() -> bool {
    std::env::args().any(|argument| argument == "--bench")
}

/// Returns a scenario with these lines under `[vendor]`, and after them.
pub(crate) fn scenario(vendor: &str) -> Arc<Scenario> {
    let text = format!(
        r#"
name = "bench"
summary = "A benchmark"
teaches = "Nothing"
arrivals = {{ process = "poisson", rate = [{{ at = "0s", per_second = 1 }}], duration = "1s" }}
applicants = [{{ share = 1, country = "DE", document = "id_card", patience = {{ distribution = "constant", value = "1m" }} }}]
[vendor]
outcomes = {{ approved = 1 }}
{vendor}
"#
    );
    Arc::new(Scenario::parse("bench", &text).unwrap_or_else(|error| panic!("{error}")))
}

/// What a vendor is started with beside its scenario.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) callbacks_to: Option<SocketAddr>,
    pub(crate) frozen: bool,
    pub(crate) sink: Option<Arc<dyn LedgerSink>>,
}

pub(crate) async fn start(scenario: Arc<Scenario>, options: Options) -> Vendor {
    start_with(scenario, options, |_| {}).await
}

/// The same, with other bounds.
pub(crate) async fn start_with(scenario: Arc<Scenario>, options: Options, bounds: impl FnOnce(&mut Limits)) -> Vendor {
    let secret = WebhookSecret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let clock = if options.frozen { Clock::new(ClockMode::Frozen) } else { Clock::starting_at(Instant::now()) };
    let mut config = VendorConfig::new(scenario, ApiKey::new(API_KEY).unwrap(), secret, clock);
    if let Some(address) = options.callbacks_to {
        config = config.callback_url(CallbackUrl::parse(&format!("http://{address}/callbacks")).unwrap());
    }
    if let Some(sink) = options.sink {
        config = config.ledger_sink(sink);
    }
    let mut limits = Limits::default();
    bounds(&mut limits);
    let config = config.limits(limits);
    Vendor::start(config, TcpListener::bind("127.0.0.1:0").await.unwrap(), &CancellationToken::new()).unwrap()
}

/// A client of one connection.
pub(crate) type Sender = SendRequest<Full<Bytes>>;

pub(crate) async fn connect(address: SocketAddr) -> Sender {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

pub(crate) async fn send(sender: &mut Sender, request: Request<Full<Bytes>>) -> Bytes {
    sender.ready().await.unwrap();
    let answer = sender.send_request(request).await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.status());
    answer.into_body().collect().await.unwrap().to_bytes()
}

pub(crate) fn create(reference: &str) -> Request<Full<Bytes>> {
    let body = format!(r#"{{"reference":"{reference}","country":"DE","document_type":"id_card"}}"#);
    request(Method::POST, "/v1/sessions", body.into(), "application/json")
}

pub(crate) fn get(id: &str) -> Request<Full<Bytes>> {
    request(Method::GET, &format!("/v1/sessions/{id}"), Bytes::new(), "application/json")
}

pub(crate) fn request(method: Method, path: &str, body: Bytes, content_type: &str) -> Request<Full<Bytes>> {
    Request::builder()
        .method(method)
        .uri(path)
        .header("host", "127.0.0.1")
        .header("authorization", format!("Bearer {API_KEY}"))
        .header("content-type", content_type)
        .body(Full::new(body))
        .unwrap()
}

/// Begins a session, and returns its id.
pub(crate) async fn begin(sender: &mut Sender, reference: &str) -> String {
    let session = send(sender, create(reference)).await;
    serde_json::from_slice::<serde_json::Value>(&session).unwrap()["id"].as_str().unwrap().to_owned()
}

/// Walks an applicant up to and with the submission.
pub(crate) async fn submit(sender: &mut Sender, reference: &str) {
    let id = begin(sender, reference).await;
    let picture = [&[0xFF, 0xD8, 0xFF, 0xE0][..], &[7; 64], &[0xFF, 0xD9]].concat();
    let form = [
        &b"--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.jpg\"\r\ncontent-type: image/jpeg\r\n\r\n"[..],
        &picture,
        b"\r\n--b--\r\n",
    ]
    .concat();
    for kind in ["documents", "selfies"] {
        let upload = request(Method::POST, &format!("/v1/sessions/{id}/{kind}"), form.clone().into(), "multipart/form-data; boundary=b");
        send(sender, upload).await;
    }
    send(sender, request(Method::POST, &format!("/v1/sessions/{id}/submit"), Bytes::new(), "application/json")).await;
}

/// Returns the figure below which the share `q` of the figures lies.
pub(crate) fn quantile(figures: &mut [f64], q: f64) -> f64 {
    figures.sort_by(f64::total_cmp);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index of the list")]
    let index = (q * figures.len() as f64) as usize;
    figures[index.min(figures.len() - 1)]
}

pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    quantile(&mut figures, 0.5)
}

pub(crate) fn millis(length: Duration) -> f64 {
    length.as_secs_f64() * 1000.0
}

/// Returns a figure of a process from `/proc`, in KiB: `VmRSS` or `VmHWM`. None where there is no `/proc`.
pub(crate) fn memory_kib(process: &str, figure: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix(figure)?.trim_start_matches(':').trim().strip_suffix(" kB")?.parse().ok())
}
