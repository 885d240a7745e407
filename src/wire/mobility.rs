//! The Mobility header (RFC 6275 §6.1), as far as all its types share it.
//!
//! ```text
//! | Payload Proto 1 | Header Len 1 | MH Type 1 | Reserved 1 | Checksum 2 | message ... |
//! ```

use crate::wire::field::{At, Field, Protocol, bytes, fields};
use crate::wire::names;

/// Names of message types (IANA "Mobility Header Types").
pub fn type_name(number: u64) -> Option<&'static str> {
    Some(match number {
        0 => "Binding Refresh Request",
        1 => "Home Test Init",
        2 => "Care-of Test Init",
        3 => "Home Test",
        4 => "Care-of Test",
        5 => "Binding Update",
        6 => "Binding Acknowledgement",
        7 => "Binding Error",
        8 => "Fast Binding Update",
        9 => "Fast Binding Acknowledgment",
        10 => "Fast Neighbor Advertisement",
        11 => "Experimental Mobility Header",
        12 => "Home Agent Switch",
        13 => "Heartbeat",
        14 => "Handover Initiate",
        15 => "Handover Acknowledge",
        16 => "Binding Revocation",
        17 => "Localized Routing Initiation",
        18 => "Localized Routing Acknowledgment",
        _ => return None,
    })
}

fields! {
    PAYLOAD_PROTOCOL = Field::dec("mip6.proto", "Payload protocol", bytes(0, 1)).names(names::ip_proto).words(names::IP_PROTO_WORDS).arg("nxt");
    LENGTH = Field::dec("mip6.hlen", "Header length", bytes(1, 1)).arg("len");
    TYPE = Field::dec("mip6.mhtype", "Mobility Header Type", bytes(2, 1)).names(type_name).arg("type");
    RESERVED = Field::hex("mip6.reserved", "Reserved", bytes(3, 1)).arg("rsv");
    CHECKSUM = Field::hex("mip6.csum", "Checksum", bytes(4, 2)).arg("cksum");
    MESSAGE = Field::bytes("mip6.message", "Message", At::Varies).own("The message data and mobility options, as bytes").arg("data");
}

/// The header as a field.
pub static HEADER: Field = Field::group("mipv6", "Mobile IPv6");

/// The Mobility header.
pub static PROTOCOL: Protocol = Protocol {
    name: "mipv6",
    notation: "mobility",
    title: "Mobile IPv6",
    short: "Mobility header",
    header: &HEADER,
    fields: FIELDS,
    inside: true,
};
