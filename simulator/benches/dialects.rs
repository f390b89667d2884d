//! What a real vendor's dialect costs over the generic one.
//!
//! `cargo bench -p kycsim-simulator --bench dialects`: begins sessions and reads each, at a vendor of every dialect in turns, with the same client, in the same
//! run. Each vendor is a process of its own. Prints the medians of the ratios to the generic dialect. Bounded in count: about half a minute on two cores. Without
//! `--bench` (as `cargo test --benches` runs it) it only shows that it works.

#![expect(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods, reason = "a benchmark measures, prints, and may panic")]

mod support;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Method, Request};
use kycsim_simulator::testing::TestVendor;
use kycsim_simulator::{Dialect, Limits};
use support::{Server, connect, measuring, median, role, scenario, send};

const CONNECTIONS: usize = 16;

fn main() {
    let (rounds, sessions) = if measuring() { (9, 8_000) } else { (1, 32) };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    match role() {
        Some(word) => runtime.block_on(serve(Dialect::from_word(&word).unwrap())),
        None => runtime.block_on(compare(rounds, sessions)),
    }
}

async fn serve(dialect: Dialect) {
    let mut limits = Limits::default();
    limits.sessions = 2_000_000;
    let decided = scenario("decision_delay = { distribution = \"constant\", value = \"8s\" }\n");
    let vendor = TestVendor::builder().scenario(decided).dialect(dialect).limits(limits).start().await.unwrap();
    println!("{}", vendor.address());
    std::future::pending::<()>().await;
}

async fn compare(rounds: usize, sessions: usize) {
    let servers: Vec<Server> = Dialect::ALL.iter().map(|dialect| Server::start(dialect.as_str())).collect();
    let mut rates = vec![Vec::new(); servers.len()];
    let mut costs = vec![Vec::new(); servers.len()];
    for round in 0..=rounds {
        for (index, (dialect, server)) in Dialect::ALL.iter().zip(&servers).enumerate() {
            let before = server.processor_seconds();
            let took = load(*dialect, server.address, round, sessions).await;
            // The first round warms.
            if round > 0 {
                rates[index].push(sessions as f64 / took.as_secs_f64());
                costs[index].push((server.processor_seconds() - before) * 1e6 / sessions as f64);
            }
        }
    }
    for (index, dialect) in Dialect::ALL.iter().enumerate() {
        let over = |figures: &[Vec<f64>]| median(figures[index].iter().zip(&figures[0]).map(|(own, generic)| own / generic).collect());
        println!(
            "{:16} {:.2} of the generic dialect's rate ({:.0} sessions begun and read a second), {:.2} of its processor time ({:.1} us)",
            dialect.as_str(),
            over(&rates),
            median(rates[index].clone()),
            over(&costs),
            median(costs[index].clone())
        );
    }
}

/// Begins so many sessions and reads each, over 16 connections; returns how long that took.
async fn load(dialect: Dialect, address: SocketAddr, round: usize, sessions: usize) -> Duration {
    let mut senders = Vec::new();
    for _ in 0..CONNECTIONS {
        senders.push(connect(address).await);
    }
    let begun = Instant::now();
    let tasks: Vec<_> = senders
        .into_iter()
        .enumerate()
        .map(|(connection, mut sender)| {
            tokio::spawn(async move {
                for number in 0..sessions / CONNECTIONS {
                    let answer = send(&mut sender, create(dialect, &format!("a-{round}-{connection}-{number}"))).await;
                    send(&mut sender, get(dialect, id(&answer))).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    begun.elapsed()
}

/// The id that an answer begins with.
fn id(answer: &Bytes) -> &str {
    let text = str::from_utf8(answer).unwrap();
    text.strip_prefix("{\"id\":\"").and_then(|rest| rest.split('"').next()).unwrap_or_else(|| panic!("{text}"))
}

fn create(dialect: Dialect, reference: &str) -> Request<Full<Bytes>> {
    let (path, content_type, body) = match dialect {
        Dialect::StripeIdentity => (
            "/v1/identity/verification_sessions",
            "application/x-www-form-urlencoded",
            format!(
                "type=document&client_reference_id={reference}&options[document][require_matching_selfie]=true&options[document][allowed_types][0]=passport&metadata[country]=DE"
            ),
        ),
        Dialect::Onfido => (
            "/v3.6/applicants",
            "application/json",
            format!(
                r#"{{"first_name":"Mara","last_name":"Lindqvist","id_numbers":[{{"type":"other","value":"{reference}"}}],"location":{{"country_of_residence":"DEU"}}}}"#
            ),
        ),
        Dialect::Generic | _ => {
            ("/v1/sessions", "application/json", format!(r#"{{"reference":"{reference}","country":"DE","document_type":"id_card"}}"#))
        }
    };
    request(dialect, Method::POST, path, content_type, body.into())
}

fn get(dialect: Dialect, id: &str) -> Request<Full<Bytes>> {
    let collection = match dialect {
        Dialect::StripeIdentity => "/v1/identity/verification_sessions",
        Dialect::Onfido => "/v3.6/applicants",
        Dialect::Generic | _ => "/v1/sessions",
    };
    request(dialect, Method::GET, &format!("{collection}/{id}"), "application/json", Bytes::new())
}

fn request(dialect: Dialect, method: Method, path: &str, content_type: &str, body: Bytes) -> Request<Full<Bytes>> {
    let scheme = if dialect == Dialect::Onfido { "Token token=" } else { "Bearer " };
    Request::builder()
        .method(method)
        .uri(path)
        .header("host", "127.0.0.1")
        .header("authorization", format!("{scheme}{}", dialect.sample_api_key()))
        .header("content-type", content_type)
        .body(Full::new(body))
        .unwrap()
}
