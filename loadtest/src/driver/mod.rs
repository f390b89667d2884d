//! Drives journeys: Goose users are the hands, the dispatcher is the head.
//!
//! The dispatcher owns the agenda and every applicant. What is due goes to a pool of Goose users over a queue and comes back answered; an applicant who
//! waits is an entry of the agenda, not a client and a task. Arrivals never wait for the system: if the hands fall behind, the queue grows, and the
//! wait shows in every latency (they count from the due moment) and in `lag`.

mod arrivals;
mod dispatcher;
mod hands;
mod http;
mod participant;
mod pictures;
mod pool;
mod progress;
mod reviewers;
mod tally;
mod target;
mod watch;

pub use dispatcher::{PlayError, Rehearsal, play};
pub use pictures::Pictures;
pub use pool::{LaunchError, Pool};
pub use progress::Progress;
pub use watch::{VendorCounts, VendorWatch};
