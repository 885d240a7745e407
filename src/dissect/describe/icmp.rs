//! The fields of ICMP and ICMPv6.

use crate::dissect::describe::transport::checksum;
use crate::dissect::visit::Out;
use crate::dissect::{Layer, Packet};
use crate::wire::bytes::{array_at, tail, u8_at};
use crate::wire::field::Value;
use crate::wire::icmpv6::message;
use crate::wire::{icmpv4, icmpv6};

pub(super) fn v6(packet: &Packet<'_>, layer: &Layer, out: &mut Out<'_, '_>) {
    out.open_group(&icmpv6::HEADER, 0, out.bytes.len(), format_args!("{}", icmpv6::PROTOCOL.title));
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
        message::UNREACHABLE | message::TIME_EXCEEDED => out.field(&icmpv6::RESERVED),
        message::NEIGHBOR_SOLICITATION => {
            out.fields(&[&icmpv6::RESERVED, &icmpv6::NS_TARGET]);
            neighbour_options(out, 24);
        }
        message::NEIGHBOR_ADVERTISEMENT => {
            if out.open_plain(&icmpv6::NA_FLAGS) {
                out.fields(&[&icmpv6::NA_ROUTER, &icmpv6::NA_SOLICITED, &icmpv6::NA_OVERRIDE, &icmpv6::NA_RESERVED]);
                out.close();
            }
            out.field(&icmpv6::NA_TARGET);
            neighbour_options(out, 24);
        }
        _ => {}
    }
}

/// Neighbour discovery options from `at` on: type, length in units of 8 bytes.
fn neighbour_options(out: &mut Out<'_, '_>, mut at: usize) {
    let bytes = out.bytes;
    while let Some([kind, units]) = array_at(bytes, at) {
        let len = usize::from(units) * 8;
        let Some(option) = bytes.get(at..at + len).filter(|option| !option.is_empty()) else { break };
        let name = icmpv6::option_name(u64::from(kind)).unwrap_or("Unknown");
        out.open_group(&icmpv6::OPTION, at, len, format_args!("ICMPv6 Option ({name})"));
        out.value(&icmpv6::OPTION_TYPE, Value::Uint(u64::from(kind)), at, 1);
        out.value(&icmpv6::OPTION_LENGTH, Value::Uint(u64::from(units)), at + 1, 1);
        let specific = match kind {
            1 => Some(&icmpv6::SOURCE_LINK_ADDRESS),
            2 => Some(&icmpv6::TARGET_LINK_ADDRESS),
            _ => None,
        };
        if let Some(field) = specific {
            let address = tail(option, 2);
            out.value(&icmpv6::LINK_ADDRESS, Value::Bytes(address), at + 2, address.len());
            out.hidden(field, Value::Bytes(address), at + 2, address.len());
        }
        out.close();
        at += len;
    }
}

pub(super) fn v4(packet: &Packet<'_>, layer: &Layer, out: &mut Out<'_, '_>) {
    out.open_group(&icmpv4::HEADER, 0, out.bytes.len(), format_args!("{}", icmpv4::PROTOCOL.title));
    out.fields(&[&icmpv4::TYPE, &icmpv4::CODE]);
    if let Some(result) = packet.checksum(layer) {
        checksum(out, &icmpv4::CHECKSUM, None, &icmpv4::CHECKSUM_STATUS, result);
    }
    if matches!(u8_at(out.bytes, 0), Some(0 | 8)) {
        out.fields(&[&icmpv4::ID, &icmpv4::SEQUENCE]);
    }
}
