//! The fields of link layers.

use crate::dissect::refrain::Run;
use crate::dissect::visit::{Erase, Out};
use crate::dissect::{Layer, Packet};
use crate::wire::bytes::{array_at, u8_at, u16_at, u32_at};
use crate::wire::cooked::{self, Cooked};
use crate::wire::ethernet::{self, Ethernet};
use crate::wire::field::{Field, Value};
use crate::wire::link_type::LinkType;
use crate::wire::names::ether_type;
use crate::wire::phrase::phrase;
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

pub(super) fn ethernet<V: Erase + ?Sized>(packet: &Packet<'_>, index: usize, layer: &Layer, out: &mut Out<'_, '_, V>) {
    let Ok(header) = Ethernet::new(out.bytes) else { return };
    let bytes = out.bytes.get(..ethernet::LEN).unwrap_or_default();
    out.refrain(Run::Ethernet, 0, [bytes, &[]], |out| ethernet_header(&header, out));
    trailer(packet, index, layer, &ethernet::TRAILER, &mut out.erased());
}

fn ethernet_header<V: Erase + ?Sized>(header: &Ethernet<'_>, out: &mut Out<'_, '_, V>) {
    let field = header.type_or_length();
    let (source, destination) = (header.source(), header.destination());
    let len = out.bytes.len();
    if field <= ethernet::MAX_LENGTH_FIELD {
        out.open_group(&ethernet::HEADER, 0, len, format_args!("IEEE 802.3 Ethernet "));
    } else {
        let title = phrase!["Ethernet II, Src: ", source, ", Dst: ", destination];
        out.open_group(&ethernet::HEADER, 0, len, title);
    }
    address(out, &ethernet::DESTINATION, &ethernet::DESTINATION_LG, &ethernet::DESTINATION_IG, 0);
    address(out, &ethernet::SOURCE, &ethernet::SOURCE_LG, &ethernet::SOURCE_IG, 6);
    out.field(match field {
        0..=ethernet::MAX_LENGTH_FIELD => &ethernet::LENGTH,
        ethernet::MIN_TYPE.. => &ethernet::TYPE,
        _ => &ethernet::INVALID,
    });
}

/// Whether a layer says what it carries by an Ethertype.
pub(super) fn has_ether_type(packet: &Packet<'_>, layer: &Layer) -> bool {
    let header = packet.header(layer);
    match layer.proto {
        Proto::Ethernet => u16_at(header, 12).is_some_and(|kind| kind >= ethernet::MIN_TYPE),
        Proto::Vlan => u16_at(header, 2).is_some_and(|kind| kind > ethernet::MAX_LENGTH_FIELD),
        Proto::Cooked => view(packet, header).is_some_and(|cooked| {
            cooked.protocol() >= ethernet::MIN_TYPE && u16_at(header, cooked.places().hardware) != Some(cooked::GRE)
        }),
        _ => false,
    }
}

/// Whether a tag is a service tag, which Wireshark gives fields of their own.
pub(super) fn is_service_tag(packet: &Packet<'_>, index: usize) -> bool {
    let announced = |before: &Layer| {
        let header = packet.header(before);
        match before.proto {
            Proto::Ethernet => u16_at(header, 12),
            Proto::Vlan => u16_at(header, 2),
            Proto::Cooked => view(packet, header).map(|cooked| cooked.protocol()),
            _ => None,
        }
    };
    let before = index.checked_sub(1).and_then(|before| packet.layers().get(before));
    before.and_then(announced) == Some(ether_type::SERVICE_VLAN)
}

/// The bytes that what a link layer carries leaves over at its end.
fn leftover<'p>(packet: &Packet<'p>, index: usize) -> Option<&'p Layer> {
    let layer = packet.layers().get(index)?;
    let header = packet.header(layer);
    let by_own_length = match layer.proto {
        Proto::Ethernet => u16_at(header, 12)? <= ethernet::MAX_LENGTH_FIELD,
        Proto::Vlan => u16_at(header, 2)? <= ethernet::MAX_LENGTH_FIELD,
        Proto::Cooked => false,
        _ => return None,
    };
    // MPLS has no length: what it carries ends where that says.
    let carried = || packet.layers().iter().skip(index + 1).find(|inner| inner.proto != Proto::Mpls);
    let end = if by_own_length { layer.end } else { carried()?.end };
    packet.layers().iter().skip(index + 1).find(|l| l.proto == Proto::Trailer && l.start == end)
}

/// Whether a link layer shows a tail among its own fields.
pub(super) fn shows(packet: &Packet<'_>, tail: &Layer) -> bool {
    (0..packet.layers().len()).any(|index| leftover(packet, index).is_some_and(|l| l.start == tail.start))
}

/// What a link layer's payload leaves over, taken apart as Wireshark does: the
/// zeros that pad a frame to its smallest size, a trailer, and in Ethernet's
/// own frames perhaps a frame check sequence.
fn trailer(packet: &Packet<'_>, index: usize, layer: &Layer, field: &'static Field, out: &mut Out<'_, '_>) {
    /// The smallest frame, in bytes, without frame check sequence.
    const SMALLEST: usize = 60;
    const FCS: usize = 4;
    // Few packets have any.
    if packet.layers().iter().all(|layer| layer.proto != Proto::Trailer) {
        return;
    }
    let Some(tail) = leftover(packet, index) else { return };
    let bytes = packet.header(tail);
    let room = SMALLEST.saturating_sub(tail.start as usize);
    let padding = match bytes.get(..room) {
        Some(zeros) if zeros.iter().all(|byte| *byte == 0) => room,
        _ => 0,
    };
    // A capture cut short shows nothing that is not whole.
    let missing = (packet.frame.original_len as usize).saturating_sub(packet.frame.data.len());
    let at = (tail.start - layer.start) as usize;
    if padding > 0 {
        out.value(&ethernet::PADDING, Value::Bytes(&bytes[..padding]), at, padding);
    }
    if missing > 0 {
        return;
    }
    let rest = &bytes[padding..];
    let frame = (tail.end - layer.start) as usize;
    let may_have_fcs = layer.proto == Proto::Ethernet && frame >= SMALLEST + FCS && carries_fcs(packet, index);
    let fcs = if may_have_fcs && rest.len() >= FCS { FCS } else { 0 };
    let (rest, fcs) = rest.split_at(rest.len() - fcs);
    if !rest.is_empty() {
        out.value(field, Value::Bytes(rest), at + padding, rest.len());
    }
    if let Some(number) = u32_at(fcs, 0) {
        let start = at + padding + rest.len();
        let text = format_args!("Frame check sequence: 0x{number:08x} [unverified]");
        out.value_as(&ethernet::FCS, Value::Uint(u64::from(number)), start, FCS, text);
        out.derived(&ethernet::FCS_STATUS, Value::Uint(2));
    }
}

/// Whether an Ethernet frame may end in a frame check sequence: those on a
/// link, and those that IP carries; other tunnels leave it out.
fn carries_fcs(packet: &Packet<'_>, index: usize) -> bool {
    let before = index.checked_sub(1).and_then(|before| packet.layers().get(before));
    before.is_none_or(|before| before.proto.info().inside || matches!(before.proto, Proto::Ipv4 | Proto::Ipv6))
}

/// An address, its two flag bits, and both once more under their common names.
fn address<V: Erase + ?Sized>(
    out: &mut Out<'_, '_, V>,
    field: &'static Field,
    lg: &'static Field,
    ig: &'static Field,
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

pub(super) fn vlan(packet: &Packet<'_>, index: usize, layer: &Layer, out: &mut Out<'_, '_>) {
    let tag = u16_at(out.bytes, 0).unwrap_or_default();
    let len = out.bytes.len();
    let (priority, dei, id) = (tag >> 13, tag >> 12 & 1, tag & 0xfff);
    if is_service_tag(packet, index) {
        out.open_group(&vlan::service::HEADER, 0, len, format_args!("IEEE 802.1ad, ID: {id}"));
        out.fields(&[&vlan::service::PRIORITY, &vlan::service::DEI, &vlan::service::ID, &vlan::service::TYPE]);
        trailer(packet, index, layer, &vlan::service::TRAILER, out);
    } else {
        let title = phrase!["802.1Q Virtual LAN, PRI: ", priority, ", DEI: ", dei, ", ID: ", id];
        out.open_group(&vlan::HEADER, 0, len, title);
        out.fields(&[&vlan::PRIORITY, &vlan::DEI, &vlan::ID]);
        out.field(if has_ether_type(packet, layer) { &vlan::TYPE } else { &vlan::LENGTH });
        trailer(packet, index, layer, &vlan::TRAILER, out);
    }
}

/// The cooked header at the start of `bytes`, of the frame's version.
fn view<'a>(packet: &Packet<'_>, bytes: &'a [u8]) -> Option<Cooked<'a>> {
    if packet.frame.link == LinkType::LINUX_SLL2 { Cooked::v2(bytes) } else { Cooked::v1(bytes) }
}

pub(super) fn cooked(packet: &Packet<'_>, index: usize, layer: &Layer, out: &mut Out<'_, '_>) {
    let bytes = out.bytes;
    let title = if packet.frame.link == LinkType::LINUX_SLL2 { "v2" } else { "v1" };
    out.open_group(&cooked::HEADER, 0, bytes.len(), format_args!("Linux cooked capture {title}"));
    let Some(header) = view(packet, bytes) else { return };
    let places = header.places();
    let number = |(at, size): (usize, usize)| {
        u64::from(if size == 1 { u8_at(bytes, at).map(u16::from) } else { u16_at(bytes, at) }.unwrap_or_default())
    };
    let hardware = number((places.hardware, 2));
    let protocol = |out: &mut Out<'_, '_>| {
        let value = header.protocol();
        let field = match value {
            _ if hardware == u64::from(cooked::GRE) => &cooked::GRE_TYPE,
            // Smaller numbers are Linux's own.
            ethernet::MIN_TYPE.. => &cooked::PROTOCOL_TYPE,
            _ => &cooked::LINUX_TYPE,
        };
        out.value(field, Value::Uint(u64::from(value)), places.protocol, 2);
    };
    if header.version == 2 {
        protocol(out);
        let index = u32_at(bytes, 4).unwrap_or_default();
        out.value(&cooked::INTERFACE, Value::Uint(u64::from(index)), 4, 4);
        out.value(&cooked::HARDWARE, Value::Uint(hardware), places.hardware, 2);
        out.value(&cooked::PACKET_TYPE, Value::Uint(number(places.packet_type)), places.packet_type.0, 1);
    } else {
        out.value(&cooked::PACKET_TYPE, Value::Uint(number(places.packet_type)), places.packet_type.0, 2);
        out.value(&cooked::HARDWARE, Value::Uint(hardware), places.hardware, 2);
    }
    let length = number(places.address_length) as usize;
    out.value(&cooked::ADDRESS_LENGTH, Value::Uint(length as u64), places.address_length.0, places.address_length.1);
    let address = bytes.get(places.address..places.address + 8).unwrap_or_default();
    let (used, unused) = address.split_at(length.min(address.len()));
    match *used {
        [] => {}
        [a, b, c, d] => out.value(&cooked::IPV4, Value::Ipv4([a, b, c, d]), places.address, 4),
        [a, b, c, d, e, f] => out.value(&cooked::ETHER, Value::Ether([a, b, c, d, e, f]), places.address, 6),
        _ => out.value(&cooked::OTHER, Value::Bytes(used), places.address, used.len()),
    }
    if !unused.is_empty() {
        out.value(&cooked::UNUSED, Value::Bytes(unused), places.address + used.len(), unused.len());
    }
    if header.version == 1 {
        protocol(out);
    }
    trailer(packet, index, layer, &cooked::TRAILER, out);
}

pub(super) fn loopback(packet: &Packet<'_>, out: &mut Out<'_, '_>) {
    out.open_group(&loopback::HEADER, 0, out.bytes.len(), format_args!("Null/Loopback"));
    let network_order = packet.frame.link == LinkType::LOOP;
    let family = array_at(out.bytes, 0).map_or(0, |bytes| loopback::read_family(bytes, network_order));
    let is_type = family > loopback::MAX_FAMILY && u16::try_from(family).is_ok();
    out.value(if is_type { &loopback::TYPE } else { &loopback::FAMILY }, Value::Uint(u64::from(family)), 0, 4);
}

pub(super) fn arp(out: &mut Out<'_, '_>) {
    let bytes = out.bytes;
    let opcode = u64::from(u16_at(bytes, 6).unwrap_or_default());
    let sizes = |at| usize::from(u8_at(bytes, at).unwrap_or_default());
    let (hardware, protocol) = (sizes(4), sizes(5));
    let is_mac = matches!(u16_at(bytes, 0), Some(1 | 6)) && hardware == 6;
    let is_ipv4 = u16_at(bytes, 2) == Some(ether_type::IPV4) && protocol == 4;
    let sender = arp::FIXED_LEN + hardware;
    let target = sender + protocol + hardware;
    let addresses = (array_at::<4>(bytes, sender), array_at::<4>(bytes, target));
    let same = is_ipv4 && addresses.0 == addresses.1;
    let gratuitous = same && matches!(opcode, 1 | 2);
    let announcement = gratuitous && opcode == 1;
    let probe = is_ipv4 && opcode == 1 && addresses.0 == Some([0; 4]);
    let name = match arp::opcode(opcode) {
        _ if probe => "ARP Probe",
        _ if announcement => "ARP Announcement",
        _ if gratuitous => "reply/gratuitous ARP",
        Some(name) => name,
        None => "Unknown",
    };
    out.open_group(&arp::HEADER, 0, bytes.len(), format_args!("Address Resolution Protocol ({name})"));
    out.fields(&[&arp::HARDWARE, &arp::PROTOCOL_TYPE, &arp::HARDWARE_SIZE, &arp::PROTOCOL_SIZE, &arp::OPCODE]);
    for (field, set) in [(&arp::GRATUITOUS, gratuitous), (&arp::PROBE, probe), (&arp::ANNOUNCEMENT, announcement)] {
        if set {
            out.derived(field, Value::Bool(true));
        }
    }
    let hardware_address =
        |out: &mut Out<'_, '_>, at: usize, mac: &'static Field, other: &'static Field| match array_at(bytes, at)
            .filter(|_| is_mac)
        {
            Some(octets) => out.value(mac, Value::Ether(octets), at, 6),
            None if hardware > 0 => {
                out.value(other, Value::Bytes(bytes.get(at..at + hardware).unwrap_or_default()), at, hardware);
            }
            None => {}
        };
    let protocol_address =
        |out: &mut Out<'_, '_>, at: usize, ipv4: &'static Field, other: &'static Field| match array_at(bytes, at)
            .filter(|_| is_ipv4)
        {
            Some(octets) => out.value(ipv4, Value::Ipv4(octets), at, 4),
            None if protocol > 0 => {
                out.value(other, Value::Bytes(bytes.get(at..at + protocol).unwrap_or_default()), at, protocol);
            }
            None => {}
        };
    hardware_address(out, arp::FIXED_LEN, &arp::SENDER_MAC, &arp::SENDER_HARDWARE);
    protocol_address(out, sender, &arp::SENDER_IPV4, &arp::SENDER_PROTOCOL);
    hardware_address(out, sender + protocol, &arp::TARGET_MAC, &arp::TARGET_HARDWARE);
    protocol_address(out, target, &arp::TARGET_IPV4, &arp::TARGET_PROTOCOL);
}
