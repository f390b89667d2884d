//! From `TestVendor::start()` to its first answer: what a test pays for a vendor of its own.
//!
//! `cargo bench -p kycsim-simulator --bench test_vendor`. 200 vendors one after another, each asked for one session over a connection of its own, then dropped.

#![expect(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods, reason = "a benchmark measures, prints, and may panic")]

mod support;

use std::time::Instant;

use kycsim_simulator::testing::TestVendor;
use support::{API_KEY, begin, connect, measuring, millis, quantile};

fn main() {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
        let mut figures = Vec::new();
        for _ in 0..if measuring() { 200 } else { 5 } {
            let began = Instant::now();
            let vendor = TestVendor::builder().api_key(API_KEY).start().await.unwrap();
            let started = began.elapsed();
            begin(&mut connect(vendor.address()).await, "a-1").await;
            figures.push((millis(started), millis(began.elapsed())));
        }
        let (mut started, mut answered): (Vec<_>, Vec<_>) = figures.into_iter().unzip();
        println!("started:      {:.2} ms median, {:.2} ms worst", quantile(&mut started, 0.5), quantile(&mut started, 1.0));
        println!("first answer: {:.2} ms median, {:.2} ms worst", quantile(&mut answered, 0.5), quantile(&mut answered, 1.0));
    });
}
