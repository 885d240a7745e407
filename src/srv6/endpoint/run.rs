//! The way of one packet through one node: looking up, forwarding, failing.
//! What SIDs do is in [`rfc`](super::rfc) and [`linux`](super::linux).

use std::net::{IpAddr, Ipv6Addr};

use super::decision::{Decision, Forward, IcmpError, Kind, Reason};
use super::fib::{Table, Target};
use super::model::{Behavior, Interface, Node, Sid};
use super::packet::{self, Header, Packet, next};
use super::trace::{Matched, Step, Trace};
use super::{Input, Outcome, Profile, linux, proxy, rfc, source};

/// A node may hand a packet from SID to SID; so often and no more.
const MOST_ROUNDS: usize = 256;

/// What happens next.
pub(super) enum Next {
    /// A look-up, and what follows from it.
    Route(Lookup),
    /// The end.
    Done(Decision),
}

/// How a packet is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Lookup {
    /// Only in this table; in the usual ones if `None`.
    pub table: Option<Table>,
    /// By this address instead of the destination, and then to it.
    pub neighbour: Option<IpAddr>,
    /// The interface a link-local neighbour is on, if not that of arrival.
    pub link: Option<Interface>,
    /// On a link, is the packet handed to its own destination, and not to
    /// `neighbour` (Linux's End.DX4)?
    pub by_destination: bool,
    /// Does a next segment come to nothing where it is an address of the node
    /// itself (Linux)?
    pub never_local: bool,
}

impl From<Decision> for Next {
    fn from(decision: Decision) -> Self {
        Self::Done(decision)
    }
}

impl Next {
    pub fn dropped(reason: Reason) -> Self {
        Self::Done(Decision::Drop { reason })
    }
}

/// The packet, and all that is known on its way.
pub(super) struct Run<'a> {
    pub node: &'a Node,
    pub profile: Profile,
    trace: &'a mut dyn Trace,
    pub packet: Packet,
    pub input: Input<'a>,
    /// Is it the node's own packet, on its way out?
    pub own: bool,
    /// Was the hop limit decremented before forwarding, as RFC 8986 wants it?
    pub hop_taken: bool,
    pub oam_copy: bool,
    pub learned: Option<(Interface, Vec<u8>)>,
    /// How many of its first bytes Linux will leave out.
    pub skew: usize,
}

impl<'a> Run<'a> {
    pub fn new(input: Input<'a>, node: &'a Node, profile: Profile, trace: &'a mut dyn Trace) -> Self {
        // Room for the headers that a headend or binding SID may push.
        let mut bytes = Vec::with_capacity(input.packet.len() + 128);
        bytes.extend_from_slice(input.packet);
        let packet = Packet(bytes);
        let own = input.interface.is_none();
        Self { node, profile, trace, packet, input, own, hop_taken: false, oam_copy: false, learned: None, skew: 0 }
    }

    pub fn outcome(mut self) -> Outcome {
        let decision = self.decide();
        Outcome { decision, oam_copy: self.oam_copy, learned: self.learned }
    }

    pub fn step(&mut self, step: Step) {
        self.trace.step(step);
    }

    fn decide(&mut self) -> Decision {
        let mut next = self.receive();
        for _ in 0..MOST_ROUNDS {
            next = match next {
                Next::Done(decision) => return decision,
                Next::Route(lookup) => self.route(lookup),
            };
        }
        Decision::Drop { reason: Reason::Loop }
    }

    /// What every packet goes through first.
    fn receive(&mut self) -> Next {
        if let Some(returned) = proxy::returned(self) {
            return returned;
        }
        self.admit()
    }

    /// The checks at the door, for packets and for what was inside of them.
    pub fn admit(&mut self) -> Next {
        if !matches!(self.packet.version(), 4 | 6) {
            return Next::dropped(Reason::NotIp);
        }
        if !self.packet.trim() {
            return Next::dropped(Reason::Truncated);
        }
        let (source, destination) = (self.packet.source(), self.packet.destination());
        let hop_limit = self.packet.hop_limit();
        self.step(Step::Received { interface: self.input.interface, source, destination, hop_limit });
        if self.input.interface.is_some() && (source.is_multicast() || source.is_loopback()) {
            return Next::dropped(Reason::BadSource);
        }
        Next::Route(Lookup::default())
    }

    /// Looks the packet up and does what the route says.
    fn route(&mut self, lookup: Lookup) -> Next {
        let destination = lookup.neighbour.unwrap_or_else(|| self.packet.destination());
        if let Some(address) = lookup.neighbour {
            self.step(Step::Neighbour { address });
        } else if destination.is_multicast() {
            return self.multicast(lookup);
        }
        let link = lookup.link.or(self.input.interface);
        let found = match lookup.table {
            Some(table) => self.node.fib.lookup(table, destination, link).map(|route| (table, route)),
            None => self.node.fib.route(destination, link),
        };
        let Some((table, route)) = found else {
            self.step(Step::NoRoute { destination });
            return self.unreachable();
        };
        let to = match &route.target {
            Target::Local => Matched::Local,
            Target::Sid(_) => Matched::Sid,
            Target::Forward { encap: Some(encap), .. } => Matched::Encap { mode: encap.mode.name() },
            Target::Forward { interface, via, .. } => Matched::Forward { interface: *interface, via: *via },
        };
        let (prefix, len) = route.prefix();
        self.step(Step::Matched { table, prefix, len, to });
        match &route.target {
            Target::Local if lookup.never_local => Next::dropped(Reason::NextSegmentLocal),
            Target::Local => self.local(),
            Target::Sid(index) => match self.node.sids.get(*index) {
                Some(sid) if lookup.never_local && sid.interface.is_none() => Next::dropped(Reason::NextSegmentLocal),
                Some(sid) if self.own && self.profile == Profile::Linux => self.past_sid(sid),
                Some(sid) => self.sid(sid),
                None => Next::dropped(Reason::NoRoute),
            },
            Target::Forward { interface, encap: Some(encap), .. } => self.headend(encap, *interface),
            Target::Forward { interface, via, encap: None } => {
                let on_link = if lookup.by_destination { self.packet.destination() } else { destination };
                self.forward(*interface, via.unwrap_or(on_link)).into()
            }
        }
    }

    fn sid(&mut self, sid: &'a Sid) -> Next {
        self.step(Step::Behavior { name: sid.behavior.name(), flavors: sid.flavors });
        match self.profile {
            Profile::Rfc => rfc::sid(self, sid),
            Profile::Linux => linux::sid(self, sid),
        }
    }

    /// To Linux a seg6local route is an ordinary one for what it sends itself,
    /// and leads onto the link that it names.
    fn past_sid(&mut self, sid: &Sid) -> Next {
        let text = "Linux's SIDs see what arrives, not what the node itself sends";
        self.step(Step::Rule { text, section: "Linux seg6_local_build_state" });
        match sid.interface {
            Some(interface) => self.forward(interface, self.packet.destination()).into(),
            None => Next::dropped(Reason::NoRoute),
        }
    }

    /// The destination is the node's own.
    fn local(&mut self) -> Next {
        // By way of the loopback, it arrives as if from elsewhere.
        self.own &= self.profile == Profile::Rfc;
        if !self.packet.is_ipv6() {
            let upper = self.packet.0.get(9).copied().unwrap_or(next::NONE);
            let offset = usize::from(self.packet.0.first().copied().unwrap_or(0) & 15) * 4;
            return self.deliver(upper, offset).into();
        }
        match self.profile {
            Profile::Rfc => rfc::plain(self),
            Profile::Linux => linux::plain(self),
        }
    }

    /// Multicast is for the node's own upper layer, if it came so; no router
    /// forwards it here, and it is no segment.
    fn multicast(&mut self, lookup: Lookup) -> Next {
        let arrived = lookup == Lookup::default() && self.packet.destination6() == original_destination(&self.input);
        match self.packet.upper().filter(|_| arrived && self.packet.routing(false).is_none()) {
            Some(upper) if self.packet.is_ipv6() => self.deliver(upper.number, upper.offset).into(),
            _ => Next::dropped(Reason::Multicast),
        }
    }

    pub fn deliver(&mut self, upper: u8, offset: usize) -> Decision {
        Decision::Deliver { packet: std::mem::take(&mut self.packet.0), upper, offset }
    }

    /// No route: the source is told (IPv4: is not, see the module's limits).
    fn unreachable(&mut self) -> Next {
        if self.packet.is_ipv6() { self.error(1, 0, 0, Reason::NoRoute) } else { Next::dropped(Reason::NoRoute) }
    }

    /// The last checks, the hop limit, and out.
    pub fn forward(&mut self, interface: Interface, next_hop: IpAddr) -> Decision {
        if !self.own
            && let Err(decision) = self.transit()
        {
            return decision;
        }
        let mtu = self.node.interfaces.get(interface.0).map_or(usize::MAX, |port| port.mtu);
        if self.packet.0.len() > mtu {
            return self.too_big(mtu);
        }
        if !self.own && !self.hop_taken {
            self.take_hop();
        }
        let kind = if self.packet.is_ipv6() { Kind::Ipv6 } else { Kind::Ipv4 };
        if self.skew > 0 {
            let text = "Linux sends the packet from 40 bytes before the SRH on, its start is lost";
            self.step(Step::Rule { text, section: "Linux ipv6_srh_rcv" });
            self.packet.cut(self.skew);
        }
        let packet = std::mem::take(&mut self.packet.0);
        Decision::Forward(Forward { packet, kind, interface, next_hop: Some(next_hop) })
    }

    /// What a packet in transit must fulfil.
    fn transit(&mut self) -> Result<(), Decision> {
        if !self.node.forwarding {
            return Err(Decision::Drop { reason: Reason::NotForwarding });
        }
        if !self.hop_taken && self.packet.hop_limit() <= 1 {
            return Err(self.hop_limit_exceeded());
        }
        match self.packet.source() {
            IpAddr::V6(source) if source.is_unspecified() => Err(Decision::Drop { reason: Reason::BadSource }),
            IpAddr::V6(source) if source.is_unicast_link_local() => {
                Err(self.error_decision(1, 2, 0, Reason::BadSource))
            }
            _ => Ok(()),
        }
    }

    fn too_big(&mut self, mtu: usize) -> Decision {
        if self.packet.is_ipv6() {
            self.error_decision(2, 0, mtu as u32, Reason::TooBig)
        } else {
            Decision::Drop { reason: Reason::TooBig }
        }
    }

    pub fn hop_limit_exceeded(&mut self) -> Decision {
        if self.packet.is_ipv6() {
            self.error_decision(3, 0, 0, Reason::HopLimit)
        } else {
            Decision::Drop { reason: Reason::TtlExceeded }
        }
    }

    pub fn take_hop(&mut self) {
        let from = self.packet.hop_limit();
        self.packet.decrement_hop_limit();
        self.step(Step::HopLimit { from, to: self.packet.hop_limit() });
    }

    pub fn error(&mut self, kind: u8, code: u8, parameter: u32, reason: Reason) -> Next {
        Next::Done(self.error_decision(kind, code, parameter, reason))
    }

    /// Drops the packet and tells its source, if it may be told.
    fn error_decision(&mut self, kind: u8, code: u8, parameter: u32, reason: Reason) -> Decision {
        let error = IcmpError { kind, code, parameter, reason };
        let reply = self.may_be_told(kind, code).then(|| self.reply(error)).flatten();
        Decision::Error { error, packet: std::mem::take(&mut self.packet.0), reply }
    }

    /// RFC 4443 §2.4 (e): no errors about errors, to nobody in particular, or
    /// about what many got.
    fn may_be_told(&self, kind: u8, code: u8) -> bool {
        let source = self.packet.source6();
        let about_error = self.packet.upper().is_some_and(|upper| {
            upper.number == next::ICMPV6 && self.packet.0.get(upper.offset).is_none_or(|kind| *kind < 128)
        });
        let to_many = self.packet.destination6().is_multicast() && !matches!((kind, code), (2, _) | (4, 2));
        !(source.is_unspecified() || source.is_multicast() || about_error || to_many)
    }

    /// The message, and the way it takes.
    fn reply(&mut self, error: IcmpError) -> Option<Forward> {
        let to = self.packet.source6();
        let (_, route) = self.node.fib.route(to.into(), self.input.interface)?;
        let Target::Forward { interface, via, encap } = &route.target else { return None };
        let own = self.node.is_own(self.packet.destination());
        // Linux speaks from where the packet came in, others from where the
        // message goes out.
        let speaking = match self.profile {
            Profile::Linux => self.input.interface.unwrap_or(*interface),
            Profile::Rfc => *interface,
        };
        let from = if own { self.packet.destination6() } else { source::select(self.node, to, Some(speaking))? };
        let bytes =
            packet::icmp_error(error.kind, error.code, error.parameter, from, self.node.hop_limit, &self.packet);
        match encap {
            None => Some(Forward {
                packet: bytes,
                kind: Kind::Ipv6,
                interface: *interface,
                next_hop: Some(via.unwrap_or(to.into())),
            }),
            // A message that is put on a segment list goes the whole way anew.
            Some(_) => match super::process(Input::made_here(&bytes), self.node, self.profile, &mut ()).decision {
                Decision::Forward(forward) => Some(forward),
                _ => None,
            },
        }
    }

    // Operations that both profiles share.

    /// Takes the next segment: Segments Left down by one, the destination from
    /// the list. `None` where the list has no such entry.
    pub fn next_segment(&mut self, srh: Header) -> Option<()> {
        let from = self.packet.0.get(srh.offset + 3).copied()?;
        let to = from.checked_sub(1)?;
        let segment = self.packet.slot(srh.offset, to)?;
        self.packet.set_segments_left(srh.offset, to);
        self.step(Step::SegmentsLeft { from, to });
        self.set_destination(segment);
        Some(())
    }

    pub fn set_destination(&mut self, to: Ipv6Addr) {
        let from = self.packet.destination6();
        self.packet.set_destination6(to);
        self.step(Step::Destination { from, to });
    }

    /// Removes an SRH; `None` where the chain does not allow it.
    pub fn remove_srh(&mut self, srh: Header, flavor: &'static str) -> Option<()> {
        let bytes = self.packet.remove(srh)?;
        self.step(Step::Removed { bytes, flavor });
        Some(())
    }

    /// Removes everything before the header at `offset`.
    pub fn decapsulate(&mut self, offset: usize, protocol: u8) {
        self.packet.cut(offset);
        self.hop_taken = false;
        self.step(Step::Decapsulated { bytes: offset, protocol });
    }

    /// Puts the destination in place that shifting the C-SIDs made (RFC 9800
    /// §4.1.1, N05-N06).
    pub fn shift(&mut self, shifted: Ipv6Addr) {
        let text = "NEXT-C-SID: the argument moves to behind the block";
        self.step(Step::Rule { text, section: "RFC 9800 §4.1.1" });
        self.set_destination(shifted);
    }

    /// Where an End, End.X or End.T goes on.
    pub fn onwards(&self, sid: &Sid) -> Lookup {
        let never_local = self.profile == Profile::Linux;
        match &sid.behavior {
            Behavior::EndX { nh6 } => self.towards((*nh6).into(), sid, never_local),
            Behavior::EndT { lookup } => Lookup { table: Some(*lookup), never_local, ..Lookup::default() },
            _ => Lookup { never_local, ..Lookup::default() },
        }
    }

    /// To a neighbour. Linux looks for a link-local one where the packet came
    /// from; an adjacency of the RFC knows its interface.
    pub fn towards(&self, neighbour: IpAddr, sid: &Sid, never_local: bool) -> Lookup {
        let link = sid.interface.filter(|_| self.profile == Profile::Rfc);
        Lookup { neighbour: Some(neighbour), link, never_local, ..Lookup::default() }
    }

    /// A frame that was inside, out of an interface.
    pub fn frame_out(&mut self, interface: Interface) -> Decision {
        let packet = std::mem::take(&mut self.packet.0);
        Decision::Forward(Forward { packet, kind: Kind::Ethernet, interface, next_hop: None })
    }
}

fn original_destination(input: &Input<'_>) -> Ipv6Addr {
    let bytes = input.packet.get(24..40).and_then(|bytes| <[u8; 16]>::try_from(bytes).ok());
    bytes.unwrap_or_default().into()
}
