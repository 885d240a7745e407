//! The packet under way: one buffer, changed in place. Every access is
//! checked, and what a header promises is not believed before it is there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::wire::bytes::{array_at, tail, u8_at, u16_at};
use crate::wire::checksum::Sum;
use crate::wire::ipv6;
use crate::wire::srh::{self, Srh};

/// Next Header numbers.
pub(super) mod next {
    pub const HOP_BY_HOP: u8 = 0;
    pub const IPV4: u8 = 4;
    pub const IPV6: u8 = 41;
    pub const ROUTING: u8 = 43;
    pub const FRAGMENT: u8 = 44;
    pub const AUTHENTICATION: u8 = 51;
    pub const ICMPV6: u8 = 58;
    pub const NONE: u8 = 59;
    pub const DESTINATION: u8 = 60;
    pub const ETHERNET: u8 = 143;
}

/// The bytes of an IPv6 or IPv4 packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Packet(pub Vec<u8>);

/// A header of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// Its number.
    pub number: u8,
    /// Where it starts.
    pub offset: usize,
    /// Where the octet is that names it.
    pub named_at: usize,
}

impl Packet {
    pub fn version(&self) -> u8 {
        u8_at(&self.0, 0).unwrap_or(0) >> 4
    }

    pub fn is_ipv6(&self) -> bool {
        self.version() == 6
    }

    /// Cuts off what lies behind the packet's end; `false` if it is cut short
    /// itself.
    pub fn trim(&mut self) -> bool {
        let (least, length) = match self.version() {
            6 => (ipv6::LEN, u16_at(&self.0, 4).map(|payload| ipv6::LEN + usize::from(payload))),
            4 => (20, u16_at(&self.0, 2).map(usize::from)),
            _ => return false,
        };
        match length.filter(|length| (least..=self.0.len()).contains(length) && self.0.len() >= least) {
            Some(length) => {
                self.0.truncate(length);
                true
            }
            None => false,
        }
    }

    pub fn source(&self) -> IpAddr {
        match self.version() {
            4 => IpAddr::V4(Ipv4Addr::from(array_at::<4>(&self.0, 12).unwrap_or_default())),
            _ => IpAddr::V6(Ipv6Addr::from(array_at::<16>(&self.0, 8).unwrap_or_default())),
        }
    }

    pub fn destination(&self) -> IpAddr {
        match self.version() {
            4 => IpAddr::V4(Ipv4Addr::from(array_at::<4>(&self.0, 16).unwrap_or_default())),
            _ => IpAddr::V6(self.destination6()),
        }
    }

    pub fn source6(&self) -> Ipv6Addr {
        Ipv6Addr::from(array_at::<16>(&self.0, 8).unwrap_or_default())
    }

    pub fn destination6(&self) -> Ipv6Addr {
        Ipv6Addr::from(array_at::<16>(&self.0, 24).unwrap_or_default())
    }

    pub fn set_destination6(&mut self, address: Ipv6Addr) {
        self.put(24, &address.octets());
    }

    /// Hop Limit, or TTL.
    pub fn hop_limit(&self) -> u8 {
        u8_at(&self.0, if self.is_ipv6() { 7 } else { 8 }).unwrap_or(0)
    }

    /// Takes one off the Hop Limit, or off the TTL and then corrects the
    /// header checksum (RFC 1141).
    pub fn decrement_hop_limit(&mut self) {
        let less = self.hop_limit().saturating_sub(1);
        if self.is_ipv6() {
            self.put(7, &[less]);
        } else {
            self.put(8, &[less]);
            let checksum = u16_at(&self.0, 10).unwrap_or(0);
            let sum = u32::from(checksum) + 0x0100;
            self.put(10, &((sum + u32::from(sum >= 0xffff)) as u16).to_be_bytes());
        }
    }

    pub fn put(&mut self, at: usize, bytes: &[u8]) {
        if let Some(place) = self.0.get_mut(at..at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    }

    /// Writes the Payload Length that the buffer has; `false` if no number
    /// says so much.
    pub fn fit_payload_length(&mut self) -> bool {
        match u16::try_from(self.0.len() - ipv6::LEN.min(self.0.len())) {
            Ok(length) => {
                self.put(4, &length.to_be_bytes());
                true
            }
            Err(_) => false,
        }
    }

    /// The header after the IPv6 header.
    pub fn first_header(&self) -> Header {
        Header { number: u8_at(&self.0, 6).unwrap_or(next::NONE), offset: ipv6::LEN, named_at: 6 }
    }

    /// The header after an extension header; `None` after anything else, and
    /// where the extension header is cut off.
    pub fn header_after(&self, header: Header) -> Option<Header> {
        let length = usize::from(u8_at(&self.0, header.offset + 1)?);
        let length = match header.number {
            next::HOP_BY_HOP | next::DESTINATION | next::ROUTING => 8 + 8 * length,
            next::FRAGMENT => 8,
            next::AUTHENTICATION => 8 + 4 * length,
            _ => return None,
        };
        let offset = header.offset + length;
        (offset <= self.0.len()).then_some(Header {
            number: *self.0.get(header.offset)?,
            offset,
            named_at: header.offset,
        })
    }

    /// Is this a fragment other than the first?
    fn is_later_fragment(&self, header: Header) -> bool {
        header.number == next::FRAGMENT && u16_at(&self.0, header.offset + 2).unwrap_or(0) & !7 != 0
    }

    /// The header that is no extension header: where the chain ends. `None`
    /// if the chain is broken off.
    pub fn upper(&self) -> Option<Header> {
        let mut header = self.first_header();
        loop {
            match header.number {
                next::HOP_BY_HOP | next::DESTINATION | next::ROUTING | next::FRAGMENT | next::AUTHENTICATION => {
                    if self.is_later_fragment(header) {
                        return Some(header);
                    }
                    header = self.header_after(header)?;
                }
                _ => return Some(header),
            }
        }
    }

    /// The first Routing header; with `unspent`, the first with segments left.
    pub fn routing(&self, unspent: bool) -> Option<Header> {
        let mut header = self.first_header();
        loop {
            if header.number == next::ROUTING && !(unspent && u8_at(&self.0, header.offset + 3)? == 0) {
                return Some(header);
            }
            if self.is_later_fragment(header) {
                return None;
            }
            header = self.header_after(header)?;
        }
    }

    /// The SRH at an offset, if all of it is there and it is one.
    pub fn srh(&self, offset: usize) -> Option<Srh<'_>> {
        Srh::new(tail(&self.0, offset)).ok().filter(|srh| srh.routing_type() == srh::ROUTING_TYPE)
    }

    /// Where the entry `index` of the segment list of an SRH lies, whatever
    /// Last Entry says; `None` past its end by Hdr Ext Len.
    pub fn slot(&self, srh: usize, index: u8) -> Option<Ipv6Addr> {
        let view = Srh::new(tail(&self.0, srh)).ok()?;
        let at = srh::FIXED_LEN + srh::SEGMENT_LEN * usize::from(index);
        (at + srh::SEGMENT_LEN <= view.len()).then_some(())?;
        array_at::<16>(&self.0, srh + at).map(Ipv6Addr::from)
    }

    pub fn set_segments_left(&mut self, srh: usize, value: u8) {
        self.put(srh + 3, &[value]);
    }

    /// Removes a Routing header: the header before it names the one after it.
    /// Returns how many bytes went.
    pub fn remove(&mut self, header: Header) -> Option<usize> {
        let after = self.header_after(header)?;
        let named = *self.0.get(header.offset)?;
        self.put(header.named_at, &[named]);
        self.0.drain(header.offset..after.offset);
        self.fit_payload_length();
        Some(after.offset - header.offset)
    }

    /// Makes room for `bytes` zeros before the byte at `at`.
    pub fn open(&mut self, at: usize, bytes: usize) {
        let length = self.0.len();
        let at = at.min(length);
        self.0.resize(length + bytes, 0);
        self.0.copy_within(at..length, at + bytes);
        self.0[at..at + bytes].fill(0);
    }

    /// Puts bytes before the byte at `at`.
    pub fn insert(&mut self, at: usize, bytes: &[u8]) {
        self.open(at, bytes.len());
        self.put(at, bytes);
    }

    /// Removes the first bytes.
    pub fn cut(&mut self, bytes: usize) {
        let bytes = bytes.min(self.0.len());
        let rest = self.0.len() - bytes;
        self.0.copy_within(bytes.., 0);
        self.0.truncate(rest);
    }
}

/// An ICMPv6 error about a packet, as much of which is quoted as fits into the
/// minimum MTU (RFC 4443 §2.4 c).
pub(super) fn icmp_error(
    kind: u8,
    code: u8,
    parameter: u32,
    source: Ipv6Addr,
    hop_limit: u8,
    about: &Packet,
) -> Vec<u8> {
    const MINIMUM_MTU: usize = 1280;
    const ICMP_HEADER: usize = 8;
    let quoted = &about.0[..about.0.len().min(MINIMUM_MTU - ipv6::LEN - ICMP_HEADER)];
    let length = ICMP_HEADER + quoted.len();
    let destination = about.source6();
    let mut packet = Vec::with_capacity(ipv6::LEN + length);
    packet.extend([0x60, 0, 0, 0]);
    packet.extend((length as u16).to_be_bytes());
    packet.extend([next::ICMPV6, hop_limit]);
    packet.extend(source.octets());
    packet.extend(destination.octets());
    packet.extend([kind, code, 0, 0]);
    packet.extend(parameter.to_be_bytes());
    packet.extend(quoted);
    let checksum = Sum::default()
        .pseudo_header(&source.octets(), &destination.octets(), length as u32, next::ICMPV6)
        .bytes(&packet[ipv6::LEN..])
        .checksum();
    packet[ipv6::LEN + 2..ipv6::LEN + 4].copy_from_slice(&checksum.to_be_bytes());
    packet
}
