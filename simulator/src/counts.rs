//! What the vendor has done so far, in numbers that anybody may read at any time.

use std::sync::atomic::{AtomicU64, Ordering};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Declares the counters once: how they are kept, and how they are read.
macro_rules! counters {
    ($($(#[doc = $doc:literal])* $name:ident),+ $(,)?) => {
        /// What the vendor had done at one moment. All of it is counted from its start, but for the two `…_pending`, which are levels.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
        #[serde(default)]
        #[non_exhaustive]
        pub struct Counts {
            $($(#[doc = $doc])* pub $name: u64),+
        }

        impl Counts {
            /// Returns each number with its name and what it is, in one order.
            pub(crate) fn each(&self) -> impl Iterator<Item = Count> {
                [$(Count { name: stringify!($name), is: concat!($($doc),*), value: self.$name }),+].into_iter()
            }
        }

        /// [`Counts`] as they grow. Reading takes no lock.
        #[derive(Debug, Default)]
        pub(crate) struct Counters {
            $(pub(crate) $name: Counter),+
        }

        impl Counters {
            /// Returns what was counted so far.
            pub(crate) fn read(&self) -> Counts {
                Counts { $($name: self.$name.read()),+ }
            }

            /// Goes on from `counts`.
            pub(crate) fn resume(&self, counts: Counts) {
                $(self.$name.set(counts.$name);)+
            }
        }
    };
}

counters! {
    /// Requests that came, whatever became of them.
    requests,
    /// Requests that an incident failed.
    faults,
    /// Connections reset on accept, because an incident said so.
    connections_refused,
    /// Connections that had to wait for a place, because there were too many.
    connections_waited,
    /// Connections closed because no request came in time: idle, or with a slow head.
    connections_timed_out,
    /// Connections that could not be accepted.
    accepts_failed,
    /// TLS handshakes that failed or took too long.
    handshakes_failed,
    /// HTTP/1 requests refused because their head was too long or had too many headers.
    heads_too_large,
    /// Requests refused because their body was too long.
    bodies_too_large,
    /// Requests broken off because their body was far too long or too slow.
    bodies_cut,
    /// Sessions begun.
    sessions,
    /// Decisions made.
    decisions,
    /// Decisions changed after they were made.
    revisions,
    /// Requests refused by a rate limit.
    rate_limited,
    /// Decisions still to be made by the passing of time.
    decisions_pending,
    /// Events there were to tell, each counted once however many copies it has.
    callbacks,
    /// Copies of events that are still to be sent, sent again, held, or on their way.
    callbacks_pending,
    /// Events that the scenario had lost.
    callbacks_lost,
    /// Copies that were given up after their last try.
    callbacks_given_up,
    /// Copies that were not sent, because their receiver had been disabled.
    callbacks_disabled,
    /// Copies with a defect that were sent, every try of them.
    defective,
    /// Copies that no receiver should believe that were sent, every try of them: unsigned, wrongly signed, or with an old signature.
    forged,
    /// How often a copy was held back by an incident.
    held,
    /// Deliveries attempted, first tries and retries.
    deliveries,
    /// Deliveries that were refused or not answered.
    deliveries_failed,
    /// Copies beyond the first of their event that were sent and tell the same, each counted once.
    duplicates,
    /// Ledger entries dropped from memory, because there were too many to keep. A sink has seen them.
    ledger_dropped,
}

/// One of the numbers of [`Counts`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Count {
    pub(crate) name: &'static str,
    /// What it is, in a sentence.
    pub(crate) is: &'static str,
    pub(crate) value: u64,
}

impl Count {
    /// Whether it falls too.
    pub(crate) fn is_level(&self) -> bool {
        self.name.ends_with("_pending")
    }
}

/// One number that grows, or for a level falls.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    /// Returns how many there were before.
    pub(crate) fn add(&self, by: u64) -> u64 {
        self.0.fetch_add(by, Ordering::AcqRel)
    }

    /// For a level only.
    pub(crate) fn subtract(&self, by: u64) {
        let before = self.0.fetch_sub(by, Ordering::Release);
        debug_assert!(before >= by, "what was never entered cannot be done");
    }

    /// For the beginning only, before anybody counts.
    pub(crate) fn set(&self, to: u64) {
        self.0.store(to, Ordering::Release);
    }

    pub(crate) fn read(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

impl Counters {
    /// Whether no decision and no callback is outstanding.
    pub(crate) fn is_quiet(&self) -> bool {
        // In this order: a decision enters its callbacks before it is done itself, so nothing slips between the two readings.
        self.decisions_pending.read() == 0 && self.callbacks_pending.read() == 0
    }
}
