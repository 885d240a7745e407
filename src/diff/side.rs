//! One capture while its packets are matched: those that are read, and not yet
//! reported.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::feed::{Entry, Keyed};

/// Where a packet is: its batch, by number, and its entry in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct At {
    pub batch: u64,
    pub entry: u32,
}

/// What became of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// A match may still come.
    Open,
    /// It is the packet with this index on the other side.
    Matched(u64),
    /// It is not on the other side; or it was not within the window.
    Lone {
        /// Whether the window ended before the other capture did.
        window: bool,
    },
    /// It was reported ahead of its turn.
    Done,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    pub at: At,
    pub state: State,
    /// The next packet with the same key that is open.
    next_same: u64,
}

/// No packet.
const NONE: u64 = u64::MAX;

/// The packets of one capture. Indices count the wanted packets from 0.
#[derive(Debug, Default)]
pub(super) struct Side {
    /// The batches that are needed still, and the number of the first.
    batches: VecDeque<Arc<Keyed>>,
    first_batch: u64,
    /// Bytes of their frames.
    held: usize,
    /// The entry that comes next.
    cursor: u64,
    cursor_entry: u32,
    /// Whether no more batches come.
    pub ended: bool,
    slots: VecDeque<Slot>,
    first_slot: u64,
    /// Before this index nothing is open.
    open_from: u64,
    /// Key → first and last open packet that has it.
    open: HashMap<u64, (u64, u64)>,
    /// After the last packet that was matched.
    pub anchor: u64,
}

impl Side {
    /// Adds the next batch.
    pub fn push(&mut self, keyed: Keyed) {
        self.held += keyed.bytes;
        self.batches.push_back(Arc::new(keyed));
    }

    /// How many batches wait that no packet was taken from.
    pub fn waiting(&self) -> u64 {
        self.first_batch + self.batches.len() as u64 - self.cursor
    }

    /// Bytes of the frames that are held.
    pub fn held(&self) -> usize {
        self.held
    }

    /// The batch of a number.
    pub fn batch(&self, number: u64) -> Option<&Arc<Keyed>> {
        self.batches.get(usize::try_from(number.checked_sub(self.first_batch)?).ok()?)
    }

    pub fn entry(&self, at: At) -> Option<&Entry> {
        self.batch(at.batch)?.entries.get(at.entry as usize)
    }

    /// The packet that comes next, where it has been read.
    pub fn peek(&mut self) -> Option<(At, Entry)> {
        loop {
            let keyed = self.batch(self.cursor)?;
            if let Some(entry) = keyed.entries.get(self.cursor_entry as usize) {
                return Some((At { batch: self.cursor, entry: self.cursor_entry }, *entry));
            }
            self.cursor += 1;
            self.cursor_entry = 0;
        }
    }

    /// Goes past the packet that [`Side::peek`] showed.
    pub fn step(&mut self) {
        self.cursor_entry += 1;
    }

    /// Whether everything was taken and nothing more comes.
    pub fn is_exhausted(&mut self) -> bool {
        self.ended && self.peek().is_none()
    }

    /// The index of the packet that comes next.
    pub fn taken(&self) -> u64 {
        self.first_slot + self.slots.len() as u64
    }

    /// How many packets were taken since the last that was matched.
    pub fn lead(&self) -> u64 {
        self.taken() - self.anchor.min(self.taken())
    }

    /// The index of the first packet that is not reported.
    pub fn first(&self) -> u64 {
        self.first_slot
    }

    pub fn slot(&self, index: u64) -> Option<&Slot> {
        self.slots.get(usize::try_from(index.checked_sub(self.first_slot)?).ok()?)
    }

    pub fn state(&self, index: u64) -> Option<State> {
        self.slot(index).map(|slot| slot.state)
    }

    fn slot_mut(&mut self, index: u64) -> Option<&mut Slot> {
        self.slots.get_mut(usize::try_from(index.checked_sub(self.first_slot)?).ok()?)
    }

    /// Adds a packet without a match.
    pub fn add_open(&mut self, at: At, key: u64) {
        let index = self.taken();
        self.slots.push_back(Slot { at, state: State::Open, next_same: NONE });
        match self.open.get_mut(&key) {
            Some((_, last)) => {
                let before = std::mem::replace(last, index);
                if let Some(slot) = self.slot_mut(before) {
                    slot.next_same = index;
                }
            }
            None => {
                self.open.insert(key, (index, index));
            }
        }
    }

    /// Adds a packet that is the other side's packet `other`.
    pub fn add_matched(&mut self, at: At, other: u64) {
        self.slots.push_back(Slot { at, state: State::Matched(other), next_same: NONE });
        self.anchor = self.taken();
    }

    /// Whether a packet with this key is open.
    pub fn has_open(&self, key: u64) -> bool {
        !self.open.is_empty() && self.open.contains_key(&key)
    }

    /// Takes the first open packet that has this key out of those that are
    /// open; its state is for the caller to set.
    pub fn take_open(&mut self, key: u64) -> Option<u64> {
        if self.open.is_empty() {
            return None;
        }
        let (first, last) = *self.open.get(&key)?;
        if first == last {
            self.open.remove(&key);
        } else {
            let next = self.slot(first).map_or(NONE, |slot| slot.next_same);
            self.open.insert(key, (next, last));
        }
        Some(first)
    }

    pub fn set(&mut self, index: u64, state: State) {
        if let Some(slot) = self.slot_mut(index) {
            slot.state = state;
        }
    }

    /// The first open packet.
    pub fn oldest_open(&mut self) -> Option<u64> {
        if self.open.is_empty() {
            return None;
        }
        let mut index = self.open_from.max(self.first_slot);
        while self.state(index)? != State::Open {
            index += 1;
        }
        self.open_from = index;
        Some(index)
    }

    /// Gives up on the first open packet.
    pub fn expire(&mut self, index: u64, window: bool) {
        let key = self.slot(index).and_then(|slot| self.entry(slot.at)).map(|entry| entry.key.whole);
        if let Some(key) = key {
            // It is the first of its key, as it is the first of all.
            let taken = self.take_open(key);
            debug_assert_eq!(taken, Some(index));
        }
        self.set(index, State::Lone { window });
    }

    /// Forgets the packets before `index`.
    pub fn forget_before(&mut self, index: u64) {
        while self.first_slot < index && self.slots.pop_front().is_some() {
            self.first_slot += 1;
        }
    }

    /// Lets go of the batches that no packet here is in any more.
    pub fn release(&mut self) {
        let needed = self.slots.front().map_or(self.cursor, |slot| slot.at.batch);
        while self.first_batch < needed {
            let Some(keyed) = self.batches.pop_front() else { break };
            self.held -= keyed.bytes;
            self.first_batch += 1;
        }
    }
}
