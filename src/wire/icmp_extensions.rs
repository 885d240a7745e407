//! Extensions of an ICMP error, after the quoted packet (RFC 4884 §7).
//!
//! ```text
//! | Version 4 bits: 2 | Reserved 12 | Checksum 2 |
//! | object: Length 2, header included | Class 1 | C-Type 1 | payload |
//! ```

use crate::wire::bytes::{u8_at, u16_at};
use crate::wire::field::{At, Field, Protocol, bits, bytes, fields};
use crate::wire::names;

/// Bytes before the objects.
pub const LEN: usize = 4;
/// Bytes of an object's header.
pub const OBJECT_LEN: usize = 4;

/// Names of classes (IANA "ICMP Extension Object Classes").
pub fn class_name(number: u64) -> Option<&'static str> {
    Some(match number {
        1 => "MPLS Label Stack Class",
        2 => "Interface Information Object",
        3 => "Interface Identification Object",
        4 => "Extended Information",
        _ => return None,
    })
}

fields! {
    VERSION = Field::dec("icmp.ext.version", "Version", bits(0, 4));
    RESERVED = Field::hex("icmp.ext.res", "Reserved", bits(4, 12).drawn(0, 2));
    CHECKSUM = Field::hex("icmp.ext.checksum", "Checksum", bytes(2, 2));
    CHECKSUM_STATUS = Field::dec("icmp.ext.checksum.status", "Checksum Status", At::Derived).size(1).names(names::checksum_status).name_only();
    OBJECT_LENGTH = Field::dec("icmp.ext.length", "Length", At::Varies).size(2).many();
    CLASS = Field::dec("icmp.ext.class", "Class", At::Varies).size(1).names(class_name).many();
    C_TYPE = Field::dec("icmp.ext.ctype", "C-Type", At::Varies).size(1).many();
    OBJECT = Field::bytes("icmp.ext.payload", "Payload", At::Varies).own("The payload of an extension object").many();
}

/// The structure as a field.
pub static HEADER: Field = Field::group("icmp.ext", "ICMP Multi-Part Extensions");

/// Extensions of an ICMP error.
pub static PROTOCOL: Protocol = Protocol {
    name: "icmp.ext",
    notation: "",
    title: "ICMP Multi-Part Extensions",
    short: "ICMP extensions",
    header: &HEADER,
    fields: FIELDS,
    inside: false,
};

/// One extension object, as it lies in its structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Object<'a> {
    /// The length in bytes that it claims, header included.
    pub length: u16,
    /// The class.
    pub class: u8,
    /// The type within the class.
    pub c_type: u8,
    /// The payload.
    pub payload: &'a [u8],
    /// Where it starts, in bytes from the start of the structure.
    pub offset: usize,
}

/// Walks the objects of the structure in `bytes`; ends at one that is cut, or
/// shorter than its own header.
pub fn objects(bytes: &[u8]) -> impl Iterator<Item = Object<'_>> {
    let mut at = LEN;
    std::iter::from_fn(move || {
        let length = u16_at(bytes, at)?;
        let (class, c_type) = (u8_at(bytes, at + 2)?, u8_at(bytes, at + 3)?);
        let payload = bytes.get(at + OBJECT_LEN..at + usize::from(length))?;
        let offset = at;
        at += usize::from(length);
        Some(Object { length, class, c_type, payload, offset })
    })
}
