//! What an operator watches. Counters live here; what the database knows better is read from it at the scrape.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use sqlx::{Row as _, SqliteConnection};

use crate::clock;
use crate::store::{Reading as _, StoreError};
use crate::verification::Status;
use crate::word::Word as _;
use jiff::Timestamp;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: String,
    status: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabel {
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabel {
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    call: &'static str,
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatusLabel {
    status: &'static str,
}

/// The backend's figures.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    request_seconds: Family<RouteLabel, Histogram>,
    callbacks: Family<ResultLabel, Counter>,
    vendor_calls: Family<CallLabels, Counter>,
    verifications: Family<StatusLabel, Gauge>,
    outbox_depth: Gauge,
    outbox_oldest_seconds: Gauge<f64, std::sync::atomic::AtomicU64>,
    review_queue_depth: Gauge,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let metrics = Self {
            registry: Registry::with_prefix("onboarding"),
            requests: Family::default(),
            // From 1 ms to 16 s.
            request_seconds: Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.001, 2.0, 15))),
            callbacks: Family::default(),
            vendor_calls: Family::default(),
            verifications: Family::default(),
            outbox_depth: Gauge::default(),
            outbox_oldest_seconds: Gauge::default(),
            review_queue_depth: Gauge::default(),
        };
        metrics.registered()
    }

    fn registered(mut self) -> Self {
        let registry = &mut self.registry;
        registry.register("http_requests", "Requests answered", self.requests.clone());
        registry.register("http_request_seconds", "From the request's head to the answer's", self.request_seconds.clone());
        registry.register("callbacks", "Callbacks from the vendor, by what came of them", self.callbacks.clone());
        registry.register("vendor_calls", "Calls to the vendor, by what came of them", self.vendor_calls.clone());
        registry.register("verifications", "Verifications in each status", self.verifications.clone());
        registry.register("outbox_depth", "Steps the vendor must still be told", self.outbox_depth.clone());
        registry.register("outbox_oldest_seconds", "Age of the oldest such step", self.outbox_oldest_seconds.clone());
        registry.register("review_queue_depth", "Cases that nobody has decided", self.review_queue_depth.clone());
        self
    }

    pub(crate) fn answered(&self, route: &str, status: u16, took: Duration) {
        let labels = RequestLabels { route: route.to_owned(), status: status.into() };
        self.requests.get_or_create(&labels).inc();
        self.request_seconds.get_or_create(&RouteLabel { route: route.to_owned() }).observe(took.as_secs_f64());
    }

    pub(crate) fn callback(&self, result: &'static str) {
        self.callbacks.get_or_create(&ResultLabel { result }).inc();
    }

    pub(crate) fn vendor_call(&self, call: &'static str, result: &'static str) {
        self.vendor_calls.get_or_create(&CallLabels { call, result }).inc();
    }

    /// Returns everything as Prometheus text, with the database's figures as of now.
    pub(crate) async fn scrape(&self, conn: &mut SqliteConnection, now: Timestamp) -> Result<String, StoreError> {
        for status in Status::ALL {
            self.verifications.get_or_create(&StatusLabel { status: status.as_str() }).set(0);
        }
        for row in sqlx::query("SELECT status, count(*) AS n FROM verifications GROUP BY status").fetch_all(&mut *conn).await? {
            let label = StatusLabel { status: row.word::<Status>("status")?.as_str() };
            self.verifications.get_or_create(&label).set(row.try_get("n")?);
        }
        let row = sqlx::query("SELECT count(*) AS n, min(created_at) AS oldest FROM outbox").fetch_one(&mut *conn).await?;
        self.outbox_depth.set(row.try_get("n")?);
        let age = match row.try_get::<Option<i64>, _>("oldest")? {
            Some(_) => clock::between(row.time("oldest")?, now),
            None => Duration::ZERO,
        };
        self.outbox_oldest_seconds.set(age.as_secs_f64());
        let row = sqlx::query("SELECT count(*) AS n FROM reviews WHERE status IN ('waiting', 'claimed')").fetch_one(&mut *conn).await?;
        self.review_queue_depth.set(row.try_get("n")?);

        let mut text = String::new();
        if prometheus_client::encoding::text::encode(&mut text, &self.registry).is_err() {
            tracing::error!("the metrics could not be written"); // a String takes everything, so this is for the type
        }
        Ok(text)
    }
}
