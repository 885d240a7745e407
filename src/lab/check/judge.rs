//! Hop by hop: what was to cross the links because of a packet, and what did.
//! No I/O: from frames seen to a verdict.

use std::collections::VecDeque;
use std::net::IpAddr;

use crate::simulate::{Arrival, End, Hop, Network, NodeId};
use crate::srv6::endpoint::{Decision, Profile};

use super::compare::{self, Difference};

/// A packet is not followed over more hops than these.
const MOST_HOPS: usize = 1024;

/// A frame that crossed a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crossed {
    /// The link, by number.
    pub link: usize,
    /// The end it left from: 0 or 1.
    pub from: usize,
    /// The frame, Ethernet header included.
    pub frame: Vec<u8>,
}

/// A frame that was to cross a link, or did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// The link, by number.
    pub link: usize,
    /// The end it leaves from: 0 or 1.
    pub from: usize,
    /// What was predicted.
    pub predicted: Option<Vec<u8>>,
    /// What the kernel sent.
    pub seen: Option<Vec<u8>>,
    /// How they compare.
    pub verdict: Verdict,
}

/// How prediction and kernel compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Byte for byte the same.
    Equal,
    /// Not the same; where.
    Different(Vec<Difference>),
    /// Predicted, and did not come.
    Missing,
    /// Came, and was not predicted.
    Extra,
    /// No part of the packet's way: the node's upper layer answered what it was
    /// handed (or gave up on a neighbour), which nobody predicts. It is followed.
    Answer,
}

impl Verdict {
    /// Is it as it should be?
    pub fn is_good(&self) -> bool {
        matches!(self, Self::Equal | Self::Answer)
    }
}

/// A hop: what the node was to do, and what left it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// What is predicted of what the node really got.
    pub hop: Hop,
    /// What left it because of that, or was to leave.
    pub crossings: Vec<Compared>,
}

impl Judged {
    /// Is everything as predicted?
    pub fn is_good(&self) -> bool {
        self.crossings.iter().all(|crossing| crossing.verdict.is_good())
    }
}

/// What became of one packet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// The hops, in order.
    pub hops: Vec<Judged>,
    /// What came from nodes that the packet never was at.
    pub strays: Vec<Compared>,
}

impl Report {
    /// Is everything as predicted?
    pub fn is_good(&self) -> bool {
        self.strays.is_empty() && self.hops.iter().all(Judged::is_good)
    }
}

/// Judges what was seen. Each hop is judged by what the node really got, so
/// that one difference is not told again at every hop after it.
pub fn judge(network: &Network, profile: Profile, first: Arrival, seen: &[Crossed]) -> Report {
    let mut left: Vec<&Crossed> = seen.iter().collect();
    let mut waiting = VecDeque::from([first]);
    let mut report = Report::default();
    loop {
        while let Some(arrival) = waiting.pop_front() {
            if report.hops.len() >= MOST_HOPS {
                break;
            }
            let number = report.hops.len();
            let (hop, _) = network.hop(arrival, None, profile);
            let crossings = compare(&hop, &mut left);
            for crossing in &crossings {
                if let Some(frame) = &crossing.seen {
                    waiting.extend(network.arriving(crossing.link, crossing.from, frame, Some(number)));
                }
            }
            report.hops.push(Judged { hop, crossings });
        }
        // What nobody waited for: the first of it, and then what that led to.
        if left.is_empty() || report.hops.len() >= MOST_HOPS {
            return report;
        }
        let crossed = left.remove(0);
        let number = attribute(network, &mut report, crossed);
        waiting.extend(network.arriving(crossed.link, crossed.from, &crossed.frame, number));
    }
}

/// A hop's predictions, each with what came of it, which is taken from `left`.
fn compare(hop: &Hop, left: &mut Vec<&Crossed>) -> Vec<Compared> {
    let mut take = |found: &dyn Fn(&Crossed) -> bool| {
        let at = left.iter().position(|crossed| found(crossed))?;
        Some(left.remove(at).frame.clone())
    };
    // Nobody answers for the next hop: the frame cannot be sent.
    let predicted = || hop.crossings.iter().filter(|crossing| crossing.end != End::NoNeighbour);
    // What is equal goes first, so that the rest is compared with the rest.
    let equal: Vec<_> = predicted()
        .map(|p| take(&|crossed| (crossed.link, crossed.from) == (p.link, p.from) && crossed.frame == p.frame))
        .collect();
    predicted()
        .zip(equal)
        .map(|(predicted, equal)| {
            let (link, from) = (predicted.link, predicted.from);
            let seen = equal.or_else(|| take(&|crossed| (crossed.link, crossed.from) == (link, from)));
            let verdict = match &seen {
                None => Verdict::Missing,
                Some(seen) if *seen == predicted.frame => Verdict::Equal,
                Some(seen) => Verdict::Different(compare::differences(&predicted.frame, seen)),
            };
            Compared { link, from, predicted: Some(predicted.frame.clone()), seen, verdict }
        })
        .collect()
}

/// Finds the hop that a frame came from which nobody predicted: its number.
fn attribute(network: &Network, report: &mut Report, crossed: &Crossed) -> Option<usize> {
    let node = network.links()[crossed.link].ends[crossed.from].node;
    let answer = report.hops.iter().position(|judged| judged.hop.node == node && may_answer(network, judged, crossed));
    let any = report.hops.iter().rposition(|judged| judged.hop.node == node);
    let verdict = if answer.is_some() { Verdict::Answer } else { Verdict::Extra };
    let compared = Compared {
        link: crossed.link,
        from: crossed.from,
        predicted: None,
        seen: Some(crossed.frame.clone()),
        verdict,
    };
    let number = answer.or(any);
    match number {
        Some(number) => report.hops[number].crossings.push(compared),
        None => report.strays.push(compared),
    }
    number
}

/// May a frame be what the upper layer at a hop said, or what the node says of
/// a neighbour that did not answer? Each speaks once.
fn may_answer(network: &Network, judged: &Judged, crossed: &Crossed) -> bool {
    if judged.crossings.iter().any(|crossing| crossing.verdict == Verdict::Answer) {
        return false;
    }
    let packet = crossed.frame.get(14..).unwrap_or_default();
    let own = source(packet).is_some_and(|source| network.node(judged.hop.node).is_own(source));
    let gave_up = judged.hop.crossings.iter().any(|crossing| crossing.end == End::NoNeighbour);
    let is_unreachable = packet.get(6) == Some(&58) && packet.get(40..42) == Some(&[1, 3]);
    let is_itself = packet == judged.hop.packet;
    let answers = matches!(judged.hop.decision, Decision::Deliver { .. }) && !is_itself;
    own && (answers || (gave_up && is_unreachable))
}

fn source(packet: &[u8]) -> Option<IpAddr> {
    match packet.first()? >> 4 {
        6 => packet.get(8..24).and_then(|bytes| <[u8; 16]>::try_from(bytes).ok()).map(IpAddr::from),
        4 => packet.get(12..16).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok()).map(IpAddr::from),
        _ => None,
    }
}

/// A node of a crossing, and the far one.
pub(super) fn ends(network: &Network, crossing: &Compared) -> (NodeId, NodeId) {
    let ends = &network.links()[crossing.link].ends;
    (ends[crossing.from].node, ends[1 - crossing.from].node)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::Topology;

    const RECIPE: &str = "ip6(src=2001:db8::1)/srh(path=[2001:db8::2, 2001:db9::1])/udp(sport=1, dport=9)/\"x\"";

    fn line3() -> Network {
        let mut topology = Topology::built_in("line3").unwrap();
        topology.fill_macs();
        Network::new(&topology).unwrap()
    }

    fn packet() -> Vec<u8> {
        crate::craft::build(&crate::notation::parse(RECIPE).unwrap()).unwrap()
    }

    fn first(network: &Network) -> Arrival {
        let node = network.find("n1").unwrap();
        Arrival { cause: None, node, interface: None, frame_header: Vec::new(), packet: packet() }
    }

    /// What line3's links see of the packet.
    fn crossed(network: &Network) -> Vec<Crossed> {
        let walk = network.walk(&packet(), network.find("n1").unwrap(), Profile::Linux);
        let all = walk.hops.iter().flat_map(|hop| &hop.crossings);
        all.map(|c| Crossed { link: c.link, from: c.from, frame: c.frame.clone() }).collect()
    }

    fn verdicts(seen: &[Crossed]) -> Vec<Verdict> {
        let network = line3();
        let report = judge(&network, Profile::Linux, first(&network), seen);
        report.hops.iter().flat_map(|judged| &judged.crossings).map(|crossing| crossing.verdict.clone()).collect()
    }

    #[test]
    fn what_is_as_predicted_is_equal() {
        assert_eq!(verdicts(&crossed(&line3())), [Verdict::Equal, Verdict::Equal]);
    }

    #[test]
    fn a_changed_byte_is_a_field_once() {
        let mut seen = crossed(&line3());
        // The hop limit n1 sends: n2's is judged by what it got.
        for crossed in &mut seen {
            crossed.frame[14 + 7] -= 1;
        }
        let found = verdicts(&seen);
        let [Verdict::Different(differences), Verdict::Equal] = &found[..] else { panic!("{found:?}") };
        let [difference] = &differences[..] else { panic!("{differences:?}") };
        assert_eq!((difference.field.as_str(), difference.predicted.as_deref()), ("ipv6.hlim", Some("64")));
        assert_eq!(difference.seen.as_deref(), Some("63"));
    }

    #[test]
    fn what_does_not_come_is_missing_and_what_comes_besides_is_extra() {
        let network = line3();
        let mut seen = crossed(&network);
        assert_eq!(verdicts(&seen[..1]), [Verdict::Equal, Verdict::Missing]);
        assert_eq!(verdicts(&[]), [Verdict::Missing]);
        let twice = seen[1].clone();
        seen.push(twice);
        assert_eq!(verdicts(&seen), [Verdict::Equal, Verdict::Equal, Verdict::Extra]);
    }

    #[test]
    fn an_answer_is_followed() {
        let network = line3();
        let mut seen = crossed(&network);
        let answer = "eth(src=02:00:00:00:00:32, dst=02:00:00:00:00:23)/ip6(src=2001:db9::1, dst=2001:db9::2)/icmp6(type=1, code=4)";
        let frame = crate::craft::build(&crate::notation::parse(answer).unwrap()).unwrap();
        seen.push(Crossed { link: 1, from: 1, frame });
        let report = judge(&network, Profile::Linux, first(&network), &seen);
        assert!(report.is_good(), "{report:?}");
        let [_, _, third, answered] = &report.hops[..] else { panic!("{report:?}") };
        assert_eq!(third.crossings[0].verdict, Verdict::Answer);
        assert_eq!((answered.hop.cause, network.name(answered.hop.node)), (Some(2), "n2"));
    }
}
