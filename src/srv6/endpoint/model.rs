//! What a node knows: interfaces, addresses, SIDs, routes, policies. Built
//! once, then only read.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::srv6::csid::{self, Layout};
use crate::srv6::hmac::Keys;

use super::fib::{Fib, Table};

/// Which interface of a node, an index into [`Node::interfaces`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Interface(pub usize);

/// One node: everything that decides what becomes of a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its interfaces.
    pub interfaces: Vec<Port>,
    /// Its own addresses, those of no interface included, with the length of
    /// the network they are in.
    pub addresses: Vec<Own>,
    /// Its SIDs; the FIB says which destinations reach them.
    pub sids: Vec<Sid>,
    /// Its routes.
    pub fib: Fib,
    /// Forward what is not for itself?
    pub forwarding: bool,
    /// Hop limit of packets it makes itself.
    pub hop_limit: u8,
    /// Source address of encapsulations; picked by the usual rules if `None`.
    pub tunnel_source: Option<Ipv6Addr>,
    /// How the flow label of an encapsulation comes about
    /// (`net.ipv6.seg6_flowlabel`).
    pub flow_label: FlowLabel,
    /// Keys for the HMAC TLV.
    pub hmac_keys: Keys,
    /// Upper-layer protocols that a SID of the End family hands to the node
    /// itself (RFC 8986 §4.1.1: "allowed by local configuration").
    pub allowed_upper: Vec<u8>,
}

impl Default for Node {
    /// A host with no interface: forwards nothing, allows ICMPv6.
    fn default() -> Self {
        Self {
            interfaces: Vec::new(),
            addresses: Vec::new(),
            sids: Vec::new(),
            fib: Fib::default(),
            forwarding: false,
            hop_limit: 64,
            tunnel_source: None,
            flow_label: FlowLabel::Copy,
            hmac_keys: Keys::default(),
            allowed_upper: vec![58],
        }
    }
}

/// An interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// Its name.
    pub name: String,
    /// The largest IP packet that fits, in bytes.
    pub mtu: usize,
    /// Process SRHs in packets to the node's plain addresses that arrive here?
    pub seg6: bool,
    /// What is asked of the HMAC TLV of packets that arrive here.
    pub hmac: HmacPolicy,
}

/// An address of the node itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Own {
    /// The address.
    pub address: IpAddr,
    /// Length of the network it is in, in bits.
    pub prefix: u8,
    /// The interface it is on; `None` for the loopback.
    pub interface: Option<Interface>,
}

/// What a node asks of HMAC TLVs (`seg6_require_hmac`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HmacPolicy {
    /// -1: nothing.
    Ignore,
    /// 0: one that is there must be right.
    #[default]
    IfPresent,
    /// 1: there must be one, and it must be right.
    Required,
}

/// Where the flow label of an encapsulation comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FlowLabel {
    /// From the packet that is encapsulated (0 for IPv4).
    #[default]
    Copy,
    /// Always 0.
    Zero,
}

/// A SID and what the node does with packets to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sid {
    /// The SID, with the argument bits cleared.
    pub locator: Ipv6Addr,
    /// How many leading bits of a destination must match.
    pub len: u8,
    /// What happens.
    pub behavior: Behavior,
    /// And in which variant.
    pub flavors: Flavors,
    /// The interface it is configured with: where its link-local neighbours
    /// are, and whose address encapsulations take; `None` for the loopback.
    pub interface: Option<Interface>,
}

/// Endpoint behaviours (RFC 8986 §4, RFC 9800, and drafts where said). `I` is
/// how interfaces are named: by index in a [`Node`], by name in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Behavior<I = Interface> {
    /// End: to the next segment (§4.1).
    End,
    /// End.X: to the next segment by way of a neighbour (§4.2).
    EndX {
        /// The neighbour.
        nh6: Ipv6Addr,
    },
    /// End.T: to the next segment by a table (§4.3).
    EndT {
        /// The table.
        lookup: Table,
    },
    /// End.DX2: decapsulate an Ethernet frame onto an interface (§4.9).
    EndDx2 {
        /// The interface.
        oif: I,
    },
    /// End.DX6: decapsulate IPv6 towards a neighbour (§4.4).
    EndDx6 {
        /// The neighbour; `::` routes by the inner destination.
        nh6: Ipv6Addr,
    },
    /// End.DX4: decapsulate IPv4 towards a neighbour (§4.5).
    EndDx4 {
        /// The neighbour; `0.0.0.0` routes by the inner destination.
        nh4: Ipv4Addr,
    },
    /// End.DT6: decapsulate IPv6 into a table (§4.6).
    EndDt6(Lookup),
    /// End.DT4: decapsulate IPv4 into a VRF's table (§4.7).
    EndDt4 {
        /// The VRF's table.
        vrf: Table,
    },
    /// End.DT46: decapsulate IPv4 or IPv6 into a VRF's tables (§4.8).
    EndDt46 {
        /// The VRF's table.
        vrf: Table,
    },
    /// End.DT2U: decapsulate an Ethernet frame into a bridge (§4.11).
    EndDt2u(Bridge<I>),
    /// End.BM: to the next segment under MPLS labels (§4.15).
    EndBm {
        /// The label stack, topmost first, 20 bits each.
        labels: Vec<u32>,
        /// The interface to the next label-switching router.
        oif: I,
    },
    /// End.B6.Insert, or its reduced form: insert another SRH
    /// (draft-filsfils-spring-srv6-net-pgm-insertion).
    EndB6 {
        /// The list to insert.
        path: SegmentList,
        /// Leave the first segment out of the list?
        reduced: bool,
    },
    /// End.B6.Encaps, or its reduced form: encapsulate with another SRH (§4.13,
    /// §4.14).
    EndB6Encaps {
        /// The list of the new header.
        path: SegmentList,
        /// Leave the first segment out of the list?
        reduced: bool,
    },
    /// A proxy for a service that knows no SRv6
    /// (draft-ietf-spring-sr-service-programming).
    EndProxy {
        /// Which kind.
        kind: Proxy,
        /// The interface to the service.
        oif: I,
        /// The interface that the service answers on.
        iif: I,
        /// End.AS: the list that is put back on what the service returns.
        path: Option<SegmentList>,
    },
}

/// Service proxies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proxy {
    /// End.AS: the headers put back are configured.
    Static,
    /// End.AD: the headers put back are those of the last packet.
    Dynamic,
    /// End.AM: the headers stay, the destination is masqueraded.
    Masquerading,
}

/// What End.DT2U forwards by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bridge<I = Interface> {
    /// Its interfaces: a frame to an unknown address goes to all of them.
    pub ports: Vec<I>,
    /// Known addresses.
    pub table: Vec<([u8; 6], I)>,
}

/// Where End.DT6 looks a destination up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup {
    /// A plain table.
    Table(Table),
    /// The table of a VRF, with its local addresses.
    Vrf(Table),
}

/// Variants of a behaviour (RFC 8986 §4.16, RFC 9800 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flavors {
    /// Penultimate segment pop.
    pub psp: bool,
    /// Ultimate segment pop.
    pub usp: bool,
    /// Ultimate segment decapsulation.
    pub usd: bool,
    /// NEXT-C-SID or REPLACE-C-SID: the SID is a compressed one, and the next
    /// is in the destination's argument, or in a container of the list.
    pub csid: Option<Layout>,
}

/// `encap seg6`: a headend's policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encap {
    /// How the segment list is attached.
    pub mode: EncapMode,
    /// The segment list.
    pub path: SegmentList,
}

/// How a headend attaches a segment list (RFC 8986 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
pub enum EncapMode {
    /// H.Encaps: an outer IPv6 header with an SRH.
    #[default]
    #[serde(rename = "encap")]
    Encap,
    /// H.Insert: an SRH put into the packet, which must be IPv6.
    #[serde(rename = "inline")]
    Inline,
    /// H.Encaps.Red: the first segment only in the outer destination.
    #[serde(rename = "encap.red")]
    EncapRed,
    /// H.Encaps.L2: the whole Ethernet frame inside.
    #[serde(rename = "l2encap")]
    L2Encap,
    /// H.Encaps.L2.Red.
    #[serde(rename = "l2encap.red")]
    L2EncapRed,
}

impl EncapMode {
    /// The name RFC 8986 §5 gives it (H.Insert: the draft).
    pub fn name(self) -> &'static str {
        match self {
            Self::Encap => "H.Encaps",
            Self::Inline => "H.Insert",
            Self::EncapRed => "H.Encaps.Red",
            Self::L2Encap => "H.Encaps.L2",
            Self::L2EncapRed => "H.Encaps.L2.Red",
        }
    }
}

/// Segments in the order they are travelled, and the key that signs them.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SegmentList {
    /// 1 to 127 segments, the first one first.
    pub segs: Vec<Ipv6Addr>,
    /// The HMAC Key ID; no HMAC TLV if `None`.
    pub hmac: Option<u32>,
}

impl<I> Behavior<I> {
    /// The behaviour's name as the RFCs write it, without flavors.
    pub fn name(&self) -> &'static str {
        match self {
            Self::End => "End",
            Self::EndX { .. } => "End.X",
            Self::EndT { .. } => "End.T",
            Self::EndDx2 { .. } => "End.DX2",
            Self::EndDx6 { .. } => "End.DX6",
            Self::EndDx4 { .. } => "End.DX4",
            Self::EndDt6(_) => "End.DT6",
            Self::EndDt4 { .. } => "End.DT4",
            Self::EndDt46 { .. } => "End.DT46",
            Self::EndDt2u(_) => "End.DT2U",
            Self::EndBm { .. } => "End.BM",
            Self::EndB6 { reduced: false, .. } => "End.B6.Insert",
            Self::EndB6 { reduced: true, .. } => "End.B6.Insert.Red",
            Self::EndB6Encaps { reduced: false, .. } => "End.B6.Encaps",
            Self::EndB6Encaps { reduced: true, .. } => "End.B6.Encaps.Red",
            Self::EndProxy { kind: Proxy::Static, .. } => "End.AS",
            Self::EndProxy { kind: Proxy::Dynamic, .. } => "End.AD",
            Self::EndProxy { kind: Proxy::Masquerading, .. } => "End.AM",
        }
    }

    /// Is it registered with these flavors (IANA "SRv6 Endpoint Behaviors"), or
    /// does Linux have it so?
    pub fn takes(&self, flavors: &Flavors) -> bool {
        let popping = flavors.psp || flavors.usp || flavors.usd;
        match self {
            Self::End | Self::EndX { .. } | Self::EndT { .. } => true,
            // Code points 98 and 99.
            Self::EndB6 { reduced: true, .. } | Self::EndB6Encaps { reduced: true, .. } if popping => {
                flavors.psp && flavors.usd && !flavors.usp && flavors.next().is_some()
            }
            Self::EndB6 { reduced, .. } => {
                !popping && flavors.csid.is_none_or(|_| *reduced && flavors.next().is_some())
            }
            _ => !popping,
        }
    }

    /// What Linux 6.18 makes of the behaviour with these flavors.
    pub fn in_linux(&self, flavors: &Flavors) -> InLinux {
        match self {
            _ if flavors.replace().is_some() => InLinux::Missing,
            Self::End if flavors.usp || flavors.usd => InLinux::Missing,
            Self::EndX { .. } if flavors.psp || flavors.usp || flavors.usd => InLinux::Missing,
            Self::End | Self::EndX { .. } => InLinux::There,
            Self::EndDt2u(_)
            | Self::EndBm { .. }
            | Self::EndB6 { reduced: true, .. }
            | Self::EndB6Encaps { reduced: true, .. }
            | Self::EndProxy { .. } => InLinux::Missing,
            _ if *flavors == Flavors::default() => InLinux::There,
            _ => InLinux::FlavorsIgnored,
        }
    }

    /// The same behaviour with its interfaces named another way.
    ///
    /// # Errors
    /// Whatever `name` fails with.
    pub fn with_interfaces<J, E>(&self, mut name: impl FnMut(&I) -> Result<J, E>) -> Result<Behavior<J>, E> {
        Ok(match self {
            Self::End => Behavior::End,
            Self::EndX { nh6 } => Behavior::EndX { nh6: *nh6 },
            Self::EndT { lookup } => Behavior::EndT { lookup: *lookup },
            Self::EndDx2 { oif } => Behavior::EndDx2 { oif: name(oif)? },
            Self::EndDx6 { nh6 } => Behavior::EndDx6 { nh6: *nh6 },
            Self::EndDx4 { nh4 } => Behavior::EndDx4 { nh4: *nh4 },
            Self::EndDt6(lookup) => Behavior::EndDt6(*lookup),
            Self::EndDt4 { vrf } => Behavior::EndDt4 { vrf: *vrf },
            Self::EndDt46 { vrf } => Behavior::EndDt46 { vrf: *vrf },
            Self::EndDt2u(bridge) => Behavior::EndDt2u(Bridge {
                ports: bridge.ports.iter().map(&mut name).collect::<Result<_, E>>()?,
                table: bridge.table.iter().map(|(mac, port)| Ok((*mac, name(port)?))).collect::<Result<_, E>>()?,
            }),
            Self::EndBm { labels, oif } => Behavior::EndBm { labels: labels.clone(), oif: name(oif)? },
            Self::EndB6 { path, reduced } => Behavior::EndB6 { path: path.clone(), reduced: *reduced },
            Self::EndB6Encaps { path, reduced } => Behavior::EndB6Encaps { path: path.clone(), reduced: *reduced },
            Self::EndProxy { kind, oif, iif, path } => {
                Behavior::EndProxy { kind: *kind, oif: name(oif)?, iif: name(iif)?, path: path.clone() }
            }
        })
    }
}

/// What Linux makes of a behaviour with its flavors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InLinux {
    /// It has it.
    There,
    /// It takes the flavors and does as if there were none.
    FlavorsIgnored,
    /// It cannot be configured.
    Missing,
}

impl Flavors {
    /// The layout, if it is NEXT-C-SID's.
    pub fn next(&self) -> Option<Layout> {
        self.csid.filter(|layout| layout.flavor == csid::Flavor::Next)
    }

    /// The layout, if it is REPLACE-C-SID's.
    pub fn replace(&self) -> Option<Layout> {
        self.csid.filter(|layout| layout.flavor == csid::Flavor::Replace)
    }
}

impl std::fmt::Display for Flavors {
    /// `PSP+USD`; nothing where there are none.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let all = [
            (self.psp, "PSP"),
            (self.usp, "USP"),
            (self.usd, "USD"),
            (self.next().is_some(), "NEXT-CSID"),
            (self.replace().is_some(), "REPLACE-CSID"),
        ];
        for (number, (_, name)) in all.iter().filter(|(set, _)| *set).enumerate() {
            write!(f, "{}{name}", if number == 0 { "" } else { "+" })?;
        }
        Ok(())
    }
}
