//! What stays of a packet whatever SRv6 does to it on its way.
//!
//! The key is made of the innermost packet only, so that neither an outer
//! encapsulation nor a link layer matters; and of that packet's parts only of
//! those that no node may touch:
//!
//! - **addresses**: the source, and the destination that the packet is bound
//!   for in the end: the last SRH's Segment List\[0\], or the IPv6 destination
//!   where there is no SRH (any more, or yet). Of a compressed SID it is the
//!   form that arrives, where a plan of locators tells.
//! - **header**: the protocol, ports, sequence numbers, ICMP types, identifiers
//!   and sequence numbers, IPv4's identification and the Fragment header's;
//!   never a checksum, which hardware may complete behind a capture's back.
//! - **payload**: all bytes of it. Of an ICMP error that is what it quotes: an
//!   error is itself, not the packet that it is about.
//!
//! Hop limits, traffic classes, lengths and next headers of IPv6, SRHs and
//! other extension headers take no part. What carries no IP packet at all is
//! its bytes after the link layer.

use std::hash::{BuildHasher, Hasher};

use foldhash::quality::FixedState;

use crate::dissect::{Layer, Packet};
use crate::wire::bytes::tail;
use crate::wire::proto::Proto;

/// What identifies a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Key {
    /// All parts as one.
    pub whole: u64,
    /// Addresses, header, payload.
    pub parts: [u64; 3],
    /// Whether the capture kept only the start of the packet.
    pub cut: bool,
}

impl Key {
    /// The key of a packet, whose layers are enough.
    pub fn of(packet: &Packet<'_>) -> Self {
        let layers = packet.layers();
        let is_network = |l: &Layer| matches!(l.proto, Proto::Ipv4 | Proto::Ipv6) && !l.quoted;
        let network = layers.iter().rposition(is_network);
        let carried_frame = layers.iter().rposition(|l| l.proto == Proto::Ethernet && !l.quoted);
        let parts = match network {
            Some(network) if carried_frame.is_none_or(|frame| frame < network) => of_network(packet, network),
            _ => of_frame(packet, carried_frame.unwrap_or(0)),
        };
        let mut all = hasher();
        parts.iter().for_each(|part| all.write_u64(*part));
        let cut = packet.frame.original_len as usize > packet.frame.data.len();
        Self { whole: all.finish(), parts, cut }
    }

    /// Whether two packets that are not the same may be one that was changed:
    /// of addresses, header and payload two are the same, or one where a
    /// capture does not have all of the packet.
    pub fn is_like(&self, other: &Self) -> bool {
        let needed = if self.cut || other.cut { 1 } else { 2 };
        self.parts.iter().zip(&other.parts).filter(|(a, b)| a == b).count() >= needed
    }
}

fn hasher() -> impl Hasher {
    FixedState::with_seed(0x5eed).build_hasher()
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = hasher();
    hasher.write(bytes);
    hasher.finish()
}

/// Whether a protocol only takes packets over a link.
pub(super) fn is_link(proto: Proto) -> bool {
    matches!(
        proto,
        Proto::Ethernet
            | Proto::Vlan
            | Proto::Cooked
            | Proto::Loopback
            | Proto::Llc
            | Proto::Pppoe
            | Proto::Ppp
            | Proto::CiscoHdlc
            | Proto::Mpls
            | Proto::ControlWord
    )
}

/// Of what is in a frame that carries no IP: the first that is no link layer.
fn of_frame(packet: &Packet<'_>, frame: usize) -> [u64; 3] {
    let content = packet.layers().iter().skip(frame).find(|l| !is_link(l.proto) && l.proto != Proto::Trailer);
    match content {
        Some(layer) => [0, u64::from(layer.proto as u8), hash(packet.whole(layer))],
        None => [0, 0, hash(packet.frame.data)],
    }
}

/// Of the packet in the IP header at `index`, which carries no other.
fn of_network(packet: &Packet<'_>, index: usize) -> [u64; 3] {
    let layers = packet.layers();
    let Some(network) = layers.get(index) else { return [0; 3] };
    let mut header = hasher();
    if network.proto == Proto::Ipv4 {
        // Identification, flags and fragment offset.
        header.write(packet.header(network).get(4..8).unwrap_or_default());
    }
    let mut upper = None;
    for layer in tail_layers(layers, index).iter().filter(|l| usize::from(l.network) == index && !l.quoted) {
        match layer.proto {
            Proto::HopByHop | Proto::Destination | Proto::Routing | Proto::Srh | Proto::Ah | Proto::Trailer => {}
            Proto::Fragment => header.write(tail(packet.header(layer), 2)),
            _ => {
                upper = Some(layer);
                break;
            }
        }
    }
    let mut payload = 0;
    if let Some(upper) = upper {
        header.write_u8(upper.proto as u8);
        let bytes = packet.header(upper);
        // Everything but the checksum.
        let (before, after, has_header) = match upper.proto {
            Proto::Udp => (6, 8, true),
            Proto::Tcp => (16, 18, true),
            Proto::Icmpv6 | Proto::Icmpv4 => (2, 4, true),
            _ => (0, 0, false),
        };
        if has_header {
            header.write(bytes.get(..before).unwrap_or(bytes));
            header.write(tail(bytes, after));
            payload = hash(packet.payload(upper));
        } else {
            payload = hash(packet.whole(upper));
        }
    }
    [addresses(packet, network), header.finish(), payload]
}

fn tail_layers(layers: &[Layer], index: usize) -> &[Layer] {
    layers.get(index + 1..).unwrap_or_default()
}

/// The source, and where the packet is bound for in the end.
fn addresses(packet: &Packet<'_>, network: &Layer) -> u64 {
    let header = packet.header(network);
    let mut hasher = hasher();
    if network.proto == Proto::Ipv4 {
        hasher.write(header.get(12..20).unwrap_or_default());
        return hasher.finish();
    }
    hasher.write(header.get(8..24).unwrap_or_default());
    let Some(ipv6) = packet.network(network) else { return hasher.finish() };
    let own = |l: &&Layer| l.proto == Proto::Srh && l.network == network.network && !l.quoted;
    let srh = packet.layers().iter().rfind(own).and_then(|l| packet.srh(l));
    let last = srh.and_then(|srh| srh.segment(0)).unwrap_or(ipv6.destination());
    let locators = &packet.settings().locators;
    let bound = if locators.is_empty() { None } else { locators.arriving(ipv6.destination(), srh.as_ref(), last) };
    hasher.write(&bound.unwrap_or(last).octets());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Frame;
    use crate::dissect::{Dissection, Settings};
    use crate::srv6::csid::Locators;
    use crate::wire::link_type::LinkType;
    use crate::{craft, notation};
    use std::sync::Arc;

    fn key_with(settings: &Arc<Settings>, text: &str) -> Key {
        let layers = notation::parse(text).unwrap();
        let bytes = craft::build(&layers).unwrap();
        let frame = Frame::new(craft::link_type(&layers).unwrap_or(LinkType::RAW), &bytes);
        let mut dissection = Dissection::with(Arc::clone(settings));
        dissection.refill_layers(&frame);
        Key::of(&Packet::new(&frame, &dissection))
    }

    fn key(text: &str) -> Key {
        key_with(&Arc::default(), text)
    }

    const PLAIN: &str = "ip6(src=fc00::1, dst=2001:db9::1)/udp(sport=1, dport=2)/\"hello\"";

    #[test]
    fn srv6_leaves_the_key_alone() {
        let srh = "srh(path=[2001:db8::2, 2001:db8::3, 2001:db9::1]";
        let rest = "udp(sport=1, dport=2)/\"hello\"";
        for other in [
            // Segments used up, hop limit, SRH removed or inserted.
            format!("ip6(src=fc00::1, hlim=9)/{srh})/{rest}"),
            format!("ip6(src=fc00::1, dst=2001:db8::3)/{srh}, sl=1)/{rest}"),
            format!("ip6(src=fc00::1, dst=2001:db9::1)/{srh}, sl=0)/{rest}"),
            format!("ip6(src=fc00::1)/srh(path=[fc00:7::, 2001:db8::2])/{srh})/{rest}"),
            // Encapsulations, and link layers.
            format!("ip6(src=fc00:9::1)/srh(path=[fc00:a::1, fc00:b::1])/{PLAIN}"),
            format!("ip6(src=fc00:9::1, dst=fc00:a::1)/{PLAIN}"),
            format!("eth(src=02:00:00:00:00:01, dst=02:00:00:00:00:02)/{PLAIN}"),
            format!("eth/vlan(id=7)/{PLAIN}"),
            format!("ip6(src=fc00:9::1)/srh(path=[fc00:a::1, fc00:b::1])/eth/{PLAIN}"),
            // A checksum left to the hardware.
            PLAIN.replace("dport=2", "dport=2, cksum=0x1234"),
        ] {
            assert_eq!(key(&other), key(PLAIN), "{other}");
        }
    }

    #[test]
    fn other_packets_have_other_keys() {
        for (other, like) in [
            (PLAIN.replace("hello", "hellO"), true),
            (PLAIN.replace("dport=2", "dport=3"), true),
            (PLAIN.replace("2001:db9::1", "2001:db9::2"), true),
            (PLAIN.replace("2001:db9::1", "2001:db9::2").replace("hello", "jello"), false),
            (PLAIN.replace("udp(sport=1, dport=2)", "tcp(sport=1, dport=2)"), true),
        ] {
            assert_ne!(key(&other).whole, key(PLAIN).whole, "{other}");
            assert_eq!(key(&other).is_like(&key(PLAIN)), like, "{other}");
        }
    }

    #[test]
    fn identifiers_count() {
        let ping = |more: &str| key(&format!("ip6(src=fc00::1, dst=fc00::2)/icmp6(type=echo{more})/\"ping\""));
        assert_ne!(ping(", id=1, seq=1"), ping(", id=1, seq=2"));
        assert_ne!(ping(", id=1, seq=1"), ping(", id=2, seq=1"));
        let four = |id: u16, ttl: u8| key(&format!("ip4(src=10.0.0.1, dst=10.0.0.2, id={id}, ttl={ttl})/udp/\"x\""));
        assert_ne!(four(1, 64), four(2, 64));
        assert_eq!(four(1, 64), four(1, 63));
    }

    #[test]
    fn a_compressed_destination_counts_as_it_arrives_where_a_plan_tells() {
        let mut locators = Locators::default();
        locators.add("fcbb:bb00::/32:16").unwrap();
        let settings = Arc::new(Settings { locators, ..Settings::default() });
        let at = |destination: &str| format!("ip6(src=fc00::1, dst={destination})/udp(dport=2)/\"x\"");
        let (before, after) = (at("fcbb:bb00:1:2:3::"), at("fcbb:bb00:3::"));
        assert_eq!(key_with(&settings, &before), key_with(&settings, &after));
        assert_ne!(key(&before), key(&after));
        assert!(key(&before).is_like(&key(&after)));
    }

    #[test]
    fn an_error_is_itself() {
        let error = |kind: u8, port: u16| {
            let quoted = format!("ip6(src=fc00::1, dst=fc00::2)/udp(dport={port})/\"x\"");
            key(&format!("ip6(src=fc00::2, dst=fc00::1)/icmp6(type={kind})/{quoted}"))
        };
        assert_eq!(error(1, 53), error(1, 53));
        assert_ne!(error(1, 53), error(1, 54));
        assert_ne!(error(1, 53), error(3, 53));
        assert_ne!(error(1, 53), key("ip6(src=fc00::1, dst=fc00::2)/udp(dport=53)/\"x\""));
    }

    #[test]
    fn what_is_no_ip_is_its_bytes() {
        // An ARP request for 10.0.0.N.
        let arp = |target: &str| {
            format!("eth(type=0x0806)/hex(00010800060400010200000000010a0000090000000000000a0000{target})")
        };
        let (one, two) = (key(&arp("01")), key(&arp("02")));
        assert_ne!(one, two);
        let tunnel = format!("ip6(src=fc00:9::1)/srh(path=[fc00:a::1, fc00:b::1])/{}", arp("01"));
        assert_eq!(key(&tunnel), one);
    }
}
