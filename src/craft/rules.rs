//! What there is to know of each protocol to build it: how it is laid out and
//! sealed, and the numbers by which others announce it. A new one is a file
//! beside this one, and a line in [`Rules::of`].

use crate::craft::build::{Packet, Site, Step};
use crate::craft::{access, extension, frame, icmp, internet, link, srh, stamp, tunnel, upper};
use crate::wire::proto::Proto;

/// Appends a layer's own bytes.
pub(super) type Lay = fn(&Site, &mut Vec<u8>) -> Step;

/// Fills in what depends on the bytes inside a layer.
pub(super) type Seal = fn(&Site, &mut Packet) -> Step;

/// How a protocol is built.
pub(super) struct Rules {
    /// How it is laid out.
    pub lay: Lay,
    /// How it is sealed; nothing is to be done where its lengths are its own.
    pub seal: Option<Seal>,
    /// Its IP protocol number.
    pub ip: Option<u8>,
    /// Its Ethertype.
    pub ether: Option<u16>,
    /// Its PPP protocol number.
    pub ppp: Option<u16>,
    /// Its UDP port.
    pub port: Option<u16>,
    /// Whether it may lie between an IPv6 header and the upper layer.
    pub extension: bool,
}

impl Rules {
    /// Those of a protocol that nothing announces, and that is its own length.
    pub const fn new(lay: Lay) -> Self {
        Self { lay, seal: None, ip: None, ether: None, ppp: None, port: None, extension: false }
    }

    /// An IPv6 extension header.
    pub const fn extension(lay: Lay, ip: u8) -> Self {
        Self { ip: Some(ip), extension: true, ..Self::new(lay) }
    }

    /// Fills in what is inside.
    pub const fn sealed(self, seal: Seal) -> Self {
        Self { seal: Some(seal), ..self }
    }

    /// Has an IP protocol number.
    pub const fn ip(self, number: u8) -> Self {
        Self { ip: Some(number), ..self }
    }

    /// Has an Ethertype.
    pub const fn ether(self, number: u16) -> Self {
        Self { ether: Some(number), ..self }
    }

    /// Has a PPP protocol number.
    pub const fn ppp(self, number: u16) -> Self {
        Self { ppp: Some(number), ..self }
    }

    /// Has a UDP port.
    pub const fn port(self, number: u16) -> Self {
        Self { port: Some(number), ..self }
    }

    /// The rules of a protocol.
    pub fn of(proto: Proto) -> &'static Self {
        match proto {
            Proto::Frame => &frame::FRAME,
            Proto::Ethernet => &link::ETHERNET,
            Proto::Vlan => &link::VLAN,
            Proto::Cooked => &link::COOKED,
            Proto::Loopback => &link::LOOPBACK,
            Proto::Llc => &access::LLC,
            Proto::Pppoe => &access::PPPOE,
            Proto::PppoeDiscovery => &access::PPPOE_DISCOVERY,
            Proto::Ppp => &access::PPP,
            Proto::CiscoHdlc => &access::CISCO_HDLC,
            Proto::Mpls => &tunnel::MPLS,
            Proto::ControlWord => &tunnel::CONTROL_WORD,
            Proto::Arp => &access::ARP,
            Proto::Ipv4 => &internet::IPV4,
            Proto::Ipv6 => &internet::IPV6,
            Proto::HopByHop => &extension::HOP_BY_HOP,
            Proto::Destination => &extension::DESTINATION,
            Proto::Routing => &extension::ROUTING,
            Proto::Srh => &srh::SRH,
            Proto::Fragment => &extension::FRAGMENT,
            Proto::Ah => &extension::AH,
            Proto::Esp => &extension::ESP,
            Proto::Mobility => &extension::MOBILITY,
            Proto::Gre => &tunnel::GRE,
            Proto::Udp => &upper::UDP,
            Proto::Tcp => &upper::TCP,
            Proto::Icmpv4 => &icmp::ICMPV4,
            Proto::Icmpv6 => &icmp::ICMPV6,
            Proto::IcmpExtensions => &icmp::EXTENSIONS,
            Proto::Gtp => &tunnel::GTP,
            Proto::Vxlan => &tunnel::VXLAN,
            Proto::Geneve => &tunnel::GENEVE,
            Proto::Stamp => &stamp::STAMP,
            Proto::Data => &frame::DATA,
            Proto::Trailer => &frame::TRAILER,
        }
    }
}
