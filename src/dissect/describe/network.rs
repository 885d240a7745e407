//! The fields of IPv4, IPv6, and the extension headers that route nothing.

use crate::dissect::describe::sid;
use crate::dissect::refrain::Run;
use crate::dissect::visit::{Erase, Out};
use crate::dissect::{Checksum, Layer, Packet};
use crate::wire::bytes::{array_at, tail, u8_at, u16_at};
use crate::wire::field::{Field, Value};
use crate::wire::ipv4::{self, Ipv4};
use crate::wire::ipv6::{self, Ipv6};
use crate::wire::phrase::{Part, phrase};
use crate::wire::{ah, esp, fragment, mobility, names};

/// Begins a traffic class or DS field with the names of its two parts.
#[inline(always)]
fn open_class<V: Erase + ?Sized>(out: &mut Out<'_, '_, V>, field: &'static Field, class: u8) -> bool {
    let dscp = names::dscp_short(u64::from(class >> 2)).unwrap_or("Unknown");
    let ecn = names::ecn_short(u64::from(class));
    let class = Part::Hex(u64::from(class), 2);
    out.open(field, phrase![field.label, ": 0x", class, " (DSCP: ", dscp, ", ECN: ", ecn, ")"])
}

pub(super) fn ipv6<V: Erase + ?Sized>(packet: &Packet<'_>, layer: &Layer, out: &mut Out<'_, '_, V>) {
    let Ok(header) = Ipv6::new(out.bytes) else { return ipv6_start(&mut out.erased()) };
    let (source, destination) = (header.source(), header.destination());
    let (version, class) = (header.version(), header.traffic_class());
    let (next, hops) = (header.next_header(), header.hop_limit());
    let numbers = u64::from(u32::from_be_bytes([version, class, next, hops]));
    let addresses = out.bytes.get(8..ipv6::LEN).unwrap_or_default();
    out.refrain_around(
        (Run::Ipv6, numbers, [addresses, &[]]),
        |out| {
            let title = phrase!["Internet Protocol Version 6, Src: ", source, ", Dst: ", destination];
            out.open_group(&ipv6::HEADER, 0, ipv6::LEN, title);
            out.refrain(Run::Ipv6Class, numbers >> 16, [&[], &[]], |out| ipv6_class(version, class, out));
        },
        |out| {
            out.field(&ipv6::FLOW);
            out.field(&ipv6::PAYLOAD_LENGTH);
        },
        |out| {
            out.field(&ipv6::NEXT_HEADER);
            out.field(&ipv6::HOP_LIMIT);
            out.field(&ipv6::SOURCE);
            out.hidden(&ipv6::ADDRESS, Value::from(source), 8, 16);
            out.field(&ipv6::DESTINATION);
            out.hidden(&ipv6::ADDRESS, Value::from(destination), 24, 16);
        },
    );
    sid::destination(packet, layer, destination, out);
}

fn ipv6_class<V: Erase + ?Sized>(version: u8, class: u8, out: &mut Out<'_, '_, V>) {
    out.field(&ipv6::VERSION);
    // Columns and filters for either version have one name.
    out.hidden(&ipv6::ANY_VERSION, Value::Uint(version.into()), 0, 1);
    if open_class(out, &ipv6::TRAFFIC_CLASS, class) {
        out.field(&ipv6::DSCP);
        out.field(&ipv6::ECN);
        out.close();
    }
}

/// The start of a header that is cut off.
fn ipv6_start(out: &mut Out<'_, '_>) {
    out.open_group(&ipv6::HEADER, 0, out.bytes.len(), format_args!("{} (cut)", ipv6::PROTOCOL.title));
    out.field(&ipv6::VERSION);
    if let Some(first) = u8_at(out.bytes, 0) {
        out.hidden(&ipv6::ANY_VERSION, Value::Uint(u64::from(first >> 4)), 0, 1);
    }
    if out.open_plain(&ipv6::TRAFFIC_CLASS) {
        out.fields(&[&ipv6::DSCP, &ipv6::ECN]);
        out.close();
    }
    out.fields(&[&ipv6::FLOW, &ipv6::PAYLOAD_LENGTH, &ipv6::NEXT_HEADER, &ipv6::HOP_LIMIT, &ipv6::SOURCE]);
    if let Some(source) = array_at(out.bytes, 8) {
        out.hidden(&ipv6::ADDRESS, Value::Ipv6(source), 8, 16);
    }
}

/// The start of a header that is cut off.
fn ipv4_start(out: &mut Out<'_, '_>) {
    out.open_group(&ipv4::HEADER, 0, out.bytes.len(), format_args!("{} (cut)", ipv4::PROTOCOL.title));
    out.field(&ipv4::VERSION);
    if let Some(first) = u8_at(out.bytes, 0) {
        out.value(&ipv4::HEADER_LENGTH, Value::Uint(u64::from(first & 15) * 4), 0, 1);
    }
    if out.open_plain(&ipv4::DS_FIELD) {
        out.fields(&[&ipv4::DSCP, &ipv4::ECN]);
        out.close();
    }
    out.fields(&[&ipv4::TOTAL_LENGTH, &ipv4::ID]);
    if out.open_plain(&ipv4::FLAGS) {
        out.fields(&[&ipv4::FLAG_RESERVED, &ipv4::FLAG_DF, &ipv4::FLAG_MF]);
        out.close();
    }
    if let Some(offset) = u16_at(out.bytes, 6) {
        out.value(&ipv4::FRAGMENT_OFFSET, Value::Uint(u64::from(offset & 0x1fff) * 8), 6, 2);
    }
    out.fields(&[&ipv4::TTL, &ipv4::PROTO, &ipv4::CHECKSUM, &ipv4::SOURCE]);
    if let Some(source) = array_at(out.bytes, 12) {
        out.hidden(&ipv4::ADDRESS, Value::Ipv4(source), 12, 4);
    }
}

pub(super) fn ipv4<V: Erase + ?Sized>(packet: &Packet<'_>, layer: &Layer, out: &mut Out<'_, '_, V>) {
    let Ok(header) = Ipv4::new(out.bytes) else { return ipv4_start(&mut out.erased()) };
    let (source, destination) = (header.source(), header.destination());
    out.open_group(
        &ipv4::HEADER,
        0,
        out.bytes.len(),
        phrase!["Internet Protocol Version 4, Src: ", source, ", Dst: ", destination],
    );
    out.field(&ipv4::VERSION);
    let len = header.claimed_len();
    out.value_as(
        &ipv4::HEADER_LENGTH,
        Value::Uint(len as u64),
        0,
        1,
        format_args!(".... {:04b} = Header Length: {len} bytes ({})", len / 4, len / 4),
    );
    let class = u8_at(out.bytes, 1).unwrap_or_default();
    if open_class(out, &ipv4::DS_FIELD, class) {
        out.fields(&[&ipv4::DSCP, &ipv4::ECN]);
        out.close();
    }
    out.fields(&[&ipv4::TOTAL_LENGTH, &ipv4::ID]);
    let flags = u8_at(out.bytes, 6).unwrap_or_default() >> 5;
    let meaning = match flags & 3 {
        0 => "",
        1 => ", More fragments",
        2 => ", Don't fragment",
        _ => ", Don't fragment, More fragments",
    };
    if out.open(&ipv4::FLAGS, format_args!("{flags:03b}. .... = Flags: 0x{flags:x}{meaning}")) {
        out.fields(&[&ipv4::FLAG_RESERVED, &ipv4::FLAG_DF, &ipv4::FLAG_MF]);
        out.close();
    }
    // Wireshark's field counts bytes where the header counts units of 8.
    let offset = header.fragment_offset();
    out.value(&ipv4::FRAGMENT_OFFSET, Value::Uint(u64::from(offset) * 8), 6, 2);
    out.fields(&[&ipv4::TTL, &ipv4::PROTO]);
    if let Some(checksum) = packet.checksum(layer) {
        let stored = header.checksum();
        match checksum {
            Checksum::Good(_) => {
                let number = Part::Hex(u64::from(stored), 4);
                out.field_as(&ipv4::CHECKSUM, phrase!["Header Checksum: 0x", number, " [correct]"]);
            }
            Checksum::Bad { expected, .. } => out.field_as(
                &ipv4::CHECKSUM,
                format_args!("Header Checksum: 0x{stored:04x} [incorrect, should be 0x{expected:04x}]"),
            ),
            Checksum::Unverified(why) => out.field_as(
                &ipv4::CHECKSUM,
                format_args!("Header Checksum: 0x{stored:04x} [unverified: {}]", why.reason()),
            ),
            _ => out.field_as(&ipv4::CHECKSUM, format_args!("Header Checksum: 0x{stored:04x} [unverified]")),
        }
        if let Some(calculated) = checksum.calculated(stored) {
            out.derived(&ipv4::CALCULATED, Value::Uint(u64::from(calculated)));
        }
        out.derived(&ipv4::CHECKSUM_STATUS, Value::Uint(checksum.status()));
    }
    out.field(&ipv4::SOURCE);
    out.hidden(&ipv4::ADDRESS, Value::from(source), 12, 4);
    out.field(&ipv4::DESTINATION);
    out.hidden(&ipv4::ADDRESS, Value::from(destination), 16, 4);
    let options = tail(out.bytes, ipv4::MIN_LEN);
    if !options.is_empty() {
        out.value(&ipv4::OPTIONS, Value::Bytes(options), ipv4::MIN_LEN, options.len());
    }
}

pub(super) fn authentication(out: &mut Out<'_, '_>) {
    let bytes = out.bytes;
    out.open_group(&ah::HEADER, 0, bytes.len(), ah::PROTOCOL.title);
    out.field(&ah::NEXT_HEADER);
    let length = u8_at(bytes, 1).unwrap_or_default();
    let claimed = ah::claimed_len(bytes).unwrap_or_default();
    out.field_as(&ah::LENGTH, format_args!("Length: {length} ({claimed} bytes)"));
    out.fields(&[&ah::RESERVED, &ah::SPI, &ah::SEQUENCE]);
    if let Some(value) = bytes.get(ah::FIXED_LEN..) {
        out.value(&ah::ICV, Value::Bytes(value), ah::FIXED_LEN, value.len());
    }
}

pub(super) fn encrypted(out: &mut Out<'_, '_>) {
    let bytes = out.bytes;
    out.open_group(&esp::HEADER, 0, bytes.len(), esp::PROTOCOL.title);
    out.fields(&[&esp::SPI, &esp::SEQUENCE]);
    let payload = tail(bytes, esp::LEN);
    if !payload.is_empty() {
        out.value(&esp::PAYLOAD, Value::Bytes(payload), esp::LEN, payload.len());
    }
}

pub(super) fn mobility(out: &mut Out<'_, '_>) {
    let bytes = out.bytes;
    out.open_group(&mobility::HEADER, 0, bytes.len(), mobility::PROTOCOL.title);
    out.field(&mobility::PAYLOAD_PROTOCOL);
    let length = u8_at(bytes, 1).unwrap_or_default();
    let claimed = (usize::from(length) + 1) * 8;
    out.field_as(&mobility::LENGTH, format_args!("Header length: {length} ({claimed} bytes)"));
    out.fields(&[&mobility::TYPE, &mobility::RESERVED, &mobility::CHECKSUM]);
    let message = tail(bytes, 6);
    if !message.is_empty() {
        out.value(&mobility::MESSAGE, Value::Bytes(message), 6, message.len());
    }
}

pub(super) fn fragment(out: &mut Out<'_, '_>) {
    out.open_group(&fragment::HEADER, 0, out.bytes.len(), fragment::PROTOCOL.title);
    out.fields(&[&fragment::NEXT_HEADER, &fragment::RESERVED]);
    out.fields(&[&fragment::OFFSET, &fragment::RESERVED_BITS, &fragment::MORE, &fragment::ID]);
}
