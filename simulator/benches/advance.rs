//! A frozen clock: how long it takes to perform what falls due on the way.
//!
//! `cargo bench -p kycsim-simulator --bench advance`: 10,000 callbacks due at 10,000 moments of one day, delivered one after another to a receiver in this process.

#![expect(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods, reason = "a benchmark measures, prints, and may panic")]

mod support;

use std::convert::Infallible;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use support::{Options, connect, measuring, scenario, start, submit};
use tokio::net::TcpListener;

const COPIES: u64 = 100;

fn main() {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
        let applicants = if measuring() { 100 } else { 2 };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = listener.local_addr().unwrap();
        tokio::spawn(receive(listener));
        let scenario = scenario(&format!(
            "decision_delay = {{ distribution = \"uniform\", min = \"1s\", max = \"500s\" }}\n\
             callbacks = {{ duplicate = {{ probability = 1, copies = {COPIES}, spacing = \"10m\" }} }}\n"
        ));
        let vendor = start(scenario, Options { callbacks_to: Some(receiver), frozen: true, ..Options::default() }).await;
        let mut sender = connect(vendor.address()).await;
        for number in 0..applicants {
            submit(&mut sender, &format!("a-{number:06}")).await;
        }
        let begun = Instant::now();
        vendor.default_tenant().advance(Duration::from_secs(24 * 3600), Duration::from_secs(120)).await.unwrap();
        let took = begun.elapsed();
        let delivered = vendor.counts().deliveries;
        assert_eq!(delivered, applicants * COPIES);
        println!("a day in one advance: {delivered} callbacks at as many moments, in {:.2} s", took.as_secs_f64());
    });
}

async fn receive(listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        stream.set_nodelay(true).unwrap();
        let service = service_fn(|request: Request<Incoming>| async move {
            let _ = request.into_body().collect().await;
            Ok::<_, Infallible>(Response::new(Full::new(Bytes::new())))
        });
        tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}
