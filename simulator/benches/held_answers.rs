//! Answers that are held back by ordered latency: does each come as late as it should, and no later?
//!
//! `cargo bench -p kycsim-simulator --bench held_answers`. First 500 requests a second for 8 s, each held for 1 s, on a fixed schedule whatever comes back: how
//! far is each answer from 1 s? Then 10,000 requests at once, all held for 3 s at the same time by a vendor in a process of its own: is each answered? Fewer,
//! where `ulimit -n` allows no more.

#![expect(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods, reason = "a benchmark measures, prints, and may panic")]

mod support;

use std::time::{Duration, Instant};

use support::{Options, Server, begin, connect, get, measuring, millis, quantile, role, scenario, send, start, start_with};

const DECISION: &str = "decision_delay = { distribution = \"constant\", value = \"1h\" }\n";

fn main() {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
        if role().is_some() {
            return serve_all_at_once().await;
        }
        let (per_second, seconds, at_once) = if measuring() { (500, 8, at_once()) } else { (50, 1, 100) };
        on_schedule(per_second, seconds).await;
        all_at_once(at_once).await;
    });
}

/// How many requests there can be at once: 10,000, or as many as there may be files open, but for a few.
fn at_once() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let handles = limits.lines().find_map(|line| line.strip_prefix("Max open files")?.split_whitespace().next()?.parse().ok());
    handles.map_or(10_000, |handles: usize| 10_000.min(handles.saturating_sub(100)))
}

fn held_for(length: Duration) -> String {
    format!("{DECISION}latency = {{ distribution = \"constant\", value = \"{}ms\" }}\n", length.as_millis())
}

async fn on_schedule(per_second: u32, seconds: u32) {
    let held = Duration::from_secs(1);
    let vendor = start(scenario(&held_for(held)), Options::default()).await;
    let address = vendor.address();
    let id = begin(&mut connect(address).await, "a-1").await;
    // As many connections as answers are held at a time, and a tenth more.
    let mut idle = Vec::new();
    for _ in 0..per_second + per_second / 10 {
        idle.push(connect(address).await);
    }
    let (back, mut returned) = tokio::sync::mpsc::unbounded_channel();
    let began = Instant::now();
    let mut errors = Vec::new();
    for number in 0..per_second * seconds {
        let due = began + Duration::from_secs(1) * number / per_second;
        tokio::time::sleep_until(due.into()).await;
        while let Ok((sender, error)) = returned.try_recv() {
            idle.push(sender);
            errors.push(error);
        }
        let mut sender = idle.pop().expect("an answer that is held too long keeps its connection");
        let (id, back) = (id.clone(), back.clone());
        tokio::spawn(async move {
            send(&mut sender, get(&id)).await;
            let error = (due.elapsed().as_secs_f64() - held.as_secs_f64()) * 1000.0;
            back.send((sender, error)).unwrap();
        });
    }
    drop(back);
    while let Some((_, error)) = returned.recv().await {
        errors.push(error);
    }
    let asked = per_second * seconds;
    println!(
        "held for 1 s, {per_second} a second: {} of {asked} answered, late by {:.1} ms (median), {:.1} ms (p99), {:.1} ms (worst)",
        errors.len(),
        quantile(&mut errors, 0.5),
        quantile(&mut errors, 0.99),
        quantile(&mut errors, 1.0)
    );
}

async fn serve_all_at_once() {
    let held = held_for(Duration::from_secs(3));
    let vendor = start_with(scenario(&held), Options::default(), |limits| limits.connections = 10_100).await;
    println!("{}", vendor.address());
    std::future::pending::<()>().await;
}

async fn all_at_once(requests: usize) {
    let server = Server::start("held");
    let address = server.address;
    let id = begin(&mut connect(address).await, "a-1").await;
    let mut senders = Vec::new();
    for _ in 0..requests {
        senders.push(connect(address).await);
    }
    let began = Instant::now();
    let tasks: Vec<_> = senders
        .into_iter()
        .map(|mut sender| {
            let id = id.clone();
            tokio::spawn(async move { send(&mut sender, get(&id)).await })
        })
        .collect();
    let mut answered = 0;
    for task in tasks {
        task.await.unwrap();
        answered += 1;
    }
    println!("{answered} of {requests} answers held at once for 3 s, the last after {:.0} ms", millis(began.elapsed()));
}
