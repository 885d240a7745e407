//! Which layer of one packet is which of the other.
//!
//! Two sequences are aligned so that what they have in common counts most: a
//! layer goes only with one of its own protocol, better with one that has the
//! same bytes, an IP header better with one from the same source and an SRH with
//! one that has the same list, so that a packet finds itself inside an
//! encapsulation.

use crate::dissect::{Layer, Packet};
use crate::wire::proto::Proto;

/// What stands beside what, in order: an index on the left, on the right, or
/// on both.
pub type Beside = (Option<usize>, Option<usize>);

/// Aligns sequences; its memory is reused.
#[derive(Debug, Clone, Default)]
pub struct Aligner {
    /// The best total for each pair of tails.
    best: Vec<u32>,
}

/// The most cells of a table; longer sequences are put side by side as they lie.
const MAX_CELLS: usize = 1 << 18;

impl Aligner {
    /// Aligns two sequences of these lengths. `worth` says what it is worth to
    /// have two of them beside each other; 0 where they do not go together.
    pub fn align(&mut self, left: usize, right: usize, worth: impl Fn(usize, usize) -> u32, out: &mut Vec<Beside>) {
        out.clear();
        let width = right + 1;
        if (left + 1) * width > MAX_CELLS {
            let both = left.min(right);
            out.extend((0..both).filter(|i| worth(*i, *i) > 0).map(|i| (Some(i), Some(i))));
            if out.len() < both {
                out.clear();
                out.extend((0..left).map(|i| (Some(i), None)));
                out.extend((0..right).map(|j| (None, Some(j))));
            } else {
                out.extend((both..left).map(|i| (Some(i), None)));
                out.extend((both..right).map(|j| (None, Some(j))));
            }
            return;
        }
        self.best.clear();
        self.best.resize((left + 1) * width, 0);
        for i in (0..left).rev() {
            for j in (0..right).rev() {
                let skip = self.best[(i + 1) * width + j].max(self.best[i * width + j + 1]);
                let worth = worth(i, j);
                let both = if worth > 0 { self.best[(i + 1) * width + j + 1] + worth } else { 0 };
                self.best[i * width + j] = both.max(skip);
            }
        }
        let (mut i, mut j) = (0, 0);
        while i < left && j < right {
            let here = self.best[i * width + j];
            let worth = worth(i, j);
            if worth > 0 && here == self.best[(i + 1) * width + j + 1] + worth {
                out.push((Some(i), Some(j)));
                (i, j) = (i + 1, j + 1);
            } else if here == self.best[(i + 1) * width + j] {
                out.push((Some(i), None));
                i += 1;
            } else {
                out.push((None, Some(j)));
                j += 1;
            }
        }
        out.extend((i..left).map(|i| (Some(i), None)));
        out.extend((j..right).map(|j| (None, Some(j))));
    }

    /// Aligns the layers of two packets.
    pub fn layers(&mut self, left: &Packet<'_>, right: &Packet<'_>, out: &mut Vec<Beside>) {
        let (ours, theirs) = (left.layers(), right.layers());
        let same = |a: &Layer, b: &Layer| a.proto == b.proto && a.quoted == b.quoted;
        if ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| same(a, b)) {
            out.clear();
            out.extend((0..ours.len()).map(|i| (Some(i), Some(i))));
            return;
        }
        let worth = |i: usize, j: usize| {
            let (Some(a), Some(b)) = (ours.get(i), theirs.get(j)) else { return 0 };
            if !same(a, b) {
                return 0;
            }
            let (one, two) = (left.header(a), right.header(b));
            let as_far_inside = u32::from(ours.len() - i == theirs.len() - j);
            let source = match a.proto {
                Proto::Ipv6 => one.get(8..24) == two.get(8..24),
                Proto::Ipv4 => one.get(12..16) == two.get(12..16),
                // An SRH is known by its list.
                Proto::Srh => one.get(8..) == two.get(8..),
                _ => false,
            };
            16 + 8 * u32::from(one == two) + 4 * u32::from(source) + as_far_inside
        };
        self.align(ours.len(), theirs.len(), worth, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Frame;
    use crate::dissect::Dissection;
    use crate::wire::link_type::LinkType;
    use crate::{craft, notation};

    fn aligned(left: &str, right: &str) -> String {
        let build = |text: &str| {
            let layers = notation::parse(text).unwrap();
            (craft::link_type(&layers).unwrap_or(LinkType::RAW), craft::build(&layers).unwrap())
        };
        let (one, two) = (build(left), build(right));
        let (one, two) = (Frame::new(one.0, &one.1), Frame::new(two.0, &two.1));
        let (a, b) = (Dissection::of(&one), Dissection::of(&two));
        let (a, b) = (Packet::new(&one, &a), Packet::new(&two, &b));
        let mut out = Vec::new();
        Aligner::default().layers(&a, &b, &mut out);
        let name = |packet: &Packet<'_>, index: Option<usize>| {
            index.map_or("-".to_owned(), |i| format!("{}{i}", packet.layers()[i].proto.info().notation))
        };
        let pairs: Vec<_> = out.iter().map(|(i, j)| format!("{}:{}", name(&a, *i), name(&b, *j))).collect();
        pairs.join(" ")
    }

    #[test]
    fn a_packet_finds_itself_inside_an_encapsulation() {
        let inner = "ip6(src=fc00::1, dst=fc00::2)/udp/\"x\"";
        let outer = format!("ip6(src=fc00:9::1)/srh(path=[fc00:a::1])/{inner}");
        assert_eq!(aligned(inner, &outer), "-:ip60 -:srh1 ip60:ip62 udp1:udp3 hex2:hex4");
        assert_eq!(aligned(&outer, inner), "ip60:- srh1:- ip62:ip60 udp3:udp1 hex4:hex2");
        // Also where everything has one source.
        let own = inner.replace("fc00::1", "fc00:9::1");
        let outer = format!("ip6(src=fc00:9::1)/srh(path=[fc00:a::1])/{own}");
        assert_eq!(aligned(&own, &outer), "-:ip60 -:srh1 ip60:ip62 udp1:udp3 hex2:hex4");
    }

    #[test]
    fn what_one_side_lacks_stands_alone() {
        let packet = "ip6(src=fc00::1)/srh(path=[fc00::2])/udp";
        assert_eq!(aligned(&format!("eth/{packet}"), packet), "eth0:- ip61:ip60 srh2:srh1 udp3:udp2");
        assert_eq!(aligned(packet, "ip6(src=fc00::1, dst=fc00::2)/udp"), "ip60:ip60 srh1:- udp2:udp1");
    }

    #[test]
    fn long_sequences_are_put_side_by_side() {
        let mut out = Vec::new();
        Aligner::default().align(700, 701, |_, _| 1, &mut out);
        assert_eq!((out.len(), out[699], out[700]), (701, (Some(699), Some(699)), (None, Some(700))));
        Aligner::default().align(700, 701, |_, _| 0, &mut out);
        assert_eq!(out.len(), 1401);
    }
}
