//! Upper layers: UDP and TCP, and checksums over a pseudo-header.

use crate::craft::build::{Packet, Site, Step};
use crate::craft::check::Check;
use crate::craft::internet::pseudo_header;
use crate::craft::link::append;
use crate::craft::rules::Rules;
use crate::craft::{Problem, element};
use crate::wire::checksum::Sum;
use crate::wire::field::Field;
use crate::wire::names::ip_proto;
use crate::wire::proto::Proto;
use crate::wire::{bytes::u16_at, tcp, udp};

pub(super) const UDP: Rules = Rules::new(udp).sealed(seal_udp).ip(ip_proto::UDP);
pub(super) const TCP: Rules = Rules::new(tcp).sealed(seal_tcp).ip(ip_proto::TCP);

/// Appends a UDP header, to the port of what it carries.
fn udp(site: &Site, bytes: &mut Vec<u8>) -> Step {
    let header = append(bytes, udp::LEN);
    match site.next().and_then(|next| Rules::of(next).port) {
        Some(port) => site.put(header, &udp::DESTINATION, port),
        None => Ok(()),
    }
}

/// Fills in UDP's Length and checksum.
fn seal_udp(site: &Site, packet: &mut Packet) -> Step {
    let datagram = packet.onwards_mut(site.index);
    let whole = datagram.len();
    let hint = "shorten the payload, or give len=";
    site.put_counted(datagram, &udp::LENGTH, whole as u64, "bytes of datagram", hint)?;
    // UDP says itself how much of the packet is its own (RFC 8200 §8.1); a
    // Length that cannot be true is no guide.
    let claimed = u16_at(datagram, udp::LENGTH.byte_range().0).map_or(0, usize::from);
    let covered = if (udp::LEN..=whole).contains(&claimed) { claimed } else { whole };
    seal_transport(site, packet, covered, &udp::CHECKSUM, ip_proto::UDP, Sum::udp_checksum)
}

/// Appends a TCP header; options are padded with End of Option List (0).
fn tcp(site: &Site, bytes: &mut Vec<u8>) -> Step {
    const SYN: u16 = 0x002;

    let options = element::list(site, &tcp::OPTIONS, 0, element::zeros)?.bytes;
    let len = tcp::MIN_LEN + options.len().next_multiple_of(4);
    let header = append(bytes, len);
    header[tcp::MIN_LEN..][..options.len()].copy_from_slice(&options);
    let hint = "shorten options, or give off=";
    site.put_counted(header, &tcp::HEADER_LENGTH, len as u64 / 4, "words of header", hint)?;
    site.put(header, &tcp::FLAGS, SYN)?;
    site.put(header, &tcp::WINDOW, u16::MAX)
}

/// Fills in TCP's checksum.
fn seal_tcp(site: &Site, packet: &mut Packet) -> Step {
    let covered = packet.onwards(site.index).len();
    seal_transport(site, packet, covered, &tcp::CHECKSUM, ip_proto::TCP, Sum::checksum)
}

/// Fills in a checksum over the pseudo-header and the first `covered` bytes
/// from this layer on.
pub(super) fn seal_transport(
    site: &Site,
    packet: &mut Packet,
    covered: usize,
    field: &'static Field,
    protocol: u8,
    finish: fn(Sum) -> u16,
) -> Step {
    if !site.wants_checksum(field) {
        return Ok(());
    }
    let pseudo = match pseudo_header(site, packet, covered, protocol) {
        Some(pseudo) if protocol == ip_proto::ICMPV6 && pseudo.ip == Proto::Ipv4 => None,
        pseudo => pseudo,
    };
    let ips = if protocol == ip_proto::ICMPV6 { "ip6" } else { "ip6 or ip4" };
    let pseudo = pseudo.ok_or_else(|| site.error(Problem::NoAddresses(ips)))?;
    let mut check = over(site, packet, covered, field);
    check.covers.splice(0..0, pseudo.addresses);
    check.beside = pseudo.rest;
    check.finish = finish;
    packet.put_checksum(site, field, check)
}

/// The checksum `field` over the first `count` bytes from this layer on.
fn over(site: &Site, packet: &Packet, count: usize, field: &Field) -> Check {
    let start = packet.starts[site.index];
    Check::new(start + field.byte_range().0, start, count)
}
