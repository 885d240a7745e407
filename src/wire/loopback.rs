//! BSD loopback: a 4-byte address family before the packet.
//!
//! LINKTYPE_NULL stores it in the byte order of the machine that captured,
//! LINKTYPE_LOOP in network byte order.

use crate::wire::field::{At, Field, Protocol, fields};

/// Bytes of the header.
pub const LEN: usize = 4;

/// Address families: 2 everywhere is IPv4; IPv6 differs by system.
pub fn family(number: u64) -> Option<&'static str> {
    Some(match number {
        2 => "IP",
        10 | 24 | 28 | 30 => "IPv6",
        _ => return None,
    })
}

/// The address family of a header in either byte order: the smaller reading,
/// since no family reaches 65536.
pub fn read_family(bytes: [u8; LEN]) -> u32 {
    u32::from_be_bytes(bytes).min(u32::from_le_bytes(bytes))
}

fields! {
    FAMILY = Field::dec("null.family", "Family", At::Varies).names(family).arg("family");
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
