//! PPP (RFC 1661), in HDLC-like framing (RFC 1662) or without.
//!
//! ```text
//! | Address 0xff, Control 0x03: may be left out | Protocol, 1 or 2 bytes |
//! ```

use crate::wire::bytes::{tail, u8_at, u16_at};
use crate::wire::field::{At, Field, Protocol, Words, fields};

/// Protocol numbers.
pub mod protocol {
    /// IPv4.
    pub const IPV4: u16 = 0x0021;
    /// IPv6.
    pub const IPV6: u16 = 0x0057;
    /// MPLS, unicast.
    pub const MPLS: u16 = 0x0281;
    /// MPLS, multicast.
    pub const MPLS_MULTICAST: u16 = 0x0283;
}

/// Names of protocol numbers.
fn protocol_name(number: u64) -> Option<&'static str> {
    Some(match number {
        0x0021 => "Internet Protocol version 4",
        0x0023 => "OSI Network Layer",
        0x002d => "Van Jacobson Compressed TCP/IP",
        0x002f => "Van Jacobson Uncompressed TCP/IP",
        0x0031 => "Bridging PDU",
        0x003d => "Multi-Link",
        0x0057 => "Internet Protocol version 6",
        0x0281 => "MPLS Unicast",
        0x0283 => "MPLS Multicast",
        0x8021 => "Internet Protocol Control Protocol",
        0x8057 => "IPv6 Control Protocol",
        0x80fd => "Compression Control Protocol",
        0xc021 => "Link Control Protocol",
        0xc023 => "Password Authentication Protocol",
        0xc025 => "Link Quality Report",
        0xc223 => "Challenge Handshake Authentication Protocol",
        _ => return None,
    })
}

/// The notation's words for protocol numbers.
static PROTOCOL_WORDS: Words =
    &[("ip4", protocol::IPV4 as u64), ("ip6", protocol::IPV6 as u64), ("mpls", protocol::MPLS as u64), ("lcp", 0xc021)];

fields! {
    ADDRESS = Field::hex("ppp.address", "Address", At::Varies).size(1).arg("addr");
    CONTROL = Field::hex("ppp.control", "Control", At::Varies).size(1).arg("ctrl");
    PROTOCOL_NUMBER = Field::hex("ppp.protocol", "Protocol", At::Varies).size(2).names(protocol_name).words(PROTOCOL_WORDS).arg("proto");
    FRAMED = Field::bool("ppp.framed", "Framed", At::Derived).own("Whether address and control are there").arg("framed");
    COMPRESSED = Field::bool("ppp.pfc", "Compressed", At::Derived).own("Whether the protocol number is a single byte").arg("pfc");
}

/// The header as a field.
pub static HEADER: Field = Field::group("ppp", "Point-to-Point Protocol");

/// PPP.
pub static PROTOCOL: Protocol = Protocol {
    name: "ppp",
    notation: "ppp",
    title: "Point-to-Point Protocol",
    short: "PPP",
    header: &HEADER,
    fields: FIELDS,
    inside: false,
};

/// A PPP header as it lies in a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ppp {
    /// Whether the address and control octets are there.
    pub framed: bool,
    /// The protocol number.
    pub protocol: u16,
    /// The length in bytes of the protocol number.
    pub protocol_len: usize,
}

impl Ppp {
    /// Reads the header at the start of `bytes`; `None` where it does not fit.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let framed = bytes.starts_with(&[0xff, 0x03]);
        let rest = if framed { tail(bytes, 2) } else { bytes };
        // Numbers are odd in their last octet and even in the one before, so
        // a compressed number shows by its only octet being odd.
        let first = u8_at(rest, 0)?;
        let (protocol, protocol_len) = if first & 1 == 1 { (u16::from(first), 1) } else { (u16_at(rest, 0)?, 2) };
        Some(Self { framed, protocol, protocol_len })
    }

    /// The length in bytes of the whole header.
    pub fn header_len(&self) -> usize {
        self.protocol_offset() + self.protocol_len
    }

    /// Where the protocol number starts.
    pub fn protocol_offset(&self) -> usize {
        if self.framed { 2 } else { 0 }
    }
}
