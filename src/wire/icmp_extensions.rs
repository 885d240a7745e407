//! Extensions of an ICMP error, after the quoted packet (RFC 4884 §7).
//!
//! ```text
//! | Version 4 bits: 2 | Reserved 12 | Checksum 2 |
//! | object: Length 2, header included | Class 1 | C-Type 1 | payload |
//! ```

use crate::wire::bytes::{u8_at, u16_at};
use crate::wire::element::{Family, Form, Shape};
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
    VERSION = Field::dec("icmp.ext.version", "Version", bits(0, 4)).arg("version");
    RESERVED = Field::hex("icmp.ext.res", "Reserved", bits(4, 12).drawn(0, 2)).arg("rsv");
    CHECKSUM = Field::hex("icmp.ext.checksum", "Checksum", bytes(2, 2)).arg("cksum");
    CHECKSUM_STATUS = Field::dec("icmp.ext.checksum.status", "Checksum Status", At::Derived).size(1).names(names::checksum_status).name_only();
    OBJECTS = Field::bytes("icmp.ext.objects", "Objects", At::Varies).own("The extension objects").arg("objects").elements(&OBJECT_FORMS);
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
    notation: "icmpext",
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

/// An MPLS label stack, its entries as numbers.
static STACK: Field = Field::hex("icmp.ext.stack", "Label Stack", At::Varies);

/// What the objects can be.
pub static OBJECT_FORMS: Family = Family {
    what: "object",
    shape: Shape { head: OBJECT_LEN, kind: (16, 16), length: (0, 16), whole: true, single: &[], ..Shape::TLV },
    common: &[OBJECT_LENGTH.param("len", bytes(0, 2))],
    forms: &[
        Form {
            name: "mpls",
            kind: Some(0x0101),
            params: &[STACK.param("stack", At::Varies).list()],
            positional: 1,
            about: "the label stack that arrived (RFC 4950), its entries as numbers",
            ..Form::EMPTY
        },
        Form {
            name: "obj",
            params: &[
                CLASS.param("class", bytes(2, 1)),
                C_TYPE.param("ctype", bytes(3, 1)),
                OBJECT.param("data", At::Varies),
            ],
            positional: 3,
            about: "any class and C-Type, with its payload as bytes",
            ..Form::EMPTY
        },
    ],
};
