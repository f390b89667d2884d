//! A loopback proxy that hands everything on, bent or as it came.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::net::TcpListener;

/// Longer than backend and load test wait themselves: who gives up is theirs to say.
const LIMIT: Duration = Duration::from_secs(60);

/// A request as it came.
#[derive(Debug, Clone)]
pub(super) struct Arrived {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// An answer as it goes back.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Arrived {
    pub(super) fn is(&self, method: Method, path: impl Fn(&str) -> bool) -> bool {
        self.method == method && path(&self.path)
    }

    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Whether the vendor calls.
    pub(super) fn is_callback(&self) -> bool {
        self.is(Method::POST, |path| path == CALLBACKS)
    }

    /// The session that a callback names, if it can be read.
    pub(super) fn session(&self) -> Option<String> {
        Some(self.json()?["data"]["id"].as_str()?.to_owned())
    }
}

/// Where the backend is called.
pub(super) const CALLBACKS: &str = "/callbacks/kyc";

impl Answer {
    pub(super) fn bare(status: StatusCode) -> Self {
        Self { status, headers: HeaderMap::new(), body: Bytes::new() }
    }

    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        (self.status, self.headers, self.body).into_response()
    }
}

/// Whatever stands behind the proxy.
#[derive(Debug, Clone)]
pub(super) struct Beyond {
    base: String,
    client: reqwest::Client,
}

impl Beyond {
    pub(super) fn new(base: &str) -> Self {
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).timeout(LIMIT).build().unwrap();
        Self { base: base.to_owned(), client }
    }

    /// Hands a request on, and brings the answer back. A connection that breaks is told as a gateway tells it.
    pub(super) async fn pass(&self, arrived: Arrived) -> Answer {
        let Arrived { method, path, mut headers, body } = arrived;
        for of_this_connection in ["host", "connection", "content-length", "transfer-encoding"] {
            headers.remove(of_this_connection);
        }
        let sent = self.client.request(method, format!("{}{path}", self.base)).headers(headers).body(body).send().await;
        let Ok(answer) = sent else { return Answer::bare(StatusCode::BAD_GATEWAY) };
        let (status, mut headers) = (answer.status(), answer.headers().clone());
        for of_this_connection in ["connection", "content-length", "transfer-encoding"] {
            headers.remove(of_this_connection);
        }
        match answer.bytes().await {
            Ok(body) => Answer { status, headers, body },
            Err(_) => Answer::bare(StatusCode::BAD_GATEWAY),
        }
    }
}

/// How a proxy bends what goes through it.
pub(super) trait Bend: Send + Sync + 'static {
    fn bend<'a>(&'a self, arrived: Arrived, beyond: &'a Beyond) -> BoxFuture<'a, Answer>;
}

/// Hands everything on as it came.
pub(super) struct Straight;

impl Bend for Straight {
    fn bend<'a>(&'a self, arrived: Arrived, beyond: &'a Beyond) -> BoxFuture<'a, Answer> {
        Box::pin(beyond.pass(arrived))
    }
}

/// Serves a proxy before `base`, for as long as the test lives.
pub(super) fn serve(listener: TcpListener, base: &str, bend: Arc<dyn Bend>) {
    let state = (bend, Beyond::new(base));
    let router = Router::new().fallback(handle).layer(DefaultBodyLimit::max(16 << 20)).with_state(state);
    tokio::spawn(async move { axum::serve(listener, router).await });
}

async fn handle(
    State((bend, beyond)): State<(Arc<dyn Bend>, Beyond)>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let path = uri.path_and_query().map_or_else(|| uri.path().to_owned(), ToString::to_string);
    bend.bend(Arrived { method, path, headers, body }, &beyond).await
}
