//! Geneve (RFC 8926 §3.4).
//!
//! ```text
//! | Ver 2 bits | Opt Len 6: units of 4 bytes | O | C | Rsvd 6 | Protocol Type 2 |
//! | Virtual Network Identifier 3 bytes                       | Reserved 1      |
//! | options: class 2, type 1, reserved 3 bits, length 5 bits in units of 4, data |
//! ```

use crate::wire::bytes::{u8_at, u16_at};
use crate::wire::element::{self, Family, Form, Shape};
use crate::wire::field::{At, Field, Protocol, bits, bytes, fields};
use crate::wire::names;

/// Bytes without options.
pub const MIN_LEN: usize = 8;
/// The UDP port.
pub const PORT: u16 = 6081;

/// Whether an option must be understood.
fn critical(number: u64) -> Option<&'static str> {
    Some(if number & 0x80 == 0 { "Non-critical" } else { "Critical" })
}

fields! {
    VERSION = Field::dec("geneve.version", "Version", bits(0, 2)).arg("version");
    LENGTH = Field::dec("geneve.option.length", "Length", At::Varies).size(1);
    OPTIONS_LENGTH = Field::dec("geneve.optlen", "Options Length", bits(2, 6)).own("The length of the options in units of 4 bytes").arg("optlen");
    FLAGS = Field::hex("geneve.flags", "Flags", bytes(1, 1)).arg("flags");
    OAM = Field::bool("geneve.flags.oam", "Operations, Administration and Management Frame", bits(8, 1).drawn(1, 1)).arg("oam");
    CRITICAL = Field::bool("geneve.flags.critical", "Critical Options Present", bits(9, 1).drawn(1, 1)).arg("critical");
    FLAGS_RESERVED = Field::bool("geneve.flags.reserved", "Reserved", bits(10, 6).drawn(1, 1));
    TYPE = Field::hex("geneve.proto_type", "Protocol Type", bytes(2, 2)).names(names::ether_type).words(names::ETHER_TYPE_WORDS).arg("proto");
    VNI = Field::hex("geneve.vni", "Virtual Network Identifier (VNI)", bytes(4, 3)).hex_dec().arg("vni");
    RESERVED = Field::hex("geneve.reserved", "Reserved", bytes(7, 1)).arg("rsv");
    OPTIONS = Field::bytes("geneve.options", "Geneve Options", At::Varies).arg("options").elements(&OPTION_FORMS);
    OPTION = Field::bytes("geneve.option", "Option", At::Varies).many();
    OPTION_CLASS = Field::hex("geneve.option.class", "Class", At::Varies).size(2);
    OPTION_TYPE = Field::hex("geneve.option.type", "Type", At::Varies).size(1).names(critical);
    OPTION_DATA = Field::bytes("geneve.option.unknown.data", "Unknown Option Data", At::Varies);
}

/// The header as a field.
pub static HEADER: Field = Field::group("geneve", "Generic Network Virtualization Encapsulation");

/// Geneve.
pub static PROTOCOL: Protocol = Protocol {
    name: "geneve",
    notation: "geneve",
    title: "Generic Network Virtualization Encapsulation",
    short: "Geneve",
    header: &HEADER,
    fields: FIELDS,
    inside: false,
};

/// The length in bytes of the header at the start of `bytes`, as it claims.
pub fn claimed_len(bytes: &[u8]) -> Option<usize> {
    Some(MIN_LEN + usize::from(u8_at(bytes, 0)? & 0x3f) * 4)
}

/// The length in bytes of the option at `at`, its header included.
pub fn option_len(bytes: &[u8], at: usize) -> Option<usize> {
    u16_at(bytes, at)?;
    Some(4 + usize::from(u8_at(bytes, at + 3)? & 0x1f) * 4)
}

/// What the options can be.
pub static OPTION_FORMS: Family = Family {
    what: "option",
    shape: Shape { head: 4, kind: (0, 0), length: (27, 5), unit: 4, single: &[], ..Shape::TLV },
    common: &[element::NUMBER.param("len", bits(27, 5)), element::NUMBER.param("rsv", bits(24, 3))],
    forms: &[Form {
        name: "opt",
        params: &[
            OPTION_CLASS.param("class", bytes(0, 2)),
            OPTION_TYPE.param("type", bytes(2, 1)),
            OPTION_DATA.param("data", At::Varies),
        ],
        positional: 3,
        about: "any class and type, with its data as bytes",
        ..Form::EMPTY
    }],
};
