//! Neighbour discovery for one address (RFC 4861): the solicitation to send
//! and the advertisement to wait for, as Ethernet frames.

use std::net::Ipv6Addr;

use crate::wire::bytes::{array_at, u8_at, u16_at};
use crate::wire::checksum::Sum;

/// An Ethernet address.
pub type Mac = [u8; 6];

/// Ethernet header: destination (6), source (6), ethertype (2).
pub(super) const ETHERNET: usize = 14;
/// The ethertype of IPv6.
pub(super) const ETHERTYPE_IPV6: [u8; 2] = [0x86, 0xdd];
const IPV6: usize = 40;
const ICMPV6: u8 = 58;
/// Neighbour discovery packets carry this hop limit, which no router lets
/// through (RFC 4861 §3.1).
const HOP_LIMIT: u8 = 255;
const SOLICITATION: u8 = 135;
const ADVERTISEMENT: u8 = 136;
const SOURCE_LINK_ADDRESS: u8 = 1;
const TARGET_LINK_ADDRESS: u8 = 2;

/// The Ethernet address of an IPv6 multicast group (RFC 2464 §7).
pub fn multicast_mac(group: Ipv6Addr) -> Mac {
    let [.., a, b, c, d] = group.octets();
    [0x33, 0x33, a, b, c, d]
}

/// The group on which the owner of an address listens for solicitations
/// (RFC 4291 §2.7.1).
pub fn solicited_node(address: Ipv6Addr) -> Ipv6Addr {
    let [.., a, b, c] = address.octets();
    let mut group = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00, 0).octets();
    group[13..].copy_from_slice(&[a, b, c]);
    Ipv6Addr::from(group)
}

/// A neighbour solicitation for `target` (RFC 4861 §4.3), as a whole Ethernet
/// frame, from an interface with the addresses given.
pub fn solicitation(target: Ipv6Addr, source: Ipv6Addr, mac: Mac) -> Vec<u8> {
    let group = solicited_node(target);
    // Type, code, checksum, reserved (4), target, source link-layer option.
    let mut icmp = vec![SOLICITATION, 0, 0, 0, 0, 0, 0, 0];
    icmp.extend_from_slice(&target.octets());
    icmp.extend_from_slice(&[SOURCE_LINK_ADDRESS, 1]);
    icmp.extend_from_slice(&mac);
    let length = icmp.len() as u16;
    let sum = Sum::default()
        .pseudo_header(&source.octets(), &group.octets(), u32::from(length), ICMPV6)
        .bytes(&icmp)
        .checksum();
    icmp[2..4].copy_from_slice(&sum.to_be_bytes());

    let mut frame = Vec::with_capacity(ETHERNET + IPV6 + icmp.len());
    frame.extend_from_slice(&multicast_mac(group));
    frame.extend_from_slice(&mac);
    frame.extend_from_slice(&ETHERTYPE_IPV6);
    frame.extend_from_slice(&[0x60, 0, 0, 0]);
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(&[ICMPV6, HOP_LIMIT]);
    frame.extend_from_slice(&source.octets());
    frame.extend_from_slice(&group.octets());
    frame.extend_from_slice(&icmp);
    frame
}

/// The Ethernet address that a frame advertises for `target`: `None` unless it
/// is a valid advertisement (RFC 4861 §7.1.2) for this target that carries one.
pub fn advertised(frame: &[u8], target: Ipv6Addr) -> Option<Mac> {
    if array_at(frame, 12)? != ETHERTYPE_IPV6 {
        return None;
    }
    let packet = frame.get(ETHERNET..)?;
    if (u8_at(packet, 6)?, u8_at(packet, 7)?) != (ICMPV6, HOP_LIMIT) {
        return None;
    }
    let length = u16_at(packet, 4)?;
    let icmp = packet.get(IPV6..IPV6 + usize::from(length))?;
    if (u8_at(icmp, 0)?, u8_at(icmp, 1)?) != (ADVERTISEMENT, 0) || array_at(icmp, 8)? != target.octets() {
        return None;
    }
    let addresses = packet.get(8..IPV6)?;
    let (source, destination) = addresses.split_at(16);
    let sum = Sum::default().pseudo_header(source, destination, u32::from(length), ICMPV6).bytes(icmp);
    if sum.checksum() != 0 {
        return None;
    }
    let mut options = icmp.get(24..)?;
    loop {
        let (kind, units) = (u8_at(options, 0)?, u8_at(options, 1)?);
        if units == 0 {
            return None;
        }
        if kind == TARGET_LINK_ADDRESS {
            return array_at(options, 2);
        }
        options = options.get(usize::from(units) * 8..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TARGET: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0x12, 0x3456);
    const MAC: Mac = [2, 0, 0, 0, 0, 7];

    /// An advertisement as another node's stack would send it.
    fn advertisement() -> Vec<u8> {
        let mut frame = solicitation(TARGET, TARGET, MAC);
        frame[54] = ADVERTISEMENT;
        frame[54 + 24] = TARGET_LINK_ADDRESS;
        frame[56..58].fill(0);
        let (source, rest) = frame[22..].split_at(16);
        let sum = Sum::default().pseudo_header(source, &rest[..16], 32, ICMPV6).bytes(&rest[16..]).checksum();
        frame[56..58].copy_from_slice(&sum.to_be_bytes());
        frame
    }

    #[test]
    fn groups_and_their_macs() {
        assert_eq!(solicited_node(TARGET).to_string(), "ff02::1:ff12:3456");
        assert_eq!(multicast_mac(solicited_node(TARGET)), [0x33, 0x33, 0xff, 0x12, 0x34, 0x56]);
    }

    #[test]
    fn an_advertisement_names_its_mac() {
        assert_eq!(advertised(&advertisement(), TARGET), Some(MAC));
    }

    #[test]
    fn what_is_no_advertisement_for_the_target_is_none() {
        assert_eq!(advertised(&advertisement(), Ipv6Addr::LOCALHOST), None);
        assert_eq!(advertised(&solicitation(TARGET, TARGET, MAC), TARGET), None);
        let good = advertisement();
        for (at, what) in [(12, "ethertype"), (21, "hop limit"), (55, "code"), (57, "checksum"), (80, "the MAC")] {
            let mut bad = good.clone();
            bad[at] ^= 1;
            assert_eq!(advertised(&bad, TARGET), None, "{what} wrong");
        }
        for cut in 0..good.len() {
            assert_eq!(advertised(&good[..cut], TARGET), None, "cut at {cut}");
        }
    }

    proptest! {
        #[test]
        fn any_change_is_read_without_a_panic(at in 0usize..86, value: u8) {
            let mut frame = advertisement();
            frame[at] = value;
            let _ = advertised(&frame, TARGET);
        }
    }
}
