//! Raw IPv6 with the header included: the kernel routes the packet and adds
//! the link layer, and sends the IPv6 bytes as they are.

use std::net::{Ipv6Addr, SocketAddrV6};
use std::os::fd::OwnedFd;

use super::bulk::BATCH;
use super::{Engine, Packet, SendError, Told, destination, retry};
use crate::sys::mmsg::Batch;
use crate::sys::route::{self, Link};
use crate::sys::socket;

/// Longer than any packet through an interface that is not known beforehand.
const LONGEST: usize = 1 << 16;

/// Sends through a raw IPv6 socket, in batches.
pub struct Raw6Engine {
    socket: OwnedFd,
    link: Option<Link>,
    batch: Batch,
    destinations: Vec<Ipv6Addr>,
}

impl Raw6Engine {
    /// Opens the socket, tied to an interface where one is named.
    ///
    /// # Errors
    /// Where there is no such interface, it is down, or CAP_NET_RAW is missing.
    pub fn open(interface: Option<&str>) -> Result<Self, SendError> {
        let link = match interface {
            Some(name) => Some(route::link(name).map_err(SendError::interface(name))?),
            None => None,
        };
        let socket = socket::raw_ipv6().map_err(SendError::open("raw IPv6"))?;
        if let Some(link) = &link {
            if !link.up {
                return Err(SendError::Down { interface: link.name.clone() });
            }
            socket::bind_to_device(&socket, &link.name).map_err(SendError::io("bind to the interface"))?;
        }
        // One byte more, so that the kernel is the one to refuse what is too long.
        let size = link.as_ref().map_or(LONGEST, |link| link.mtu as usize + 1);
        Ok(Self { socket, link, batch: Batch::new(BATCH, size), destinations: Vec::with_capacity(BATCH) })
    }
}

/// Turns the kernel's answer into what it means for a packet.
fn explain(link: Option<&Link>, source: std::io::Error, destination: Ipv6Addr, length: usize) -> SendError {
    match source.raw_os_error() {
        Some(libc::ENETUNREACH | libc::EHOSTUNREACH | libc::EACCES) => SendError::route(destination, link)(source),
        _ => match link.cloned().or_else(|| link_towards(destination)) {
            Some(link) => SendError::sending(source, length, &link),
            None => SendError::Io { doing: "send", source },
        },
    }
}

impl Engine for Raw6Engine {
    fn name(&self) -> &str {
        "raw6 (sendmmsg)"
    }

    fn room(&self) -> usize {
        self.batch.slots()
    }

    fn take(&mut self, packet: Packet<'_>) -> Result<usize, SendError> {
        let Packet::Ipv6(packet) = packet else { return Err(SendError::FrameGiven) };
        // The kernel routes by the address it is told, not by the header's.
        let destination = destination(packet)?;
        let scope = match (&self.link, is_link_scoped(destination)) {
            (_, false) => 0,
            (Some(link), true) => link.index,
            (None, true) => return Err(SendError::NeedsInterface(destination)),
        };
        let at = self.destinations.len();
        let Some(slot) = self.batch.slot(at).get_mut(..packet.len()) else {
            let refused = std::io::Error::from_raw_os_error(libc::EMSGSIZE);
            return Err(explain(self.link.as_ref(), refused, destination, packet.len()));
        };
        slot.copy_from_slice(packet);
        self.batch.set(at, packet.len(), Some(&SocketAddrV6::new(destination, 0, 0, scope)));
        self.destinations.push(destination);
        Ok(packet.len())
    }

    fn flush(&mut self, told: &mut Told<'_>) {
        let Self { socket, link, batch, destinations } = self;
        retry::send(
            batch,
            socket,
            destinations.len(),
            &mut |slot, source, length| {
                explain(link.as_ref(), source, destinations.get(slot).copied().unwrap_or(Ipv6Addr::UNSPECIFIED), length)
            },
            told,
        );
        self.destinations.clear();
    }
}

/// The address means something on one link only: fe80::/10, ff01::/16 and
/// ff02::/16 with any flags (RFC 4007 §5).
fn is_link_scoped(address: Ipv6Addr) -> bool {
    let first = address.segments()[0];
    address.is_unicast_link_local() || (address.is_multicast() && matches!(first & 0xf, 1 | 2))
}

fn link_towards(destination: Ipv6Addr) -> Option<Link> {
    let route = route::route(destination, None).ok()?;
    route::link_by_index(route.interface).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn link_scope() {
        for (address, expected) in [
            ("fe80::1", true),
            ("febf::1", true),
            ("ff02::1", true),
            ("ff12::1", true),
            ("ff05::1", false),
            ("2001:db8::2", false),
            ("fec0::2", false),
        ] {
            assert_eq!(is_link_scoped(address.parse().unwrap()), expected, "{address}");
        }
    }
}
