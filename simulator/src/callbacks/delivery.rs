//! One try to deliver one copy of one event.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::Request;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use kycsim_scenarios::ledger::DeliveryResult;

use super::event::Event;
use crate::clock::Clock;
use crate::dialects::Translator;

/// How long a receiver may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// How much of an answer is read, so that its connection can be used again. Nobody looks at it.
const ANSWER_READ_MAX: usize = 16 * 1024;
/// How long an unused connection is kept: less than servers commonly keep theirs, so that few are found closed.
const IDLE_MAX: Duration = Duration::from_secs(4);

/// Carries callbacks over pooled connections. It follows no redirect: a callback goes to the address that was given, or nowhere.
#[derive(Debug, Clone)]
pub(crate) struct Courier(Client<HttpConnector, Full<Bytes>>);

impl Courier {
    pub(crate) fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(ANSWER_WITHIN));
        Self(Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE_MAX).build(connector))
    }
}

/// Sends `event` once, signed as of now, and returns how that ended.
pub(crate) async fn deliver(courier: &Courier, dialect: &dyn Translator, clock: &Clock, event: &Event) -> DeliveryResult {
    let mut request = Request::new(Full::new(event.body.clone()));
    *request.method_mut() = hyper::Method::POST;
    *request.uri_mut() = event.to.as_uri().clone();
    *request.headers_mut() = dialect.sign(&event.id, clock.unix_seconds(), &event.body);

    let answered = async {
        let answer = courier.0.request(request).await?;
        let status = answer.status();
        // Read to its end, for the sake of the connection; a body that is cut off changes nothing about the status.
        let _ = Limited::new(answer.into_body(), ANSWER_READ_MAX).collect().await;
        Ok::<_, hyper_util::client::legacy::Error>(status)
    };
    let answered = tokio::select! {
        answered = answered => answered,
        () = clock.wait_real_for(ANSWER_WITHIN) => return DeliveryResult::Failed { reason: "no answer within 10 s".to_owned() },
    };
    match answered {
        Ok(status) if status.is_success() => DeliveryResult::Accepted { status: status.as_u16() },
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
