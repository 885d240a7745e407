//! TLVs of an SRH, and the padding that aligns it (RFC 8754 §2.1.1).

use crate::craft::{Arg, Element};
use crate::srv6::hmac::{Algorithm, Form as Text};
use crate::wire::element::Form;
use crate::wire::srh_tlv::{HMAC_NAME, TLVS};

/// The type of PadN.
const PADN: u8 = 4;
/// The most bytes one PadN takes up (RFC 8754 §2.1.1.2: Length is 0 to 5).
const PADN_MAX: usize = 7;

/// A TLV of a form that there is.
fn form(name: &str) -> Element {
    static NOTHING: Form = Form::EMPTY;
    Element::new(&TLVS, TLVS.form(name).unwrap_or(&NOTHING))
}

/// A single byte of padding. Linux takes it for the start of a longer TLV; the
/// builder never chooses it.
pub fn pad1() -> Element {
    form("pad1")
}

/// Padding of this many bytes in all, type and length octets included.
pub fn padn(total: u8) -> Element {
    form("padn").with("n", total)
}

/// A TLV of any type; the Length octet is the value's length.
pub fn tlv(kind: u8, value: impl Into<Vec<u8>>) -> Element {
    form("tlv").with("type", kind).with("data", Arg::Bytes(value.into()))
}

/// An HMAC by SHA-256 over the text of RFC 8754, computed last; `with("form",
/// 1u8)` makes it Linux's, `with("alg", 1u8)` SHA-1.
pub fn hmac(key: u32, secret: impl Into<Vec<u8>>) -> Element {
    form(HMAC_NAME).with("key", key).with("secret", Arg::Bytes(secret.into()))
}

/// Whether it is an HMAC whose digest is to be computed.
pub(super) fn is_unsigned(element: &Element) -> bool {
    element.form().name == HMAC_NAME && std::ptr::eq(element.family(), &TLVS) && element.get("digest").is_none()
}

/// The keyed hash of an HMAC: SHA-256 where none is given.
pub(super) fn algorithm(element: &Element) -> Algorithm {
    if element.uint("alg") == Some(1) { Algorithm::Sha1 } else { Algorithm::Sha256 }
}

/// The text that an HMAC is over: the RFC's where none is given.
pub(super) fn text(element: &Element) -> Text {
    if element.uint("form") == Some(1) { Text::Linux } else { Text::Rfc8754 }
}

/// Bytes of an HMAC's digest: padded to a multiple of 8, or as Linux has it.
pub(super) fn digest_len(element: &Element) -> usize {
    match (text(element), algorithm(element)) {
        (Text::Rfc8754, Algorithm::Sha1) => 24,
        _ => 32,
    }
}

/// Appends so many bytes of padding by PadN alone, or 8 more where it is one
/// byte, which PadN cannot be: each within the RFC's 7 bytes.
pub(super) fn pad(tlvs: &mut Vec<u8>, missing: usize) {
    let mut missing = if missing == 1 { 9 } else { missing };
    while missing > 0 {
        // Never leaves a single byte for the next round.
        let total = if missing > PADN_MAX { missing / 2 } else { missing };
        tlvs.extend([PADN, (total - 2) as u8]);
        tlvs.resize(tlvs.len() + total - 2, 0);
        missing -= total;
    }
}

/// Pads an SRH's `tlvs` so that the header ends on a multiple of 8 bytes.
pub(super) fn align(tlvs: &mut Vec<u8>) {
    let missing = tlvs.len().next_multiple_of(8) - tlvs.len();
    if missing > 0 {
        pad(tlvs, missing);
    }
}
