//! Bytes without a protocol: payload, and what follows the end of a packet.

use crate::wire::field::{At, Field, Protocol, fields};

fields! {
    DATA = Field::bytes("data.data", "Data", At::Varies);
    LENGTH = Field::dec("data.len", "Length", At::Derived).arg("len");
}

/// The most bytes a payload is made up to by its length alone: as many as a
/// captured frame can have.
pub const MAX_LENGTH: u64 = 262_144;

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

/// What a length field leaves over, where no link layer claims it as its own.
pub static TAIL: Field = Field::bytes("tail", "Bytes after the end of the packet", At::Varies)
    .own("Bytes between the end that an inner packet's length gives and the end of what carries it")
    .arg("data");

/// How many layers have it inside them.
pub static INSIDE: Field = Field::dec("tail.inside", "Inside", At::Derived)
    .size(1)
    .own("How many layers, counted from the outermost, have the bytes inside what their lengths claim")
    .arg("in");

/// Bytes after the end of a packet.
pub static TRAILER: Protocol = Protocol {
    name: "tail",
    notation: "trailer",
    title: "Trailer",
    short: "Trailer",
    header: &TAIL,
    fields: &[&TAIL, &INSIDE],
    inside: false,
};
