//! What a correct SRv6 node, or several of them, may have made of a packet:
//! the left one is before, the right one after.
//!
//! Nothing is allowed that is not on the list: each difference is held against
//! the rule for its field, and what no rule speaks of is flagged. Some things
//! are wrong without being a difference, such as a hop limit that stayed the
//! same over a used up segment; they are added. The rules are written from the
//! RFCs, and share nothing with the nodes of [`crate::srv6::endpoint`], which
//! tests hold them against.

mod destination;
mod headers;
mod stack;
mod verdict;

pub use verdict::Verdict;

use crate::dissect::{Checksum, Layer, Packet, Unverified};
use crate::srv6::path::{self, Relation};
use crate::wire::bytes::u8_at;
use crate::wire::field::{Field, Value};
use crate::wire::proto::Proto;
use crate::wire::srh::Srh;
use crate::wire::{frame, icmpv4, icmpv6, ipv4, ipv6, tcp, udp};

use super::compare::{Difference, Held, What};
use super::fields::Fields;
use super::ignore::Ignore;
use super::key::is_link;
use super::layers::Beside;

/// What lies between the captures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Between {
    /// The hops, if that is known.
    pub hops: Option<u8>,
    /// Whether packets go from right to left, too: then one that has more hops
    /// left on the right was there first.
    pub both_ways: bool,
}

/// Gives every difference its verdict, and adds what is wrong although it is
/// not one.
pub(super) fn judge(
    packets: &[Packet<'_>; 2],
    beside: &[Beside],
    fields: &[Fields; 2],
    between: Between,
    ignore: &Ignore,
    differences: &mut Vec<Difference>,
) {
    let [left, right] = fields;
    let hops = between.hops;
    if between.both_ways && goes_left(packets, beside) {
        let turned: Vec<Beside> = beside.iter().map(|(left, right)| (*right, *left)).collect();
        let packets = [packets[1], packets[0]];
        differences.iter_mut().for_each(Difference::turn);
        Judge { packets: &packets, beside: &turned, fields: [right, left], hops }.all(ignore, differences);
        differences.iter_mut().for_each(Difference::turn);
    } else {
        Judge { packets, beside, fields: [left, right], hops }.all(ignore, differences);
    }
}

/// Whether a packet went from right to left: the outermost IP header that both
/// have says so.
fn goes_left(packets: &[Packet<'_>; 2], beside: &[Beside]) -> bool {
    let limits = beside.iter().find_map(|(left, right)| {
        let (a, b) = (packets[0].layers().get((*left)?)?, packets[1].layers().get((*right)?)?);
        let at = match a.proto {
            Proto::Ipv6 => 7,
            Proto::Ipv4 => 8,
            _ => return None,
        };
        u8_at(packets[0].header(a), at).zip(u8_at(packets[1].header(b), at))
    });
    limits.is_some_and(|(left, right)| right > left)
}

struct Judge<'j, 'a> {
    packets: &'j [Packet<'a>; 2],
    beside: &'j [Beside],
    fields: [&'j Fields; 2],
    /// The hops between, if that is known.
    hops: Option<u8>,
}

impl<'a> Judge<'_, 'a> {
    fn all(&self, ignore: &Ignore, differences: &mut Vec<Difference>) {
        for difference in differences.iter_mut() {
            difference.verdict = Some(self.difference(difference));
        }
        let mut unlisted = Vec::new();
        self.unlisted(ignore, &mut unlisted);
        for added in unlisted {
            let same = |d: &&mut Difference| std::ptr::eq(d.field, added.field) && d.layers == added.layers;
            match differences.iter_mut().find(same) {
                Some(listed) if listed.verdict.is_some_and(Verdict::is_accepted) => listed.verdict = added.verdict,
                // Its own rule has flagged it already.
                Some(_) => {}
                None => differences.push(added),
            }
        }
    }

    fn layer(&self, side: usize, index: usize) -> Option<&'a Layer> {
        self.packets[side].layers().get(index)
    }

    /// The layer that stands beside one of a side.
    fn beside(&self, side: usize, index: usize) -> Option<usize> {
        let of = |(left, right): &Beside| if side == 0 { (*left, *right) } else { (*right, *left) };
        self.beside.iter().map(of).find(|(own, _)| *own == Some(index)).and_then(|(_, other)| other)
    }

    /// The SRHs of the IPv6 header at `network`.
    fn srhs(&self, side: usize, network: usize) -> impl Iterator<Item = (usize, Srh<'a>)> {
        let packet = self.packets[side];
        let own = move |l: &Layer| l.proto == Proto::Srh && usize::from(l.network) == network && !l.quoted;
        let layers = packet.layers().iter().enumerate().filter(move |(_, layer)| own(layer));
        layers.filter_map(move |(index, layer)| Some((index, packet.srh(layer)?)))
    }

    /// What the destination of the IPv6 header at `network` is to an SRH.
    fn relation(&self, side: usize, network: usize, srh: &Srh<'_>) -> Option<Relation> {
        let destination = self.packets[side].network(self.layer(side, network)?)?.destination();
        path::relation(srh, destination, &self.packets[side].settings().locators)
    }

    /// Whether the destination of the IPv6 header at `network` is one that an
    /// SRH may send the packet to: compressed only by a plan that is known.
    fn leads_to_segment(&self, side: usize, network: usize, srh: &Srh<'_>) -> bool {
        match self.relation(side, network, srh) {
            Some(Relation::Active | Relation::First) => true,
            Some(Relation::Compressed) => {
                let header = self.layer(side, network).and_then(|layer| self.packets[side].network(layer));
                header.is_some_and(|header| {
                    let locators = &self.packets[side].settings().locators;
                    !locators.still_to_visit(header.destination(), Some(srh)).is_empty()
                })
            }
            _ => false,
        }
    }

    fn difference(&self, difference: &Difference) -> Verdict {
        match (difference.what, difference.layers) {
            (What::Frame, _) => self.frame(difference),
            (_, [Some(left), Some(right)]) => self.field(difference, left, right),
            (_, [Some(left), None]) => self.one_sided(0, left),
            (_, [None, Some(right)]) => self.one_sided(1, right),
            (_, [None, None]) => Verdict::Other,
        }
    }

    fn frame(&self, difference: &Difference) -> Verdict {
        if !std::ptr::eq(difference.field, &frame::TIME) {
            return Verdict::Captured;
        }
        match difference.sides {
            [Held::Fixed(Value::Nanos(before)), Held::Fixed(Value::Nanos(after))] if after < before => {
                Verdict::TimeBackwards
            }
            _ => Verdict::TimePassed,
        }
    }

    /// A field's numbers on both sides.
    fn numbers(&self, difference: &Difference) -> Option<(u64, u64)> {
        let number = |side: usize| match &difference.sides[side] {
            Held::Seen(seen) => match self.fields[side].value(seen) {
                Value::Uint(number) => Some(number),
                _ => None,
            },
            Held::Fixed(Value::Uint(number)) => Some(*number),
            _ => None,
        };
        number(0).zip(number(1))
    }

    fn field(&self, difference: &Difference, left: usize, right: usize) -> Verdict {
        let (Some(a), Some(b)) = (self.layer(0, left), self.layer(1, right)) else { return Verdict::Other };
        if a.quoted {
            return Verdict::Payload;
        }
        if (is_link(a.proto) || a.proto == Proto::Trailer)
            && (a.network == Layer::NO_NETWORK || b.network == Layer::NO_NETWORK)
        {
            return Verdict::Link;
        }
        match a.proto {
            Proto::Ipv6 => self.ipv6(difference, left, right),
            Proto::Ipv4 => self.ipv4(difference, left, right),
            Proto::Srh => self.srh(difference, left, right),
            Proto::HopByHop | Proto::Destination => self.options(difference, left, right),
            Proto::Udp | Proto::Tcp | Proto::Icmpv6 | Proto::Icmpv4 => self.upper(difference, a, b),
            _ => Verdict::Payload,
        }
    }

    /// A difference in an upper layer: only a checksum may have been completed.
    fn upper(&self, difference: &Difference, a: &Layer, b: &Layer) -> Verdict {
        if !checksum_field(a.proto).is_some_and(|field| std::ptr::eq(field, difference.field)) {
            return Verdict::Payload;
        }
        match (self.packets[0].checksum(a), self.packets[1].checksum(b)) {
            (Some(Checksum::Unverified(Unverified::Partial)), Some(Checksum::Good(_))) => Verdict::Completed,
            (_, Some(Checksum::Good(_))) => Verdict::Payload,
            _ => Verdict::ChecksumWrong,
        }
    }

    /// Adds what is wrong although it is the same on both sides.
    fn unlisted(&self, ignore: &Ignore, differences: &mut Vec<Difference>) {
        let mut outermost = true;
        for (left, right) in self.beside {
            let alone = left.xor(*right).and_then(|index| self.layer(usize::from(left.is_none()), index));
            if alone.is_some_and(|layer| matches!(layer.proto, Proto::Ipv4 | Proto::Ipv6)) {
                outermost = false;
            }
            let (Some(i), Some(j)) = (*left, *right) else { continue };
            let (Some(a), Some(b)) = (self.layer(0, i), self.layer(1, j)) else { continue };
            if a.quoted {
                continue;
            }
            let mut add = |field: &'static Field, verdict: Verdict| {
                if !ignore.has(field) {
                    let held = |side: usize, layer| Held::fixed(field.read(self.packets[side].header(layer)));
                    let sides = [held(0, a), held(1, b)];
                    let (what, layers) = (What::Field, [*left, *right]);
                    differences.push(Difference { what, layers, field, sides, verdict: Some(verdict) });
                }
            };
            match a.proto {
                Proto::Ipv6 | Proto::Ipv4 => {
                    self.hops(i, j, outermost, &mut add);
                    if a.proto == Proto::Ipv6 {
                        self.way(i, j, &mut add);
                    }
                    outermost = false;
                }
                _ => {}
            }
            if let Some(field) = checksum_field(a.proto) {
                let bad = |side: usize, layer: &Layer| {
                    matches!(self.packets[side].checksum(layer), Some(Checksum::Bad { .. } | Checksum::Illegal))
                };
                if bad(1, b) && !bad(0, a) {
                    let header = a.proto == Proto::Ipv4;
                    add(field, if header { Verdict::HeaderChecksumWrong } else { Verdict::ChecksumWrong });
                }
            }
        }
    }
}

/// The checksum's field of a protocol that has one.
fn checksum_field(proto: Proto) -> Option<&'static Field> {
    Some(match proto {
        Proto::Udp => &udp::CHECKSUM,
        Proto::Tcp => &tcp::CHECKSUM,
        Proto::Icmpv6 => &icmpv6::CHECKSUM,
        Proto::Icmpv4 => &icmpv4::CHECKSUM,
        Proto::Ipv4 => &ipv4::CHECKSUM,
        _ => return None,
    })
}

/// The hop limit's field of an IP header.
fn hop_limit_field(proto: Proto) -> &'static Field {
    if proto == Proto::Ipv4 { &ipv4::TTL } else { &ipv6::HOP_LIMIT }
}
