//! Generic Routing Encapsulation (RFC 2784, with RFC 2890's key and sequence
//! number), and the enhanced form of PPTP (RFC 2637 §4.1).
//!
//! ```text
//! |C|R|K|S|s|Recur| A and reserved |Ver| Protocol Type 2                  |
//! | Checksum 2 | Offset 2, if C or R | Key 4, if K | Sequence 4, if S      |
//! | Acknowledgment 4, if A in version 1 | Routing, if R                    |
//! ```

use crate::wire::bytes::{u8_at, u16_at};
use crate::wire::field::{At, Field, Protocol, bits, bytes, fields};
use crate::wire::names;

/// Bytes without any optional field.
pub const MIN_LEN: usize = 4;

/// Names of protocol types, which are Ethertypes with a few of GRE's own.
pub fn protocol_type(number: u64) -> Option<&'static str> {
    Some(match number {
        0x0000 => "Possible GRE keepalive packet",
        0x0800 => "IP",
        0x0806 => "ARP",
        0x6558 => "Transparent Ethernet bridging",
        0x86dd => "IPv6",
        0x880b => "PPP",
        0x8847 => "MPLS label switched packet",
        0x8848 => "MPLS multicast label switched packet",
        0x88be => "ERSPAN",
        0x894f => "Network Service Header",
        _ => return None,
    })
}

/// Names of versions.
fn version_name(number: u64) -> Option<&'static str> {
    Some(match number {
        0 => "GRE",
        1 => "Enhanced GRE",
        _ => return None,
    })
}

fields! {
    FLAGS = Field::hex("gre.flags_and_version", "Flags and Version", bytes(0, 2)).arg("flags");
    CHECKSUM_BIT = Field::bool("gre.flags.checksum", "Checksum Bit", bits(0, 1).drawn(0, 2)).names(names::yes).arg("csum");
    ROUTING_BIT = Field::bool("gre.flags.routing", "Routing Bit", bits(1, 1).drawn(0, 2)).names(names::yes).arg("r");
    KEY_BIT = Field::bool("gre.flags.key", "Key Bit", bits(2, 1).drawn(0, 2)).names(names::yes).arg("k");
    SEQUENCE_BIT = Field::bool("gre.flags.sequence_number", "Sequence Number Bit", bits(3, 1).drawn(0, 2)).names(names::yes).arg("s");
    STRICT = Field::bool("gre.flags.strict_source_route", "Strict Source Route Bit", bits(4, 1).drawn(0, 2)).names(names::yes).arg("strict");
    RECURSION = Field::dec("gre.flags.recursion_control", "Recursion control", bits(5, 3).drawn(0, 2)).arg("recur");
    ACK_BIT = Field::bool("gre.flags.ack", "Acknowledgment", bits(8, 1).drawn(0, 2)).names(names::yes).arg("a");
    RESERVED = Field::dec("gre.flags.reserved", "Flags (Reserved)", bits(8, 5).drawn(0, 2)).arg("rsv");
    VERSION = Field::dec("gre.flags.version", "Version", bits(13, 3).drawn(0, 2)).names(version_name).arg("version");
    TYPE = Field::hex("gre.proto", "Protocol Type", bytes(2, 2)).names(protocol_type).words(names::ETHER_TYPE_WORDS).arg("proto");
    CHECKSUM = Field::hex("gre.checksum", "Checksum", At::Varies).size(2).arg("cksum");
    CHECKSUM_STATUS = Field::dec("gre.checksum.status", "Checksum Status", At::Derived).size(1).names(names::checksum_status).name_only();
    OFFSET = Field::dec("gre.offset", "Offset", At::Varies).size(2).arg("offset");
    KEY = Field::hex("gre.key", "Key", At::Varies).arg("key");
    KEY_LENGTH = Field::dec("gre.key.payload_length", "Payload Length", At::Varies).size(2);
    CALL_ID = Field::dec("gre.key.call_id", "Call ID", At::Varies).size(2);
    SEQUENCE = Field::dec("gre.sequence_number", "Sequence Number", At::Varies).arg("seq");
    ROUTING = Field::bytes("gre.routing", "Routing", At::Varies).own("The source route entries (RFC 1701), as bytes").arg("routing");
    ACK = Field::dec("gre.ack_number", "Acknowledgment Number", At::Varies).arg("ack");
}

/// The header as a field.
pub static HEADER: Field = Field::group("gre", "Generic Routing Encapsulation");

/// GRE.
pub static PROTOCOL: Protocol = Protocol {
    name: "gre",
    notation: "gre",
    title: "Generic Routing Encapsulation",
    short: "GRE",
    header: &HEADER,
    fields: FIELDS,
    inside: false,
};

/// Where the optional fields of a GRE header lie, in bytes from its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Places {
    /// The checksum, with the offset after it.
    pub checksum: Option<usize>,
    /// The key.
    pub key: Option<usize>,
    /// The sequence number.
    pub sequence: Option<usize>,
    /// The acknowledgment number.
    pub ack: Option<usize>,
    /// The end of the header, routing entries included.
    pub end: usize,
}

impl Places {
    /// Works them out for the header at the start of `bytes`; `None` where its
    /// fixed part does not fit. Source route entries end the walk where they
    /// are cut.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let flags = u16_at(bytes, 0)?;
        u16_at(bytes, 2)?;
        let mut end = MIN_LEN;
        let mut place = |present: bool| {
            let at = present.then_some(end);
            end += if present { 4 } else { 0 };
            at
        };
        let mut places = Self {
            checksum: place(flags & 0xc000 != 0),
            key: place(flags & 0x2000 != 0),
            sequence: place(flags & 0x1000 != 0),
            ack: place(flags & 7 == 1 && flags & 0x80 != 0),
            end: 0,
        };
        if flags & 0x4000 != 0 {
            // Entries of family 2, offset 1, length 1, information; family 0
            // and length 0 end them (RFC 1701).
            while let (Some(family), Some(length)) = (u16_at(bytes, end), u8_at(bytes, end + 3)) {
                end += 4 + usize::from(length);
                if family == 0 && length == 0 {
                    break;
                }
            }
        }
        places.end = end;
        Some(places)
    }
}
