//! IPv4 and IPv6, and the pseudo-header they lend to what is inside them.

use std::net::Ipv6Addr;

use crate::craft::build::{Packet, Site, Step};
use crate::craft::link::append;
use crate::craft::{Layer, Problem, extension, srh};
use crate::wire::checksum::Sum;
use crate::wire::field::Field;
use crate::wire::ipv4::Ipv4;
use crate::wire::ipv6::Ipv6;
use crate::wire::names::ip_proto;
use crate::wire::proto::Proto;
use crate::wire::{ipv4, ipv6};

/// The hop limit of a fresh packet, as of Linux.
const HOP_LIMIT: u8 = 64;

/// Announces the next layer by its IP protocol number, unless one was given.
pub(super) fn put_protocol(site: &Site, header: &mut [u8], field: &'static Field) -> Step {
    if site.layer().has(field) {
        return Ok(());
    }
    let number = match site.next() {
        None | Some(Proto::Data) => ip_proto::NONE,
        Some(Proto::Ethernet) => ip_proto::ETHERNET,
        Some(Proto::Ipv4) => ip_proto::IPV4,
        Some(Proto::Ipv6) => ip_proto::IPV6,
        Some(Proto::HopByHop) => ip_proto::HOP_BY_HOP,
        Some(Proto::Destination) => ip_proto::DESTINATION,
        Some(Proto::Routing | Proto::Srh) => ip_proto::ROUTING,
        Some(Proto::Fragment) => ip_proto::FRAGMENT,
        Some(Proto::Udp) => ip_proto::UDP,
        Some(Proto::Tcp) => ip_proto::TCP,
        Some(Proto::Icmpv4) => ip_proto::ICMP,
        Some(Proto::Icmpv6) => ip_proto::ICMPV6,
        // What no protocol number names, and what cannot be crafted.
        Some(next) => {
            return Err(site.error(Problem::CannotAnnounce { next: next.info().notation, arg: field.arg }));
        }
    };
    site.put(header, field, number)
}

/// Appends an IPv4 header; options are padded with End of Options (0).
pub(super) fn ipv4(site: &Site, bytes: &mut Vec<u8>) -> Step {
    let options = site.layer().raw(&ipv4::OPTIONS);
    let len = ipv4::MIN_LEN + options.len().next_multiple_of(4);
    let header = append(bytes, len);
    header[ipv4::MIN_LEN..][..options.len()].copy_from_slice(options);
    site.put(header, &ipv4::VERSION, 4u8)?;
    let hint = "shorten options, or give ihl=";
    site.put_counted(header, &ipv4::HEADER_LENGTH, len as u64 / 4, "words of header", hint)?;
    site.put(header, &ipv4::TTL, HOP_LIMIT)?;
    put_protocol(site, header, &ipv4::PROTO)
}

/// Fills in Total Length and the header checksum.
pub(super) fn seal_ipv4(site: &Site, packet: &mut Packet) -> Step {
    let (whole, inside) = (packet.onwards(site.index).len(), packet.inside(site.index));
    let packet = packet.onwards_mut(site.index);
    let hint = "shorten the payload, or give len=";
    site.put_counted(packet, &ipv4::TOTAL_LENGTH, whole as u64, "bytes of packet", hint)?;
    let header = &mut packet[..whole - inside];
    let (at, size) = ipv4::CHECKSUM.byte_range();
    let sum = Sum::default().bytes(&header[..at]).bytes(&header[at + size..]).checksum();
    site.put_checksum(header, &ipv4::CHECKSUM, sum)
}

/// Appends an IPv6 header.
pub(super) fn ipv6(site: &Site, bytes: &mut Vec<u8>) -> Step {
    let header = append(bytes, ipv6::LEN);
    site.put(header, &ipv6::VERSION, 6u8)?;
    put_protocol(site, header, &ipv6::NEXT_HEADER)?;
    site.put(header, &ipv6::HOP_LIMIT, HOP_LIMIT)?;
    if !site.layer().has(&ipv6::DESTINATION)
        && let Some(destination) = destination(site)?
    {
        let (at, size) = ipv6::DESTINATION.byte_range();
        header[at..at + size].copy_from_slice(&destination.octets());
    }
    Ok(())
}

/// The destination that the first SRH of this packet asks for: the segment
/// that Segments Left points at.
fn destination(site: &Site) -> Step<Option<Ipv6Addr>> {
    let mut headers = site.following().iter().take_while(|layer| extension::is_extension(layer.proto));
    let Some(layer) = headers.find(|layer| layer.proto == Proto::Srh) else { return Ok(None) };
    match srh::active_segment(layer) {
        srh::Active::Segment(address) => Ok(Some(address)),
        srh::Active::Missing => Err(site.error(Problem::ReducedDestination)),
        srh::Active::None => Ok(None),
    }
}

/// Fills in Payload Length.
pub(super) fn seal_ipv6(site: &Site, packet: &mut Packet) -> Step {
    let inside = packet.inside(site.index);
    let hint = "shorten the payload, or give plen=";
    let header = packet.onwards_mut(site.index);
    site.put_counted(header, &ipv6::PAYLOAD_LENGTH, inside as u64, "bytes of payload", hint)
}

/// The sum of the pseudo-header for the upper-layer header at `site`, of which
/// `length` bytes are covered. `None` where no IP header is before it.
///
/// Bytes of no protocol between the two are taken for an extension header that
/// sr6 does not know.
pub(super) fn pseudo_header(site: &Site, packet: &Packet, length: usize, protocol: u8) -> Option<(Sum, Proto)> {
    let outer = &site.layers[..site.index];
    let between = |layer: &Layer| extension::is_extension(layer.proto) || layer.proto == Proto::Data;
    let ip = outer.iter().rposition(|layer| !between(layer))?;
    let bytes = packet.onwards(ip);
    let length = length as u32;
    let sum = match outer[ip].proto {
        Proto::Ipv4 => {
            let header = Ipv4::new(bytes).ok()?;
            let (source, destination) = (header.source().octets(), header.destination().octets());
            Sum::default().pseudo_header(&source, &destination, length, protocol)
        }
        Proto::Ipv6 => {
            let header = Ipv6::new(bytes).ok()?;
            // The innermost Routing header that still has segments left knows
            // where the packet ends (RFC 8200 §8.1); those inside it with none
            // left change nothing.
            let destination = (ip + 1..site.index)
                .rev()
                .find_map(|index| extension::final_destination(&outer[index], packet.onwards(index)))
                .unwrap_or(header.destination());
            Sum::default().pseudo_header(&header.source().octets(), &destination.octets(), length, protocol)
        }
        _ => return None,
    };
    Some((sum, outer[ip].proto))
}
