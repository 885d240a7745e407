//! Sending a packet as if a node had made it: through raw sockets, so that the
//! node's kernel routes it and leaves its bytes alone.

use std::io;
use std::net::{IpAddr, SocketAddrV6};

use pnet::packet::ip::IpNextHeaderProtocols;
use pnet::packet::ipv4::Ipv4Packet;
use pnet::transport::{TransportChannelType, transport_channel};

use super::CheckError;
use crate::lab::Lab;
use crate::simulate::{Network, NodeId};
use crate::srv6::endpoint::Target;
use crate::sys::{route, socket};
use crate::wire::bytes::array_at;

/// Sends it; what the kernel says where it will not.
pub fn made_here(network: &Network, lab: &Lab, node: NodeId, packet: &[u8]) -> Result<Option<String>, CheckError> {
    let name = network.name(node);
    let sent = match packet.first().map(|byte| byte >> 4) {
        Some(6) => {
            let destination = array_at::<16>(packet, 24).unwrap_or_default().into();
            let link = link_towards(network, node, IpAddr::V6(destination));
            lab.node(name)?.run(|| send6(packet, destination, link.as_deref()))?
        }
        Some(4) => lab.node(name)?.run(|| send4(packet))?,
        _ => return Err(CheckError::NotIp { node: name.into() }),
    };
    match sent {
        Ok(()) => Ok(None),
        Err(source) => match source.raw_os_error() {
            // What a kernel says of a packet, and not of the one who asks.
            Some(
                libc::ENETUNREACH
                | libc::EHOSTUNREACH
                | libc::EMSGSIZE
                | libc::EINVAL
                | libc::EACCES
                | libc::EADDRNOTAVAIL,
            ) => Ok(Some(source.to_string())),
            _ => Err(CheckError::Socket { node: name.into(), source }),
        },
    }
}

/// The interface that a link-local destination needs said.
fn link_towards(network: &Network, node: NodeId, destination: IpAddr) -> Option<String> {
    match network.node(node).fib.route(destination, None).map(|(_, route)| &route.target) {
        Some(Target::Forward { interface, .. }) => Some(network.interface_name(node, *interface).to_string()),
        _ => None,
    }
}

fn send6(packet: &[u8], destination: std::net::Ipv6Addr, link: Option<&str>) -> io::Result<()> {
    let scoped = destination.is_unicast_link_local() || destination.is_multicast();
    let scope = match link.filter(|_| scoped) {
        Some(name) => route::link(name)?.index,
        None => 0,
    };
    let to = SocketAddrV6::new(destination, 0, 0, scope);
    socket::send_message(socket::raw_ipv6()?, packet, &[], Some(&to)).map(|_| ())
}

fn send4(packet: &[u8]) -> io::Result<()> {
    let Some(view) = Ipv4Packet::new(packet) else { return Err(io::Error::from_raw_os_error(libc::EINVAL)) };
    let destination = IpAddr::V4(view.get_destination());
    let (mut sender, _) = transport_channel(4096, TransportChannelType::Layer3(IpNextHeaderProtocols::Test1))?;
    sender.send_to(view, destination).map(|_| ())
}
