//! The Simple Two-way Active Measurement Protocol, unauthenticated (RFC 8762
//! §4.2, §4.3), with its extensions (RFC 8972) and those for segment routing
//! (RFC 9503).
//!
//! ```text
//! sender and reflector:
//!   | Sequence Number 4 | Timestamp 8 | Error Estimate 2 | SSID 2 |
//! reflector goes on:
//!   | Receive Timestamp 8 | Sender Sequence Number 4 | Sender Timestamp 8 |
//!   | Sender Error Estimate 2 | MBZ 2 | Sender TTL 1 | MBZ 3 |
//! sender goes on with 28 zero bytes; then both:
//!   | TLVs: Flags 1 | Type 1 | Length 2 | Value |
//! ```

use crate::wire::bytes::{tail, u8_at, u16_at};
use crate::wire::element::{self, Family, Form, Shape};
use crate::wire::field::{At, Field, Kind, Protocol, bits, bytes, fields};

/// Bytes without TLVs.
pub const LEN: usize = 44;
/// Bytes of a TLV's header.
pub const TLV_HEADER_LEN: usize = 4;
/// The UDP port of the reflector.
pub const PORT: u16 = 862;

/// TLV types.
pub mod tlv {
    /// Destination Node IPv6 or IPv4 Address (RFC 9503 §3).
    pub const DESTINATION: u8 = 9;
    /// Return Path, made of sub-TLVs (RFC 9503 §4).
    pub const RETURN_PATH: u8 = 10;
}

/// Sub-TLV types of a Return Path.
pub mod return_path {
    /// Control Code (RFC 9503 §4.1.1).
    pub const CONTROL: u8 = 1;
    /// Return Address (RFC 9503 §4.1.2).
    pub const ADDRESS: u8 = 2;
    /// SR-MPLS label stack (RFC 9503 §4.1.3.1).
    pub const LABELS: u8 = 3;
    /// SRv6 segment list, the first segment first (RFC 9503 §4.1.3.2).
    pub const SEGMENTS: u8 = 4;
}

/// Names of TLV types.
pub fn tlv_name(number: u64) -> Option<&'static str> {
    Some(match number {
        1 => "Extra Padding",
        2 => "Location",
        3 => "Timestamp Information",
        4 => "Class of Service",
        5 => "Direct Measurement",
        6 => "Access Report",
        7 => "Follow-Up Telemetry",
        8 => "HMAC",
        9 => "Destination Node Address",
        10 => "Return Path",
        11 => "Micro-session ID",
        _ => return None,
    })
}

/// Names of sub-TLV types of a Return Path.
pub fn sub_tlv_name(number: u64) -> Option<&'static str> {
    Some(match number {
        1 => "Control Code",
        2 => "Return Address",
        3 => "SR-MPLS Label Stack",
        4 => "SRv6 Segment List",
        _ => return None,
    })
}

/// Meanings of a Return Path's control code.
fn control_code(number: u64) -> Option<&'static str> {
    Some(match number {
        0 => "No reply requested",
        1 => "Reply on the same link",
        _ => return None,
    })
}

/// The clock's format.
fn clock(number: u64) -> Option<&'static str> {
    Some(if number == 0 { "NTP" } else { "PTPv2" })
}

/// A field that only sr6 has, at a fixed place.
const fn own(field: Field, about: &'static str) -> Field {
    field.own(about)
}

fields! {
    SEQUENCE = own(Field::dec("stamp.seq", "Sequence Number", bytes(0, 4)), "The sequence number of the test packet").arg("seq");
    TIMESTAMP = own(Field::hex("stamp.timestamp", "Timestamp", bytes(4, 8)), "When the packet was sent, in the format that the error estimate names").arg("ts");
    TIME = own(Field::new("stamp.time", "Sent", Kind::Time, At::Derived), "When the packet was sent, as a date");
    ERROR = own(Field::hex("stamp.error", "Error Estimate", bytes(12, 2)), "How far the timestamp may be off").arg("error");
    ERROR_S = own(Field::bool("stamp.error.s", "Synchronized", bits(96, 1).drawn(12, 2)), "Whether the clock is synchronized to UTC").arg("s");
    ERROR_Z = own(Field::bool("stamp.error.z", "Clock format", bits(97, 1).drawn(12, 2)).names(clock), "The timestamp's format: NTP (0) or truncated PTPv2 (1)").arg("z");
    ERROR_SCALE = own(Field::dec("stamp.error.scale", "Scale", bits(98, 6).drawn(12, 2)), "The error is Multiplier * 2^(Scale - 32) seconds").arg("scale");
    ERROR_MULTIPLIER = own(Field::dec("stamp.error.multiplier", "Multiplier", bits(104, 8).drawn(12, 2)), "The error is Multiplier * 2^(Scale - 32) seconds").arg("mult");
    SSID = own(Field::dec("stamp.ssid", "Session ID", bytes(14, 2)), "The STAMP Session Identifier (RFC 8972 §3)").arg("ssid");
    RECEIVED = own(Field::hex("stamp.received", "Receive Timestamp", bytes(16, 8)), "When the reflector received the sender's packet").arg("rx");
    RECEIVED_TIME = own(Field::new("stamp.received_time", "Received", Kind::Time, At::Derived), "When the reflector received the sender's packet, as a date");
    SENDER_SEQUENCE = own(Field::dec("stamp.sender.seq", "Sender Sequence Number", bytes(24, 4)), "The sequence number of the sender's packet").arg("sseq");
    SENDER_TIMESTAMP = own(Field::hex("stamp.sender.timestamp", "Sender Timestamp", bytes(28, 8)), "The timestamp of the sender's packet").arg("sts");
    SENDER_ERROR = own(Field::hex("stamp.sender.error", "Sender Error Estimate", bytes(36, 2)), "The error estimate of the sender's packet").arg("serror");
    SENDER_TTL = own(Field::dec("stamp.sender.ttl", "Sender TTL", bytes(40, 1)), "The hop limit of the sender's packet when it was received").arg("sttl");
    MBZ = own(Field::hex("stamp.mbz", "Must be zero", bytes(38, 2)), "What a reflector leaves zero before the sender's TTL").arg("mbz");
    MBZ_END = own(Field::bytes("stamp.mbz.end", "Must be zero", bytes(41, 3)), "What a reflector leaves zero behind the sender's TTL").arg("mbz2");
    TLVS = own(Field::bytes("stamp.tlvs", "TLVs", At::Varies), "The extension TLVs").arg("tlvs").elements(&TLV_FORMS);
    TLV = own(Field::group("stamp.tlv", "TLV"), "An extension TLV (RFC 8972 §4)").many();
    TLV_FLAGS = own(Field::hex("stamp.tlv.flags", "Flags", At::Varies).size(1), "U (unrecognized, 0x80), M (malformed, 0x40), I (integrity, 0x20)").many();
    TLV_TYPE = own(Field::dec("stamp.tlv.type", "Type", At::Varies).size(1), "The type of a TLV").names(tlv_name);
    TLV_LENGTH = own(Field::dec("stamp.tlv.len", "Length", At::Varies).size(2), "The length in bytes of a TLV's value");
    TLV_VALUE = own(Field::bytes("stamp.tlv.value", "Value", At::Varies), "The value of a TLV");
    SUB_TYPE = own(Field::dec("stamp.return.type", "Type", At::Varies).size(1), "The type of a Return Path's sub-TLV").names(sub_tlv_name);
    SUB_LENGTH = own(Field::dec("stamp.return.len", "Length", At::Varies).size(2), "The length in bytes of a Return Path's sub-TLV");
    RETURN_CONTROL = own(Field::dec("stamp.return.control", "Control Code", At::Varies), "What a Return Path asks of the reply").names(control_code);
    RETURN_SEGMENT = own(Field::ipv6("stamp.return.segment", "Segment", At::Varies), "A segment of the path that the reply is to take, in the order it is travelled").many();
    ADDRESS_V6 = own(Field::ipv6("stamp.address.ipv6", "Address", At::Varies), "The IPv6 address of a Destination Node Address TLV or a Return Address");
    ADDRESS_V4 = own(Field::ipv4("stamp.address.ipv4", "Address", At::Varies), "The IPv4 address of a Destination Node Address TLV or a Return Address");
}

/// The packet as a field.
pub static HEADER: Field = Field::group("stamp", "Simple Two-way Active Measurement Protocol");

/// STAMP.
pub static PROTOCOL: Protocol = Protocol {
    name: "stamp",
    notation: "stamp",
    title: "Simple Two-way Active Measurement Protocol",
    short: "STAMP",
    header: &HEADER,
    fields: FIELDS,
    inside: false,
};

/// A TLV or sub-TLV, as it lies in its packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// The flags octet.
    pub flags: u8,
    /// The type octet.
    pub kind: u8,
    /// The length in bytes that it claims for its value.
    pub length: u16,
    /// The value, as far as it is there.
    pub value: &'a [u8],
    /// Where it starts, in bytes from the start of what was walked.
    pub offset: usize,
}

/// Walks the TLVs in `bytes`; one that runs past the end is the last.
pub fn tlvs(bytes: &[u8]) -> impl Iterator<Item = Tlv<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let (flags, kind, length) = (u8_at(bytes, at)?, u8_at(bytes, at + 1)?, u16_at(bytes, at + 2)?);
        let rest = tail(bytes, at + TLV_HEADER_LEN);
        let value = rest.get(..usize::from(length)).unwrap_or(rest);
        let offset = at;
        at += TLV_HEADER_LEN + usize::from(length);
        Some(Tlv { flags, kind, length, value, offset })
    })
}

/// Whether the packet at the start of `bytes` is a reflector's: where a sender
/// writes zeros, it has its receive timestamp.
pub fn is_reflected(bytes: &[u8]) -> bool {
    bytes.get(16..LEN).is_some_and(|rest| rest.iter().any(|byte| *byte != 0))
}

/// TLVs and sub-TLVs begin alike. A sender sets the U flag, for the reflector to
/// clear (RFC 8972 §4.2).
const SHAPE: Shape =
    Shape { head: TLV_HEADER_LEN, kind: (8, 8), length: (16, 16), single: &[], preset: &[0x80, 0, 0, 0], ..Shape::TLV };

/// An element with a value of one field.
macro_rules! one {
    ($name:literal, $kind:expr, $size:literal, $arg:literal, $field:expr, $about:literal) => {
        Form {
            name: $name,
            kind: Some($kind as u64),
            template: &[0; $size],
            params: &[$field.param($arg, bytes(4, $size))],
            positional: 1,
            about: $about,
            ..Form::EMPTY
        }
    };
}

/// What the TLVs can be.
pub static TLV_FORMS: Family = Family {
    what: "TLV",
    shape: SHAPE,
    common: &[TLV_FLAGS.param("flags", bytes(0, 1)), TLV_LENGTH.param("len", bytes(2, 2))],
    forms: &[
        one!("dest", tlv::DESTINATION, 16, "address", ADDRESS_V6, "Destination Node IPv6 Address (RFC 9503)"),
        one!("dest4", tlv::DESTINATION, 4, "address", ADDRESS_V4, "Destination Node IPv4 Address (RFC 9503)"),
        Form {
            name: "return",
            kind: Some(tlv::RETURN_PATH as u64),
            params: &[RETURN_PATH.param("path", At::Varies).elements(&RETURN_FORMS)],
            positional: 1,
            about: "Return Path (RFC 9503)",
            ..Form::EMPTY
        },
        Form {
            name: "tlv",
            params: &[TLV_TYPE.param("type", bytes(1, 1)), TLV_VALUE.param("data", At::Varies)],
            positional: 2,
            about: "any type, with its value as bytes",
            ..Form::EMPTY
        },
    ],
};

/// The sub-TLVs of a Return Path.
static RETURN_PATH: Field = Field::bytes("stamp.return", "Return Path", At::Varies);

/// What the sub-TLVs of a Return Path can be.
pub static RETURN_FORMS: Family = Family {
    what: "sub-TLV",
    shape: SHAPE,
    common: &[TLV_FLAGS.param("flags", bytes(0, 1)), SUB_LENGTH.param("len", bytes(2, 2))],
    forms: &[
        one!("control", return_path::CONTROL, 4, "code", RETURN_CONTROL, "0 no reply, 1 a reply on the same link"),
        one!("addr", return_path::ADDRESS, 16, "address", ADDRESS_V6, "Return Address, IPv6"),
        one!("addr4", return_path::ADDRESS, 4, "address", ADDRESS_V4, "Return Address, IPv4"),
        Form {
            name: "segs",
            kind: Some(return_path::SEGMENTS as u64),
            params: &[RETURN_SEGMENT.param("list", At::Varies)],
            positional: 1,
            about: "SRv6 segments, the first one first",
            ..Form::EMPTY
        },
        Form {
            name: "labels",
            kind: Some(return_path::LABELS as u64),
            params: &[element::HEX.param("stack", At::Varies).list()],
            positional: 1,
            about: "an MPLS label stack, its entries as numbers",
            ..Form::EMPTY
        },
        Form {
            name: "tlv",
            params: &[SUB_TYPE.param("type", bytes(1, 1)), element::DATA.param("data", At::Varies)],
            positional: 2,
            about: "any type, with its value as bytes",
            ..Form::EMPTY
        },
    ],
};
