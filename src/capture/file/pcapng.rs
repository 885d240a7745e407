//! The pcapng format: blocks that each know their length
//! (draft-ietf-opsawg-pcapng).
//!
//! ```text
//! every block                      section header (0x0a0d0d0a), body
//! type             4               byte-order magic 0x1a2b3c4d    4
//! total length     4               version major, minor           2 + 2
//! body, padded to a multiple of 4  section length                 8
//! total length     4               options
//!
//! interface description (1), body  enhanced packet (6), body
//! link type        2               interface                      4
//! reserved         2               time, high and low half        4 + 4
//! snapshot length  4               captured, original length      4 + 4
//! options                          data, padded; options
//!
//! simple packet (3), body          packet (2, obsolete), body
//! original length  4               interface, drops               2 + 2
//! data, padded                     then as the enhanced packet
//! ```
//!
//! All other blocks are skipped by their length, whatever it is, without
//! keeping their bytes.

use std::sync::Arc;

use super::chunk::{Entry, Index, Section};
use super::cut::{Cut, Order, Short, Stop};
use super::error::{Problem, Unit};
use super::interface::{Interface, Resolution};
use super::{MAX_BLOCK, MAX_FRAME, MAX_INTERFACES};
use crate::capture::frame::Options;
use crate::wire::link_type::LinkType;

const SECTION: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;

const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;

/// Type, length and the length once more.
const FRAMING: u32 = 12;

const IF_NAME: u16 = 2;
const IF_TSRESOL: u16 = 9;
const IF_TSOFFSET: u16 = 14;

/// How to read the blocks that follow, as those before said.
#[derive(Debug, Default)]
pub struct Pcapng {
    order: Order,
    interfaces: Arc<Vec<Interface>>,
    /// Whether the chunk's last section is the current one.
    indexed: bool,
    skip: Option<Skip>,
}

/// A block being skipped.
#[derive(Debug, Clone, Copy)]
struct Skip {
    kind: u32,
    /// Total length as its first field says.
    length: u32,
    /// The same with padding: up to where the next block starts.
    padded: u64,
    consumed: u64,
}

/// A block whose length makes sense and that is wholly there.
struct Block<'a> {
    kind: u32,
    body: &'a [u8],
    /// Where the body starts, in the bytes shown.
    body_at: usize,
}

/// What came of the block at some byte.
enum Step {
    /// It is done with, and this long.
    Done(usize),
    /// It is being skipped from here on.
    Skipping,
    /// It cannot be read (yet).
    Stop(Stop),
}

impl Pcapng {
    /// Whether a file that starts like this is pcapng. The byte-order magic has
    /// to be right too, as far as there is one: empty lines of text start with
    /// the same four bytes.
    pub fn recognizes(start: &[u8]) -> bool {
        start.starts_with(&SECTION.to_be_bytes()) && (start.len() < 12 || order_of(start).is_some())
    }

    /// Indexes every frame in whole blocks of `bytes`, which start at `base` of
    /// the chunk's buffer and with frame `number`.
    pub fn cut(&mut self, bytes: &[u8], base: usize, number: u64, index: &mut Index) -> Cut {
        let first = index.entries.len();
        // What the chunk does not hold yet is to be indexed anew.
        self.indexed &= !index.sections.is_empty();
        let mut at = 0;
        let stop = loop {
            if let Some(skip) = &mut self.skip {
                match skip.go_on(&bytes[at..], self.order) {
                    Ok(step) => at += step,
                    Err((step, stop)) => {
                        at += step;
                        break stop;
                    }
                }
                self.skip = None;
            }
            let next = number + (index.entries.len() - first) as u64;
            match self.block(&bytes[at..], base + at, next, index) {
                Step::Done(length) => at += length,
                Step::Skipping => {}
                Step::Stop(stop) => break stop,
            }
        };
        self.seal(index);
        Cut { consumed: at, stop }
    }

    /// Gives the chunk's current section the interfaces described so far. Done
    /// once per section and call, not per interface, so that the table is not
    /// copied over and over.
    fn seal(&self, index: &mut Index) {
        if self.indexed
            && let Some(section) = index.sections.last_mut()
        {
            section.interfaces = Arc::clone(&self.interfaces);
        }
    }

    /// Reads the block that `bytes` start with.
    fn block(&mut self, bytes: &[u8], base: usize, number: u64, index: &mut Index) -> Step {
        let kind = (bytes.len() >= 4).then(|| self.order.u32(bytes, 0));
        let unit = match kind {
            Some(PACKET | SIMPLE_PACKET | ENHANCED_PACKET) => Unit::Record(number),
            kind => Unit::Block(kind),
        };
        let short = |needed| Step::Stop(Stop::Short(Short { unit, needed, consumed: 0 }));
        let damaged = |problem| Step::Stop(Stop::Damaged { unit, problem, consumed: 0 });
        let Some(kind) = kind.filter(|_| bytes.len() >= FRAMING as usize) else {
            return short(FRAMING);
        };
        // A section header's own length is already in the order it announces.
        let order = if kind == SECTION {
            match order_of(bytes) {
                Some(order) => order,
                None => return damaged(Problem::ByteOrder(self.order.u32(bytes, 8))),
            }
        } else {
            self.order
        };
        let length = order.u32(bytes, 4);
        let least = match kind {
            SECTION => FRAMING + 16,
            INTERFACE => FRAMING + 8,
            PACKET | ENHANCED_PACKET => FRAMING + 20,
            SIMPLE_PACKET => FRAMING + 4,
            _ => FRAMING,
        };
        if length < least {
            return damaged(Problem::BlockTooShort { length, least });
        }
        // Some writers leave the padding out of the length, never of the file.
        let padded = u64::from(length).next_multiple_of(4);
        if !matches!(kind, SECTION | INTERFACE | PACKET | SIMPLE_PACKET | ENHANCED_PACKET) {
            self.skip = Some(Skip { kind, length, padded, consumed: 0 });
            return Step::Skipping;
        }
        if length > MAX_BLOCK {
            return damaged(Problem::BlockTooLong(length));
        }
        let padded = padded as usize;
        let Some(whole) = bytes.get(..padded) else { return short(padded as u32) };
        let last = order.u32(whole, padded - 4);
        if last != length {
            return damaged(Problem::LengthMismatch { first: length, last });
        }
        let block = Block { kind, body: &whole[8..padded - 4], body_at: base + 8 };
        let done = match kind {
            SECTION => match (order.u16(block.body, 4), order.u16(block.body, 6)) {
                // 1.2 is 1.0 by a writer that thought new block types a change.
                (1, 0 | 2) => {
                    self.start_section(order, index);
                    Ok(())
                }
                (major, minor) => return Step::Stop(Stop::Version { major, minor }),
            },
            INTERFACE => self.describe_interface(block.body),
            _ => self.frame(&block).map(|entry| self.push(entry, index)),
        };
        match done {
            Ok(()) => Step::Done(padded),
            Err(problem) => damaged(problem),
        }
    }

    fn start_section(&mut self, order: Order, index: &mut Index) {
        self.seal(index);
        self.indexed = false;
        self.order = order;
        self.interfaces = Arc::default();
    }

    fn describe_interface(&mut self, body: &[u8]) -> Result<(), Problem> {
        if self.interfaces.len() >= MAX_INTERFACES {
            return Err(Problem::TooManyInterfaces);
        }
        let mut interface = Interface {
            link: LinkType(self.order.u16(body, 0)),
            snaplen: self.order.u32(body, 4),
            name: None,
            numbered: true,
            resolution: Resolution::MICROS,
            offset: 0,
        };
        let mut options = Options { bytes: &body[8..], big_endian: self.order.big_endian };
        for (code, value) in options.by_ref() {
            match (code, value) {
                (IF_NAME, name) => {
                    let name = String::from_utf8_lossy(&name[..name.len().min(Interface::MAX_NAME)]);
                    interface.name = Some(name.trim_end_matches('\0').into());
                }
                (IF_TSRESOL, [octet, ..]) => interface.resolution = Resolution::from_tsresol(*octet),
                (IF_TSOFFSET, seconds) => {
                    if let Ok(seconds) = seconds.try_into() {
                        let read = if self.order.big_endian { i64::from_be_bytes } else { i64::from_le_bytes };
                        interface.offset = read(seconds);
                    }
                }
                _ => {}
            }
        }
        // Only here, where an option not understood would falsify all times;
        // elsewhere a broken option costs a comment, and no frame.
        if options.overran() {
            return Err(Problem::OptionOverruns);
        }
        Arc::make_mut(&mut self.interfaces).push(interface);
        Ok(())
    }

    /// Finds the frame in a packet block. Its section is filled in by `push`.
    fn frame(&self, block: &Block<'_>) -> Result<Entry, Problem> {
        let order = self.order;
        let body = block.body;
        let fixed = if block.kind == SIMPLE_PACKET { 4 } else { 20 };
        let interface = match block.kind {
            ENHANCED_PACKET => order.u32(body, 0),
            PACKET => u32::from(order.u16(body, 0)),
            _ => 0,
        };
        let Some(described) = self.interfaces.get(interface as usize) else {
            return Err(Problem::NoSuchInterface { interface, described: self.interfaces.len() as u32 });
        };
        let room = (body.len() - fixed) as u32;
        let (ticks, captured, original) = if block.kind == SIMPLE_PACKET {
            // The captured length is not stored: it is what was on the wire,
            // but for the snapshot length, and in no case more than is here.
            let original = order.u32(body, 0);
            let snaplen = if described.snaplen == 0 { u32::MAX } else { described.snaplen };
            (None, original.min(snaplen).min(room), original)
        } else {
            let ticks = u64::from(order.u32(body, 4)) << 32 | u64::from(order.u32(body, 8));
            (Some(ticks), order.u32(body, 12), order.u32(body, 16))
        };
        if captured > MAX_FRAME {
            return Err(Problem::FrameTooLong(captured));
        }
        if captured > room {
            return Err(Problem::FrameOverruns { captured, room });
        }
        // A simple packet block has no options, and bytes past its frame are
        // nothing.
        let options = match block.kind {
            SIMPLE_PACKET => 0,
            _ => room.saturating_sub(captured.next_multiple_of(4)),
        };
        Ok(Entry { ticks, data_at: (block.body_at + fixed) as u32, captured, original, interface, options, section: 0 })
    }

    fn push(&mut self, entry: Entry, index: &mut Index) {
        if !self.indexed {
            // Its interfaces are given to it by `seal`.
            index.sections.push(Section { interfaces: Arc::default(), big_endian: self.order.big_endian });
            self.indexed = true;
        }
        index.entries.push(Entry { section: (index.sections.len() - 1) as u32, ..entry });
    }
}

impl Skip {
    /// Goes on past the block's end, as far as `bytes` reach: the bytes this
    /// took, and why it stopped if it did.
    fn go_on(&mut self, bytes: &[u8], order: Order) -> Result<usize, (usize, Stop)> {
        let unit = Unit::Block(Some(self.kind));
        // All but the last field goes unseen.
        let body = (self.padded - 4 - self.consumed).min(bytes.len() as u64);
        self.consumed += body;
        let body = body as usize;
        if bytes.len() < body + 4 {
            let short = Short { unit, needed: self.length, consumed: self.consumed as u32 };
            return Err((body, Stop::Short(short)));
        }
        let last = order.u32(bytes, body);
        if last != self.length {
            let problem = Problem::LengthMismatch { first: self.length, last };
            return Err((body, Stop::Damaged { unit, problem, consumed: self.consumed as u32 }));
        }
        Ok(body + 4)
    }
}

/// The byte order that a section header at the start of `bytes` announces.
fn order_of(bytes: &[u8]) -> Option<Order> {
    [true, false].map(|big_endian| Order { big_endian }).into_iter().find(|o| o.u32(bytes, 8) == BYTE_ORDER_MAGIC)
}
