//! One request through Goose, answered or not, within a time limit and a size limit.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use goose::goose::{GooseMethod, GooseRequest, GooseUser};
use reqwest::StatusCode;
use serde::de::DeserializeOwned;

/// An answer longer than this is not read to its end: no step of a journey has that much to say.
const LONGEST_ANSWER: usize = 4 << 20;

/// A request of the target's API.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) method: GooseMethod,
    pub(super) path: String,
    pub(super) bearer: Option<String>,
    pub(super) idempotency_key: Option<String>,
    pub(super) body: Body,
}

/// What a request carries.
#[derive(Debug)]
pub(super) enum Body {
    Empty,
    Json(serde_json::Value),
    Picture(Bytes),
}

/// An answer, read to its end.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    body: Bytes,
}

impl Reply {
    /// The body as `T`; none when it is something else.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }
}

impl Call {
    pub(super) fn get(path: String) -> Self {
        Self { method: GooseMethod::Get, path, bearer: None, idempotency_key: None, body: Body::Empty }
    }

    pub(super) fn post(path: impl Into<String>, body: Body) -> Self {
        Self { method: GooseMethod::Post, path: path.into(), bearer: None, idempotency_key: None, body }
    }

    pub(super) fn put(path: String, body: Body) -> Self {
        Self { method: GooseMethod::Put, path, bearer: None, idempotency_key: None, body }
    }

    pub(super) fn bearer(self, token: &str) -> Self {
        Self { bearer: Some(token.to_owned()), ..self }
    }

    pub(super) fn idempotency_key(self, key: String) -> Self {
        Self { idempotency_key: Some(key), ..self }
    }

    /// Performs it under `name`, the row it is counted in. None: no answer within `limit`, or none that could be read.
    pub(super) async fn send(self, user: &mut GooseUser, name: &'static str, limit: Duration) -> Option<Reply> {
        let mut request = user.get_request_builder(&self.method, &self.path).ok()?.timeout(limit);
        if let Some(token) = &self.bearer {
            request = request.bearer_auth(token);
        }
        if let Some(key) = &self.idempotency_key {
            request = request.header("idempotency-key", key);
        }
        request = match self.body {
            Body::Empty => request,
            Body::Json(json) => request.json(&json),
            Body::Picture(bytes) => request.header("content-type", "image/jpeg").body(bytes),
        };
        // Always named: Goose would keep a row for each path it has ever seen.
        let request = GooseRequest::builder().method(self.method).path(self.path.as_str()).name(name).set_request_builder(request).build();
        // Goose stops its clock at the headers; the body belongs to the answer, so it is read here, and the time is taken by the caller.
        let mut response = user.request(request).await.ok()?.response.ok()?;
        let status = response.status();
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.ok()? {
            if body.len() + chunk.len() > LONGEST_ANSWER {
                return None;
            }
            body.extend_from_slice(&chunk);
        }
        Some(Reply { status, body: body.freeze() })
    }
}
