//! Checks upper-layer checksums over the destination that they were made for.

use std::net::{IpAddr, Ipv6Addr};

use crate::dissect::{Layer, Packet};
use crate::srv6::csid;
use crate::srv6::path;
use crate::wire::bytes::{array_at, tail, u8_at, u16_at};
use crate::wire::checksum::Sum;
use crate::wire::ipv4::{self, Ipv4};
use crate::wire::names::ip_proto;
use crate::wire::options;
use crate::wire::proto::Proto;
use crate::wire::srh::Srh;

/// Which destination a pseudo-header took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsedDestination {
    /// None: the checksum has no pseudo-header.
    NoPseudoHeader,
    /// The IP header's destination.
    Header(IpAddr),
    /// The final destination that a Routing header names.
    Final(Ipv6Addr),
    /// The final destination as it arrives there, the compressed SIDs before it
    /// used up (RFC 9800 §6.5).
    Arriving(Ipv6Addr),
}

impl UsedDestination {
    /// The address, unless there is no pseudo-header.
    pub(super) fn address(self) -> Option<IpAddr> {
        match self {
            Self::NoPseudoHeader => None,
            Self::Header(to) => Some(to),
            Self::Final(to) | Self::Arriving(to) => Some(to.into()),
        }
    }
}

/// Why a checksum was not verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unverified {
    /// The capture lacks bytes that it covers.
    Cut,
    /// It covers a datagram of which this is a fragment.
    Fragment,
    /// A Routing header hides the final destination.
    UnknownDestination,
    /// The destination may be a compressed SID of lengths that nobody told.
    PerhapsCompressed,
    /// The length field is shorter than its own header.
    Length,
    /// It is the sum of the pseudo-header alone: the rest was left to hardware
    /// that the frame had not reached when it was captured.
    Partial,
    /// It is in a packet that an ICMP error quotes, as a router left it.
    Quoted,
    /// It is zero, since all of it was left to hardware.
    Blank,
}

impl Unverified {
    /// The reason in words.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Cut => "not all of the bytes were captured",
            Self::Fragment => "fragment of a datagram",
            Self::Quoted => "in the packet that an ICMP error quotes",
            Self::UnknownDestination => "a Routing header or source route hides the final destination",
            Self::PerhapsCompressed => "the destination may be a compressed SID: see --locator",
            Self::Length => "the length field leaves no room for the header",
            Self::Partial => "partial, left to checksum offload",
            Self::Blank => "zero, left to checksum offload",
        }
    }
}

/// The result of checking a checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checksum {
    /// It is right.
    Good(UsedDestination),
    /// It is wrong for every destination it may have been made for.
    Bad {
        /// What it should be.
        expected: u16,
        /// The destination that `expected` is computed over.
        used: UsedDestination,
    },
    /// It was not checked.
    Unverified(Unverified),
    /// There is none (a zero UDP checksum over IPv4).
    NotPresent,
    /// There is none, where there must be one (a zero UDP checksum over IPv6).
    Illegal,
}

impl Checksum {
    /// The number Wireshark's status fields give it.
    pub fn status(self) -> u64 {
        match self {
            Self::Bad { .. } => 0,
            Self::Good(_) => 1,
            Self::Unverified(_) => 2,
            Self::NotPresent => 3,
            Self::Illegal => 4,
        }
    }

    /// What the checksum should be, given what is `stored`; `None` where that
    /// was not worked out.
    pub fn calculated(self, stored: u16) -> Option<u16> {
        match self {
            Self::Good(_) => Some(stored),
            Self::Bad { expected, .. } => Some(expected),
            Self::Unverified(_) | Self::NotPresent | Self::Illegal => None,
        }
    }
}

impl Packet<'_> {
    /// Checks the checksum in a layer's header; `None` for layers without one.
    pub fn checksum(&self, layer: &Layer) -> Option<Checksum> {
        self.known_checksum(layer).or_else(|| self.check(layer))
    }

    /// As [`checksum`](Self::checksum), worked out anew.
    fn check(&self, layer: &Layer) -> Option<Checksum> {
        if layer.proto == Proto::Ipv4 {
            return self.ipv4_header(layer);
        }
        let (field, protocol) = place(layer.proto)?;
        let bytes = self.whole(layer);
        let stored = u16_at(bytes, field)?;
        let network = self.layers().get(usize::from(layer.network))?;
        if layer.proto == Proto::Udp && stored == 0 {
            return Some(if network.proto == Proto::Ipv4 { Checksum::NotPresent } else { Checksum::Illegal });
        }
        let way = Way::of(self, layer, network);
        if way.is_fragment {
            return Some(Checksum::Unverified(Unverified::Fragment));
        }
        if layer.is_cut() {
            return Some(Checksum::Unverified(Unverified::Cut));
        }
        if layer.quoted && matches!(layer.proto, Proto::Icmpv4 | Proto::Icmpv6) {
            return Some(Checksum::Unverified(Unverified::Quoted));
        }
        if layer.proto == Proto::Udp && u16_at(bytes, 4).is_some_and(|len| (1..8).contains(&len)) {
            return Some(Checksum::Unverified(Unverified::Length));
        }
        let (source, destination) = self.addresses(network)?;
        let source = way.home_address.map_or(source, IpAddr::V6);
        let sums = Sums::of(bytes, stored, source, protocol);
        let header = UsedDestination::Header(destination);
        let first = match (layer.proto, way.routed) {
            (Proto::Icmpv4, _) => UsedDestination::NoPseudoHeader,
            (_, Routed::Nowhere) => header,
            (_, Routed::To(to)) => UsedDestination::Final(to),
            (_, Routed::Hidden) if sums.are_good(header) => return Some(Checksum::Good(header)),
            (_, Routed::Hidden) => return Some(Checksum::Unverified(Unverified::UnknownDestination)),
        };
        // Nearly every packet needs no more than this.
        Some(if sums.are_good(first) { Checksum::Good(first) } else { self.doubted(layer, &sums, first, header) })
    }

    /// What there is to say of a checksum that is not good for the `first`
    /// destination that it should be good for.
    #[cold]
    fn doubted(&self, layer: &Layer, sums: &Sums, first: UsedDestination, header: UsedDestination) -> Checksum {
        let planned = self.arriving(layer, first);
        let likely = [Some(first), planned, Some(header)].into_iter().flatten();
        if let Some(used) = likely.clone().skip(1).find(|used| sums.are_good(*used)) {
            return Checksum::Good(used);
        }
        if likely.clone().any(|used| sums.are_partial(used)) {
            return Checksum::Unverified(Unverified::Partial);
        }
        match self.compressed(layer, first, |used| sums.are_good(*used)) {
            // A plan leaves no doubt.
            Some(Checksum::Unverified(_)) if planned.is_some() => {}
            Some(taken_back) => return taken_back,
            None => {}
        }
        // What is quoted is as a router left it, on its way to where its
        // checksum would be right.
        if layer.quoted {
            return Checksum::Unverified(Unverified::Quoted);
        }
        let used = planned.unwrap_or(first);
        Checksum::Bad { expected: sums.checksum(used), used }
    }

    /// The addresses in the pseudo-header of a layer's checksum: `used`, as
    /// [`checksum`](Self::checksum) tells it, or where the packet goes in the end.
    pub fn pseudo_addresses(&self, layer: &Layer, used: Option<UsedDestination>) -> Option<(IpAddr, IpAddr)> {
        let network = self.layers().get(usize::from(layer.network))?;
        let (source, destination) = self.addresses(network)?;
        let way = Way::of(self, layer, network);
        let source = way.home_address.map_or(source, IpAddr::V6);
        let destination = match used {
            Some(UsedDestination::Header(to)) => to,
            Some(UsedDestination::Final(to) | UsedDestination::Arriving(to)) => to.into(),
            Some(UsedDestination::NoPseudoHeader) => return None,
            None => match way.routed {
                Routed::To(to) => to.into(),
                Routed::Nowhere | Routed::Hidden => destination,
            },
        };
        Some((source, destination))
    }

    /// The destination as the packet arrives with it, where a plan of locators
    /// says that it is compressed.
    fn arriving(&self, layer: &Layer, first: UsedDestination) -> Option<UsedDestination> {
        let locators = &self.settings().locators;
        let last = match first {
            UsedDestination::Final(to) | UsedDestination::Header(IpAddr::V6(to)) if !locators.is_empty() => to,
            _ => return None,
        };
        let destination = self.network(layer)?.destination();
        locators.arriving(destination, self.last_srh(layer).as_ref(), last).map(UsedDestination::Arriving)
    }

    /// The last SRH before an upper layer.
    fn last_srh(&self, layer: &Layer) -> Option<Srh<'_>> {
        self.between(layer).rfind(|l| l.proto == Proto::Srh).and_then(|l| self.srh(l))
    }

    /// What can be said of a checksum that is wrong for the destinations that
    /// stand in the packet, since they may be compressed without a plan that
    /// says so; `None` where that cannot be.
    fn compressed(
        &self,
        layer: &Layer,
        first: UsedDestination,
        good: impl Fn(&UsedDestination) -> bool,
    ) -> Option<Checksum> {
        let last = match first {
            UsedDestination::Final(to) | UsedDestination::Header(IpAddr::V6(to)) => to,
            _ => return None,
        };
        let (destination, srh) = (self.network(layer)?.destination(), self.last_srh(layer));
        let endings = csid::usual_endings(destination, srh, last).filter(|end| *end != last);
        if let Some(used) = endings.map(UsedDestination::Arriving).find(&good) {
            return Some(Checksum::Good(used));
        }
        let perhaps = csid::may_end(destination, srh, last, |end| good(&UsedDestination::Arriving(end)))
            || srh
                .and_then(|srh| path::active(&srh))
                .is_some_and(|active| active != destination && csid::is_replaced(active, destination));
        perhaps.then_some(Checksum::Unverified(Unverified::PerhapsCompressed))
    }

    fn ipv4_header(&self, layer: &Layer) -> Option<Checksum> {
        let header = Ipv4::new(self.header(layer)).ok()?;
        if header.header().len() < header.claimed_len() {
            return Some(Checksum::Unverified(Unverified::Cut));
        }
        let (stored, expected) = (header.checksum(), header.computed_checksum());
        let used = UsedDestination::NoPseudoHeader;
        if stored == 0 && expected != 0 {
            return Some(Checksum::Unverified(Unverified::Blank));
        }
        Some(if stored == expected { Checksum::Good(used) } else { Checksum::Bad { expected, used } })
    }

    /// The layers between an IP header and an upper layer.
    fn between(&self, layer: &Layer) -> impl DoubleEndedIterator<Item = &Layer> {
        let from = self.layers().get(usize::from(layer.network)..).unwrap_or(self.layers());
        from.iter().filter(move |l| l.network == layer.network && l.start < layer.start)
    }
}

/// What lies between an IP header and an upper layer, as far as the checksum of
/// that depends on it.
struct Way {
    /// Whether the upper layer is in a fragment, and so not all of it is here.
    is_fragment: bool,
    /// The Home Address of a Destination Options header, which stands in for the
    /// source (RFC 6275 §6.3).
    home_address: Option<Ipv6Addr>,
    /// Where the last Routing header with segments left sends the packet.
    routed: Routed,
}

impl Way {
    /// The way from the header `network` to `layer`, in one look at what lies
    /// between.
    #[inline]
    fn of(packet: &Packet<'_>, layer: &Layer, network: &Layer) -> Self {
        let mut way = Self { is_fragment: false, home_address: None, routed: Routed::Nowhere };
        let mut routing = None;
        for between in packet.between(layer) {
            match between.proto {
                Proto::Fragment => {
                    let field = u16_at(packet.header(between), 2);
                    way.is_fragment |= network.proto != Proto::Ipv4 && field.is_some_and(|field| field & 0xfff9 != 0);
                }
                Proto::Destination => way.home_address = way.home_address.or_else(|| home_address(packet, between)),
                // One that is used up sends it nowhere; an earlier one still may.
                Proto::Srh | Proto::Routing if u8_at(packet.header(between), 3) != Some(0) => routing = Some(between),
                _ => {}
            }
        }
        if let Some(routing) = routing {
            way.routed = Routed::by(packet, routing);
        }
        if network.proto == Proto::Ipv4 {
            let header = packet.header(network);
            way.is_fragment = Ipv4::new(header).is_ok_and(|header| header.is_fragment());
            if has_source_route(tail(header, ipv4::MIN_LEN)) {
                way.routed = Routed::Hidden;
            }
        }
        way
    }
}

/// The Home Address in a Destination Options header.
fn home_address(packet: &Packet<'_>, layer: &Layer) -> Option<Ipv6Addr> {
    options::walk(tail(packet.header(layer), 2)).find_map(|option| match option.kind {
        options::kind::HOME_ADDRESS if !option.overruns => {
            array_at(option.value, 0).map(|octets: [u8; 16]| octets.into())
        }
        _ => None,
    })
}

/// Where the checksum lies in the header of an upper layer, and that layer's
/// protocol number; `None` for layers without one.
pub(super) fn place(proto: Proto) -> Option<(usize, u8)> {
    Some(match proto {
        Proto::Udp => (6, ip_proto::UDP),
        Proto::Tcp => (16, ip_proto::TCP),
        Proto::Icmpv6 => (2, ip_proto::ICMPV6),
        Proto::Icmpv4 => (2, ip_proto::ICMP),
        _ => return None,
    })
}

/// All that a checksum depends on, but for the destination.
pub(super) struct Sums {
    /// Of what it covers, without the stored value.
    covered: Sum,
    stored: u16,
    source: IpAddr,
    /// The upper-layer length.
    length: u32,
    protocol: u8,
}

impl Sums {
    /// Of an upper layer's `bytes`, with what is `stored` there as its checksum.
    #[inline(always)]
    pub(super) fn of(bytes: &[u8], stored: u16, source: IpAddr, protocol: u8) -> Self {
        // What is left after taking out the stored value.
        let covered = Sum::default().bytes(bytes).word(!stored);
        Self { covered, stored, source, length: bytes.len() as u32, protocol }
    }

    /// The checksum as it should be for a destination.
    fn checksum(&self, used: UsedDestination) -> u16 {
        self.checksum_for(used.address())
    }

    #[inline(always)]
    fn checksum_for(&self, destination: Option<IpAddr>) -> u16 {
        let sum = self.with_pseudo_header(self.covered, destination);
        if self.protocol == ip_proto::UDP { sum.udp_checksum() } else { sum.checksum() }
    }

    /// Whether the stored checksum is right for a destination.
    fn are_good(&self, used: UsedDestination) -> bool {
        self.checksum(used) == self.stored
    }

    /// Whether the stored checksum is right, with the pseudo-header for an address.
    #[inline(always)]
    pub(super) fn are_good_for(&self, destination: IpAddr) -> bool {
        self.checksum_for(Some(destination)) == self.stored
    }

    /// Whether the pseudo-header alone is in the stored checksum: what the kernel
    /// leaves there for the hardware to complete.
    fn are_partial(&self, used: UsedDestination) -> bool {
        let to = used.address();
        to.is_some() && self.with_pseudo_header(Sum::default(), to).folded() == self.stored
    }

    /// Adds the pseudo-header for a destination, if there is one.
    #[inline(always)]
    fn with_pseudo_header(&self, sum: Sum, destination: Option<IpAddr>) -> Sum {
        match (self.source, destination) {
            (IpAddr::V6(from), Some(IpAddr::V6(to))) => {
                sum.pseudo_header(&from.octets(), &to.octets(), self.length, self.protocol)
            }
            (IpAddr::V4(from), Some(IpAddr::V4(to))) => {
                sum.pseudo_header(&from.octets(), &to.octets(), self.length, self.protocol)
            }
            // One IP header has both addresses.
            _ => sum,
        }
    }
}

/// Where a packet's Routing header sends it.
enum Routed {
    /// Nowhere else than the IP header does.
    Nowhere,
    /// Here in the end.
    To(Ipv6Addr),
    /// Somewhere the header does not show.
    Hidden,
}

impl Routed {
    /// Where a Routing header with segments left sends a packet.
    fn by(packet: &Packet<'_>, routing: &Layer) -> Self {
        if let Some(srh) = packet.srh(routing) {
            return path::checksum_destination(&srh).map_or(Self::Nowhere, Self::To);
        }
        let header = packet.header(routing);
        let (addresses, _) = tail(header, 8).as_chunks::<16>();
        let end = match u8_at(header, 2) {
            // The last of the list (RFC 2460 §4.4).
            Some(0) => addresses.last(),
            // The only one (RFC 6275 §6.4).
            Some(2) => addresses.first(),
            _ => None,
        };
        end.map_or(Self::Hidden, |octets| Self::To((*octets).into()))
    }
}

/// Whether the options of an IPv4 header have a source route (RFC 791 §3.1),
/// whose end the destination is only once it is used up.
fn has_source_route(mut options: &[u8]) -> bool {
    while let [kind, rest @ ..] = options {
        options = match (kind, rest) {
            (0, _) => return false,
            (1, _) => rest,
            (131 | 137, _) => return true,
            (_, [len, ..]) if *len >= 2 => tail(options, usize::from(*len)),
            _ => return false,
        };
    }
    false
}
