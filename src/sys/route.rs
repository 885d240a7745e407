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
    /// It is made by the kernel alone (IFLA_INFO_KIND), as a veth or a tunnel.
    pub is_virtual: bool,
    /// The index of the bridge, bond or VRF it belongs to.
    pub master: Option<u32>,
    /// The index of the interface it stands on, as a VLAN's.
    pub lower: Option<u32>,
    /// There is somebody at the other end (IFF_LOWER_UP); false while down.
    pub carrier: bool,
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
    let flags = u32::from_ne_bytes([f0, f1, f2, f3]);
    Ok(Link {
        name: String::from_utf8_lossy(name.strip_suffix(&[0]).unwrap_or(name)).into_owned(),
        index: u32::from_ne_bytes([i0, i1, i2, i3]),
        kind,
        mtu: answer.number(libc::IFLA_MTU).unwrap_or_default(),
        up: flags & libc::IFF_UP as u32 != 0,
        is_virtual: answer.attribute(libc::IFLA_LINKINFO).is_some(),
        master: answer.number(libc::IFLA_MASTER),
        lower: answer.number(libc::IFLA_LINK),
        carrier: flags & IFF_LOWER_UP != 0,
    })
}

/// The layer below is up (linux/if.h).
const IFF_LOWER_UP: u32 = 1 << 16;

/// What an interface has counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Packets received.
    pub rx_packets: u64,
    /// Packets transmitted.
    pub tx_packets: u64,
    /// Bytes transmitted.
    pub tx_bytes: u64,
    /// Packets that could not be transmitted.
    pub tx_errors: u64,
    /// Packets dropped on the way out.
    pub tx_dropped: u64,
}

/// The counters of the interface of an index.
///
/// # Errors
/// ENODEV where there is none.
pub fn counters(index: u32) -> io::Result<Counters> {
    // struct if_stats_msg: family (1), padding (3), interface (4), mask (4).
    let mut fixed = [0; 12];
    fixed[4..8].copy_from_slice(&index.to_ne_bytes());
    fixed[8..12].copy_from_slice(&(1u32 << (IFLA_STATS_LINK_64 - 1)).to_ne_bytes());
    let answer = Request::new(RTM_GETSTATS, &fixed).ask(RTM_NEWSTATS, fixed.len())?;
    let stats = answer.attribute(IFLA_STATS_LINK_64).unwrap_or_default();
    // struct rtnl_link_stats64: u64 each, these ones first.
    let number = |at: usize| stats.get(at * 8..).and_then(|b| b.first_chunk()).map_or(0, |b| u64::from_ne_bytes(*b));
    Ok(Counters {
        rx_packets: number(0),
        tx_packets: number(1),
        tx_bytes: number(3),
        tx_errors: number(5),
        tx_dropped: number(7),
    })
}

/// linux/rtnetlink.h and linux/if_link.h.
const RTM_NEWSTATS: u16 = 92;
const RTM_GETSTATS: u16 = 94;
const IFLA_STATS_LINK_64: u16 = 1;

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

/// The names of the interfaces that default routes lead through, of the calling
/// thread's network namespace.
///
/// # Errors
/// Where `/proc` cannot be read; that there is no IPv6 or no IPv4 is no error.
pub fn default_interfaces() -> io::Result<Vec<String>> {
    let read = |name: &str| match std::fs::read_to_string(format!("/proc/thread-self/net/{name}")) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        other => other,
    };
    let mut names = default_interfaces_in(&read("ipv6_route")?, &read("route")?);
    names.sort();
    names.dedup();
    Ok(names)
}

/// The same, from the text of those files.
fn default_interfaces_in(ipv6_route: &str, route: &str) -> Vec<String> {
    // Destination, prefix length, source, prefix length, next hop, metric,
    // references, uses, flags, interface. Unreachable routes (RTF_REJECT) are
    // listed on lo.
    let six = ipv6_route.lines().filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [to, length, .., flags, name] = words[..] else { return None };
        let flags = u32::from_str_radix(flags, 16).ok()?;
        (to.bytes().all(|b| b == b'0') && length == "00" && flags & u32::from(libc::RTF_REJECT) == 0).then_some(name)
    });
    // Interface, destination, gateway, flags, references, uses, metric, mask.
    let four = route.lines().skip(1).filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [name, "00000000", _, flags, _, _, _, "00000000", ..] = words[..] else { return None };
        let flags = u32::from_str_radix(flags, 16).ok()?;
        (flags & u32::from(libc::RTF_REJECT) == 0).then_some(name)
    });
    six.chain(four).map(str::to_owned).collect()
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
    fn default_routes_are_found_in_both_families() {
        let zeros = "0".repeat(32);
        let six = format!(
            "20010db8000000000000000000000000 40 {zeros} 00 {zeros} 00000100 00000001 00000000 00000001 eth1\n\
             {zeros} 00 {zeros} 00 fe800000000000000000000000000001 00000400 00000005 00000000 00000003 eth0\n\
             {zeros} 00 {zeros} 00 {zeros} ffffffff 00000001 00000000 00200200 lo\n"
        );
        let four = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n\
                    wlan0\t00000000\t0100A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n\
                    eth2\t0000A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";
        assert_eq!(default_interfaces_in(&six, four), ["eth0", "wlan0"]);
        assert!(default_interfaces_in("", "").is_empty());
        assert!(default_interfaces().is_ok());
    }

    #[test]
    fn what_is_sent_is_counted() {
        let lo = link("lo").unwrap();
        let before = counters(lo.index).unwrap();
        let socket = std::net::UdpSocket::bind("[::1]:0").unwrap();
        socket.send_to(&[0; 100], socket.local_addr().unwrap()).unwrap();
        let after = counters(lo.index).unwrap();
        assert!(after.tx_packets > before.tx_packets && after.tx_bytes >= before.tx_bytes + 100);
        assert!(after.rx_packets > before.rx_packets);
        assert_eq!(counters(u32::MAX / 2).unwrap_err().raw_os_error(), Some(libc::ENODEV));
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
