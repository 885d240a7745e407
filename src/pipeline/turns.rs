//! Any batches through work on all cores, results in order.
//!
//! What [`run`](super::run) is for frames, for what has to become frames first.

use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::sync::{Condvar, Mutex};

use super::{MAX_THREADS, lock};
use crate::sys::signal;

/// Takes each batch that `next` fills (false: there is no more) through `work`
/// to `sink`, which gets them in order.
///
/// One thread at a time is in `next`, and one in `sink`; all others are at
/// work, each with one batch and one output, which are used again and again.
/// Ends early where [`signal`](crate::sys::signal) says so.
///
/// # Errors
/// The first of `sink` or `next`, in the order of the batches: `sink` has seen
/// all batches from before an error of `next`.
pub fn turns<B, O, E>(
    threads: Option<NonZeroUsize>,
    next: impl FnMut(&mut B) -> Result<bool, E> + Send,
    work: impl Fn(&B, &mut O) + Sync,
    sink: impl FnMut(&B, &mut O) -> Result<(), E> + Send,
) -> Result<(), E>
where
    B: Default + Send,
    O: Default + Send,
    E: Send,
{
    let cores = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get).min(MAX_THREADS);
    let threads = threads.map_or_else(cores, NonZeroUsize::get);
    let feed = Mutex::new(Feed { next, taken: 0, ended: false, failure: None });
    let line = Line { place: Mutex::new(Place { turn: 0, stopped: false, failure: None }), moved: Condvar::new() };
    let sink = Mutex::new(sink);
    let one = |batch: &mut B, output: &mut O| {
        let Some(place) = lock(&feed).take(batch) else { return false };
        // A thread that panics must not leave the others waiting for its turn.
        let guard = Guard(&line);
        work(batch, output);
        let go_on = line.wait_for(place) && {
            let done = (lock(&sink))(batch, output);
            line.done(done)
        };
        std::mem::forget(guard);
        go_on
    };
    let run = || {
        let (mut batch, mut output) = (B::default(), O::default());
        while one(&mut batch, &mut output) {}
    };
    // The first batch alone: most of what people write by hand has no second.
    if one(&mut B::default(), &mut O::default()) {
        std::thread::scope(|scope| {
            let helpers: Vec<_> = (1..threads).map(|_| scope.spawn(run)).collect();
            run();
            for helper in helpers {
                if let Err(panic) = helper.join() {
                    resume_unwind(panic);
                }
            }
        });
    }
    let failure = lock(&line.place).failure.take();
    match failure.or_else(|| lock(&feed).failure.take()) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

/// Where batches come from.
struct Feed<N, E> {
    next: N,
    /// Batches so far.
    taken: u64,
    ended: bool,
    failure: Option<E>,
}

impl<N, E> Feed<N, E> {
    /// Fills `batch` and returns its place in the order.
    fn take<B>(&mut self, batch: &mut B) -> Option<u64>
    where
        N: FnMut(&mut B) -> Result<bool, E>,
    {
        if self.ended || signal::caught().is_some() {
            return None;
        }
        match (self.next)(batch) {
            Ok(true) => {
                self.taken += 1;
                return Some(self.taken - 1);
            }
            Ok(false) => {}
            Err(failure) => self.failure = Some(failure),
        }
        self.ended = true;
        None
    }
}

/// The order in which batches go to the sink.
struct Line<E> {
    place: Mutex<Place<E>>,
    moved: Condvar,
}

struct Place<E> {
    /// Whose turn it is.
    turn: u64,
    /// Whether nothing more is wanted.
    stopped: bool,
    failure: Option<E>,
}

impl<E> Line<E> {
    /// Waits until it is the turn of the batch at `place`; false where it will
    /// not come.
    fn wait_for(&self, place: u64) -> bool {
        let mut state = lock(&self.place);
        while !state.stopped && state.turn != place {
            state = self.moved.wait(state).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
        !state.stopped
    }

    /// Ends a turn; whether more is wanted.
    fn done(&self, result: Result<(), E>) -> bool {
        let mut state = lock(&self.place);
        state.turn += 1;
        if let Err(failure) = result {
            state.stopped = true;
            state.failure = Some(failure);
        }
        self.moved.notify_all();
        !state.stopped
    }
}

/// Stops everything when it is dropped, which only a panic makes happen.
struct Guard<'l, E>(&'l Line<E>);

impl<E> Drop for Guard<'_, E> {
    fn drop(&mut self) {
        lock(&self.0.place).stopped = true;
        self.0.moved.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(count: u64, fail_next: Option<u64>, fail_sink: Option<u64>) -> (Vec<u64>, Result<(), String>) {
        let mut seen = Vec::new();
        let mut given = 0;
        let result = turns(
            NonZeroUsize::new(4),
            |batch: &mut u64| {
                if fail_next == Some(given) {
                    return Err("next".to_owned());
                }
                *batch = given;
                given += 1;
                Ok(*batch < count)
            },
            |batch, output: &mut u64| {
                // The later, the faster: order does not come by itself.
                std::thread::sleep(std::time::Duration::from_micros(3 * (count - batch)));
                *output = batch * 2;
            },
            |batch, output| {
                seen.push(*output / 2);
                assert_eq!(*output, batch * 2);
                if fail_sink == Some(*batch) { Err("sink".to_owned()) } else { Ok(()) }
            },
        );
        (seen, result)
    }

    #[test]
    fn everything_in_order() {
        for count in [0, 1, 2, 200] {
            assert_eq!(run(count, None, None), ((0..count).collect(), Ok(())));
        }
    }

    #[test]
    fn the_first_error_in_order_counts() {
        assert_eq!(run(100, Some(40), None), ((0..40).collect(), Err("next".to_owned())));
        assert_eq!(run(100, None, Some(17)), ((0..18).collect(), Err("sink".to_owned())));
        assert_eq!(run(100, Some(18), Some(17)), ((0..18).collect(), Err("sink".to_owned())));
        assert_eq!(run(1, Some(0), None), (vec![], Err("next".to_owned())));
    }
}
