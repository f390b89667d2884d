//! Where an animal lives: the reference backend between two proxies, on a database that somebody else may write in too.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::BoxFuture;
use kycsim_onboarding::{Backend, Database as BackendDatabase, OnboardingConfig};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::database::Database;
use super::proxy::{Answer, Arrived, Bend, Beyond, CALLBACKS, Straight, serve};
use crate::world::{reference, url};

/// What makes a backend another one. All of it is outside its code.
pub(super) struct Nature {
    /// Between applicants, reviewers and vendor on one side, and the backend on the other.
    pub(super) front: Arc<dyn Bend>,
    /// Between the backend and its vendor.
    pub(super) line: Arc<dyn Bend>,
    /// What its database is bent by.
    pub(super) statements: &'static [&'static str],
    /// How it is configured.
    pub(super) configure: fn(&mut OnboardingConfig),
    /// What is lost when the process ends.
    pub(super) forget: Box<dyn Fn() + Send + Sync>,
}

impl Default for Nature {
    /// That of the sound backend.
    fn default() -> Self {
        Self { front: Arc::new(Straight), line: Arc::new(Straight), statements: &[], configure: |_| {}, forget: Box::new(|| {}) }
    }
}

/// What a nature may be made of.
#[derive(Clone)]
pub(super) struct Surroundings {
    pub(super) database: Database,
    pub(super) vendor: Beyond,
    /// Where the vendor calls.
    pub(super) callback_url: String,
}

/// Brings a backend of this nature up and returns where it is met. After `restart_after` callbacks, if ever, its process ends and another one begins.
pub(super) async fn settle(
    folder: &Path,
    vendor_url: &str,
    world: &CancellationToken,
    restart_after: Option<usize>,
    nature: impl FnOnce(Surroundings) -> Nature,
) -> String {
    let (front, line) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let (front_url, line_url) = (url(&front), url(&line));
    let file = folder.join("backend.sqlite");
    let mut config = reference(&line_url, &front_url);
    config.database = BackendDatabase::File(file.clone());

    // The file is made, and brought up to date, by the backend itself.
    drop(Backend::open(config.clone()).await.unwrap());
    let database = Database::open(&file).await;
    let callback_url = format!("{front_url}{CALLBACKS}");
    let nature = nature(Surroundings { database: database.clone(), vendor: Beyond::new(vendor_url), callback_url });
    database.change(nature.statements).await;
    (nature.configure)(&mut config);

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let backend_url = url(&listener);
    let restart = Arc::new(Notify::new());
    let counting = Counting { bend: nature.front, callbacks: AtomicUsize::new(0), restart_after, restart: Arc::clone(&restart) };
    serve(front, &backend_url, Arc::new(counting));
    serve(line, vendor_url, nature.line);
    tokio::spawn(live(config, listener, world.clone(), restart, nature.forget));
    front_url
}

/// One process after another, each at the same address.
async fn live(
    config: OnboardingConfig,
    listener: TcpListener,
    world: CancellationToken,
    restart: Arc<Notify>,
    forget: Box<dyn Fn() + Send + Sync>,
) {
    let address = listener.local_addr().unwrap();
    let mut listener = Some(listener);
    while !world.is_cancelled() {
        let here = match listener.take() {
            Some(listener) => listener,
            None => TcpListener::bind(address).await.unwrap(),
        };
        let process = world.child_token();
        let backend = Backend::open(config.clone()).await.unwrap();
        let serving = tokio::spawn(backend.serve(here, process.clone()));
        tokio::select! {
            () = world.cancelled() => {}
            () = restart.notified() => forget(),
        }
        process.cancel();
        let _ = serving.await;
    }
}

/// Counts callbacks, and has the process restarted after so many.
struct Counting {
    bend: Arc<dyn Bend>,
    callbacks: AtomicUsize,
    restart_after: Option<usize>,
    restart: Arc<Notify>,
}

impl Bend for Counting {
    fn bend<'a>(&'a self, arrived: Arrived, beyond: &'a Beyond) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            let is_callback = arrived.is_callback();
            let answer = self.bend.bend(arrived, beyond).await;
            if is_callback && Some(self.callbacks.fetch_add(1, Ordering::Relaxed) + 1) == self.restart_after {
                self.restart.notify_one();
            }
            answer
        })
    }
}
