//! ICMP of either version: echoes, errors that quote a packet, neighbour and
//! listener discovery.

use crate::craft::build::{Packet, Site, Step};
use crate::craft::check::Check;
use crate::craft::link::append;
use crate::craft::rules::Rules;
use crate::craft::upper::seal_transport;
use crate::craft::{Arg, Layer, element};
use crate::wire::checksum::Sum;
use crate::wire::field::{At, Field};
use crate::wire::icmpv6::message;
use crate::wire::names::ip_proto;
use crate::wire::proto::Proto;
use crate::wire::{icmp_extensions, icmpv4, icmpv6, mld, nd};

pub(super) const ICMPV4: Rules = Rules::new(lay_v4).sealed(seal_v4).ip(ip_proto::ICMP);
pub(super) const ICMPV6: Rules = Rules::new(lay_v6).sealed(seal_v6).ip(ip_proto::ICMPV6);
pub(super) const EXTENSIONS: Rules = Rules::new(lay_extensions).sealed(seal_extensions);

/// The bytes of the header that the fields given to it need.
fn needed(layer: &Layer) -> usize {
    let fixed = layer.args().filter(|(field, _)| matches!(field.at, At::Bits { .. }));
    fixed.map(|(field, _)| field.byte_range()).map(|(at, size)| at + size).max().unwrap_or_default()
}

/// Appends an ICMP header: an echo request, where no type is given.
fn lay_v4(site: &Site, bytes: &mut Vec<u8>) -> Step {
    let kind = site.layer().uint(&icmpv4::TYPE).unwrap_or(icmpv4::ECHO_REQUEST.into());
    let len = icmpv4::message_len(kind as u8).max(needed(site.layer()));
    site.put(append(bytes, len), &icmpv4::TYPE, icmpv4::ECHO_REQUEST)
}

/// Appends an ICMPv6 message: an echo request, where no type is given.
fn lay_v6(site: &Site, bytes: &mut Vec<u8>) -> Step {
    let layer = site.layer();
    let kind = layer.uint(&icmpv6::TYPE).unwrap_or(message::ECHO_REQUEST.into()) as u8;
    let mut len = icmpv6::message_len(kind).max(needed(layer));
    if layer.has(&mld::SOURCE) {
        len = len.max(mld::QUERY_LEN);
    }
    let header = append(bytes, len);
    site.put(header, &icmpv6::TYPE, message::ECHO_REQUEST)?;
    let hint = "leave some out, or give their number";
    if let Some(Arg::List(sources)) = layer.get(&mld::SOURCE) {
        site.put_counted(header, &mld::SOURCES, sources.len() as u64, "sources", hint)?;
        for source in sources {
            if let Arg::Ipv6(address) = source {
                bytes.extend(address.octets());
            }
        }
    }
    let records = element::list(site, &mld::RECORD_LIST, 0, element::zeros)?;
    if !records.bytes.is_empty() {
        let start = bytes.len() - len;
        site.put_counted(&mut bytes[start..], &mld::RECORDS, records.places.len() as u64, "records", hint)?;
        bytes.extend(records.bytes);
    }
    bytes.extend(element::list(site, &nd::OPTIONS, 0, element::zeros)?.bytes);
    Ok(())
}

/// Fills in ICMP's checksum, which covers the message alone (RFC 792).
fn seal_v4(site: &Site, packet: &mut Packet) -> Step {
    quote(site, packet, &icmpv4::QUOTE, &icmpv4::LENGTH, 4)?;
    let start = packet.starts[site.index];
    let check = Check::new(start + icmpv4::CHECKSUM.byte_range().0, start, packet.onwards(site.index).len());
    packet.put_checksum(site, &icmpv4::CHECKSUM, check)
}

/// Fills in ICMPv6's checksum (RFC 4443 §2.3).
fn seal_v6(site: &Site, packet: &mut Packet) -> Step {
    quote(site, packet, &icmpv6::QUOTE, &icmpv6::LENGTH, 8)?;
    let covered = packet.onwards(site.index).len();
    seal_transport(site, packet, covered, &icmpv6::CHECKSUM, ip_proto::ICMPV6, Sum::checksum)
}

/// Cuts the quoted packet to as many bytes as were asked for, or fills it up;
/// where extensions follow it, says where it ends, in units of `unit` bytes,
/// and makes it as long as they need it (RFC 4884 §3).
fn quote(site: &Site, packet: &mut Packet, quoted: &'static Field, length: &'static Field, unit: usize) -> Step {
    const SHORTEST: usize = 128;

    let layer = site.layer();
    let extended = extended_by(site.layers) == Some(site.index) && site.next().is_some();
    let asked = layer.uint(quoted).map(|bytes| bytes as usize);
    if !extended {
        if let Some(bytes) = asked {
            packet.resize_inside(site.index, bytes);
        }
        return Ok(());
    }
    let there = packet.quoted(site.index);
    let whole = there.next_multiple_of(unit).max(SHORTEST);
    let bytes = asked.unwrap_or(if layer.has(length) { there } else { whole });
    packet.resize_inside(site.index, bytes);
    let start = packet.starts[site.index];
    let hint = "shorten the quoted packet, or give length=";
    site.put_counted(&mut packet.bytes[start..], length, bytes.div_ceil(unit) as u64, "units of quoted packet", hint)
}

/// Which ICMP message the extensions in a stack belong to: the one right before
/// them, else the last that quotes a packet.
pub(super) fn extended_by(layers: &[Layer]) -> Option<usize> {
    let at = layers.iter().position(|layer| layer.proto == Proto::IcmpExtensions)?;
    let is_icmp = |index: &usize| matches!(layers[*index].proto, Proto::Icmpv4 | Proto::Icmpv6);
    let quotes = |index: &usize| matches!(layers[*index + 1].proto, Proto::Ipv4 | Proto::Ipv6);
    let before = at.checked_sub(1).filter(is_icmp);
    before.or((0..at).rev().filter(is_icmp).find(quotes)).or((0..at).rev().find(is_icmp))
}

/// Appends the extensions of an ICMP message (RFC 4884 §7).
fn lay_extensions(site: &Site, bytes: &mut Vec<u8>) -> Step {
    const VERSION: u8 = 2;

    let objects = element::list(site, &icmp_extensions::OBJECTS, 0, element::zeros)?.bytes;
    let header = append(bytes, icmp_extensions::LEN + objects.len());
    header[icmp_extensions::LEN..].copy_from_slice(&objects);
    site.put(header, &icmp_extensions::VERSION, VERSION)
}

/// Fills in the extensions' own checksum.
fn seal_extensions(site: &Site, packet: &mut Packet) -> Step {
    let start = packet.starts[site.index];
    let count = packet.onwards(site.index).len();
    let check = Check::new(start + icmp_extensions::CHECKSUM.byte_range().0, start, count);
    packet.put_checksum(site, &icmp_extensions::CHECKSUM, check)
}
