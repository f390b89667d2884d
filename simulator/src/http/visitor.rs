//! Requests for the admin API: they leave the vendor's way here, before anything can befall them.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use hyper::body::Body;
use hyper::{Request, Response};
use tokio::net::TcpStream;

use super::answer::Answer;
use super::exchange::{Exchange, Unanswered};
use crate::admin::Admin;
use crate::clock::Clock;

/// While connections are refused, how long one from whom may steer is given to say what it is for. Only what it sends at once counts.
const SAYS_WITHIN: Duration = Duration::from_millis(100);
/// As much of a first line as tells whom it is for: the longest method of the API, a space, and the path.
const FIRST_BYTES: usize = "OPTIONS /__admin/".len();

/// Who is at the other end of a connection, where there is an admin API.
pub(super) struct Visitor {
    admin: Arc<Admin>,
    peer: IpAddr,
    /// Whether the latest request was for the admin API: the connection is then not cut by an incident.
    steers: AtomicBool,
}

impl Visitor {
    pub(super) fn of(stream: &TcpStream, admin: &Arc<Admin>) -> Self {
        // Whoever is gone already is nobody of this machine.
        let peer = stream.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
        Self { admin: Arc::clone(admin), peer, steers: AtomicBool::new(false) }
    }

    /// Whether they may steer at all, as far as one can tell before they have said anything.
    pub(super) fn may_steer(&self) -> bool {
        self.admin.may_come_from(self.peer)
    }
}

/// Whether what a client has sent at once is for the admin API. Nothing is taken from the stream.
pub(super) async fn asks_for_admin(stream: &TcpStream, clock: &Clock) -> bool {
    let mut first = [0; FIRST_BYTES];
    let seen = tokio::select! {
        seen = stream.peek(&mut first) => seen.unwrap_or(0),
        () = clock.wait_real_for(SAYS_WITHIN) => 0,
    };
    let path = first[..seen].split(|byte| *byte == b' ').nth(1).unwrap_or_default();
    std::str::from_utf8(path).is_ok_and(Admin::is_asked)
}

impl Exchange {
    /// Whether a request for this path is the admin API's.
    pub(super) fn is_steered_by(&self, path: &str) -> bool {
        let Some(visitor) = &self.visitor else { return false };
        let steers = Admin::is_asked(path);
        visitor.steers.store(steers, Ordering::Relaxed);
        steers
    }

    /// Whether the connection steers the vendor: incidents leave it alone then.
    pub(super) fn is_steering(&self) -> bool {
        self.visitor.as_ref().is_some_and(|visitor| visitor.steers.load(Ordering::Relaxed))
    }

    /// Lets the admin API answer.
    pub(super) async fn steer<B>(self: Arc<Self>, request: Request<B>) -> Response<Answer>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let Some(visitor) = &self.visitor else { return Response::new(Answer::whole(Bytes::new())) };
        let answered = visitor.admin.answer(request, visitor.peer).await;
        // It keeps the exchange: a connection with a stream of events is not idle.
        answered.map(|body| {
            Answer::Pieces(Box::pin(body.into_data_stream().map(move |piece| {
                let _under_way = &self;
                piece.map_err(|_| Unanswered)
            })))
        })
    }
}
