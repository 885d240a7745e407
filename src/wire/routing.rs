//! The IPv6 Routing header, as far as all its types share it (RFC 8200 §4.4).
//!
//! ```text
//! +---------------+---------------+---------------+---------------+
//! |  Next Header  |  Hdr Ext Len  |  Routing Type | Segments Left |
//! +---------------+---------------+---------------+---------------+
//! |                      type-specific data                       |
//! ```

use crate::wire::field::{At, Field, Protocol, bytes, fields};
use crate::wire::names;

/// Names of routing types.
pub fn type_name(number: u64) -> Option<&'static str> {
    Some(match number {
        0 => "Source Route",
        1 => "Nimrod",
        2 => "Type 2 Routing",
        3 => "RPL Source Route",
        4 => "Segment Routing",
        5 => "Compact Routing Header 16",
        6 => "Compact Routing Header 32",
        253 => "Experiment 1",
        254 => "Experiment 2",
        _ => return None,
    })
}

fields! {
    NEXT_HEADER = Field::dec("ipv6.routing.nxt", "Next Header", bytes(0, 1)).names(names::ip_proto).words(names::IP_PROTO_WORDS).arg("nxt");
    LENGTH = Field::dec("ipv6.routing.len", "Length", bytes(1, 1)).arg("len");
    OCTETS = Field::dec("ipv6.routing.len_oct", "Length", At::Derived).size(2);
    TYPE = Field::dec("ipv6.routing.type", "Type", bytes(2, 1)).names(type_name).arg("type");
    SEGMENTS_LEFT = Field::dec("ipv6.routing.segleft", "Segments Left", bytes(3, 1)).arg("sl");
    SOURCE_RESERVED = Field::bytes("ipv6.routing.src.reserved", "Reserved", At::Varies);
    SOURCE_ADDRESS = Field::ipv6("ipv6.routing.src.addr", "Address", At::Varies).many();
    HOME_RESERVED = Field::bytes("ipv6.routing.mipv6.reserved", "Reserved", At::Varies);
    HOME_ADDRESS = Field::ipv6("ipv6.routing.mipv6.home_address", "Home Address", At::Varies);
    UNKNOWN = Field::bytes("ipv6.routing.unknown_data", "Type-Specific Data", At::Varies).arg("data");
}

/// The header as a field.
pub static HEADER: Field = Field::group("ipv6.routing", "Routing Header for IPv6");

/// A Routing header of any type but 4.
pub static PROTOCOL: Protocol = Protocol {
    name: "ipv6.routing",
    notation: "routing",
    title: "Routing Header for IPv6",
    short: "Routing header",
    header: &HEADER,
    fields: FIELDS,
    inside: true,
};
