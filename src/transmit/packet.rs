//! AF_PACKET through pnet: Ethernet frames as given, or IPv6 packets behind an
//! Ethernet header resolved from the kernel's tables.

use std::collections::HashMap;
use std::io;
use std::net::Ipv6Addr;
use std::time::{Duration, Instant};

use pnet::datalink::{self, Channel, DataLinkReceiver, DataLinkSender, NetworkInterface};
use pnet::util::MacAddr;

use super::neighbour::{self, ETHERNET, ETHERTYPE_IPV6, Mac};
use super::{Engine, Packet, SendError, destination};
use crate::sys::route::{self, Link, LinkKind};
use crate::sys::signal;

/// MAX_MULTICAST_SOLICIT and RETRANS_TIMER (RFC 4861 §10).
const SOLICITATIONS: u32 = 3;
const RETRANSMIT: Duration = Duration::from_secs(1);
/// How long a resolved address is trusted: REACHABLE_TIME (RFC 4861 §10).
const REACHABLE: Duration = Duration::from_secs(30);
/// The longest one read waits, so that deadlines and signals are noticed.
const READ_STEP: Duration = Duration::from_millis(20);

/// Sends through one interface by AF_PACKET.
pub struct PacketEngine {
    link: Link,
    sender: Box<dyn DataLinkSender>,
    receiver: Box<dyn DataLinkReceiver>,
    resolved: HashMap<Ipv6Addr, (Mac, Instant)>,
    frame: Vec<u8>,
}

impl PacketEngine {
    /// Opens the interface.
    ///
    /// # Errors
    /// Where there is no such interface, it is down, its link layer is unknown,
    /// or CAP_NET_RAW is missing.
    pub fn open(interface: &str) -> Result<Self, SendError> {
        let link = route::link(interface).map_err(SendError::interface(interface))?;
        if !link.up {
            return Err(SendError::Down { interface: link.name });
        }
        let config = datalink::Config {
            read_timeout: Some(READ_STEP),
            // Advertisements come to our own address.
            promiscuous: false,
            ..datalink::Config::default()
        };
        match datalink::channel(&describe(&link), config).map_err(SendError::open("packet"))? {
            Channel::Ethernet(sender, receiver) => {
                Ok(Self { link, sender, receiver, resolved: HashMap::new(), frame: Vec::new() })
            }
            _ => Err(SendError::Io { doing: "open a socket", source: io::ErrorKind::Unsupported.into() }),
        }
    }

    /// The interface's own MAC address; zeros where it has none.
    pub fn mac(&self) -> Mac {
        match self.link.kind {
            LinkKind::Ethernet(own) => own,
            LinkKind::Loopback | LinkKind::Bare | LinkKind::Other(_) => Mac::default(),
        }
    }

    /// The MAC address to which a packet for `destination` goes: the group's,
    /// or that of the next hop, from the kernel's tables or asked for.
    ///
    /// # Errors
    /// Where no route leads there through this interface, or the next hop does
    /// not answer.
    pub fn next_hop(&mut self, destination: Ipv6Addr) -> Result<Mac, SendError> {
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
            None => self.solicit(hop, found.source)?,
        };
        self.resolved.insert(destination, (mac, Instant::now() + REACHABLE));
        Ok(mac)
    }

    /// Builds the frame of an IPv6 packet in `self.frame`.
    fn encapsulate(&mut self, packet: &[u8]) -> Result<(), SendError> {
        let to = match self.link.kind {
            LinkKind::Ethernet(_) | LinkKind::Loopback => Some(self.next_hop(destination(packet)?)?),
            LinkKind::Bare => None,
            LinkKind::Other(kind) => return Err(SendError::LinkKind { interface: self.link.name.clone(), kind }),
        };
        self.frame.clear();
        if let Some(to) = to {
            self.frame.extend_from_slice(&to);
            self.frame.extend_from_slice(&self.mac());
            self.frame.extend_from_slice(&ETHERTYPE_IPV6);
        }
        self.frame.extend_from_slice(packet);
        Ok(())
    }

    /// Asks for a neighbour's address as RFC 4861 §7.2.2 does.
    fn solicit(&mut self, hop: Ipv6Addr, source: Option<Ipv6Addr>) -> Result<Mac, SendError> {
        let interface = self.link.name.clone();
        let source = source.ok_or_else(|| SendError::NoSource { interface: interface.clone(), address: hop })?;
        let frame = neighbour::solicitation(hop, source, self.mac());
        for _ in 0..SOLICITATIONS {
            self.put(&frame).map_err(|e| SendError::sending(e, frame.len() - ETHERNET, &self.link))?;
            let deadline = Instant::now() + RETRANSMIT;
            while Instant::now() < deadline {
                if signal::caught().is_some() {
                    return Err(SendError::Interrupted);
                }
                match self.receiver.next() {
                    Ok(frame) => {
                        if let Some(mac) = neighbour::advertised(frame, hop) {
                            return Ok(mac);
                        }
                    }
                    Err(e) if matches!(e.kind(), io::ErrorKind::TimedOut | io::ErrorKind::Interrupted) => {}
                    Err(e) => return Err(SendError::sending(e, 0, &self.link)),
                }
            }
        }
        Err(SendError::NoNeighbour { address: hop, interface })
    }

    /// Hands a whole frame to the kernel.
    fn put(&mut self, frame: &[u8]) -> io::Result<()> {
        // pnet answers None only for channels that cannot send.
        self.sender.send_to(frame, None).unwrap_or(Err(io::ErrorKind::Unsupported.into()))
    }
}

impl Engine for PacketEngine {
    fn send(&mut self, packet: Packet<'_>) -> Result<usize, SendError> {
        let (sent, length) = match packet {
            Packet::Frame(frame) => (self.put(frame), frame.len()),
            Packet::Ipv6(packet) => {
                self.encapsulate(packet)?;
                let frame = std::mem::take(&mut self.frame);
                let sent = self.put(&frame);
                self.frame = frame;
                (sent, self.frame.len())
            }
        };
        let header = if self.link.kind == LinkKind::Bare { 0 } else { ETHERNET };
        sent.map_err(|e| SendError::sending(e, length.saturating_sub(header), &self.link))?;
        Ok(length)
    }
}

/// The interface as pnet wants it described; it looks at the index and the
/// address alone.
fn describe(link: &Link) -> NetworkInterface {
    let mac = match link.kind {
        LinkKind::Ethernet(m) => Some(MacAddr::from(m)),
        LinkKind::Loopback | LinkKind::Bare | LinkKind::Other(_) => None,
    };
    NetworkInterface {
        name: link.name.clone(),
        description: String::new(),
        index: link.index,
        mac,
        ips: Vec::new(),
        flags: 0,
    }
}
