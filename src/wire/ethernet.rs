//! Ethernet II, and 802.3 with a length in place of the type.
//!
//! ```text
//! | Destination, 6 bytes | Source, 6 bytes | Type or Length, 2 bytes |
//! ```

use crate::wire::error::LengthError;
use crate::wire::field::{At, Field, Protocol, bytes, fields};
use crate::wire::names;

/// Bytes of the header.
pub const LEN: usize = 14;

/// The largest value of the third field that is a length (IEEE 802.3 §3.2.6).
pub const MAX_LENGTH_FIELD: u16 = 1500;

/// The smallest value of the third field that is a type.
pub const MIN_TYPE: u16 = 1536;

/// Globally unique or locally administered.
fn lg(number: u64) -> Option<&'static str> {
    Some(match number {
        0 => "Globally unique address (factory default)",
        _ => "Locally administered address (this is NOT the factory default)",
    })
}

/// Individual or group.
fn ig(number: u64) -> Option<&'static str> {
    Some(if number == 0 { "Individual address (unicast)" } else { "Group address (multicast/broadcast)" })
}

fields! {
    DESTINATION = Field::ether("eth.dst", "Destination", bytes(0, 6)).arg("dst");
    SOURCE = Field::ether("eth.src", "Source", bytes(6, 6)).arg("src");
    ADDRESS = Field::ether("eth.addr", "Address", At::Varies).many();
    DESTINATION_LG = Field::bool("eth.dst.lg", "LG bit", crate::wire::field::bits(6, 1).drawn(0, 3)).names(lg);
    DESTINATION_IG = Field::bool("eth.dst.ig", "IG bit", crate::wire::field::bits(7, 1).drawn(0, 3)).names(ig);
    SOURCE_LG = Field::bool("eth.src.lg", "LG bit", crate::wire::field::bits(54, 1).drawn(6, 3)).names(lg);
    SOURCE_IG = Field::bool("eth.src.ig", "IG bit", crate::wire::field::bits(55, 1).drawn(6, 3)).names(ig);
    LG = Field::bool("eth.lg", "LG bit", At::Varies).names(lg).many();
    IG = Field::bool("eth.ig", "IG bit", At::Varies).names(ig).many();
    TYPE = Field::hex("eth.type", "Type", bytes(12, 2)).names(names::ether_type).words(names::ETHER_TYPE_WORDS).arg("type");
    LENGTH = Field::dec("eth.len", "Length", bytes(12, 2)).arg("len");
    PADDING = Field::bytes("eth.padding", "Padding", At::Varies);
    INVALID = Field::hex("eth.invalid_lentype", "Invalid length/type", bytes(12, 2)).hex_dec();
    TRAILER = Field::bytes("eth.trailer", "Trailer", At::Varies);
    FCS = Field::hex("eth.fcs", "Frame check sequence", At::Varies);
    FCS_STATUS = Field::dec("eth.fcs.status", "FCS Status", At::Derived).size(1).names(names::checksum_status).name_only();
}

/// The header as a field.
pub static HEADER: Field = Field::group("eth", "Ethernet");

/// Ethernet.
pub static PROTOCOL: Protocol = Protocol {
    name: "eth",
    notation: "eth",
    title: "Ethernet II",
    short: "Ethernet",
    header: &HEADER,
    fields: FIELDS,
    inside: false,
};

/// An Ethernet header as it lies in a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ethernet<'a>(&'a [u8; LEN]);

impl<'a> Ethernet<'a> {
    /// Views the header at the start of `bytes`.
    ///
    /// # Errors
    /// There are fewer than 14 bytes.
    pub fn new(bytes: &'a [u8]) -> Result<Self, LengthError> {
        bytes.first_chunk().map(Self).ok_or(LengthError {
            layer: "Ethernet",
            offset: 0,
            needed: LEN,
            available: bytes.len(),
            says: None,
        })
    }

    /// The destination MAC address.
    pub fn destination(&self) -> [u8; 6] {
        let [a, b, c, d, e, f, ..] = *self.0;
        [a, b, c, d, e, f]
    }

    /// The source MAC address.
    pub fn source(&self) -> [u8; 6] {
        let [_, _, _, _, _, _, a, b, c, d, e, f, _, _] = *self.0;
        [a, b, c, d, e, f]
    }

    /// The third field: a type from 1536 on, a length up to 1500.
    pub fn type_or_length(&self) -> u16 {
        u16::from_be_bytes([self.0[12], self.0[13]])
    }
}
