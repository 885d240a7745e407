//! TLVs of an SRH, and the padding that aligns it (RFC 8754 §2.1.1).

use crate::wire::srh::FIXED_LEN;

/// The type of Pad1: a byte of its own, without length.
const PAD1: u8 = 0;
/// The type of PadN.
const PADN: u8 = 4;
/// The most bytes one PadN takes up (RFC 8754 §2.1.1.2: Length is 0 to 5).
const PADN_MAX: usize = 7;

/// One TLV of an SRH.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tlv {
    /// A single byte of padding. Linux takes it for the start of a longer TLV;
    /// the builder never chooses it.
    Pad1,
    /// Padding of this many bytes in all, type and length octets included; at
    /// least 2.
    PadN(u8),
    /// Any type, with its value; the Length octet is the value's length.
    Any {
        /// The Type octet.
        kind: u8,
        /// The value, at most 255 bytes.
        value: Vec<u8>,
    },
}

impl Tlv {
    /// Appends the TLV's bytes. `None`, with nothing appended, where no Length
    /// octet can say how long it is.
    pub(super) fn write(&self, to: &mut Vec<u8>) -> Option<()> {
        match self {
            Self::Pad1 => to.push(PAD1),
            Self::PadN(total) => {
                let length = total.checked_sub(2)?;
                to.extend([PADN, length]);
                to.resize(to.len() + usize::from(length), 0);
            }
            Self::Any { kind, value } => {
                to.extend([*kind, u8::try_from(value.len()).ok()?]);
                to.extend(value);
            }
        }
        Some(())
    }
}

/// Pads an SRH's `tlvs` so that the header ends on a multiple of 8 bytes.
///
/// Only PadN is used, each within the RFC's 7 bytes: a single missing byte is
/// made up for by two of them, 9 bytes together.
pub(super) fn align(tlvs: &mut Vec<u8>) {
    let len = FIXED_LEN + tlvs.len();
    let mut missing = len.next_multiple_of(8) - len;
    if missing == 1 {
        missing += 8;
    }
    while missing > 0 {
        // Never leaves a single byte for the next round.
        let total = if missing > PADN_MAX { missing / 2 } else { missing };
        to_padn(total, tlvs);
        missing -= total;
    }
}

/// Appends a PadN of `total` (2 to 7) bytes.
fn to_padn(total: usize, tlvs: &mut Vec<u8>) {
    tlvs.extend([PADN, (total - 2) as u8]);
    tlvs.resize(tlvs.len() + total - 2, 0);
}
