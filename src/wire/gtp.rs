//! GTP-U, the user plane of GTP version 1 (3GPP TS 29.281 §5).
//!
//! ```text
//! | Version 3 bits | PT 1 | Spare 1 | E 1 | S 1 | PN 1 | Message Type 1 | Length 2 |
//! | Tunnel Endpoint Identifier 4                                               |
//! | Sequence Number 2 | N-PDU Number 1 | Next Extension Header Type 1: if E, S or PN |
//!
//! extension header: | Length 1, in units of 4 bytes | content | Next Type 1 |
//! ```

use crate::wire::bytes::u8_at;
use crate::wire::element::{self, Family, Form, Shape};
use crate::wire::field::{At, Field, Protocol, Words, bits, bytes, fields};
use crate::wire::names;

/// Bytes without optional fields.
pub const MIN_LEN: usize = 8;
/// Bytes with the optional fields, which come all or none.
pub const LONG_LEN: usize = 12;
/// The UDP port.
pub const PORT: u16 = 2152;
/// The message type of user data.
pub const T_PDU: u8 = 255;
/// The extension header type of the PDU Session Container (TS 38.415).
pub const PDU_SESSION: u8 = 0x85;

/// Names of versions.
fn version_name(number: u64) -> Option<&'static str> {
    Some(match number {
        0 => "GTP release 97/98 version",
        1 => "GTP release 99 version",
        _ => return None,
    })
}

/// What the protocol type bit tells apart.
fn payload_type(number: u64) -> Option<&'static str> {
    Some(if number == 0 { "GTP'" } else { "GTP" })
}

/// Names of the user plane's message types.
fn message(number: u64) -> Option<&'static str> {
    Some(match number {
        1 => "Echo request",
        2 => "Echo response",
        26 => "Error indication",
        31 => "Supported extension header notification",
        253 => "Tunnel Status",
        254 => "End Marker",
        255 => "T-PDU",
        _ => return None,
    })
}

/// Names of extension header types.
pub fn extension_name(number: u64) -> Option<&'static str> {
    Some(match number {
        0x00 => "No more extension headers",
        0x20 => "Service Class Indicator",
        0x40 => "UDP Port number",
        0x81 => "RAN container",
        0x82 => "Long PDCP PDU number",
        0x83 => "Xw RAN container",
        0x84 => "NR RAN container",
        0x85 => "PDU Session container",
        0xc0 => "PDCP PDU number",
        _ => return None,
    })
}

/// Names of PDU types of a PDU Session Container.
fn pdu_type(number: u64) -> Option<&'static str> {
    Some(match number {
        0 => "DL PDU SESSION INFORMATION",
        1 => "UL PDU SESSION INFORMATION",
        _ => return None,
    })
}

/// Whether something is there.
fn present(number: u64) -> Option<&'static str> {
    Some(if number == 0 { "Not Present" } else { "Present" })
}

/// The notation's words for message types.
static MESSAGE_WORDS: Words = &[("echo", 1), ("reply", 2), ("error", 26), ("end", 254), ("pdu", 255)];

fields! {
    FLAGS = Field::hex("gtp.flags", "Flags", bytes(0, 1)).arg("flags");
    VERSION = Field::dec("gtp.flags.version", "Version", bits(0, 3).drawn(0, 1)).names(version_name).arg("version");
    PAYLOAD = Field::dec("gtp.flags.payload", "Protocol type", bits(3, 1).drawn(0, 1)).names(payload_type).arg("pt");
    RESERVED = Field::dec("gtp.flags.reserved", "Reserved", bits(4, 1).drawn(0, 1)).arg("rsv");
    FLAG_E = Field::bool("gtp.flags.e", "Is Next Extension Header present?", bits(5, 1).drawn(0, 1)).names(names::yes).arg("e");
    FLAG_S = Field::bool("gtp.flags.s", "Is Sequence Number present?", bits(6, 1).drawn(0, 1)).names(names::yes).arg("s");
    FLAG_PN = Field::bool("gtp.flags.pn", "Is N-PDU number present?", bits(7, 1).drawn(0, 1)).names(names::yes).arg("pn");
    MESSAGE = Field::hex("gtp.message", "Message Type", bytes(1, 1)).names(message).words(MESSAGE_WORDS).arg("type");
    LENGTH = Field::dec("gtp.length", "Length", bytes(2, 2)).arg("len");
    TEID = Field::hex("gtp.teid", "TEID", bytes(4, 4)).hex_dec().arg("teid");
    SEQUENCE = Field::hex("gtp.seq_number", "Sequence number", bytes(8, 2)).hex_dec().arg("seq");
    NPDU = Field::hex("gtp.npdu_number", "N-PDU Number", bytes(10, 1)).arg("npdu");
    FIRST_EXTENSION = Field::hex("gtp.next", "Next extension header type", bytes(11, 1)).own("The type of the first extension header").arg("nxt");
    EXTENSIONS = Field::bytes("gtp.ext", "Extension headers", At::Varies).own("The extension headers").arg("ext").elements(&EXTENSION_FORMS);
    EXTENSION = Field::group("gtp.ext_hdr", "Extension header").many();
    EXTENSION_NEXT = Field::hex("gtp.ext_hdr.next", "Next extension header type", At::Varies).size(1).names(extension_name).many();
    EXTENSION_LENGTH = Field::dec("gtp.ext_hdr.length", "Extension Header Length", At::Varies).size(1);
    EXTENSION_CONTENT = Field::bytes("gtp.ext_hdr.content", "Content", At::Varies).own("The content of an extension header that is not taken apart");
    PDU_TYPE = Field::dec("gtp.ext_hdr.pdu_ses_con.pdu_type", "PDU Type", bits(8, 4).drawn(1, 1)).names(pdu_type);
    PDU_PPP = Field::bool("gtp.ext_hdr.pdu_ses_cont.ppp", "Paging Policy Presence (PPP)", bits(16, 1).drawn(2, 1)).names(present);
    PDU_RQI = Field::bool("gtp.ext_hdr.pdu_ses_cont.rqi", "Reflective QoS Indicator (RQI)", bits(17, 1).drawn(2, 1)).names(present);
    PDU_QFI = Field::dec("gtp.ext_hdr.pdu_ses_con.qos_flow_id", "QoS Flow Identifier (QFI)", bits(18, 6).drawn(2, 1));
}

/// The header as a field.
pub static HEADER: Field = Field::group("gtp", "GPRS Tunneling Protocol");

/// GTP-U.
pub static PROTOCOL: Protocol = Protocol {
    name: "gtp",
    notation: "gtpu",
    title: "GPRS Tunneling Protocol",
    short: "GTP-U",
    header: &HEADER,
    fields: FIELDS,
    inside: false,
};

/// Whether the header at the start of `bytes` has the optional fields.
pub fn is_long(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|flags| flags & 7 != 0)
}

/// The extension headers of the header at the start of `bytes`, each as its
/// type, where it starts, and its length in bytes; ends at the first that is
/// cut, or has no length.
pub fn extensions(bytes: &[u8]) -> impl Iterator<Item = (u8, usize, usize)> + '_ {
    let mut at = LONG_LEN;
    let mut kind = if bytes.first().is_some_and(|flags| flags & 4 != 0) { u8_at(bytes, 11) } else { None };
    std::iter::from_fn(move || {
        let found = kind.filter(|kind| *kind != 0)?;
        let len = usize::from(u8_at(bytes, at)?) * 4;
        let next = if len == 0 { None } else { u8_at(bytes, at + len - 1) };
        let start = at;
        (kind, at) = (next, at + len);
        next.map(|_| (found, start, len))
    })
}

/// What the extension headers can be. The type of each stands in what comes
/// before it, so that it is no part of its own bytes.
pub static EXTENSION_FORMS: Family = Family {
    what: "extension header",
    shape: Shape { head: 1, kind: (0, 0), length: (0, 8), unit: 4, whole: true, single: &[], tail: 1, ..Shape::TLV },
    common: &[EXTENSION_LENGTH.param("len", bytes(0, 1))],
    forms: &[
        Form {
            name: "pdu",
            kind: Some(PDU_SESSION as u64),
            template: &[0; 2],
            params: &[
                PDU_QFI.param("qfi", bits(18, 6)),
                PDU_TYPE.param("type", bits(8, 4)),
                PDU_PPP.param("ppp", bits(16, 1)),
                PDU_RQI.param("rqi", bits(17, 1)),
                element::NUMBER.param("spare", bits(12, 4)),
                element::DATA.param("data", At::Varies),
            ],
            positional: 1,
            about: "PDU Session Container (TS 38.415)",
            ..Form::EMPTY
        },
        Form {
            name: "ext",
            params: &[EXTENSION_NEXT.param("type", At::Derived), element::DATA.param("data", At::Varies)],
            positional: 2,
            about: "any type, with its content as bytes",
            ..Form::EMPTY
        },
    ],
};
