//! What a packet still lacks before it can leave, filled in from the machine:
//! the source address from the route, the MAC addresses from the interface and
//! its neighbours. Whatever the packet gives stays.

use std::net::Ipv6Addr;

use thiserror::Error;

use super::{Packet, PacketEngine, SendError, destination};
use crate::craft::{self, CraftError, Layer, Stack};
use crate::sys::route::{self, Link};
use crate::wire::proto::Proto;
use crate::wire::{ethernet, ipv6};

/// Why a packet cannot be made ready.
#[derive(Debug, Error)]
pub enum PrepareError {
    /// The packet starts with something no engine sends.
    #[error("a packet to send starts with eth or ip6{}", .0.map(|name| format!(", not {name}")).unwrap_or_default())]
    Start(Option<&'static str>),
    /// Which neighbour the frame is for cannot be told.
    #[error("give eth(dst=…): only an IPv6 packet right behind the Ethernet header says which neighbour it is for")]
    NoNeighbourToAsk,
    /// The layers do not build.
    #[error(transparent)]
    Craft(#[from] CraftError),
    /// The machine does not know where to send it.
    #[error(transparent)]
    Send(#[from] SendError),
}

/// Bytes that an engine takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prepared {
    /// A whole Ethernet frame.
    Frame(Vec<u8>),
    /// An IPv6 packet.
    Ipv6(Vec<u8>),
}

impl Prepared {
    /// The bytes as an engine wants them.
    pub fn packet(&self) -> Packet<'_> {
        match self {
            Self::Frame(bytes) => Packet::Frame(bytes),
            Self::Ipv6(bytes) => Packet::Ipv6(bytes),
        }
    }
}

/// Whether a packet starts with something that engines send.
///
/// # Errors
/// Where it does not start with eth or ip6.
pub fn check_start(layers: &[Layer]) -> Result<(), PrepareError> {
    outermost_ipv6(layers).map(drop)
}

/// Gives the outermost IPv6 header, where there is one right at the start or
/// behind Ethernet and VLAN headers, the source address that the route to its
/// destination picks, unless it has one.
///
/// # Errors
/// Where the packet does not start with eth or ip6, does not build, or no route
/// says which source to use.
pub fn fill_source(layers: &mut Stack, interface: Option<&str>) -> Result<(), PrepareError> {
    let start = outermost_ipv6(layers)?;
    let Some(start) = start.filter(|at| !layers[*at].has(&ipv6::SOURCE)) else { return Ok(()) };
    let to = destination(&craft::build(&layers[start..])?)?;
    let link = match interface {
        Some(name) => Some(route::link(name).map_err(SendError::interface(name))?),
        None => None,
    };
    let found = route::route(to, link.as_ref().map(|l| l.index)).map_err(SendError::route(to, link.as_ref()))?;
    let source = found.source.ok_or_else(|| SendError::NoSource {
        interface: link.map_or_else(|| name_of(found.interface), |l| l.name),
        address: to,
    })?;
    layers.0[start].set(&ipv6::SOURCE, source);
    Ok(())
}

/// Gives an Ethernet header at the start the MAC addresses it lacks: the
/// interface's own, and that of the next hop to the IPv6 destination.
///
/// # Errors
/// Where the next hop is unknown or does not answer.
pub fn fill_macs(layers: &mut Stack, engine: &mut PacketEngine) -> Result<(), PrepareError> {
    let Some(ethernet) = layers.first().filter(|layer| layer.proto == Proto::Ethernet) else { return Ok(()) };
    let (has_source, has_destination) = (ethernet.has(&ethernet::SOURCE), ethernet.has(&ethernet::DESTINATION));
    if !has_destination {
        // Behind a VLAN tag are other neighbours than this interface's.
        if layers.get(1).map(|layer| layer.proto) != Some(Proto::Ipv6) {
            return Err(PrepareError::NoNeighbourToAsk);
        }
        let to = destination(&craft::build(&layers[1..])?)?;
        let mac = engine.next_hop(to)?;
        layers.0[0].set(&ethernet::DESTINATION, mac);
    }
    if !has_source {
        layers.0[0].set(&ethernet::SOURCE, engine.mac());
    }
    Ok(())
}

/// Builds a packet that lacks nothing any more.
///
/// # Errors
/// Where it does not start with eth or ip6, or does not build.
pub fn build(layers: &[Layer]) -> Result<Prepared, PrepareError> {
    let bytes = craft::build(layers)?;
    match layers.first().map(|layer| layer.proto) {
        Some(Proto::Ethernet) => Ok(Prepared::Frame(bytes)),
        Some(Proto::Ipv6) => Ok(Prepared::Ipv6(bytes)),
        other => Err(start_error(other)),
    }
}

/// The interface that the route to a packet's destination leaves by; `None`
/// for a frame, which names no destination by itself.
///
/// # Errors
/// Where the packet does not build or there is no route.
pub fn outgoing_interface(layers: &[Layer]) -> Result<Option<Link>, PrepareError> {
    if layers.first().map(|layer| layer.proto) != Some(Proto::Ipv6) {
        return Ok(None);
    }
    let to: Ipv6Addr = destination(&craft::build(layers)?)?;
    let found = route::route(to, None).map_err(SendError::route(to, None))?;
    let link = route::link_by_index(found.interface).map_err(SendError::io("look up the interface"))?;
    Ok(Some(link))
}

/// Where the outermost IPv6 header is among the layers.
fn outermost_ipv6(layers: &[Layer]) -> Result<Option<usize>, PrepareError> {
    let first = layers.first().map(|layer| layer.proto);
    match first {
        Some(Proto::Ipv6) => Ok(Some(0)),
        Some(Proto::Ethernet) => {
            let inner = layers.iter().position(|l| !matches!(l.proto, Proto::Ethernet | Proto::Vlan));
            Ok(inner.filter(|at| layers[*at].proto == Proto::Ipv6))
        }
        other => Err(start_error(other)),
    }
}

pub(super) fn start_error(first: Option<Proto>) -> PrepareError {
    PrepareError::Start(first.map(|proto| proto.info().notation).filter(|name| !name.is_empty()))
}

fn name_of(index: u32) -> String {
    route::link_by_index(index).map_or_else(|_| format!("number {index}"), |link| link.name)
}
