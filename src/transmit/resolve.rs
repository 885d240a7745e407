//! From an IPv6 packet to the frame it travels in: which neighbour it goes to,
//! from the kernel's tables or asked for on the link.

use std::collections::HashMap;
use std::io;
use std::net::Ipv6Addr;
use std::time::{Duration, Instant};

use super::neighbour::{self, ETHERNET, ETHERTYPE_IPV6, Mac};
use super::{Packet, SendError, destination};
use crate::sys::route::{self, Link, LinkKind};
use crate::sys::signal;
use crate::wire::bytes::array_at;

/// MAX_MULTICAST_SOLICIT and RETRANS_TIMER (RFC 4861 §10).
const SOLICITATIONS: u32 = 3;
const RETRANSMIT: Duration = Duration::from_secs(1);
/// How long a resolved address is trusted: REACHABLE_TIME (RFC 4861 §10).
const REACHABLE: Duration = Duration::from_secs(30);

/// A link on which neighbours can be asked.
pub(super) trait Wire {
    /// Sends a frame.
    fn put(&mut self, frame: &[u8]) -> io::Result<()>;
    /// A frame that arrived; `None` where none did within a short while.
    fn get(&mut self) -> io::Result<Option<&[u8]>>;
}

/// Knows the neighbours on one link.
pub(super) struct Resolver {
    pub link: Link,
    resolved: HashMap<Ipv6Addr, (Mac, Instant)>,
    /// The destination of the packet before and the header it got: packets
    /// mostly go where the one before went.
    last: Option<(Ipv6Addr, Instant)>,
    header: [u8; ETHERNET],
}

impl Resolver {
    /// Opens an interface that is up.
    pub fn open(interface: &str) -> Result<Self, SendError> {
        let link = route::link(interface).map_err(SendError::interface(interface))?;
        if !link.up {
            return Err(SendError::Down { interface: link.name });
        }
        if !link.carrier {
            return Err(SendError::NoCarrier { interface: link.name });
        }
        Ok(Self { link, resolved: HashMap::new(), last: None, header: [0; ETHERNET] })
    }

    /// The interface's own MAC address; zeros where it has none.
    pub fn mac(&self) -> Mac {
        match self.link.kind {
            LinkKind::Ethernet(own) => own,
            LinkKind::Loopback | LinkKind::Bare | LinkKind::Other(_) => Mac::default(),
        }
    }

    /// Bytes in front of an IPv6 packet on this link.
    pub fn header_length(&self) -> usize {
        if self.link.kind == LinkKind::Bare { 0 } else { ETHERNET }
    }

    /// Bytes of the longest frame that the kernel may take: with room for two
    /// VLAN tags beyond what an IPv6 packet needs.
    pub fn longest(&self) -> usize {
        self.link.mtu as usize + ETHERNET + 8
    }

    /// The MAC address to which a packet for `destination` goes.
    pub fn next_hop(&mut self, destination: Ipv6Addr, wire: &mut dyn Wire) -> Result<Mac, SendError> {
        if self.link.kind == LinkKind::Loopback {
            return Ok(Mac::default());
        }
        if destination.is_multicast() {
            return Ok(neighbour::multicast_mac(destination));
        }
        if let Some((mac, until)) = self.resolved.get(&destination)
            && Instant::now() < *until
        {
            return Ok(*mac);
        }
        let index = self.link.index;
        let found = route::route(destination, Some(index)).map_err(SendError::route(destination, Some(&self.link)))?;
        if found.local {
            return Err(SendError::Own(destination));
        }
        if found.interface != index {
            return Err(SendError::NoRoute { destination, interface: Some(self.link.name.clone()) });
        }
        let hop = found.gateway.unwrap_or(destination);
        let mac = match route::neighbour(hop, index).map_err(SendError::io("look up the neighbour"))? {
            Some(mac) => mac,
            None => self.solicit(hop, found.source, wire)?,
        };
        self.resolved.insert(destination, (mac, Instant::now() + REACHABLE));
        Ok(mac)
    }

    /// The link-layer header that a packet needs; empty for a frame, and where
    /// the link has none.
    pub fn header(&mut self, packet: Packet<'_>, wire: &mut dyn Wire) -> Result<&[u8], SendError> {
        let Packet::Ipv6(packet) = packet else { return Ok(&[]) };
        match self.link.kind {
            LinkKind::Ethernet(_) | LinkKind::Loopback => {}
            LinkKind::Bare => return Ok(&[]),
            LinkKind::Other(kind) => return Err(SendError::LinkKind { interface: self.link.name.clone(), kind }),
        }
        let destination = destination(packet)?;
        if self.last.is_none_or(|(last, _)| last != destination) {
            let (to, from) = (self.next_hop(destination, wire)?, self.mac());
            self.header[..6].copy_from_slice(&to);
            self.header[6..12].copy_from_slice(&from);
            self.header[12..].copy_from_slice(&ETHERTYPE_IPV6);
            self.last = Some((destination, Instant::now()));
        }
        Ok(&self.header)
    }

    /// Writes the frame of a packet to `out`; its length.
    pub fn frame(&mut self, packet: Packet<'_>, out: &mut [u8], wire: &mut dyn Wire) -> Result<usize, SendError> {
        let (Packet::Frame(bytes) | Packet::Ipv6(bytes)) = packet;
        let header = self.header(packet, wire)?;
        let length = header.len() + bytes.len();
        let header_length = header.len();
        if length > out.len() {
            let payload = length - if header_length == 0 { self.header_length() } else { header_length };
            if payload <= self.link.mtu as usize {
                return Err(SendError::TooLongHere { length, most: out.len() });
            }
            return Err(SendError::TooLong { length: payload, interface: self.link.name.clone(), mtu: self.link.mtu });
        }
        out[..header_length].copy_from_slice(header);
        out[header_length..length].copy_from_slice(bytes);
        Ok(length)
    }

    /// Refuses a frame that is too long for the link, by the rule that
    /// AF_PACKET has: a VLAN tag may come on top.
    pub fn check(&self, frame: &[u8]) -> Result<(), SendError> {
        let most = self.link.mtu as usize + self.header_length();
        let tagged = self.header_length() > 0 && array_at(frame, 12) == Some([0x81, 0x00]);
        if frame.len() <= most + if tagged { 4 } else { 0 } {
            return Ok(());
        }
        let length = frame.len() - self.header_length();
        Err(SendError::TooLong { length, interface: self.link.name.clone(), mtu: self.link.mtu })
    }

    /// Forgets the packet before once it was resolved long ago. Asking the
    /// clock for every packet would cost more than the rest of this.
    pub fn refresh(&mut self) {
        if self.last.is_some_and(|(_, since)| since.elapsed() > REACHABLE) {
            self.last = None;
        }
    }

    /// What a refusal of a frame of `length` bytes means.
    pub fn explain(&self, source: io::Error, length: usize) -> SendError {
        SendError::sending(source, length.saturating_sub(self.header_length()), &self.link)
    }

    /// Asks for a neighbour's address as RFC 4861 §7.2.2 does.
    fn solicit(&self, hop: Ipv6Addr, source: Option<Ipv6Addr>, wire: &mut dyn Wire) -> Result<Mac, SendError> {
        let interface = self.link.name.clone();
        let source = source.ok_or_else(|| SendError::NoSource { interface: interface.clone(), address: hop })?;
        let frame = neighbour::solicitation(hop, source, self.mac());
        for _ in 0..SOLICITATIONS {
            wire.put(&frame).map_err(|e| self.explain(e, frame.len()))?;
            let deadline = Instant::now() + RETRANSMIT;
            while Instant::now() < deadline {
                if signal::caught().is_some() {
                    return Err(SendError::Interrupted);
                }
                match wire.get() {
                    Ok(Some(frame)) => {
                        if let Some(mac) = neighbour::advertised(frame, hop) {
                            return Ok(mac);
                        }
                    }
                    Ok(None) => {}
                    Err(e) => return Err(self.explain(e, 0)),
                }
            }
        }
        Err(SendError::NoNeighbour { address: hop, interface })
    }
}
