//! Bytes without a protocol: payload, and what follows the end of a packet.

use crate::wire::ethernet;
use crate::wire::field::{At, Field, Protocol, fields};

fields! {
    DATA = Field::bytes("data.data", "Data", At::Varies);
    LENGTH = Field::dec("data.len", "Length", At::Derived);
}

/// The payload as a field.
pub static HEADER: Field = Field::group("data", "Data");

/// Payload.
pub static PROTOCOL: Protocol = Protocol {
    name: "data",
    notation: "hex",
    title: "Data",
    short: "Data",
    header: &HEADER,
    fields: FIELDS,
    inside: false,
};

/// Bytes after the end of the outermost packet, in the frame.
pub static TRAILER: Protocol = Protocol {
    name: "eth.trailer",
    notation: "",
    title: "Trailer",
    short: "Trailer",
    header: &ethernet::TRAILER,
    fields: &[],
    inside: false,
};
