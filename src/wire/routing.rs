//! The IPv6 Routing header, as far as all its types share it (RFC 8200 §4.4).
//!
//! ```text
//! +---------------+---------------+---------------+---------------+
//! |  Next Header  |  Hdr Ext Len  |  Routing Type | Segments Left |
//! +---------------+---------------+---------------+---------------+
//! |                      type-specific data                       |
//! ```

use crate::wire::field::{At, Field, Protocol, bits, bytes, fields};
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
    RPL_CMPR_I = Field::dec("ipv6.routing.rpl.cmprI", "Compressed Internal Octets (CmprI)", bits(32, 4).drawn(4, 4));
    RPL_CMPR_E = Field::dec("ipv6.routing.rpl.cmprE", "Compressed Final Octets (CmprE)", bits(36, 4).drawn(4, 4));
    RPL_PAD = Field::dec("ipv6.routing.rpl.pad", "Padding Bytes", bits(40, 4).drawn(4, 4));
    RPL_RESERVED = Field::dec("ipv6.routing.rpl.reserved", "Reserved", bits(44, 20).drawn(4, 4));
    RPL_COUNT = Field::dec("ipv6.routing.rpl.addr_count", "Total Address Count", At::Derived).size(2);
    RPL_ADDRESS = Field::bytes("ipv6.routing.rpl.address", "Address", At::Varies).many();
    RPL_FULL_ADDRESS = Field::ipv6("ipv6.routing.rpl.full_address", "Full Address", At::Varies).many();
    CRH16_CURRENT = Field::dec("ipv6.routing.crh16.current_sid", "Current SID", At::Derived).size(2);
    CRH16_SID = Field::dec("ipv6.routing.crh16.sid", "SID", At::Varies).size(2).many();
    CRH32_CURRENT = Field::dec("ipv6.routing.crh32.current_sid", "Current SID", At::Derived);
    CRH32_SID = Field::dec("ipv6.routing.crh32.sid", "SID", At::Varies).many();
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
