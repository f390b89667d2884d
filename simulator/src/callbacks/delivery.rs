//! One try to deliver one copy of one event.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{HeaderMap, Request};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use kycsim_scenarios::ledger::DeliveryResult;

use super::AllowedHosts;
use super::event::Event;
use super::resolver::Guard;
use crate::clock::Clock;

/// How long a receiver may take to let itself be connected to.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// How much of an answer is read, so that its connection can be used again. Nobody looks at it.
const ANSWER_READ_MAX: usize = 16 * 1024;
/// How long an unused connection is kept: less than servers commonly keep theirs, so that few are found closed.
const IDLE_MAX: Duration = Duration::from_secs(4);

/// Carries callbacks over pooled connections. It follows no redirect: a callback goes to the address that was given, or nowhere.
#[derive(Debug, Clone)]
pub(crate) struct Courier(Client<HttpConnector<Guard>, Full<Bytes>>);

impl Courier {
    /// Returns a courier that goes to this machine, and to `hosts`.
    pub(crate) fn new(hosts: AllowedHosts) -> Self {
        let mut connector = HttpConnector::new_with_resolver(Guard::new(hosts));
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(CONNECT_WITHIN));
        Self(Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE_MAX).build(connector))
    }
}

/// What one try sends.
#[derive(Debug, Clone)]
pub(crate) struct Sealed {
    /// Its signature among them.
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Sends `event` once, so sealed, and returns how that ended.
pub(crate) async fn deliver(courier: &Courier, clock: &Clock, event: &Event, sealed: &Sealed) -> DeliveryResult {
    let within = event.terms.within;
    let mut request = Request::new(Full::new(sealed.body.clone()));
    *request.method_mut() = hyper::Method::POST;
    *request.uri_mut() = event.to.as_uri().clone();
    *request.headers_mut() = sealed.headers.clone();

    let answered = async {
        let answer = courier.0.request(request).await?;
        let status = answer.status();
        // Read to its end, for the sake of the connection; a body that is cut off changes nothing about the status.
        let _ = Limited::new(answer.into_body(), ANSWER_READ_MAX).collect().await;
        Ok::<_, hyper_util::client::legacy::Error>(status)
    };
    let answered = tokio::select! {
        answered = answered => answered,
        () = clock.wait_real_for(within) => return DeliveryResult::Failed { reason: format!("no answer within {} s", within.as_secs_f64()) },
    };
    match answered {
        Ok(status) if event.terms.accept(status.as_u16()) => DeliveryResult::Accepted { status: status.as_u16() },
        Ok(status) => DeliveryResult::Refused { status: status.as_u16() },
        Err(error) => DeliveryResult::Failed { reason: in_words(&error) },
    }
}

/// Returns what went wrong, without the address.
fn in_words(error: &hyper_util::client::legacy::Error) -> String {
    let mut source: &dyn std::error::Error = error;
    while let Some(deeper) = source.source() {
        source = deeper;
    }
    let what = if error.is_connect() { "could not connect" } else { "the connection broke" };
    format!("{what}: {source}")
}
