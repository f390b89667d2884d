//! The body of an answer: at once, as nearly always, or in drips.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::unfold;
use http_body_util::Full;
use hyper::body::{Body, Frame, SizeHint};

use super::exchange::{Exchange, Unanswered};

/// The body of an answer.
pub(super) enum Answer {
    /// All of it at once.
    Whole(Full<Bytes>),
    /// Piece by piece, its length not announced. Boxed: it is rare.
    Pieces(Pin<Box<dyn Stream<Item = Result<Bytes, Unanswered>> + Send>>),
}

impl Answer {
    pub(super) fn whole(body: Bytes) -> Self {
        Self::Whole(Full::new(body))
    }

    /// The same bytes, but their length not announced.
    pub(super) fn of_unknown_length(body: Bytes) -> Self {
        Self::Pieces(Box::pin(futures_util::stream::iter([Ok(body)])))
    }

    /// Cuts `body` into `chunks` pieces, or as many as it has bytes, and spreads them evenly over a time (`chunked_dribble_delay`).
    ///
    /// It breaks off when the vendor stops. It keeps the body, and the exchange: a connection that drips is not idle.
    pub(super) fn drip(exchange: Arc<Exchange>, body: Bytes, chunks: u32, over: Duration) -> Self {
        let ticks = exchange.ticks(over / chunks.saturating_sub(1).max(1));
        Self::Pieces(Box::pin(unfold((exchange, ticks, body, chunks), |(exchange, mut ticks, mut body, chunks)| async move {
            if body.is_empty() {
                return None;
            }
            let length = body.len().div_ceil(usize::try_from(chunks).unwrap_or(usize::MAX).max(1));
            tokio::select! {
                biased;
                () = exchange.stopped() => {
                    body.clear();
                    Some((Err(Unanswered), (exchange, ticks, body, chunks)))
                }
                _ = ticks.tick() => {
                    let piece = body.split_to(length);
                    Some((Ok(piece), (exchange, ticks, body, chunks.saturating_sub(1))))
                }
            }
        })))
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Unanswered;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Unanswered>>> {
        match self.get_mut() {
            Self::Whole(body) => Pin::new(body).poll_frame(context).map_err(|never| match never {}),
            Self::Pieces(pieces) => pieces.as_mut().poll_next(context).map_ok(Frame::data),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => body.is_end_stream(),
            Self::Pieces(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => body.size_hint(),
            Self::Pieces(_) => SizeHint::default(),
        }
    }
}
