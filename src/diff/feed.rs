//! One capture on its way to being matched: batches of frames, and the keys of
//! those that are wanted.

use crate::dissect::{Dissection, Packet};
use crate::filter::Filter;
use crate::pipeline::Batch;

use super::key::Key;

/// A packet that waits for its match.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub key: Key,
    /// When it was seen, in nanoseconds; `None` where the capture does not say.
    pub time: Option<i128>,
    /// Its place in the batch.
    pub position: u32,
}

/// Frames and the entries of those that are wanted.
#[derive(Debug, Default)]
pub(super) struct Keyed {
    pub batch: Batch,
    pub entries: Vec<Entry>,
    /// Bytes of all its frames.
    pub bytes: usize,
}

/// What makes entries of frames; one per thread.
pub(super) struct Keying {
    dissection: Box<Dissection>,
    filter: Option<Filter>,
    /// Whether keys are needed at all.
    keys: bool,
}

impl Keying {
    pub fn new(dissection: Dissection, filter: Option<Filter>, keys: bool) -> Self {
        Self { dissection: Box::new(dissection), filter, keys }
    }

    /// Fills in the entries of the first `limit` frames of a batch.
    pub fn run(&mut self, keyed: &mut Keyed, limit: u64) {
        let Keyed { batch, entries, bytes } = keyed;
        entries.clear();
        *bytes = 0;
        let count = batch.len().min(usize::try_from(limit).unwrap_or(usize::MAX));
        for position in 0..count {
            let Some(frame) = batch.frame(position) else { continue };
            *bytes += frame.data.len();
            let mut key = Key::default();
            if self.keys || self.filter.is_some() {
                self.dissection.refill_layers(&frame);
                if self.filter.as_ref().is_some_and(Filter::asks_findings) {
                    self.dissection.complete(&frame);
                }
                let packet = Packet::new(&frame, &self.dissection);
                if self.filter.as_ref().is_some_and(|filter| !filter.matches(&packet)) {
                    continue;
                }
                if self.keys {
                    key = Key::of(&packet);
                }
            }
            entries.push(Entry { key, time: frame.time.map(|time| time.0), position: position as u32 });
        }
    }
}
