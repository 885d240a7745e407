//! IPv4 and IPv6, and the pseudo-header they lend to what is inside them.

use std::net::Ipv6Addr;
use std::ops::Range;

use crate::craft::build::{Packet, Site, Step};
use crate::craft::check::Check;
use crate::craft::link::append;
use crate::craft::rules::Rules;
use crate::craft::{Layer, Problem, csid, element, extension, srh};
use crate::wire::checksum::Sum;
use crate::wire::field::Field;
use crate::wire::icmpv6::{self, message};
use crate::wire::ipv6::Ipv6;
use crate::wire::names::{ether_type, ip_proto};
use crate::wire::proto::Proto;
use crate::wire::{ipv4, ipv6, ppp};

pub(super) const IPV4: Rules =
    Rules::new(ipv4).sealed(seal_ipv4).ip(ip_proto::IPV4).ether(ether_type::IPV4).ppp(ppp::protocol::IPV4);
pub(super) const IPV6: Rules =
    Rules::new(ipv6).sealed(seal_ipv6).ip(ip_proto::IPV6).ether(ether_type::IPV6).ppp(ppp::protocol::IPV6);

/// The hop limit of a fresh packet, as of Linux.
const HOP_LIMIT: u8 = 64;

/// Announces the next layer by its IP protocol number, unless one was given.
pub(super) fn put_protocol(site: &Site, header: &mut [u8], field: &'static Field) -> Step {
    if site.layer().has(field) {
        return Ok(());
    }
    let number = match site.next() {
        None | Some(Proto::Data) => ip_proto::NONE,
        Some(next) => Rules::of(next).ip.ok_or_else(|| site.cannot_announce(next, field))?,
    };
    site.put(header, field, number)
}

/// Appends an IPv4 header; options are padded with End of Options (0).
fn ipv4(site: &Site, bytes: &mut Vec<u8>) -> Step {
    let options = element::list(site, &ipv4::OPTIONS, 0, element::zeros)?.bytes;
    let len = ipv4::MIN_LEN + options.len().next_multiple_of(4);
    let header = append(bytes, len);
    header[ipv4::MIN_LEN..][..options.len()].copy_from_slice(&options);
    site.put(header, &ipv4::VERSION, 4u8)?;
    let hint = "shorten options, or give ihl=";
    site.put_counted(header, &ipv4::HEADER_LENGTH, len as u64 / 4, "words of header", hint)?;
    site.put(header, &ipv4::TTL, HOP_LIMIT)?;
    put_protocol(site, header, &ipv4::PROTO)
}

/// Fills in Total Length and the header checksum.
fn seal_ipv4(site: &Site, packet: &mut Packet) -> Step {
    let (whole, inside) = (packet.onwards(site.index).len(), packet.inside(site.index));
    let bytes = packet.onwards_mut(site.index);
    let hint = "shorten the payload, or give len=";
    site.put_counted(bytes, &ipv4::TOTAL_LENGTH, whole as u64, "bytes of packet", hint)?;
    let start = packet.starts[site.index];
    let check = Check::new(start + ipv4::CHECKSUM.byte_range().0, start, whole - inside);
    packet.put_checksum(site, &ipv4::CHECKSUM, check)
}

/// Appends an IPv6 header.
fn ipv6(site: &Site, bytes: &mut Vec<u8>) -> Step {
    csid::compression(site.layer()).map_err(|problem| site.error(problem))?;
    let header = append(bytes, ipv6::LEN);
    site.put(header, &ipv6::VERSION, 6u8)?;
    put_protocol(site, header, &ipv6::NEXT_HEADER)?;
    site.put(header, &ipv6::HOP_LIMIT, hop_limit(site))?;
    if !site.layer().has(&ipv6::DESTINATION)
        && let Some(destination) = destination(site)?
    {
        let (at, size) = ipv6::DESTINATION.byte_range();
        header[at..at + size].copy_from_slice(&destination.octets());
    }
    Ok(())
}

/// The hop limit of a fresh packet: neighbour discovery is only taken at 255
/// (RFC 4861 §6.1), listener discovery at 1 (RFC 3810 §5).
fn hop_limit(site: &Site) -> u8 {
    let mut upper = site.following().iter().skip_while(|layer| extension::is_extension(layer.proto));
    let message = upper.next().filter(|layer| layer.proto == Proto::Icmpv6).and_then(|layer| layer.uint(&icmpv6::TYPE));
    match message.and_then(|kind| u8::try_from(kind).ok()) {
        Some(message::ROUTER_SOLICITATION..=message::REDIRECT) => 255,
        Some(message::LISTENER_QUERY..=message::LISTENER_DONE | message::LISTENER_REPORT_V2) => 1,
        _ => HOP_LIMIT,
    }
}

/// The SRH that says where the IPv6 packet at `ip` goes first: the first one,
/// by its place in the stack.
pub(super) fn leading_srh(layers: &[Layer], ip: usize) -> Option<usize> {
    let mut headers =
        layers.iter().enumerate().skip(ip + 1).take_while(|(_, layer)| extension::is_extension(layer.proto));
    headers.find(|(_, layer)| layer.proto == Proto::Srh).map(|(index, _)| index)
}

/// The destination that the leading SRH asks for: the segment that Segments
/// Left points at.
fn destination(site: &Site) -> Step<Option<Ipv6Addr>> {
    let Some(srh) = leading_srh(site.layers, site.index) else { return Ok(None) };
    match srh::active_segment(&site.layers[srh]) {
        srh::Active::Segment(address, _) => Ok(Some(address)),
        srh::Active::Missing => Err(site.error(Problem::ReducedDestination)),
        srh::Active::None => Ok(None),
    }
}

/// Fills in Payload Length.
fn seal_ipv6(site: &Site, packet: &mut Packet) -> Step {
    let inside = packet.inside(site.index);
    let hint = "shorten the payload, or give plen=";
    let header = packet.onwards_mut(site.index);
    site.put_counted(header, &ipv6::PAYLOAD_LENGTH, inside as u64, "bytes of payload", hint)
}

/// What the pseudo-header adds to the checksum of the upper-layer header at a
/// site.
pub(super) struct Pseudo {
    /// The IP version that lends it.
    pub ip: Proto,
    /// Where the addresses lie in the packet, as far as they are in it.
    pub addresses: Vec<Range<usize>>,
    /// The sum of everything else.
    pub rest: Sum,
}

/// The pseudo-header for the upper-layer header at `site`, of which `length`
/// bytes are covered. `None` where no IP header is before it.
///
/// Bytes of no protocol between the two are taken for an extension header that
/// sr6 does not know.
pub(super) fn pseudo_header(site: &Site, packet: &Packet, length: usize, protocol: u8) -> Option<Pseudo> {
    let outer = &site.layers[..site.index];
    let between = |layer: &Layer| extension::is_extension(layer.proto) || layer.proto == Proto::Data;
    let ip = outer.iter().rposition(|layer| !between(layer))?;
    let start = packet.starts[ip];
    let within = |field: &Field| {
        let (at, size) = field.byte_range();
        start + at..start + at + size
    };
    let mut rest = Sum::default().pseudo_header(&[], &[], length as u32, protocol);
    let addresses = match outer[ip].proto {
        Proto::Ipv4 => vec![within(&ipv4::SOURCE), within(&ipv4::DESTINATION)],
        Proto::Ipv6 => match compressed(outer, packet, ip) {
            Some(arrives) => {
                rest = rest.bytes(&arrives.octets());
                vec![within(&ipv6::SOURCE)]
            }
            None => {
                // The innermost Routing header that still has segments left knows
                // where the packet ends (RFC 8200 §8.1); those inside it with none
                // left change nothing.
                let last = (ip + 1..site.index).rev().find_map(|index| {
                    let at = extension::final_destination(&outer[index], packet.onwards(index))?;
                    Some(packet.starts[index] + at)
                });
                vec![within(&ipv6::SOURCE), last.map_or(within(&ipv6::DESTINATION), |at| at..at + 16)]
            }
        },
        _ => return None,
    };
    Some(Pseudo { ip: outer[ip].proto, addresses, rest })
}

/// The destination as it arrives at the end of a path of compressed SIDs (RFC
/// 9800 §6.5); `None` where nobody says that there are any.
fn compressed(outer: &[Layer], packet: &Packet, ip: usize) -> Option<Ipv6Addr> {
    let header = Ipv6::new(packet.onwards(ip)).ok()?;
    // As without compression, the innermost header with segments left counts.
    for index in (ip + 1..outer.len()).rev().filter(|index| outer[*index].proto == Proto::Srh) {
        let left = packet.onwards(index).get(3).copied().unwrap_or_default();
        let arrives = srh::arriving(&outer[index], left, header.destination());
        if arrives.is_some() || left > 0 {
            return arrives;
        }
    }
    csid::arriving(&outer[ip], header.destination())
}
