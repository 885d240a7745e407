//! A packet's way through a network.

use std::collections::{HashMap, VecDeque};

use crate::srv6::endpoint::{self, Decision, Forward, Input, Interface, Kind, Profile, Step};

use super::network::{Network, NodeId};

/// A walk ends after so many hops, whatever happens: frames that are flooded
/// may multiply.
const MOST_HOPS: usize = 1024;

/// One packet at one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    /// The hop whose packet this is; `None` for the first.
    pub cause: Option<usize>,
    /// The node.
    pub node: NodeId,
    /// The interface it came by; `None` where it was made.
    pub interface: Option<Interface>,
    /// The packet as it came, from its IP header.
    pub packet: Vec<u8>,
    /// The decision, step by step.
    pub steps: Vec<Step>,
    /// What became of it.
    pub decision: Decision,
    /// Did a copy go to the OAM process?
    pub oam_copy: bool,
    /// What crossed which links because of it.
    pub crossings: Vec<Crossing>,
}

/// A frame on a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crossing {
    /// The link, by number.
    pub link: usize,
    /// The end it left from: 0 or 1.
    pub from: usize,
    /// The frame, Ethernet header included.
    pub frame: Vec<u8>,
    /// Is it an ICMPv6 error about the packet?
    pub is_reply: bool,
    /// What the far end does with it.
    pub end: End,
}

/// What happens to a frame at the far end of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The node there processes it: the hop of that number.
    Hop(usize),
    /// No node at that end has the next hop's address.
    NoNeighbour,
    /// The frame is for another station.
    NotForIt,
    /// Neither IPv6 nor IPv4: the simulation ends here.
    NotIp,
    /// The walk had become too long.
    TooLong,
}

/// A packet's way, and that of everything it caused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walk {
    /// The hops, in the order they happen.
    pub hops: Vec<Hop>,
}

/// A packet that waits to be processed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// The hop whose packet this is; `None` for the first.
    pub cause: Option<usize>,
    /// The node.
    pub node: NodeId,
    /// The interface it comes by; `None` where it is made.
    pub interface: Option<Interface>,
    /// The Ethernet header in front of it; empty where there is none.
    pub frame_header: Vec<u8>,
    /// From its IP header.
    pub packet: Vec<u8>,
}

impl Network {
    /// Walks a packet, from its IP header, that `from` makes.
    pub fn walk(&self, packet: &[u8], from: NodeId, profile: Profile) -> Walk {
        self.walk_from(packet, &[], from, None, profile)
    }

    /// Walks a packet that arrives at a node by an interface, in a frame with
    /// this header (which may be empty), or is made there (`None`).
    pub fn walk_from(
        &self,
        packet: &[u8],
        frame_header: &[u8],
        node: NodeId,
        interface: Option<Interface>,
        profile: Profile,
    ) -> Walk {
        let first = Arrival { cause: None, node, interface, frame_header: frame_header.into(), packet: packet.into() };
        let mut walk = Walk { hops: Vec::new() };
        let mut waiting = VecDeque::from([first]);
        // What proxies want remembered for what their services return.
        let mut caches: HashMap<(NodeId, Interface), Vec<u8>> = HashMap::new();
        while let Some(arrival) = waiting.pop_front() {
            let number = walk.hops.len();
            let node = arrival.node;
            let cache = arrival.interface.and_then(|interface| caches.get(&(node, interface)));
            let (mut hop, learned) = self.hop(arrival, cache.map(Vec::as_slice), profile);
            if let Some((interface, bytes)) = learned {
                caches.insert((node, interface), bytes);
            }
            for crossing in &mut hop.crossings {
                if crossing.end != End::Hop(0) {
                    continue;
                }
                // Hops are numbered in the order they will be processed.
                let next = number + 1 + waiting.len();
                let arrival = self.arriving(crossing.link, crossing.from, &crossing.frame, Some(number));
                crossing.end = match arrival {
                    Some(arrival) if next < MOST_HOPS => {
                        waiting.push_back(arrival);
                        End::Hop(next)
                    }
                    _ => End::TooLong,
                };
            }
            walk.hops.push(hop);
        }
        walk
    }

    /// What one node makes of one packet, and what a proxy there wants
    /// remembered (`cache`, for what then comes by that interface). Where a crossing is taken at the far
    /// end, it ends in hop 0.
    pub fn hop(&self, arrival: Arrival, cache: Option<&[u8]>, profile: Profile) -> (Hop, Option<(Interface, Vec<u8>)>) {
        let Arrival { cause, node, interface, frame_header, packet } = arrival;
        let input = Input { packet: &packet, frame_header: &frame_header, interface, cache };
        let mut steps = Vec::new();
        let outcome = endpoint::process(input, self.node(node), profile, &mut steps);
        let leaving = leaving(&outcome.decision);
        let crossings = leaving.iter().filter_map(|(forward, is_reply)| self.cross(node, forward, *is_reply)).collect();
        let hop = Hop {
            cause,
            node,
            interface,
            packet,
            steps,
            decision: outcome.decision,
            oam_copy: outcome.oam_copy,
            crossings,
        };
        (hop, outcome.learned)
    }

    /// A frame that left from an end of a link, as it arrives at the other;
    /// `None` where nobody takes it, or it is no IP.
    pub fn arriving(&self, link: usize, from: usize, frame: &[u8], cause: Option<usize>) -> Option<Arrival> {
        let far = self.links().get(link)?.ends.get(1 - from)?;
        if self.taken(far, frame) != End::Hop(0) {
            return None;
        }
        let (frame_header, packet) = frame.split_at_checked(14)?;
        Some(Arrival {
            cause,
            node: far.node,
            interface: Some(far.interface),
            frame_header: frame_header.into(),
            packet: packet.into(),
        })
    }

    /// Puts what leaves onto its link, and sees who takes it.
    fn cross(&self, node: NodeId, forward: &Forward, is_reply: bool) -> Option<Crossing> {
        let (link, near, far) = self.link(node, forward.interface)?;
        let from = usize::from(self.links()[link].ends[1] == *near);
        let mut frame = Vec::with_capacity(14 + forward.packet.len());
        if let Some(ethertype) = forward.kind.ethertype() {
            frame.extend(far.mac);
            frame.extend(near.mac);
            frame.extend(ethertype.to_be_bytes());
        }
        frame.extend(&forward.packet);
        let end = match (&forward.kind, forward.next_hop) {
            (Kind::Mpls, _) => End::NotIp,
            (_, Some(next_hop)) if !self.answers(far, next_hop) => End::NoNeighbour,
            (_, _) => self.taken(far, &frame),
        };
        Some(Crossing { link, from, frame, is_reply, end })
    }

    /// Does that end of a link answer for an address? For IPv6 it must be the
    /// interface's own (RFC 4861 §7.2.3), for IPv4 it may be any of the node's, as
    /// Linux has it. A link-local one nobody gave is taken to be its own.
    fn answers(&self, end: &super::LinkEnd, address: std::net::IpAddr) -> bool {
        let link_local = matches!(address, std::net::IpAddr::V6(v6) if v6.is_unicast_link_local());
        let here = |interface: Option<Interface>| address.is_ipv4() || interface == Some(end.interface);
        let mut own = self.node(end.node).addresses.iter();
        own.any(|own| own.address == address && here(own.interface)) || (link_local && !end.mac_is_known)
    }

    /// Does that end of a link take a frame? [`End::Hop`] if it does.
    fn taken(&self, end: &super::LinkEnd, frame: &[u8]) -> End {
        let Some((header, _)) = frame.split_first_chunk::<14>() else { return End::NotIp };
        let group = header[0] & 1 != 0;
        if !group && end.mac_is_known && header[..6] != end.mac {
            return End::NotForIt;
        }
        match u16::from_be_bytes([header[12], header[13]]) {
            0x86dd | 0x0800 => End::Hop(0),
            _ => End::NotIp,
        }
    }
}

/// What leaves the node, and whether it is an error about the packet.
fn leaving(decision: &Decision) -> Vec<(Forward, bool)> {
    match decision {
        Decision::Forward(forward) => vec![(forward.clone(), false)],
        Decision::Error { reply: Some(reply), .. } => vec![(reply.clone(), true)],
        Decision::Flood { frame, ports } => ports
            .iter()
            .map(|port| {
                let forward = Forward { packet: frame.clone(), kind: Kind::Ethernet, interface: *port, next_hop: None };
                (forward, false)
            })
            .collect(),
        Decision::Error { reply: None, .. } | Decision::Deliver { .. } | Decision::Drop { .. } => Vec::new(),
    }
}

impl Walk {
    /// The frames on a link, in order, with the end each left from.
    pub fn frames(&self, link: usize) -> impl Iterator<Item = (usize, &[u8])> {
        let crossings = self.hops.iter().flat_map(|hop| &hop.crossings);
        crossings.filter(move |crossing| crossing.link == link).map(|crossing| (crossing.from, &crossing.frame[..]))
    }

    /// Several walks as one, hops numbered on.
    pub fn together(walks: impl IntoIterator<Item = Self>) -> Self {
        let mut hops: Vec<Hop> = Vec::new();
        for walk in walks {
            let front = hops.len();
            hops.extend(walk.hops.into_iter().map(|mut hop| {
                hop.cause = hop.cause.map(|cause| cause + front);
                for crossing in &mut hop.crossings {
                    if let End::Hop(next) = &mut crossing.end {
                        *next += front;
                    }
                }
                hop
            }));
        }
        Self { hops }
    }

    /// Did the first packet reach an upper layer, itself or what was inside?
    pub fn is_delivered(&self) -> bool {
        self.hops.iter().any(|hop| matches!(hop.decision, Decision::Deliver { .. }) && !self.is_about_error(hop))
    }

    /// Is the hop's packet an error, or caused by one?
    pub fn is_about_error(&self, hop: &Hop) -> bool {
        let mut cause = hop.cause;
        while let Some(earlier) = cause.and_then(|number| self.hops.get(number)) {
            if matches!(earlier.decision, Decision::Error { .. }) {
                return true;
            }
            cause = earlier.cause;
        }
        false
    }
}
