//! PPP over Ethernet (RFC 2516): discovery under Ethertype 0x8863, sessions
//! under 0x8864.
//!
//! ```text
//! | VER 4 bits | TYPE 4 bits | CODE 1 byte | SESSION_ID 2 | LENGTH 2 |
//! ```

use crate::wire::field::{At, Field, Protocol, bits, bytes, fields};

/// Bytes of the header.
pub const LEN: usize = 6;

/// Names of codes.
fn code(number: u64) -> Option<&'static str> {
    Some(match number {
        0x00 => "Session Data",
        0x07 => "Active Discovery Offer (PADO)",
        0x09 => "Active Discovery Initiation (PADI)",
        0x19 => "Active Discovery Request (PADR)",
        0x65 => "Active Discovery Session-confirmation (PADS)",
        0xa7 => "Active Discovery Terminate (PADT)",
        0xd3 => "Active Discovery Message (PADM)",
        0xd4 => "Active Discovery Network (PADN)",
        _ => return None,
    })
}

fields! {
    VERSION = Field::dec("pppoe.version", "Version", bits(0, 4).drawn(0, 1));
    TYPE = Field::dec("pppoe.type", "Type", bits(4, 4).drawn(0, 1));
    CODE = Field::hex("pppoe.code", "Code", bytes(1, 1)).names(code);
    SESSION = Field::hex("pppoe.session_id", "Session ID", bytes(2, 2));
    LENGTH = Field::dec("pppoe.payload_length", "Payload Length", bytes(4, 2));
    TAGS = Field::bytes("pppoe.tags", "PPPoE Tags", At::Varies).own("The tags of a discovery packet, as bytes");
}

/// The session header as a field.
pub static HEADER: Field = Field::group("pppoes", "PPP-over-Ethernet Session");
/// The discovery header as a field.
pub static DISCOVERY_HEADER: Field = Field::group("pppoed", "PPP-over-Ethernet Discovery");

/// A PPPoE session.
pub static PROTOCOL: Protocol = Protocol {
    name: "pppoes",
    notation: "",
    title: "PPP-over-Ethernet Session",
    short: "PPPoE",
    header: &HEADER,
    fields: FIELDS,
    inside: false,
};

/// PPPoE discovery.
pub static DISCOVERY: Protocol = Protocol {
    name: "pppoed",
    notation: "",
    title: "PPP-over-Ethernet Discovery",
    short: "PPPoE discovery",
    header: &DISCOVERY_HEADER,
    fields: FIELDS,
    inside: false,
};
