//! The admin API under `/__admin`, on the vendor's own port, and the control room at its root.
//!
//! The first part of a path decides: what is asked here never reaches a dialect, meets no fault, and stands in no journal. `guard` says who may ask;
//! everything else is a thin shell over [`crate::TenantHandle`]. `routes` has the map. The routes and their description are made at the first request: a
//! vendor that nobody steers neither starts later nor takes more memory for it.

mod answers;
mod clock;
mod deliveries;
mod events;
mod extract;
mod guard;
mod incidents;
mod metrics;
mod ndjson;
mod orders;
mod problem;
mod receivers;
mod requests;
mod room;
mod routes;
mod secrets;
mod sessions;
mod span;
mod tenant;
mod tenants;
mod verify;

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Body;
use axum::response::IntoResponse as _;
use bytes::Bytes;
use hyper::header::{CACHE_CONTROL, HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use hyper::http::request::Parts;
use hyper::{Request, Response};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower_service::Service as _;

use crate::config::Access;
use crate::tenants::Tenants;
use problem::Problem;

/// Where all of it is.
const PREFIX: &str = "/__admin";
/// How many requests are worked on at once, streams left out: a further one is answered 503. Most of them wait for something, as tests do.
const AT_ONCE_MAX: usize = 512;
/// How many streams of events are open at once: a further one is answered 503.
const STREAMS_MAX: usize = 64;

/// What every answer says: nobody keeps it, and nobody guesses what it is. No other origin is let in anywhere.
const HEADERS: [(HeaderName, HeaderValue); 4] = [
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

/// The admin API of one vendor.
pub(crate) struct Admin {
    access: Access,
    office: Office,
    routes: OnceLock<Router>,
    at_once: Semaphore,
}

/// What all handlers share.
#[derive(Clone)]
struct Office(Arc<Shared>);

struct Shared {
    tenants: Arc<Tenants>,
    /// The description of the API, once it was made.
    openapi: OnceLock<Bytes>,
    streams: Arc<Semaphore>,
    stop: CancellationToken,
}

impl Admin {
    /// Returns the admin API over `tenants`, until `stop` is cancelled; none when nobody may use it.
    pub(crate) fn new(access: Access, tenants: Arc<Tenants>, stop: CancellationToken) -> Option<Self> {
        if matches!(access, Access::None) {
            return None;
        }
        let streams = Arc::new(Semaphore::new(STREAMS_MAX));
        let office = Office(Arc::new(Shared { tenants, openapi: OnceLock::new(), streams, stop }));
        Some(Self { access, office, routes: OnceLock::new(), at_once: Semaphore::new(AT_ONCE_MAX) })
    }

    /// Whether a request for this path is its business.
    pub(crate) fn is_asked(path: &str) -> bool {
        path.strip_prefix(PREFIX).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Whether somebody at `peer` may steer at all: what else they must show comes with each request.
    pub(crate) fn may_come_from(&self, peer: IpAddr) -> bool {
        match self.access {
            Access::None => false,
            Access::Loopback => peer.to_canonical().is_loopback(),
            Access::Token(_) => true,
        }
    }

    /// Answers a request from the machine at `peer`. It ends when the vendor stops.
    pub(crate) async fn answer<B>(&self, request: Request<B>, peer: IpAddr) -> Response<Body>
    where
        B: hyper::body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let (head, body) = request.into_parts();
        let answered = tokio::select! {
            biased;
            answered = self.work(head, Body::new(body), peer) => answered,
            () = self.office.0.stop.cancelled() => Err(Problem::stopping()),
        };
        let mut response = answered.unwrap_or_else(Problem::into_response);
        for (name, value) in HEADERS {
            response.headers_mut().entry(name).or_insert(value);
        }
        response
    }

    async fn work(&self, head: Parts, body: Body, peer: IpAddr) -> Result<Response<Body>, Problem> {
        guard::admit(&self.access, &head, peer)?;
        let Ok(_place) = self.at_once.try_acquire() else { return Err(Problem::busy("requests")) };
        let mut routes = self.routes.get_or_init(|| routes::routes(&self.office)).clone();
        routes.call(Request::from_parts(head, body)).await.map_err(|never| match never {})
    }
}

impl Office {
    fn tenants(&self) -> &Tenants {
        &self.0.tenants
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_part_of_the_path_decides() {
        for path in ["/__admin", "/__admin/", "/__admin/health"] {
            assert!(Admin::is_asked(path), "{path}");
        }
        for path in ["/", "/v1/__admin", "/__administer", "/_admin/health", "//__admin"] {
            assert!(!Admin::is_asked(path), "{path}");
        }
    }
}
