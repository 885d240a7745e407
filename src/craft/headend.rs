//! Headends (RFC 8986 §5): wrapping a packet as an SR source does.
//!
//! The outer header takes over what Linux takes over from the packet inside:
//! hop limit, traffic class and flow label of IPv6. Whatever is given stays.

use thiserror::Error;

use crate::craft::{Arg, Layer, Problem, Stack, csid};
use crate::wire::field::Field;
use crate::wire::proto::Proto;
use crate::wire::{ipv6, sid, srh};

/// How a packet is wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Headend {
    /// H.Encaps: an IPv6 header with an SRH (§5.1).
    Encap,
    /// H.Encaps.Red: the SRH leaves the first segment out, and a path of one
    /// segment needs none (§5.2).
    EncapRed,
    /// H.Encaps.L2: around an Ethernet frame (§5.3).
    L2Encap,
    /// H.Encaps.L2.Red (§5.4).
    L2EncapRed,
    /// An SRH is inserted into the packet, whose destination ends the path, as
    /// Linux does it.
    Inline,
}

/// Why a packet cannot be wrapped.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HeadendError {
    /// It wraps another kind of packet.
    #[error("{name} needs {needs} behind it")]
    Inside {
        /// What the helper is called.
        name: &'static str,
        /// What it wraps.
        needs: &'static str,
    },
    /// There is no path.
    #[error("{0} needs path=: the segments in the order they are travelled")]
    NoPath(&'static str),
    /// The path cannot be compressed as it was asked for.
    #[error("{0}: {1}")]
    Compression(&'static str, Box<Problem>),
    /// What should be taken over differs from packet to packet.
    #[error("{arg} varies, and {name} depends on it; give {name} a fixed {arg}")]
    Varies {
        /// What the helper is called.
        name: &'static str,
        /// The notation's name of the field.
        arg: &'static str,
    },
}

impl Headend {
    /// Every one of them.
    pub const ALL: [Self; 5] = [Self::Encap, Self::EncapRed, Self::L2Encap, Self::L2EncapRed, Self::Inline];

    /// Its name, as `ip route` spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Encap => "encap",
            Self::EncapRed => "encap.red",
            Self::L2Encap => "l2encap",
            Self::L2EncapRed => "l2encap.red",
            Self::Inline => "inline",
        }
    }

    /// The one of a name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|headend| headend.name() == name)
    }

    fn is_reduced(self) -> bool {
        matches!(self, Self::EncapRed | Self::L2EncapRed)
    }
}

/// Wraps a packet: `outer` are the arguments of the IPv6 header, `header` those
/// of the SRH, with its `path`.
///
/// ```
/// use sr6::craft::{self, Headend, headend};
///
/// let inner = craft::ip6().src("2001:db8::1".parse()?).dst("2001:db8::2".parse()?).hlim(9) / craft::udp(1, 2);
/// let path = craft::srh().path(["fc00::a".parse()?]);
/// let outer = craft::ip6().src("fc00::1".parse()?);
/// let packet = headend(Headend::EncapRed, outer.into(), path.into(), inner)?;
/// // One segment needs no SRH; the hop limit is taken over.
/// assert_eq!(craft::build(&packet)?.len(), 40 + 40 + 8);
/// assert_eq!(craft::build(&packet)?[7], 9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// There is no path, or the packet is none that can be wrapped so.
pub fn headend(kind: Headend, outer: Layer, header: Layer, inner: Stack) -> Result<Stack, HeadendError> {
    let name = kind.name();
    let Some(Arg::List(path)) = header.get(&srh::PATH).cloned() else { return Err(HeadendError::NoPath(name)) };
    if path.is_empty() {
        return Err(HeadendError::NoPath(name));
    }
    let first = inner.first().map(|layer| layer.proto);
    match kind {
        Headend::Encap | Headend::EncapRed if !matches!(first, Some(Proto::Ipv4 | Proto::Ipv6)) => {
            return Err(HeadendError::Inside { name, needs: "an ip6 or ip4" });
        }
        Headend::L2Encap | Headend::L2EncapRed if first != Some(Proto::Ethernet) => {
            return Err(HeadendError::Inside { name, needs: "an eth" });
        }
        Headend::Inline => return insert(outer, header, path, inner),
        _ => {}
    }
    let (path, header) = packed(name, path, header)?;
    let mut outer = outer;
    let packet = inner.iter().find(|layer| !matches!(layer.proto, Proto::Ethernet | Proto::Vlan));
    if let Some(packet) = packet.filter(|packet| packet.proto == Proto::Ipv6) {
        take_over(name, &mut outer, packet)?;
    }
    Ok(match reduced(kind, header, &path) {
        Some(header) => outer / header / inner,
        None => {
            if let ([segment], false) = (path.as_slice(), outer.has(&ipv6::DESTINATION)) {
                outer.set(&ipv6::DESTINATION, segment.clone());
            }
            outer / inner
        }
    })
}

/// The path with its SIDs compressed, where it is to be: the list of an outer
/// header can be compressed for good, since no checksum depends on it.
fn packed(name: &'static str, path: Vec<Arg>, mut header: Layer) -> Result<(Vec<Arg>, Layer), HeadendError> {
    let compression =
        csid::compression(&header).map_err(|problem| HeadendError::Compression(name, Box::new(problem)))?;
    let Some((compression, _)) = compression else { return Ok((path, header)) };
    let address = |segment: &Arg| if let Arg::Ipv6(address) = segment { Some(*address) } else { None };
    let Some(addresses) = path.iter().map(address).collect::<Option<Vec<_>>>() else {
        return Err(HeadendError::Varies { name, arg: srh::PATH.arg });
    };
    let path: Vec<Arg> = compression.pack(&addresses).segments.into_iter().map(Arg::Ipv6).collect();
    header.unset(&sid::NEXT_PLAN);
    header.unset(&sid::REPLACE_PLAN);
    header.set(&srh::PATH, path.clone());
    Ok((path, header))
}

/// The SRH with its list reduced, where it is to be; none where it would have
/// nothing to say. A list of one that has TLVs stays whole (erratum 7081).
fn reduced(kind: Headend, mut header: Layer, path: &[Arg]) -> Option<Layer> {
    if !kind.is_reduced() {
        return Some(header);
    }
    let says_more = header.args().any(|(field, _)| !std::ptr::eq(field, &srh::PATH));
    match (path.len(), says_more) {
        (1, false) => None,
        (1, true) => Some(header),
        _ => {
            header.set(&srh::REDUCED, true);
            Some(header)
        }
    }
}

/// Gives the outer header the hop limit, traffic class and flow label of the
/// packet inside.
fn take_over(name: &'static str, outer: &mut Layer, packet: &Layer) -> Result<(), HeadendError> {
    let class: [&'static Field; 3] = [&ipv6::TRAFFIC_CLASS, &ipv6::DSCP, &ipv6::ECN];
    let has_class = class.iter().any(|field| outer.has(field));
    for field in [&ipv6::HOP_LIMIT, &ipv6::FLOW].into_iter().chain(class) {
        let is_class = class.iter().any(|one| std::ptr::eq(*one, field));
        let Some(value) = packet.get(field).filter(|_| !(outer.has(field) || is_class && has_class)) else { continue };
        if value.varies() {
            return Err(HeadendError::Varies { name, arg: field.arg });
        }
        outer.set(field, value.clone());
    }
    Ok(())
}

/// Inserts an SRH after the IPv6 header, whose destination ends the path.
fn insert(outer: Layer, mut header: Layer, mut path: Vec<Arg>, inner: Stack) -> Result<Stack, HeadendError> {
    let name = Headend::Inline.name();
    let mut layers = inner.0;
    let wrong = HeadendError::Inside { name, needs: "an ip6 with dst=" };
    let Some(packet) = layers.first_mut().filter(|layer| layer.proto == Proto::Ipv6) else { return Err(wrong) };
    let Some(destination) = packet.get(&ipv6::DESTINATION).cloned() else { return Err(wrong) };
    packet.unset(&ipv6::DESTINATION);
    for (field, value) in outer.args() {
        packet.set(field, value.clone());
    }
    path.push(destination);
    header.set(&srh::PATH, path);
    layers.insert(1, header);
    Ok(Stack(layers))
}
