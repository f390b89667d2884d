//! Says yes first, and sees to it later.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::StatusCode;
use futures_util::future::BoxFuture;
use tokio::sync::Notify;

use super::super::database::Database;
use super::super::proxy::{Answer, Arrived, Bend, Beyond};

/// Answers a callback before it has been stored, takes the session for told, and works the callbacks off from a queue in memory.
pub(in super::super) struct AcknowledgesFirst {
    database: Database,
    /// What does not fit is gone.
    capacity: usize,
    /// How long one callback takes.
    pace: Duration,
    // Held for one push or pop, never across an await.
    queue: Arc<Mutex<VecDeque<Arrived>>>,
    came: Arc<Notify>,
    working: tokio::sync::OnceCell<()>,
}

impl AcknowledgesFirst {
    pub(in super::super) fn new(database: Database, capacity: usize, pace: Duration) -> Self {
        Self { database, capacity, pace, queue: Arc::default(), came: Arc::new(Notify::new()), working: tokio::sync::OnceCell::new() }
    }

    /// What a restart does to a queue in memory.
    pub(in super::super) fn forget(&self) {
        self.queue.lock().unwrap().clear();
    }

    fn work(&self, beyond: &Beyond) {
        let (queue, came, beyond, pace) = (Arc::clone(&self.queue), Arc::clone(&self.came), beyond.clone(), self.pace);
        tokio::spawn(async move {
            loop {
                rest(pace).await;
                let next = queue.lock().unwrap().pop_front();
                match next {
                    Some(callback) => _ = beyond.pass(callback).await,
                    None => came.notified().await,
                }
            }
        });
    }
}

#[expect(clippy::disallowed_methods, reason = "how long a slow worker takes over a callback; nobody waits for it")]
async fn rest(pace: Duration) {
    tokio::time::sleep(pace).await;
}

impl Bend for AcknowledgesFirst {
    fn bend<'a>(&'a self, arrived: Arrived, beyond: &'a Beyond) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            let Some(session) = arrived.is_callback().then(|| arrived.session()).flatten() else { return beyond.pass(arrived).await };
            self.working.get_or_init(async || self.work(beyond)).await;
            self.database.heard_of(&session).await;
            let mut queue = self.queue.lock().unwrap();
            if queue.len() < self.capacity {
                queue.push_back(arrived);
            }
            self.came.notify_one();
            Answer::bare(StatusCode::OK)
        })
    }
}
