//! The Authentication Header (RFC 4302 §2).
//!
//! ```text
//! | Next Header 1 | Payload Len 1 | Reserved 2 | SPI 4 | Sequence Number 4 |
//! | Integrity Check Value, 4 * (Payload Len + 2) - 12 bytes                |
//! ```

use crate::wire::bytes::u8_at;
use crate::wire::field::{At, Field, Protocol, bytes, fields};
use crate::wire::names;

/// Bytes before the integrity check value.
pub const FIXED_LEN: usize = 12;

fields! {
    NEXT_HEADER = Field::dec("ah.next_header", "Next header", bytes(0, 1)).names(names::ip_proto).words(names::IP_PROTO_WORDS).arg("nxt");
    LENGTH = Field::dec("ah.length", "Length", bytes(1, 1)).arg("len");
    RESERVED = Field::bytes("ah.reserved", "Reserved", bytes(2, 2)).arg("rsv");
    SPI = Field::hex("ah.spi", "AH SPI", bytes(4, 4)).arg("spi");
    SEQUENCE = Field::dec("ah.sequence", "AH Sequence", bytes(8, 4)).arg("seq");
    ICV = Field::bytes("ah.icv", "AH ICV", At::Varies).arg("icv");
}

/// The header as a field.
pub static HEADER: Field = Field::group("ah", "Authentication Header");

/// The Authentication Header.
pub static PROTOCOL: Protocol = Protocol {
    name: "ah",
    notation: "ah",
    title: "Authentication Header",
    short: "AH",
    header: &HEADER,
    fields: FIELDS,
    inside: true,
};

/// The length in bytes of the header at the start of `bytes`, as it claims.
pub fn claimed_len(bytes: &[u8]) -> Option<usize> {
    // Counted in units of 4 bytes, less 2.
    Some((usize::from(u8_at(bytes, 1)?) + 2) * 4)
}
