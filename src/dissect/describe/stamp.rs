//! The fields of STAMP test packets.

use crate::dissect::visit::Out;
use crate::wire::bytes::{array_at, tail, u32_at};
use crate::wire::field::{Field, Value};
use crate::wire::stamp::{self, Tlv, return_path, tlv};

/// Nanoseconds since 1970 of a timestamp, which is NTP's unless `ptp`.
fn nanos(raw: [u8; 8], ptp: bool) -> i128 {
    /// Seconds from 1900, where NTP counts from, to 1970.
    const NTP_TO_UNIX: i128 = 2_208_988_800;
    const NANOS: i128 = 1_000_000_000;
    let [a, b, c, d, e, f, g, h] = raw;
    let (seconds, fraction) = (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]));
    if ptp {
        i128::from(seconds) * NANOS + i128::from(fraction)
    } else {
        (i128::from(seconds) - NTP_TO_UNIX) * NANOS + ((i128::from(fraction) * NANOS) >> 32)
    }
}

pub(super) fn stamp(out: &mut Out<'_, '_>) {
    let bytes = out.bytes;
    let reflected = stamp::is_reflected(bytes);
    let role = if reflected { "reflector" } else { "sender" };
    out.open_group(&stamp::HEADER, 0, bytes.len(), format_args!("{} ({role})", stamp::PROTOCOL.title));
    let ptp = bytes.get(12).is_some_and(|error| error & 0x40 != 0);
    let time = |out: &mut Out<'_, '_>, field: &'static Field, at: usize| {
        if let Some(raw) = array_at(bytes, at) {
            out.derived(field, Value::Nanos(nanos(raw, ptp)));
        }
    };
    out.fields(&[&stamp::SEQUENCE, &stamp::TIMESTAMP]);
    time(out, &stamp::TIME, 4);
    if out.open_plain(&stamp::ERROR) {
        out.fields(&[&stamp::ERROR_S, &stamp::ERROR_Z, &stamp::ERROR_SCALE, &stamp::ERROR_MULTIPLIER]);
        out.close();
    }
    out.field(&stamp::SSID);
    if reflected {
        out.field(&stamp::RECEIVED);
        time(out, &stamp::RECEIVED_TIME, 16);
        out.fields(&[&stamp::SENDER_SEQUENCE, &stamp::SENDER_TIMESTAMP, &stamp::SENDER_ERROR, &stamp::SENDER_TTL]);
    }
    for found in stamp::tlvs(tail(bytes, stamp::LEN)) {
        one_tlv(out, &found);
    }
}

fn one_tlv(out: &mut Out<'_, '_>, found: &Tlv<'_>) {
    let at = stamp::LEN + found.offset;
    let name = stamp::tlv_name(u64::from(found.kind)).unwrap_or("Unknown");
    let len = stamp::TLV_HEADER_LEN + found.value.len();
    let cut = if found.value.len() < usize::from(found.length) { " [runs past the end of the packet]" } else { "" };
    out.open_group(&stamp::TLV, at, len, format_args!("TLV: {name} ({}){cut}", found.kind));
    out.value(&stamp::TLV_FLAGS, Value::Uint(u64::from(found.flags)), at, 1);
    out.value(&stamp::TLV_TYPE, Value::Uint(u64::from(found.kind)), at + 1, 1);
    out.value(&stamp::TLV_LENGTH, Value::Uint(u64::from(found.length)), at + 2, 2);
    let value_at = at + stamp::TLV_HEADER_LEN;
    match found.kind {
        tlv::DESTINATION => address(out, found.value, value_at),
        tlv::RETURN_PATH => {
            for sub in stamp::tlvs(found.value) {
                return_path(out, &sub, value_at + sub.offset);
            }
        }
        _ => out.value(&stamp::TLV_VALUE, Value::Bytes(found.value), value_at, found.value.len()),
    }
    out.close();
}

fn return_path(out: &mut Out<'_, '_>, sub: &Tlv<'_>, at: usize) {
    let name = stamp::sub_tlv_name(u64::from(sub.kind)).unwrap_or("Unknown");
    let value_at = at + stamp::TLV_HEADER_LEN;
    out.open_group(&stamp::TLV, at, stamp::TLV_HEADER_LEN + sub.value.len(), format_args!("Return Path: {name}"));
    out.value(&stamp::TLV_FLAGS, Value::Uint(u64::from(sub.flags)), at, 1);
    out.value(&stamp::SUB_TYPE, Value::Uint(u64::from(sub.kind)), at + 1, 1);
    out.value(&stamp::SUB_LENGTH, Value::Uint(u64::from(sub.length)), at + 2, 2);
    match (sub.kind, u32_at(sub.value, 0)) {
        (return_path::CONTROL, Some(code)) => {
            out.value(&stamp::RETURN_CONTROL, Value::Uint(u64::from(code)), value_at, 4);
        }
        (return_path::ADDRESS, _) => address(out, sub.value, value_at),
        (return_path::SEGMENTS, _) => {
            for (index, octets) in sub.value.as_chunks::<16>().0.iter().enumerate() {
                out.value(&stamp::RETURN_SEGMENT, Value::Ipv6(*octets), value_at + index * 16, 16);
            }
        }
        _ => out.value(&stamp::TLV_VALUE, Value::Bytes(sub.value), value_at, sub.value.len()),
    }
    out.close();
}

/// An address of either family.
fn address(out: &mut Out<'_, '_>, value: &[u8], at: usize) {
    if let Ok(octets) = <[u8; 16]>::try_from(value) {
        out.value(&stamp::ADDRESS_V6, Value::Ipv6(octets), at, 16);
    } else if let Ok(octets) = <[u8; 4]>::try_from(value) {
        out.value(&stamp::ADDRESS_V4, Value::Ipv4(octets), at, 4);
    } else {
        out.value(&stamp::TLV_VALUE, Value::Bytes(value), at, value.len());
    }
}
