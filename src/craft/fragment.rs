//! Splitting a packet that is too long for a link (RFC 8200 §4.5).

use thiserror::Error;

use crate::wire::bytes::{u8_at, u16_at};
use crate::wire::names::ip_proto;
use crate::wire::{ethernet, fragment, ipv6, names::ether_type, vlan};

/// Why a packet cannot be split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FragmentError {
    /// Not an IPv6 packet, or one whose headers are not whole.
    #[error("only a whole IPv6 packet can be split into fragments")]
    NoPacket,
    /// A fragment already.
    #[error("the packet has a Fragment header already")]
    Fragment,
    /// The headers that every fragment repeats leave no room.
    #[error("an MTU of {mtu} bytes leaves no room: each fragment repeats {repeated} bytes of headers")]
    NoRoom {
        /// The longest packet that may leave, in bytes.
        mtu: usize,
        /// The bytes that come first in each fragment, Fragment header included.
        repeated: usize,
    },
    /// More than the Fragment Offset can say.
    #[error("the packet is too long: a fragment cannot start after 65528 bytes")]
    TooLong,
}

/// Splits an IPv6 packet, or a frame with one right behind its Ethernet and VLAN
/// headers, into fragments of at most `mtu` bytes from the IPv6 header on, with
/// this Identification. One that fits stays whole.
///
/// What nodes on the way look at comes first in each fragment: the IPv6 header,
/// and all up to the last Routing header, or the Hop-by-Hop Options.
///
/// ```
/// use sr6::craft;
///
/// let packet = craft::ip6() / craft::srh().path(["fc00::a".parse()?]) / craft::udp(1, 2) / craft::bytes([0; 2000]);
/// let fragments = craft::fragment(&craft::build(&packet)?, 1280, 7)?;
/// assert_eq!(fragments.iter().map(Vec::len).collect::<Vec<_>>(), [1280, 872]);
/// // The SRH is in each of them, and the Fragment header behind it.
/// assert!(fragments.iter().all(|fragment| fragment[6] == 43 && fragment[40] == 44));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// There is no packet to split, it is a fragment, or there is no room.
pub fn fragment(packet: &[u8], mtu: usize, id: u32) -> Result<Vec<Vec<u8>>, FragmentError> {
    let start = network(packet);
    let ip =
        packet.get(start..).filter(|ip| ip.len() >= ipv6::LEN && ip[0] >> 4 == 6).ok_or(FragmentError::NoPacket)?;
    if ip.len() <= mtu {
        return Ok(vec![packet.to_vec()]);
    }
    let (repeated, announces) = per_fragment(ip)?;
    let room = mtu.saturating_sub(repeated + fragment::LEN) / 8 * 8;
    if room == 0 {
        return Err(FragmentError::NoRoom { mtu, repeated: repeated + fragment::LEN });
    }
    let (headers, rest) = (&packet[..start + repeated], &ip[repeated..]);
    let next_header = headers[start + announces];
    let mut fragments = Vec::new();
    for (index, part) in rest.chunks(room).enumerate() {
        let at = u16::try_from(index * room).map_err(|_| FragmentError::TooLong)?;
        let more = u16::from((index + 1) * room < rest.len());
        let mut bytes = headers.to_vec();
        bytes[start + announces] = ip_proto::FRAGMENT;
        bytes.extend([next_header, 0]);
        bytes.extend((at | more).to_be_bytes());
        bytes.extend(id.to_be_bytes());
        bytes.extend(part);
        let length = u16::try_from(bytes.len() - start - ipv6::LEN).map_err(|_| FragmentError::TooLong)?;
        bytes[start + 4..start + 6].copy_from_slice(&length.to_be_bytes());
        fragments.push(bytes);
    }
    Ok(fragments)
}

/// Where the IPv6 header starts: right away, or behind Ethernet and VLAN tags.
fn network(packet: &[u8]) -> usize {
    if packet.first().is_some_and(|byte| byte >> 4 == 6) && u16_at(packet, ethernet::LEN - 2) != Some(ether_type::IPV6)
    {
        return 0;
    }
    let mut at = ethernet::LEN - 2;
    while let Some(ether_type::VLAN | ether_type::SERVICE_VLAN | ether_type::OLD_SERVICE_VLAN) = u16_at(packet, at) {
        at += vlan::LEN;
    }
    if u16_at(packet, at) == Some(ether_type::IPV6) { at + 2 } else { 0 }
}

/// How many bytes of a packet come first in each fragment, and where in them
/// the next header is announced.
fn per_fragment(ip: &[u8]) -> Result<(usize, usize), FragmentError> {
    let (mut end, mut announces) = (ipv6::LEN, 6);
    let (mut at, mut place) = (ipv6::LEN, 6);
    loop {
        let kind = ip[place];
        match kind {
            ip_proto::HOP_BY_HOP | ip_proto::ROUTING | ip_proto::DESTINATION => {}
            ip_proto::FRAGMENT => return Err(FragmentError::Fragment),
            _ => return Ok((end, announces)),
        }
        let len = (usize::from(u8_at(ip, at + 1).ok_or(FragmentError::NoPacket)?) + 1) * 8;
        if at + len > ip.len() {
            return Err(FragmentError::NoPacket);
        }
        (place, at) = (at, at + len);
        // Destination Options are for nodes on the way only before a Routing
        // header.
        if kind != ip_proto::DESTINATION {
            (end, announces) = (at, place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::craft::{Stack, bytes, dst, eth, frag, hbh, ip4, ip6, srh, udp, vlan};
    use std::net::Ipv6Addr;

    fn build(stack: impl Into<Stack>) -> Vec<u8> {
        crate::craft::build(&stack.into()).unwrap()
    }

    fn path(last: u16) -> impl Iterator<Item = Ipv6Addr> {
        (1..=last).map(|n| Ipv6Addr::from([0xfc00, 0, 0, 0, 0, 0, 0, n]))
    }

    /// The parts behind the Fragment headers, one after the other.
    fn joined(fragments: &[Vec<u8>], from: usize) -> Vec<u8> {
        fragments.iter().flat_map(|fragment| fragment[from..].iter().copied()).collect()
    }

    #[test]
    fn headers_for_the_way_are_in_each_fragment() {
        let headers = eth() / vlan() / ip6() / hbh() / dst() / srh().path(path(2)) / dst();
        let whole = build(headers / udp(1, 2) / bytes([0; 3000]));
        let fragments = fragment(&whole, 1300, 0x0102_0304).unwrap();
        let before = 18 + 40 + 8 + 8 + 40;
        assert_eq!(fragments.len(), 3);
        for (index, part) in fragments.iter().enumerate() {
            assert!(part.len() <= 18 + 1300);
            assert_eq!(usize::from(u16_at(part, 18 + 4).unwrap()), part.len() - 18 - 40);
            assert_eq!(part[18 + 40 + 16], ip_proto::FRAGMENT, "announced by the SRH");
            assert_eq!((part[before], &part[before + 4..before + 8]), (ip_proto::DESTINATION, &[1, 2, 3, 4][..]));
            let field = u16_at(part, before + 2).unwrap();
            assert_eq!((field & 1 == 1, usize::from(field & !7)), (index < 2, index * 1192));
        }
        assert_eq!(joined(&fragments, before + 8), whole[before..]);
    }

    #[test]
    fn without_a_routing_header_only_hop_by_hop_options_are() {
        let whole = build(ip6() / hbh() / dst() / udp(1, 2) / bytes([0; 2000]));
        let fragments = fragment(&whole, 1280, 1).unwrap();
        assert_eq!(joined(&fragments, 56), whole[48..]);
        let plain = build(ip6() / udp(1, 2) / bytes([0; 2000]));
        assert_eq!(joined(&fragment(&plain, 1280, 1).unwrap(), 48), plain[40..]);
    }

    #[test]
    fn what_cannot_be_split_says_why() {
        let short = build(ip6() / udp(1, 2));
        assert_eq!(fragment(&short, 1280, 1), Ok(vec![short.clone()]));
        assert_eq!(fragment(&build(ip4() / bytes([0; 2000])), 1280, 1), Err(FragmentError::NoPacket));
        assert_eq!(fragment(&build(ip6() / frag() / bytes([0; 2000])), 1280, 1), Err(FragmentError::Fragment));
        assert_eq!(
            fragment(&build(ip6() / srh().path(path(1)) / bytes([0; 100])), 76, 1).unwrap_err().to_string(),
            "an MTU of 76 bytes leaves no room: each fragment repeats 72 bytes of headers"
        );
        assert_eq!(
            fragment(&build(ip6() / bytes([0; 65535]))[..60], 50, 1),
            Err(FragmentError::NoRoom { mtu: 50, repeated: 48 })
        );
    }
}
