//! Callbacks: how many a second, how punctual, what a slow receiver costs the others, and what a pending one weighs.
//!
//! `cargo bench -p kycsim-simulator --bench callbacks`. The receiver runs in this process, on the same cores. Memory is read from `/proc`, so that part runs on Linux.

#![expect(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods, reason = "a benchmark measures, prints, and may panic")]

mod support;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use kycsim_scenarios::ledger::{LedgerEntry, LedgerEvent};
use kycsim_simulator::Vendor;
use support::{Options, connect, measuring, memory_kib, quantile, scenario, start, submit};
use tokio::net::TcpListener;

fn main() {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
        let copies = if measuring() { 100 } else { 4 };
        flow(2000, copies, Neighbour::None).await;
        flow(5000, copies, Neighbour::None).await;
        flow(500, copies, Neighbour::Slow).await;
        flow(500, copies, Neighbour::Hangs).await;
        pending(if measuring() { 10_000 } else { 50 }).await;
    });
}

/// Who else is called back at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Neighbour {
    None,
    /// Takes 200 ms for each.
    Slow,
    /// Never answers.
    Hangs,
}

/// Each of 100 applicants is told `copies` times, so that `per_second` are due each second, evenly.
async fn flow(per_second: u64, copies: u32, neighbour: Neighbour) {
    const APPLICANTS: u64 = 100;
    let spacing = Duration::from_secs(1) * u32::try_from(APPLICANTS).unwrap() / u32::try_from(per_second).unwrap();
    let scenario = scenario(&format!(
        "decision_delay = {{ distribution = \"uniform\", min = \"1s\", max = \"{}us\" }}\n\
         callbacks = {{ duplicate = {{ probability = 1, copies = {copies}, spacing = \"{}us\" }} }}\n",
        1_000_000 + spacing.as_micros(),
        spacing.as_micros()
    ));
    let receiver = Receiver::start(Duration::ZERO).await;
    let late = Arc::new(Mutex::new(Vec::new()));
    let (noted, port) = (Arc::clone(&late), receiver.address);
    let neighbour_at = match neighbour {
        Neighbour::None => None,
        Neighbour::Slow => Some(Receiver::start(Duration::from_millis(200)).await.address),
        Neighbour::Hangs => Some(Receiver::start(Duration::from_secs(3600)).await.address),
    };
    let sink = move |entry: &LedgerEntry| {
        if let LedgerEvent::Delivered { due, began, .. } = entry.event
            && !entry.applicant.as_str().starts_with("slow")
        {
            noted.lock().unwrap().push((began - due).as_secs_f64() * 1000.0);
        }
    };
    let vendor = start(scenario.clone(), Options { callbacks_to: Some(port), sink: Some(Arc::new(sink)), ..Options::default() }).await;
    let other =
        neighbour_at.map(|address| async move { start(scenario, Options { callbacks_to: Some(address), ..Options::default() }).await });
    let other = match other {
        Some(other) => Some(other.await),
        None => None,
    };
    submit_all(&vendor, APPLICANTS).await;
    if let Some(other) = &other {
        submit_all(other, APPLICANTS).await;
    }
    let wanted = APPLICANTS * u64::from(copies);
    let began = receiver.reached(1).await;
    let ended = receiver.reached(wanted).await;
    let rate = (wanted - 1) as f64 / (ended - began).as_secs_f64();
    let mut late = late.lock().unwrap().clone();
    println!(
        "{per_second} callbacks a second due{}: {rate:.0} a second received, sent late by {:.1} ms (median), {:.1} ms (p99), {:.1} ms (worst)",
        match neighbour {
            Neighbour::None => "",
            Neighbour::Slow => ", as many to one who takes 200 ms",
            Neighbour::Hangs => ", as many to one who never answers",
        },
        quantile(&mut late, 0.5),
        quantile(&mut late, 0.99),
        quantile(&mut late, 1.0),
    );
}

async fn submit_all(vendor: &Vendor, applicants: u64) {
    let address = vendor.address();
    let tasks: Vec<_> = (0..8)
        .map(|lane| {
            tokio::spawn(async move {
                let mut sender = connect(address).await;
                for number in (lane..applicants).step_by(8) {
                    submit(&mut sender, &format!("a-{number:06}")).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

/// What callbacks weigh that are to be sent tomorrow: a hundred of each of so many applicants.
async fn pending(applicants: u64) {
    let before = memory_kib("self", "VmRSS");
    let scenario = scenario(
        "decision_delay = { distribution = \"constant\", value = \"0s\" }\n\
         callbacks = { delay = { distribution = \"constant\", value = \"24h\" }, duplicate = { probability = 1, copies = 100, spacing = \"1s\" } }\n",
    );
    let receiver = Receiver::start(Duration::ZERO).await;
    let vendor = start(scenario, Options { callbacks_to: Some(receiver.address), ..Options::default() }).await;
    submit_all(&vendor, applicants).await;
    let begun = Instant::now();
    while vendor.counts().callbacks_pending < applicants * 100 {
        assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", vendor.counts());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let pending = vendor.counts().callbacks_pending;
    match (before, memory_kib("self", "VmRSS")) {
        (Some(before), Some(after)) => println!(
            "{pending} callbacks pending: {} MiB in all, with the sessions, ledger and journal of {applicants} applicants ({} bytes a callback)",
            after / 1024,
            (after - before) * 1024 / pending
        ),
        _ => println!("{pending} callbacks pending: their memory is not known on this system"),
    }
}

/// A backend that takes every callback, and counts.
struct Receiver {
    address: SocketAddr,
    received: Arc<AtomicU64>,
    times: Arc<Mutex<Vec<Instant>>>,
}

impl Receiver {
    async fn start(takes: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (received, times) = (Arc::new(AtomicU64::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (counted, timed) = (Arc::clone(&received), Arc::clone(&times));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                let (counted, timed) = (Arc::clone(&counted), Arc::clone(&timed));
                let service = service_fn(move |request: Request<Incoming>| {
                    let (counted, timed) = (Arc::clone(&counted), Arc::clone(&timed));
                    async move {
                        let _ = request.into_body().collect().await;
                        if !takes.is_zero() {
                            tokio::time::sleep(takes).await;
                        }
                        timed.lock().unwrap().push(Instant::now());
                        counted.fetch_add(1, Ordering::Release);
                        Ok::<_, Infallible>(Response::new(Full::new(Bytes::new())))
                    }
                });
                tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { address, received, times }
    }

    /// Waits until so many were received, and returns when that was.
    async fn reached(&self, wanted: u64) -> Instant {
        let begun = Instant::now();
        while self.received.load(Ordering::Acquire) < wanted {
            assert!(begun.elapsed() < Duration::from_secs(60), "{} of {wanted} received", self.received.load(Ordering::Acquire));
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        self.times.lock().unwrap()[usize::try_from(wanted - 1).unwrap()]
    }
}
