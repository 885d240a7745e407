//! A captured packet as a node takes it.

use std::net::IpAddr;

use crate::dissect::Packet;
use crate::wire::link_type::LinkType;
use crate::wire::proto::Proto;

/// A packet for a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The Ethernet header in front of it, if there was one.
    pub frame_header: Vec<u8>,
    /// From the IP header to the end of the frame: a node cuts off what is
    /// behind the packet.
    pub packet: Vec<u8>,
}

impl Given {
    /// The outermost IP packet of a frame; `None` where there is none, as in ARP.
    pub fn of(packet: &Packet<'_>) -> Option<Self> {
        let first = packet.layers().iter().find(|layer| matches!(layer.proto, Proto::Ipv6 | Proto::Ipv4))?;
        let (start, frame) = (first.start as usize, packet.frame);
        let frame_header = match frame.link {
            LinkType::ETHERNET => frame.data.get(..start).unwrap_or_default().to_vec(),
            _ => Vec::new(),
        };
        Some(Self { frame_header, packet: frame.data.get(start..)?.to_vec() })
    }

    /// The packet's source address.
    pub fn source(&self) -> Option<IpAddr> {
        match self.packet.first()? >> 4 {
            6 => self.packet.get(8..24).and_then(|b| <[u8; 16]>::try_from(b).ok()).map(Into::into),
            _ => self.packet.get(12..16).and_then(|b| <[u8; 4]>::try_from(b).ok()).map(Into::into),
        }
    }
}
