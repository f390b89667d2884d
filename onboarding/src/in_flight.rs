//! What a worker is at: nobody takes the same thing up twice.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The things in hand. A plain mutex: it is never held across an await.
#[derive(Debug)]
pub(crate) struct InFlight<K>(Arc<Mutex<BTreeSet<K>>>);

/// One thing in hand; it may be taken up again once this is dropped, be it by a panic.
#[derive(Debug)]
pub(crate) struct Claim<K: Ord> {
    key: K,
    in_flight: Arc<Mutex<BTreeSet<K>>>,
}

impl<K: Ord + Clone> InFlight<K> {
    pub(crate) fn new() -> Self {
        Self(Arc::default())
    }

    /// Takes a thing up, unless it is in hand.
    pub(crate) fn claim(&self, key: &K) -> Option<Claim<K>> {
        lock(&self.0).insert(key.clone()).then(|| Claim { key: key.clone(), in_flight: Arc::clone(&self.0) })
    }
}

impl<K: Ord> Drop for Claim<K> {
    fn drop(&mut self) {
        lock(&self.in_flight).remove(&self.key);
    }
}

fn lock<K>(set: &Mutex<BTreeSet<K>>) -> MutexGuard<'_, BTreeSet<K>> {
    set.lock().unwrap_or_else(PoisonError::into_inner)
}
