//! Link layers: Ethernet, VLAN tags, Linux cooked, BSD loopback.

use crate::craft::build::{Packet, Site, Step};
use crate::craft::rules::Rules;
use crate::craft::{Arg, Problem};
use crate::wire::cooked::{self, Cooked};
use crate::wire::field::Field;
use crate::wire::names::{ether_type, ip_proto};
use crate::wire::proto::Proto;
use crate::wire::{ethernet, loopback, vlan};

pub(super) const ETHERNET: Rules =
    Rules::new(ethernet).sealed(seal_ethernet).ip(ip_proto::ETHERNET).ether(ether_type::BRIDGED);
pub(super) const VLAN: Rules = Rules::new(vlan).sealed(seal_vlan).ether(ether_type::VLAN);
pub(super) const COOKED: Rules = Rules::new(cooked);
pub(super) const LOOPBACK: Rules = Rules::new(loopback);

/// Appends an Ethernet header.
fn ethernet(site: &Site, bytes: &mut Vec<u8>) -> Step {
    let header = append(bytes, ethernet::LEN);
    put_type(site, header, &ethernet::TYPE, &ethernet::LENGTH)
}

/// Appends a VLAN tag.
fn vlan(site: &Site, bytes: &mut Vec<u8>) -> Step {
    let header = append(bytes, vlan::LEN);
    put_type(site, header, &vlan::TYPE, &vlan::LENGTH)
}

/// Announces the next layer, unless the type was given, or a length (802.3) in
/// its place.
fn put_type(site: &Site, header: &mut [u8], kind: &'static Field, length: &'static Field) -> Step {
    if site.layer().has(kind) || site.layer().has(length) || site.next() == Some(Proto::Llc) {
        return Ok(());
    }
    site.put(header, kind, ether_type_of_next(site, kind)?)
}

/// Fills in the length of a frame with LLC (IEEE 802.3 §3.2.6).
fn seal_ethernet(site: &Site, packet: &mut Packet) -> Step {
    seal_length(site, packet, &ethernet::TYPE, &ethernet::LENGTH)
}

/// The same behind a VLAN tag.
fn seal_vlan(site: &Site, packet: &mut Packet) -> Step {
    seal_length(site, packet, &vlan::TYPE, &vlan::LENGTH)
}

fn seal_length(site: &Site, packet: &mut Packet, kind: &'static Field, length: &'static Field) -> Step {
    if site.next() != Some(Proto::Llc) || site.layer().has(kind) {
        return Ok(());
    }
    let inside = packet.inside(site.index) as u64;
    let most = u64::from(ethernet::MAX_LENGTH_FIELD);
    if inside > most && !site.layer().has(length) {
        let (of, arg, hint) = ("bytes of payload", length.arg, "shorten the payload, or give len=");
        return Err(site.error(Problem::TooMany { value: inside, of, arg, most, hint }));
    }
    site.put(packet.onwards_mut(site.index), length, inside)
}

/// The Ethertype of the next layer; a VLAN tag may bring its own.
pub(super) fn ether_type_of_next(site: &Site, field: &'static Field) -> Step<u16> {
    let next = match site.next() {
        None | Some(Proto::Data) => return Ok(ether_type::LOCAL_EXPERIMENT),
        Some(next) => next,
    };
    if let Some(tpid) = site.following()[0].uint(&vlan::TPID).filter(|_| next == Proto::Vlan) {
        return Ok(tpid as u16);
    }
    Rules::of(next).ether.ok_or_else(|| site.cannot_announce(next, field))
}

/// Appends a Linux cooked header: version 2 where an interface index is given,
/// which version 1 has no place for.
fn cooked(site: &Site, bytes: &mut Vec<u8>) -> Step {
    /// "Sent by us", as a capture on the sender shows it.
    const OUTGOING: u64 = 4;
    /// Linux's number for LLC.
    const ETH_P_802_2: u64 = 4;
    /// ARPHRD_ETHER.
    const ETHER: u64 = 1;

    let layer = site.layer();
    let v2 = layer.has(&cooked::INTERFACE);
    let header = append(bytes, if v2 { cooked::V2_LEN } else { cooked::V1_LEN });
    let view = if v2 { Cooked::v2(header) } else { Cooked::v1(header) };
    let Some(places) = view.map(|cooked| cooked.places()) else { return Ok(()) };

    let kind = match layer.uint(&cooked::PROTOCOL_TYPE) {
        Some(given) => given,
        None if layer.has(&cooked::PROTOCOL_TYPE) => 0,
        None if site.next() == Some(Proto::Llc) => ETH_P_802_2,
        None => ether_type_of_next(site, &cooked::PROTOCOL_TYPE)?.into(),
    };
    let mut number = |field: &'static Field, (at, size): (usize, usize), default: u64| {
        let place = &mut header[at..at + size];
        match layer.get(field) {
            Some(Arg::Bytes(raw)) if raw.len() == size => place.copy_from_slice(raw),
            Some(Arg::Bytes(raw)) => return Err(site.error(size_error(field, size, raw.len()))),
            _ => {
                let value = layer.uint(field).unwrap_or(default);
                if value >> (8 * size) != 0 {
                    let (arg, width) = (field.arg, 8 * size as u16);
                    return Err(site.error(crate::craft::ArgError::TooWide { arg, value, width }));
                }
                place.copy_from_slice(&value.to_be_bytes()[8 - size..]);
            }
        }
        Ok(())
    };
    number(&cooked::PACKET_TYPE, places.packet_type, OUTGOING)?;
    number(&cooked::HARDWARE, (places.hardware, 2), ETHER)?;
    number(&cooked::ADDRESS_LENGTH, places.address_length, 6)?;
    number(&cooked::PROTOCOL_TYPE, (places.protocol, 2), kind)?;
    if v2 {
        number(&cooked::INTERFACE, (4, 4), 0)?;
        number(&cooked::RESERVED, (2, 2), 0)?;
    }
    match layer.get(&cooked::ETHER) {
        Some(Arg::Ether(octets)) => header[places.address..places.address + 6].copy_from_slice(octets),
        Some(Arg::Bytes(raw)) if raw.len() <= 8 => {
            header[places.address..places.address + raw.len()].copy_from_slice(raw);
        }
        Some(Arg::Bytes(raw)) => return Err(site.error(size_error(&cooked::ETHER, 8, raw.len()))),
        _ => {}
    }
    let unused = layer.raw(&cooked::UNUSED);
    match unused.len() {
        0 => {}
        2 => header[places.address + 6..places.address + 8].copy_from_slice(unused),
        given => return Err(site.error(size_error(&cooked::UNUSED, 2, given))),
    }
    Ok(())
}

pub(super) fn size_error(field: &'static Field, needed: usize, given: usize) -> crate::craft::ArgError {
    crate::craft::ArgError::Size { arg: field.arg, needed, given }
}

/// Appends a loopback header. Its byte order is that of the machine that
/// captures; sr6 writes the little-endian one. Four bytes given are written as
/// they are.
fn loopback(site: &Site, bytes: &mut Vec<u8>) -> Step {
    /// AF_INET, the same everywhere.
    const INET: u64 = 2;
    /// AF_INET6 of Darwin, one of the three values every reader knows.
    const INET6: u64 = 30;

    let layer = site.layer();
    let header = append(bytes, loopback::LEN);
    if let Some(Arg::Bytes(raw)) = layer.get(&loopback::FAMILY) {
        if raw.len() != loopback::LEN {
            return Err(site.error(size_error(&loopback::FAMILY, loopback::LEN, raw.len())));
        }
        header.copy_from_slice(raw);
        return Ok(());
    }
    let family = match (layer.uint(&loopback::FAMILY), site.next()) {
        (Some(given), _) => given,
        (None, Some(Proto::Ipv6)) => INET6,
        (None, Some(Proto::Ipv4)) => INET,
        (None, None | Some(Proto::Data)) => 0,
        (None, Some(next)) => return Err(site.cannot_announce(next, &loopback::FAMILY)),
    };
    header.copy_from_slice(&(family as u32).to_le_bytes());
    Ok(())
}

/// Appends `len` zero bytes and returns them.
pub(super) fn append(bytes: &mut Vec<u8>, len: usize) -> &mut [u8] {
    let start = bytes.len();
    bytes.resize(start + len, 0);
    &mut bytes[start..]
}
