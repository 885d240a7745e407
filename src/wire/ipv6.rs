//! IPv6 (RFC 8200 §3).
//!
//! ```text
//! +-------+---------------+---------------------------------------+
//! |Version| Traffic Class |           Flow Label, 20 bits         |
//! +-------+---------------+-------+---------------+---------------+
//! |        Payload Length         |  Next Header  |   Hop Limit   |
//! +-------------------------------+---------------+---------------+
//! |                   Source Address, 16 bytes                    |
//! |                 Destination Address, 16 bytes                 |
//! +---------------------------------------------------------------+
//! ```

use std::net::Ipv6Addr;

use crate::wire::error::LengthError;
use crate::wire::field::{At, Field, Protocol, bits, bytes, fields};
use crate::wire::{names, sid};

/// Bytes of the header.
pub const LEN: usize = 40;

fields! {
    shared [sid::CSID, sid::CSIDS, sid::NAME, sid::BEHAVIOR, sid::LOCATOR, sid::FUNCTION, sid::ARGUMENT, sid::QFI, sid::REFLECTIVE, sid::U_BIT, sid::SESSION, sid::NEXT_PLAN]
    VERSION = Field::dec("ipv6.version", "Version", bits(0, 4).drawn(0, 1)).arg("version");
    ANY_VERSION = Field::dec("ip.version", "Version", bits(0, 4).drawn(0, 1));
    TRAFFIC_CLASS = Field::hex("ipv6.tclass", "Traffic Class", bits(4, 8).drawn(0, 4)).arg("tc");
    DSCP = Field::dec("ipv6.tclass.dscp", "Differentiated Services Codepoint", bits(4, 6).drawn(0, 4)).names(names::dscp).arg("dscp");
    ECN = Field::dec("ipv6.tclass.ecn", "Explicit Congestion Notification", bits(10, 2).drawn(0, 4)).names(names::ecn).arg("ecn");
    FLOW = Field::hex("ipv6.flow", "Flow Label", bits(12, 20).drawn(1, 3)).arg("flow");
    PAYLOAD_LENGTH = Field::dec("ipv6.plen", "Payload Length", bytes(4, 2)).arg("plen");
    NEXT_HEADER = Field::dec("ipv6.nxt", "Next Header", bytes(6, 1)).names(names::ip_proto).words(names::IP_PROTO_WORDS).arg("nxt");
    HOP_LIMIT = Field::dec("ipv6.hlim", "Hop Limit", bytes(7, 1)).arg("hlim");
    SOURCE = Field::ipv6("ipv6.src", "Source Address", bytes(8, 16)).arg("src");
    DESTINATION = Field::ipv6("ipv6.dst", "Destination Address", bytes(24, 16)).arg("dst");
    ADDRESS = Field::ipv6("ipv6.addr", "Source or Destination Address", At::Varies).many();
}

/// The header as a field.
pub static HEADER: Field = Field::group("ipv6", "Internet Protocol Version 6");

/// IPv6.
pub static PROTOCOL: Protocol = Protocol {
    name: "ipv6",
    notation: "ip6",
    title: "Internet Protocol Version 6",
    short: "IPv6",
    header: &HEADER,
    fields: FIELDS,
    inside: false,
};

/// An IPv6 header as it lies in a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ipv6<'a>(&'a [u8; LEN]);

impl<'a> Ipv6<'a> {
    /// Views the header at the start of `bytes`.
    ///
    /// # Errors
    /// There are fewer than 40 bytes.
    pub fn new(bytes: &'a [u8]) -> Result<Self, LengthError> {
        bytes.first_chunk().map(Self).ok_or(LengthError {
            layer: "IPv6",
            offset: 0,
            needed: LEN,
            available: bytes.len(),
            says: None,
        })
    }

    /// The version nibble; 6 in IPv6.
    pub fn version(&self) -> u8 {
        self.0[0] >> 4
    }

    /// Traffic Class: DSCP in the upper 6 bits, ECN in the lower 2.
    pub fn traffic_class(&self) -> u8 {
        self.0[0] << 4 | self.0[1] >> 4
    }

    /// Flow Label, 20 bits.
    pub fn flow_label(&self) -> u32 {
        u32::from_be_bytes([0, self.0[1] & 15, self.0[2], self.0[3]])
    }

    /// Payload Length: bytes after this header; 0 in jumbograms.
    pub fn payload_len(&self) -> u16 {
        u16::from_be_bytes([self.0[4], self.0[5]])
    }

    /// The type of the header that follows.
    pub fn next_header(&self) -> u8 {
        self.0[6]
    }

    /// Hop Limit.
    pub fn hop_limit(&self) -> u8 {
        self.0[7]
    }

    /// The source address.
    pub fn source(&self) -> Ipv6Addr {
        Ipv6Addr::from(crate::wire::bytes::array_at::<16>(self.0, 8).unwrap_or_default())
    }

    /// The destination address.
    pub fn destination(&self) -> Ipv6Addr {
        Ipv6Addr::from(crate::wire::bytes::array_at::<16>(self.0, 24).unwrap_or_default())
    }
}
