//! How much of hyper is left when there is a vendor behind it.
//!
//! `cargo bench -p kycsim-simulator`: creates and reads sessions at the vendor and at a bare hyper server that answers the same bytes, on the same machine,
//! in the same run, with the same client, in turns; prints the medians and their ratio. Then: how long from starting a vendor to its first answer.
//! Bounded in count, and so in time: about ten seconds on two cores. Without `--bench` (as `cargo test --benches` runs it) it only shows that it works.
#![expect(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods, reason = "a benchmark measures, prints, and may panic")]

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use kycsim_scenarios::language::Distribution;
use kycsim_simulator::{ApiKey, Clock, Vendor, VendorConfig, WebhookSecret};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

const API_KEY: &str = "key_bench";
const CONNECTIONS: usize = 16;

/// How much is done.
struct Size {
    rounds: usize,
    requests: usize,
    starts: usize,
}

#[derive(Clone, Copy)]
enum Work {
    Create,
    Get,
}

fn main() {
    let size = if std::env::args().any(|argument| argument == "--bench") {
        Size { rounds: 9, requests: 8000, starts: 25 }
    } else {
        Size { rounds: 1, requests: 64, starts: 1 }
    };
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(run(size));
}

async fn run(size: Size) {
    let vendor = start().await;
    let session = create_one(vendor.address()).await;
    let bare = start_bare(session.clone()).await;
    let id: Arc<str> = serde_json::from_slice::<serde_json::Value>(&session).unwrap()["id"].as_str().unwrap().into();

    for (work, name) in [(Work::Create, "create session"), (Work::Get, "get session")] {
        round(vendor.address(), work, &id, 0, size.requests / 4).await; // both warm
        round(bare, work, &id, 0, size.requests / 4).await;
        let mut rates = (Vec::new(), Vec::new());
        for number in 1..=size.rounds {
            rates.0.push(round(vendor.address(), work, &id, number, size.requests).await);
            rates.1.push(round(bare, work, &id, number, size.requests).await);
        }
        let ratios = rates.0.iter().zip(&rates.1).map(|(vendor, bare)| vendor / bare).collect();
        let (vendor, bare, ratio) = (median(rates.0), median(rates.1), median(ratios));
        println!(
            "{name:15} vendor {vendor:8.0}/s   bare hyper {bare:8.0}/s   ratio {ratio:.2} (median of {} rounds in turns)",
            size.rounds
        );
    }

    let mut starts = Vec::new();
    for _ in 0..size.starts {
        let begun = Instant::now();
        let vendor = start().await;
        create_one(vendor.address()).await;
        starts.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    println!("first answer    {:.2} ms after the start (median of {})", median(starts), size.starts);
}

/// Sends `requests` requests over 16 connections, and returns how many were answered a second.
async fn round(address: SocketAddr, work: Work, id: &Arc<str>, number: usize, requests: usize) -> f64 {
    let mut senders = Vec::new();
    for _ in 0..CONNECTIONS {
        senders.push(connect(address).await);
    }
    let begun = Instant::now();
    let tasks: Vec<_> = senders
        .into_iter()
        .enumerate()
        .map(|(connection, mut sender)| {
            let id = Arc::clone(id);
            tokio::spawn(async move {
                for request in 0..requests / CONNECTIONS {
                    let request = match work {
                        Work::Create => create(&format!("a-{number}-{connection}-{request}")),
                        Work::Get => get(&id),
                    };
                    send(&mut sender, request).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    (requests / CONNECTIONS * CONNECTIONS) as f64 / begun.elapsed().as_secs_f64()
}

async fn connect(address: SocketAddr) -> SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

async fn send(sender: &mut SendRequest<Full<Bytes>>, request: Request<Full<Bytes>>) -> Bytes {
    sender.ready().await.unwrap();
    let answer = sender.send_request(request).await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.status());
    answer.into_body().collect().await.unwrap().to_bytes()
}

fn create(reference: &str) -> Request<Full<Bytes>> {
    let body = format!(r#"{{"reference":"{reference}","country":"DE","document_type":"id_card"}}"#);
    request(Method::POST, "/v1/sessions", body)
}

fn get(id: &str) -> Request<Full<Bytes>> {
    request(Method::GET, &format!("/v1/sessions/{id}"), String::new())
}

fn request(method: Method, path: &str, body: String) -> Request<Full<Bytes>> {
    Request::builder()
        .method(method)
        .uri(path)
        .header("host", "127.0.0.1")
        .header("authorization", format!("Bearer {API_KEY}"))
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(body)))
        .unwrap()
}

async fn create_one(address: SocketAddr) -> Bytes {
    send(&mut connect(address).await, create("a-000042")).await
}

async fn start() -> Vendor {
    let mut scenario = kycsim_scenarios::catalogue::load("all-pass").unwrap().unwrap();
    scenario.vendor.latency = Distribution::constant(Duration::ZERO); // it is the vendor that is measured, not the scenario's patience
    let secret = WebhookSecret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let config = VendorConfig::new(Arc::new(scenario), ApiKey::new(API_KEY).unwrap(), secret, Clock::starting_at(Instant::now()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    Vendor::start(config, listener, &CancellationToken::new()).unwrap()
}

/// Starts a server that reads a request and answers `body`, as fast as hyper can.
async fn start_bare(body: Bytes) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let body = body.clone();
            let service = service_fn(move |request: Request<Incoming>| answer(request, body.clone()));
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    address
}

async fn answer(request: Request<Incoming>, body: Bytes) -> Result<Response<Full<Bytes>>, Infallible> {
    let status = if request.method() == Method::POST { StatusCode::CREATED } else { StatusCode::OK };
    request.into_body().collect().await.unwrap();
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", "application/json".parse().unwrap());
    response.headers_mut().insert("request-id", "req_00000000000000000000000001".parse().unwrap());
    Ok(response)
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
