//! Compressed SIDs (RFC 9800): which addresses carry several, and which they are.
//!
//! A NEXT-C-SID carrier is an address whose block is followed by C-SIDs, the
//! next one first; a node shifts its own out (§4.1):
//!
//! ```text
//! | block, LBL bits | C-SID, LNFL bits | C-SID | ... | zeros |
//! ```
//!
//! A REPLACE-C-SID container is a list entry that is nothing but C-SIDs, filled
//! from its low end; the destination holds the block, the current C-SID, and in
//! its lowest bits where the container is being read (§4.2). Neither can be told
//! from an address by looking at it: a [`Locators`] plan says where they are.
//! Without one there are guesses ([`usual_endings`], [`is_shifted`]), to be used
//! only where they cannot do harm: to take back a suspicion.

mod looks;
mod pack;
mod plan;

use std::net::Ipv6Addr;

use serde::Deserialize;

use crate::wire::srh::Srh;

pub use looks::{is_replaced, is_shifted, may_end, usual_endings};
pub use pack::{Compression, Packed};
pub use plan::{Argument, LocatorError, Locators, MobSession, Named, Parts};

/// How a locator block's SIDs are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Flavor {
    /// NEXT-C-SID: shifted out of the destination.
    Next,
    /// REPLACE-C-SID: copied from a container into the destination.
    Replace,
}

/// Where the parts of a compressed SID lie, in bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// The length of the locator block (LBL).
    pub block: u8,
    /// The length of a C-SID (LNFL): locator node and function.
    pub csid: u8,
    /// How it is compressed.
    pub flavor: Flavor,
}

impl Layout {
    /// The common format F3216: a block of 32 bits, C-SIDs of 16.
    pub const F3216: Self = Self { block: 32, csid: 16, flavor: Flavor::Next };

    /// A layout with room for at least one C-SID, and for the index that
    /// REPLACE-C-SID needs.
    pub fn new(block: u8, csid: u8, flavor: Flavor) -> Option<Self> {
        let layout = Self { block, csid, flavor };
        let index = |layout: Self| if flavor == Flavor::Replace { layout.index_bits() } else { 0 };
        let fits = (8..=120).contains(&block)
            && (1..=64).contains(&csid)
            && u32::from(block) + u32::from(csid) + index(layout) <= 128;
        fits.then_some(layout)
    }

    /// The block of an address, and nothing behind it.
    fn block_of(self, address: Ipv6Addr) -> u128 {
        address.to_bits() & !(u128::MAX >> self.block)
    }

    /// The bits of `address` from `at` on, a C-SID's worth.
    fn csid_at(self, address: u128, at: u32) -> u128 {
        address << at >> (128 - u32::from(self.csid))
    }

    /// The SID of a C-SID in a block.
    fn sid(self, block: u128, csid: u128) -> Ipv6Addr {
        Ipv6Addr::from_bits(block | csid << (128 - u32::from(self.block) - u32::from(self.csid)))
    }

    /// The SIDs that a NEXT-C-SID carrier still holds, the current one first.
    /// A C-SID of zero ends them.
    pub fn carried(self, carrier: Ipv6Addr) -> impl Iterator<Item = Ipv6Addr> + Clone {
        let (bits, block) = (carrier.to_bits(), self.block_of(carrier));
        let step = u32::from(self.csid);
        (0..)
            .map(move |index| u32::from(self.block) + index * step)
            .take_while(move |at| at + step <= 128)
            .map(move |at| self.csid_at(bits, at))
            .take_while(|csid| *csid != 0)
            .map(move |csid| self.sid(block, csid))
    }

    /// A carrier of these SIDs, to be visited in this order; `None` where they
    /// are of different blocks, have arguments, or are too many.
    pub fn carrying(self, sids: &[Ipv6Addr]) -> Option<Ipv6Addr> {
        let block = self.block_of(*sids.first()?);
        let (mut bits, mut at) = (block, u32::from(self.block));
        for sid in sids {
            let csid = self.csid_at(sid.to_bits(), self.block.into());
            if self.sid(block, csid) != *sid || at + u32::from(self.csid) > 128 {
                return None;
            }
            bits |= csid << (128 - at - u32::from(self.csid));
            at += u32::from(self.csid);
        }
        Some(Ipv6Addr::from_bits(bits))
    }

    /// A carrier as it arrives at the last of its SIDs: block, C-SID, zeros. A
    /// carrier without C-SIDs stays as it is.
    pub fn arriving(self, carrier: Ipv6Addr) -> Ipv6Addr {
        self.carried(carrier).last().unwrap_or(carrier)
    }

    /// The carrier with its next C-SID where the first was, and zeros at its
    /// end (RFC 9800 §4.1.1, N05-N06); `None` where nothing but zeros follows
    /// the first.
    pub fn shift(self, carrier: Ipv6Addr) -> Option<Ipv6Addr> {
        let rest = carrier.to_bits() << self.block << self.csid;
        (rest != 0).then(|| Ipv6Addr::from_bits(self.block_of(carrier) | rest >> self.block))
    }

    /// A carrier after each of the nodes on its way but the first.
    fn shifted(self, carrier: Ipv6Addr) -> impl Iterator<Item = Ipv6Addr> {
        std::iter::successors(self.shift(carrier), move |at| self.shift(*at))
    }

    /// How many C-SIDs a REPLACE-C-SID container holds (§4.2).
    pub fn places(self) -> u32 {
        128 / u32::from(self.csid)
    }

    /// Bits of the index that REPLACE-C-SID keeps in the destination.
    pub fn index_bits(self) -> u32 {
        self.places().next_power_of_two().trailing_zeros()
    }

    /// The place of a container that a destination's C-SID came from
    /// (DA.Arg.Index, §4.2).
    pub fn index(self, destination: Ipv6Addr) -> u32 {
        (destination.to_bits() & ((1 << self.index_bits()) - 1)) as u32
    }

    /// The C-SID at a place of a container, places counted from its high end;
    /// 0, which is no C-SID, where it has no such place.
    pub fn place(self, container: Ipv6Addr, index: u32) -> u128 {
        if index < self.places() { self.csid_at(container.to_bits(), index * u32::from(self.csid)) } else { 0 }
    }

    /// A destination with another C-SID, and the place that it came from
    /// (§4.2.1, R17-R20). Everything else stays.
    pub fn replace(self, destination: Ipv6Addr, csid: u128, index: u32) -> Ipv6Addr {
        let shift = 128 - u32::from(self.block) - u32::from(self.csid);
        let csid_mask = (u128::MAX >> (128 - u32::from(self.csid))) << shift;
        let index_mask = (1u128 << self.index_bits()) - 1;
        let kept = destination.to_bits() & !(csid_mask | index_mask);
        Ipv6Addr::from_bits(kept | csid << shift | u128::from(index))
    }

    /// What stands behind the zero C-SID that ends a carrier: an argument, which
    /// no C-SID length takes apart. `None` where nothing does.
    pub fn argument(self, carrier: Ipv6Addr) -> Option<u128> {
        let used = u32::from(self.block) + self.carried(carrier).count() as u32 * u32::from(self.csid);
        let rest = carrier.to_bits().checked_shl(used).unwrap_or(0);
        (rest != 0).then(|| rest >> used)
    }

    /// The SIDs that a packet under REPLACE-C-SID still visits, the current one
    /// first, as each stands in the destination but without the index (RFC 9800
    /// §4.2.1's steps).
    fn replaced<'a>(self, destination: Ipv6Addr, srh: Srh<'a>) -> impl Iterator<Item = Ipv6Addr> + use<'a> {
        let block = self.block_of(destination);
        let start = self.whole(block, destination, usize::from(srh.segments_left()));
        std::iter::successors(Some(start), move |at| self.next(block, &srh, at)).map(|at| at.sid)
    }

    /// A list entry, or the destination, as the SID that it is. One outside the
    /// block is an ordinary SID, and has no index.
    fn whole(self, block: u128, entry: Ipv6Addr, left: usize) -> Visit {
        if self.block_of(entry) != block {
            return Visit { sid: entry, left, index: None };
        }
        let index = self.index(entry);
        Visit { sid: Ipv6Addr::from_bits(entry.to_bits() ^ u128::from(index)), left, index: Some(index) }
    }

    /// The SID after this one. Each step uses up a place in a container, or an
    /// entry of the list, so that there is an end.
    fn next(self, block: u128, srh: &Srh<'_>, at: &Visit) -> Option<Visit> {
        let csid = |left: usize, index: u32| {
            let csid = self.place(srh.segment(left)?, index);
            (csid != 0).then(|| Visit { sid: self.sid(block, csid), left, index: Some(index) })
        };
        let before = at.left.checked_sub(1);
        match at.index {
            // Where the container is used up, the next entry is a whole SID.
            Some(index @ 1..) => {
                csid(at.left, index - 1).or_else(|| before.and_then(|left| self.entry(block, srh, left)))
            }
            Some(0) => csid(before?, self.places() - 1),
            None => self.entry(block, srh, before?),
        }
    }

    fn entry(self, block: u128, srh: &Srh<'_>, left: usize) -> Option<Visit> {
        srh.segment(left).map(|entry| self.whole(block, entry, left))
    }
}

/// A SID that a packet under REPLACE-C-SID visits.
#[derive(Debug, Clone, Copy)]
struct Visit {
    sid: Ipv6Addr,
    /// Segments Left there.
    left: usize,
    /// Where in its container it stands; `None` for SIDs without compression.
    index: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> Ipv6Addr {
        text.parse().unwrap()
    }

    fn plan(locators: &[&str]) -> Locators {
        let mut plan = Locators::default();
        locators.iter().for_each(|text| plan.add(text).unwrap());
        plan
    }

    fn srh(left: u8, segments: &[&str]) -> Vec<u8> {
        let mut bytes = vec![59, segments.len() as u8 * 2, 4, left, segments.len() as u8 - 1, 0, 0, 0];
        bytes.extend(segments.iter().flat_map(|s| ip(s).octets()));
        bytes
    }

    fn text(sids: &[Ipv6Addr]) -> Vec<String> {
        sids.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_carrier_is_taken_apart() {
        let plan = plan(&["fcbb:bb00::/32:16"]);
        let sids = plan.still_to_visit(ip("fcbb:bb00:100:200:300::"), None);
        assert_eq!(text(&sids), ["fcbb:bb00:100::", "fcbb:bb00:200::", "fcbb:bb00:300::"]);
        let all = ip("fcbb:bb00:1:2:3:4:5:6");
        assert_eq!(plan.still_to_visit(all, None).len(), 6);
        assert_eq!(plan.arriving(all, None, all), Some(ip("fcbb:bb00:6::")));
        assert!(plan.still_to_visit(ip("2001:db8::1"), None).is_empty());
    }

    #[test]
    fn a_carrier_is_put_together() {
        let sids = [ip("fcbb:bb00:100::"), ip("fcbb:bb00:200::"), ip("fcbb:bb00:300::")];
        assert_eq!(Layout::F3216.carrying(&sids), Some(ip("fcbb:bb00:100:200:300::")));
        assert_eq!(Layout::F3216.carrying(&[sids[0]; 7]), None, "too many");
        assert_eq!(Layout::F3216.carrying(&[sids[0], ip("fcbb:bb01:200::")]), None, "another block");
        assert_eq!(Layout::F3216.carrying(&[ip("fcbb:bb00:100:200::")]), None, "an argument");
        assert_eq!(Layout::F3216.carrying(&[]), None);
    }

    #[test]
    fn carriers_in_the_list_follow() {
        let plan = plan(&["fcbb:bb00::/32:16"]);
        let bytes = srh(1, &["2001:db8::9", "fcbb:bb00:1:2::"]);
        let header = Srh::new(&bytes).unwrap();
        let sids = plan.still_to_visit(ip("fcbb:bb00:2::"), Some(&header));
        assert_eq!(text(&sids), ["fcbb:bb00:2::", "2001:db8::9"]);
    }

    /// The example of five SIDs in one container.
    #[test]
    fn a_container_is_taken_apart() {
        let plan = plan(&["2001:db8:b::/48:32:replace"]);
        let list = "5:1:4:1:3:1:2:1";
        let expected =
            ["2001:db8:b:1:1::", "2001:db8:b:2:1::", "2001:db8:b:3:1::", "2001:db8:b:4:1::", "2001:db8:b:5:1::"];
        let start = srh(1, &[list]);
        let start = Srh::new(&start).unwrap();
        assert_eq!(text(&plan.still_to_visit(ip("2001:db8:b:1:1::"), Some(&start))), expected);
        let later = srh(0, &[list]);
        let later = Srh::new(&later).unwrap();
        assert_eq!(text(&plan.still_to_visit(ip("2001:db8:b:3:1::2"), Some(&later))), expected[2..]);
        assert_eq!(plan.arriving(ip("2001:db8:b:3:1::2"), Some(&later), ip(list)), Some(ip("2001:db8:b:5:1::")));
    }

    #[test]
    fn an_ordinary_sid_in_between_is_one() {
        let plan = plan(&["2001:db8:b::/48:32:replace"]);
        // The container has two places, then a SID of another block, and one more.
        let bytes = srh(1, &["fc00::d46", "0:0:0:0:3:1:2:1"]);
        let header = Srh::new(&bytes).unwrap();
        let sids = plan.still_to_visit(ip("2001:db8:b:2:1::3"), Some(&header));
        assert_eq!(text(&sids), ["2001:db8:b:2:1::", "2001:db8:b:3:1::", "fc00::d46"]);
    }

    #[test]
    fn an_argument_stands_behind_a_zero() {
        assert_eq!(Layout::F3216.argument(ip("fcbb:bb00:1:2::")), None);
        assert_eq!(Layout::F3216.argument(ip("fcbb:bb00:1:2:0:5::")), Some(0x5_0000_0000));
        assert_eq!(Layout::F3216.argument(ip("fcbb:bb00:1:2:3:4:5:6")), None);
    }
}
