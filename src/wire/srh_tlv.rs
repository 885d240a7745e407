//! What is inside the TLVs of an SRH: field definitions by TLV type.
//!
//! ```text
//! HMAC (RFC 8754 §2.1.2):
//! | 5 | Length | D 1 bit | reserved 15 bits | Key ID 4 | digest 8..32 |
//! Path Tracing (draft-filsfils-ippm-path-tracing):
//! | 128 | 14 | interface 12 bits | load 4 bits | T64 8 | session 2 | sequence 2 |
//! Ingress and Egress Node, Opaque Container (drafts):
//! | 1, 2, 3 | 18 | reserved 1 | flags 1 | 16 bytes |
//! NSH Carrier (drafts):
//! | 6 | Length | reserved 1 | flags 1 | NSH |
//! ```
//!
//! Offsets count from the TLV's type.

use crate::wire::element::{self, Family, Form, Shape};
use crate::wire::field::{At, Field, Words, bits, bytes, fields};
use crate::wire::names;

/// Ingress Node (drafts).
pub const INGRESS: u8 = 1;
/// Egress Node (drafts).
pub const EGRESS: u8 = 2;
/// Opaque Container (drafts).
pub const OPAQUE_CONTAINER: u8 = 3;
/// NSH Carrier (drafts).
pub const NSH_CARRIER: u8 = 6;
/// HMAC.
pub const HMAC: u8 = 5;
/// PadN.
pub const PADN: u8 = 4;
/// Path Tracing.
pub const PATH_TRACING: u8 = 128;

fields! {
    HMAC_D = Field::bool("srh.hmac.d", "D bit", bits(16, 1).drawn(2, 2)).names(names::set)
        .own("The HMAC's D bit: the destination is not to be checked, since the list is reduced");
    HMAC_RESERVED = Field::hex("srh.hmac.reserved", "Reserved", bits(17, 15).drawn(2, 2)).own("The HMAC's reserved bits");
    HMAC_KEY_ID = Field::dec("srh.hmac.keyid", "Key ID", bytes(4, 4)).own("Which key an HMAC was made with");
    HMAC_DIGEST = Field::bytes("srh.hmac.digest", "HMAC", At::Varies).own("The digest");
    HMAC_STATUS = Field::text("srh.hmac.status", "HMAC Status", At::Derived)
        .own("What verifying the HMAC found: valid, wrong, no-key or unverifiable");
    HMAC_FORM = Field::text("srh.hmac.form", "HMAC Form", At::Derived)
        .own("Which text a valid HMAC is over: rfc8754 or linux");
    RESERVED = Field::hex("srh.tlv.reserved", "Reserved", bytes(2, 1)).own("The reserved octet of a draft TLV");
    FLAGS = Field::hex("srh.tlv.flags", "Flags", bytes(3, 1)).own("The flags of a draft TLV");
    OPAQUE = Field::bytes("srh.tlv.opaque", "Container", bytes(4, 16)).own("What is in a draft Opaque Container TLV");
    NSH = Field::bytes("srh.tlv.nsh", "Network Service Header", At::Varies).own("What is in a draft NSH Carrier TLV");
    HIDDEN = Field::ipv6("srh.hidden", "Slot", At::Varies).many()
        .own("What looks like a segment behind the list, left out by a Last Entry that is too small");
    NODE = Field::ipv6("srh.tlv.node", "Node", bytes(4, 16)).own("The address in a draft Ingress or Egress Node TLV");
    PT_INTERFACE = Field::dec("srh.pt.interface", "Interface ID", bits(16, 12).drawn(2, 2)).own("Path Tracing: outgoing interface");
    PT_LOAD = Field::dec("srh.pt.load", "Interface Load", bits(28, 4).drawn(2, 2)).own("Path Tracing: its load");
    PT_TIME = Field::new("srh.pt.time", "Timestamp", crate::wire::field::Kind::Time, At::Varies)
        .own("Path Tracing: when the packet left, seconds and nanoseconds");
    PT_SESSION = Field::dec("srh.pt.session", "Session ID", bytes(12, 2)).own("Path Tracing: session");
    PT_SEQUENCE = Field::dec("srh.pt.sequence", "Sequence Number", bytes(14, 2)).own("Path Tracing: sequence number in the session");
}

/// Bytes of a Path Tracing TLV.
pub const PATH_TRACING_LEN: usize = 16;

/// The notation's words for the keyed hashes of an HMAC.
pub static HMAC_ALGORITHMS: Words = &[("sha1", 1), ("sha256", 2)];
/// The notation's words for the texts that an HMAC is over.
pub static HMAC_FORMS: Words = &[("rfc8754", 0), ("linux", 1)];

/// The secret that a digest is computed with.
pub static HMAC_SECRET: Field = Field::text("srh.hmac.secret", "Secret", At::Derived).arg("secret");
/// The keyed hash.
pub static HMAC_ALGORITHM: Field =
    Field::dec("srh.hmac.algorithm", "Algorithm", At::Derived).words(HMAC_ALGORITHMS).arg("alg");
/// Which text the digest is over, and how the TLV is sized.
pub static HMAC_TEXT: Field = Field::dec("srh.hmac.text", "Form", At::Derived).words(HMAC_FORMS).arg("form");

/// The name of the form that is an HMAC, whose digest is computed.
pub const HMAC_NAME: &str = "hmac";

/// The Length octet of a TLV.
static LENGTH: Field = Field::dec("srh.tlv.len", "Length", bytes(1, 1)).arg("len");

/// The fields that draft TLVs for a node have in common, and one of their own.
macro_rules! draft {
    ($name:literal, $kind:expr, $arg:literal, $value:ident, $about:literal) => {
        Form {
            name: $name,
            kind: Some($kind as u64),
            template: &[0; 18],
            params: &[
                $value.param($arg, bytes(4, 16)),
                FLAGS.param("flags", bytes(3, 1)),
                RESERVED.param("reserved", bytes(2, 1)),
            ],
            positional: 1,
            about: $about,
            ..Form::EMPTY
        }
    };
}

/// What the TLVs of an SRH can be.
pub static TLVS: Family = Family {
    what: "TLV",
    shape: Shape::TLV,
    common: &[LENGTH.param("len", bytes(1, 1))],
    forms: &[
        Form {
            name: "pad1",
            kind: Some(0),
            about: "a single byte, which Linux takes for the start of a TLV",
            ..Form::EMPTY
        },
        Form {
            name: "padn",
            kind: Some(PADN as u64),
            params: &[element::BYTES.param("n", At::Derived)],
            positional: 1,
            finish: Some(element::as_long_as_told),
            about: "zeros, n bytes in all",
            ..Form::EMPTY
        },
        Form {
            name: HMAC_NAME,
            kind: Some(HMAC as u64),
            template: &[0; 6],
            params: &[
                HMAC_KEY_ID.param("key", bytes(4, 4)),
                HMAC_SECRET.param("secret", At::Derived),
                HMAC_ALGORITHM.param("alg", At::Derived),
                HMAC_TEXT.param("form", At::Derived),
                HMAC_D.param("d", bits(16, 1)),
                HMAC_RESERVED.param("reserved", bits(17, 15)),
                HMAC_DIGEST.param("digest", At::Varies),
            ],
            align: (8, 0),
            about: "the digest is given, or computed last from the secret",
            ..Form::EMPTY
        },
        draft!("ingress", INGRESS, "node", NODE, "the node the path starts at (draft)"),
        draft!("egress", EGRESS, "node", NODE, "the node the path ends at (draft)"),
        draft!("opaque", OPAQUE_CONTAINER, "data", OPAQUE, "16 bytes for the egress node (draft)"),
        Form {
            name: "nsh",
            kind: Some(NSH_CARRIER as u64),
            template: &[0; 2],
            params: &[
                NSH.param("data", At::Varies),
                FLAGS.param("flags", bytes(3, 1)),
                RESERVED.param("reserved", bytes(2, 1)),
            ],
            positional: 1,
            about: "a Network Service Header (draft)",
            ..Form::EMPTY
        },
        Form {
            name: "pt",
            kind: Some(PATH_TRACING as u64),
            template: &[0; 14],
            params: &[
                PT_INTERFACE.param("if", bits(16, 12)),
                PT_LOAD.param("load", bits(28, 4)),
                element::NUMBER.param("sec", bytes(4, 4)),
                element::NUMBER.param("nsec", bytes(8, 4)),
                PT_SESSION.param("session", bytes(12, 2)),
                PT_SEQUENCE.param("seq", bytes(14, 2)),
            ],
            about: "Path Tracing: what the source and the sink write (draft)",
            ..Form::EMPTY
        },
        Form {
            name: "tlv",
            params: &[super::srh::TLV_TYPE.param("type", bytes(0, 1)), element::DATA.param("data", At::Varies)],
            positional: 2,
            about: "any type, with its value as bytes",
            ..Form::EMPTY
        },
    ],
};
