//! A few hundred kilobytes of capture file, cut into frames.

use std::sync::Arc;

use super::interface::Interface;
use crate::capture::frame::{Comments, Frame};

/// Whole records of a capture file: the bytes as read, and where in them the
/// frames are. Made to be reused (its buffers stay) and to be handed to another
/// thread, which turns it into [`Frame`]s while the reader fills the next.
#[derive(Debug, Clone, Default)]
pub struct Chunk {
    /// File bytes; may be longer than what is filled.
    pub(super) buffer: Vec<u8>,
    pub(super) index: Index,
    /// The number of the first frame.
    pub(super) first: u64,
}

/// Where the frames of a chunk are.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    pub entries: Vec<Entry>,
    /// The sections that the entries are of.
    pub sections: Vec<Section>,
}

/// What the frames of one section (in pcap: of the file) have in common.
#[derive(Debug, Clone, Default)]
pub(super) struct Section {
    pub interfaces: Arc<Vec<Interface>>,
    pub big_endian: bool,
}

/// Where one frame is. Offsets fit in 32 bits because a buffer never grows past
/// a block's greatest length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// Time in the interface's units.
    pub ticks: Option<u64>,
    pub data_at: u32,
    pub captured: u32,
    pub original: u32,
    pub interface: u32,
    /// Bytes of options, which start where the padded data ends.
    pub options: u32,
    /// Which of the chunk's sections it is of.
    pub section: u32,
}

impl Chunk {
    /// An empty chunk; the reader gives it its buffer.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many frames it holds.
    pub fn len(&self) -> usize {
        self.index.entries.len()
    }

    /// Whether it holds no frame.
    pub fn is_empty(&self) -> bool {
        self.index.entries.is_empty()
    }

    /// The number of its first frame, counted from 1 over the whole file.
    pub fn first_number(&self) -> u64 {
        self.first
    }

    /// The frame at `position`, counted from 0 within the chunk.
    #[inline]
    pub fn frame(&self, position: usize) -> Option<Frame<'_>> {
        self.seen(position).map(|(frame, _)| frame)
    }

    /// The frame at `position`, with the interface that saw it. Inlined, since a
    /// frame is too large to be handed back without being copied.
    #[inline(always)]
    pub fn seen(&self, position: usize) -> Option<(Frame<'_>, &Interface)> {
        let entry = self.index.entries.get(position)?;
        let section = self.index.sections.get(entry.section as usize)?;
        let interface = section.interfaces.get(entry.interface as usize)?;
        let data_at = entry.data_at as usize;
        let captured = entry.captured as usize;
        let comments = match entry.options {
            0 => Comments::default(),
            length => {
                let at = data_at + captured.next_multiple_of(4);
                let options = self.buffer.get(at..at + length as usize).unwrap_or_default();
                Comments::options(options, section.big_endian)
            }
        };
        let frame = Frame {
            number: self.first + position as u64,
            time: entry.ticks.map(|ticks| interface.time(ticks)),
            link: interface.link,
            data: self.buffer.get(data_at..data_at + captured)?,
            original_len: entry.original,
            interface: interface.numbered.then_some(entry.interface),
            interface_name: interface.name.as_deref(),
            comments,
        };
        Some((frame, interface))
    }

    /// Its frames, in the order of the file.
    pub fn frames(&self) -> impl DoubleEndedIterator<Item = Frame<'_>> {
        (0..self.len()).filter_map(|position| self.frame(position))
    }

    /// Forgets the frames after the first `count`.
    pub fn truncate(&mut self, count: usize) {
        self.index.entries.truncate(count);
    }

    /// Forgets the frames and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.index.entries.clear();
        self.index.sections.clear();
    }
}
