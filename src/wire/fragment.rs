//! The IPv6 Fragment header (RFC 8200 §4.5).
//!
//! ```text
//! +---------------+---------------+-----------------------+----+-+
//! |  Next Header  |   Reserved    | Fragment Offset, 13   |Res |M|
//! +---------------+---------------+-----------------------+----+-+
//! |                        Identification                         |
//! ```

use crate::wire::field::{Field, Protocol, bits, bytes, fields};
use crate::wire::names;

/// Bytes of the header.
pub const LEN: usize = 8;

fields! {
    NEXT_HEADER = Field::dec("ipv6.fraghdr.nxt", "Next header", bytes(0, 1)).names(names::ip_proto).words(names::IP_PROTO_WORDS).arg("nxt");
    RESERVED = Field::hex("ipv6.fraghdr.reserved_octet", "Reserved octet", bytes(1, 1)).arg("res");
    OFFSET = Field::dec("ipv6.fraghdr.offset", "Offset", bits(16, 13).drawn(2, 2)).arg("off");
    RESERVED_BITS = Field::dec("ipv6.fraghdr.reserved_bits", "Reserved bits", bits(29, 2).drawn(2, 2)).arg("resbits");
    MORE = Field::bool("ipv6.fraghdr.more", "More Fragments", bits(31, 1).drawn(2, 2)).names(names::yes).arg("more");
    ID = Field::hex("ipv6.fraghdr.ident", "Identification", bytes(4, 4)).arg("id");
}

/// The header as a field.
pub static HEADER: Field = Field::group("ipv6.fraghdr", "Fragment Header for IPv6");

/// The Fragment header.
pub static PROTOCOL: Protocol = Protocol {
    name: "ipv6.fraghdr",
    notation: "frag",
    title: "Fragment Header for IPv6",
    short: "Fragment header",
    header: &HEADER,
    fields: FIELDS,
    inside: true,
};
