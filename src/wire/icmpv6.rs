//! ICMPv6 (RFC 4443), with neighbour discovery (RFC 4861).
//!
//! ```text
//! |     Type      |     Code      |           Checksum            |
//! |                  depends on the type, 4 bytes                 |
//! ```

use crate::wire::field::{At, Field, Protocol, Words, bits, bytes, fields};
use crate::wire::names;

/// Bytes of the header.
pub const LEN: usize = 8;

/// Message types.
pub mod message {
    /// Destination Unreachable.
    pub const UNREACHABLE: u8 = 1;
    /// Packet Too Big.
    pub const TOO_BIG: u8 = 2;
    /// Time Exceeded.
    pub const TIME_EXCEEDED: u8 = 3;
    /// Parameter Problem.
    pub const PARAMETER_PROBLEM: u8 = 4;
    /// Echo Request.
    pub const ECHO_REQUEST: u8 = 128;
    /// Echo Reply.
    pub const ECHO_REPLY: u8 = 129;
    /// Neighbor Solicitation.
    pub const NEIGHBOR_SOLICITATION: u8 = 135;
    /// Neighbor Advertisement.
    pub const NEIGHBOR_ADVERTISEMENT: u8 = 136;
}

/// Names of message types.
pub fn type_name(number: u64) -> Option<&'static str> {
    Some(match number {
        1 => "Destination Unreachable",
        2 => "Packet Too Big",
        3 => "Time Exceeded",
        4 => "Parameter Problem",
        128 => "Echo (ping) request",
        129 => "Echo (ping) reply",
        130 => "Multicast Listener Query",
        131 => "Multicast Listener Report",
        132 => "Multicast Listener Done",
        133 => "Router Solicitation",
        134 => "Router Advertisement",
        135 => "Neighbor Solicitation",
        136 => "Neighbor Advertisement",
        137 => "Redirect",
        143 => "Multicast Listener Report Message v2",
        160 => "Extended Echo request",
        161 => "Extended Echo reply",
        _ => return None,
    })
}

/// The notation's words for message types.
static TYPE_WORDS: Words = &[
    ("unreachable", message::UNREACHABLE as u64),
    ("toobig", message::TOO_BIG as u64),
    ("timex", message::TIME_EXCEEDED as u64),
    ("paramprob", message::PARAMETER_PROBLEM as u64),
    ("echo", message::ECHO_REQUEST as u64),
    ("reply", message::ECHO_REPLY as u64),
    ("ns", message::NEIGHBOR_SOLICITATION as u64),
    ("na", message::NEIGHBOR_ADVERTISEMENT as u64),
];

/// Names of codes, which depend on the type.
pub fn code_name(kind: u8, code: u8) -> Option<&'static str> {
    Some(match (kind, code) {
        (1, 0) => "no route to destination",
        (1, 1) => "Administratively prohibited",
        (1, 2) => "Beyond scope of source address",
        (1, 3) => "Address unreachable",
        (1, 4) => "Port unreachable",
        (1, 5) => "Source address failed ingress/egress policy",
        (1, 6) => "Reject route to destination",
        (1, 7) => "Error in Source Routing Header",
        (1, 8) => "Headers too long",
        (3, 0) => "hop limit exceeded in transit",
        (3, 1) => "fragment reassembly time exceeded",
        (4, 0) => "erroneous header field encountered",
        (4, 1) => "unrecognized Next Header type encountered",
        (4, 2) => "unrecognized IPv6 option encountered",
        (4, 3) => "IPv6 First Fragment has incomplete IPv6 Header Chain",
        (4, 4) => "SR Upper-layer Header Error",
        (4, 5) => "Unrecognized Next Header type encountered by intermediate node",
        (4, 6) => "Extension header too big",
        (4, 7) => "Extension header chain too long",
        (4, 8) => "Too many extension headers",
        (4, 9) => "Too many options in extension header",
        (4, 10) => "Option too big",
        _ => return None,
    })
}

fields! {
    TYPE = Field::dec("icmpv6.type", "Type", bytes(0, 1)).names(type_name).words(TYPE_WORDS).arg("type");
    CODE = Field::dec("icmpv6.code", "Code", bytes(1, 1)).arg("code");
    CHECKSUM = Field::hex("icmpv6.checksum", "Checksum", bytes(2, 2)).arg("cksum");
    CHECKSUM_STATUS = Field::dec("icmpv6.checksum.status", "Checksum Status", At::Derived).size(1).names(names::checksum_status).name_only();
    RESERVED = Field::bytes("icmpv6.reserved", "Reserved", bytes(4, 4)).arg("rest");
    MTU = Field::dec("icmpv6.mtu", "MTU", bytes(4, 4)).arg("mtu");
    POINTER = Field::dec("icmpv6.pointer", "Pointer", bytes(4, 4)).arg("ptr");
    ID = Field::hex("icmpv6.echo.identifier", "Identifier", bytes(4, 2)).arg("id");
    SEQUENCE = Field::dec("icmpv6.echo.sequence_number", "Sequence", bytes(6, 2)).arg("seq");
    NS_TARGET = Field::ipv6("icmpv6.nd.ns.target_address", "Target Address", bytes(8, 16));
    NA_FLAGS = Field::hex("icmpv6.nd.na.flag", "Flags", bytes(4, 4));
    NA_ROUTER = Field::bool("icmpv6.nd.na.flag.r", "Router", bits(32, 1).drawn(4, 4)).names(names::set);
    NA_SOLICITED = Field::bool("icmpv6.nd.na.flag.s", "Solicited", bits(33, 1).drawn(4, 4)).names(names::set);
    NA_OVERRIDE = Field::bool("icmpv6.nd.na.flag.o", "Override", bits(34, 1).drawn(4, 4)).names(names::set);
    NA_RESERVED = Field::dec("icmpv6.nd.na.flag.rsv", "Reserved", bits(35, 29).drawn(4, 4));
    NA_TARGET = Field::ipv6("icmpv6.nd.na.target_address", "Target Address", bytes(8, 16));
    OPTION = Field::group("icmpv6.opt", "ICMPv6 Option").many();
    OPTION_TYPE = Field::dec("icmpv6.opt.type", "Type", At::Varies).size(1).names(option_name);
    OPTION_LENGTH = Field::dec("icmpv6.opt.length", "Length", At::Varies).size(1);
    LINK_ADDRESS = Field::bytes("icmpv6.opt.linkaddr", "Link-layer address", At::Varies);
    SOURCE_LINK_ADDRESS = Field::bytes("icmpv6.opt.src_linkaddr", "Source Link-layer address", At::Varies);
    TARGET_LINK_ADDRESS = Field::bytes("icmpv6.opt.target_linkaddr", "Target Link-layer address", At::Varies);
}

/// Names of neighbour discovery option types.
pub fn option_name(number: u64) -> Option<&'static str> {
    Some(match number {
        1 => "Source link-layer address",
        2 => "Target link-layer address",
        3 => "Prefix information",
        4 => "Redirected header",
        5 => "MTU",
        14 => "Nonce",
        25 => "Recursive DNS Server",
        _ => return None,
    })
}

/// The message as a field.
pub static HEADER: Field = Field::group("icmpv6", "Internet Control Message Protocol v6");

/// ICMPv6.
pub static PROTOCOL: Protocol = Protocol {
    name: "icmpv6",
    notation: "icmp6",
    title: "Internet Control Message Protocol v6",
    short: "ICMPv6",
    header: &HEADER,
    fields: FIELDS,
    inside: false,
};
