//! Where a packet goes: whether the destination follows the segments.

use std::net::Ipv6Addr;

use crate::dissect::Packet;
use crate::srv6::csid;
use crate::srv6::path::Relation;
use crate::wire::field::Field;
use crate::wire::ipv6::{self, Ipv6};
use crate::wire::srh::Srh;

use super::{Judge, Verdict, hop_limit_field};

impl Judge<'_, '_> {
    /// The verdict on a destination that is another.
    pub(super) fn destination(&self, left: usize, right: usize) -> Verdict {
        let Some((before, after)) = self.both(left, right) else { return Verdict::Destination };
        let (before, after) = (before.destination(), after.destination());
        if let Some(srh) = self.used_srh(left) {
            return match self.relation(1, right, &srh) {
                Some(Relation::Active) => Verdict::Segment,
                Some(Relation::Compressed) if self.leads_to_segment(1, right, &srh) => Verdict::Compressed,
                _ => Verdict::NotSegment,
            };
        }
        if let Some(srh) = self.alone(1, right).next() {
            return self.inserted(before, right, &srh);
        }
        let removed: Vec<_> = self.alone(0, left).collect();
        if removed.iter().any(|srh| srh.segment(0) == Some(after)) {
            return Verdict::LastSegment;
        }
        let locators = &self.packets[0].settings().locators;
        let (old, new) = (self.srhs(0, left).next(), self.srhs(1, right).next());
        let all = locators.still_to_visit(before, old.map(|(_, srh)| srh).as_ref());
        let rest = locators.still_to_visit(after, new.map(|(_, srh)| srh).as_ref());
        if !rest.is_empty() && rest.len() < all.len() && all.ends_with(&rest) {
            Verdict::Compressed
        } else if csid::is_shifted(before, after)
            || removed.iter().filter_map(|srh| srh.segment(0)).any(|last| csid::is_shifted(last, after))
        {
            Verdict::UnknownLocator
        } else if removed.is_empty() {
            Verdict::Destination
        } else {
            Verdict::NotLastSegment
        }
    }

    /// The verdict on an SRH that was inserted: its path ends at the old
    /// destination, or where the SRH behind it goes on.
    pub(super) fn inserted(&self, before: Ipv6Addr, right: usize, srh: &Srh<'_>) -> Verdict {
        let goes_on = |(index, other): (usize, Srh<'_>)| self.beside(1, index).is_some() && other.segments_left() > 0;
        let leads_back = srh.segment(0) == Some(before) || self.srhs(1, right).any(goes_on);
        if leads_back && self.leads_to_segment(1, right, srh) { Verdict::Inserted } else { Verdict::InsertedWrong }
    }

    /// Of the SRHs that both have, the last in which segments were used up, as
    /// it is now.
    fn used_srh(&self, left: usize) -> Option<Srh<'_>> {
        let now = |(index, old): (usize, Srh<'_>)| {
            let new = self.srh_at(1, self.beside(0, index)?)?;
            (new.segments_left() < old.segments_left()).then_some(new)
        };
        self.srhs(0, left).filter_map(now).last()
    }

    /// The SRHs that only one side has.
    fn alone(&self, side: usize, network: usize) -> impl Iterator<Item = Srh<'_>> {
        self.srhs(side, network).filter(move |(index, _)| self.beside(side, *index).is_none()).map(|(_, srh)| srh)
    }

    /// Whether hop limits of headers that stand beside each other fit the hops
    /// between; `outermost` is whether no node had another header before them.
    pub(super) fn hops(
        &self,
        left: usize,
        right: usize,
        outermost: bool,
        add: &mut impl FnMut(&'static Field, Verdict),
    ) {
        let (Some(a), Some(b)) = (self.layer(0, left), self.layer(1, right)) else { return };
        let field = hop_limit_field(a.proto);
        let at = if std::ptr::eq(field, &ipv6::HOP_LIMIT) { 7 } else { 8 };
        let limit = |packet: &Packet<'_>, layer| packet.header(layer).get(at).copied();
        let (Some(before), Some(after)) = (limit(&self.packets[0], a), limit(&self.packets[1], b)) else { return };
        // That it rises is told where the difference is.
        let Some(used) = before.checked_sub(after) else { return };
        if let Some(hops) = self.hops
            && (used > hops || (outermost && used < hops))
        {
            add(field, Verdict::HopCount);
        } else if used == 0 && self.used_segments(left, right) {
            add(field, Verdict::HopLimitKept);
        }
    }

    /// Whether a segment was used up between the two.
    fn used_segments(&self, left: usize, right: usize) -> bool {
        let moved = || self.both(left, right).is_some_and(|(a, b)| a.destination() != b.destination());
        self.used_srh(left).is_some() || (self.alone(0, left).any(|srh| srh.segments_left() > 0) && moved())
    }

    /// Whether the destination followed, where it is the same on both sides.
    pub(super) fn way(&self, left: usize, right: usize, add: &mut impl FnMut(&'static Field, Verdict)) {
        let Some((before, after)) = self.both(left, right) else { return };
        if before.destination() != after.destination() {
            return;
        }
        if let Some(srh) = self.used_srh(left) {
            if !self.leads_to_segment(1, right, &srh) {
                add(&ipv6::DESTINATION, Verdict::NotSegment);
            }
        } else if self.srhs(1, right).next().is_none()
            && self.alone(0, left).last().is_some_and(|srh| srh.segment(0) != Some(after.destination()))
        {
            add(&ipv6::DESTINATION, Verdict::NotLastSegment);
        }
    }

    fn both(&self, left: usize, right: usize) -> Option<(Ipv6<'_>, Ipv6<'_>)> {
        let header = |side: usize, index: usize| {
            self.layer(side, index).and_then(|layer| Ipv6::new(self.packets[side].header(layer)).ok())
        };
        header(0, left).zip(header(1, right))
    }

    /// The SRH at an index.
    pub(super) fn srh_at(&self, side: usize, index: usize) -> Option<Srh<'_>> {
        self.layer(side, index).and_then(|layer| self.packets[side].srh(layer))
    }
}
