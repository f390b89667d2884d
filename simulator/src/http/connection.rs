//! One connection, from its acceptance to its end.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;

use hyper::rt::Executor;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
#[cfg(feature = "tls")]
use tracing::debug;

use super::exchange::Exchange;
use super::line::{Line, Version};
use super::order::Order;
use super::socket::{Reset, Socket};
use super::visitor::{Visitor, asks_for_admin};
use crate::admin::Admin;
use crate::config::{Limits, VendorConfig};
use crate::tenants::Tenants;

/// Requests at the same time on one connection of HTTP/2: further ones wait at the client.
const STREAMS_MAX: u32 = 256;
/// Streams that a client of HTTP/2 has opened and reset, and that are not yet done with: beyond, its connection is closed (CVE-2023-44487).
const PENDING_RESETS_MAX: usize = 20;
/// Streams of one connection that were reset because of what the client did: beyond, it is closed (CVE-2025-8671).
const LOCAL_RESETS_MAX: usize = 256;
/// Bytes of a body that a client of HTTP/2 may send before they are read: further ones wait at the client.
const WINDOW: u32 = 256 * 1024;
/// Bytes of answers that one stream of HTTP/2 keeps for a client that does not read them.
const SEND_BUFFER: usize = 64 * 1024;
/// How often a connection is looked at, within the time it may be quiet.
const LOOKS: u32 = 4;
/// Holders of the exchange of a connection with no request under way: its service, and whoever attends it.
const HOLDERS: usize = 2;

/// Serves connections.
pub(super) struct Connections {
    tenants: Arc<Tenants>,
    admin: Option<Arc<Admin>>,
    limits: Limits,
    http1: http1::Builder,
    http2: http2::Builder<Spawner>,
    #[cfg(feature = "tls")]
    tls: Option<tokio_rustls::TlsAcceptor>,
    stop: CancellationToken,
    kill: CancellationToken,
}

/// What all connections are told: it changes when they are to be reset, and ends when the vendor stops.
pub(super) type Signal = watch::Receiver<()>;

/// Runs the streams of HTTP/2 until they end or are killed. Those of a connection that is gone end by themselves.
#[derive(Debug, Clone)]
struct Spawner {
    kill: CancellationToken,
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Spawner {
    fn execute(&self, stream: F) {
        let kill = self.kill.clone();
        tokio::spawn(async move { kill.run_until_cancelled(stream).await });
    }
}

impl Connections {
    pub(super) fn new(
        config: &VendorConfig,
        tenants: Arc<Tenants>,
        admin: Option<Arc<Admin>>,
        stop: CancellationToken,
        kill: CancellationToken,
    ) -> Self {
        let limits = config.limits;
        let mut http1 = http1::Builder::new();
        // No timer of hyper's: it sets a new one with every request. `attend` has one for all.
        http1.header_read_timeout(None).max_header_size(limits.head_bytes);
        if limits.headers != Limits::default().headers {
            http1.max_headers(limits.headers); // hyper keeps its own number on the stack
        }
        let mut http2 = http2::Builder::new(Spawner { kill: kill.clone() });
        http2
            .max_concurrent_streams(STREAMS_MAX)
            .max_pending_accept_reset_streams(PENDING_RESETS_MAX)
            .max_local_error_reset_streams(LOCAL_RESETS_MAX)
            .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(4 * WINDOW)
            .max_send_buf_size(SEND_BUFFER);
        Self {
            tenants,
            admin,
            limits,
            http1,
            http2,
            #[cfg(feature = "tls")]
            tls: config.tls.as_ref().map(crate::http::Tls::acceptor),
            stop,
            kill,
        }
    }

    /// Resets a connection that was just accepted.
    pub(super) fn refuse(&self, stream: TcpStream) {
        Socket::new(stream).reset().pull();
        self.tenants.default_tenant().counters.connections_refused.add(1);
    }

    /// Whether a connection may be for the admin API, which incidents leave alone.
    pub(super) fn may_steer(&self, stream: &TcpStream) -> bool {
        self.admin.as_ref().is_some_and(|admin| Visitor::of(stream, admin).may_steer())
    }

    /// Serves a connection for the admin API to its end; resets it when it is for anything else.
    pub(super) async fn serve_steering(&self, stream: TcpStream, signal: Signal) {
        if asks_for_admin(&stream, &self.tenants.default_tenant().clock).await {
            self.serve(stream, signal).await;
        } else {
            self.refuse(stream);
        }
    }

    /// Serves a connection to its end.
    pub(super) async fn serve(&self, stream: TcpStream, signal: Signal) {
        let visitor = self.admin.as_ref().map(|admin| Visitor::of(&stream, admin));
        let _ = stream.set_nodelay(true); // fails only when the connection is gone already, which reading will tell
        let socket = Socket::new(stream);
        let reset = socket.reset();
        #[cfg(feature = "tls")]
        if let Some(acceptor) = &self.tls {
            // Boxed: it would make every connection without TLS as large as one with it.
            return Box::pin(self.serve_tls(acceptor, socket, reset, signal, visitor)).await;
        }
        self.serve_over(socket, reset, signal, visitor).await;
    }

    #[cfg(feature = "tls")]
    async fn serve_tls(
        &self,
        acceptor: &tokio_rustls::TlsAcceptor,
        socket: Socket,
        reset: Reset,
        mut signal: Signal,
        visitor: Option<Visitor>,
    ) {
        let Some(shaken) = self.early(acceptor.accept(socket), &reset, &mut signal).await else {
            self.tenants.default_tenant().counters.handshakes_failed.add(1);
            return;
        };
        match shaken {
            Ok(transport) => self.serve_over(transport, reset, signal, visitor).await,
            Err(error) => {
                debug!(%error, "a TLS handshake failed");
                self.tenants.default_tenant().counters.handshakes_failed.add(1);
            }
        }
    }

    async fn serve_over<T>(&self, transport: T, reset: Reset, mut signal: Signal, visitor: Option<Visitor>)
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let order = Order::default();
        let mut line = Line::new(transport, reset.clone(), order.clone());
        let version = match self.early(line.version(), &reset, &mut signal).await {
            Some(Ok(version)) => version,
            Some(Err(_)) => return, // gone
            None => return,
        };
        let exchange = Arc::new(Exchange::new(Arc::clone(&self.tenants), order, self.stop.clone(), self.limits, visitor));
        let requests = Arc::clone(&exchange);
        let service = service_fn(move |request| Arc::clone(&requests).answer(request, version));
        match version {
            Version::Http1 => {
                let connection = self.http1.serve_connection(TokioIo::new(line), service);
                self.attend(connection, |connection| connection.graceful_shutdown(), &exchange, &reset, signal).await;
            }
            Version::Http2 => {
                let connection = self.http2.serve_connection(TokioIo::new(line), service);
                Box::pin(self.attend(connection, |connection| connection.graceful_shutdown(), &exchange, &reset, signal)).await;
            }
        }
    }

    /// Does something that comes before the first request; none when it takes too long, or nobody waits for it any more.
    async fn early<F: Future>(&self, act: F, reset: &Reset, signal: &mut Signal) -> Option<F::Output> {
        let mut act = pin!(act);
        tokio::select! {
            biased;
            done = act.as_mut() => Some(done),
            changed = signal.changed() => {
                if changed.is_ok() {
                    reset.pull();
                }
                None
            }
            () = self.tenants.default_tenant().clock.wait_real_for(self.limits.head_within) => {
                self.tenants.default_tenant().counters.connections_timed_out.add(1);
                None
            }
        }
    }

    /// Sees to a connection until it ends: resets it, lets it end, or cuts it, as the time comes.
    async fn attend<C>(&self, connection: C, end: impl Fn(Pin<&mut C>), exchange: &Arc<Exchange>, reset: &Reset, mut signal: Signal)
    where
        C: Future<Output = hyper::Result<()>>,
    {
        let mut connection = pin!(connection);
        let mut looks = self.tenants.default_tenant().clock.real_ticks(self.limits.head_within / LOOKS);
        let (mut stopping, mut quiet, mut answered) = (false, 0, 0);
        loop {
            tokio::select! {
                biased;
                ended = connection.as_mut() => {
                    if ended.is_err_and(|error| error.is_parse_too_large()) {
                        self.tenants.default_tenant().counters.heads_too_large.add(1);
                    }
                    return;
                }
                changed = signal.changed(), if !stopping => match changed {
                    Ok(()) if exchange.is_steering() => {}
                    Ok(()) => return reset.pull(),
                    Err(_) => {
                        stopping = true;
                        end(connection.as_mut());
                    }
                },
                () = self.kill.cancelled(), if stopping => return,
                _ = looks.tick() => {
                    let under_way = Arc::strong_count(exchange) > HOLDERS;
                    quiet = if under_way || answered != exchange.begun() { 0 } else { quiet + 1 };
                    answered = exchange.begun();
                    if quiet == LOOKS {
                        self.tenants.default_tenant().counters.connections_timed_out.add(1);
                        end(connection.as_mut()); // says goodbye, in HTTP/2
                    } else if quiet > LOOKS {
                        return;
                    }
                }
            }
        }
    }
}
