//! By what a packet is known when it comes back.

use std::net::IpAddr;

use super::answer::{Kind, Quoted};
use crate::dissect::{Layer, Packet};
use crate::wire::bytes::{u8_at, u16_at, u32_at};
use crate::wire::icmpv6::message;
use crate::wire::names::ip_proto;
use crate::wire::proto::Proto;
use crate::wire::{icmpv4, udp};

/// What a packet and an answer to it have in common. `source` is the packet's,
/// ports are named as the packet has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Key {
    /// A datagram, quoted or answered.
    Udp { source: IpAddr, from: u16, to: u16 },
    /// A segment, as it is quoted.
    TcpSent { source: IpAddr, from: u16, to: u16, sequence: u32 },
    /// A segment, by the acknowledgment it gets.
    TcpAcknowledged { source: IpAddr, from: u16, to: u16, acknowledgment: u32 },
    /// A segment with an acknowledgment of its own, by the reset that takes up
    /// its number (RFC 9293 §3.10.7.1).
    TcpReset { source: IpAddr, from: u16, to: u16, sequence: u32 },
    /// An echo request, quoted or answered.
    Echo { source: IpAddr, v6: bool, id: u16, sequence: u16 },
    /// Anything else, by how what the IP packet carries starts; it can only be
    /// quoted.
    Other { source: IpAddr, start: [u8; 8] },
}

/// What to expect of a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The keys it may come back under.
    pub keys: Vec<Key>,
    /// Who may answer for it: its destinations, first and last and in between.
    /// Errors may come from anybody.
    pub targets: Vec<IpAddr>,
}

impl Identity {
    /// What a packet about to be sent will be known by; `None` without an IP
    /// header.
    pub fn of(packet: &Packet<'_>) -> Option<Self> {
        let inner = Inner::of(packet, false)?;
        let mut keys = vec![inner.key()];
        if inner.protocol == ip_proto::TCP {
            keys.extend(inner.answers_to_segment().into_iter().flatten());
        }
        let mut targets = vec![inner.destination];
        for srh in packet.layers().iter().filter_map(|layer| packet.srh(layer)) {
            targets.extend(srh.segments().map(IpAddr::V6));
        }
        Some(Self { keys, targets })
    }

    /// Whether `from` may have answered it.
    pub fn may_answer(&self, from: IpAddr) -> bool {
        self.targets.iter().any(|target| *target == from || target.is_multicast())
    }
}

/// A frame that may be an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// What it is an answer to.
    pub key: Key,
    /// Who sent it.
    pub from: IpAddr,
    /// The hop limit it arrived with.
    pub hop_limit: u8,
    /// What it says.
    pub kind: Kind,
}

impl Heard {
    /// What a frame that came in answers; `None` for what is no answer.
    pub fn of(packet: &Packet<'_>) -> Option<Self> {
        let inner = Inner::of(packet, false)?;
        let bytes = inner.bytes;
        let (from, source) = (inner.source, inner.destination);
        let heard = |key, kind| Some(Self { key, from, hop_limit: inner.hop_limit, kind });
        match inner.protocol {
            ip_proto::ICMPV6 | ip_proto::ICMP => {
                let v6 = inner.protocol == ip_proto::ICMPV6;
                let (kind, code) = (u8_at(bytes, 0)?, u8_at(bytes, 1)?);
                if kind == if v6 { message::ECHO_REPLY } else { icmpv4::ECHO_REPLY } {
                    let (id, sequence) = (u16_at(bytes, 4)?, u16_at(bytes, 6)?);
                    return heard(Key::Echo { source, v6, id, sequence }, Kind::EchoReply);
                }
                let about = Inner::of(packet, true)?;
                let pointer = match (v6, kind) {
                    (true, message::PARAMETER_PROBLEM) => u32_at(bytes, 4),
                    (false, icmpv4::PARAMETER_PROBLEM) => u8_at(bytes, 4).map(u32::from),
                    _ => None,
                };
                let mtu = u32_at(bytes, 4).filter(|_| v6 && kind == message::TOO_BIG);
                let quoted = quoted(packet)?;
                heard(about.key(), Kind::Error { v6, kind, code, pointer, mtu, quoted })
            }
            ip_proto::UDP => {
                let (to, port) = (u16_at(bytes, 0)?, u16_at(bytes, 2)?);
                let payload = inner.claimed.saturating_sub(udp::LEN as u32);
                heard(Key::Udp { source, from: port, to }, Kind::Udp { payload })
            }
            ip_proto::TCP => {
                let (to, from) = (u16_at(bytes, 0)?, u16_at(bytes, 2)?);
                let flags = u16_at(bytes, 12)? & 0x0fff;
                let key = match (flags & flag::ACK != 0, flags & flag::RST != 0) {
                    (true, _) => Key::TcpAcknowledged { source, from, to, acknowledgment: u32_at(bytes, 8)? },
                    (false, true) => Key::TcpReset { source, from, to, sequence: u32_at(bytes, 4)? },
                    (false, false) => return None,
                };
                heard(key, Kind::Tcp { flags })
            }
            _ => None,
        }
    }

    /// Whether anybody may have said so: an error comes from where the packet
    /// was, an echo reply may come from an anycast address's owner.
    pub fn is_from_anybody(&self) -> bool {
        matches!(self.kind, Kind::Error { .. } | Kind::EchoReply)
    }
}

/// The outermost packet that an error quotes, as it stands there.
fn quoted(packet: &Packet<'_>) -> Option<Quoted> {
    let layers = || packet.layers().iter().filter(|layer| layer.quoted);
    let network = layers().find(|layer| matches!(layer.proto, Proto::Ipv4 | Proto::Ipv6))?;
    let (_, destination) = packet.addresses(network)?;
    let srh = layers().find_map(|layer| packet.srh(layer));
    Some(Quoted {
        destination,
        hop_limit: hop_limit(packet, network),
        segments: srh.map(|srh| (srh.segments_left(), srh.last_entry())),
    })
}

fn hop_limit(packet: &Packet<'_>, network: &Layer) -> u8 {
    let at = if network.proto == Proto::Ipv6 { 7 } else { 8 };
    u8_at(packet.header(network), at).unwrap_or_default()
}

/// The innermost IP packet, quoted or not, and what it carries behind its
/// extension headers.
struct Inner<'a> {
    source: IpAddr,
    destination: IpAddr,
    hop_limit: u8,
    /// The number of the upper layer's protocol.
    protocol: u8,
    /// The upper layer, as far as it was captured or quoted.
    bytes: &'a [u8],
    /// Its bytes, as the lengths before it claim.
    claimed: u32,
}

impl<'a> Inner<'a> {
    fn of(packet: &Packet<'a>, quoted: bool) -> Option<Self> {
        let own = || packet.layers().iter().enumerate().filter(move |(_, layer)| layer.quoted == quoted);
        let (index, network) = own().rfind(|(_, layer)| matches!(layer.proto, Proto::Ipv4 | Proto::Ipv6))?;
        let (source, destination) = packet.addresses(network)?;
        let extensions =
            own().filter(|(at, layer)| *at > index && usize::from(layer.network) == index && layer.proto.info().inside);
        let last = extensions.map(|(_, layer)| layer).next_back().unwrap_or(network);
        // Where the number of what follows stands.
        let at = match last.proto {
            Proto::Ipv4 => 9,
            Proto::Ipv6 => 6,
            _ => 0,
        };
        let end = (network.end as usize).min(packet.frame.data.len());
        Some(Self {
            source,
            destination,
            hop_limit: hop_limit(packet, network),
            protocol: u8_at(packet.header(last), at)?,
            bytes: packet.frame.data.get(last.header_end as usize..end).unwrap_or_default(),
            claimed: network.claimed_end.saturating_sub(last.header_end),
        })
    }

    /// By what it is known, as a packet that was sent.
    fn key(&self) -> Key {
        self.numbered().unwrap_or_else(|| {
            let mut start = [0; 8];
            start.iter_mut().zip(self.bytes).for_each(|(to, from)| *to = *from);
            Key::Other { source: self.source, start }
        })
    }

    /// The same, by the numbers of a protocol that has any. All of them stand
    /// in the eight bytes that even the shortest quotation has (RFC 792).
    fn numbered(&self) -> Option<Key> {
        let (source, bytes) = (self.source, self.bytes);
        let pair = |at| Some((u16_at(bytes, at)?, u16_at(bytes, at + 2)?));
        match self.protocol {
            ip_proto::UDP => pair(0).map(|(from, to)| Key::Udp { source, from, to }),
            ip_proto::TCP => {
                let (from, to) = pair(0)?;
                Some(Key::TcpSent { source, from, to, sequence: u32_at(bytes, 4)? })
            }
            ip_proto::ICMPV6 | ip_proto::ICMP => {
                let v6 = self.protocol == ip_proto::ICMPV6;
                let request = if v6 { message::ECHO_REQUEST } else { icmpv4::ECHO_REQUEST };
                let (id, sequence) = pair(4)?;
                (u8_at(bytes, 0)? == request).then_some(Key::Echo { source, v6, id, sequence })
            }
            _ => None,
        }
    }

    /// What acknowledges or refuses a segment (RFC 9293 §3.4).
    fn answers_to_segment(&self) -> Option<impl Iterator<Item = Key>> {
        let (source, bytes) = (self.source, self.bytes);
        let (from, to, flags) = (u16_at(bytes, 0)?, u16_at(bytes, 2)?, u16_at(bytes, 12)?);
        let counts = |flag: u16| u32::from(flags & flag != 0);
        let payload = self.claimed.saturating_sub(u32::from(flags >> 12) * 4);
        let next = u32_at(bytes, 4)?.wrapping_add(payload).wrapping_add(counts(flag::SYN) + counts(flag::FIN));
        let acknowledged = Key::TcpAcknowledged { source, from, to, acknowledgment: next };
        let reset = u32_at(bytes, 8).filter(|_| flags & flag::ACK != 0);
        let reset = reset.map(|sequence| Key::TcpReset { source, from, to, sequence });
        Some(std::iter::once(acknowledged).chain(reset))
    }
}

/// Bits of TCP's flags (RFC 9293 §3.1).
mod flag {
    pub const FIN: u16 = 0x01;
    pub const SYN: u16 = 0x02;
    pub const RST: u16 = 0x04;
    pub const ACK: u16 = 0x10;
}
