//! The fields of link layers.

use crate::dissect::visit::Out;
use crate::dissect::{Layer, Packet};
use crate::wire::bytes::{array_at, u8_at, u16_at, u32_at};
use crate::wire::cooked::{self, Cooked};
use crate::wire::ethernet::{self, Ethernet};
use crate::wire::field::Value;
use crate::wire::link_type::LinkType;
use crate::wire::names;
use crate::wire::proto::Proto;
use crate::wire::text::Fast;
use crate::wire::{arp, loopback, vlan};

/// A MAC address in the usual form.
pub(super) struct Mac(pub [u8; 6]);

impl std::fmt::Display for Mac {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Fast(self.0).fmt(f)
    }
}

pub(super) fn ethernet(packet: &Packet<'_>, index: usize, layer: &Layer, out: &mut Out<'_, '_>) {
    let Ok(header) = Ethernet::new(out.bytes) else { return };
    let is_length = header.type_or_length() <= ethernet::MAX_LENGTH_FIELD;
    let (source, destination) = (Mac(header.source()), Mac(header.destination()));
    let len = layer.header_len();
    if is_length {
        out.open_group(&ethernet::HEADER, 0, len, format_args!("IEEE 802.3 Ethernet "));
    } else {
        let text = format_args!("Ethernet II, Src: {source}, Dst: {destination}");
        out.open_group(&ethernet::HEADER, 0, len, text);
    }
    address(out, &ethernet::DESTINATION, &ethernet::DESTINATION_LG, &ethernet::DESTINATION_IG, 0);
    address(out, &ethernet::SOURCE, &ethernet::SOURCE_LG, &ethernet::SOURCE_IG, 6);
    out.field(if is_length { &ethernet::LENGTH } else { &ethernet::TYPE });
    let trailer = packet.layers().iter().find(|l| index == 0 && ethernet_shows(packet, l));
    if let Some(trailer) = trailer {
        let bytes = packet.header(trailer);
        // Frames are padded with zeros to 60 bytes; what lies beyond is a trailer.
        let room = 60usize.saturating_sub(trailer.start as usize).min(bytes.len());
        let padding = if bytes[..room].iter().all(|b| *b == 0) { room } else { 0 };
        let offset = (trailer.start - layer.start) as usize;
        if padding > 0 {
            out.value(&ethernet::PADDING, Value::Bytes(&bytes[..padding]), offset, padding);
        }
        if padding < bytes.len() {
            let rest = &bytes[padding..];
            out.value(&ethernet::TRAILER, Value::Bytes(rest), offset + padding, rest.len());
        }
    }
}

/// Whether a tail is the frame's own, which Ethernet shows among its fields.
pub(super) fn ethernet_shows(packet: &Packet<'_>, layer: &Layer) -> bool {
    layer.proto == Proto::Trailer
        && layer.network == Layer::NO_NETWORK
        && packet.layers().first().is_some_and(|first| first.proto == Proto::Ethernet)
}

/// An address, its two flag bits, and both once more under their common names.
fn address(
    out: &mut Out<'_, '_>,
    field: &'static crate::wire::field::Field,
    lg: &'static crate::wire::field::Field,
    ig: &'static crate::wire::field::Field,
    offset: usize,
) {
    if out.open_plain(field) {
        let octets: [u8; 6] = array_at(out.bytes, offset).unwrap_or_default();
        out.value(&ethernet::ADDRESS, Value::Ether(octets), offset, 6);
        out.field(lg);
        out.hidden(&ethernet::LG, Value::Bool(octets[0] & 2 != 0), offset, 3);
        out.field(ig);
        out.hidden(&ethernet::IG, Value::Bool(octets[0] & 1 != 0), offset, 3);
        out.close();
    }
}

pub(super) fn vlan(out: &mut Out<'_, '_>) {
    let tag = u16_at(out.bytes, 0).unwrap_or_default();
    out.open_group(
        &vlan::HEADER,
        0,
        out.bytes.len(),
        format_args!("802.1Q Virtual LAN, PRI: {}, DEI: {}, ID: {}", tag >> 13, tag >> 12 & 1, tag & 0xfff),
    );
    out.fields(&[&vlan::PRIORITY, &vlan::DEI, &vlan::ID, &vlan::TYPE]);
}

pub(super) fn cooked(packet: &Packet<'_>, out: &mut Out<'_, '_>) {
    let bytes = out.bytes;
    let header = if packet.frame.link == LinkType::LINUX_SLL2 { Cooked::v2(bytes) } else { Cooked::v1(bytes) };
    let title = if packet.frame.link == LinkType::LINUX_SLL2 { "v2" } else { "v1" };
    out.open_group(&cooked::HEADER, 0, bytes.len(), format_args!("Linux cooked capture {title}"));
    let Some(header) = header else { return };
    let places = header.places();
    let number = |(at, size): (usize, usize)| {
        u64::from(if size == 1 { u8_at(bytes, at).map(u16::from) } else { u16_at(bytes, at) }.unwrap_or_default())
    };
    let protocol = |out: &mut Out<'_, '_>| {
        let value = header.protocol();
        // Below 0x0600 the number is one of Linux's own.
        let field = if value >= 0x0600 { &cooked::PROTOCOL_TYPE } else { &cooked::LINUX_TYPE };
        out.value(field, Value::Uint(u64::from(value)), places.protocol, 2);
    };
    if header.version == 2 {
        protocol(out);
        let index = u32_at(bytes, 4).unwrap_or_default();
        out.value(&cooked::INTERFACE, Value::Uint(u64::from(index)), 4, 4);
        out.value(&cooked::HARDWARE, Value::Uint(number((places.hardware, 2))), places.hardware, 2);
        out.value(&cooked::PACKET_TYPE, Value::Uint(number(places.packet_type)), places.packet_type.0, 1);
    } else {
        out.value(&cooked::PACKET_TYPE, Value::Uint(number(places.packet_type)), places.packet_type.0, 2);
        out.value(&cooked::HARDWARE, Value::Uint(number((places.hardware, 2))), places.hardware, 2);
    }
    let length = number(places.address_length) as usize;
    out.value(&cooked::ADDRESS_LENGTH, Value::Uint(length as u64), places.address_length.0, places.address_length.1);
    let address = bytes.get(places.address..places.address + 8).unwrap_or_default();
    let (used, unused) = address.split_at(length.min(address.len()));
    match used.first_chunk::<6>() {
        Some(octets) if used.len() == 6 => out.value(&cooked::ETHER, Value::Ether(*octets), places.address, 6),
        _ if used.is_empty() => {}
        _ => out.value(&cooked::OTHER, Value::Bytes(used), places.address, used.len()),
    }
    if !unused.is_empty() {
        out.value(&cooked::UNUSED, Value::Bytes(unused), places.address + used.len(), unused.len());
    }
    if header.version == 1 {
        protocol(out);
    }
}

pub(super) fn loopback(out: &mut Out<'_, '_>) {
    out.open_group(&loopback::HEADER, 0, out.bytes.len(), format_args!("Null/Loopback"));
    let family = array_at(out.bytes, 0).map(loopback::read_family).unwrap_or_default();
    out.value(&loopback::FAMILY, Value::Uint(u64::from(family)), 0, 4);
}

pub(super) fn arp(out: &mut Out<'_, '_>) {
    let kind = match u16_at(out.bytes, 6) {
        Some(1) => " (request)",
        Some(2) => " (reply)",
        _ => "",
    };
    let protocol = u16_at(out.bytes, 2).and_then(|number| names::ether_type(u64::from(number)));
    match protocol {
        Some("IPv4") | None => {
            out.open_group(&arp::HEADER, 0, out.bytes.len(), format_args!("Address Resolution Protocol{kind}"));
        }
        Some(other) => {
            let text = format_args!("Address Resolution Protocol{kind} for {other}");
            out.open_group(&arp::HEADER, 0, out.bytes.len(), text);
        }
    }
}
