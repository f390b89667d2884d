//! What HTTP is spoken over: a transport that knows which version is spoken, and can spoil an answer that passes through it.
//!
//! hyper writes every answer as it should be. An [`Order`] makes the line keep the next answer back until it is whole, send what [`Spoil`] makes of it, and
//! end the connection. Whether the transport is TCP or TLS makes no difference to it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};

use super::order::Order;
use super::socket::Reset;
use super::spoil::{Ending, Spoil};

/// What a client of HTTP/2 sends first.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A transport whose answers can be spoiled.
#[derive(Debug)]
pub(super) struct Line<T> {
    transport: T,
    reset: Reset,
    order: Order,
    spoiling: Option<Spoiling>,
    /// What was read to learn the version, and not yet passed on.
    ahead: Bytes,
}

/// Which version of HTTP a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    Http1,
    Http2,
}

/// An order that is being carried out.
#[derive(Debug)]
struct Spoiling {
    spoil: Spoil,
    /// The true answer. Never more than one, and those that are ordered to be spoiled have a few kilobytes at most.
    answer: Vec<u8>,
    /// What is still to be sent, once that is known.
    out: Option<Bytes>,
}

impl Spoiling {
    const fn of(spoil: Spoil) -> Self {
        Self { spoil, answer: Vec::new(), out: None }
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> Line<T> {
    /// Returns a line over `transport`, at whose bottom there is the socket that `reset` belongs to.
    pub(super) fn new(transport: T, reset: Reset, order: Order) -> Self {
        Self { transport, reset, order, spoiling: None, ahead: Bytes::new() }
    }

    /// Waits for the first bytes, and returns the version they belong to.
    pub(super) async fn version(&mut self) -> io::Result<Version> {
        let (mut first, mut length) = ([0; PREFACE.len()], 0);
        let version = loop {
            let read = self.transport.read(&mut first[length..]).await?;
            length += read;
            if read == 0 || first[..length] != PREFACE[..length] {
                break Version::Http1;
            }
            if length == PREFACE.len() {
                break Version::Http2;
            }
        };
        self.ahead = Bytes::copy_from_slice(&first[..length]);
        Ok(version)
    }

    /// Takes what is written away from an answer that is spoiled; none when nothing is.
    fn divert(&mut self, context: &mut Context<'_>, slices: &[io::IoSlice<'_>]) -> Option<Poll<io::Result<usize>>> {
        if let Some(spoil) = self.order.take_now() {
            self.spoiling = Some(Spoiling { out: Some(Bytes::from_static(spoil.then)), ..Spoiling::of(spoil) });
        }
        let spoiling = self.spoiling.as_mut()?;
        if spoiling.out.is_some() {
            return Some(self.end(context).map(Err));
        }
        for slice in slices {
            spoiling.answer.extend_from_slice(slice);
        }
        Some(Poll::Ready(Ok(slices.iter().map(|slice| slice.len()).sum())))
    }

    /// Sends what becomes of the answer, ends the connection, and returns the error that lets hyper know.
    fn end(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        let ended = self.poll_end(context);
        ended.map(|ended| ended.err().unwrap_or_else(|| io::ErrorKind::ConnectionAborted.into()))
    }

    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(Spoiling { spoil, answer, out }) = &mut self.spoiling else { return Poll::Ready(Ok(())) };
        let out = out.get_or_insert_with(|| spoil.apply(answer));
        let mut transport = Pin::new(&mut self.transport);
        while out.has_remaining() {
            match ready!(transport.as_mut().poll_write(context, out))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => out.advance(written),
            }
        }
        ready!(transport.as_mut().poll_flush(context))?;
        match spoil.ending {
            Ending::Close => transport.poll_shutdown(context),
            Ending::Reset => {
                self.reset.pull();
                Poll::Ready(Ok(()))
            }
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Line<T> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.ahead.has_remaining() {
            let length = self.ahead.len().min(buffer.remaining());
            buffer.put_slice(&self.ahead.split_to(length));
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.transport).poll_read(context, buffer)
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Line<T> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.order.is_given()
            && let Some(diverted) = self.divert(context, &[io::IoSlice::new(bytes)])
        {
            return diverted;
        }
        Pin::new(&mut self.transport).poll_write(context, bytes)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, slices: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        if self.order.is_given()
            && let Some(diverted) = self.divert(context, slices)
        {
            return diverted;
        }
        Pin::new(&mut self.transport).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.transport.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(spoiling) = &self.spoiling
            && !(spoiling.out.is_none() && spoiling.answer.is_empty())
        {
            // hyper flushes when it has written the answer to its end.
            return self.end(context).map(Err);
        }
        ready!(Pin::new(&mut self.transport).poll_flush(context))?;
        if self.order.is_given()
            && let Some(spoil) = self.order.take_next()
        {
            self.spoiling = Some(Spoiling::of(spoil));
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A shutdown would say goodbye before the reset, in TLS too.
        if self.reset.is_pulled() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.transport).poll_shutdown(context)
    }
}
