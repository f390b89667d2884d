//! The accept loop: bounded, outlives its errors, and ends in good order.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::within;
use crate::core::Core;

/// How long a client may take over a request's head. Whoever is slower holds a connection that others need.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long to rest when the system has no more sockets to give; accepting again at once would only spin.
const ACCEPT_REST: Duration = Duration::from_millis(100);

/// Serves connections until told to stop, then waits for the requests under way, but not longer than the drain limit.
pub(crate) async fn serve(core: Arc<Core>, listener: TcpListener, router: Router, shutdown: CancellationToken) {
    let slots = Arc::new(Semaphore::new(core.config.max_connections.get().min(Semaphore::MAX_PERMITS)));
    let connections = TaskTracker::new();
    loop {
        // At the bound nothing is accepted; whoever comes waits in the listener's backlog.
        let slot = tokio::select! {
            () = shutdown.cancelled() => break,
            Ok(slot) = Arc::clone(&slots).acquire_owned() => slot,
        };
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                connections.spawn(connection(stream, router.clone(), shutdown.clone(), slot));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                core.clock.sleep(ACCEPT_REST).await;
            }
        }
    }
    drop(listener);
    connections.close();
    if within(&*core.clock, core.config.drain_timeout, connections.wait()).await.is_err() {
        tracing::warn!(left = connections.len(), "some requests were cut off");
    }
}

async fn connection(stream: TcpStream, router: Router, shutdown: CancellationToken, slot: OwnedSemaphorePermit) {
    // Small answers must not wait for the client's acknowledgement of earlier ones. Best effort.
    let _ = stream.set_nodelay(true);
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
    );
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended badly");
    }
    drop(slot);
}
