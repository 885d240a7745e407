//! One VLAN tag (IEEE 802.1Q), after its Ethertype 0x8100, 0x88a8 or 0x9100.
//!
//! ```text
//! | PCP 3 bits | DEI 1 bit | VLAN ID 12 bits | Type, 2 bytes |
//! ```

use crate::wire::field::{At, Field, Protocol, bits, bytes, fields};
use crate::wire::{ethernet, names};

/// Bytes of the tag after the Ethertype that announces it.
pub const LEN: usize = 4;

/// Names of the priorities.
fn priority(number: u64) -> Option<&'static str> {
    Some(match number {
        0 => "Best Effort (default)",
        1 => "Background",
        2 => "Excellent Effort",
        3 => "Critical Applications",
        4 => "Video, < 100ms latency and jitter",
        5 => "Voice, < 10ms latency and jitter",
        6 => "Internetwork Control",
        7 => "Network Control",
        _ => return None,
    })
}

/// Whether the frame may be dropped first.
fn eligible(number: u64) -> Option<&'static str> {
    Some(if number == 0 { "Ineligible" } else { "Eligible" })
}

fields! {
    shared [
        ethernet::PADDING, service::PRIORITY, service::DEI, service::ID, service::TYPE, service::TRAILER
    ]
    PRIORITY = Field::dec("vlan.priority", "Priority", bits(0, 3).drawn(0, 2)).names(priority).arg("pcp");
    DEI = Field::bool("vlan.dei", "DEI", bits(3, 1).drawn(0, 2)).names(eligible).arg("dei");
    ID = Field::dec("vlan.id", "ID", bits(4, 12).drawn(0, 2)).arg("id");
    TYPE = Field::hex("vlan.etype", "Type", bytes(2, 2)).names(names::ether_type).words(names::ETHER_TYPE_WORDS).arg("type");
    TPID = Field::hex("vlan.tpid", "Tag Protocol Identifier", At::Derived).size(2).words(names::ETHER_TYPE_WORDS).own("The Ethertype that announces the tag").arg("tpid");
    LENGTH = Field::dec("vlan.len", "Length", bytes(2, 2)).arg("len");
    TRAILER = Field::bytes("vlan.trailer", "Trailer", At::Varies);
}

/// The same fields as Wireshark names them in a service tag, which Ethertype
/// 0x88a8 announces.
pub mod service {
    use super::{At, Field, bits, bytes, fields, names};

    fields! {
        PRIORITY = Field::dec("ieee8021ad.priority", "Priority", bits(0, 3).drawn(0, 2));
        DEI = Field::dec("ieee8021ad.dei", "DEI", bits(3, 1).drawn(0, 2));
        ID = Field::dec("ieee8021ad.id", "ID", bits(4, 12).drawn(0, 2));
        TYPE = Field::hex("ieee8021ah.etype", "Type", bytes(2, 2)).names(names::ether_type);
        TRAILER = Field::bytes("ieee8021ah.trailer", "Trailer", At::Varies);
    }

    /// The tag as a field.
    pub static HEADER: Field = Field::group("ieee8021ad", "IEEE 802.1ad");
}

/// The tag as a field.
pub static HEADER: Field = Field::group("vlan", "802.1Q Virtual LAN");

/// A VLAN tag.
pub static PROTOCOL: Protocol = Protocol {
    name: "vlan",
    notation: "vlan",
    title: "802.1Q Virtual LAN",
    short: "VLAN tag",
    header: &HEADER,
    fields: FIELDS,
    inside: false,
};
