//! What compressed SIDs look like where no plan tells.

use std::net::Ipv6Addr;

use super::{Flavor, Layout};
use crate::wire::srh::Srh;

/// Block and C-SID lengths of NEXT-C-SID that networks use.
const USUAL_NEXT: [(u8, u8); 6] = [(32, 16), (48, 16), (64, 16), (40, 16), (16, 16), (32, 32)];

/// The same of REPLACE-C-SID.
const USUAL_REPLACE: [(u8, u8); 8] = [(48, 32), (64, 32), (32, 32), (80, 32), (96, 32), (48, 16), (64, 16), (32, 16)];

/// C-SID lengths that are thinkable.
const THINKABLE: [u8; 7] = [16, 32, 8, 12, 20, 24, 48];

fn layout(flavor: Flavor) -> impl Fn((u8, u8)) -> Layout {
    move |(block, csid)| Layout { block, csid, flavor }
}

/// The destinations that a packet may arrive with at its end, if `last`, the
/// last segment, or `destination`, the current one, is compressed in one of the
/// ways that networks use.
pub fn usual_endings<'a>(
    destination: Ipv6Addr,
    srh: Option<Srh<'a>>,
    last: Ipv6Addr,
) -> impl Iterator<Item = Ipv6Addr> + use<'a> {
    let next = USUAL_NEXT.into_iter().map(layout(Flavor::Next)).flat_map(move |layout| layout.shifted(last));
    let replace = srh.into_iter().flat_map(move |srh| {
        let layouts = USUAL_REPLACE.into_iter().map(layout(Flavor::Replace));
        layouts.filter_map(move |layout| layout.replaced(destination, srh).last())
    });
    next.chain(replace)
}

/// Whether one of the destinations that a packet may arrive with, if it is
/// compressed in any thinkable way, is `good`. So many are tried that a yes
/// proves nothing: it only says that a no of others is not sure.
pub fn may_end(destination: Ipv6Addr, srh: Option<Srh<'_>>, last: Ipv6Addr, good: impl Fn(Ipv6Addr) -> bool) -> bool {
    let blocks = (16u8..=112).step_by(8);
    let layouts = blocks.flat_map(|block| THINKABLE.into_iter().map(move |csid| (block, csid)));
    layouts.filter(|(block, csid)| block + csid <= 128).any(|lengths| {
        let replaced = srh.and_then(|srh| layout(Flavor::Replace)(lengths).replaced(destination, srh).last());
        good(layout(Flavor::Next)(lengths).arriving(last)) || replaced.is_some_and(&good)
    })
}

/// Whether an address looks like a NEXT-C-SID carrier of F3216: in unique local
/// space or in 5f00::/16 (RFC 9602), at least one C-SID, and only zeros after
/// the first zero C-SID.
pub(super) fn looks_like_f3216(address: Ipv6Addr) -> bool {
    let [first, _, csids @ ..] = address.segments();
    let used = csids.iter().take_while(|csid| **csid != 0).count();
    (first & 0xfe00 == 0xfc00 || first == 0x5f00) && used > 0 && csids[used..].iter().all(|csid| *csid == 0)
}

/// Whether `now` is `before` with C-SIDs shifted out, under any layout whose
/// lengths are whole bytes: what NEXT-C-SID nodes on the way make of a carrier.
pub fn is_shifted(before: Ipv6Addr, now: Ipv6Addr) -> bool {
    let (before, now) = (before.to_bits(), now.to_bits());
    (1..15u32).map(|bytes| bytes * 8).any(|block| {
        let same_block = (before ^ now) >> (128 - block) == 0;
        let rest = |bits: u128| bits << block;
        same_block && (1..16 - block / 8).any(|bytes| rest(before) << (bytes * 8) == rest(now)) && rest(now) != 0
    })
}

/// Whether `destination` holds a C-SID of `container` where its lowest bits say,
/// under a layout of 16- or 32-bit C-SIDs: what REPLACE-C-SID nodes make.
pub fn is_replaced(container: Ipv6Addr, destination: Ipv6Addr) -> bool {
    let (container, destination) = (container.to_bits(), destination.to_bits());
    [16u32, 32].into_iter().any(|csid| {
        let index = (destination & u128::from(128 / csid - 1)) as u32;
        let current = container << (index * csid) >> (128 - csid);
        current != 0 && (16..=128 - csid).step_by(8).any(|block| destination << block >> (128 - csid) == current)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> Ipv6Addr {
        text.parse().unwrap()
    }

    #[test]
    fn shifted_carriers_are_recognised() {
        assert!(is_shifted(ip("fcbb:bb00:1:2:3::"), ip("fcbb:bb00:2:3::")));
        assert!(is_shifted(ip("fcbb:bb00:1:2:3::"), ip("fcbb:bb00:3::")));
        assert!(!is_shifted(ip("fcbb:bb00:1:2:3::"), ip("fcbb:bb00:4::")));
        assert!(!is_shifted(ip("2001:db8::1"), ip("2001:db8::2")));
        assert!(is_replaced(ip("5:1:4:1:3:1:2:1"), ip("2001:db8:b:3:1::2")));
        assert!(!is_replaced(ip("2001:db8::1"), ip("2001:db8::2")));
    }

    #[test]
    fn endings_are_guessed() {
        let carrier = ip("fcbb:bb00:1:2:3::");
        let endings = |to, srh, last| usual_endings(to, srh, last).collect::<Vec<_>>();
        assert!(endings(carrier, None, carrier).contains(&ip("fcbb:bb00:3::")));
        // A last C-SID that has an argument behind it.
        assert!(endings(carrier, None, carrier).contains(&ip("fcbb:bb00:2:3::")));
        let mut bytes = vec![59, 2, 4, 1, 0, 0, 0, 0];
        bytes.extend(ip("5:1:4:1:3:1:2:1").octets());
        let srh = Srh::new(&bytes).unwrap();
        let start = ip("2001:db8:b:1:1::");
        assert!(endings(start, Some(srh), ip("5:1:4:1:3:1:2:1")).contains(&ip("2001:db8:b:5:1::")));
        // A block of 40 bits, two C-SIDs of 24.
        let odd = ip("2001:db8:0:1:0:200::");
        assert!(!endings(odd, None, odd).contains(&ip("2001:db8:0:2::")));
        assert!(may_end(odd, None, odd, |end| end == ip("2001:db8:0:2::")));
    }
}
