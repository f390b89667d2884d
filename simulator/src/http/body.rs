//! Bodies: read within a bound of bytes; what is too long is read on and thrown away, so that the client gets to see why.

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _};
use http_body_util::BodyExt as _;
use hyper::body::Body;

use crate::refusal::Refusal;

/// The longest body that is a text: JSON, or a form.
pub(super) const TEXT_MAX: u64 = 64 * 1024;

/// How much of a body is read at all. A client that sends more finds its connection closed; up to here it gets an answer, because one that is still
/// sending when the connection closes would not read it.
pub(super) const READ_MAX: u64 = 32 * 1024 * 1024;

/// Why a body could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum ReadBodyError {
    /// The client left, or sent no end of it.
    #[error("the body broke off")]
    BrokenOff,
    /// It is beyond all measure.
    #[error("the body is far too long")]
    FarTooLong,
    /// It did not come in time.
    #[error("the body came too slowly")]
    TooSlow,
}

/// Reads a body that is a text.
pub(super) async fn read_text<B>(body: B) -> Result<Result<Bytes, Refusal>, ReadBodyError>
where
    B: Body<Data = Bytes> + Unpin,
{
    // Most bodies come in one piece, and are then not copied.
    let mut whole = Bytes::new();
    let mut rest = BytesMut::new();
    let mut length = 0;
    let mut pieces = pieces(body);
    while let Some(piece) = pieces.next().await {
        let piece = piece?;
        length += piece.len() as u64;
        if length > TEXT_MAX {
            continue;
        }
        if whole.is_empty() {
            whole = piece;
        } else {
            rest.extend_from_slice(&piece);
        }
    }
    if length > TEXT_MAX {
        return Ok(Err(Refusal::BodyTooLarge { limit: TEXT_MAX }));
    }
    if rest.is_empty() {
        return Ok(Ok(whole));
    }
    let mut joined = BytesMut::from(&*whole);
    joined.unsplit(rest);
    Ok(Ok(joined.freeze()))
}

/// Returns the pieces of a body, up to [`READ_MAX`].
pub(super) fn pieces<B>(body: B) -> impl Stream<Item = Result<Bytes, ReadBodyError>> + Unpin
where
    B: Body<Data = Bytes> + Unpin,
{
    let mut length = 0;
    body.into_data_stream().map(move |piece| {
        let piece = piece.map_err(|_| ReadBodyError::BrokenOff)?;
        length += piece.len() as u64;
        if length > READ_MAX { Err(ReadBodyError::FarTooLong) } else { Ok(piece) }
    })
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::stream;
    use http_body_util::StreamBody;
    use hyper::body::Frame;

    use super::*;

    async fn read(sizes: &[usize]) -> Result<Result<Bytes, Refusal>, ReadBodyError> {
        let frames: Vec<_> = sizes.iter().map(|size| Ok::<_, Infallible>(Frame::data(Bytes::from(vec![b'x'; *size])))).collect();
        read_text(StreamBody::new(stream::iter(frames))).await
    }

    #[tokio::test]
    async fn a_body_is_joined_from_its_pieces() {
        for sizes in [&[][..], &[5], &[5, 6], &[1, 2, 3]] {
            assert_eq!(read(sizes).await.unwrap().unwrap().len(), sizes.iter().sum::<usize>());
        }
    }

    #[tokio::test]
    async fn a_body_that_is_too_long_is_refused_and_one_far_too_long_is_cut() {
        assert!(read(&[64 * 1024]).await.unwrap().is_ok());
        assert_eq!(read(&[64 * 1024, 1]).await, Ok(Err(Refusal::BodyTooLarge { limit: TEXT_MAX })));
        assert_eq!(read(&[16 * 1024 * 1024; 3]).await, Err(ReadBodyError::FarTooLong));
    }
}
