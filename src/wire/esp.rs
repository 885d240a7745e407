//! The Encapsulating Security Payload (RFC 4303 §2): what is in the clear.
//!
//! ```text
//! | Security Parameters Index 4 | Sequence Number 4 | encrypted ... |
//! ```

use crate::wire::field::{At, Field, Protocol, bytes, fields};

/// Bytes in the clear.
pub const LEN: usize = 8;

fields! {
    SPI = Field::hex("esp.spi", "ESP SPI", bytes(0, 4)).hex_dec().arg("spi");
    SEQUENCE = Field::dec("esp.sequence", "ESP Sequence", bytes(4, 4)).arg("seq");
    PAYLOAD = Field::bytes("esp.payload", "Encrypted payload", At::Varies)
        .own("What follows the sequence number: payload, padding and integrity check value, encrypted as a rule");
}

/// The header as a field.
pub static HEADER: Field = Field::group("esp", "Encapsulating Security Payload");

/// ESP.
pub static PROTOCOL: Protocol = Protocol {
    name: "esp",
    notation: "esp",
    title: "Encapsulating Security Payload",
    short: "ESP",
    header: &HEADER,
    fields: FIELDS,
    inside: false,
};
