//! The fields of Routing headers.

use crate::dissect::visit::Out;
use crate::dissect::{Layer, Packet};
use crate::srv6::path;
use crate::wire::bytes::{array_at, tail, u8_at};
use crate::wire::field::Value;
use crate::wire::{routing, srh};

/// What Next Header, Length, Type and Segments Left say, in every type.
fn common(out: &mut Out<'_, '_>) {
    out.fields(&[&routing::NEXT_HEADER, &routing::LENGTH]);
    let claimed = (u64::from(u8_at(out.bytes, 1).unwrap_or_default()) + 1) * 8;
    out.derived_as(&routing::OCTETS, Value::Uint(claimed), format_args!("Length: {claimed} bytes"));
    out.fields(&[&routing::TYPE, &routing::SEGMENTS_LEFT]);
}

/// The names of flag bits.
struct FlagNames(u8);

impl std::fmt::Display for FlagNames {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut separator = " (";
        for (bit, name) in [
            (srh::flag::DRAFT_CLEANUP, "draft C: Clean-up"),
            (srh::flag::DRAFT_PROTECTED, "draft P: Protected"),
            (srh::flag::OAM, "O: OAM"),
            (srh::flag::DRAFT_ALERT, "draft A: Alert"),
            (srh::flag::DRAFT_HMAC, "draft H: HMAC"),
        ] {
            if self.0 & bit != 0 {
                write!(f, "{separator}{name}")?;
                separator = ", ";
            }
        }
        f.write_str(if separator == ", " { ")" } else { "" })
    }
}

pub(super) fn srh(packet: &Packet<'_>, layer: &Layer, out: &mut Out<'_, '_>) {
    out.open_group(&srh::HEADER, 0, out.bytes.len(), format_args!("{}", srh::PROTOCOL.title));
    let Some(header) = packet.srh(layer) else { return };
    common(out);
    out.field(&srh::LAST_ENTRY);
    let flags = header.flags();
    out.field_as(&srh::FLAGS, format_args!("Flags: 0x{flags:02x}{}", FlagNames(flags)));
    out.field(&srh::TAG);
    for (index, segment) in header.segments().enumerate() {
        let at = srh::FIXED_LEN + index * srh::SEGMENT_LEN;
        let active = if index == usize::from(header.segments_left()) { "  <- active" } else { "" };
        out.value_as(
            &srh::SEGMENT,
            Value::from(segment),
            at,
            srh::SEGMENT_LEN,
            format_args!("Address[{index}]: {segment}{active}"),
        );
    }
    travelled(&header, out);
    for tlv in header.tlvs() {
        one_tlv(out, &tlv);
    }
}

/// The segments once more in the order they are travelled, and what they say.
fn travelled(header: &srh::Srh<'_>, out: &mut Out<'_, '_>) {
    let left = usize::from(header.segments_left());
    let count = header.segment_count();
    if count == 0 {
        return;
    }
    let reduced = if path::is_reduced(header) { " (first segment only in the destination address)" } else { "" };
    let open = crate::dissect::Item {
        field: &srh::SEGMENTS,
        value: Value::None,
        start: out.base,
        len: 0,
        shown: crate::dissect::Shown::Generated,
        text: Some(format_args!("Segments in traversal order: {count}{reduced}")),
    };
    out.visitor.open(&open);
    for (index, segment) in path::travelled(header).enumerate() {
        let entry = count - 1 - index;
        let mark = match entry.cmp(&left) {
            std::cmp::Ordering::Greater => " (visited)",
            std::cmp::Ordering::Equal => " (active)",
            std::cmp::Ordering::Less => "",
        };
        out.derived_as(&srh::PATH, Value::from(segment), format_args!("{}. {segment}{mark}", index + 1));
    }
    out.close();
    if let Some(segment) = path::active(header) {
        out.derived(&srh::ACTIVE, Value::from(segment));
    }
    if let Some(segment) = path::final_destination(header) {
        out.derived(&srh::FINAL, Value::from(segment));
    }
}

fn one_tlv(out: &mut Out<'_, '_>, tlv: &srh::Tlv<'_>) {
    let name = srh::tlv_name(u64::from(tlv.kind)).unwrap_or("Unknown");
    let cut = if tlv.overruns { " [runs past the end of the header]" } else { "" };
    out.open_group(&srh::TLVS, tlv.offset, tlv.len(), format_args!("TLV: {name} ({}){cut}", tlv.kind));
    out.value(&srh::TLV_TYPE, Value::Uint(u64::from(tlv.kind)), tlv.offset, 1);
    if let Some(length) = tlv.length {
        out.value(&srh::TLV_LENGTH, Value::Uint(u64::from(length)), tlv.offset + 1, 1);
        out.value(&srh::TLV_VALUE, Value::Bytes(tlv.value), tlv.offset + 2, tlv.value.len());
    }
    out.close();
}

pub(super) fn other(out: &mut Out<'_, '_>) {
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
            out.value(&routing::SOURCE_RESERVED, Value::Bytes(bytes.get(4..8).unwrap_or_default()), 4, 4);
            let (addresses, _) = tail(bytes, 8).as_chunks::<16>();
            for (index, octets) in addresses.iter().enumerate() {
                let address = std::net::Ipv6Addr::from(*octets);
                out.value_as(
                    &routing::SOURCE_ADDRESS,
                    Value::Ipv6(*octets),
                    8 + index * 16,
                    16,
                    format_args!("Address[{}]: {address}", index + 1),
                );
            }
        }
        2 => {
            out.value(&routing::HOME_RESERVED, Value::Bytes(bytes.get(4..8).unwrap_or_default()), 4, 4);
            if let Some(octets) = array_at(bytes, 8) {
                out.value(&routing::HOME_ADDRESS, Value::Ipv6(octets), 8, 16);
            }
        }
        _ if !data.is_empty() => out.value(&routing::UNKNOWN, Value::Bytes(data), 4, data.len()),
        _ => {}
    }
}
