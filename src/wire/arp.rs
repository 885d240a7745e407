//! ARP (RFC 826), and RARP (RFC 903), which has its format.
//!
//! ```text
//! | Hardware type 2 | Protocol type 2 | Hardware size 1 | Protocol size 1 |
//! | Opcode 2 | sender's hardware and protocol address | the target's      |
//! ```

use crate::wire::bytes::u8_at;
use crate::wire::field::{At, Field, Protocol, Words, bytes, fields};
use crate::wire::names;

/// Bytes before the addresses.
pub const FIXED_LEN: usize = 8;

/// Names of hardware types.
fn hardware(number: u64) -> Option<&'static str> {
    Some(match number {
        1 => "Ethernet",
        6 => "IEEE 802",
        7 => "ARCNET",
        15 => "Frame Relay DLCI",
        20 => "Serial Line",
        32 => "InfiniBand",
        _ => return None,
    })
}

/// Names of opcodes.
pub fn opcode(number: u64) -> Option<&'static str> {
    Some(match number {
        1 => "request",
        2 => "reply",
        3 => "reverse request",
        4 => "reverse reply",
        8 => "inverse request",
        9 => "inverse reply",
        10 => "arp nak",
        _ => return None,
    })
}

/// The notation's words for opcodes.
static OPCODE_WORDS: Words = &[("request", 1), ("reply", 2)];

fields! {
    HARDWARE = Field::dec("arp.hw.type", "Hardware type", bytes(0, 2)).names(hardware).arg("hw");
    PROTOCOL_TYPE = Field::hex("arp.proto.type", "Protocol type", bytes(2, 2)).names(names::ether_type).arg("proto");
    HARDWARE_SIZE = Field::dec("arp.hw.size", "Hardware size", bytes(4, 1)).arg("hlen");
    PROTOCOL_SIZE = Field::dec("arp.proto.size", "Protocol size", bytes(5, 1)).arg("plen");
    OPCODE = Field::dec("arp.opcode", "Opcode", bytes(6, 2)).names(opcode).words(OPCODE_WORDS).arg("op");
    GRATUITOUS = Field::bool("arp.isgratuitous", "Is gratuitous", At::Derived);
    PROBE = Field::bool("arp.isprobe", "Is probe", At::Derived);
    ANNOUNCEMENT = Field::bool("arp.isannouncement", "Is announcement", At::Derived);
    SENDER_MAC = Field::ether("arp.src.hw_mac", "Sender MAC address", At::Varies).arg("sha");
    SENDER_HARDWARE = Field::bytes("arp.src.hw", "Sender hardware address", At::Varies);
    SENDER_IPV4 = Field::ipv4("arp.src.proto_ipv4", "Sender IP address", At::Varies).arg("spa");
    SENDER_PROTOCOL = Field::bytes("arp.src.proto", "Sender protocol address", At::Varies);
    TARGET_MAC = Field::ether("arp.dst.hw_mac", "Target MAC address", At::Varies).arg("tha");
    TARGET_HARDWARE = Field::bytes("arp.dst.hw", "Target hardware address", At::Varies);
    TARGET_IPV4 = Field::ipv4("arp.dst.proto_ipv4", "Target IP address", At::Varies).arg("tpa");
    TARGET_PROTOCOL = Field::bytes("arp.dst.proto", "Target protocol address", At::Varies);
}

/// The packet as a field.
pub static HEADER: Field = Field::group("arp", "Address Resolution Protocol");

/// ARP.
pub static PROTOCOL: Protocol = Protocol {
    name: "arp",
    notation: "arp",
    title: "Address Resolution Protocol",
    short: "ARP",
    header: &HEADER,
    fields: FIELDS,
    inside: false,
};

/// The length in bytes of the packet at the start of `bytes`, as its address
/// sizes say.
pub fn claimed_len(bytes: &[u8]) -> Option<usize> {
    Some(FIXED_LEN + 2 * (usize::from(u8_at(bytes, 4)?) + usize::from(u8_at(bytes, 5)?)))
}
