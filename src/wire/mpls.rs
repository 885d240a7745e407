//! One entry of an MPLS label stack (RFC 3032), and the control word of an
//! Ethernet pseudowire (RFC 4448 §4.6).
//!
//! ```text
//! | Label 20 bits | TC 3 (EXP before RFC 5462) | S 1: last entry | TTL 8 |
//!
//! | 0 0 0 0 | reserved 12 bits | sequence number 16 |
//! ```

use crate::wire::bytes::{u16_at, u32_at};
use crate::wire::field::{Field, Protocol, bits, bytes, fields};
use crate::wire::{ethernet, names};

/// Bytes of an entry.
pub const LEN: usize = 4;
/// The UDP port (RFC 7510).
pub const PORT: u16 = 6635;
/// Bytes of a pseudowire's control word.
pub const CONTROL_WORD_LEN: usize = 4;

/// Names of reserved labels (IANA "Special-Purpose MPLS Label Values").
pub fn label_name(number: u64) -> Option<&'static str> {
    Some(match number {
        0 => "IPv4 Explicit-Null",
        1 => "Router Alert",
        2 => "IPv6 Explicit-Null",
        3 => "Implicit-Null",
        7 => "Entropy Label Indicator (ELI)",
        13 => "Generic Associated Channel Label (GAL)",
        14 => "OAM Alert",
        _ => return None,
    })
}

fields! {
    LABEL = Field::dec("mpls.label", "MPLS Label", bits(0, 20).drawn(0, 4)).names(label_name).arg("label");
    EXP = Field::dec("mpls.exp", "MPLS Experimental Bits", bits(20, 3).drawn(0, 4)).arg("tc");
    BOTTOM = Field::dec("mpls.bottom", "MPLS Bottom Of Label Stack", bits(23, 1).drawn(0, 4)).arg("s");
    TTL = Field::dec("mpls.ttl", "MPLS TTL", bits(24, 8).drawn(0, 4)).arg("ttl");
}

/// The fields of a control word.
pub mod control_word {
    use super::{Field, bytes, fields};

    fields! {
        FLAGS = Field::hex("pweth.cw.bits0to3", "Bits 0 to 3", super::bits(0, 4)).own("The first nibble, which is zero").arg("nibble");
        RESERVED = Field::hex("pweth.cw.rsv", "Reserved", super::bits(4, 12)).own("The reserved bits").arg("rsv");
        SEQUENCE = Field::dec("pweth.cw.sequence_number", "Sequence Number", bytes(2, 2)).arg("seq");
    }
}

/// The entry as a field.
pub static HEADER: Field = Field::group("mpls", "MultiProtocol Label Switching Header");
/// The control word as a field.
pub static CONTROL_WORD_HEADER: Field = Field::group("pwethcw", "PW Ethernet Control Word");

/// An entry of a label stack.
pub static PROTOCOL: Protocol = Protocol {
    name: "mpls",
    notation: "mpls",
    title: "MultiProtocol Label Switching Header",
    short: "MPLS label",
    header: &HEADER,
    fields: FIELDS,
    inside: false,
};

/// The control word of an Ethernet pseudowire.
pub static CONTROL_WORD: Protocol = Protocol {
    name: "pwethcw",
    notation: "cw",
    title: "PW Ethernet Control Word",
    short: "Pseudowire control word",
    header: &CONTROL_WORD_HEADER,
    fields: control_word::FIELDS,
    inside: false,
};

/// An entry as it lies in a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry(u32);

impl Entry {
    /// Reads the entry at the start of `bytes`; `None` where it does not fit.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        u32_at(bytes, 0).map(Self)
    }

    /// The label.
    pub fn label(self) -> u32 {
        self.0 >> 12
    }

    /// The traffic class.
    pub fn traffic_class(self) -> u8 {
        (self.0 >> 9 & 7) as u8
    }

    /// Whether this is the last entry of the stack.
    pub fn is_bottom(self) -> bool {
        self.0 & 0x100 != 0
    }

    /// The time to live.
    pub fn ttl(self) -> u8 {
        self.0 as u8
    }
}

/// What follows the last entry, which no field says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload {
    /// IPv4.
    Ipv4,
    /// IPv6.
    Ipv6,
    /// An Ethernet frame.
    Ethernet,
    /// An Ethernet frame after a control word.
    ControlWord,
    /// Something else.
    Unknown,
}

/// Guesses what follows a label stack by its first nibble (RFC 4928 §3). A
/// zero is an Ethernet pseudowire, whose control word may be left out: which
/// it is shows by where a type that is known would lie.
pub fn payload(bytes: &[u8]) -> Payload {
    let is_type = |at| u16_at(bytes, at).is_some_and(|kind| names::ether_type(u64::from(kind)).is_some());
    match bytes.first().map(|first| first >> 4) {
        Some(4) => Payload::Ipv4,
        Some(6) => Payload::Ipv6,
        Some(0) if is_type(ethernet::LEN - 2) && !is_type(CONTROL_WORD_LEN + ethernet::LEN - 2) => Payload::Ethernet,
        Some(0) => Payload::ControlWord,
        _ => Payload::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_known_by_its_type() {
        let frame = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x86, 0xdd, 0x60, 0, 0, 0];
        assert_eq!(payload(&frame), Payload::Ethernet);
        assert_eq!(payload(&[&[0; 4], &frame[..]].concat()), Payload::ControlWord);
        assert_eq!(
            [payload(&[0x45]), payload(&[0x60]), payload(&[0x10]), payload(&[])],
            [Payload::Ipv4, Payload::Ipv6, Payload::Unknown, Payload::Unknown]
        );
    }
}
