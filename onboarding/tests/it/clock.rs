//! A clock that stands still until the test moves it.

use std::time::Duration;

use jiff::Timestamp;
use kycsim_onboarding::{Clock, Sleep};
use tokio::sync::watch;

#[derive(Debug)]
pub(crate) struct ManualClock {
    origin: Timestamp,
    elapsed: watch::Sender<Duration>,
}

impl ManualClock {
    pub(crate) fn new() -> Self {
        Self { origin: "2026-11-22T10:00:00Z".parse().unwrap(), elapsed: watch::Sender::new(Duration::ZERO) }
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.elapsed.send_modify(|elapsed| *elapsed += by);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.origin + self.monotonic()
    }

    fn monotonic(&self) -> Duration {
        *self.elapsed.borrow()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        let mut elapsed = self.elapsed.subscribe();
        let until = self.monotonic() + duration;
        Box::pin(async move {
            if elapsed.wait_for(|elapsed| *elapsed >= until).await.is_err() {
                std::future::pending::<()>().await; // the clock is gone, so its time never comes
            }
        })
    }
}
