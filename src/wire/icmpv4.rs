//! ICMP for IPv4 (RFC 792).
//!
//! ```text
//! |     Type      |     Code      |           Checksum            |
//! |                  depends on the type, 4 bytes                 |
//! ```

use crate::wire::field::{At, Field, Protocol, Words, bytes, fields};
use crate::wire::names;

/// Bytes of the header.
pub const LEN: usize = 8;

/// Names of message types.
pub fn type_name(number: u64) -> Option<&'static str> {
    Some(match number {
        0 => "Echo (ping) reply",
        3 => "Destination unreachable",
        4 => "Source quench (flow control)",
        5 => "Redirect",
        8 => "Echo (ping) request",
        9 => "Router advertisement",
        10 => "Router solicitation",
        11 => "Time-to-live exceeded",
        12 => "Parameter problem",
        13 => "Timestamp request",
        14 => "Timestamp reply",
        15 => "Information request",
        16 => "Information reply",
        17 => "Address mask request",
        18 => "Address mask reply",
        30 => "Traceroute",
        40 => "Photuris",
        42 => "Extended Echo request",
        43 => "Extended Echo reply",
        _ => return None,
    })
}

/// Names of codes, which depend on the type.
pub fn code_name(kind: u8, code: u8) -> Option<&'static str> {
    Some(match (kind, code) {
        (3, 0) => "Network unreachable",
        (3, 1) => "Host unreachable",
        (3, 2) => "Protocol unreachable",
        (3, 3) => "Port unreachable",
        (3, 4) => "Fragmentation needed",
        (3, 5) => "Source route failed",
        (3, 6) => "Destination network unknown",
        (3, 7) => "Destination host unknown",
        (3, 9) => "Network administratively prohibited",
        (3, 10) => "Host administratively prohibited",
        (3, 13) => "Communication administratively filtered",
        (5, 0) => "Redirect for network",
        (5, 1) => "Redirect for host",
        (11, 0) => "Time to live exceeded in transit",
        (11, 1) => "Fragment reassembly time exceeded",
        (12, 0) => "Pointer indicates the error",
        (12, 1) => "Required option missing",
        (12, 2) => "Bad length",
        _ => return None,
    })
}

/// The bytes of a message up to what it carries, at least.
pub fn message_len(kind: u8) -> usize {
    match kind {
        // Timestamps, and address masks.
        13 | 14 => 20,
        17 | 18 => 12,
        _ => LEN,
    }
}

/// Echo Request.
pub const ECHO_REQUEST: u8 = 8;
/// The message type of an answer to it.
pub const ECHO_REPLY: u8 = 0;
/// The message type of a Parameter Problem.
pub const PARAMETER_PROBLEM: u8 = 12;

/// The notation's words for message types.
static TYPE_WORDS: Words = &[
    ("reply", 0),
    ("unreachable", 3),
    ("unreach", 3),
    ("redirect", 5),
    ("echo", ECHO_REQUEST as u64),
    ("timex", 11),
    ("paramprob", 12),
    ("timestamp", 13),
];

fields! {
    TYPE = Field::dec("icmp.type", "Type", bytes(0, 1)).names(type_name).words(TYPE_WORDS).arg("type");
    CODE = Field::dec("icmp.code", "Code", bytes(1, 1)).arg("code");
    CHECKSUM = Field::hex("icmp.checksum", "Checksum", bytes(2, 2)).arg("cksum");
    CHECKSUM_STATUS = Field::dec("icmp.checksum.status", "Checksum Status", At::Derived).size(1).names(names::checksum_status).name_only();
    ID = Field::dec("icmp.ident", "Identifier (BE)", bytes(4, 2)).arg("id");
    SEQUENCE = Field::dec("icmp.seq", "Sequence Number (BE)", bytes(6, 2)).arg("seq");
    ID_LE = Field::dec("icmp.ident_le", "Identifier (LE)", At::Varies).size(2);
    SEQUENCE_LE = Field::dec("icmp.seq_le", "Sequence Number (LE)", At::Varies).size(2);
    UNUSED = Field::bytes("icmp.unused", "Unused", At::Varies).many();
    LENGTH = Field::dec("icmp.length", "Length", bytes(5, 1)).arg("length");
    ORIGINAL_LENGTH = Field::dec("icmp.length.original_datagram", "Length of original datagram", At::Derived).size(1);
    MTU = Field::dec("icmp.mtu", "MTU of next hop", bytes(6, 2)).arg("mtu");
    POINTER = Field::dec("icmp.pointer", "Pointer", bytes(4, 1)).arg("ptr");
    GATEWAY = Field::ipv4("icmp.redir_gw", "Gateway Address", bytes(4, 4)).arg("gw");
    ORIGINATE = Field::dec("icmp.originate_timestamp", "Originate Timestamp", bytes(8, 4)).arg("orig");
    RECEIVE = Field::dec("icmp.receive_timestamp", "Receive Timestamp", bytes(12, 4)).arg("rx");
    TRANSMIT = Field::dec("icmp.transmit_timestamp", "Transmit Timestamp", bytes(16, 4)).arg("tx");
    MASK = Field::ipv4("icmp.address_mask", "Address Mask", bytes(8, 4)).arg("mask");
    BODY = Field::bytes("icmp.body", "Message Body", At::Varies).own("The body of a message that is not taken apart");
    QUOTE = Field::dec("icmp.quote", "Quoted", At::Derived).size(2).own("Bytes of the packet that an error quotes: more are cut off, fewer filled up with zeros").arg("quote");
    REST = Field::bytes("icmp.rest", "Rest of Header", bytes(4, 4))
        .own("The four bytes whose meaning depends on the type").arg("rest");
}

/// The message as a field.
pub static HEADER: Field = Field::group("icmp", "Internet Control Message Protocol");

/// ICMP.
pub static PROTOCOL: Protocol = Protocol {
    name: "icmp",
    notation: "icmp4",
    title: "Internet Control Message Protocol",
    short: "ICMP",
    header: &HEADER,
    fields: FIELDS,
    inside: false,
};
