//! `health` and `metrics`: whether it lives, and what all tenants have done, as Prometheus reads it.

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use axum::Json as Answer;
use axum::body::Body;
use axum::extract::State;
use hyper::StatusCode;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, LabelSetEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use schemars::JsonSchema;
use serde::Serialize;

use super::Office;
use super::answers::Metrics;
use super::problem::Problem;
use super::routes::about;
use crate::tenants::TenantHandle;

/// That it lives.
#[derive(Serialize, JsonSchema)]
struct Health {
    /// `healthy`: otherwise there would be no answer.
    status: &'static str,
    /// The version of kycsim.
    version: &'static str,
    /// How many tenants there are.
    tenants: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Labels {
    tenant: String,
}

impl EncodeLabelSet for Labels {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> Result<(), std::fmt::Error> {
        [("tenant", self.tenant.as_str())].encode(encoder)
    }
}

pub(super) fn routes() -> ApiRouter<Office> {
    ApiRouter::new().api_route("/health", get_with(health, about("health", "vendor", "Whether it lives"))).api_route(
        "/metrics",
        get_with(metrics, about("metrics", "vendor", "What all tenants have done, as OpenMetrics text for Prometheus")),
    )
}

async fn health(State(office): State<Office>) -> Answer<Health> {
    Answer(Health { status: "healthy", version: env!("CARGO_PKG_VERSION"), tenants: office.tenants().all().len() })
}

async fn metrics(State(office): State<Office>) -> Result<Metrics, Problem> {
    let text = written(&office.tenants().all());
    text.map(|text| Metrics(Body::from(text))).map_err(|_| {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "not_written", "the metrics could not be written") // a string takes all
    })
}

/// Writes all counts. They are kept elsewhere, for as long as their tenants live, so the registry is made for each answer.
fn written(tenants: &[TenantHandle]) -> Result<String, std::fmt::Error> {
    let mut registry = Registry::with_prefix("kycsim_vendor");
    let counts: Vec<_> = tenants.iter().map(|tenant| (tenant.name(), tenant.counts())).collect();
    let Some((_, first)) = counts.first() else { return Ok(String::new()) };
    for (place, count) in first.each().enumerate() {
        let of_each = counts.iter().filter_map(|(name, counts)| {
            let labels = Labels { tenant: (*name).to_owned() };
            counts.each().nth(place).map(|count| (labels, count.value))
        });
        let help = count.is.trim().trim_end_matches('.');
        if count.is_level() {
            let family = Family::<Labels, Gauge>::default();
            for (labels, value) in of_each {
                family.get_or_create(&labels).set(i64::try_from(value).unwrap_or(i64::MAX));
            }
            registry.register(count.name, help, family);
        } else {
            let family = Family::<Labels, Counter>::default();
            for (labels, value) in of_each {
                family.get_or_create(&labels).inc_by(value);
            }
            registry.register(count.name, help, family);
        }
    }
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}
