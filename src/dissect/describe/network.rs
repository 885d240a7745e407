//! The fields of IPv4, IPv6, and the extension headers that route nothing.

use crate::dissect::describe::sid;
use crate::dissect::visit::Out;
use crate::dissect::{Checksum, Layer, Packet};
use crate::wire::bytes::{tail, u8_at, u16_at, u32_at};
use crate::wire::field::Value;
use crate::wire::ipv4::{self, Ipv4};
use crate::wire::ipv6::{self, Ipv6};
use crate::wire::options::{self, option};
use crate::wire::proto::Proto;
use crate::wire::text::Fast;
use crate::wire::{fragment, names};

/// The summary of a traffic class or DS field.
struct DsSummary(u8);

impl std::fmt::Display for DsSummary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let dscp = u64::from(self.0 >> 2);
        match names::dscp_short(dscp) {
            Some(name) => write!(f, "(DSCP: {name}, ECN: {})", names::ecn_short(u64::from(self.0))),
            None => write!(f, "(DSCP: Unknown, ECN: {})", names::ecn_short(u64::from(self.0))),
        }
    }
}

pub(super) fn ipv6(packet: &Packet<'_>, layer: &Layer, out: &mut Out<'_, '_>) {
    let Ok(header) = Ipv6::new(out.bytes) else { return };
    let (source, destination) = (header.source(), header.destination());
    out.open_group(
        &ipv6::HEADER,
        0,
        ipv6::LEN,
        format_args!("Internet Protocol Version 6, Src: {}, Dst: {}", Fast(source), Fast(destination)),
    );
    out.field(&ipv6::VERSION);
    // Columns and filters for either version have one name.
    out.hidden(&ipv6::ANY_VERSION, Value::Uint(header.version().into()), 0, 1);
    let class = header.traffic_class();
    if out.open(&ipv6::TRAFFIC_CLASS, format_args!("Traffic Class: 0x{class:02x} {}", DsSummary(class))) {
        out.fields(&[&ipv6::DSCP, &ipv6::ECN]);
        out.close();
    }
    out.fields(&[&ipv6::FLOW, &ipv6::PAYLOAD_LENGTH, &ipv6::NEXT_HEADER, &ipv6::HOP_LIMIT, &ipv6::SOURCE]);
    out.hidden(&ipv6::ADDRESS, Value::from(source), 8, 16);
    out.field(&ipv6::DESTINATION);
    out.hidden(&ipv6::ADDRESS, Value::from(destination), 24, 16);
    sid::destination(packet, layer, destination, out);
}

pub(super) fn ipv4(packet: &Packet<'_>, layer: &Layer, out: &mut Out<'_, '_>) {
    let Ok(header) = Ipv4::new(out.bytes) else { return };
    let (source, destination) = (header.source(), header.destination());
    out.open_group(
        &ipv4::HEADER,
        0,
        out.bytes.len(),
        format_args!("Internet Protocol Version 4, Src: {source}, Dst: {destination}"),
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
    if out.open(&ipv4::DS_FIELD, format_args!("Differentiated Services Field: 0x{class:02x} {}", DsSummary(class))) {
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
                out.field_as(&ipv4::CHECKSUM, format_args!("Header Checksum: 0x{stored:04x} [correct]"))
            }
            Checksum::Bad { expected, .. } => out.field_as(
                &ipv4::CHECKSUM,
                format_args!("Header Checksum: 0x{stored:04x} [incorrect, should be 0x{expected:04x}]"),
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

pub(super) fn options(layer: &Layer, out: &mut Out<'_, '_>) {
    let (next, length, octets) = if layer.proto == Proto::HopByHop {
        out.open_group(&options::HBH_HEADER, 0, out.bytes.len(), format_args!("{}", options::HOP_BY_HOP.title));
        (&options::HBH_NEXT_HEADER, &options::HBH_LENGTH, &options::HBH_OCTETS)
    } else {
        out.open_group(&options::DST_HEADER, 0, out.bytes.len(), format_args!("{}", options::DESTINATION.title));
        (&options::destination::NEXT_HEADER, &options::destination::LENGTH, &options::destination::OCTETS)
    };
    out.fields(&[next, length]);
    let claimed = (u64::from(u8_at(out.bytes, 1).unwrap_or_default()) + 1) * 8;
    out.derived_as(octets, Value::Uint(claimed), format_args!("Length: {claimed} bytes"));
    for found in options::walk(tail(out.bytes, 2)) {
        one_option(out, &found);
    }
}

fn one_option(out: &mut Out<'_, '_>, found: &options::Opt<'_>) {
    let at = found.offset + 2;
    let length = usize::from(found.length.is_some());
    let name = options::option_name(u64::from(found.kind)).unwrap_or("Unknown option");
    out.open_group(&option::OPTION, at, 1 + length + found.value.len(), format_args!("{name}"));
    let mut inner =
        Out { visitor: &mut *out.visitor, bytes: tail(out.bytes, at), base: out.base + at as u32, wanted: out.wanted };
    if inner.open_plain(&option::TYPE) {
        inner.fields(&[&option::ACTION, &option::CHANGE, &option::REST]);
        inner.close();
    }
    if found.length.is_some() {
        inner.field(&option::LENGTH);
        let (value, len) = (found.value, found.value.len());
        match (found.kind, len) {
            (0x01, _) => inner.value(&option::PADN, Value::Bytes(value), 2, len),
            (0x05, 2) => inner.value(&option::ROUTER_ALERT, uint(u16_at(value, 0)), 2, 2),
            (0x04, 1) => inner.value(&option::TUNNEL_LIMIT, uint(u8_at(value, 0)), 2, 1),
            (0xc2, 4) => inner.value(&option::JUMBO, uint(u32_at(value, 0)), 2, 4),
            _ => inner.value(&option::UNKNOWN, Value::Bytes(value), 2, len),
        }
    }
    inner.close();
}

fn uint<'a>(number: Option<impl Into<u64>>) -> Value<'a> {
    number.map_or(Value::None, |number| Value::Uint(number.into()))
}

pub(super) fn fragment(out: &mut Out<'_, '_>) {
    out.open_group(&fragment::HEADER, 0, out.bytes.len(), format_args!("{}", fragment::PROTOCOL.title));
    out.fields(&[&fragment::NEXT_HEADER, &fragment::RESERVED]);
    out.fields(&[&fragment::OFFSET, &fragment::RESERVED_BITS, &fragment::MORE, &fragment::ID]);
}
