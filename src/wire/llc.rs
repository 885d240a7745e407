//! Logical Link Control (IEEE 802.2), with the Subnetwork Access Protocol.
//!
//! ```text
//! | DSAP 1 | SSAP 1 | Control 1 or 2 | SNAP, if both SAPs are 0xaa: OUI 3 | Type 2 |
//! ```

use crate::wire::bytes::{u8_at, u16_at};
use crate::wire::field::{At, Field, Protocol, bits, bytes, fields};
use crate::wire::names;

/// Bytes of the header with an unnumbered control field.
pub const LEN: usize = 3;
/// Bytes of the header with SNAP.
pub const SNAP_LEN: usize = 8;
/// The service access point of SNAP.
pub const SNAP: u8 = 0xaa;

/// Names of service access points.
fn sap(number: u64) -> Option<&'static str> {
    Some(match number {
        0x00 => "NULL LSAP",
        0x02 => "LLC Sub-Layer Management",
        0x04 | 0x05 => "SNA",
        0x06 => "TCP/IP",
        0x42 => "Spanning Tree BPDU",
        0x7f => "ISO 802.2",
        0x80 => "XNS",
        0xaa => "SNAP",
        0xbc => "Banyan Vines",
        0xe0 => "NetWare",
        0xf0 => "NetBIOS",
        0xf4 => "IBM Net Management",
        0xfe => "ISO Network Layer",
        0xff => "Global LSAP",
        _ => return None,
    })
}

/// The name of a service access point without its lowest bit.
fn sap_half(number: u64) -> Option<&'static str> {
    sap(number << 1)
}

/// Individual or group.
fn ig(number: u64) -> Option<&'static str> {
    Some(if number == 0 { "Individual" } else { "Group" })
}

/// Command or response.
fn cr(number: u64) -> Option<&'static str> {
    Some(if number == 0 { "Command" } else { "Response" })
}

fields! {
    DSAP = Field::hex("llc.dsap", "DSAP", bytes(0, 1)).names(sap).arg("dsap");
    DSAP_SAP = Field::dec("llc.dsap.sap", "SAP", bits(0, 7).drawn(0, 1)).names(sap_half);
    DSAP_IG = Field::bool("llc.dsap.ig", "IG Bit", bits(7, 1).drawn(0, 1)).names(ig);
    SSAP = Field::hex("llc.ssap", "SSAP", bytes(1, 1)).names(sap).arg("ssap");
    SSAP_SAP = Field::dec("llc.ssap.sap", "SAP", bits(8, 7).drawn(1, 1)).names(sap_half);
    SSAP_CR = Field::bool("llc.ssap.cr", "CR Bit", bits(15, 1).drawn(1, 1)).names(cr);
    CONTROL = Field::hex("llc.control", "Control field", At::Varies).size(2).arg("control");
    OUI = Field::dec("llc.oui", "Organization Code", bytes(3, 3)).arg("oui");
    TYPE = Field::hex("llc.type", "Type", bytes(6, 2)).names(names::ether_type).words(names::ETHER_TYPE_WORDS).arg("type");
    PID = Field::hex("llc.pid", "Protocol ID", bytes(6, 2));
}

/// The header as a field.
pub static HEADER: Field = Field::group("llc", "Logical-Link Control");

/// LLC, with SNAP where there is one.
pub static PROTOCOL: Protocol = Protocol {
    name: "llc",
    notation: "llc",
    title: "Logical-Link Control",
    short: "LLC",
    header: &HEADER,
    fields: FIELDS,
    inside: false,
};

/// The control field of the header at the start of `bytes`, and its length in
/// bytes: one for unnumbered frames, two (little-endian) for the others.
pub fn control(bytes: &[u8]) -> Option<(u16, usize)> {
    let first = u8_at(bytes, 2)?;
    if first & 3 == 3 {
        return Some((u16::from(first), 1));
    }
    u16_at(bytes, 2).map(|both| (both.swap_bytes(), 2))
}

/// Whether the header at the start of `bytes` goes on with SNAP.
pub fn is_snap(bytes: &[u8]) -> bool {
    matches!(bytes, [SNAP, SNAP | 0xab, 0x03, ..])
}

/// The Ethertype that a SNAP header announces; `None` under other
/// organisations than those that use Ethertypes.
pub fn snap_type(bytes: &[u8]) -> Option<u16> {
    // RFC 1042's, and 802.1H's for types that RFC 1042 would bridge wrongly.
    match bytes.get(3..6)? {
        [0, 0, 0] | [0, 0, 0xf8] => u16_at(bytes, 6),
        _ => None,
    }
}
