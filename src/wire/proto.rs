//! The list of protocols. A new one is a file beside this one, and a line here.

use crate::wire::field::{Field, Protocol};

/// Lists the protocols once, for everything that enumerates them.
macro_rules! protocols {
    ($($(#[$doc:meta])* $variant:ident = $path:path;)*) => {
        /// A protocol sr6 knows.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Proto { $($(#[$doc])* $variant),* }

        impl Proto {
            /// Every protocol.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// What the protocol is called, and its fields.
            pub const fn info(self) -> &'static Protocol {
                match self { $(Self::$variant => &$path),* }
            }
        }
    };
}

protocols! {
    /// What the capture says about the frame as a whole.
    Frame = super::frame::PROTOCOL;
    /// Ethernet II or 802.3.
    Ethernet = super::ethernet::PROTOCOL;
    /// One 802.1Q or 802.1ad tag.
    Vlan = super::vlan::PROTOCOL;
    /// Linux cooked capture v1 and v2.
    Cooked = super::cooked::PROTOCOL;
    /// BSD loopback (NULL and LOOP).
    Loopback = super::loopback::PROTOCOL;
    /// LLC, with SNAP where there is one.
    Llc = super::llc::PROTOCOL;
    /// A PPP-over-Ethernet session.
    Pppoe = super::pppoe::PROTOCOL;
    /// PPP-over-Ethernet discovery.
    PppoeDiscovery = super::pppoe::DISCOVERY;
    /// PPP.
    Ppp = super::ppp::PROTOCOL;
    /// Cisco HDLC.
    CiscoHdlc = super::chdlc::PROTOCOL;
    /// One entry of an MPLS label stack.
    Mpls = super::mpls::PROTOCOL;
    /// The control word of an Ethernet pseudowire.
    ControlWord = super::mpls::CONTROL_WORD;
    /// ARP and RARP.
    Arp = super::arp::PROTOCOL;
    /// IPv4.
    Ipv4 = super::ipv4::PROTOCOL;
    /// IPv6.
    Ipv6 = super::ipv6::PROTOCOL;
    /// IPv6 Hop-by-Hop Options.
    HopByHop = super::options::HOP_BY_HOP;
    /// IPv6 Destination Options.
    Destination = super::options::DESTINATION;
    /// An IPv6 Routing header of a type other than 4.
    Routing = super::routing::PROTOCOL;
    /// The Segment Routing Header.
    Srh = super::srh::PROTOCOL;
    /// IPv6 Fragment header.
    Fragment = super::fragment::PROTOCOL;
    /// The Authentication Header.
    Ah = super::ah::PROTOCOL;
    /// The Encapsulating Security Payload.
    Esp = super::esp::PROTOCOL;
    /// The Mobility header.
    Mobility = super::mobility::PROTOCOL;
    /// Generic Routing Encapsulation.
    Gre = super::gre::PROTOCOL;
    /// UDP.
    Udp = super::udp::PROTOCOL;
    /// TCP.
    Tcp = super::tcp::PROTOCOL;
    /// ICMP for IPv4.
    Icmpv4 = super::icmpv4::PROTOCOL;
    /// ICMPv6.
    Icmpv6 = super::icmpv6::PROTOCOL;
    /// Extensions of an ICMP error.
    IcmpExtensions = super::icmp_extensions::PROTOCOL;
    /// GTP-U.
    Gtp = super::gtp::PROTOCOL;
    /// VXLAN.
    Vxlan = super::vxlan::PROTOCOL;
    /// Geneve.
    Geneve = super::geneve::PROTOCOL;
    /// The Simple Two-way Active Measurement Protocol.
    Stamp = super::stamp::PROTOCOL;
    /// Bytes that no other protocol claims.
    Data = super::data::PROTOCOL;
    /// Bytes after the end of the packet.
    Trailer = super::data::TRAILER;
}

/// A set of protocols.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ProtoSet(u128);

// One bit each.
const _: () = assert!(Proto::ALL.len() <= 128);

impl ProtoSet {
    /// Whether `proto` is in it.
    pub fn contains(self, proto: Proto) -> bool {
        self.0 >> proto as u8 & 1 == 1
    }
}

impl FromIterator<Proto> for ProtoSet {
    fn from_iter<I: IntoIterator<Item = Proto>>(protos: I) -> Self {
        Self(protos.into_iter().fold(0, |set, proto| set | 1 << proto as u8))
    }
}

/// Every field there is, with the protocol that lists it; a shared field comes
/// once for each that shares it.
pub fn all_fields() -> impl Iterator<Item = (Proto, &'static Field)> {
    let of = |proto: &Proto| {
        let info = proto.info();
        std::iter::once(info.header).chain(info.fields.iter().copied())
    };
    Proto::ALL.iter().flat_map(move |proto| of(proto).map(|field| (*proto, field)))
}

/// Finds a field by its full name (`ipv6.hlim`), or by the notation's names
/// (`ip6.hlim`).
pub fn field_by_name(name: &str) -> Option<&'static Field> {
    let all = || Proto::ALL.iter().map(|p| p.info());
    all().flat_map(|p| std::iter::once(p.header).chain(p.fields.iter().copied())).find(|f| f.name == name).or_else(
        || {
            let (layer, arg) = name.split_once('.')?;
            all().filter(|p| p.notation == layer).flat_map(|p| p.fields.iter().copied()).find(|f| f.arg == arg)
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn a_name_means_one_kind_of_value() {
        let mut seen = HashMap::new();
        for field in Proto::ALL.iter().flat_map(|p| p.info().fields) {
            let earlier = *seen.entry(field.name).or_insert(field.kind);
            assert_eq!(earlier, field.kind, "{}", field.name);
        }
    }

    #[test]
    fn a_protocol_lists_a_name_once() {
        for proto in Proto::ALL {
            let mut names = std::collections::BTreeSet::new();
            for field in proto.info().fields {
                assert!(names.insert(field.name), "{proto:?} lists {} twice", field.name);
            }
        }
    }

    #[test]
    fn a_notation_argument_is_unique_in_its_layer() {
        for proto in Proto::ALL {
            let mut args: Vec<_> = proto.info().fields.iter().map(|f| f.arg).filter(|a| !a.is_empty()).collect();
            let all = args.len();
            args.sort_unstable();
            args.dedup();
            assert_eq!(args.len(), all, "{proto:?}");
        }
    }

    #[test]
    fn finds_fields_by_either_name() {
        assert_eq!(field_by_name("ipv6.hlim").unwrap().label, "Hop Limit");
        assert!(std::ptr::eq(field_by_name("ip6.hlim").unwrap(), field_by_name("ipv6.hlim").unwrap()));
        assert!(field_by_name("ipv6.nonsense").is_none());
    }
}
