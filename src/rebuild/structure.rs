//! From one header's bytes to a layer: all that decides how long it is, and
//! what has no fixed place.

use crate::craft::{Arg, Layer};
use crate::rebuild::elements;
use crate::srv6::path;
use crate::wire::bytes::{tail, u8_at, u16_at};
use crate::wire::cooked::{self, Cooked};
use crate::wire::field::Field;
use crate::wire::icmpv6::message;
use crate::wire::ipv6::Ipv6;
use crate::wire::options::destination;
use crate::wire::ppp::Ppp;
use crate::wire::proto::Proto;
use crate::wire::srh::{self, Srh};
use crate::wire::{
    ah, arp, geneve, gre, gtp, icmp_extensions, icmpv4, icmpv6, ipv4, llc, loopback, mld, mobility, nd, options, ppp,
    pppoe, routing, srh_tlv, stamp, tcp,
};

/// A layer with all that decides how long it is, and how many of the header's
/// bytes it speaks for; `None` for what cannot be written as a layer.
pub(super) fn structure(proto: Proto, header: &[u8], network: Option<&[u8]>) -> Option<(Layer, usize)> {
    let mut layer = Layer::new(proto);
    let taken = match proto {
        Proto::Srh => {
            let srh = Srh::new(header).ok()?;
            list(&srh, network, &mut layer);
            header.len()
        }
        Proto::Ipv4 => rest(&mut layer, header, &ipv4::OPTIONS, ipv4::MIN_LEN),
        Proto::Tcp => rest(&mut layer, header, &tcp::OPTIONS, tcp::MIN_LEN),
        Proto::HopByHop => rest(&mut layer, header, &options::HBH_OPTIONS, 2),
        Proto::Destination => rest(&mut layer, header, &destination::OPTIONS, 2),
        Proto::Routing => rest(&mut layer, header, &routing::UNKNOWN, 4),
        Proto::Ah => rest(&mut layer, header, &ah::ICV, ah::FIXED_LEN),
        Proto::Mobility => rest(&mut layer, header, &mobility::MESSAGE, 6),
        Proto::PppoeDiscovery => rest(&mut layer, header, &pppoe::discovery::TAGS, pppoe::LEN),
        Proto::Geneve => rest(&mut layer, header, &geneve::OPTIONS, geneve::MIN_LEN),
        Proto::Stamp => rest(&mut layer, header, &stamp::TLVS, stamp::LEN),
        Proto::IcmpExtensions => rest(&mut layer, header, &icmp_extensions::OBJECTS, icmp_extensions::LEN),
        Proto::Icmpv6 => message_v6(&mut layer, header),
        Proto::Icmpv4 => {
            let kind = *header.first()?;
            if kind != icmpv4::ECHO_REQUEST {
                layer.set(&icmpv4::TYPE, kind);
            }
            icmpv4::message_len(kind).min(header.len())
        }
        Proto::Esp => crate::wire::esp::LEN.min(header.len()),
        Proto::Gre => gre_fields(&mut layer, header)?,
        Proto::Gtp => gtp_fields(&mut layer, header)?,
        Proto::Ppp => ppp_fields(&mut layer, header)?,
        Proto::Llc => llc_fields(&mut layer, header)?,
        Proto::Arp => arp_fields(&mut layer, header)?,
        Proto::Cooked => cooked_fields(&mut layer, header)?,
        Proto::Loopback => {
            layer.set(&loopback::FAMILY, header);
            header.len()
        }
        _ => header.len(),
    };
    Some((layer, taken))
}

/// Gives a field all of the header from `from` on.
fn rest(layer: &mut Layer, header: &[u8], field: &'static Field, from: usize) -> usize {
    if let Some(bytes) = header.get(from..).filter(|bytes| !bytes.is_empty()) {
        match field.elements {
            Some(family) => layer.set(field, elements::read(family, bytes)),
            None => layer.set(field, bytes),
        }
    }
    header.len()
}

/// The segment list and the TLVs of an SRH.
fn list(srh: &Srh<'_>, network: Option<&[u8]>, layer: &mut Layer) {
    let mut path: Vec<_> = path::travelled(srh).map(Arg::Ipv6).collect();
    let first = network.and_then(|header| Ipv6::new(header).ok()).map(|header| header.destination());
    match first {
        Some(first) if path::is_reduced(srh) && !srh.last_entry_overruns() => {
            path.insert(0, Arg::Ipv6(first));
            layer.set(&srh::PATH, path);
            layer.set(&srh::REDUCED, true);
            if srh.last_entry() == 0 {
                // Said out loud, since such a list should not be reduced.
                layer.set(&srh::LAST_ENTRY, srh.last_entry());
            }
        }
        _ => layer.set(&srh::PATH, path),
    }
    if !srh.tlv_bytes().is_empty() {
        layer.set(&srh::TLVS, elements::read(&srh_tlv::TLVS, srh.tlv_bytes()));
    }
}

/// The sources, records and options of an ICMPv6 message.
fn message_v6(layer: &mut Layer, header: &[u8]) -> usize {
    let kind = header.first().copied().unwrap_or_default();
    let fixed = icmpv6::message_len(kind).min(header.len());
    // The type decides how long the message is.
    if kind != message::ECHO_REQUEST {
        layer.set(&icmpv6::TYPE, kind);
    }
    match kind {
        message::LISTENER_QUERY if header.len() >= mld::QUERY_LEN => {
            let (chunks, _) = tail(header, mld::QUERY_LEN).as_chunks::<16>();
            let count = chunks.len().min(usize::from(u16_at(header, mld::QUERY_LEN - 2).unwrap_or_default()));
            let sources: Vec<_> = chunks[..count].iter().map(|octets| Arg::Ipv6((*octets).into())).collect();
            layer.set(&mld::SOURCE, sources);
            mld::QUERY_LEN + count * 16
        }
        message::LISTENER_REPORT_V2 => rest(layer, header, &mld::RECORD_LIST, fixed),
        message::ROUTER_SOLICITATION..=message::REDIRECT => rest(layer, header, &nd::OPTIONS, fixed),
        _ => fixed,
    }
}

/// The optional fields of GRE.
fn gre_fields(layer: &mut Layer, header: &[u8]) -> Option<usize> {
    let places = gre::Places::new(header)?;
    let flags = u16_at(header, 0)?;
    let number = |at: usize| tail(header, at).first_chunk().map(|octets| u32::from_be_bytes(*octets));
    let mut end = gre::MIN_LEN;
    if let Some(at) = places.checksum {
        if flags & 0x8000 != 0 {
            layer.set(&gre::CHECKSUM_BIT, true);
        }
        layer.set(&gre::CHECKSUM, u16_at(header, at)?);
        layer.set(&gre::OFFSET, u16_at(header, at + 2)?);
        end = at + 4;
    }
    for (field, place) in [(&gre::KEY, places.key), (&gre::SEQUENCE, places.sequence), (&gre::ACK, places.ack)] {
        if let Some(at) = place {
            layer.set(field, number(at)?);
            end = at + 4;
        }
    }
    if let Some(entries) = header.get(end..).filter(|entries| !entries.is_empty()) {
        layer.set(&gre::ROUTING, entries);
    }
    Some(header.len())
}

/// The optional fields and the extension headers of GTP-U.
fn gtp_fields(layer: &mut Layer, header: &[u8]) -> Option<usize> {
    if !gtp::is_long(header) {
        return Some(header.len());
    }
    let flags = *header.first()?;
    if flags & 2 != 0 {
        layer.set(&gtp::SEQUENCE, u16_at(header, 8)?);
    }
    if flags & 1 != 0 {
        layer.set(&gtp::NPDU, u8_at(header, 10)?);
    }
    let mut extensions = Vec::new();
    for (kind, at, len) in gtp::extensions(header) {
        let mut chunk = header.get(at..at + len)?.to_vec();
        // Its last byte says what the next one is.
        *chunk.last_mut()? = 0;
        extensions.push(elements::one(&gtp::EXTENSION_FORMS, Some(kind.into()), &chunk));
    }
    if flags & 4 != 0 && extensions.is_empty() {
        layer.set(&gtp::FLAG_E, true);
    } else if !extensions.is_empty() {
        layer.set(&gtp::EXTENSIONS, extensions);
    }
    Some(header.len())
}

/// All of PPP's header.
fn ppp_fields(layer: &mut Layer, header: &[u8]) -> Option<usize> {
    let view = Ppp::new(header)?;
    if view.framed {
        layer.set(&ppp::FRAMED, true);
    }
    if view.protocol_len == 1 {
        layer.set(&ppp::COMPRESSED, true);
    }
    layer.set(&ppp::PROTOCOL_NUMBER, view.protocol);
    Some(header.len())
}

/// The access points and the control field of LLC, where it goes without SNAP.
fn llc_fields(layer: &mut Layer, header: &[u8]) -> Option<usize> {
    if !llc::is_snap(header) {
        layer.set(&llc::DSAP, u8_at(header, 0)?);
        layer.set(&llc::SSAP, u8_at(header, 1)?);
        layer.set(&llc::CONTROL, llc::control(header)?.0);
    }
    Some(header.len())
}

/// The addresses of ARP.
fn arp_fields(layer: &mut Layer, header: &[u8]) -> Option<usize> {
    let (hardware, protocol) = (u8_at(header, 4)?, u8_at(header, 5)?);
    layer.set(&arp::HARDWARE_SIZE, hardware);
    layer.set(&arp::PROTOCOL_SIZE, protocol);
    let mut at = arp::FIXED_LEN;
    for (field, size) in [
        (&arp::SENDER_MAC, hardware),
        (&arp::SENDER_IPV4, protocol),
        (&arp::TARGET_MAC, hardware),
        (&arp::TARGET_IPV4, protocol),
    ] {
        let value = header.get(at..at + usize::from(size))?;
        at += value.len();
        match (value.first_chunk::<6>(), value.first_chunk::<4>(), size) {
            (Some(octets), _, 6) => layer.set(field, *octets),
            (_, Some(octets), 4) => layer.set(field, std::net::Ipv4Addr::from(*octets)),
            _ => layer.set(field, value),
        }
    }
    Some(header.len())
}

/// All of a cooked header.
fn cooked_fields(layer: &mut Layer, header: &[u8]) -> Option<usize> {
    let view = if header.len() == cooked::V2_LEN { Cooked::v2(header) } else { Cooked::v1(header) }?;
    let places = view.places();
    let number =
        |(at, size): (usize, usize)| if size == 1 { u8_at(header, at).map(u16::from) } else { u16_at(header, at) };
    layer.set(&cooked::PACKET_TYPE, number(places.packet_type)?);
    layer.set(&cooked::HARDWARE, u16_at(header, places.hardware)?);
    layer.set(&cooked::ADDRESS_LENGTH, number(places.address_length)?);
    let (address, unused) = header.get(places.address..places.address + 8)?.split_at_checked(6)?;
    layer.set(&cooked::ETHER, *address.first_chunk::<6>()?);
    layer.set(&cooked::UNUSED, unused);
    if view.version == 2 {
        layer.set(&cooked::RESERVED, u16_at(header, 2)?);
    }
    layer.set(&cooked::PROTOCOL_TYPE, view.protocol());
    if view.version == 2 {
        layer.set(&cooked::INTERFACE, tail(header, 4).first_chunk().map(|octets| u32::from_be_bytes(*octets))?);
    }
    Some(header.len())
}
