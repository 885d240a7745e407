//! PPP over Ethernet (RFC 2516): discovery under Ethertype 0x8863, sessions
//! under 0x8864.
//!
//! ```text
//! | VER 4 bits | TYPE 4 bits | CODE 1 byte | SESSION_ID 2 | LENGTH 2 |
//! ```

use crate::wire::element::{self, Family, Form, Shape};
use crate::wire::field::{At, Field, Protocol, Words, bits, bytes, fields, joined};

/// Bytes of the header.
pub const LEN: usize = 6;

/// Names of codes.
fn code(number: u64) -> Option<&'static str> {
    Some(match number {
        0x00 => "Session Data",
        0x07 => "Active Discovery Offer (PADO)",
        0x09 => "Active Discovery Initiation (PADI)",
        0x19 => "Active Discovery Request (PADR)",
        0x65 => "Active Discovery Session-confirmation (PADS)",
        0xa7 => "Active Discovery Terminate (PADT)",
        0xd3 => "Active Discovery Message (PADM)",
        0xd4 => "Active Discovery Network (PADN)",
        _ => return None,
    })
}

/// The notation's words for codes.
static CODE_WORDS: Words = &[("pado", 0x07), ("padi", 0x09), ("padr", 0x19), ("pads", 0x65), ("padt", 0xa7)];

fields! {
    VERSION = Field::dec("pppoe.version", "Version", bits(0, 4).drawn(0, 1)).arg("version");
    TYPE = Field::dec("pppoe.type", "Type", bits(4, 4).drawn(0, 1)).arg("type");
    CODE = Field::hex("pppoe.code", "Code", bytes(1, 1)).names(code).words(CODE_WORDS).arg("code");
    SESSION = Field::hex("pppoe.session_id", "Session ID", bytes(2, 2)).arg("session");
    LENGTH = Field::dec("pppoe.payload_length", "Payload Length", bytes(4, 2)).arg("len");
}

/// The fields of discovery alone.
pub mod discovery {
    use super::{At, Field, TAG_FORMS, fields};

    fields! {
        TAGS = Field::bytes("pppoe.tags", "PPPoE Tags", At::Varies).own("The tags of a discovery packet").arg("tags").elements(&TAG_FORMS);
    }
}

static DISCOVERY_FIELDS: [&Field; FIELDS.len() + discovery::FIELDS.len()] = joined(&[FIELDS, discovery::FIELDS]);

/// The session header as a field.
pub static HEADER: Field = Field::group("pppoes", "PPP-over-Ethernet Session");
/// The discovery header as a field.
pub static DISCOVERY_HEADER: Field = Field::group("pppoed", "PPP-over-Ethernet Discovery");

/// A PPPoE session.
pub static PROTOCOL: Protocol = Protocol {
    name: "pppoes",
    notation: "pppoe",
    title: "PPP-over-Ethernet Session",
    short: "PPPoE",
    header: &HEADER,
    fields: FIELDS,
    inside: false,
};

/// PPPoE discovery.
pub static DISCOVERY: Protocol = Protocol {
    name: "pppoed",
    notation: "pppoed",
    title: "PPP-over-Ethernet Discovery",
    short: "PPPoE discovery",
    header: &DISCOVERY_HEADER,
    fields: &DISCOVERY_FIELDS,
    inside: false,
};

/// A tag that holds text, or bytes.
macro_rules! tag {
    ($name:literal, $kind:literal, $field:ident, $about:literal) => {
        Form {
            name: $name,
            kind: Some($kind),
            params: &[$field.param("value", At::Varies)],
            positional: 1,
            about: $about,
            ..Form::EMPTY
        }
    };
}

/// The text of a tag.
static TEXT: Field = Field::text("pppoe.tag.text", "Text", At::Varies);
/// The bytes of a tag.
static BYTES: Field = Field::bytes("pppoe.tag.bytes", "Value", At::Varies);

/// What the tags of discovery can be (RFC 2516 Appendix A).
pub static TAG_FORMS: Family = Family {
    what: "tag",
    shape: Shape { head: 4, kind: (0, 16), length: (16, 16), single: &[], ..Shape::TLV },
    common: &[element::NUMBER.param("len", bytes(2, 2))],
    forms: &[
        tag!("service", 0x0101, TEXT, "Service-Name"),
        tag!("acname", 0x0102, TEXT, "AC-Name"),
        tag!("hostuniq", 0x0103, BYTES, "Host-Uniq"),
        tag!("cookie", 0x0104, BYTES, "AC-Cookie"),
        tag!("relay", 0x0110, BYTES, "Relay-Session-Id"),
        tag!("error", 0x0203, TEXT, "Generic-Error"),
        Form {
            name: "tag",
            params: &[element::HEX.param("type", bytes(0, 2)), element::DATA.param("data", At::Varies)],
            positional: 2,
            about: "any type, with its value as bytes",
            ..Form::EMPTY
        },
    ],
};
