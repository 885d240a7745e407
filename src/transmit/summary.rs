//! What a run comes to: while it goes on, and in the end.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::SendError;
use crate::sys::route::Counters;

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Packets that left.
    pub sent: u64,
    /// Their bytes, link-layer headers included where the engine makes them.
    pub bytes: u64,
    /// Packets that were refused.
    pub failed: u64,
    /// Since the start.
    pub elapsed: Duration,
}

/// What a run came to.
#[derive(Debug, Default)]
pub struct Summary {
    /// Packets that left.
    pub sent: u64,
    /// Their bytes, link-layer headers included where the engine makes them.
    pub bytes: u64,
    /// Packets that were refused.
    pub failed: u64,
    /// Why, and how often.
    pub refusals: Vec<Refusal>,
    /// Why the first of them was refused, or what ended the run.
    pub first_error: Option<SendError>,
    /// What was wrong with the source, where it broke.
    pub failure: Option<Box<dyn Error + Send + Sync>>,
    /// From the start to the end of the last packet.
    pub elapsed: Duration,
    /// A signal ended the run before its count.
    pub interrupted: bool,
    /// What the engines that sent are called.
    pub engine: String,
    /// Engines that would have come first, and why they did not do.
    pub fallbacks: Vec<String>,
}

impl Summary {
    /// Counts those packets as refused that the kernel took while the interface
    /// went down, and threw away without a word: what it has counted itself is
    /// what left. An interface that counts nothing is not believed.
    pub(super) fn take_back(&mut self, before: &Counters, after: &Counters) {
        let counted = after.tx_packets.wrapping_sub(before.tx_packets);
        let bytes = after.tx_bytes.wrapping_sub(before.tx_bytes);
        if counted == 0 || counted >= self.sent {
            return;
        }
        let lost = self.sent - counted;
        (self.sent, self.bytes, self.failed) = (counted, bytes.min(self.bytes), self.failed + lost);
        match self.refusals.iter_mut().find(|refusal| refusal.code == LOST) {
            Some(refusal) => refusal.count += lost,
            None => self.refusals.push(Refusal { code: LOST.to_owned(), count: lost }),
        }
    }
}

/// What packets are counted under that a dying link swallowed.
const LOST: &str = "ENETDOWN";

/// Packets refused for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The errno's name.
    pub code: String,
    /// How many.
    pub count: u64,
}

/// What the lanes of a run add up to; written by them, read by anybody.
#[derive(Debug, Default)]
pub(super) struct Tally {
    sent: AtomicU64,
    bytes: AtomicU64,
    failed: AtomicU64,
    refused: Mutex<Refused>,
}

#[derive(Debug, Default)]
struct Refused {
    counts: BTreeMap<String, u64>,
    first: Option<SendError>,
}

impl Tally {
    /// Some packets left.
    pub fn sent(&self, packets: u64, bytes: u64) {
        self.sent.fetch_add(packets, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// A packet was refused.
    pub fn refused(&self, error: SendError) {
        self.failed.fetch_add(1, Ordering::Relaxed);
        let mut refused = self.lock();
        *refused.counts.entry(error.code()).or_default() += 1;
        refused.first.get_or_insert(error);
    }

    /// What ended the run was not about a packet.
    pub fn ended(&self, error: SendError) {
        self.lock().first.get_or_insert(error);
    }

    fn lock(&self) -> MutexGuard<'_, Refused> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn progress(&self, elapsed: Duration) -> Progress {
        Progress {
            sent: self.sent.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            elapsed,
        }
    }

    pub fn summary(self, elapsed: Duration, interrupted: bool) -> Summary {
        let Progress { sent, bytes, failed, .. } = self.progress(elapsed);
        let refused = self.refused.into_inner().unwrap_or_else(PoisonError::into_inner);
        let refusals = refused.counts.into_iter().map(|(code, count)| Refusal { code, count }).collect();
        let interrupted = interrupted || matches!(refused.first, Some(SendError::Interrupted));
        let first_error = refused.first;
        Summary { sent, bytes, failed, refusals, first_error, elapsed, interrupted, ..Summary::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_dying_link_swallowed_did_not_leave() {
        let counted = |packets, bytes| Counters { tx_packets: packets, tx_bytes: bytes, ..Counters::default() };
        let refused = Refusal { code: "ENETDOWN".into(), count: 1 };
        let mut summary = Summary { sent: 100, bytes: 1000, failed: 1, refusals: vec![refused], ..Summary::default() };
        summary.take_back(&counted(7, 70), &counted(105, 1050));
        assert_eq!((summary.sent, summary.bytes, summary.failed, summary.refusals[0].count), (98, 980, 3, 3));
        // Other traffic, or counters that stand still, change nothing.
        for after in [counted(205, 2000), counted(7, 70)] {
            summary.take_back(&counted(7, 70), &after);
            assert_eq!((summary.sent, summary.bytes, summary.failed), (98, 980, 3));
        }
    }
}
