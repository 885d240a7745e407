//! The classic pcap format: one header, then records of one link type.
//!
//! ```text
//! file header, 24 bytes            record header, 16 bytes (24 if modified)
//! magic            4               seconds                  4
//! version major    2               micro- or nanoseconds    4
//! version minor    2               captured length          4
//! reserved         8               original length          4
//! snapshot length  4               (interface 4, protocol 2, packet type 1, padding 1)
//! link type        4
//! ```
//!
//! The magic tells the byte order and the precision: a1b2c3d4 (µs), a1b23c4d
//! (ns), a1b2cd34 (µs, the longer record header of 1999's patched libpcap).

use std::sync::Arc;

use super::MAX_FRAME;
use super::chunk::{Entry, Index, Section};
use super::cut::{Cut, Order, Short, Stop};
use super::error::{Problem, Unit};
use super::interface::{Interface, Resolution};
use crate::wire::link_type::LinkType;

/// Length of the file header, in bytes.
pub const FILE_HEADER: usize = 24;

const MAGIC_MICROS: u32 = 0xa1b2_c3d4;
const MAGIC_NANOS: u32 = 0xa1b2_3c4d;
const MAGIC_MODIFIED: u32 = 0xa1b2_cd34;

/// How to read a pcap file's records, as its header says.
#[derive(Debug)]
pub struct Pcap {
    order: Order,
    record_header: usize,
    /// Frames have microseconds or nanoseconds; the sum of both times never
    /// exceeds 64 bits.
    ticks_per_second: u64,
    lengths: Lengths,
    interfaces: Arc<Vec<Interface>>,
}

/// Which of a record's two lengths comes first. Files before version 2.3 have
/// the original length first; some that say 2.3 do too, which shows where a
/// frame would otherwise be longer than it was on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lengths {
    CapturedFirst,
    OriginalFirst,
    SmallerIsCaptured,
}

/// Why a file header is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadHeader {
    /// A version whose records may look otherwise.
    Version(u16, u16),
    /// A field with an impossible value.
    Problem(Problem),
}

/// The byte order, precision and record header length that a magic stands for.
fn magic(start: [u8; 4]) -> Option<(Order, Resolution, usize)> {
    for (big_endian, value) in [(true, u32::from_be_bytes(start)), (false, u32::from_le_bytes(start))] {
        let (resolution, record_header) = match value {
            MAGIC_MICROS => (Resolution::MICROS, 16),
            MAGIC_NANOS => (Resolution::NANOS, 16),
            MAGIC_MODIFIED => (Resolution::MICROS, 24),
            _ => continue,
        };
        return Some((Order { big_endian }, resolution, record_header));
    }
    None
}

impl Pcap {
    /// Whether a file that starts like this is pcap.
    pub fn recognizes(start: [u8; 4]) -> bool {
        magic(start).is_some()
    }

    /// Reads the file header; `None` where its magic is not pcap's.
    pub fn new(header: &[u8; FILE_HEADER]) -> Option<Result<Self, BadHeader>> {
        let (order, resolution, record_header) = magic(*header.first_chunk()?)?;
        Some(Self::from_header(header, order, resolution, record_header))
    }

    fn from_header(
        header: &[u8; FILE_HEADER],
        order: Order,
        resolution: Resolution,
        record_header: usize,
    ) -> Result<Self, BadHeader> {
        let lengths = match (order.u16(header, 4), order.u16(header, 6)) {
            // 543.0 is what DG/UX's tcpdump writes.
            (2, 0..=2) | (543, 0) => Lengths::OriginalFirst,
            (2, 3) => Lengths::SmallerIsCaptured,
            (2, 4) => Lengths::CapturedFirst,
            (major, minor) => return Err(BadHeader::Version(major, minor)),
        };
        let network = order.u32(header, 20);
        // The upper bits may tell the length of a frame check sequence.
        if network & 0x03ff_0000 != 0 {
            return Err(BadHeader::Problem(Problem::LinkTypeBits(network)));
        }
        let interface = Interface {
            link: LinkType(network as u16),
            snaplen: order.u32(header, 16),
            name: None,
            numbered: false,
            resolution,
            offset: 0,
        };
        let ticks_per_second = if resolution == Resolution::NANOS { 1_000_000_000 } else { 1_000_000 };
        Ok(Self { order, record_header, ticks_per_second, lengths, interfaces: Arc::new(vec![interface]) })
    }

    /// Indexes every whole record of `bytes`, which start at `base` of the
    /// chunk's buffer and with frame `number`.
    pub fn cut(&mut self, bytes: &[u8], base: usize, number: u64, index: &mut Index) -> Cut {
        if index.sections.is_empty() {
            index
                .sections
                .push(Section { interfaces: Arc::clone(&self.interfaces), big_endian: self.order.big_endian });
        }
        let first = index.entries.len();
        let mut at = 0;
        let stop = loop {
            let unit = Unit::Record(number + (index.entries.len() - first) as u64);
            let Some(header) = bytes.get(at..at + self.record_header) else {
                break Stop::Short(Short { unit, needed: self.record_header as u32, consumed: 0 });
            };
            let (captured, original) = self.lengths(header);
            if captured > MAX_FRAME {
                break Stop::Damaged { unit, problem: Problem::FrameTooLong(captured), consumed: 0 };
            }
            let data_at = at + self.record_header;
            let end = data_at + captured as usize;
            if end > bytes.len() {
                break Stop::Short(Short { unit, needed: (end - at) as u32, consumed: 0 });
            }
            let seconds = u64::from(self.order.u32(header, 0));
            let fraction = u64::from(self.order.u32(header, 4));
            index.entries.push(Entry {
                ticks: Some(seconds * self.ticks_per_second + fraction),
                data_at: (base + data_at) as u32,
                captured,
                original,
                interface: 0,
                options: 0,
                section: 0,
            });
            at = end;
        };
        Cut { consumed: at, stop }
    }

    /// Captured and original length of a record.
    fn lengths(&self, header: &[u8]) -> (u32, u32) {
        let (first, second) = (self.order.u32(header, 8), self.order.u32(header, 12));
        match self.lengths {
            Lengths::CapturedFirst => (first, second),
            Lengths::OriginalFirst => (second, first),
            Lengths::SmallerIsCaptured => (first.min(second), first.max(second)),
        }
    }
}
