//! Linux cooked captures: what `tcpdump -i any` stores instead of a link header.
//!
//! ```text
//! v1: | packet type 2 | ARPHRD 2 | address length 2 | address 8 | protocol 2 |
//! v2: | protocol 2 | reserved 2 | ifindex 4 | ARPHRD 2 | packet type 1 |
//!     | address length 1 | address 8 |
//! ```

use crate::wire::field::{At, Field, Protocol, fields};
use crate::wire::{ethernet, names};

/// Bytes of the version 1 header.
pub const V1_LEN: usize = 16;
/// Bytes of the version 2 header.
pub const V2_LEN: usize = 20;

/// Names of packet types.
fn packet_type(number: u64) -> Option<&'static str> {
    Some(match number {
        0 => "Unicast to us",
        1 => "Broadcast",
        2 => "Multicast",
        3 => "Unicast to another host",
        4 => "Sent by us",
        _ => return None,
    })
}

/// Names of the ARPHRD_ hardware types met most.
fn hardware(number: u64) -> Option<&'static str> {
    Some(match number {
        1 => "Ethernet",
        512 => "PPP",
        519 => "Raw IP",
        768 => "IPIP tunnel",
        769 => "IP6IP6 tunnel",
        772 => "Loopback",
        776 => "sit0 device - IPv6-in-IPv4",
        778 => "GRE over IP",
        823 => "GRE over IPv6",
        65534 => "zero header length",
        _ => return None,
    })
}

/// The hardware type of a GRE tunnel, whose protocols are GRE's.
pub const GRE: u16 = 778;

fields! {
    shared [ethernet::PADDING]
    PACKET_TYPE = Field::dec("sll.pkttype", "Packet type", At::Varies).size(2).names(packet_type).arg("pkttype");
    HARDWARE = Field::dec("sll.hatype", "Link-layer address type", At::Varies).size(2).names(hardware).arg("hatype");
    ADDRESS_LENGTH = Field::dec("sll.halen", "Link-layer address length", At::Varies).size(2).arg("halen");
    ETHER = Field::ether("sll.src.eth", "Source", At::Varies).arg("src");
    OTHER = Field::bytes("sll.src.other", "Source", At::Varies);
    UNUSED = Field::bytes("sll.unused", "Unused", At::Varies).arg("unused");
    RESERVED = Field::hex("sll.reserved", "Reserved", At::Varies).size(2).own("The reserved bytes of version 2").arg("rsv");
    PROTOCOL_TYPE = Field::hex("sll.etype", "Protocol", At::Varies).size(2).names(names::ether_type).words(names::ETHER_TYPE_WORDS).arg("type");
    LINUX_TYPE = Field::hex("sll.ltype", "Protocol", At::Varies).size(2);
    GRE_TYPE = Field::hex("sll.gretype", "Protocol", At::Varies).size(2).names(crate::wire::gre::protocol_type);
    IPV4 = Field::ipv4("sll.src.ipv4", "Source", At::Varies);
    TRAILER = Field::bytes("sll.trailer", "Trailer", At::Varies);
    INTERFACE = Field::dec("sll.ifindex", "Interface index", At::Varies).arg("ifindex");
}

/// The header as a field.
pub static HEADER: Field = Field::group("sll", "Linux cooked capture");

/// Linux cooked capture.
pub static PROTOCOL: Protocol = Protocol {
    name: "sll",
    notation: "sll",
    title: "Linux cooked capture",
    short: "SLL",
    header: &HEADER,
    fields: FIELDS,
    inside: false,
};

/// A cooked header of either version, as it lies in a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cooked<'a> {
    bytes: &'a [u8],
    /// 1 or 2.
    pub version: u8,
}

impl<'a> Cooked<'a> {
    /// Views a version 1 header; `None` where it does not fit.
    pub fn v1(bytes: &'a [u8]) -> Option<Self> {
        Some(Self { bytes: bytes.get(..V1_LEN)?, version: 1 })
    }

    /// Views a version 2 header; `None` where it does not fit.
    pub fn v2(bytes: &'a [u8]) -> Option<Self> {
        Some(Self { bytes: bytes.get(..V2_LEN)?, version: 2 })
    }

    /// Where the parts lie: packet type and its size, ARPHRD, address length
    /// and its size, address, protocol; each in bytes from the start.
    pub fn places(&self) -> Places {
        if self.version == 1 {
            Places { packet_type: (0, 2), hardware: 2, address_length: (4, 2), address: 6, protocol: 14 }
        } else {
            Places { packet_type: (10, 1), hardware: 8, address_length: (11, 1), address: 12, protocol: 0 }
        }
    }

    /// The Ethertype of what follows, or a Linux protocol number below 0x0600.
    pub fn protocol(&self) -> u16 {
        crate::wire::bytes::u16_at(self.bytes, self.places().protocol).unwrap_or_default()
    }
}

/// Offsets in a cooked header, in bytes; pairs are offset and size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Places {
    /// The packet type.
    pub packet_type: (usize, usize),
    /// The ARPHRD_ type, 2 bytes.
    pub hardware: usize,
    /// The address length.
    pub address_length: (usize, usize),
    /// The address, 8 bytes.
    pub address: usize,
    /// The protocol, 2 bytes.
    pub protocol: usize,
}
