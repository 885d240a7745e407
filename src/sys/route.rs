//! What the kernel would do with a packet: links, routes and neighbours of the
//! current network namespace, asked over netlink.

use std::io;
use std::net::Ipv6Addr;

use super::netlink::Request;

/// A network interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its name.
    pub name: String,
    /// Its index in this namespace.
    pub index: u32,
    /// What its frames start with.
    pub kind: LinkKind,
    /// The longest IPv6 packet it carries, in bytes.
    pub mtu: u32,
    /// It is administratively up (IFF_UP).
    pub up: bool,
}

/// What an interface's frames start with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkKind {
    /// An Ethernet header; the interface's own address.
    Ethernet([u8; 6]),
    /// An Ethernet header of zeros: the loopback interface.
    Loopback,
    /// Nothing: the packet itself (tun, most tunnels).
    Bare,
    /// Something else; the ARPHRD_ number.
    Other(u16),
}

/// The interface of a name.
///
/// # Errors
/// ENODEV where there is none.
pub fn link(name: &str) -> io::Result<Link> {
    // A longer name cannot exist, and the kernel calls it a bad attribute.
    if name.is_empty() || name.len() >= libc::IFNAMSIZ {
        return Err(io::Error::from_raw_os_error(libc::ENODEV));
    }
    let mut text = name.as_bytes().to_vec();
    text.push(0);
    ask_link(Request::new(libc::RTM_GETLINK, &ifinfomsg(0)).attribute(libc::IFLA_IFNAME, &text))
}

/// The interface of an index.
///
/// # Errors
/// ENODEV where there is none.
pub fn link_by_index(index: u32) -> io::Result<Link> {
    ask_link(Request::new(libc::RTM_GETLINK, &ifinfomsg(index)))
}

/// `struct ifinfomsg`: family (1), padding (1), type (2), index (4), flags (4),
/// change mask (4).
const IFINFOMSG: usize = 16;

fn ifinfomsg(index: u32) -> [u8; IFINFOMSG] {
    let mut fixed = [0; IFINFOMSG];
    fixed[4..8].copy_from_slice(&index.to_ne_bytes());
    fixed
}

fn ask_link(request: Request) -> io::Result<Link> {
    let answer = request.ask(libc::RTM_NEWLINK, IFINFOMSG)?;
    let [_, _, t0, t1, i0, i1, i2, i3, f0, f1, f2, f3, ..] = *answer.fixed() else {
        return Err(io::Error::from(io::ErrorKind::InvalidData));
    };
    let kind = match (u16::from_ne_bytes([t0, t1]), answer.array(libc::IFLA_ADDRESS)) {
        (libc::ARPHRD_ETHER, Some(address)) => LinkKind::Ethernet(address),
        (libc::ARPHRD_LOOPBACK, _) => LinkKind::Loopback,
        (libc::ARPHRD_NONE | libc::ARPHRD_PPP | libc::ARPHRD_TUNNEL6 | libc::ARPHRD_SIT, _) => LinkKind::Bare,
        (other, _) => LinkKind::Other(other),
    };
    let name = answer.attribute(libc::IFLA_IFNAME).unwrap_or_default();
    Ok(Link {
        name: String::from_utf8_lossy(name.strip_suffix(&[0]).unwrap_or(name)).into_owned(),
        index: u32::from_ne_bytes([i0, i1, i2, i3]),
        kind,
        mtu: answer.number(libc::IFLA_MTU).unwrap_or_default(),
        up: u32::from_ne_bytes([f0, f1, f2, f3]) & libc::IFF_UP as u32 != 0,
    })
}

/// Where a packet to some destination goes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// The interface it leaves by, as an index.
    pub interface: u32,
    /// The router it is handed to; `None` where the destination is on-link.
    pub gateway: Option<Ipv6Addr>,
    /// The source address the kernel would choose; `None` where it has none.
    pub source: Option<Ipv6Addr>,
    /// The destination is this node itself.
    pub local: bool,
}

/// The route to a destination, among those through `interface` where one is
/// given (as an index).
///
/// # Errors
/// ENETUNREACH or EHOSTUNREACH where there is none, EACCES where it is
/// prohibited, EINVAL where it is a blackhole.
pub fn route(destination: Ipv6Addr, interface: Option<u32>) -> io::Result<Route> {
    // struct rtmsg: family, destination and source prefix lengths, tos, table,
    // protocol, scope, type (1 each), flags (4).
    let mut fixed = [0; 12];
    fixed[0] = libc::AF_INET6 as u8;
    fixed[1] = 128;
    let mut request = Request::new(libc::RTM_GETROUTE, &fixed).attribute(libc::RTA_DST, &destination.octets());
    if let Some(index) = interface {
        request = request.attribute(libc::RTA_OIF, &index.to_ne_bytes());
    }
    let answer = request.ask(libc::RTM_NEWROUTE, fixed.len())?;
    let unreachable = || io::Error::from_raw_os_error(libc::ENETUNREACH);
    Ok(Route {
        interface: answer.number(libc::RTA_OIF).ok_or_else(unreachable)?,
        gateway: answer.array(libc::RTA_GATEWAY).map(Ipv6Addr::from),
        source: answer.array(libc::RTA_PREFSRC).map(Ipv6Addr::from).filter(|a| !a.is_unspecified()),
        local: answer.fixed()[7] == libc::RTN_LOCAL,
    })
}

/// The link-layer address that the kernel's neighbour table holds for an
/// address on an interface; `None` where there is no usable entry.
///
/// # Errors
/// As netlink(7); a missing entry is none.
pub fn neighbour(address: Ipv6Addr, interface: u32) -> io::Result<Option<[u8; 6]>> {
    // struct ndmsg: family (1), padding (3), interface (4), state (2), flags
    // (1), type (1).
    let mut fixed = [0; 12];
    fixed[0] = libc::AF_INET6 as u8;
    fixed[4..8].copy_from_slice(&interface.to_ne_bytes());
    let request = Request::new(libc::RTM_GETNEIGH, &fixed).attribute(libc::NDA_DST, &address.octets());
    let answer = match request.ask(libc::RTM_NEWNEIGH, fixed.len()) {
        Ok(answer) => answer,
        Err(e) if e.raw_os_error() == Some(libc::ENOENT) => return Ok(None),
        Err(e) => return Err(e),
    };
    let state = u16::from_ne_bytes([answer.fixed()[8], answer.fixed()[9]]);
    Ok(answer.array(libc::NDA_LLADDR).filter(|_| state & NUD_USABLE != 0))
}

/// The neighbour states whose address the kernel itself would send to: all but
/// NUD_INCOMPLETE and NUD_FAILED.
const NUD_USABLE: u16 =
    libc::NUD_REACHABLE | libc::NUD_STALE | libc::NUD_DELAY | libc::NUD_PROBE | libc::NUD_PERMANENT | libc::NUD_NOARP;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_found_by_name_and_by_index() {
        let lo = link("lo").unwrap();
        assert_eq!((lo.kind, lo.name.as_str()), (LinkKind::Loopback, "lo"));
        assert_eq!(link_by_index(lo.index).unwrap(), lo);
    }

    #[test]
    fn an_interface_that_is_not_there_is_enodev() {
        for name in ["", "sr6-none", "a-name-that-is-longer-than-any"] {
            assert_eq!(link(name).unwrap_err().raw_os_error(), Some(libc::ENODEV), "{name}");
        }
    }

    #[test]
    fn the_route_to_oneself_is_local() {
        let route = route(Ipv6Addr::LOCALHOST, None).unwrap();
        assert!(route.local);
        assert_eq!(route.source, Some(Ipv6Addr::LOCALHOST));
        assert_eq!(neighbour(Ipv6Addr::new(0x2001, 0xdb8, 0xffff, 0, 0, 0, 0, 1), route.interface).unwrap(), None);
    }
}
