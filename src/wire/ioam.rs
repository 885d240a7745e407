//! In-situ OAM in an IPv6 option (RFC 9197, RFC 9486): the two trace options.
//!
//! ```text
//! | Reserved 1 | IOAM Option-Type 1 |
//! trace: | Namespace-ID 2 | NodeLen 5 bits | Flags 4 | RemainingLen 7 |
//!        | IOAM Trace-Type 3                         | Reserved 1      |
//!        | free space, RemainingLen * 4 | node data, the newest first   |
//! ```

use crate::wire::bytes::{u8_at, u16_at, u24_at, u32_at};
use crate::wire::field::{At, Field, bits, bytes, fields};

/// Bytes before what the option type decides.
pub const HEADER_LEN: usize = 2;
/// Bytes of a trace before its free space.
pub const TRACE_LEN: usize = 8;
/// Option type: trace in space that the sender allocated.
pub const PREALLOCATED: u8 = 0;
/// Option type: trace in space that each hop adds.
pub const INCREMENTAL: u8 = 1;

/// Names of option types.
pub fn type_name(number: u64) -> Option<&'static str> {
    Some(match number {
        0 => "Pre-allocated Trace",
        1 => "Incremental Trace",
        2 => "Proof of Transit",
        3 => "Edge to Edge",
        4 => "Direct Export",
        _ => return None,
    })
}

fields! {
    RESERVED = Field::dec("ipv6.opt.ioam.rsv", "Reserved", At::Varies).size(1);
    TYPE = Field::dec("ipv6.opt.ioam.opt_type", "Option-Type", At::Varies).size(1).names(type_name);
    NAMESPACE = Field::dec("ipv6.opt.ioam.trace.ns", "Namespace ID", bytes(0, 2));
    NODE_LENGTH = Field::dec("ipv6.opt.ioam.trace.nodelen", "Node Length", bits(16, 5).drawn(2, 1));
    FLAGS = Field::hex("ipv6.opt.ioam.trace.flags", "Flags", bits(21, 4).drawn(2, 2));
    FLAG_OVERFLOW = Field::bool("ipv6.opt.ioam.trace.flag.o", "Overflow", bits(21, 1).drawn(2, 2));
    FLAG_LOOPBACK = Field::bool("ipv6.opt.ioam.trace.flag.l", "Loopback", bits(22, 1).drawn(2, 2));
    FLAG_ACTIVE = Field::bool("ipv6.opt.ioam.trace.flag.a", "Active", bits(23, 1).drawn(2, 2));
    FLAG_RESERVED = Field::bool("ipv6.opt.ioam.trace.flag.rsv", "Reserved", bits(24, 1).drawn(2, 2));
    REMAINING = Field::dec("ipv6.opt.ioam.trace.remlen", "Remaining Length", bits(25, 7).drawn(3, 1));
    TRACE_TYPE = Field::hex("ipv6.opt.ioam.trace.type", "Trace Type", bytes(4, 3));
    BIT_0 = Field::bool("ipv6.opt.ioam.trace.type.bit0", "Hop_Lim and Node ID (short)", bits(32, 1).drawn(4, 3));
    BIT_1 = Field::bool("ipv6.opt.ioam.trace.type.bit1", "Ingress and Egress IDs (short)", bits(33, 1).drawn(4, 3));
    BIT_2 = Field::bool("ipv6.opt.ioam.trace.type.bit2", "Timestamp seconds", bits(34, 1).drawn(4, 3));
    BIT_3 = Field::bool("ipv6.opt.ioam.trace.type.bit3", "Timestamp fraction", bits(35, 1).drawn(4, 3));
    BIT_4 = Field::bool("ipv6.opt.ioam.trace.type.bit4", "Transit delay", bits(36, 1).drawn(4, 3));
    BIT_5 = Field::bool("ipv6.opt.ioam.trace.type.bit5", "IOAM-Namespace specific data (short)", bits(37, 1).drawn(4, 3));
    BIT_6 = Field::bool("ipv6.opt.ioam.trace.type.bit6", "Queue depth", bits(38, 1).drawn(4, 3));
    BIT_7 = Field::bool("ipv6.opt.ioam.trace.type.bit7", "Checksum complement", bits(39, 1).drawn(4, 3));
    BIT_8 = Field::bool("ipv6.opt.ioam.trace.type.bit8", "Hop_Lim and Node ID (wide)", bits(40, 1).drawn(4, 3));
    BIT_9 = Field::bool("ipv6.opt.ioam.trace.type.bit9", "Ingress and Egress IDs (wide)", bits(41, 1).drawn(4, 3));
    BIT_10 = Field::bool("ipv6.opt.ioam.trace.type.bit10", "IOAM-Namespace specific data (wide)", bits(42, 1).drawn(4, 3));
    BIT_11 = Field::bool("ipv6.opt.ioam.trace.type.bit11", "Buffer occupancy", bits(43, 1).drawn(4, 3));
    BITS_UNDEFINED = Field::bool("ipv6.opt.ioam.trace.type.undef", "Undefined", bits(44, 10).drawn(4, 3));
    BIT_22 = Field::bool("ipv6.opt.ioam.trace.type.bit22", "Opaque State Snapshot", bits(54, 1).drawn(4, 3));
    BIT_RESERVED = Field::bool("ipv6.opt.ioam.trace.type.rsv", "Reserved", bits(55, 1).drawn(4, 3));
    TRACE_RESERVED = Field::dec("ipv6.opt.ioam.trace.rsv", "Reserved", bytes(7, 1));
    FREE_SPACE = Field::bytes("ipv6.opt.ioam.trace.free_space", "Free space", At::Varies);
    HOP_LIMIT = Field::dec("ipv6.opt.ioam.trace.node.hlim", "Hop Limit", At::Varies).size(1).many();
    NODE_ID = Field::hex("ipv6.opt.ioam.trace.node.id", "ID", At::Varies).size(3);
    INGRESS = Field::hex("ipv6.opt.ioam.trace.node.iif", "Ingress ID", At::Varies).size(2);
    EGRESS = Field::hex("ipv6.opt.ioam.trace.node.eif", "Egress ID", At::Varies).size(2);
    SECONDS = Field::hex("ipv6.opt.ioam.trace.node.tss", "Timestamp Seconds", At::Varies);
    FRACTION = Field::hex("ipv6.opt.ioam.trace.node.tsf", "Timestamp Fraction", At::Varies);
    DELAY = Field::hex("ipv6.opt.ioam.trace.node.trdelay", "Transit Delay", At::Varies);
    DATA = Field::hex("ipv6.opt.ioam.trace.node.nsdata", "Namespace Data (short)", At::Varies);
    QUEUE = Field::hex("ipv6.opt.ioam.trace.node.qdepth", "Queue Depth", At::Varies);
    COMPLEMENT = Field::hex("ipv6.opt.ioam.trace.node.csum", "Checksum Complement", At::Varies);
    NODE_ID_WIDE = Field::hex("ipv6.opt.ioam.trace.node.id_wide", "ID", At::Varies).size(7);
    INGRESS_WIDE = Field::hex("ipv6.opt.ioam.trace.node.iif_wide", "Ingress ID", At::Varies);
    EGRESS_WIDE = Field::hex("ipv6.opt.ioam.trace.node.eif_wide", "Egress ID", At::Varies);
    DATA_WIDE = Field::hex("ipv6.opt.ioam.trace.node.nsdata_wide", "Namespace Data (wide)", At::Varies).size(8);
    BUFFER = Field::hex("ipv6.opt.ioam.trace.node.bufoccup", "Buffer Occupancy", At::Varies);
    UNDEFINED = Field::hex("ipv6.opt.ioam.trace.node.undefined", "Undefined bit", At::Varies).many();
    SNAPSHOT_LENGTH = Field::dec("ipv6.opt.ioam.trace.node.oss.len", "Length", At::Varies).size(1);
    SNAPSHOT_SCHEMA = Field::hex("ipv6.opt.ioam.trace.node.oss.scid", "Schema ID", At::Varies).size(3);
    SNAPSHOT_DATA = Field::bytes("ipv6.opt.ioam.trace.node.oss.data", "Data", At::Varies);
    NODE = Field::group("ioam.node", "Node").own("What one node wrote into a trace").many();
    OWN_TYPE = Field::dec("ioam.type", "Option-Type", At::Varies).size(1)
        .own("The type of an IOAM option that hops leave alone (option 0x11, RFC 9486)").names(type_name);
    OWN_NAMESPACE = Field::dec("ioam.ns", "Namespace ID", At::Varies).size(2)
        .own("The namespace of an IOAM option that hops leave alone");
}

/// The bits of a Trace-Type, in their order.
pub static TRACE_TYPE_BITS: &[&Field] = &[
    &BIT_0,
    &BIT_1,
    &BIT_2,
    &BIT_3,
    &BIT_4,
    &BIT_5,
    &BIT_6,
    &BIT_7,
    &BIT_8,
    &BIT_9,
    &BIT_10,
    &BIT_11,
    &BITS_UNDEFINED,
    &BIT_22,
    &BIT_RESERVED,
];

/// What each bit of the Trace-Type from the first on adds to a node's data:
/// fields and their lengths in bytes.
static PARTS: [&[(&Field, usize)]; 12] = [
    &[(&HOP_LIMIT, 1), (&NODE_ID, 3)],
    &[(&INGRESS, 2), (&EGRESS, 2)],
    &[(&SECONDS, 4)],
    &[(&FRACTION, 4)],
    &[(&DELAY, 4)],
    &[(&DATA, 4)],
    &[(&QUEUE, 4)],
    &[(&COMPLEMENT, 4)],
    &[(&HOP_LIMIT, 1), (&NODE_ID_WIDE, 7)],
    &[(&INGRESS_WIDE, 4), (&EGRESS_WIDE, 4)],
    &[(&DATA_WIDE, 8)],
    &[(&BUFFER, 4)],
];

/// What a bit adds that no RFC defines.
static UNDEFINED_PART: &[(&Field, usize)] = &[(&UNDEFINED, 4)];

/// The bit of the opaque state snapshot.
const SNAPSHOT: u32 = 22;

/// A trace's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace {
    kinds: u32,
    node_words: usize,
    remaining_words: usize,
}

/// A field of a node's data.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// The field.
    pub field: &'static Field,
    /// Where it lies, in bytes from the node's first.
    pub offset: usize,
    /// Its length in bytes.
    pub len: usize,
}

/// What one node wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node<'a> {
    /// Where it starts, in bytes from the start of what was walked.
    pub offset: usize,
    /// Its length in bytes, snapshot included.
    pub len: usize,
    /// Its opaque state snapshot: schema, length in units of 4 bytes, data.
    pub snapshot: Option<(u32, u8, &'a [u8])>,
}

impl Trace {
    /// Reads the header at the start of `bytes`; `None` where it does not fit.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let numbers = u16_at(bytes, 2)?;
        let kinds = u24_at(bytes, 4)?;
        u8_at(bytes, 7)?;
        Some(Self { kinds, node_words: usize::from(numbers >> 11), remaining_words: usize::from(numbers & 0x7f) })
    }

    fn has(self, bit: u32) -> bool {
        self.kinds >> (23 - bit) & 1 == 1
    }

    /// The bytes that no node has filled yet.
    pub fn remaining(self) -> usize {
        self.remaining_words * 4
    }

    /// The fields of every node's data, in their order.
    pub fn parts(self) -> impl Iterator<Item = Part> {
        let mut at = 0;
        (0..SNAPSHOT)
            .filter(move |bit| self.has(*bit))
            .flat_map(move |bit| PARTS.get(bit as usize).copied().unwrap_or(UNDEFINED_PART))
            .map(move |&(field, len)| {
                let offset = at;
                at += len;
                Part { field, offset, len }
            })
    }

    /// Whether NodeLen is what the Trace-Type asks for, so that nodes can be
    /// told apart.
    pub fn is_consistent(self) -> bool {
        self.node_words != 0 && self.parts().map(|part| part.len).sum::<usize>() == self.node_words * 4
    }

    /// Walks the nodes in `data`, the newest first; ends at one that is cut.
    pub fn nodes(self, data: &[u8]) -> impl Iterator<Item = Node<'_>> {
        let mut at = 0;
        let fixed = self.node_words * 4;
        std::iter::from_fn(move || {
            if fixed == 0 || data.len() < at + fixed {
                return None;
            }
            let offset = at;
            at += fixed;
            let mut snapshot = None;
            if self.has(SNAPSHOT) {
                let word = u32_at(data, at)?;
                let length = (word >> 24) as u8;
                let content = data.get(at + 4..at + 4 + usize::from(length) * 4)?;
                snapshot = Some((word & 0xff_ffff, length, content));
                at += 4 + content.len();
            }
            Some(Node { offset, len: at - offset, snapshot })
        })
    }
}
