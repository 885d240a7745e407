//! The packets that are out, and what came back.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::answer::Answer;
use super::identity::{Heard, Identity, Key};
use crate::capture::{Frame, Timestamp};
use crate::dissect::{Dissection, Packet as Dissected};
use crate::transmit::{Packet, SendError, Watch};
use crate::wire::link_type::LinkType;

/// The most packets that are remembered, answered or not. Beyond that the oldest
/// is given up.
const MOST: usize = 1 << 17;

/// How many packets that are the same an answer is held against, to find one
/// that its sender may answer.
const SAME: usize = 64;

/// Packets that were sent and wait for answers. Threads that send tell it of
/// them as their [`Watch`], one that listens of what it [hears](Self::heard).
pub struct Book<'a> {
    pages: Mutex<Pages<'a>>,
    answered: Condvar,
}

struct Pages<'a> {
    dissection: Dissection,
    /// By number, so that the first is the oldest.
    probes: BTreeMap<u64, Probe>,
    keys: HashMap<Key, Queue>,
    tally: Tally,
    tell: Box<dyn FnMut(&Answer) + Send + 'a>,
    missing: Missing,
}

/// A packet that was sent.
struct Probe {
    identity: Identity,
    /// When it left; `None` before it is known to have.
    sent: Option<SystemTime>,
    answered: bool,
    /// When the last answer to it came in.
    last: Option<Timestamp>,
    /// Answers heard before it was known when it left.
    early: Vec<(Heard, Timestamp, u32)>,
}

/// Packets of the same key.
#[derive(Default)]
struct Queue {
    /// Numbers of those without an answer, in the order they were sent.
    waiting: VecDeque<u64>,
    /// The one answered last.
    last: Option<u64>,
}

/// How many packets were sent and answered, and how long that took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Packets that left.
    pub sent: u64,
    /// Those of them that were answered, errors included.
    pub answered: u64,
    /// Those answered by an ICMP error.
    pub errors: u64,
    /// Answers to packets that were answered already.
    pub duplicates: u64,
    /// The shortest round trip.
    pub min: Option<Duration>,
    /// The longest.
    pub max: Option<Duration>,
    /// All of them together.
    total: Duration,
    /// Answers that have one.
    timed: u32,
}

impl Tally {
    /// The mean round trip.
    pub fn mean(&self) -> Option<Duration> {
        self.total.checked_div(self.timed)
    }

    fn count(&mut self, answer: &Answer) {
        if answer.duplicate {
            self.duplicates += 1;
            return;
        }
        self.answered += 1;
        self.errors += u64::from(matches!(answer.kind, super::Kind::Error { .. }));
        if let Some(time) = answer.round_trip {
            self.min = Some(self.min.map_or(time, |min| min.min(time)));
            self.max = Some(self.max.map_or(time, |max| max.max(time)));
            self.total += time;
            self.timed += 1;
        }
    }
}

/// Numbers of packets that nobody answered, in runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Missing(Vec<(u64, u64)>);

impl Missing {
    /// First and last number of each run, counted from 0.
    pub fn runs(&self) -> &[(u64, u64)] {
        &self.0
    }

    /// Each number.
    pub fn numbers(&self) -> impl Iterator<Item = u64> {
        self.0.iter().flat_map(|(first, last)| *first..=*last)
    }

    fn push(&mut self, number: u64) {
        match self.0.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => self.0.push((number, number)),
        }
    }
}

impl std::fmt::Display for Missing {
    /// Counted from 1, as people do: `3, 7-9`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, (first, last)) in self.0.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { ", " })?;
            match first == last {
                true => write!(f, "{}", first + 1)?,
                false => write!(f, "{}-{}", first + 1, last + 1)?,
            }
        }
        Ok(())
    }
}

impl<'a> Book<'a> {
    /// An empty book that `tell`s of each answer as it is known, one at a time.
    pub fn new(tell: impl FnMut(&Answer) + Send + 'a) -> Self {
        let pages = Pages {
            dissection: Dissection::new(),
            probes: BTreeMap::new(),
            keys: HashMap::new(),
            tally: Tally::default(),
            tell: Box::new(tell),
            missing: Missing::default(),
        };
        Self { pages: Mutex::new(pages), answered: Condvar::new() }
    }

    /// Takes in a frame that arrived.
    pub fn heard(&self, frame: &Frame<'_>) {
        let mut pages = self.lock();
        let heard = pages.dissect(frame, Heard::of);
        let Some((heard, time)) = heard.zip(frame.time) else { return };
        if pages.answer(heard, time, frame.original_len) {
            self.answered.notify_all();
        }
    }

    /// Waits until every packet is answered, for so long at most: whether they
    /// are.
    pub fn wait(&self, most: Duration) -> bool {
        let deadline = Instant::now() + most;
        let mut pages = self.lock();
        loop {
            if pages.tally.answered >= pages.tally.sent {
                return true;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            pages = match self.answered.wait_timeout(pages, left) {
                Ok((pages, _)) => pages,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }

    /// Closes the book: what it came to, and the packets without an answer.
    pub fn close(self) -> (Tally, Missing) {
        let mut pages = self.pages.into_inner().unwrap_or_else(PoisonError::into_inner);
        while let Some((number, probe)) = pages.probes.pop_first() {
            pages.give_up(number, &probe);
        }
        (pages.tally, pages.missing)
    }

    fn lock(&self) -> MutexGuard<'_, Pages<'a>> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch for Book<'_> {
    fn taken(&self, number: u64, packet: Packet<'_>) {
        let link = match packet {
            Packet::Frame(_) => LinkType::ETHERNET,
            Packet::Ipv6(_) => LinkType::IPV6,
        };
        let mut pages = self.lock();
        let identity = pages.dissect(&Frame::new(link, packet.bytes()), Identity::of);
        // Without an IP header nothing can answer it.
        let identity = identity.unwrap_or(Identity { keys: Vec::new(), targets: Vec::new() });
        for key in &identity.keys {
            pages.keys.entry(*key).or_default().waiting.push_back(number);
        }
        pages.probes.insert(number, Probe { identity, sent: None, answered: false, last: None, early: Vec::new() });
        if pages.probes.len() > MOST
            && let Some((number, probe)) = pages.probes.pop_first()
        {
            pages.give_up(number, &probe);
            pages.forget(&probe.identity);
        }
    }

    fn left(&self, number: u64, time: SystemTime, outcome: &Result<usize, SendError>) {
        let mut pages = self.lock();
        if outcome.is_err() {
            if let Some(probe) = pages.probes.remove(&number) {
                pages.forget(&probe.identity);
            }
            return;
        }
        pages.tally.sent += 1;
        let Some(probe) = pages.probes.get_mut(&number) else { return };
        probe.sent = Some(time);
        for (heard, received, length) in std::mem::take(&mut probe.early) {
            pages.complete(number, heard, received, length);
        }
        self.answered.notify_all();
    }
}

impl Pages<'_> {
    fn dissect<T>(&mut self, frame: &Frame<'_>, of: impl Fn(&Dissected<'_>) -> Option<T>) -> Option<T> {
        self.dissection.refill_layers(frame);
        of(&Dissected::new(frame, &self.dissection))
    }

    /// Finds the packet that was answered; whether there is one.
    fn answer(&mut self, heard: Heard, time: Timestamp, length: u32) -> bool {
        let Some(queue) = self.keys.get_mut(&heard.key) else { return false };
        let probes = &self.probes;
        // Answered by another key, or given up.
        while queue.waiting.front().is_some_and(|number| probes.get(number).is_none_or(|probe| probe.answered)) {
            queue.waiting.pop_front();
        }
        let may = |number: &u64| {
            let probe = probes.get(number);
            probe.is_some_and(|probe| heard.is_from_anybody() || probe.identity.may_answer(heard.from))
        };
        let found = queue.waiting.iter().take(SAME).position(may);
        // Linux takes a reply out of its encapsulation and lets it come in once
        // more, with the time that it came at first.
        let again = queue.last.and_then(|last| probes.get(&last)).is_some_and(|probe| probe.last == Some(time));
        if again {
            return false;
        }
        let number = match found.and_then(|at| queue.waiting.remove(at)) {
            Some(number) => number,
            None => match queue.last.filter(may) {
                Some(number) => number,
                None => return false,
            },
        };
        queue.last = Some(number);
        let Some(probe) = self.probes.get_mut(&number) else { return false };
        probe.last = Some(time);
        if probe.sent.is_none() {
            probe.early.push((heard, time, length));
        } else {
            self.complete(number, heard, time, length);
        }
        true
    }

    /// Tells of an answer to a packet that is known to have left.
    fn complete(&mut self, number: u64, heard: Heard, received: Timestamp, length: u32) {
        let Some(probe) = self.probes.get_mut(&number) else { return };
        let Heard { from, hop_limit, kind, .. } = heard;
        let duplicate = std::mem::replace(&mut probe.answered, true);
        let round_trip = probe.sent.and_then(|sent| between(sent, received));
        let answer = Answer { number, from, kind, hop_limit, length, round_trip, duplicate };
        self.tally.count(&answer);
        (self.tell)(&answer);
    }

    fn give_up(&mut self, number: u64, probe: &Probe) {
        if !probe.answered && probe.sent.is_some() {
            self.missing.push(number);
        }
    }

    /// Removes the queues of a packet that is gone, where nothing else is in
    /// them.
    fn forget(&mut self, identity: &Identity) {
        for key in &identity.keys {
            if let Some(queue) = self.keys.get_mut(key) {
                // Those behind the first are skipped when their turn comes.
                while queue.waiting.front().is_some_and(|number| !self.probes.contains_key(number)) {
                    queue.waiting.pop_front();
                }
                queue.last = queue.last.filter(|number| self.probes.contains_key(number));
                if queue.waiting.is_empty() && queue.last.is_none() {
                    self.keys.remove(key);
                }
            }
        }
    }
}

/// The time from one to the other; `None` where it would be negative.
fn between(sent: SystemTime, received: Timestamp) -> Option<Duration> {
    let sent = sent.duration_since(UNIX_EPOCH).ok()?.as_nanos() as i128;
    u64::try_from(received.0 - sent).ok().map(Duration::from_nanos)
}
