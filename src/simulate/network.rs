//! A topology with everything resolved: names to indexes, addresses and
//! connected networks to routes, settings to policies.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::srv6::endpoint::{FlowLabel, HmacPolicy, Interface, Node, Own, Port, Sid, Table, Target};
use crate::srv6::hmac::{Algorithm, Key};
use crate::topology::{self, HmacAlgorithm, Mac, Prefix, Topology};

/// A node of a network, by number in the topology's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub usize);

/// Why a topology cannot be simulated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)] // every field is explained by the sentence it is in
pub enum NetworkError {
    /// A route that names no interface, and whose next hop is on none.
    #[error("route to {to} on {node}: no interface has a network with {via} in it; name one with dev")]
    NoInterface { node: String, to: String, via: String },
    /// A setting with a value that is none.
    #[error("node {node}: sysctl {key} = {value:?}: {expected} expected")]
    Sysctl { node: String, key: String, value: String, expected: &'static str },
}

/// One end of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkEnd {
    /// The node.
    pub node: NodeId,
    /// Its interface.
    pub interface: Interface,
    /// The interface's Ethernet address.
    pub mac: [u8; 6],
    /// Was it given, so that it is the same on a kernel?
    pub mac_is_known: bool,
}

/// A link between two nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its ends.
    pub ends: [LinkEnd; 2],
}

/// A network ready to be walked through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    name: String,
    names: Vec<String>,
    nodes: Vec<Node>,
    links: Vec<Link>,
}

/// Where packets go that leave by the loopback: nowhere.
const LOOPBACK: Interface = Interface(usize::MAX);

/// The metric of the routes Linux makes itself, and of those people add.
const CONNECTED_METRIC: u32 = 256;
const ADDED_METRIC: u32 = 1024;

impl Network {
    /// Resolves a topology.
    ///
    /// # Errors
    /// A route leads out of no interface, or a setting has no meaning.
    pub fn new(topology: &Topology) -> Result<Self, NetworkError> {
        let names: Vec<_> = topology.nodes.iter().map(|node| node.name.clone()).collect();
        let links = topology.links.iter().enumerate().map(|(number, link)| resolve_link(topology, number, link));
        let mut network = Self { name: topology.name.clone(), links: links.collect(), nodes: Vec::new(), names };
        for (number, node) in topology.nodes.iter().enumerate() {
            let resolved = network.resolve_node(topology, NodeId(number), node)?;
            network.nodes.push(resolved);
        }
        Ok(network)
    }

    /// What the topology is called.
    pub fn title(&self) -> &str {
        &self.name
    }

    /// The node of a name.
    pub fn find(&self, name: &str) -> Option<NodeId> {
        self.names.iter().position(|known| known == name).map(NodeId)
    }

    /// All nodes.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.nodes.len()).map(NodeId)
    }

    /// A node's name.
    ///
    /// # Panics
    /// The id is from another network.
    pub fn name(&self, node: NodeId) -> &str {
        &self.names[node.0]
    }

    /// A node, as an endpoint.
    ///
    /// # Panics
    /// The id is from another network.
    pub fn node(&self, node: NodeId) -> &Node {
        &self.nodes[node.0]
    }

    /// The name of an interface; `lo` for the loopback.
    pub fn interface_name(&self, node: NodeId, interface: Interface) -> &str {
        self.node(node).interfaces.get(interface.0).map_or("lo", |port| port.name.as_str())
    }

    /// The interface of a name.
    pub fn find_interface(&self, node: NodeId, name: &str) -> Option<Interface> {
        self.node(node).interfaces.iter().position(|port| port.name == name).map(Interface)
    }

    /// The links.
    pub fn links(&self) -> &[Link] {
        &self.links
    }

    /// A name for a link, from those of its ends: `n1-v12_n2-v21`.
    ///
    /// # Panics
    /// There is no such link.
    pub fn link_name(&self, link: usize) -> String {
        let end = |end: &LinkEnd| format!("{}-{}", self.name(end.node), self.interface_name(end.node, end.interface));
        self.links[link].ends.each_ref().map(end).join("_")
    }

    /// The link on an interface, by number, with its near and far end.
    pub fn link(&self, node: NodeId, interface: Interface) -> Option<(usize, &LinkEnd, &LinkEnd)> {
        let is = |end: &LinkEnd| end.node == node && end.interface == interface;
        self.links.iter().enumerate().find_map(|(number, link)| match &link.ends {
            [near, far] | [far, near] if is(near) => Some((number, near, far)),
            _ => None,
        })
    }

    /// The node that has an address, if any.
    pub fn owner(&self, address: IpAddr) -> Option<NodeId> {
        let has = |id: &NodeId| !address.is_loopback() && self.node(*id).is_own(address);
        self.ids().find(has)
    }

    /// By which interface a packet from `source` would have come to a node:
    /// where its route back leads. `None` if it is the node's own.
    pub fn arrival(&self, node: NodeId, source: IpAddr) -> Option<Interface> {
        match self.node(node).fib.route(source, None).map(|(_, route)| &route.target) {
            Some(Target::Local) => None,
            Some(Target::Forward { interface, .. }) => Some(*interface),
            _ => (!self.node(node).interfaces.is_empty()).then_some(Interface(0)),
        }
    }

    fn resolve_node(&self, topology: &Topology, id: NodeId, described: &topology::Node) -> Result<Node, NetworkError> {
        let settings = Settings(described);
        let mut node = Node { forwarding: described.forwarding, tunnel_source: described.tunsrc, ..Node::default() };
        if let Some(forwarding) = settings.number("net.ipv6.conf.all.forwarding")? {
            node.forwarding = forwarding != 0;
        }
        if let Some(hop_limit) = settings.number("net.ipv6.conf.all.hop_limit")? {
            node.hop_limit = hop_limit.clamp(1, 255) as u8;
        }
        if settings.number("net.ipv6.seg6_flowlabel")?.is_some_and(|value| value != 0) {
            // 1 asks for a hash that nobody can foretell.
            node.flow_label = FlowLabel::Zero;
        }
        for key in &described.hmac_keys {
            let algorithm = match key.algorithm {
                HmacAlgorithm::Sha1 => Algorithm::Sha1,
                HmacAlgorithm::Sha256 => Algorithm::Sha256,
            };
            node.hmac_keys.add(Key::new(key.id, algorithm, key.secret.as_bytes()));
        }
        own(&mut node, Prefix { address: Ipv6Addr::LOCALHOST.into(), len: 128 }, None);
        own(&mut node, Prefix { address: Ipv4Addr::LOCALHOST.into(), len: 8 }, None);
        for address in &described.addresses {
            own(&mut node, *address, None);
        }
        for (number, end) in topology.interfaces(&described.name).enumerate() {
            let interface = Interface(number);
            node.interfaces.push(settings.port(topology, end)?);
            let link = self.links.iter().flat_map(|link| &link.ends).find(|e| e.node == id && e.interface == interface);
            let link_local = link.filter(|end| end.mac_is_known).map(|end| link_local(end.mac));
            for address in end.addresses.iter().copied().chain(link_local) {
                own(&mut node, address, Some(interface));
            }
            if link_local.is_none() {
                let target = Target::Forward { interface, via: None, encap: None };
                node.fib.add(Table::MAIN, LINK_LOCAL.into(), 64, CONNECTED_METRIC, target);
            }
        }
        for route in &described.routes {
            let interface = match &route.dev {
                Some(name) => find_port(&node, name),
                None => route.via.and_then(|via| connected(&node, via)),
            };
            let missing = || NetworkError::NoInterface {
                node: described.name.clone(),
                to: route.to.to_string(),
                via: route.via.map_or("the destination".into(), |via| via.to_string()),
            };
            let interface = interface.ok_or_else(missing)?;
            let metric = route.metric.unwrap_or(if route.to.address.is_ipv6() { ADDED_METRIC } else { 0 });
            // Without a segment list, the loopback leads nowhere.
            if interface != LOOPBACK || route.encap.is_some() {
                let target = Target::Forward { interface, via: route.via, encap: route.encap.clone() };
                node.fib.add(route.table, route.to.address, route.to.len, metric, target);
            }
        }
        for sid in &described.sids {
            let behavior = sid.behavior.with_interfaces(|name| {
                find_port(&node, name).ok_or_else(|| NetworkError::NoInterface {
                    node: described.name.clone(),
                    to: sid.sid.to_string(),
                    via: name.clone(),
                })
            })?;
            let IpAddr::V6(locator) = sid.sid.network() else { continue };
            let interface = find_port(&node, &sid.dev).filter(|interface| *interface != LOOPBACK);
            node.fib.add(sid.table, locator.into(), sid.sid.len, ADDED_METRIC, Target::Sid(node.sids.len()));
            node.sids.push(Sid { locator, len: sid.sid.len, behavior, flavors: sid.flavors, interface });
        }
        Ok(node)
    }
}

fn find_port(node: &Node, name: &str) -> Option<Interface> {
    if name == "lo" {
        return Some(LOOPBACK);
    }
    node.interfaces.iter().position(|port| port.name == name).map(Interface)
}

/// The interface whose network an address is in.
fn connected(node: &Node, via: IpAddr) -> Option<Interface> {
    match node.fib.route(via, None).map(|(_, route)| &route.target) {
        Some(Target::Forward { interface, .. }) => Some(*interface),
        _ => None,
    }
}

/// Gives the node an address: a local route for itself, a connected one for
/// its network.
fn own(node: &mut Node, prefix: Prefix, interface: Option<Interface>) {
    let full = Prefix::full_len(prefix.address);
    node.addresses.push(Own { address: prefix.address, prefix: prefix.len, interface });
    node.fib.add(Table::LOCAL, prefix.address, full, 0, Target::Local);
    if let Some(interface) = interface.filter(|_| prefix.len < full) {
        let target = Target::Forward { interface, via: None, encap: None };
        node.fib.add(Table::MAIN, prefix.address, prefix.len, CONNECTED_METRIC, target);
    }
}

const LINK_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0);

/// The address an interface gives itself (RFC 4291, appendix A).
fn link_local(mac: [u8; 6]) -> Prefix {
    let [a, b, c, d, e, f] = mac;
    let mut octets = LINK_LOCAL.octets();
    octets[8..].copy_from_slice(&[a ^ 2, b, c, 0xff, 0xfe, d, e, f]);
    Prefix { address: Ipv6Addr::from(octets).into(), len: 64 }
}

fn resolve_link(topology: &Topology, number: usize, link: &topology::Link) -> Link {
    let end = |side: usize, end: &topology::LinkEnd| {
        let node = topology.nodes.iter().position(|node| node.name == end.node).unwrap_or_default();
        let port = topology.interfaces(&end.node).position(|other| other.interface == end.interface);
        let Mac(mac) = topology.mac(number, side);
        LinkEnd {
            node: NodeId(node),
            interface: Interface(port.unwrap_or_default()),
            mac,
            mac_is_known: end.mac.is_some(),
        }
    };
    Link { ends: [end(0, &link.a), end(1, &link.b)] }
}

/// A node's sysctls.
struct Settings<'a>(&'a topology::Node);

impl Settings<'_> {
    fn number(&self, key: &str) -> Result<Option<i64>, NetworkError> {
        let setting = self.0.sysctls.iter().find(|(known, _)| known == key);
        setting.map(|(key, value)| value.parse().map_err(|_| self.error(key, value, "a number"))).transpose()
    }

    fn error(&self, key: &str, value: &str, expected: &'static str) -> NetworkError {
        NetworkError::Sysctl { node: self.0.name.clone(), key: key.into(), value: value.into(), expected }
    }

    /// A setting of one interface: its own, or what new ones got.
    fn of_interface(&self, interface: &str, setting: &str) -> Result<Option<i64>, NetworkError> {
        let own = self.number(&format!("net.ipv6.conf.{interface}.{setting}"))?;
        Ok(own.or(self.number(&format!("net.ipv6.conf.default.{setting}"))?))
    }

    fn port(&self, topology: &Topology, end: &topology::LinkEnd) -> Result<Port, NetworkError> {
        let link = topology.links.iter().find(|link| &link.a == end || &link.b == end);
        // The lower of the interface's and everybody's counts.
        let all = self.number("net.ipv6.conf.all.seg6_enabled")?.unwrap_or(i64::from(self.0.seg6));
        let own = self.number(&format!("net.ipv6.conf.{}.seg6_enabled", end.interface))?;
        let own = own.unwrap_or(i64::from(self.0.seg6));
        let hmac = match self.of_interface(&end.interface, "seg6_require_hmac")? {
            Some(..0) => HmacPolicy::Ignore,
            None | Some(0) => HmacPolicy::IfPresent,
            Some(1..) => HmacPolicy::Required,
        };
        Ok(Port {
            name: end.interface.clone(),
            mtu: link.map_or(1500, |link| link.mtu as usize),
            seg6: all.min(own) > 0,
            hmac,
        })
    }
}
