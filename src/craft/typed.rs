//! Layers with a method per field: what a program writes instead of notation.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Div;

use crate::craft::{Arg, Element, Layer, Stack};
use crate::wire::field::Field;
use crate::wire::options::{self, destination};
use crate::wire::proto::Proto;
use crate::wire::{cooked, ethernet, fragment, icmpv4, icmpv6, ipv4, ipv6, loopback, routing, srh, tcp, udp, vlan};

/// Defines layers: a type, the function that makes an empty one, and a method
/// for each field that is given a plain value.
macro_rules! layers {
    ($($(#[$doc:meta])* $name:ident, $vis:vis $make:ident = $proto:ident {
        $($(#[$about:meta])* $method:ident: $type:ty = $field:path;)*
    })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(Layer);

        #[doc = concat!("A layer `", stringify!($make), "` with nothing given.")]
        $vis fn $make() -> $name {
            $name(Layer::new(Proto::$proto))
        }

        impl $name {
            $($(#[$about])*
            #[must_use]
            pub fn $method(self, value: $type) -> Self {
                self.with(&$field, value)
            })*

            /// Gives any field of the protocol, also one that is otherwise
            /// computed, right or wrong.
            #[must_use]
            pub fn with(mut self, field: &'static Field, value: impl Into<Arg>) -> Self {
                self.0.set(field, value);
                self
            }
        }

        impl From<$name> for Layer {
            fn from(layer: $name) -> Self {
                layer.0
            }
        }

        impl From<$name> for Stack {
            fn from(layer: $name) -> Self {
                layer.0.into()
            }
        }

        impl<T: Into<Stack>> Div<T> for $name {
            type Output = Stack;

            fn div(self, inner: T) -> Stack {
                self.0 / inner
            }
        }
    )*};
}

layers! {
    /// An Ethernet header.
    Eth, pub eth = Ethernet {
        /// The source MAC address.
        src: [u8; 6] = ethernet::SOURCE;
        /// The destination MAC address.
        dst: [u8; 6] = ethernet::DESTINATION;
        /// The Ethertype.
        ether_type: u16 = ethernet::TYPE;
    }
    /// A VLAN tag.
    Vlan, pub vlan = Vlan {
        /// The VLAN's number, 12 bits.
        id: u16 = vlan::ID;
        /// The priority, 3 bits.
        pcp: u8 = vlan::PRIORITY;
        /// Whether the frame may be dropped first.
        dei: bool = vlan::DEI;
    }
    /// A Linux cooked header; version 2 once an interface is given.
    Sll, pub sll = Cooked {
        /// 0 to us, 1 broadcast, 2 multicast, 3 to another host, 4 by us.
        packet_type: u16 = cooked::PACKET_TYPE;
        /// The sender's MAC address.
        src: [u8; 6] = cooked::ETHER;
        /// The interface's index.
        ifindex: u32 = cooked::INTERFACE;
    }
    /// A BSD loopback header, little-endian.
    Null, pub null = Loopback {
        /// The address family.
        family: u32 = loopback::FAMILY;
    }
    /// An IPv4 header.
    Ip4, pub ip4 = Ipv4 {
        /// The source address.
        src: Ipv4Addr = ipv4::SOURCE;
        /// The destination address.
        dst: Ipv4Addr = ipv4::DESTINATION;
        /// Time to Live.
        ttl: u8 = ipv4::TTL;
        /// DSCP, 6 bits.
        dscp: u8 = ipv4::DSCP;
        /// The Identification.
        id: u16 = ipv4::ID;
        /// Don't Fragment.
        df: bool = ipv4::FLAG_DF;
    }
    /// An IPv6 header.
    Ip6, pub ip6 = Ipv6 {
        /// The source address.
        src: Ipv6Addr = ipv6::SOURCE;
        /// The destination address; computed where an SRH follows.
        dst: Ipv6Addr = ipv6::DESTINATION;
        /// Hop Limit.
        hlim: u8 = ipv6::HOP_LIMIT;
        /// Flow Label, 20 bits.
        flow: u32 = ipv6::FLOW;
        /// Traffic Class: DSCP in the upper 6 bits, ECN in the lower 2.
        tc: u8 = ipv6::TRAFFIC_CLASS;
    }
    /// A Hop-by-Hop Options header.
    Hbh, pub hbh = HopByHop {
        /// The options' bytes; padding follows by itself.
        data: Vec<u8> = options::HBH_OPTIONS;
    }
    /// A Destination Options header.
    Dst, pub dst = Destination {
        /// The options' bytes; padding follows by itself.
        data: Vec<u8> = destination::OPTIONS;
    }
    /// A Routing header of any type.
    Routing, pub routing = Routing {
        /// The routing type.
        routing_type: u8 = routing::TYPE;
        /// Segments Left.
        sl: u8 = routing::SEGMENTS_LEFT;
        /// The bytes after Segments Left; zeros pad them to 8 bytes.
        data: Vec<u8> = routing::UNKNOWN;
    }
    /// A Fragment header.
    Frag, pub frag = Fragment {
        /// Fragment Offset, in units of 8 bytes.
        off: u16 = fragment::OFFSET;
        /// More Fragments.
        more: bool = fragment::MORE;
        /// The Identification.
        id: u32 = fragment::ID;
    }
    /// A Segment Routing Header.
    Srh, pub srh = Srh {
        /// Whether the path's first segment is left out of the list.
        reduced: bool = srh::REDUCED;
        /// Segments Left.
        sl: u8 = routing::SEGMENTS_LEFT;
        /// Last Entry.
        last: u8 = srh::LAST_ENTRY;
        /// The Flags octet.
        flags: u8 = srh::FLAGS;
        /// The Tag.
        tag: u16 = srh::TAG;
    }
    /// A UDP header.
    Udp, new_udp = Udp {
        /// The source port.
        sport: u16 = udp::SOURCE;
        /// The destination port.
        dport: u16 = udp::DESTINATION;
    }
    /// A TCP header.
    Tcp, new_tcp = Tcp {
        /// The source port.
        sport: u16 = tcp::SOURCE;
        /// The destination port.
        dport: u16 = tcp::DESTINATION;
        /// The sequence number.
        seq: u32 = tcp::SEQUENCE;
        /// The acknowledgment number.
        ack: u32 = tcp::ACKNOWLEDGMENT;
        /// The flags, FIN lowest; SYN alone where not given.
        flags: u16 = tcp::FLAGS;
        /// The window.
        win: u16 = tcp::WINDOW;
        /// The options' bytes; End of Option List pads them to 4 bytes.
        options: Vec<u8> = tcp::OPTIONS;
    }
    /// An ICMP message; an echo request where no type is given.
    Icmp4, pub icmp4 = Icmpv4 {
        /// The message type.
        message: u8 = icmpv4::TYPE;
        /// The code.
        code: u8 = icmpv4::CODE;
        /// The identifier of an echo.
        id: u16 = icmpv4::ID;
        /// The sequence number of an echo.
        seq: u16 = icmpv4::SEQUENCE;
    }
    /// An ICMPv6 message; an echo request where no type is given.
    Icmp6, pub icmp6 = Icmpv6 {
        /// The message type.
        message: u8 = icmpv6::TYPE;
        /// The code.
        code: u8 = icmpv6::CODE;
        /// The identifier of an echo.
        id: u16 = icmpv6::ID;
        /// The sequence number of an echo.
        seq: u16 = icmpv6::SEQUENCE;
    }
}

impl Srh {
    /// The segments in the order they are travelled.
    #[must_use]
    pub fn path(self, segments: impl IntoIterator<Item = Ipv6Addr>) -> Self {
        self.with(&srh::PATH, segments.into_iter().map(Arg::Ipv6).collect::<Vec<_>>())
    }

    /// The segments as they lie in the header: the path's last one first.
    #[must_use]
    pub fn segs(self, segments: impl IntoIterator<Item = Ipv6Addr>) -> Self {
        self.with(&srh::SEGMENTS, segments.into_iter().map(Arg::Ipv6).collect::<Vec<_>>())
    }

    /// The TLVs; padding follows by itself.
    #[must_use]
    pub fn tlvs(self, tlvs: impl IntoIterator<Item = Element>) -> Self {
        self.with(&srh::TLVS, tlvs.into_iter().map(Arg::Element).collect::<Vec<_>>())
    }
}

/// A UDP header from one port to another.
pub fn udp(sport: u16, dport: u16) -> Udp {
    new_udp().sport(sport).dport(dport)
}

/// A TCP header from one port to another.
pub fn tcp(sport: u16, dport: u16) -> Tcp {
    new_tcp().sport(sport).dport(dport)
}

/// Payload: the text's UTF-8 bytes.
pub fn text(text: &str) -> Layer {
    Layer::data(text)
}

/// Payload: bytes as they are.
pub fn bytes(bytes: impl Into<Vec<u8>>) -> Layer {
    Layer::data(bytes)
}
