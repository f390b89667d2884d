//! How much of hyper is left when there is a vendor behind it.
//!
//! `cargo bench -p kycsim-simulator --bench against_bare_hyper`: creates and reads sessions at three servers in turns, with the same client, in the same run: the
//! vendor; a bare hyper that answers the same bytes; an axum handler that parses the JSON and answers the same bytes. Each server is a process of its own, so
//! that its processor time can be told from the client's. Prints the medians and their ratios; then the punctuality at 1000 a second, what 100,000 stored
//! sessions cost, and how soon a vendor answers. Bounded in count: about a minute on two cores. With `--minutes 10` it ends with so long a load, and says
//! how the vendor's memory grew. Without `--bench` (as `cargo test --benches` runs it) it only shows that it works.

#![expect(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods, reason = "a benchmark measures, prints, and may panic")]

mod support;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get as reading, post};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use support::{
    Options, Server, begin, connect, create, get, measuring, median, memory_kib, millis, quantile, role, scenario, send, start, start_with,
};
use tokio::net::TcpListener;

const CONNECTIONS: usize = 16;
/// A session as the vendor answers it: what the others answer.
const SESSION: &str = r#"{"id":"ses_562rqrb7rk1d58d7y1s5zfwbtw","object":"session","reference":"a-000042","country":"DE","document_type":"id_card","status":"collecting","attempt":1,"version":1,"decision":null,"created_at":"2026-11-22T10:00:04.120Z","updated_at":"2026-11-22T10:00:04.120Z"}"#;

/// How much is done.
struct Size {
    rounds: usize,
    requests: usize,
    seconds: u64,
    stored: usize,
    starts: usize,
}

#[derive(Clone, Copy)]
enum Work {
    Create,
    Get,
}

fn main() {
    let size = if measuring() {
        Size { rounds: 9, requests: 16_000, seconds: 5, stored: 100_000, starts: 25 }
    } else {
        Size { rounds: 1, requests: 64, seconds: 1, stored: 100, starts: 1 }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    match role().as_deref() {
        Some("vendor") => runtime.block_on(serve_vendor()),
        Some("hyper") => runtime.block_on(serve_hyper()),
        Some("axum") => runtime.block_on(serve_axum()),
        Some(role) => panic!("no such server: {role}"),
        None => runtime.block_on(measure(&size)),
    }
}

async fn measure(size: &Size) {
    compare(size).await;
    punctuality(size.seconds).await;
    store(size).await;
    starts(size.starts).await;
    if let Some(minutes) = std::env::args().skip_while(|argument| argument != "--minutes").nth(1) {
        memory(minutes.parse().unwrap()).await;
    }
}

/// Rates and processor time, side by side.
async fn compare(size: &Size) {
    for (work, name) in [(Work::Create, "create session"), (Work::Get, "get session")] {
        let servers = ["vendor", "hyper", "axum"].map(Server::start);
        let mut sessions = Vec::new();
        for server in &servers {
            sessions.push(Arc::<str>::from(begin(&mut connect(server.address).await, "a-000042").await));
            load(server.address, work, &sessions[0], 0, size.requests / 4).await; // warm
        }
        let mut rates: [Vec<f64>; 3] = Default::default();
        let mut costs: [Vec<f64>; 3] = Default::default();
        for number in 1..=size.rounds {
            for (index, server) in servers.iter().enumerate() {
                let before = server.processor_seconds();
                rates[index].push(load(server.address, work, &sessions[index], number, size.requests).await);
                costs[index].push((server.processor_seconds() - before) * 1e6 / size.requests as f64);
            }
        }
        let over = |figures: &[Vec<f64>; 3], other: usize| {
            median(figures[0].iter().zip(&figures[other]).map(|(vendor, other)| vendor / other).collect())
        };
        println!(
            "{name:15} rate: {:.2} of bare hyper's ({:.0}/s against {:.0}/s), {:.2} of axum's; processor time: {:.2} of axum's ({:.1} us a request against {:.1}; bare hyper {:.1})",
            over(&rates, 1),
            median(rates[0].clone()),
            median(rates[1].clone()),
            over(&rates, 2),
            over(&costs, 2),
            median(costs[0].clone()),
            median(costs[2].clone()),
            median(costs[1].clone()),
        );
    }
}

/// Creates 1000 sessions a second on a fixed schedule, whatever comes back.
async fn punctuality(seconds: u64) {
    let server = Server::start("vendor");
    let mut idle = Vec::new();
    for _ in 0..64 {
        idle.push(connect(server.address).await);
    }
    let (back, mut returned) = tokio::sync::mpsc::unbounded_channel();
    let began = Instant::now();
    let mut took = Vec::new();
    for number in 0..1000 * seconds {
        let due = began + Duration::from_millis(number);
        tokio::time::sleep_until(due.into()).await;
        while let Ok((sender, length)) = returned.try_recv() {
            idle.push(sender);
            took.push(length);
        }
        let mut sender = match idle.pop() {
            Some(sender) => sender,
            None => connect(server.address).await,
        };
        let back = back.clone();
        tokio::spawn(async move {
            let asked = Instant::now();
            send(&mut sender, create(&format!("a-{number}"))).await;
            let _ = back.send((sender, millis(asked.elapsed())));
        });
    }
    drop(back);
    while let Some((_, length)) = returned.recv().await {
        took.push(length);
    }
    println!("create session  at 1000 a second: {:.2} ms (median), {:.2} ms (p99)", quantile(&mut took, 0.5), quantile(&mut took, 0.99));
}

/// Whether a full store is slower than an empty one.
async fn store(size: &Size) {
    let (empty, full) = (Server::start("vendor"), Server::start("vendor"));
    let id: Arc<str> = begin(&mut connect(empty.address).await, "a-000042").await.into();
    begin(&mut connect(full.address).await, "a-000042").await;
    load(empty.address, Work::Create, &id, 0, 100).await;
    load(full.address, Work::Create, &id, 0, size.stored).await;
    let mut ratios: [Vec<f64>; 2] = Default::default();
    for number in 1..=size.rounds {
        for (index, work) in [Work::Create, Work::Get].into_iter().enumerate() {
            // Few, so that the empty one stays nearly so.
            let rate = load(full.address, work, &id, number, size.requests / 8).await
                / load(empty.address, work, &id, number, size.requests / 8).await;
            ratios[index].push(rate);
        }
    }
    let [create, get] = ratios.map(median);
    println!("with {} sessions stored: create {create:.2} and get {get:.2} of the rate with few", size.stored);
}

async fn starts(number: usize) {
    let mut starts = Vec::new();
    for _ in 0..number {
        let begun = Instant::now();
        let vendor = start(vendor_scenario(), Options::default()).await;
        begin(&mut connect(vendor.address()).await, "a-000042").await;
        starts.push(millis(begun.elapsed()));
    }
    println!("first answer    {:.2} ms after the start (median of {number})", median(starts));
}

/// Reads sessions for so long, as fast as it goes.
async fn memory(minutes: u64) {
    let server = Server::start("vendor");
    let id: Arc<str> = begin(&mut connect(server.address).await, "a-000042").await.into();
    load(server.address, Work::Create, &id, 0, 10_000).await;
    let process = server.process();
    let began = Instant::now();
    let mut after_a_tenth = None;
    let (mut number, mut requests) = (0, 0);
    while began.elapsed() < Duration::from_secs(60 * minutes) {
        number += 1;
        load(server.address, Work::Get, &id, number, 32_000).await;
        requests += 32_000;
        if began.elapsed() > Duration::from_secs(6 * minutes) {
            after_a_tenth = after_a_tenth.or(memory_kib(&process, "VmRSS"));
        }
    }
    println!(
        "{minutes} minutes, {requests} reads: {after_a_tenth:?} KiB after a tenth of the time, {:?} KiB at the end",
        memory_kib(&process, "VmRSS")
    );
}

/// Sends `requests` requests over 16 connections, and returns how many were answered a second.
async fn load(address: SocketAddr, work: Work, id: &Arc<str>, number: usize, requests: usize) -> f64 {
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

fn vendor_scenario() -> Arc<kycsim_scenarios::Scenario> {
    scenario("decision_delay = { distribution = \"constant\", value = \"8s\" }\n")
}

async fn serve_vendor() {
    let vendor = start_with(vendor_scenario(), Options::default(), |limits| limits.sessions = 2_000_000).await;
    println!("{}", vendor.address());
    std::future::pending::<()>().await;
}

/// Reads requests and answers the same bytes, as fast as hyper can.
async fn serve_hyper() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)));
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let status = if request.method() == Method::POST { StatusCode::CREATED } else { StatusCode::OK };
    request.into_body().collect().await?;
    let mut response = Response::new(Full::new(Bytes::from_static(SESSION.as_bytes())));
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", "application/json".parse().unwrap());
    response.headers_mut().insert("request-id", "req_00000000000000000000000001".parse().unwrap());
    Ok(response)
}

/// What a session begins with, parsed and thrown away.
#[derive(Deserialize)]
#[expect(dead_code, reason = "parsing is what is measured")]
struct NewSession {
    reference: String,
    country: String,
    document_type: String,
}

/// The least that a handler of the same API does: parses the JSON, answers the same bytes.
async fn serve_axum() {
    const HEADERS: [(&str, &str); 2] = [("content-type", "application/json"), ("request-id", "req_00000000000000000000000001")];
    let app = Router::new()
        .route("/v1/sessions", post(|_: axum::Json<NewSession>| async { (StatusCode::CREATED, HEADERS, SESSION) }))
        .route("/v1/sessions/{id}", reading(|_: axum::extract::Path<String>| async { (HEADERS, SESSION) }));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    axum::serve(axum::serve::ListenerExt::tap_io(listener, |stream| stream.set_nodelay(true).unwrap()), app).await.unwrap();
}
