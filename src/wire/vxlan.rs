//! VXLAN (RFC 7348 §5), with the Group Based Policy extension's fields.
//!
//! ```text
//! |G|R|R|R|I|R R R|R|D|R|R|A|R R R| Group Policy ID 2 |
//! | VXLAN Network Identifier 3 bytes    | Reserved 1   |
//! ```

use crate::wire::field::{Field, Protocol, bits, bytes, fields};

/// Bytes of the header.
pub const LEN: usize = 8;
/// The UDP port.
pub const PORT: u16 = 4789;

/// Whether an extension is in use.
fn defined(number: u64) -> Option<&'static str> {
    Some(if number == 0 { "Not defined" } else { "Defined" })
}

fields! {
    FLAGS = Field::hex("vxlan.flags", "Flags", bytes(0, 2)).arg("flags");
    FLAG_G = Field::bool("vxlan.flag_g", "GBP Extension", bits(0, 1).drawn(0, 2)).names(defined).arg("g");
    FLAG_I = Field::bool("vxlan.flag_i", "VXLAN Network ID (VNI)", bits(4, 1).drawn(0, 2)).arg("i");
    FLAG_D = Field::bool("vxlan.flag_d", "Don't Learn", bits(9, 1).drawn(0, 2)).arg("d");
    FLAG_A = Field::bool("vxlan.flag_a", "Policy Applied", bits(12, 1).drawn(0, 2)).arg("a");
    GROUP = Field::dec("vxlan.gbp", "Group Policy ID", bytes(2, 2)).arg("gbp");
    VNI = Field::dec("vxlan.vni", "VXLAN Network Identifier (VNI)", bytes(4, 3)).arg("vni");
    RESERVED = Field::dec("vxlan.reserved8", "Reserved", bytes(7, 1)).arg("rsv");
}

/// The header as a field.
pub static HEADER: Field = Field::group("vxlan", "Virtual eXtensible Local Area Network");

/// VXLAN.
pub static PROTOCOL: Protocol = Protocol {
    name: "vxlan",
    notation: "vxlan",
    title: "Virtual eXtensible Local Area Network",
    short: "VXLAN",
    header: &HEADER,
    fields: FIELDS,
    inside: false,
};
