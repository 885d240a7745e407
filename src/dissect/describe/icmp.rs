//! The fields of ICMP and ICMPv6 messages, and of the extensions of errors.

use crate::dissect::describe::discovery;
use crate::dissect::describe::transport::checksum;
use crate::dissect::visit::Out;
use crate::dissect::{Layer, Packet};
use crate::wire::bytes::{tail, u8_at, u16_at};
use crate::wire::checksum::Sum;
use crate::wire::field::Value;
use crate::wire::icmp_extensions::{self, Object};
use crate::wire::icmpv6::message;
use crate::wire::{icmpv4, icmpv6};

pub(super) fn v6(packet: &Packet<'_>, layer: &Layer, out: &mut Out<'_, '_>) {
    out.open_group(&icmpv6::HEADER, 0, out.bytes.len(), icmpv6::PROTOCOL.title);
    let kind = u8_at(out.bytes, 0).unwrap_or_default();
    let code = u8_at(out.bytes, 1).unwrap_or_default();
    out.field(&icmpv6::TYPE);
    match icmpv6::code_name(kind, code) {
        Some(name) => out.field_as(&icmpv6::CODE, format_args!("Code: {code} ({name})")),
        None => out.field(&icmpv6::CODE),
    }
    if let Some(result) = packet.checksum(layer) {
        checksum(out, &icmpv6::CHECKSUM, None, &icmpv6::CHECKSUM_STATUS, result);
    }
    match kind {
        message::ECHO_REQUEST | message::ECHO_REPLY => out.fields(&[&icmpv6::ID, &icmpv6::SEQUENCE]),
        message::TOO_BIG => out.field(&icmpv6::MTU),
        message::PARAMETER_PROBLEM => out.field(&icmpv6::POINTER),
        message::UNREACHABLE | message::TIME_EXCEEDED => {
            if u8_at(out.bytes, 4).is_some_and(|units| units != 0) {
                out.field(&icmpv6::LENGTH);
                reserved(out, 5, 3);
            } else {
                out.field(&icmpv6::RESERVED);
            }
        }
        message::LISTENER_QUERY | message::LISTENER_REPORT | message::LISTENER_DONE => {
            discovery::listener(packet.whole(layer).len(), out);
        }
        message::LISTENER_REPORT_V2 => discovery::listener_report(out),
        message::ROUTER_SOLICITATION..=message::REDIRECT => discovery::neighbour(kind, out),
        message::EXTENDED_ECHO_REQUEST => {
            out.fields(&[&icmpv6::ID, &icmpv6::EXTENDED_SEQUENCE, &icmpv6::EXTENDED_LOCAL]);
        }
        message::EXTENDED_ECHO_REPLY => {
            out.fields(&[&icmpv6::ID, &icmpv6::EXTENDED_SEQUENCE, &icmpv6::EXTENDED_STATE]);
            out.fields(&[&icmpv6::EXTENDED_ACTIVE, &icmpv6::EXTENDED_IPV4, &icmpv6::EXTENDED_IPV6]);
        }
        _ => {
            let body = tail(out.bytes, 4);
            // Wireshark takes the messages from 138 to 159 apart.
            let field = if (138..160).contains(&kind) { &icmpv6::BODY } else { &icmpv6::DATA };
            if !body.is_empty() {
                out.value(field, Value::Bytes(body), 4, body.len());
            }
        }
    }
}

/// `len` reserved bytes at `at`, as far as they are there.
pub(super) fn reserved(out: &mut Out<'_, '_>, at: usize, len: usize) {
    if let Some(bytes) = out.bytes.get(at..at + len) {
        out.value(&icmpv6::RESERVED, Value::Bytes(bytes), at, len);
    }
}

pub(super) fn v4(packet: &Packet<'_>, layer: &Layer, out: &mut Out<'_, '_>) {
    out.open_group(&icmpv4::HEADER, 0, out.bytes.len(), icmpv4::PROTOCOL.title);
    let kind = u8_at(out.bytes, 0).unwrap_or_default();
    let code = u8_at(out.bytes, 1).unwrap_or_default();
    let name = icmpv4::type_name(u64::from(kind)).unwrap_or("Unknown");
    out.field_as(&icmpv4::TYPE, format_args!("Type: {kind} ({name})"));
    match icmpv4::code_name(kind, code) {
        Some(name) => out.field_as(&icmpv4::CODE, format_args!("Code: {code} ({name})")),
        None => out.field(&icmpv4::CODE),
    }
    if let Some(result) = packet.checksum(layer) {
        checksum(out, &icmpv4::CHECKSUM, None, &icmpv4::CHECKSUM_STATUS, result);
    }
    let bytes = out.bytes;
    let unused = |out: &mut Out<'_, '_>, at: usize, len: usize| {
        if let Some(bytes) = bytes.get(at..at + len) {
            out.value(&icmpv4::UNUSED, Value::Bytes(bytes), at, len);
        }
    };
    // Where RFC 4884 gives the quotation's length a place.
    let length = |out: &mut Out<'_, '_>| match u8_at(bytes, 5) {
        Some(words @ 1..) => {
            out.field(&icmpv4::LENGTH);
            out.derived(&icmpv4::ORIGINAL_LENGTH, Value::Uint(u64::from(words) * 4));
            true
        }
        _ => false,
    };
    match kind {
        0 | 8 | 13..=18 => {
            identifiers(out);
            match kind {
                13 | 14 => out.fields(&[&icmpv4::ORIGINATE, &icmpv4::RECEIVE, &icmpv4::TRANSMIT]),
                17 | 18 => out.field(&icmpv4::MASK),
                _ => {}
            }
        }
        12 => {
            out.field(&icmpv4::POINTER);
            if length(out) { unused(out, 6, 2) } else { unused(out, 5, 3) }
        }
        3 if code == 4 => {
            match u8_at(bytes, 5) {
                Some(1..) => {
                    unused(out, 4, 1);
                    length(out);
                }
                _ => unused(out, 4, 2),
            }
            out.field(&icmpv4::MTU);
        }
        3 | 11 => match u8_at(bytes, 5) {
            Some(1..) => {
                unused(out, 4, 1);
                length(out);
                unused(out, 6, 2);
            }
            _ => unused(out, 4, 4),
        },
        5 => out.field(&icmpv4::GATEWAY),
        4 => {}
        _ => {
            let body = tail(bytes, 4);
            if !body.is_empty() {
                out.value(&icmpv4::BODY, Value::Bytes(body), 4, body.len());
            }
        }
    }
}

/// Identifier and sequence number, in the byte order of the wire and in that
/// of the hosts that forget to convert.
fn identifiers(out: &mut Out<'_, '_>) {
    for (field, swapped, at) in [(&icmpv4::ID, &icmpv4::ID_LE, 4), (&icmpv4::SEQUENCE, &icmpv4::SEQUENCE_LE, 6)] {
        if let Some(number) = u16_at(out.bytes, at) {
            out.field(field);
            out.value(swapped, Value::Uint(u64::from(number.swap_bytes())), at, 2);
        }
    }
}

pub(super) fn extensions(out: &mut Out<'_, '_>) {
    let bytes = out.bytes;
    out.open_group(&icmp_extensions::HEADER, 0, bytes.len(), icmp_extensions::PROTOCOL.title);
    out.fields(&[&icmp_extensions::VERSION, &icmp_extensions::RESERVED, &icmp_extensions::CHECKSUM]);
    let status = match u16_at(bytes, 2) {
        Some(0) => 3,
        _ => u64::from(Sum::default().bytes(bytes).folded() == 0xffff),
    };
    out.derived(&icmp_extensions::CHECKSUM_STATUS, Value::Uint(status));
    for object in icmp_extensions::objects(bytes) {
        one_object(out, &object);
    }
}

fn one_object(out: &mut Out<'_, '_>, object: &Object<'_>) {
    let at = object.offset;
    out.value(&icmp_extensions::OBJECT_LENGTH, Value::Uint(u64::from(object.length)), at, 2);
    out.value(&icmp_extensions::CLASS, Value::Uint(u64::from(object.class)), at + 2, 1);
    out.value(&icmp_extensions::C_TYPE, Value::Uint(u64::from(object.c_type)), at + 3, 1);
    if !object.payload.is_empty() {
        let payload_at = at + icmp_extensions::OBJECT_LEN;
        out.value(&icmp_extensions::OBJECT, Value::Bytes(object.payload), payload_at, object.payload.len());
    }
}
