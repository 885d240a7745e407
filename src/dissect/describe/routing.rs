//! The fields of Routing headers other than the SRH.

use std::net::Ipv6Addr;

use crate::dissect::visit::{Erase, Out};
use crate::dissect::{Layer, Packet};
use crate::wire::bytes::{array_at, tail, u8_at};
use crate::wire::field::{Field, Value};
use crate::wire::phrase::phrase;
use crate::wire::routing;

/// What Next Header, Length, Type and Segments Left say, in every type.
pub(super) fn common<V: Erase + ?Sized>(out: &mut Out<'_, '_, V>) {
    out.field(&routing::NEXT_HEADER);
    out.field(&routing::LENGTH);
    let claimed = (u64::from(u8_at(out.bytes, 1).unwrap_or_default()) + 1) * 8;
    out.derived_as(&routing::OCTETS, Value::Uint(claimed), phrase!["Length: ", claimed, " bytes"]);
    out.field(&routing::TYPE);
    out.field(&routing::SEGMENTS_LEFT);
}

pub(super) fn other(packet: &Packet<'_>, layer: &Layer, out: &mut Out<'_, '_>) {
    let kind = u8_at(out.bytes, 2).unwrap_or_default();
    match routing::type_name(u64::from(kind)) {
        Some(name) => {
            out.open_group(&routing::HEADER, 0, out.bytes.len(), format_args!("Routing Header for IPv6 ({name})"));
        }
        None => out.open_group(&routing::HEADER, 0, out.bytes.len(), format_args!("Routing Header for IPv6")),
    }
    common(out);
    let bytes = out.bytes;
    let data = tail(bytes, 4);
    match kind {
        0 => {
            reserved(out, &routing::SOURCE_RESERVED);
            for (index, octets) in tail(bytes, 8).as_chunks::<16>().0.iter().enumerate() {
                let address = Ipv6Addr::from(*octets);
                let text = format_args!("Address[{}]: {address}", index + 1);
                out.value_as(&routing::SOURCE_ADDRESS, Value::Ipv6(*octets), 8 + index * 16, 16, text);
            }
        }
        2 => {
            reserved(out, &routing::HOME_RESERVED);
            if let Some(octets) = array_at(bytes, 8) {
                out.value(&routing::HOME_ADDRESS, Value::Ipv6(octets), 8, 16);
            }
        }
        3 => low_power(packet, layer, out),
        5 => compact(out, 2),
        6 => compact(out, 4),
        _ if !data.is_empty() => out.value(&routing::UNKNOWN, Value::Bytes(data), 4, data.len()),
        _ => {}
    }
}

/// The four bytes before the addresses.
fn reserved(out: &mut Out<'_, '_>, field: &'static Field) {
    if let Some(bytes) = out.bytes.get(4..8) {
        out.value(field, Value::Bytes(bytes), 4, 4);
    }
}

/// RPL's source route, whose addresses leave out what the destination has in
/// common with them (RFC 6554 §3).
fn low_power(packet: &Packet<'_>, layer: &Layer, out: &mut Out<'_, '_>) {
    out.fields(&[&routing::RPL_CMPR_I, &routing::RPL_CMPR_E, &routing::RPL_PAD, &routing::RPL_RESERVED]);
    let (Some(elided), Some(padding)) = (u8_at(out.bytes, 4), u8_at(out.bytes, 5)) else { return };
    let (inner, last) = (16 - usize::from(elided >> 4), 16 - usize::from(elided & 15));
    let data = tail(out.bytes, 8);
    let Some(used) = data.len().checked_sub(usize::from(padding >> 4)) else { return };
    let Some(before) = used.checked_sub(last) else { return };
    let count = before / inner + 1;
    out.derived(&routing::RPL_COUNT, Value::Uint(count as u64));
    let destination = packet.network(layer).map(|network| network.destination().octets());
    let mut at = 0;
    for index in 0..count {
        let len = if index + 1 == count { last } else { inner };
        let Some(part) = data.get(at..at + len) else { break };
        out.value(&routing::RPL_ADDRESS, Value::Bytes(part), 8 + at, len);
        if let Some(mut whole) = destination {
            whole[16 - len..].copy_from_slice(part);
            let address = Ipv6Addr::from(whole);
            let text = format_args!("Address[{}]: {address}", index + 1);
            out.value_as(&routing::RPL_FULL_ADDRESS, Value::Ipv6(whole), 8 + at, len, text);
        }
        at += len;
    }
}

/// The Compact Routing Header, with identifiers of `size` bytes (RFC 9631 §4).
fn compact(out: &mut Out<'_, '_>, size: usize) {
    let (current, identifier) = if size == 2 {
        (&routing::CRH16_CURRENT, &routing::CRH16_SID)
    } else {
        (&routing::CRH32_CURRENT, &routing::CRH32_SID)
    };
    let bytes = out.bytes;
    let number = |raw: &[u8]| raw.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    let list = tail(bytes, 4).chunks_exact(size);
    let left = usize::from(u8_at(bytes, 3).unwrap_or_default());
    if let Some(raw) = list.clone().nth(left) {
        out.derived(current, Value::Uint(number(raw)));
    }
    for (index, raw) in list.enumerate() {
        let text = format_args!("SID[{index}] = {}", number(raw));
        out.value_as(identifier, Value::Uint(number(raw)), 4 + index * size, size, text);
    }
}
