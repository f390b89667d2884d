//! The accept loop: it outlives its errors, bounds its connections, and refuses them while an incident says so.

use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

use super::exchange::Exchange;
use super::line::Line;
use crate::config::Limits;
use crate::tenant::Tenant;
use crate::tenants::Tenants;

/// How long a client may take to send a request's head, or leave a connection unused. Kept by the machine's time on any clock: it protects real sockets.
const HEAD_WITHIN: Duration = Duration::from_secs(30);
/// After a failed accept, such as one for want of file handles, before the next: long enough for some to be given back.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(50);

/// Accepts connections and serves them.
pub(crate) struct Server {
    tenants: Arc<Tenants>,
    hang: Duration,
    places: Arc<Semaphore>,
    http: http1::Builder,
    tasks: TaskTracker,
    stop: CancellationToken,
    kill: CancellationToken,
    /// Changes when all open connections are to be reset.
    cut: watch::Sender<()>,
}

impl Server {
    pub(crate) fn new(limits: Limits, tenants: Arc<Tenants>, tasks: TaskTracker, stop: CancellationToken, kill: CancellationToken) -> Self {
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
        Self {
            tenants,
            hang: limits.hang,
            places: Arc::new(Semaphore::new(limits.connections)),
            http,
            tasks,
            stop,
            kill,
            cut: watch::Sender::new(()),
        }
    }

    /// Serves until the vendor stops.
    pub(crate) async fn run(self, listener: TcpListener) {
        let mut seen = None;
        loop {
            let accepted = tokio::select! {
                biased;
                () = self.stop.cancelled() => return,
                began = self.default().refusal_begins(seen) => {
                    seen = Some(began);
                    self.cut.send_replace(());
                    continue;
                }
                accepted = self.accept(&listener) => accepted,
            };
            match accepted {
                Ok((stream, place)) => self.welcome(stream, place),
                Err(error) => {
                    warn!(%error, "a connection could not be accepted");
                    self.default().clock.wait_real_for(ACCEPT_AGAIN_AFTER).await;
                }
            }
        }
    }

    /// Whether connections are refused is the default tenant's business alone.
    fn default(&self) -> &Tenant {
        self.tenants.default_tenant()
    }

    /// Accepts a connection when there is a place for it.
    async fn accept(&self, listener: &TcpListener) -> std::io::Result<(TcpStream, OwnedSemaphorePermit)> {
        let Ok(place) = Arc::clone(&self.places).acquire_owned().await else { return std::future::pending().await }; // never closed
        let (stream, _) = listener.accept().await?;
        Ok((stream, place))
    }

    fn welcome(&self, stream: TcpStream, place: OwnedSemaphorePermit) {
        let _ = stream.set_nodelay(true); // fails only when the connection is gone already, which reading will tell
        let line = Line::new(stream);
        if self.default().is_refusing() {
            line.reset().pull();
            self.default().counters.connections_refused.add(1);
            return;
        }
        self.serve(line, place);
    }

    fn serve(&self, line: Line, place: OwnedSemaphorePermit) {
        let reset = line.reset();
        let exchange = Arc::new(Exchange::new(Arc::clone(&self.tenants), reset.clone(), self.hang));
        let service = service_fn(move |request| {
            let exchange = Arc::clone(&exchange);
            async move { exchange.answer(request).await }
        });
        let connection = self.http.serve_connection(TokioIo::new(line), service);
        let (mut cut, stop, kill) = (self.cut.subscribe(), self.stop.clone(), self.kill.clone());
        self.tasks.spawn(async move {
            let mut connection = std::pin::pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                _ = cut.changed() => {
                    reset.pull();
                    return;
                }
                () = stop.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    tokio::select! {
                        ended = connection.as_mut() => ended,
                        () = kill.cancelled() => return,
                    }
                }
            };
            if let Err(error) = ended {
                debug!(%error, "a connection ended early");
            }
            drop(place);
        });
    }
}
