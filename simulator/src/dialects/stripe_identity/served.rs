//! What the desk says, before it has its headers.

use std::sync::Arc;

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde::Serialize;

use crate::call::Answer;
use crate::dialects::Reply;
use crate::id::SessionId;

/// An answer, and the session that was begun, if one was.
pub(super) struct Served {
    pub(super) answer: Answer,
    pub(super) begun: Option<SessionId>,
}

/// Says something in JSON.
pub(super) fn json(wire: &impl Serialize) -> Served {
    whole(StatusCode::OK, "application/json", in_json(wire))
}

/// Says what `say` says, in JSON, when nobody waits for the desk any more.
pub(super) fn json_later(say: impl Fn() -> Vec<u8> + Send + Sync + 'static) -> Served {
    Served { answer: Answer::Later(Arc::new(move || reply(StatusCode::OK, "application/json", say()))), begun: None }
}

/// Says something of this type.
pub(super) fn whole(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Served {
    Served { answer: Answer::Whole(reply(status, content_type, body)), begun: None }
}

/// Puts something into JSON. Texts and numbers: this cannot fail.
pub(super) fn in_json(wire: &impl Serialize) -> Vec<u8> {
    let mut text = Vec::with_capacity(1024); // as long as most
    match serde_json::to_writer(&mut text, wire) {
        Ok(()) => text,
        Err(_) => Vec::new(),
    }
}

fn reply(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(body.into());
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply
}
