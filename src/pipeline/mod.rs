//! Frames through dissection on all cores, results in order.
//!
//! A few threads take turns. Each takes the next [`Batch`] from the [`Source`]
//! (one at a time; but pieces of a file are read all at once, and only cut one
//! at a time), dissects its frames and lets its [`Work`] make an output
//! of them (all at once), and hands batch and output to the sink (one at a
//! time, in the order of the source). A batch is worked on by the core that
//! has just read it; while a file is read by as many threads as there are cores,
//! each keeps to one of its own. Nothing is allocated per frame, and memory is a
//! few batches and outputs, however long the source: who is far ahead waits.
//!
//! What ends early ends all: an error of the sink (a reader of a pipe that
//! went away), the frame limit, or [`crate::sys::signal`].
//!
//! This module knows no form of output, and no command line.
//!
//! ```
//! use std::io;
//! use sr6::capture::{Frame, Frames, Merge, file::Resolution};
//! use sr6::dissect::Packet;
//! use sr6::pipeline::{self, Batch, Options, Work};
//! use sr6::wire::link_type::LinkType;
//!
//! /// Counts layers.
//! struct Count;
//! impl Work for Count {
//!     type Output = usize;
//!     fn packet(&mut self, packet: &Packet<'_>, _position: usize, layers: &mut usize) {
//!         *layers += packet.layers().len();
//!     }
//! }
//!
//! let mut total = 0;
//! let source = Merge::new([]); // no files
//! pipeline::run(source, &Options::default(), || Count, |_batch: &Batch, layers: &mut usize| {
//!     total += std::mem::take(layers);
//!     Ok::<_, io::Error>(())
//! })?;
//! assert_eq!(total, 0);
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```

mod batch;
mod order;
#[cfg(test)]
mod tests;
mod turns;

use std::fmt;
use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use self::order::{Done, Order};
use crate::capture::Timestamp;
use crate::capture::file::Piece;
use crate::dissect::{Dissection, Packet, Settings};
use crate::sys::processor::Processors;
use crate::sys::signal;
pub use batch::{Batch, Source};
pub use turns::turns;

/// What is made of the packets, one per thread.
pub trait Work {
    /// What a batch becomes. Reused: the sink empties it.
    type Output: Default + Send;

    /// Whether the packet matters. Asked while it has its layers, and not yet
    /// its findings, which take longer than the layers do.
    fn wants(&mut self, _packet: &Packet<'_>) -> bool {
        true
    }

    /// Whether findings matter at all: without them a packet takes less time.
    fn needs_findings(&self) -> bool {
        true
    }

    /// Adds a packet, the one at `position` of its batch, to the output.
    fn packet(&mut self, packet: &Packet<'_>, position: usize, output: &mut Self::Output);

    /// Is told that the output goes to the sink, after the last packet of a batch
    /// or before.
    fn end(&mut self, _output: &mut Self::Output) {}

    /// Whether the output is so large that it has to go to the sink before the
    /// batch is done. The sink then sees the batch more than once.
    fn is_full(&self, _output: &Self::Output) -> bool {
        false
    }
}

/// How to run.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Threads at most; `None` for one per core, up to [`MAX_THREADS`].
    pub threads: Option<NonZeroUsize>,
    /// The most frames to take from the source.
    pub limit: Option<u64>,
    /// What dissecting knows beyond the packets.
    pub settings: Arc<Settings>,
}

/// Beyond so many threads the one that reads is what all wait for.
pub const MAX_THREADS: usize = 8;

/// What ended a run early.
#[derive(Debug)]
pub enum Failed<S, E> {
    /// The source broke; everything before that went to the sink.
    Source(S),
    /// The sink would take no more.
    Sink(E),
}

impl<S: fmt::Display, E: fmt::Display> fmt::Display for Failed<S, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(error) => error.fmt(f),
            Self::Sink(error) => error.fmt(f),
        }
    }
}

impl<S: fmt::Debug + fmt::Display, E: fmt::Debug + fmt::Display> std::error::Error for Failed<S, E> {}

/// Takes all frames of `source` through work to the sink, which gets the
/// batches in order. A source of one batch is worked on by the caller's thread
/// alone.
///
/// # Errors
/// The source's or the sink's first.
pub fn run<S, W, F, E>(
    source: S,
    options: &Options,
    work: impl Fn() -> W + Sync,
    sink: F,
) -> Result<(), Failed<S::Error, E>>
where
    S: Source,
    W: Work,
    F: FnMut(&Batch, &mut W::Output) -> Result<(), E> + Send,
    E: Send,
{
    let cores = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get).min(MAX_THREADS);
    let threads = options.threads.map_or_else(cores, NonZeroUsize::get);
    let feed = Mutex::new(Feed {
        source,
        sequence: 0,
        left: options.limit.unwrap_or(u64::MAX),
        first_time: None,
        last_time: None,
        failure: None,
        pieces: 0,
        turn: 0,
        abandoned: false,
    });
    let feed = Line { feed, moved: Condvar::new() };
    let order = Order::new(threads, sink);
    // The first batch alone: most captures that people look at have no second.
    let mut own = Worker::new(&feed, &order, work(), &options.settings);
    let mut spare = None;
    if own.turn(&mut spare) {
        std::thread::scope(|scope| {
            let (feed, order, work) = (&feed, &order, &work);
            let mut helpers = Vec::new();
            if own.take(&mut spare) {
                let processors = processors_for(threads, feed);
                // Who has none of its own runs where the kernel lets it.
                let hold = move |index| processors.and_then(|processors| processors.hold(index).ok());
                helpers.extend((1..threads).map(|index| {
                    scope.spawn(move || {
                        let _held = hold(index);
                        Worker::new(feed, order, work(), &options.settings).run(None);
                    })
                }));
                let _held = hold(0);
                own.run(spare);
            }
            for helper in helpers {
                if let Err(panic) = helper.join() {
                    resume_unwind(panic);
                }
            }
        });
    }
    drop(own);
    if let Some(error) = order.into_failure() {
        return Err(Failed::Sink(error));
    }
    match feed.feed.into_inner().unwrap_or_else(PoisonError::into_inner).failure {
        Some(error) => Err(Failed::Source(error)),
        None => Ok(()),
    }
}

/// The processors for threads to have one each, where they are so many: where there
/// are more, the kernel finds better ones. And only where all threads are at work all
/// the time, which they are with a file, and not with what is still to come.
fn processors_for<S: Source>(threads: usize, feed: &Line<S>) -> Option<Processors> {
    let is_file = lock(&feed.feed).pieces > 0;
    Processors::of_this_thread().ok().filter(|processors| is_file && processors.count() == threads)
}

/// Where batches come from, and what the next one has to know of those before.
struct Feed<S: Source> {
    source: S,
    /// Batches so far.
    sequence: u64,
    /// Frames that may still be taken.
    left: u64,
    first_time: Option<Timestamp>,
    last_time: Option<Timestamp>,
    failure: Option<S::Error>,
    /// Pieces given out so far.
    pieces: u64,
    /// Which of them is to be cut next.
    turn: u64,
    /// Whether a thread died with a piece.
    abandoned: bool,
}

impl<S: Source> Feed<S> {
    /// Whether there is no more to be taken.
    fn is_over(&self) -> bool {
        self.left == 0 || self.failure.is_some() || self.abandoned || signal::caught().is_some()
    }

    /// The next piece of the source, and its turn to be cut.
    fn piece(&mut self) -> Option<(u64, Piece)> {
        let piece = if self.is_over() { None } else { self.source.next_piece() }?;
        self.pieces += 1;
        Some((self.pieces - 1, piece))
    }

    /// Fills `batch` with the next frames, from a piece if there is one, and
    /// returns its place in the order.
    fn next(&mut self, batch: &mut Batch, piece: Option<Piece>) -> Option<u64> {
        if self.is_over() {
            return None;
        }
        let more = match piece {
            Some(piece) => self.source.next_from(piece, batch),
            None => self.source.next(batch),
        };
        match more {
            Ok(true) => {}
            Ok(false) => {
                self.left = 0;
                return None;
            }
            Err(failure) => {
                self.failure = Some(failure);
                return None;
            }
        }
        if batch.len() as u64 > self.left {
            batch.truncate(self.left as usize);
        }
        self.left -= batch.len() as u64;
        let last = batch.len().checked_sub(1).and_then(|last| batch.frame(last)?.time);
        self.first_time = self.first_time.or_else(|| batch.frame(0)?.time);
        batch.first_time = self.first_time;
        batch.previous_time = self.last_time.or(self.first_time);
        self.last_time = last.or(self.last_time);
        self.sequence += 1;
        Some(self.sequence - 1)
    }
}

/// The feed, and who waits for their turn at it.
struct Line<S: Source> {
    feed: Mutex<Feed<S>>,
    moved: Condvar,
}

impl<S: Source> Line<S> {
    /// As [`Feed::next`]; a piece is read before the turn comes.
    fn next(&self, batch: &mut Batch) -> Option<u64> {
        let piece = lock(&self.feed).piece();
        let Some((turn, mut piece)) = piece else { return lock(&self.feed).next(batch, None) };
        let mut mine = Turn { line: self, over: false };
        piece.read(batch.chunk());
        let mut feed = lock(&self.feed);
        while feed.turn != turn && !feed.abandoned {
            feed = self.moved.wait(feed).unwrap_or_else(PoisonError::into_inner);
        }
        let place = feed.next(batch, Some(piece));
        feed.turn += 1;
        mine.over = true;
        drop(feed);
        self.moved.notify_all();
        place
    }
}

/// Lets nobody wait for a thread that died before its turn was over.
struct Turn<'l, S: Source> {
    line: &'l Line<S>,
    over: bool,
}

impl<S: Source> Drop for Turn<'_, S> {
    fn drop(&mut self) {
        if !self.over {
            lock(&self.line.feed).abandoned = true;
            self.line.moved.notify_all();
        }
    }
}

/// One thread's share.
struct Worker<'r, S: Source, W: Work, F, E> {
    feed: &'r Line<S>,
    order: &'r Order<W::Output, F, E>,
    work: W,
    dissection: Box<Dissection>,
    /// The place of the batch that was taken last.
    place: u64,
}

impl<'r, S, W, F, E> Worker<'r, S, W, F, E>
where
    S: Source,
    W: Work,
    F: FnMut(&Batch, &mut W::Output) -> Result<(), E>,
{
    fn new(feed: &'r Line<S>, order: &'r Order<W::Output, F, E>, work: W, settings: &Arc<Settings>) -> Self {
        let dissection = Box::new(Dissection::with(Arc::clone(settings)));
        Self { feed, order, work, dissection, place: 0 }
    }

    /// Goes on until there is nothing left; `taken` is a batch that
    /// [`take`](Self::take) filled already.
    fn run(&mut self, taken: Option<Done<W::Output>>) {
        // A thread that panics must not leave the others waiting for its turn.
        let _guard = self.order.guard();
        let mut spare = taken;
        if spare.is_some() && !self.finish(&mut spare) {
            return;
        }
        while self.turn(&mut spare) {}
    }

    /// Takes a batch, works on it and delivers it; false where that was the end.
    fn turn(&mut self, spare: &mut Option<Done<W::Output>>) -> bool {
        self.take(spare) && self.finish(spare)
    }

    /// Takes the next batch into `spare`.
    fn take(&mut self, spare: &mut Option<Done<W::Output>>) -> bool {
        let done = spare.get_or_insert_default();
        match self.feed.next(&mut done.batch) {
            Some(place) => {
                self.place = place;
                true
            }
            None => false,
        }
    }

    /// Works on the batch in `spare` and delivers it, for another spare one;
    /// false where nothing more is wanted.
    fn finish(&mut self, spare: &mut Option<Done<W::Output>>) -> bool {
        let Some(mut done) = spare.take() else { return false };
        let Done { batch, .. } = &done;
        let (first_time, mut previous_time) = (batch.first_time, batch.previous_time);
        let judged = self.work.needs_findings();
        for position in 0..batch.len() {
            let Some((frame, time_digits)) = done.batch.seen(position) else { continue };
            let previous = previous_time;
            previous_time = frame.time.or(previous);
            let (mut packet, unjudged) = self.dissection.begin(&frame);
            packet.first_time = first_time;
            packet.previous_time = previous;
            packet.time_digits = time_digits;
            if !self.work.wants(&packet) {
                continue;
            }
            unjudged.complete(&mut packet, judged);
            self.work.packet(&packet, position, &mut done.output);
            if self.work.is_full(&done.output) {
                self.work.end(&mut done.output);
                if !self.order.deliver_part(self.place, &mut done) {
                    return false;
                }
            }
        }
        self.work.end(&mut done.output);
        *spare = self.order.deliver(self.place, done);
        spare.is_some()
    }
}

/// Locks; what another thread's panic left behind is not used any more.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
