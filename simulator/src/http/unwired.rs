//! One request without a socket: for the fuzz targets, which make thousands of vendors a second.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Frame;
use hyper::{Request, Response};
use tokio_util::sync::CancellationToken;

use super::exchange::Exchange;
use super::line::Version;
use super::order::Order;
use crate::config::Limits;
use crate::tenants::Tenants;

/// Answers a request whose body comes in these pieces; none when its connection would have ended without an answer.
pub(crate) async fn ask(tenants: &Arc<Tenants>, request: Request<Vec<Bytes>>) -> Option<Response<Bytes>> {
    let exchange = Exchange::new(Arc::clone(tenants), Order::default(), CancellationToken::new(), Limits::default());
    let (head, pieces) = request.into_parts();
    let frames = pieces.into_iter().map(|piece| Ok::<_, Infallible>(Frame::data(piece)));
    let body = StreamBody::new(futures_util::stream::iter(frames));
    let (head, body) = Arc::new(exchange).answer(Request::from_parts(head, body), Version::Http1).await.ok()?.into_parts();
    Some(Response::from_parts(head, body.collect().await.ok()?.to_bytes()))
}
