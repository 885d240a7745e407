//! ICMPv6 (RFC 4443), with neighbour discovery (RFC 4861).
//!
//! ```text
//! |     Type      |     Code      |           Checksum            |
//! |                  depends on the type, 4 bytes                 |
//! ```

use crate::wire::field::{At, Field, Protocol, Words, bits, bytes, fields, joined};
use crate::wire::{mld, names, nd};

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
    /// Multicast Listener Query.
    pub const LISTENER_QUERY: u8 = 130;
    /// Multicast Listener Report, version 1.
    pub const LISTENER_REPORT: u8 = 131;
    /// Multicast Listener Done.
    pub const LISTENER_DONE: u8 = 132;
    /// Router Solicitation.
    pub const ROUTER_SOLICITATION: u8 = 133;
    /// Router Advertisement.
    pub const ROUTER_ADVERTISEMENT: u8 = 134;
    /// Multicast Listener Report, version 2.
    pub const LISTENER_REPORT_V2: u8 = 143;
    /// Extended Echo Request (RFC 8335).
    pub const EXTENDED_ECHO_REQUEST: u8 = 160;
    /// Extended Echo Reply (RFC 8335).
    pub const EXTENDED_ECHO_REPLY: u8 = 161;
    /// Neighbor Solicitation.
    pub const NEIGHBOR_SOLICITATION: u8 = 135;
    /// Neighbor Advertisement.
    pub const NEIGHBOR_ADVERTISEMENT: u8 = 136;
    /// Redirect.
    pub const REDIRECT: u8 = 137;
}

/// Names of message types.
pub fn type_name(number: u64) -> Option<&'static str> {
    Some(match number {
        1 => "Destination Unreachable",
        2 => "Packet Too Big",
        3 => "Time Exceeded",
        4 => "Parameter Problem",
        100 | 101 | 200 | 201 => "Private experimentation",
        127 => "Reserved for expansion of ICMPv6 error messages",
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
        138 => "Router Renumbering",
        139 => "Node Information Query",
        140 => "Node Information Reply",
        141 => "Inverse Neighbor Discovery Solicitation",
        142 => "Inverse Neighbor Discovery Advertisement",
        143 => "Multicast Listener Report Message v2",
        144 => "Home Agent Address Discovery Request",
        145 => "Home Agent Address Discovery Reply",
        146 => "Mobile Prefix Solicitation",
        147 => "Mobile Prefix Advertisement",
        148 => "Certification Path Solicitation",
        149 => "Certification Path Advertisement",
        151 => "Multicast Router Advertisement",
        152 => "Multicast Router Solicitation",
        153 => "Multicast Router Termination",
        154 => "FMIPv6",
        155 => "RPL Control",
        157 => "Duplicate Address Request",
        158 => "Duplicate Address Confirmation",
        160 => "Extended Echo request",
        161 => "Extended Echo reply",
        255 => "Reserved for expansion of ICMPv6 informational messages",
        _ => return None,
    })
}

/// The notation's words for message types.
static TYPE_WORDS: Words = &[
    ("unreachable", message::UNREACHABLE as u64),
    ("unreach", message::UNREACHABLE as u64),
    ("toobig", message::TOO_BIG as u64),
    ("timex", message::TIME_EXCEEDED as u64),
    ("paramprob", message::PARAMETER_PROBLEM as u64),
    ("echo", message::ECHO_REQUEST as u64),
    ("reply", message::ECHO_REPLY as u64),
    ("query", message::LISTENER_QUERY as u64),
    ("report", message::LISTENER_REPORT as u64),
    ("done", message::LISTENER_DONE as u64),
    ("report2", message::LISTENER_REPORT_V2 as u64),
    ("rs", message::ROUTER_SOLICITATION as u64),
    ("ra", message::ROUTER_ADVERTISEMENT as u64),
    ("redirect", message::REDIRECT as u64),
    ("xecho", message::EXTENDED_ECHO_REQUEST as u64),
    ("xreply", message::EXTENDED_ECHO_REPLY as u64),
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
    LENGTH = Field::dec("icmpv6.length", "Length of original datagram", bytes(4, 1)).arg("length");
    DATA = Field::bytes("icmpv6.data", "Data", At::Varies);
    EXTENDED_SEQUENCE = Field::dec("icmpv6.ext.echo.seq", "Sequence number", bytes(6, 1)).arg("xseq");
    EXTENDED_LOCAL = Field::bool("icmpv6.ext.echo.req.local", "Local bit", bits(63, 1).drawn(7, 1)).names(names::set).arg("local");
    EXTENDED_STATE = Field::dec("icmpv6.ext.echo.rsp.state", "State", bits(56, 3).drawn(7, 1)).names(interface_state).arg("state");
    EXTENDED_ACTIVE = Field::bool("icmpv6.ext.echo.rsp.active", "Active bit", bits(61, 1).drawn(7, 1)).names(names::set).arg("active");
    EXTENDED_IPV4 = Field::bool("icmpv6.ext.echo.rsp.ipv4", "IPv4 bit", bits(62, 1).drawn(7, 1)).names(names::set).arg("v4");
    EXTENDED_IPV6 = Field::bool("icmpv6.ext.echo.rsp.ipv6", "IPv6 bit", bits(63, 1).drawn(7, 1)).names(names::set).arg("v6");
    QUOTE = Field::dec("icmpv6.quote", "Quoted", At::Derived).size(2).own("Bytes of the packet that an error quotes: more are cut off, fewer filled up with zeros").arg("quote");
    BODY = Field::bytes("icmpv6.body", "Message Body", At::Varies).own("The body of a message that is not taken apart");
}

/// Names of neighbour cache states (RFC 8335 §3).
fn interface_state(number: u64) -> Option<&'static str> {
    Some(match number {
        0 => "Reserved",
        1 => "Incomplete",
        2 => "Reachable",
        3 => "Stale",
        4 => "Delay",
        5 => "Probe",
        6 => "Failed",
        _ => return None,
    })
}

/// The bytes of a message up to its options, records, or what it carries, at
/// least.
pub fn message_len(kind: u8) -> usize {
    match kind {
        message::ROUTER_ADVERTISEMENT => 16,
        message::NEIGHBOR_SOLICITATION | message::NEIGHBOR_ADVERTISEMENT => 24,
        message::REDIRECT => 40,
        message::LISTENER_QUERY | message::LISTENER_REPORT | message::LISTENER_DONE => mld::V1_LEN,
        _ => LEN,
    }
}

/// The fields of all messages.
static ALL: [&Field; FIELDS.len() + nd::FIELDS.len() + mld::FIELDS.len()] = joined(&[FIELDS, nd::FIELDS, mld::FIELDS]);

/// The message as a field.
pub static HEADER: Field = Field::group("icmpv6", "Internet Control Message Protocol v6");

/// ICMPv6.
pub static PROTOCOL: Protocol = Protocol {
    name: "icmpv6",
    notation: "icmp6",
    title: "Internet Control Message Protocol v6",
    short: "ICMPv6",
    header: &HEADER,
    fields: &ALL,
    inside: false,
};

/// Where a Redirect quotes the packet that caused it: first byte and end, in
/// bytes from the start of the message, as far as the message goes.
pub fn redirected_packet(message: &[u8]) -> Option<(usize, usize)> {
    const REDIRECTED_HEADER: u8 = 4;
    // Options follow the two addresses; the packet follows 8 bytes of option.
    let mut at = LEN + 32;
    while let Some([kind, units]) = crate::wire::bytes::array_at(message, at) {
        let end = at + usize::from(units) * 8;
        if kind == REDIRECTED_HEADER {
            return (at + 8 < message.len().min(end)).then(|| (at + 8, message.len().min(end)));
        }
        if units == 0 {
            break;
        }
        at = end;
    }
    None
}
