//! Layers that only one side has: encapsulations, and SRHs that were removed
//! or inserted.

use crate::diff::key::is_link;
use crate::dissect::Layer;
use crate::wire::proto::Proto;

use super::{Judge, Verdict};

impl Judge<'_, '_> {
    /// The verdict on a layer that only the left (0) or right (1) packet has.
    pub(super) fn one_sided(&self, side: usize, index: usize) -> Verdict {
        let changed = if side == 0 { Verdict::HeaderRemoved } else { Verdict::HeaderAdded };
        let Some(layer) = self.layer(side, index) else { return changed };
        if layer.quoted {
            return Verdict::Payload;
        }
        if layer.network == Layer::NO_NETWORK {
            return if is_link(layer.proto) || layer.proto == Proto::Trailer { Verdict::Link } else { changed };
        }
        match layer.proto {
            Proto::Ipv6 => self.outer(side, index).unwrap_or(changed),
            // A frame that is carried goes with what carries it.
            Proto::Ethernet | Proto::Vlan => self.around(side, layer).unwrap_or(changed),
            Proto::Srh => match self.around(side, layer) {
                Some(verdict) => self.outer_srh(side, index, verdict),
                None if self.beside(side, usize::from(layer.network)).is_some() => self.own_srh(side, index, layer),
                None => changed,
            },
            proto if proto.info().inside => self.around(side, layer).unwrap_or(changed),
            _ => changed,
        }
    }

    /// What the encapsulation around a layer is; `None` if it is none.
    fn around(&self, side: usize, layer: &Layer) -> Option<Verdict> {
        let network = usize::from(layer.network);
        self.beside(side, network).is_none().then(|| self.outer(side, network)).flatten()
    }

    /// Whether the IP header at `index` is an encapsulation that was added or
    /// removed: all headers around it are, too, and it carries a packet or a
    /// frame.
    fn outer(&self, side: usize, index: usize) -> Option<Verdict> {
        let layers = self.packets[side].layers();
        let is_packet = |l: &Layer| matches!(l.proto, Proto::Ipv4 | Proto::Ipv6);
        let around = layers.iter().enumerate().take(index).filter(|(_, l)| is_packet(l));
        if around.into_iter().any(|(outer, _)| self.beside(side, outer).is_some()) {
            return None;
        }
        let carried = layers.iter().skip(index + 1).find(|l| !l.proto.info().inside)?;
        let carries = is_packet(carried) || carried.proto == Proto::Ethernet;
        carries.then_some(if side == 0 { Verdict::Decapsulated } else { Verdict::Encapsulated })
    }

    /// The SRH of an encapsulation.
    fn outer_srh(&self, side: usize, index: usize, verdict: Verdict) -> Verdict {
        let (Some(srh), Some(layer)) = (self.srh_at(side, index), self.layer(side, index)) else { return verdict };
        let network = usize::from(layer.network);
        let is_first = self.srhs(side, network).next().is_some_and(|(first, _)| first == index);
        match verdict {
            Verdict::Encapsulated if is_first && !self.leads_to_segment(side, network, &srh) => {
                Verdict::OuterDestination
            }
            Verdict::Decapsulated if self.hops == Some(1) && srh.segments_left() > 0 => Verdict::DecapsulatedEarly,
            _ => verdict,
        }
    }

    /// An SRH that was removed from, or inserted into, a packet that stayed.
    fn own_srh(&self, side: usize, index: usize, layer: &Layer) -> Verdict {
        let network = usize::from(layer.network);
        let (Some(srh), Some(other)) = (self.srh_at(side, index), self.beside(side, network)) else {
            return Verdict::Other;
        };
        let destination = |side: usize, network: usize| {
            self.layer(side, network).and_then(|l| self.packets[side].network(l)).map(|ipv6| ipv6.destination())
        };
        if side == 1 {
            return match destination(0, other) {
                Some(before) => self.inserted(before, network, &srh),
                None => Verdict::InsertedWrong,
            };
        }
        let now = destination(1, other);
        let locators = &self.packets[0].settings().locators;
        let arrived = match (srh.segment(0), now) {
            (Some(last), Some(now)) => {
                let carried = locators.still_to_visit(last, None);
                let rest = locators.still_to_visit(now, None);
                last == now || (!rest.is_empty() && carried.ends_with(&rest))
            }
            _ => false,
        };
        // One that came after it may have taken over since.
        let next = self.srhs(1, other).any(|(_, srh)| self.leads_to_segment(1, other, &srh));
        let far = self.hops.is_some_and(|hops| srh.segments_left() > hops);
        match (arrived || next, srh.segments_left()) {
            (true, 0) => Verdict::Usp,
            (true, _) if !far => Verdict::Psp,
            _ => Verdict::SrhRemovedEarly,
        }
    }
}
