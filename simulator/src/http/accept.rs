//! The accept loop: it outlives its errors, bounds its connections, and refuses them while an incident says so.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::warn;

use super::connection::Connections;
use crate::admin::Admin;
use crate::config::VendorConfig;
use crate::tenant::Tenant;
use crate::tenants::Tenants;

/// After a failed accept, such as one for want of file handles, before the next: long enough for some to be given back.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(50);

/// Where connections come from.
pub(crate) trait Incoming: Send {
    /// Waits for the next one. Nothing is lost when the wait is given up.
    fn accept(&mut self) -> impl Future<Output = io::Result<TcpStream>> + Send;
}

impl Incoming for TcpListener {
    async fn accept(&mut self) -> io::Result<TcpStream> {
        Self::accept(self).await.map(|(stream, _)| stream)
    }
}

/// Accepts connections and serves them.
pub(crate) struct Server {
    tenants: Arc<Tenants>,
    places: Arc<Semaphore>,
    connections: Arc<Connections>,
    tasks: TaskTracker,
    stop: CancellationToken,
    /// Changes when all open connections are to be reset. Gone when they are to end: it is dropped when the vendor stops.
    signal: watch::Sender<()>,
}

impl Server {
    pub(crate) fn new(
        config: &VendorConfig,
        tenants: Arc<Tenants>,
        admin: Option<Arc<Admin>>,
        tasks: TaskTracker,
        stop: CancellationToken,
        kill: CancellationToken,
    ) -> Self {
        Self {
            places: Arc::new(Semaphore::new(config.limits.connections)),
            connections: Arc::new(Connections::new(config, Arc::clone(&tenants), admin, stop.clone(), kill)),
            tenants,
            tasks,
            stop,
            signal: watch::Sender::new(()),
        }
    }

    /// Serves until the vendor stops.
    pub(crate) async fn run(self, mut incoming: impl Incoming) {
        let mut seen = None;
        let mut waiting = None; // a connection that was accepted when there was no place
        loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return,
                began = self.default().refusal_begins(seen) => {
                    seen = Some(began);
                    self.signal.send_replace(());
                    if let Some(stream) = waiting.take() {
                        self.connections.refuse(stream);
                    }
                }
                place = self.place(), if waiting.is_some() => {
                    if let Some(stream) = waiting.take() {
                        self.serve(stream, place);
                    }
                }
                accepted = incoming.accept(), if waiting.is_none() => match accepted {
                    Ok(stream) => waiting = self.welcome(stream),
                    Err(error) => self.survive(&error).await,
                },
            }
        }
    }

    /// Whether connections are refused is the default tenant's business alone.
    fn default(&self) -> &Tenant {
        self.tenants.default_tenant()
    }

    async fn place(&self) -> OwnedSemaphorePermit {
        match Arc::clone(&self.places).acquire_owned().await {
            Ok(place) => place,
            Err(_) => std::future::pending().await, // never closed
        }
    }

    /// Serves a connection, or refuses it. Returns it when there is no place.
    fn welcome(&self, stream: TcpStream) -> Option<TcpStream> {
        if self.default().is_refusing() {
            self.refuse(stream);
            return None;
        }
        match Arc::clone(&self.places).try_acquire_owned() {
            Ok(place) => {
                self.serve(stream, place);
                None
            }
            Err(_) => {
                self.default().counters.connections_waited.add(1);
                Some(stream)
            }
        }
    }

    /// Refuses a connection, unless it is for the admin API: a fault must not shut out whoever wants to end it.
    fn refuse(&self, stream: TcpStream) {
        if self.connections.may_steer(&stream)
            && let Ok(place) = Arc::clone(&self.places).try_acquire_owned()
        {
            let (connections, signal) = (Arc::clone(&self.connections), self.signal.subscribe());
            self.tasks.spawn(async move {
                connections.serve_steering(stream, signal).await;
                drop(place);
            });
        } else {
            self.connections.refuse(stream);
        }
    }

    fn serve(&self, stream: TcpStream, place: OwnedSemaphorePermit) {
        let (connections, signal) = (Arc::clone(&self.connections), self.signal.subscribe());
        self.tasks.spawn(async move {
            connections.serve(stream, signal).await;
            drop(place);
        });
    }

    /// Waits a little after an error, unless it was that one connection's own.
    async fn survive(&self, error: &io::Error) {
        self.default().counters.accepts_failed.add(1);
        warn!(%error, "a connection could not be accepted");
        if !matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) {
            self.default().clock.wait_real_for(ACCEPT_AGAIN_AFTER).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::time::Instant;

    use kycsim_scenarios::catalogue;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;
    use crate::clock::Clock;
    use crate::dialects::Dialect;
    use crate::secret::{ApiKey, WebhookSecret};

    /// Fails in all these ways first.
    struct Failing {
        errors: VecDeque<io::Error>,
        then: TcpListener,
    }

    impl Incoming for Failing {
        async fn accept(&mut self) -> io::Result<TcpStream> {
            match self.errors.pop_front() {
                Some(error) => Err(error),
                None => Incoming::accept(&mut self.then).await,
            }
        }
    }

    #[tokio::test]
    #[expect(clippy::disallowed_methods, reason = "somebody must begin time")]
    async fn accepting_survives_every_error() {
        let scenario = Arc::new(catalogue::load("all-pass").unwrap().unwrap());
        let (clock, secret) = (Clock::starting_at(Instant::now()), WebhookSecret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
        let config = VendorConfig::new(scenario, ApiKey::new("key").unwrap(), secret, clock);
        let (stop, kill, tasks) = (CancellationToken::new(), CancellationToken::new(), TaskTracker::new());
        let tenants = Tenants::start(config.clone(), Dialect::Generic, tasks.clone(), stop.clone(), kill.clone()).unwrap();
        let tenants = Arc::new(tenants);
        let server = Server::new(&config, Arc::clone(&tenants), None, tasks, stop.clone(), kill);

        let then = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = then.local_addr().unwrap();
        let (too_many_files, out_of_memory) = (io::Error::from_raw_os_error(24), io::ErrorKind::OutOfMemory.into());
        let aborted = || io::ErrorKind::ConnectionAborted.into();
        let errors = VecDeque::from([too_many_files, aborted(), aborted(), out_of_memory]);
        let served = tokio::spawn(server.run(Failing { errors, then }));

        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
        assert_eq!(tenants.default_tenant().counters.read().accepts_failed, 4);
        stop.cancel();
        served.await.unwrap();
    }
}
