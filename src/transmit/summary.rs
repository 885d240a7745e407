//! What a run comes to: while it goes on, and in the end.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::SendError;

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
    /// From the start to the end of the last packet.
    pub elapsed: Duration,
    /// A signal ended the run before its count.
    pub interrupted: bool,
    /// What the engine that sent is called.
    pub engine: String,
    /// Engines that would have come first, and why they did not do.
    pub fallbacks: Vec<String>,
}

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
