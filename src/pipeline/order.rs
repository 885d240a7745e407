//! Puts what several threads finished back in order.
//!
//! There is no thread that waits for the results: whoever finishes the batch
//! that is next delivers it, and those after it that are ready.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::{Batch, lock};

/// A batch and what became of it.
#[derive(Debug, Default)]
pub(super) struct Done<O> {
    pub batch: Batch,
    pub output: O,
}

/// The order, and the sink at its end.
pub(super) struct Order<O, F, E> {
    state: Mutex<State<O, E>>,
    changed: Condvar,
    sink: Mutex<F>,
    /// How far ahead of the next batch finished ones may be.
    ahead: u64,
}

struct State<O, E> {
    /// The place of the batch that is to be delivered next.
    next: u64,
    /// Whether a thread is at the sink.
    delivering: bool,
    /// Finished batches that are not next.
    ready: BTreeMap<u64, Done<O>>,
    /// Delivered ones, to be used again.
    spare: Vec<Done<O>>,
    /// Whether nothing more is wanted.
    stopped: bool,
    failure: Option<E>,
}

impl<O, F, E> Order<O, F, E> {
    pub fn new(threads: usize, sink: F) -> Self {
        let state = State {
            next: 0,
            delivering: false,
            ready: BTreeMap::new(),
            spare: Vec::new(),
            stopped: false,
            failure: None,
        };
        Self { state: Mutex::new(state), changed: Condvar::new(), sink: Mutex::new(sink), ahead: threads as u64 }
    }

    /// What the sink failed with, if it did.
    pub fn into_failure(self) -> Option<E> {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner).failure
    }

    fn wait<'s>(&self, state: MutexGuard<'s, State<O, E>>) -> MutexGuard<'s, State<O, E>> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    fn stop(&self, failure: Option<E>) {
        let mut state = lock(&self.state);
        state.stopped = true;
        state.failure = state.failure.take().or(failure);
        self.changed.notify_all();
    }

    /// Stops everything if the thread that holds it panics.
    pub fn guard(&self) -> Guard<'_, O, F, E> {
        Guard(self)
    }
}

impl<O: Default, F: FnMut(&Batch, &mut O) -> Result<(), E>, E> Order<O, F, E> {
    /// Takes a finished batch, for another one to use; `None` once nothing
    /// more is wanted.
    pub fn deliver(&self, place: u64, done: Done<O>) -> Option<Done<O>> {
        let mut state = lock(&self.state);
        while place > state.next + self.ahead && !state.stopped {
            state = self.wait(state);
        }
        state.ready.insert(place, done);
        while !state.delivering && !state.stopped {
            let next = state.next;
            let Some(mut done) = state.ready.remove(&next) else { break };
            state.delivering = true;
            drop(state);
            let _guard = self.guard();
            let result = (lock(&self.sink))(&done.batch, &mut done.output);
            if let Err(failure) = result {
                self.stop(Some(failure));
            }
            state = lock(&self.state);
            state.delivering = false;
            state.next += 1;
            state.spare.push(done);
            self.changed.notify_all();
        }
        if state.stopped { None } else { Some(state.spare.pop().unwrap_or_default()) }
    }

    /// Delivers what there is of a batch so far, once it is the next; false
    /// where nothing more is wanted.
    pub fn deliver_part(&self, place: u64, done: &mut Done<O>) -> bool {
        let mut state = lock(&self.state);
        while (place != state.next || state.delivering) && !state.stopped {
            state = self.wait(state);
        }
        if state.stopped {
            return false;
        }
        state.delivering = true;
        drop(state);
        let _guard = self.guard();
        let result = (lock(&self.sink))(&done.batch, &mut done.output);
        lock(&self.state).delivering = false;
        self.changed.notify_all();
        match result {
            Ok(()) => true,
            Err(failure) => {
                self.stop(Some(failure));
                false
            }
        }
    }
}

/// See [`Order::guard`].
pub(super) struct Guard<'o, O, F, E>(&'o Order<O, F, E>);

impl<O, F, E> Drop for Guard<'_, O, F, E> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop(None);
        }
    }
}
