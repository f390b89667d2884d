//! How a request tells its connection's line to spoil an answer.

use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use super::spoil::Spoil;

/// Orders one line to spoil what it sends. The first order counts: the connection ends with it.
#[derive(Debug, Clone, Default)]
pub(super) struct Order(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// Whether there is an order: looked at with every write, and so without the lock.
    given: AtomicBool,
    /// A plain mutex: held for a moment, and only where something is spoiled.
    state: Mutex<State>,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    None,
    /// To be carried out once all that was written before is on its way.
    Next(Spoil, Waker),
    /// To be carried out with the next byte.
    Now(Spoil),
    Taken,
}

impl Order {
    /// Has the next answer spoiled, and no earlier one: returns when everything before it is on its way. For HTTP/1, whose answers come one by one.
    pub(super) async fn spoil_next(&self, spoil: Spoil) {
        poll_fn(|context| {
            let mut state = self.state();
            match &*state {
                State::Taken | State::Now(_) => return Poll::Ready(()),
                State::None | State::Next(..) => *state = State::Next(spoil, context.waker().clone()),
            }
            drop(state);
            self.0.given.store(true, Ordering::Release);
            Poll::Pending
        })
        .await;
    }

    /// Has everything spoiled that is not yet on its way. For HTTP/2, where answers mix.
    pub(super) fn spoil_now(&self, spoil: Spoil) {
        let mut state = self.state();
        if matches!(*state, State::None) {
            *state = State::Now(spoil);
        }
        drop(state);
        self.0.given.store(true, Ordering::Release);
    }

    /// Whether there is, or was, an order.
    pub(super) fn is_given(&self) -> bool {
        self.0.given.load(Ordering::Acquire)
    }

    /// Takes an order that waits for nothing.
    pub(super) fn take_now(&self) -> Option<Spoil> {
        let mut state = self.state();
        let State::Now(spoil) = *state else { return None };
        *state = State::Taken;
        Some(spoil)
    }

    /// Takes an order that waits until everything is on its way, which it is.
    pub(super) fn take_next(&self) -> Option<Spoil> {
        let mut state = self.state();
        match std::mem::replace(&mut *state, State::Taken) {
            State::Next(spoil, waker) => {
                drop(state);
                waker.wake();
                Some(spoil)
            }
            other @ (State::None | State::Now(_) | State::Taken) => {
                *state = other;
                None
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner) // nothing panics while it is held
    }
}
