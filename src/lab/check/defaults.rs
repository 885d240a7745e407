//! Packets that a topology suggests: to its addresses, over its segments and
//! SIDs, into its segment lists.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::simulate::{Network, NodeId};
use crate::srv6::csid::Layout;
use crate::srv6::endpoint::{Behavior, Own, Sid, Table, Target};
use crate::topology::Topology;

/// No more packets than these.
pub const MOST: usize = 256;

/// A packet to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggested {
    /// The node that makes it.
    pub from: NodeId,
    /// The packet, in notation.
    pub notation: String,
}

/// The packets, from one node, or from those that are no routers (from all if
/// all are); at most [`MOST`].
pub fn suggest(topology: &Topology, network: &Network, from: Option<NodeId>) -> Vec<Suggested> {
    let mut all = Vec::new();
    let some_are_hosts = network.ids().any(|id| !network.node(id).forwarding);
    let speaks = |id: &NodeId| match from {
        Some(from) => from == *id,
        None => !(some_are_hosts && network.node(*id).forwarding),
    };
    for id in network.ids().filter(speaks) {
        if let Some(source) = global(network, id) {
            Suggestions { topology, network, from: id, source, all: &mut all }.suggest();
        }
    }
    all.truncate(MOST);
    all
}

/// A node's first global IPv6 address, preferably on a link.
fn global(network: &Network, node: NodeId) -> Option<Ipv6Addr> {
    let addresses = || network.node(node).addresses.iter();
    let v6 = |own: &Own| match own.address {
        IpAddr::V6(v6) if !v6.is_loopback() && !v6.is_unicast_link_local() => Some(v6),
        _ => None,
    };
    addresses().filter(|own| own.interface.is_some()).find_map(v6).or_else(|| addresses().find_map(v6))
}

struct Suggestions<'a> {
    topology: &'a Topology,
    network: &'a Network,
    from: NodeId,
    source: Ipv6Addr,
    all: &'a mut Vec<Suggested>,
}

const UDP: &str = "udp(sport=51129, dport=9)/\"sr6\"";

impl Suggestions<'_> {
    fn suggest(mut self) {
        let others: Vec<_> = self.network.ids().filter(|id| *id != self.from).collect();
        for node in &others {
            self.at_addresses(*node);
        }
        for node in &others {
            self.over_addresses(*node);
            for sid in &self.network.node(*node).sids {
                self.over_sid(*node, sid);
            }
        }
        self.along_lists();
    }

    /// Adds a packet with this destination, if it leads anywhere.
    fn add(&mut self, destination: Ipv6Addr, more: &str, rest: &str) {
        let leaves = |target: &Target| matches!(target, Target::Forward { .. });
        let route = self.network.node(self.from).fib.route(destination.into(), None);
        if route.is_some_and(|(_, route)| leaves(&route.target)) {
            let notation = format!("ip6(src={}, dst={destination}{more})/{rest}", self.source);
            self.all.push(Suggested { from: self.from, notation });
        }
    }

    fn at_addresses(&mut self, node: NodeId) {
        for own in &self.network.node(node).addresses {
            match own.address {
                IpAddr::V6(v6) if !v6.is_loopback() && !v6.is_unicast_link_local() => self.add(v6, "", UDP),
                _ => {}
            }
        }
    }

    /// Where a path may go on to from a node: an address of another node that
    /// it forwards to.
    fn beyond(&self, node: NodeId) -> Vec<Ipv6Addr> {
        let others = self.network.ids().filter(|id| *id != node && *id != self.from);
        let leads = |to: &Ipv6Addr| match self.network.node(node).fib.route((*to).into(), None) {
            Some((_, route)) => matches!(route.target, Target::Forward { .. }),
            None => false,
        };
        others.filter_map(|id| global_from(self.network, id, node)).filter(leads).collect()
    }

    /// The node's plain address as a segment, as it should be and not.
    fn over_addresses(&mut self, node: NodeId) {
        let Some(segment) = global_from(self.network, node, self.from) else { return };
        let beyond = self.beyond(node);
        for last in &beyond {
            self.add(segment, "", &format!("srh(path=[{segment}, {last}])/{UDP}"));
        }
        if let Some(last) = beyond.first() {
            self.add(segment, "", &format!("srh(path=[{segment}, {last}], reduced)/{UDP}"));
            self.add(segment, "", &format!("srh(segs=[{last}, {segment}], sl=9)/{UDP}"));
            self.add(segment, ", hlim=1", &format!("srh(path=[{segment}, {last}])/{UDP}"));
        }
    }

    fn over_sid(&mut self, node: NodeId, sid: &Sid) {
        let at = sid.locator;
        match &sid.behavior {
            Behavior::EndDx4 { .. } | Behavior::EndDt4 { .. } => self.decapsulated(at, &self.inner4()),
            Behavior::EndDx6 { .. } | Behavior::EndDt6(_) => self.decapsulated(at, &self.inner6(node)),
            Behavior::EndDt46 { .. } => {
                self.decapsulated(at, &self.inner4());
                self.decapsulated(at, &self.inner6(node));
            }
            Behavior::EndDx2 { .. } | Behavior::EndDt2u(_) => {
                let inner = self.inner6(node);
                self.decapsulated(at, &format!("eth(src=02:00:00:00:00:01, dst=02:00:00:00:00:02)/{inner}"));
            }
            _ => {
                for last in self.beyond(node).into_iter().take(1) {
                    self.add(at, "", &format!("srh(path=[{at}, {last}])/{UDP}"));
                    self.add(at, "", &format!("srh(path=[{at}, {last}], reduced)/{UDP}"));
                    self.add(at, "", &format!("srh(segs=[{last}, {at}], sl=9)/{UDP}"));
                    self.add(at, ", hlim=1", &format!("srh(path=[{at}, {last}])/{UDP}"));
                    self.add(at, "", &format!("srh(segs=[{at}, {last}], sl=0)/{UDP}"));
                }
                if let Some(layout) = sid.flavors.next() {
                    self.carriers(node, sid, layout);
                }
            }
        }
    }

    /// A carrier of this SID and each other that a node has in the same block.
    fn carriers(&mut self, node: NodeId, sid: &Sid, layout: Layout) {
        for other in self.network.ids().filter(|id| *id != node) {
            let sids = self.network.node(other).sids.iter().filter(|sid| sid.flavors.next() == Some(layout));
            for next in sids.filter_map(|next| layout.carrying(&[sid.locator, next.locator])) {
                self.add(next, "", UDP);
            }
        }
    }

    fn decapsulated(&mut self, sid: Ipv6Addr, inner: &str) {
        self.add(sid, "", &format!("srh(segs=[{sid}], sl=0)/{inner}"));
        self.add(sid, "", inner);
        self.add(sid, "", &format!("srh(segs=[{sid}], sl=0)/{UDP}"));
    }

    /// To whom a decapsulating node would send what was inside.
    fn inner6(&self, node: NodeId) -> String {
        let to = self.beyond(node).first().copied().or_else(|| global(self.network, node));
        format!("ip6(src={}, dst={})/{UDP}", self.source, to.unwrap_or(self.source))
    }

    fn inner4(&self) -> String {
        let all = self.network.ids().flat_map(|id| &self.network.node(id).addresses);
        let v4 = all.filter_map(|own| match own.address {
            IpAddr::V4(v4) if !v4.is_loopback() => Some(v4),
            _ => None,
        });
        let to = v4.last();
        format!("ip4(src=192.0.2.1, dst={})/{UDP}", to.unwrap_or(Ipv4Addr::new(192, 0, 2, 2)))
    }

    /// The destinations of the node's routes with a segment list.
    fn along_lists(&mut self) {
        let Some(node) = self.topology.node(self.network.name(self.from)) else { return };
        let routes = node.routes.iter().filter(|route| route.encap.is_some() && route.table == Table::MAIN);
        for route in routes {
            match route.to.network() {
                IpAddr::V6(network) => {
                    let host = if route.to.len < 128 { network.to_bits() | 1 } else { network.to_bits() };
                    self.add(host.into(), "", UDP);
                }
                IpAddr::V4(network) => {
                    let host = if route.to.len < 32 { network.to_bits() | 1 } else { network.to_bits() };
                    let source = self.network.node(self.from).addresses.iter().find_map(|own| match own.address {
                        IpAddr::V4(v4) if !v4.is_loopback() => Some(v4),
                        _ => None,
                    });
                    if let Some(source) = source {
                        let notation = format!("ip4(src={source}, dst={}, id=1)/{UDP}", Ipv4Addr::from_bits(host));
                        self.all.push(Suggested { from: self.from, notation });
                    }
                }
            }
        }
    }
}

/// A node's address on a link to `near`, if there is one, else its first.
fn global_from(network: &Network, node: NodeId, near: NodeId) -> Option<Ipv6Addr> {
    let shared = network.links().iter().find_map(|link| match &link.ends {
        [a, b] if a.node == node && b.node == near => Some(a.interface),
        [a, b] if b.node == node && a.node == near => Some(b.interface),
        _ => None,
    });
    let on_link = network.node(node).addresses.iter().find_map(|own| match own.address {
        IpAddr::V6(v6) if own.interface == shared && shared.is_some() && !v6.is_unicast_link_local() => Some(v6),
        _ => None,
    });
    on_link.or_else(|| global(network, node))
}
