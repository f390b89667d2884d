//! What the desk says, before it has its headers.

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde::Serialize;

use crate::dialects::Reply;
use crate::id::SessionId;

/// An answer, and the session that was begun, if one was.
pub(super) struct Served {
    pub(super) reply: Reply,
    pub(super) begun: Option<SessionId>,
}

/// Says something in JSON.
pub(super) fn json(wire: &impl Serialize) -> Served {
    // Texts and numbers: this cannot fail.
    whole(StatusCode::OK, "application/json", serde_json::to_vec(wire).unwrap_or_default())
}

/// Says something of this type.
pub(super) fn whole(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Served {
    let mut reply = Response::new(body.into());
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    Served { reply, begun: None }
}
