//! Which of its addresses a node sends from (RFC 6724 §5, as far as a node
//! here has the means: rules 1, 2, 5, 6, 8).

use std::net::{IpAddr, Ipv6Addr};

use super::model::{Interface, Node};

impl Node {
    /// Is the address one of the node's own?
    pub fn is_own(&self, address: IpAddr) -> bool {
        self.addresses.iter().any(|own| own.address == address)
    }
}

/// The source address for a packet to `to` that leaves by `out`.
pub(super) fn select(node: &Node, to: Ipv6Addr, out: Option<Interface>) -> Option<Ipv6Addr> {
    let candidates = node.addresses.iter().filter_map(|own| match own.address {
        // The loopback's own is no candidate, nor is another link's address.
        IpAddr::V6(v6) if v6.is_loopback() => None,
        IpAddr::V6(v6) if v6.is_unicast_link_local() && own.interface != out => None,
        IpAddr::V6(v6) => Some((v6, own)),
        IpAddr::V4(_) => None,
    });
    let preference = |(address, own): &(Ipv6Addr, &super::model::Own)| {
        let scope = scope(*address);
        let common = (address.to_bits() ^ to.to_bits()).leading_zeros().min(own.prefix.into());
        (
            *address == to,
            // Large enough first, and then no larger than needed.
            if scope >= self::scope(to) { 16 - i16::from(scope) } else { i16::from(scope) - 16 },
            own.interface.is_some() && own.interface == out,
            label(*address) == label(to),
            common,
        )
    };
    // Of equals the first: max_by_key would take the last.
    candidates.reduce(|best, other| if preference(&other) > preference(&best) { other } else { best }).map(|(a, _)| a)
}

/// Scope as multicast numbers it: 2 link, 14 global.
fn scope(address: Ipv6Addr) -> u8 {
    match address {
        a if a.is_multicast() => a.octets()[1] & 15,
        a if a.is_unicast_link_local() || a.is_loopback() => 2,
        _ => 14,
    }
}

/// Labels of the default policy table that can differ here (RFC 6724 §2.1).
fn label(address: Ipv6Addr) -> u8 {
    match address.segments() {
        [first, ..] if first & 0xfe00 == 0xfc00 => 13,
        [0x2002, ..] => 2,
        [0x2001, 0, ..] => 5,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::Own;
    use super::*;

    fn node(addresses: &[(&str, Option<usize>)]) -> Node {
        let own = |(address, interface): &(&str, Option<usize>)| Own {
            address: address.parse().unwrap(),
            prefix: 64,
            interface: interface.map(Interface),
        };
        Node { addresses: addresses.iter().map(own).collect(), ..Node::default() }
    }

    fn selected(node: &Node, to: &str, out: usize) -> String {
        select(node, to.parse().unwrap(), Some(Interface(out))).map_or("none".into(), |a| a.to_string())
    }

    #[test]
    fn scope_comes_before_interface_before_prefix() {
        let all =
            node(&[("fe80::1", Some(0)), ("2001:db8::1", Some(0)), ("2001:db9::1", Some(1)), ("fe80::2", Some(1))]);
        assert_eq!(selected(&all, "2001:db9::9", 0), "2001:db8::1");
        assert_eq!(selected(&all, "fe80::9", 1), "fe80::2");
        assert_eq!(selected(&all, "2001:db8::1", 1), "2001:db8::1", "the destination itself");
        let lonely = node(&[("fe80::1", Some(0)), ("2001:db8::1", None), ("2001:db9::1", None)]);
        assert_eq!(selected(&lonely, "2001:db9::9", 0), "2001:db9::1");
        assert_eq!(selected(&node(&[("::1", None)]), "2001:db9::9", 0), "none");
    }
}
