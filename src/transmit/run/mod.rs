//! From sources through engines, at a pace, until a count, a time or a signal.

use std::collections::BTreeSet;
use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant, SystemTime};

use super::summary::Tally;
use super::{Engine, Pace, Packet, Progress, SendError, Source, Summary};
use crate::sys::route::{self, Link};
use crate::sys::signal;

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// How many packets, all lanes together; `None` for until the sources end.
    pub count: Option<u64>,
    /// How long at most. With a rate, the packets due in this time are sent.
    pub duration: Option<Duration>,
    /// When packets are due.
    pub pace: Pace,
    /// The interface they leave by. Watched, where it is known: a kernel may
    /// take packets for one that is connected to nobody, without a word.
    pub link: Option<Link>,
}

/// What one thread sends: lane `k` of `n` has the packets numbered k, k + n, …
/// of the run.
pub struct Lane<'a> {
    /// What it sends through.
    pub engine: Box<dyn Engine + 'a>,
    /// What it sends.
    pub source: Box<dyn Source + 'a>,
}

/// Is told of every packet, from all lanes at once.
pub trait Watch: Sync {
    /// The packet of a number, counted from 0, is about to be sent.
    fn taken(&self, number: u64, packet: Packet<'_>);

    /// It left, with its bytes on the wire, or was refused. `time` is that just
    /// before the kernel got it, so no answer is earlier.
    fn left(&self, number: u64, time: SystemTime, outcome: &Result<usize, SendError>);
}

/// How often the link is looked at.
const LINK_CHECK: Duration = Duration::from_millis(200);
/// How often progress is told.
const TELL: Duration = Duration::from_secs(1);

/// Sends: each lane on a thread of its own. `progress` is told once a second.
///
/// A run that is late catches up: when a packet is due depends on those before
/// it, and not on when they left. An error that would only repeat itself ends
/// the run, as does a caught signal.
pub fn run(
    lanes: Vec<Lane<'_>>,
    plan: &Plan,
    watch: Option<&dyn Watch>,
    progress: &mut dyn FnMut(&Progress),
) -> Summary {
    let shared = Shared { plan, watch, tally: Tally::default(), stop: AtomicBool::new(false), start: Instant::now() };
    let before = plan.link.as_ref().and_then(|link| route::counters(link.index).ok());
    let lane_count = lanes.len() as u64;
    let (mut elapsed, mut interrupted) = (Duration::ZERO, false);
    let mut failure = None;
    let (mut engines, mut fallbacks) = (BTreeSet::new(), Vec::new());
    std::thread::scope(|scope| {
        let (done, ended) = channel();
        for (number, lane) in lanes.into_iter().enumerate() {
            let (done, shared) = (done.clone(), &shared);
            scope.spawn(move || {
                let end = Sender::new(shared, lane, number as u64, lane_count).run();
                // The receiver is there until all have told.
                let _ = done.send(end);
            });
        }
        drop(done);
        let mut next = TELL;
        loop {
            match ended.recv_timeout(LINK_CHECK) {
                Ok(end) => {
                    elapsed = elapsed.max(end.last);
                    interrupted |= end.interrupted;
                    engines.insert(end.engine);
                    fallbacks.extend(end.fallbacks);
                    failure = failure.take().or(end.failure);
                }
                Err(RecvTimeoutError::Timeout) => shared.look_at_link(),
                Err(RecvTimeoutError::Disconnected) => break,
            }
            let now = shared.start.elapsed();
            if now >= next {
                next = now + TELL;
                progress(&shared.tally.progress(now));
            }
        }
    });
    fallbacks.sort();
    fallbacks.dedup();
    let engine = engines.into_iter().collect::<Vec<_>>().join(" and ");
    let mut summary = Summary { engine, fallbacks, failure, ..shared.tally.summary(elapsed, interrupted) };
    if let (Some(SendError::Down { .. } | SendError::NoCarrier { .. }), Some(link)) = (&summary.first_error, &plan.link)
        && let (Some(before), Ok(after)) = (before, route::counters(link.index))
    {
        summary.take_back(&before, &after);
    }
    summary
}

/// What lanes have in common.
struct Shared<'a> {
    plan: &'a Plan,
    watch: Option<&'a dyn Watch>,
    tally: Tally,
    stop: AtomicBool,
    start: Instant,
}

impl Shared<'_> {
    fn look_at_link(&self) {
        let Some(link) = &self.plan.link else { return };
        if let Some(error) = SendError::of_link(link.index, &link.name) {
            self.tally.ended(error);
            self.stop.store(true, Ordering::Relaxed);
        }
    }
}

/// How a lane ended.
#[derive(Default)]
struct End {
    /// When its last packet had left.
    last: Duration,
    interrupted: bool,
    engine: String,
    fallbacks: Vec<String>,
    failure: Option<Box<dyn Error + Send + Sync>>,
}

/// One lane at work.
struct Sender<'r, 'a> {
    shared: &'r Shared<'r>,
    engine: Box<dyn Engine + 'a>,
    source: Box<dyn Source + 'a>,
    lane: u64,
    lanes: u64,
    /// Packets of this lane so far, and their bits.
    index: u64,
    bits: u64,
    /// Bytes of a packet, where all are the same.
    copy: Option<usize>,
    /// Number and bytes of the packets taken, in order.
    taken: Vec<(u64, usize)>,
}

/// Why no more packets are taken for now.
enum Pause {
    /// The engine is full.
    Full,
    /// The next one is due then.
    Until(Duration),
    /// There will be no more.
    Done,
}

impl<'r, 'a> Sender<'r, 'a> {
    fn new(shared: &'r Shared<'r>, lane: Lane<'a>, number: u64, lanes: u64) -> Self {
        let taken = Vec::with_capacity(lane.engine.room());
        Self {
            shared,
            engine: lane.engine,
            source: lane.source,
            lane: number,
            lanes,
            index: 0,
            bits: 0,
            copy: None,
            taken,
        }
    }

    fn run(mut self) -> End {
        let mut end = End::default();
        loop {
            if signal::caught().is_some() {
                end.interrupted = true;
                break;
            }
            if self.shared.stop.load(Ordering::Relaxed) {
                break;
            }
            let pause = self.fill();
            if !self.taken.is_empty() {
                self.flush();
                end.last = self.shared.start.elapsed();
            } else if let Pause::Until(due) = pause {
                self.sleep(due);
            }
            if matches!(pause, Pause::Done) {
                break;
            }
        }
        end.engine = self.engine.name().to_owned();
        end.failure = self.source.failure();
        end.fallbacks = self.engine.fallbacks().to_vec();
        end
    }

    /// Takes the packets that are due, as far as there is room.
    fn fill(&mut self) -> Pause {
        let mut now = self.shared.start.elapsed();
        if self.source.is_constant() && self.shared.watch.is_none() {
            return self.fill_with_copies(now);
        }
        loop {
            let number = self.number();
            if let Some(pause) = self.pause(self.engine.room(), &mut now) {
                return pause;
            }
            let Some(packet) = self.source.next() else { return Pause::Done };
            self.index += 1;
            if let Some(watch) = self.shared.watch {
                watch.taken(number, packet);
            }
            match self.engine.take(packet) {
                Ok(length) => {
                    self.bits += length as u64 * 8;
                    self.taken.push((number, length));
                }
                Err(error) => {
                    let lasting = error.is_lasting() || (error.is_of_packet() && self.source.is_constant());
                    self.tell(number, SystemTime::now(), Err(error));
                    if lasting {
                        return Pause::Done;
                    }
                }
            }
        }
    }

    /// The same, where each packet is a copy of the first.
    fn fill_with_copies(&mut self, mut now: Duration) -> Pause {
        let room = self.engine.room_for_copies();
        // What a copy will be on the wire is known once there was one.
        let known = self.copy;
        let pause = loop {
            if let Some(pause) = self.pause(if known.is_some() { room } else { 1 }, &mut now) {
                break pause;
            }
            let length = known.unwrap_or(0);
            self.taken.push((self.number(), length));
            self.bits += length as u64 * 8;
            self.index += 1;
        };
        if self.taken.is_empty() {
            return pause;
        }
        let Some(packet) = self.source.next() else {
            self.taken.clear();
            return Pause::Done;
        };
        match self.engine.take_copies(packet, self.taken.len()) {
            Ok(length) => {
                if known.is_none() {
                    self.copy = Some(length);
                    self.bits = length as u64 * 8;
                    self.taken.iter_mut().for_each(|(_, bytes)| *bytes = length);
                }
                pause
            }
            Err(error) => {
                // Another copy would fare no better if it is for what it is.
                let lasting = error.is_lasting() || error.is_of_packet();
                self.index -= self.taken.len() as u64 - 1;
                self.bits = (self.index - 1) * known.unwrap_or(0) as u64 * 8;
                let number = self.taken[0].0;
                self.taken.clear();
                self.tell(number, SystemTime::now(), Err(error));
                if lasting { Pause::Done } else { Pause::Full }
            }
        }
    }

    /// The number of the next packet, among those of all lanes.
    fn number(&self) -> u64 {
        self.lane + self.index * self.lanes
    }

    /// Why the next packet is not taken now; `None` if it is. `now` is looked
    /// up again where it matters.
    fn pause(&mut self, room: usize, now: &mut Duration) -> Option<Pause> {
        let plan = self.shared.plan;
        if self.taken.len() >= room {
            return Some(Pause::Full);
        }
        let number = self.number();
        if plan.count.is_some_and(|count| number >= count) {
            return Some(Pause::Done);
        }
        let due = self.due(number);
        if plan.duration.is_some_and(|duration| due.unwrap_or(*now) >= duration) {
            return Some(Pause::Done);
        }
        if due.is_some_and(|due| due > *now) {
            *now = self.shared.start.elapsed();
        }
        due.filter(|due| *due > *now).map(Pause::Until)
    }

    /// When this lane's next packet is due; `None` for at once.
    fn due(&mut self, number: u64) -> Option<Duration> {
        match self.shared.plan.pace {
            Pace::TopSpeed => None,
            // The other lanes are as far as this one, as it seems from here.
            Pace::At(rate) => Some(rate.due(number, self.bits.saturating_mul(self.lanes))),
            Pace::Recorded(speed) => Some(self.source.recorded().map_or(Duration::ZERO, |at| speed.due(at))),
        }
    }

    fn sleep(&self, due: Duration) {
        // In steps, to see that there is no use in waiting.
        let until = due.min(self.shared.start.elapsed() + LINK_CHECK);
        if let Some(until) = self.shared.start.checked_add(until) {
            // Where poll(2) fails, the loop around this is the wait.
            let _ = signal::sleep_until(until);
        }
    }

    /// Hands over what was taken, and counts it.
    fn flush(&mut self) {
        let time = SystemTime::now();
        let (mut sent, mut bytes, mut at) = (0, 0, 0);
        let (taken, shared) = (&self.taken, self.shared);
        let mut lasting = false;
        let constant = self.source.is_constant();
        self.engine.flush(&mut |outcome| {
            let (number, length) = taken.get(at).copied().unwrap_or_default();
            at += 1;
            lasting |= outcome.as_ref().is_err_and(|e| e.is_lasting() || (constant && e.is_of_packet()));
            match (outcome, shared.watch) {
                (Ok(()), None) => {
                    sent += 1;
                    bytes += length as u64;
                }
                (outcome, _) => shared.tell(number, time, outcome.map(|()| length)),
            }
        });
        self.shared.tally.sent(sent, bytes);
        self.taken.clear();
        if lasting {
            self.shared.stop.store(true, Ordering::Relaxed);
        }
    }

    fn tell(&self, number: u64, time: SystemTime, outcome: Result<usize, SendError>) {
        if outcome.as_ref().is_err_and(SendError::is_lasting) {
            self.shared.stop.store(true, Ordering::Relaxed);
        }
        self.shared.tell(number, time, outcome);
    }
}

impl Shared<'_> {
    /// Counts one packet.
    fn tell(&self, number: u64, time: SystemTime, outcome: Result<usize, SendError>) {
        if let Some(watch) = self.watch {
            watch.left(number, time, &outcome);
        }
        match outcome {
            Ok(bytes) => self.tally.sent(1, bytes as u64),
            Err(error) => self.tally.refused(error),
        }
    }
}

#[cfg(test)]
mod tests;
