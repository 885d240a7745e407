//! ICMP for IPv4 (RFC 792).
//!
//! ```text
//! |     Type      |     Code      |           Checksum            |
//! |                  depends on the type, 4 bytes                 |
//! ```

use crate::wire::field::{At, Field, Protocol, Words, bytes, fields};
use crate::wire::names;

/// Bytes of the header.
pub const LEN: usize = 8;

/// Names of message types.
pub fn type_name(number: u64) -> Option<&'static str> {
    Some(match number {
        0 => "Echo (ping) reply",
        3 => "Destination unreachable",
        4 => "Source quench (flow control)",
        5 => "Redirect",
        8 => "Echo (ping) request",
        9 => "Router advertisement",
        10 => "Router solicitation",
        11 => "Time-to-live exceeded",
        12 => "Parameter problem",
        13 => "Timestamp request",
        14 => "Timestamp reply",
        _ => return None,
    })
}

/// Echo Request.
pub const ECHO_REQUEST: u8 = 8;

/// The notation's words for message types.
static TYPE_WORDS: Words = &[("reply", 0), ("unreachable", 3), ("echo", ECHO_REQUEST as u64), ("timex", 11)];

fields! {
    TYPE = Field::dec("icmp.type", "Type", bytes(0, 1)).names(type_name).words(TYPE_WORDS).arg("type");
    CODE = Field::dec("icmp.code", "Code", bytes(1, 1)).arg("code");
    CHECKSUM = Field::hex("icmp.checksum", "Checksum", bytes(2, 2)).arg("cksum");
    CHECKSUM_STATUS = Field::dec("icmp.checksum.status", "Checksum Status", At::Derived).size(1).names(names::checksum_status).name_only();
    ID = Field::dec("icmp.ident", "Identifier (BE)", bytes(4, 2)).arg("id");
    SEQUENCE = Field::dec("icmp.seq", "Sequence Number (BE)", bytes(6, 2)).arg("seq");
    REST = Field::bytes("icmp.rest", "Rest of Header", bytes(4, 4))
        .own("The four bytes whose meaning depends on the type").arg("rest");
}

/// The message as a field.
pub static HEADER: Field = Field::group("icmp", "Internet Control Message Protocol");

/// ICMP.
pub static PROTOCOL: Protocol = Protocol {
    name: "icmp",
    notation: "icmp4",
    title: "Internet Control Message Protocol",
    short: "ICMP",
    header: &HEADER,
    fields: FIELDS,
    inside: false,
};
