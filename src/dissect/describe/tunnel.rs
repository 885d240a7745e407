//! The fields of tunnels: GRE, GTP-U, VXLAN, Geneve.

use crate::dissect::visit::Out;
use crate::dissect::{Layer, Packet};
use crate::wire::bytes::{tail, u8_at, u16_at, u32_at};
use crate::wire::checksum::Sum;
use crate::wire::field::Value;
use crate::wire::{geneve, gre, gtp, vxlan};

pub(super) fn gre(packet: &Packet<'_>, layer: &Layer, out: &mut Out<'_, '_>) {
    let bytes = out.bytes;
    let flags = u16_at(bytes, 0).unwrap_or_default();
    let kind = u16_at(bytes, 2).unwrap_or_default();
    let len = bytes.len();
    match gre::protocol_type(u64::from(kind)) {
        Some(name) => out.open_group(&gre::HEADER, 0, len, format_args!("Generic Routing Encapsulation ({name})")),
        None => {
            let text = format_args!("Generic Routing Encapsulation (0x{kind:04x} - unknown)");
            out.open_group(&gre::HEADER, 0, len, text);
        }
    }
    let enhanced = flags & 7 == 1;
    if out.open_plain(&gre::FLAGS) {
        out.fields(&[&gre::CHECKSUM_BIT, &gre::ROUTING_BIT, &gre::KEY_BIT, &gre::SEQUENCE_BIT]);
        out.fields(&[&gre::STRICT, &gre::RECURSION]);
        if enhanced {
            out.field(&gre::ACK_BIT);
            // The acknowledgment bit takes one of the reserved ones.
            out.value(&gre::RESERVED, Value::Uint(u64::from(flags >> 3 & 0xf)), 0, 2);
        } else {
            out.field(&gre::RESERVED);
        }
        out.field(&gre::VERSION);
        out.close();
    }
    out.field(&gre::TYPE);
    let Some(places) = gre::Places::new(bytes) else { return };
    let number16 = |at| Value::Uint(u64::from(u16_at(bytes, at).unwrap_or_default()));
    let number32 = |at| Value::Uint(u64::from(u32_at(bytes, at).unwrap_or_default()));
    if let Some(at) = places.checksum {
        out.value(&gre::CHECKSUM, number16(at), at, 2);
        out.derived(&gre::CHECKSUM_STATUS, Value::Uint(checksum_status(packet, layer, flags)));
        out.value(&gre::OFFSET, number16(at + 2), at + 2, 2);
    }
    match places.key {
        Some(at) if enhanced => {
            out.value(&gre::KEY_LENGTH, number16(at), at, 2);
            out.value(&gre::CALL_ID, number16(at + 2), at + 2, 2);
        }
        Some(at) => out.value(&gre::KEY, number32(at), at, 4),
        None => {}
    }
    if let Some(at) = places.sequence {
        out.value(&gre::SEQUENCE, number32(at), at, 4);
    }
    if let Some(at) = places.ack {
        out.value(&gre::ACK, number32(at), at, 4);
    }
}

/// Whether the checksum over header and payload is right, as the numbers of
/// status fields go. It means nothing unless its own bit is set.
fn checksum_status(packet: &Packet<'_>, layer: &Layer, flags: u16) -> u64 {
    if flags & 0x8000 == 0 || layer.is_cut() {
        return 2;
    }
    u64::from(Sum::default().bytes(packet.whole(layer)).folded() == 0xffff)
}

pub(super) fn gtp(out: &mut Out<'_, '_>) {
    out.open_group(&gtp::HEADER, 0, out.bytes.len(), gtp::PROTOCOL.title);
    if out.open_plain(&gtp::FLAGS) {
        out.fields(&[&gtp::VERSION, &gtp::PAYLOAD, &gtp::RESERVED, &gtp::FLAG_E, &gtp::FLAG_S, &gtp::FLAG_PN]);
        out.close();
    }
    out.fields(&[&gtp::MESSAGE, &gtp::LENGTH, &gtp::TEID]);
    let bytes = out.bytes;
    let flags = u8_at(bytes, 0).unwrap_or_default();
    if flags & 2 != 0 {
        out.field(&gtp::SEQUENCE);
    }
    if flags & 1 != 0 {
        out.field(&gtp::NPDU);
    }
    if flags & 4 != 0 {
        next_extension(out, 11);
    }
    for (kind, at, len) in gtp::extensions(bytes) {
        let name = gtp::extension_name(u64::from(kind)).unwrap_or("Unknown");
        out.open_group(&gtp::EXTENSION, at, len, format_args!("Extension header ({name})"));
        out.value(&gtp::EXTENSION_LENGTH, Value::Uint(len as u64 / 4), at, 1);
        if kind == gtp::PDU_SESSION {
            let mut inner = out.over(tail(bytes, at), at);
            inner.field(&gtp::PDU_TYPE);
            if u8_at(bytes, at + 1).is_some_and(|kind| kind >> 4 == 0) {
                inner.fields(&[&gtp::PDU_PPP, &gtp::PDU_RQI]);
            }
            inner.field(&gtp::PDU_QFI);
        } else {
            let content = bytes.get(at + 1..at + len - 1).unwrap_or_default();
            out.value(&gtp::EXTENSION_CONTENT, Value::Bytes(content), at + 1, content.len());
        }
        next_extension(out, at + len - 1);
        out.close();
    }
}

fn next_extension(out: &mut Out<'_, '_>, at: usize) {
    if let Some(kind) = u8_at(out.bytes, at) {
        out.value(&gtp::EXTENSION_NEXT, Value::Uint(u64::from(kind)), at, 1);
    }
}

pub(super) fn vxlan(out: &mut Out<'_, '_>) {
    out.open_group(&vxlan::HEADER, 0, out.bytes.len(), vxlan::PROTOCOL.title);
    if out.open_plain(&vxlan::FLAGS) {
        out.fields(&[&vxlan::FLAG_G, &vxlan::FLAG_I, &vxlan::FLAG_D, &vxlan::FLAG_A]);
        out.close();
    }
    out.fields(&[&vxlan::GROUP, &vxlan::VNI, &vxlan::RESERVED]);
}

pub(super) fn geneve(out: &mut Out<'_, '_>) {
    let bytes = out.bytes;
    let vni = u32_at(bytes, 4).unwrap_or_default() >> 8;
    let oam = if u8_at(bytes, 1).is_some_and(|flags| flags & 0x80 != 0) { ", OAM" } else { "" };
    out.open_group(
        &geneve::HEADER,
        0,
        bytes.len(),
        format_args!("Generic Network Virtualization Encapsulation, VNI: 0x{vni:06x}{oam}"),
    );
    out.field(&geneve::VERSION);
    let length = geneve::claimed_len(bytes).unwrap_or(geneve::MIN_LEN) - geneve::MIN_LEN;
    let text = format_args!("Length: {length} bytes");
    out.value_as(&geneve::LENGTH, Value::Uint(length as u64), 0, 1, text);
    if out.open_plain(&geneve::FLAGS) {
        out.fields(&[&geneve::OAM, &geneve::CRITICAL, &geneve::FLAGS_RESERVED]);
        out.close();
    }
    out.fields(&[&geneve::TYPE, &geneve::VNI]);
    out.hidden(&geneve::RESERVED, Value::Uint(u64::from(u8_at(bytes, 7).unwrap_or_default())), 7, 1);
    let options = tail(bytes, geneve::MIN_LEN);
    if options.is_empty() {
        return;
    }
    out.open_value(
        &geneve::OPTIONS,
        Value::Bytes(options),
        geneve::MIN_LEN,
        options.len(),
        format_args!("Options: ({length} bytes)"),
    );
    let mut at = geneve::MIN_LEN;
    while let Some(option) = geneve::option_len(bytes, at).and_then(|len| bytes.get(at..at + len)) {
        let class = u16_at(option, 0).unwrap_or_default();
        let kind = u8_at(option, 2).unwrap_or_default();
        let meaning = if kind & 0x80 == 0 { "Non-critical" } else { "Critical" };
        let text = format_args!("Class: 0x{class:04x} Type: 0x{kind:02x} ({meaning})");
        out.open_value(&geneve::OPTION, Value::Bytes(option), at, option.len(), text);
        out.value(&geneve::OPTION_CLASS, Value::Uint(u64::from(class)), at, 2);
        out.value(&geneve::OPTION_TYPE, Value::Uint(u64::from(kind)), at + 2, 1);
        let length = option.len();
        let text = format_args!("Length: {length} bytes");
        out.value_as(&geneve::LENGTH, Value::Uint(option.len() as u64), at + 3, 1, text);
        let data = tail(option, 4);
        if !data.is_empty() {
            out.value(&geneve::OPTION_DATA, Value::Bytes(data), at + 4, data.len());
        }
        out.close();
        at += option.len();
    }
    out.close();
}
