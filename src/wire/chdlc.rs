//! Cisco HDLC: two octets of HDLC, then an Ethertype.
//!
//! ```text
//! | Address 1: 0x0f unicast, 0x8f multicast | Control 1: 0 | Protocol 2 |
//! ```

use crate::wire::field::{Field, Protocol, bytes, fields};

/// Bytes of the header.
pub const LEN: usize = 4;

/// Names of addresses.
fn address(number: u64) -> Option<&'static str> {
    Some(match number {
        0x0f => "Unicast",
        0x8f => "Multicast",
        _ => return None,
    })
}

/// Names of protocol numbers.
fn protocol(number: u64) -> Option<&'static str> {
    Some(match number {
        0x0800 => "IP",
        0x2000 => "Cisco Discovery Protocol",
        0x6558 => "Transparent Ethernet bridging",
        0x8035 => "SLARP",
        0x86dd => "IPv6",
        0x8847 => "MPLS unicast",
        0x8848 => "MPLS multicast",
        0xfefe => "OSI",
        _ => return None,
    })
}

fields! {
    ADDRESS = Field::hex("chdlc.address", "Address", bytes(0, 1)).names(address).arg("addr");
    CONTROL = Field::hex("chdlc.control", "Control", bytes(1, 1)).arg("ctrl");
    TYPE = Field::hex("chdlc.protocol", "Protocol", bytes(2, 2)).names(protocol).words(crate::wire::names::ETHER_TYPE_WORDS).arg("proto");
}

/// The header as a field.
pub static HEADER: Field = Field::group("chdlc", "Cisco HDLC");

/// Cisco HDLC.
pub static PROTOCOL: Protocol = Protocol {
    name: "chdlc",
    notation: "chdlc",
    title: "Cisco HDLC",
    short: "Cisco HDLC",
    header: &HEADER,
    fields: FIELDS,
    inside: false,
};
