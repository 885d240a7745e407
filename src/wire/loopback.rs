//! BSD loopback: a 4-byte address family before the packet.
//!
//! LINKTYPE_NULL stores it in the byte order of the machine that captured,
//! LINKTYPE_LOOP in network byte order.

use crate::wire::field::{At, Field, Protocol, fields};
use crate::wire::names;

/// Bytes of the header.
pub const LEN: usize = 4;

/// Address families: 2 everywhere is IPv4; IPv6 differs by system.
pub fn family(number: u64) -> Option<&'static str> {
    Some(match number {
        2 => "IP",
        7 => "OSI",
        10 | 24 | 28 | 30 => "IPv6",
        16 => "Appletalk",
        23 => "Netware IPX/SPX",
        _ => return None,
    })
}

/// The address family of a header, which LINKTYPE_LOOP stores in network byte
/// order, and LINKTYPE_NULL in either: no family reaches 65536.
pub fn read_family(bytes: [u8; LEN], network_order: bool) -> u32 {
    let family = u32::from_be_bytes(bytes);
    if !network_order && family >= 0x1_0000 { family.swap_bytes() } else { family }
}

/// The largest number that is a family; beyond it are Ethertypes, as some
/// systems write.
pub const MAX_FAMILY: u32 = 1500;

fields! {
    FAMILY = Field::dec("null.family", "Family", At::Varies).names(family).arg("family");
    TYPE = Field::hex("null.type", "Type", At::Varies).size(2).names(names::ether_type);
}

/// The header as a field.
pub static HEADER: Field = Field::group("null", "Null/Loopback");

/// BSD loopback.
pub static PROTOCOL: Protocol = Protocol {
    name: "null",
    notation: "null",
    title: "Null/Loopback",
    short: "Null/Loopback",
    header: &HEADER,
    fields: FIELDS,
    inside: false,
};
