//! Maps of addresses, ports and VLANs over whole packets.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use thiserror::Error;

use super::follows;
use crate::capture::Frame;
use crate::dissect::{Checksum, FieldSet, Item, Layer, Packet, Unverified, UsedDestination, Visitor};
use crate::wire::bytes::u16_at;
use crate::wire::checksum::Sum;
use crate::wire::field::{Field, Kind, Value};
use crate::wire::proto::{Proto, all_fields};
use crate::wire::{srh_tlv, tcp, udp, vlan};

/// What is to be written in place of what.
#[derive(Debug, Clone, Default)]
pub struct Maps {
    macs: Vec<([u8; 6], [u8; 6])>,
    prefixes: Vec<(Prefix, Prefix)>,
    ports: Vec<(u16, u16)>,
    vlans: Vec<(u16, u16)>,
    /// The fields that any of these may be in.
    fields: Option<FieldSet>,
}

/// Why a map cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("'{text}': {why}")]
pub struct MapError {
    /// The map.
    text: String,
    /// What is wrong with it.
    why: String,
}

/// Addresses that start with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Prefix {
    /// The bits, the rest zero; an IPv4 address has the upper 32.
    bits: u128,
    length: u32,
    v4: bool,
}

impl FromStr for Prefix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
        let address: IpAddr = address.parse().map_err(|_| format!("'{address}' is no IP address"))?;
        let (bits, most, v4) = match address {
            IpAddr::V4(address) => (u128::from(u32::from(address)) << 96, 32, true),
            IpAddr::V6(address) => (u128::from(address), 128, false),
        };
        let length =
            length.map_or(Ok(most), |length| length.parse().map_err(|_| format!("'{length}' is no length")))?;
        if length > most {
            return Err(format!("a prefix of this family has at most {most} bits"));
        }
        let prefix = Self { bits: bits & mask(length), length, v4 };
        if prefix.bits != bits {
            return Err(format!("{address}/{length} has bits after the prefix"));
        }
        Ok(prefix)
    }
}

/// The upper `length` bits.
fn mask(length: u32) -> u128 {
    if length == 0 { 0 } else { u128::MAX << (128 - length) }
}

/// A port or a VLAN's number.
fn number(text: &str, most: u16) -> Result<u16, String> {
    let number = text.parse().ok().filter(|number| *number <= most);
    number.ok_or_else(|| format!("'{text}' is no number from 0 to {most}"))
}

fn mac(text: &str) -> Result<[u8; 6], String> {
    let wrong = || format!("'{text}' is no MAC address");
    let mut octets = [0; 6];
    let mut parts = text.split([':', '-']);
    for octet in &mut octets {
        let part = parts.next().filter(|part| matches!(part.len(), 1 | 2)).ok_or_else(wrong)?;
        *octet = u8::from_str_radix(part, 16).map_err(|_| wrong())?;
    }
    if parts.next().is_some() { Err(wrong()) } else { Ok(octets) }
}

/// Both sides of `A=B`.
fn pair<T>(text: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<(T, T), MapError> {
    let fail = |why: String| MapError { text: text.to_owned(), why };
    let (from, to) =
        text.split_once('=').ok_or_else(|| fail("write A=B: what is there, and what is to be".to_owned()))?;
    Ok((read(from.trim()).map_err(fail)?, read(to.trim()).map_err(fail)?))
}

impl Maps {
    /// Adds `A=B` for MAC addresses.
    ///
    /// # Errors
    /// The text is none.
    pub fn add_mac(&mut self, text: &str) -> Result<(), MapError> {
        self.macs.push(pair(text, mac)?);
        self.note()
    }

    /// Adds `A=B` for IP addresses, or for prefixes of one length.
    ///
    /// # Errors
    /// The text is none.
    pub fn add_address(&mut self, text: &str) -> Result<(), MapError> {
        let (from, to): (Prefix, Prefix) = pair(text, str::parse)?;
        if (from.length, from.v4) != (to.length, to.v4) {
            let why = "both sides are of one family, and equally long".to_owned();
            return Err(MapError { text: text.to_owned(), why });
        }
        self.prefixes.push((from, to));
        self.note()
    }

    /// Adds `A=B` for UDP and TCP ports.
    ///
    /// # Errors
    /// The text is none.
    pub fn add_port(&mut self, text: &str) -> Result<(), MapError> {
        self.ports.push(pair(text, |text| number(text, u16::MAX))?);
        self.note()
    }

    /// Adds `A=B` for VLANs' numbers.
    ///
    /// # Errors
    /// The text is none.
    pub fn add_vlan(&mut self, text: &str) -> Result<(), MapError> {
        self.vlans.push(pair(text, |text| number(text, 4095))?);
        self.note()
    }

    /// Whether there is nothing to map.
    pub fn is_empty(&self) -> bool {
        self.fields.is_none()
    }

    /// Notes which fields matter.
    fn note(&mut self) -> Result<(), MapError> {
        let matters = |field: &&Field| match field.kind {
            Kind::Ether => !self.macs.is_empty(),
            Kind::Ipv4 | Kind::Ipv6 => !self.prefixes.is_empty(),
            _ => (is_port(field) && !self.ports.is_empty()) || (is_vlan(field) && !self.vlans.is_empty()),
        };
        self.fields = Some(all_fields().map(|(_, field)| field).filter(matters).collect());
        Ok(())
    }

    fn address(&self, address: IpAddr) -> IpAddr {
        let (bits, v4) = match address {
            IpAddr::V4(address) => (u128::from(u32::from(address)) << 96, true),
            IpAddr::V6(address) => (u128::from(address), false),
        };
        let applies = |(from, _): &&(Prefix, Prefix)| from.v4 == v4 && bits & mask(from.length) == from.bits;
        let Some((_, to)) = self.prefixes.iter().find(applies) else { return address };
        let bits = to.bits | (bits & !mask(to.length));
        if v4 { Ipv4Addr::from((bits >> 96) as u32).into() } else { Ipv6Addr::from(bits).into() }
    }

    /// Appends the mapped packet to `out` and says whether an HMAC or an ICV
    /// covers what was mapped; `None`, with nothing appended, where nothing is
    /// to be mapped.
    pub(super) fn apply(&self, packet: &Packet<'_>, out: &mut Vec<u8>) -> Option<bool> {
        let start = out.len();
        out.extend_from_slice(packet.frame.data);
        let mut mapper = Mapper { maps: self, frame: packet.frame.data, out: &mut out[start..], changed: false };
        packet.visit(&mut mapper);
        if !mapper.changed {
            out.truncate(start);
            return None;
        }
        let bytes = &mut out[start..];
        // What a checksum covers has to be final before it.
        for layer in packet.layers().iter().rev() {
            self.follow(packet, layer, bytes);
        }
        Some(is_signed(packet))
    }

    /// Lets the checksum of a layer follow what was mapped.
    fn follow(&self, packet: &Packet<'_>, layer: &Layer, bytes: &mut [u8]) -> Option<()> {
        if layer.proto == Proto::Gre {
            return follow_gre(packet.frame.data, layer, bytes);
        }
        let status = packet.checksum(layer)?;
        let partial = status == Checksum::Unverified(Unverified::Partial);
        if !partial && !follows(packet, layer, status) {
            return None;
        }
        // What others were made for is most likely where the packet goes.
        let used = if let Checksum::Good(used) = status { Some(used) } else { None };
        let end = if layer.proto == Proto::Ipv4 { layer.header_end } else { layer.end };
        let (from, to) = (layer.start as usize, end as usize);
        let offset = match layer.proto {
            Proto::Udp => 6,
            Proto::Tcp => 16,
            Proto::Ipv4 => 10,
            _ => 2,
        };
        let at = from + offset;
        let stored = u16_at(packet.frame.data, at)?;
        let covered = |bytes: &[u8]| Some(Sum::default().bytes(bytes.get(from..at)?).bytes(bytes.get(at + 2..to)?));
        let (mut before, mut after) = (covered(packet.frame.data)?, covered(bytes)?);
        let pseudo = match (layer.proto, used) {
            (Proto::Ipv4 | Proto::Icmpv4, _) => None,
            (_, Some(UsedDestination::NoPseudoHeader)) => None,
            (_, used) => packet.pseudo_addresses(layer, used).zip(self.pseudo_addresses(packet, layer, used, bytes)),
        };
        let pseudo_sum = |sum, (source, destination): (IpAddr, IpAddr)| add(add(sum, source), destination);
        if partial {
            // The sum itself, of the pseudo-header alone.
            let (addresses, mapped) = pseudo?;
            let before = pseudo_sum(Sum::default(), addresses);
            let after = pseudo_sum(Sum::default(), mapped);
            let sum = after.word(stored).word(!before.folded()).folded();
            bytes.get_mut(at..at + 2)?.copy_from_slice(&sum.to_be_bytes());
            return Some(());
        }
        if let Some((addresses, mapped)) = pseudo {
            before = pseudo_sum(before, addresses);
            after = pseudo_sum(after, mapped);
        }
        let (before, after) = (before.folded(), after.folded());
        if before == after {
            return Some(());
        }
        // RFC 1624 §3.
        let sum = Sum::default().word(!stored).word(!before).word(after);
        let sum = if layer.proto == Proto::Udp { sum.udp_checksum() } else { sum.checksum() };
        bytes.get_mut(at..at + 2)?.copy_from_slice(&sum.to_be_bytes());
        Some(())
    }

    /// The addresses of the pseudo-header in the mapped `bytes`. A final
    /// destination is as it is there: it may be in a part of a broken header
    /// that nobody shows as an address, and then it is not mapped.
    fn pseudo_addresses(
        &self,
        packet: &Packet<'_>,
        layer: &Layer,
        used: Option<UsedDestination>,
        bytes: &[u8],
    ) -> Option<(IpAddr, IpAddr)> {
        let frame = Frame { data: bytes, ..*packet.frame };
        let mut mapped = *packet;
        mapped.frame = &frame;
        let used = match used {
            Some(UsedDestination::Header(to)) => Some(UsedDestination::Header(self.address(to))),
            Some(UsedDestination::Arriving(to)) => match self.address(to.into()) {
                IpAddr::V6(to) => Some(UsedDestination::Arriving(to)),
                IpAddr::V4(_) => return None,
            },
            Some(UsedDestination::NoPseudoHeader) => return None,
            Some(UsedDestination::Final(_)) | None => None,
        };
        mapped.pseudo_addresses(layer, used)
    }
}

/// Lets the checksum of a GRE header (RFC 2784 §2.3), which covers all that it
/// carries, follow what was mapped in there; if it was right.
fn follow_gre(frame: &[u8], layer: &Layer, bytes: &mut [u8]) -> Option<()> {
    const CHECKSUM_PRESENT: u8 = 0x80;
    const PLACE: std::ops::Range<usize> = 4..6;

    let range = layer.start as usize..layer.end as usize;
    let before = frame.get(range.clone())?;
    let right = before[0] & CHECKSUM_PRESENT != 0 && Sum::default().bytes(before).folded() == u16::MAX;
    let after = bytes.get_mut(range)?;
    if right && before != after {
        after.get_mut(PLACE)?.copy_from_slice(&[0; 2]);
        let sum = Sum::default().bytes(after).checksum();
        after.get_mut(PLACE)?.copy_from_slice(&sum.to_be_bytes());
    }
    Some(())
}

fn add(sum: Sum, address: IpAddr) -> Sum {
    match address {
        IpAddr::V4(address) => sum.bytes(&address.octets()),
        IpAddr::V6(address) => sum.bytes(&address.octets()),
    }
}

/// Whether something in the packet vouches for its bytes by a key.
pub(super) fn is_signed(packet: &Packet<'_>) -> bool {
    packet.layers().iter().any(|layer| match layer.proto {
        Proto::Ah => true,
        Proto::Srh => packet.srh(layer).is_some_and(|srh| srh.tlvs().any(|tlv| tlv.kind == srh_tlv::HMAC)),
        _ => false,
    })
}

fn is_port(field: &Field) -> bool {
    [&udp::SOURCE, &udp::DESTINATION, &tcp::SOURCE, &tcp::DESTINATION].iter().any(|port| std::ptr::eq(*port, field))
}

fn is_vlan(field: &Field) -> bool {
    std::ptr::eq(field, &vlan::ID)
}

/// Writes over what is shown to it.
struct Mapper<'m> {
    maps: &'m Maps,
    /// The packet as captured.
    frame: &'m [u8],
    out: &'m mut [u8],
    changed: bool,
}

impl Visitor for Mapper<'_> {
    fn fields(&self) -> FieldSet {
        self.maps.fields.unwrap_or(FieldSet::NONE)
    }

    fn leaf(&mut self, item: &Item<'_>) {
        self.item(item);
    }

    fn open(&mut self, item: &Item<'_>) {
        self.item(item);
    }

    fn close(&mut self) {}
}

impl Mapper<'_> {
    fn item(&mut self, item: &Item<'_>) {
        let (at, end) = (item.start as usize, (item.start + item.len) as usize);
        let value: &[u8] = match (item.value, item.field.kind) {
            // Only whole addresses that stand there.
            (Value::Ipv6(octets), Kind::Ipv6) if item.len == 16 => {
                match self.maps.address(Ipv6Addr::from(octets).into()) {
                    IpAddr::V6(address) => &address.octets(),
                    IpAddr::V4(_) => return,
                }
            }
            (Value::Ipv4(octets), Kind::Ipv4) if item.len == 4 => {
                match self.maps.address(Ipv4Addr::from(octets).into()) {
                    IpAddr::V4(address) => &address.octets(),
                    IpAddr::V6(_) => return,
                }
            }
            (Value::Ether(octets), Kind::Ether) if item.len == 6 => {
                match self.maps.macs.iter().find(|map| map.0 == octets) {
                    Some((_, to)) => to,
                    None => return,
                }
            }
            (Value::Uint(port), _) if item.len == 2 && is_port(item.field) => {
                match self.maps.ports.iter().find(|map| u64::from(map.0) == port) {
                    Some((_, to)) => &to.to_be_bytes(),
                    None => return,
                }
            }
            (Value::Uint(id), _) if item.len == 2 && is_vlan(item.field) => {
                match (self.maps.vlans.iter().find(|map| u64::from(map.0) == id), u16_at(self.frame, at)) {
                    (Some((_, to)), Some(tag)) => &(tag & 0xf000 | to).to_be_bytes(),
                    _ => return,
                }
            }
            _ => return,
        };
        let (Some(before), Some(place)) = (self.frame.get(at..end), self.out.get_mut(at..end)) else { return };
        if before != value {
            place.copy_from_slice(value);
            self.changed = true;
        }
    }
}
