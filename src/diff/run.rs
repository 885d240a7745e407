//! Two captures through matching and comparing on all cores, results in order.
//!
//! Each thread takes whatever can be done next: hand on a result whose turn it
//! is, compare matched packets, match, or read a batch and make its keys. One
//! thread matches at a time, and one reads each capture. So there is no thread
//! that only waits for others, and memory is what the window holds, and a few
//! batches and results.

use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::dissect::Dissection;
use crate::pipeline::{MAX_THREADS, Source};
use crate::sys::signal;

use super::feed::{Keyed, Keying};
use super::matcher::{Event, Matcher, Stop};
use super::tally::Tally;
use super::work::{Job, Output, Worker, Writing};
use super::{By, Failed, Options};

/// Events of one job.
const JOB: usize = 256;

/// Where one capture comes from.
struct Feed<'s, E> {
    source: Box<dyn Source<Error = E> + 's>,
    /// Frames that may still be taken.
    left: u64,
    first_time: Option<crate::capture::Timestamp>,
}

/// One capture's way to the matcher.
struct Inlet<'s, E> {
    /// Gone while a thread reads.
    feed: Option<Feed<'s, E>>,
    /// Batches read so far, and those that the matcher has.
    read: u64,
    pushed: u64,
    /// Batches with their keys that are not next.
    ready: BTreeMap<u64, Keyed>,
    /// Whether the source has come to its end.
    ended: bool,
    failure: Option<E>,
}

struct State<'s, E, F, X> {
    inlets: [Inlet<'s, E>; 2],
    /// Gone while a thread matches.
    matcher: Option<Box<Matcher>>,
    /// Batches that the matcher has and took nothing from yet.
    waiting: [u64; 2],
    /// Whether there is something new to match.
    news: bool,
    matched: bool,
    jobs: VecDeque<(u64, Job)>,
    next_job: u64,
    done: BTreeMap<u64, Output>,
    next_done: u64,
    /// Gone while a thread hands on a result.
    sink: Option<F>,
    tally: Tally,
    spare_batches: Vec<Keyed>,
    spare_outputs: Vec<Output>,
    stopped: bool,
    failure: Option<X>,
}

struct Shared<'s, E, F, X> {
    state: Mutex<State<'s, E, F, X>>,
    changed: Condvar,
    threads: u64,
}

/// What a thread is to do.
enum Task<'s, E, F> {
    Deliver(F, Output),
    Compare(u64, Job, Output),
    Match(Box<Matcher>, [Vec<Keyed>; 2], [bool; 2]),
    Read(usize, Feed<'s, E>, Keyed),
}

/// Diffs two captures; `sink` is given the text as it comes, in order. A signal
/// that is caught ends it, with what was compared so far.
///
/// # Errors
/// The first that a source had, after everything before it was compared; or
/// the sink's.
pub fn run<'s, E, F, X>(
    left: impl Source<Error = E> + 's,
    right: impl Source<Error = E> + 's,
    options: &Options,
    sink: F,
) -> (Tally, Result<(), Failed<E, X>>)
where
    E: Send,
    X: Send,
    F: FnMut(&[u8]) -> Result<(), X> + Send,
{
    let cores = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get).min(MAX_THREADS);
    let threads = options.threads.map_or_else(cores, NonZeroUsize::get);
    let limit = options.limit.unwrap_or(u64::MAX);
    let inlet = |source: Box<dyn Source<Error = E> + 's>| Inlet {
        feed: Some(Feed { source, left: limit, first_time: None }),
        read: 0,
        pushed: 0,
        ready: BTreeMap::new(),
        ended: false,
        failure: None,
    };
    let state = State {
        inlets: [inlet(Box::new(left)), inlet(Box::new(right))],
        matcher: Some(Box::new(Matcher::new(options.by, options.window))),
        waiting: [0, 0],
        news: false,
        matched: false,
        jobs: VecDeque::new(),
        next_job: 0,
        done: BTreeMap::new(),
        next_done: 0,
        sink: Some(sink),
        tally: Tally::default(),
        spare_batches: Vec::new(),
        spare_outputs: Vec::new(),
        stopped: false,
        failure: None,
    };
    let shared = Shared { state: Mutex::new(state), changed: Condvar::new(), threads: threads as u64 };
    std::thread::scope(|scope| {
        let helpers: Vec<_> = (1..threads).map(|_| scope.spawn(|| shared.work(options))).collect();
        shared.work(options);
        for helper in helpers {
            if let Err(panic) = helper.join() {
                resume_unwind(panic);
            }
        }
    });
    let state = shared.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut failure = state.failure.map(Failed::Sink);
    for (side, inlet) in state.inlets.into_iter().enumerate() {
        failure = failure.or(inlet.failure.map(|error| Failed::Source(side, error)));
    }
    (state.tally, failure.map_or(Ok(()), Err))
}

impl<'s, E, F, X> Shared<'s, E, F, X>
where
    E: Send,
    F: FnMut(&[u8]) -> Result<(), X>,
{
    fn lock(&self) -> MutexGuard<'_, State<'s, E, F, X>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One thread's share.
    fn work(&self, options: &Options) {
        let _guard = Guard(self);
        let settings = &options.settings;
        let keys = matches!(options.by, By::Key | By::KeyAndPlace);
        let mut keying = Keying::new(Dissection::with(Arc::clone(settings)), options.filter.clone(), keys);
        let writing = Writing { form: options.form, all: options.all, names: options.names.clone() };
        let mut worker = Worker::new(&options.rules, settings, writing);
        let mut state = self.lock();
        loop {
            if state.stopped {
                return;
            }
            let Some(task) = state.task(self.threads) else {
                if state.is_complete() {
                    self.changed.notify_all();
                    return;
                }
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            drop(state);
            match task {
                Task::Deliver(sink, output) => self.deliver(sink, output),
                Task::Compare(number, job, mut output) => {
                    worker.run(&job, &mut output);
                    let batches = job.held.into_iter().flat_map(|(_, batches)| batches);
                    // Whoever is the last to have a batch gives it back.
                    let free: Vec<_> = batches.filter_map(Arc::into_inner).collect();
                    let mut state = self.lock();
                    state.spare_batches.extend(free);
                    state.done.insert(number, output);
                }
                Task::Match(matcher, batches, ended) => self.match_up(matcher, batches, ended),
                Task::Read(side, feed, keyed) => self.read(side, feed, keyed, &mut keying),
            }
            state = self.lock();
            self.changed.notify_all();
        }
    }

    fn deliver(&self, mut sink: F, mut output: Output) {
        let result = if output.text.is_empty() { Ok(()) } else { sink(&output.text) };
        let mut state = self.lock();
        output.text.clear();
        state.tally.take(&mut output.tally);
        state.spare_outputs.push(output);
        state.next_done += 1;
        state.sink = Some(sink);
        if let Err(failure) = result {
            state.failure = Some(failure);
            state.stopped = true;
        }
    }

    fn match_up(&self, mut matcher: Box<Matcher>, batches: [Vec<Keyed>; 2], ended: [bool; 2]) {
        for (side, batches) in batches.into_iter().enumerate() {
            batches.into_iter().for_each(|keyed| matcher.push(side, keyed));
            matcher.sides[side].ended = ended[side];
        }
        let mut events = Vec::new();
        let mut jobs = Vec::new();
        let stop = matcher.advance(&mut events);
        loop {
            jobs.extend(events.chunks(JOB).map(|events| job(&matcher, events)));
            events.clear();
            matcher.release();
            if stop == Stop::End {
                break;
            }
            matcher.make_room(&mut events);
            if events.is_empty() {
                break;
            }
        }
        let mut state = self.lock();
        for job in jobs {
            let number = state.next_job;
            state.jobs.push_back((number, job));
            state.next_job += 1;
        }
        state.waiting = [0, 1].map(|side| matcher.sides[side].waiting());
        state.news |= stop == Stop::Pause;
        state.matched = stop == Stop::End;
        state.matcher = Some(matcher);
    }

    fn read(&self, side: usize, mut feed: Feed<'s, E>, mut keyed: Keyed, keying: &mut Keying) {
        let result = if feed.left == 0 { Ok(false) } else { feed.source.next(&mut keyed.batch) };
        let limit = feed.left;
        let mut state = self.lock();
        // What was not read yet is not missing: nothing is said of it.
        if signal::caught().is_some() {
            state.stopped = true;
            return;
        }
        let inlet = &mut state.inlets[side];
        match result {
            Ok(true) => {
                feed.left -= (keyed.batch.len() as u64).min(feed.left);
                feed.first_time = feed.first_time.or_else(|| keyed.batch.frame(0)?.time);
                keyed.batch.first_time = feed.first_time;
                let number = inlet.read;
                inlet.read += 1;
                inlet.feed = Some(feed);
                drop(state);
                // Another thread may read on meanwhile.
                self.changed.notify_all();
                keying.run(&mut keyed, limit);
                state = self.lock();
                state.inlets[side].ready.insert(number, keyed);
            }
            Ok(false) => inlet.ended = true,
            Err(failure) => {
                inlet.ended = true;
                inlet.failure = Some(failure);
            }
        }
        state.news = true;
    }
}

/// Some events as a job, with what they need.
fn job(matcher: &Matcher, events: &[Event]) -> Job {
    let mut range = [None::<(u64, u64)>; 2];
    let mut need = |side: usize, batch: u64| {
        let (first, last) = range[side].unwrap_or((batch, batch));
        range[side] = Some((first.min(batch), last.max(batch)));
    };
    for event in events {
        match event {
            Event::Pair { left, right, .. } => {
                need(0, left.batch);
                need(1, right.batch);
            }
            Event::Alone { side, at, .. } => need(*side, at.batch),
        }
    }
    let held = [0, 1].map(|side| match range[side] {
        Some((first, last)) => (first, (first..=last).filter_map(|n| matcher.batch(side, n).cloned()).collect()),
        None => (0, Vec::new()),
    });
    Job { events: events.to_vec(), held }
}

impl<'s, E, F, X> State<'s, E, F, X> {
    /// What can be done next, the nearest to the end first.
    fn task(&mut self, threads: u64) -> Option<Task<'s, E, F>> {
        if self.done.contains_key(&self.next_done)
            && let Some(sink) = self.sink.take()
        {
            let next = self.next_done;
            return self.done.remove(&next).map(|output| Task::Deliver(sink, output));
        }
        let ahead = self.next_done + 4 * threads;
        if self.jobs.front().is_some_and(|(number, _)| *number < ahead)
            && let Some((number, job)) = self.jobs.pop_front()
        {
            return Some(Task::Compare(number, job, self.spare_outputs.pop().unwrap_or_default()));
        }
        // What is matched is to be compared before more is matched or read.
        if self.jobs.len() as u64 > 4 * threads {
            return None;
        }
        if self.news
            && !self.matched
            && let Some(matcher) = self.matcher.take()
        {
            self.news = false;
            let mut batches: [Vec<Keyed>; 2] = Default::default();
            for (inlet, batches) in self.inlets.iter_mut().zip(&mut batches) {
                while let Some(keyed) = inlet.ready.remove(&inlet.pushed) {
                    batches.push(keyed);
                    inlet.pushed += 1;
                }
            }
            let ended = [0, 1].map(|side| self.inlets[side].is_through());
            return Some(Task::Match(matcher, batches, ended));
        }
        // The side that is less far first.
        let far = [0, 1].map(|side| self.waiting[side] + self.inlets[side].read - self.inlets[side].pushed);
        let order = if far[0] <= far[1] { [0, 1] } else { [1, 0] };
        for side in order {
            let inlet = &mut self.inlets[side];
            if !inlet.ended
                && far[side] < 2 * threads
                && let Some(feed) = inlet.feed.take()
            {
                return Some(Task::Read(side, feed, self.spare_batches.pop().unwrap_or_default()));
            }
        }
        None
    }

    fn is_complete(&self) -> bool {
        self.matched && self.jobs.is_empty() && self.next_done == self.next_job
    }
}

impl<E> Inlet<'_, E> {
    /// Whether the matcher has everything there is.
    fn is_through(&self) -> bool {
        self.ended && self.pushed == self.read
    }
}

/// Stops everything if the thread that holds it panics.
struct Guard<'g, 's, E, F, X>(&'g Shared<'s, E, F, X>);

impl<E, F, X> Drop for Guard<'_, '_, E, F, X> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.state.lock().unwrap_or_else(PoisonError::into_inner).stopped = true;
            self.0.changed.notify_all();
        }
    }
}
