//! Routes, and the one that a destination takes: longest prefix first, then
//! the lowest metric.

use std::net::{IpAddr, Ipv6Addr};

use super::model::{Encap, Interface};

/// A routing table by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Table(pub u32);

impl Table {
    /// Where the node's own addresses are; looked at first.
    pub const LOCAL: Self = Self(255);
    /// Where routes go that name no table.
    pub const MAIN: Self = Self(254);
    /// Looked at last.
    pub const DEFAULT: Self = Self(253);
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            Self::LOCAL => f.write_str("local"),
            Self::MAIN => f.write_str("main"),
            Self::DEFAULT => f.write_str("default"),
            Self(number) => write!(f, "{number}"),
        }
    }
}

/// What a route leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The node itself.
    Local,
    /// One of its SIDs, an index into [`Node::sids`](super::Node::sids).
    Sid(usize),
    /// Out of an interface.
    Forward {
        /// The interface.
        interface: Interface,
        /// The next hop; the destination itself if `None`.
        via: Option<IpAddr>,
        /// The segment list packets are put on.
        encap: Option<Encap>,
    },
}

/// One route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Prefix, as 128 bits: IPv4 counts as `::ffff:a.b.c.d`.
    network: u128,
    /// Its length in bits, of 128.
    len: u8,
    metric: u32,
    /// What it leads to.
    pub target: Target,
}

impl Route {
    /// The prefix and its length, as its family writes them.
    pub fn prefix(&self) -> (IpAddr, u8) {
        let v6 = Ipv6Addr::from(self.network);
        match v6.to_ipv4_mapped() {
            Some(v4) if self.len >= 96 => (IpAddr::V4(v4), self.len - 96),
            _ => (IpAddr::V6(v6), self.len),
        }
    }
}

/// All routes of a node, by table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fib {
    /// Tables by number; in each the routes by falling length, then network,
    /// then rising metric.
    tables: Vec<(Table, Vec<Route>)>,
}

/// An address as 128 bits, and how many bits its family adds in front.
fn bits(address: IpAddr) -> (u128, u8) {
    match address {
        IpAddr::V4(v4) => (v4.to_ipv6_mapped().to_bits(), 96),
        IpAddr::V6(v6) => (v6.to_bits(), 0),
    }
}

fn mask(len: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(len.min(128))).unwrap_or(0)
}

impl Fib {
    /// Adds a route for `prefix`/`len`; bits after the prefix are ignored. Of
    /// equal ones, the first stays first.
    pub fn add(&mut self, table: Table, prefix: IpAddr, len: u8, metric: u32, target: Target) {
        let (network, front) = bits(prefix);
        let len = (len + front).min(128);
        let route = Route { network: network & mask(len), len, metric, target };
        let at = match self.tables.iter().position(|(known, _)| *known == table) {
            Some(at) => at,
            None => {
                self.tables.push((table, Vec::new()));
                self.tables.len() - 1
            }
        };
        let routes = &mut self.tables[at].1;
        let key = |r: &Route| (std::cmp::Reverse(r.len), r.network, r.metric);
        let place = routes.partition_point(|known| key(known) <= key(&route));
        routes.insert(place, route);
    }

    /// The route of a table that `destination` takes. A link-local destination
    /// takes only routes out of `link`, where one is given.
    pub fn lookup(&self, table: Table, destination: IpAddr, link: Option<Interface>) -> Option<&Route> {
        let (address, front) = bits(destination);
        let strict = link.filter(|_| matches!(destination, IpAddr::V6(v6) if v6.is_unicast_link_local()));
        let routes = &self.tables.iter().find(|(known, _)| *known == table)?.1;
        let mut rest = &routes[..];
        // Each round looks at the routes of one length.
        while let Some(first) = rest.first().filter(|route| route.len >= front) {
            let (same, shorter) = rest.split_at(rest.partition_point(|route| route.len == first.len));
            let wanted = address & mask(first.len);
            let start = same.partition_point(|route| route.network < wanted);
            let fitting = same[start..].iter().take_while(|route| route.network == wanted);
            let found = fitting.into_iter().find(|route| match (&route.target, strict) {
                (Target::Forward { interface, .. }, Some(link)) => *interface == link,
                _ => true,
            });
            if found.is_some() {
                return found;
            }
            rest = shorter;
        }
        None
    }

    /// As [`Fib::lookup`], in the tables every packet is looked up in: local,
    /// main, default.
    pub fn route(&self, destination: IpAddr, link: Option<Interface>) -> Option<(Table, &Route)> {
        [Table::LOCAL, Table::MAIN, Table::DEFAULT]
            .into_iter()
            .find_map(|table| self.lookup(table, destination, link).map(|route| (table, route)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn out(interface: usize) -> Target {
        Target::Forward { interface: Interface(interface), via: None, encap: None }
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn found(fib: &Fib, to: &str) -> Option<Target> {
        fib.route(address(to), None).map(|(_, route)| route.target.clone())
    }

    #[test]
    fn the_longest_prefix_wins_and_then_the_lowest_metric() {
        let mut fib = Fib::default();
        fib.add(Table::MAIN, address("::"), 0, 0, out(0));
        fib.add(Table::MAIN, address("fc00::"), 16, 20, out(1));
        fib.add(Table::MAIN, address("fc00::"), 16, 10, out(2));
        fib.add(Table::MAIN, address("fc00:0:0:1::"), 64, 1000, out(3));
        assert_eq!(found(&fib, "2001::1"), Some(out(0)));
        assert_eq!(found(&fib, "fc00:1::1"), Some(out(2)));
        assert_eq!(found(&fib, "fc00:0:0:1::9"), Some(out(3)));
        assert_eq!(found(&fib, "10.0.0.1"), None, "families are apart");
    }

    #[test]
    fn local_comes_before_main_whatever_the_length() {
        let mut fib = Fib::default();
        fib.add(Table::MAIN, address("fc00::1"), 128, 0, out(0));
        fib.add(Table::LOCAL, address("fc00::"), 64, 0, Target::Local);
        assert_eq!(found(&fib, "fc00::1"), Some(Target::Local));
    }

    #[test]
    fn link_local_destinations_stay_on_their_link() {
        let mut fib = Fib::default();
        fib.add(Table::MAIN, address("fe80::"), 64, 256, out(0));
        fib.add(Table::MAIN, address("fe80::"), 64, 256, out(1));
        let found = fib.route(address("fe80::1"), Some(Interface(1))).unwrap();
        assert_eq!(found.1.target, out(1));
    }

    #[test]
    fn a_default_route_of_ipv4_is_not_one_of_ipv6() {
        let mut fib = Fib::default();
        fib.add(Table::MAIN, address("0.0.0.0"), 0, 0, out(0));
        assert_eq!(found(&fib, "9.9.9.9"), Some(out(0)));
        assert_eq!(found(&fib, "::1"), None);
        assert_eq!(fib.route(address("9.9.9.9"), None).unwrap().1.prefix(), (address("0.0.0.0"), 0));
    }

    proptest! {
        #[test]
        fn equals_the_search_through_all(
            routes in proptest::collection::vec((any::<u8>(), 0u8..=128, 0u32..3), 0..40), to in any::<u8>(),
        ) {
            // Few distinct leading bytes, so that prefixes nest and repeat.
            let spread = |byte: u8| u128::from(byte % 4) << 120 | u128::from(byte) << 60;
            let mut fib = Fib::default();
            for (number, (byte, len, metric)) in routes.iter().enumerate() {
                fib.add(Table::MAIN, Ipv6Addr::from(spread(*byte)).into(), *len, *metric, out(number));
            }
            let wanted = spread(to);
            let best = routes
                .iter()
                .enumerate()
                .filter(|(_, (byte, len, _))| (spread(*byte) ^ wanted) & mask(*len) == 0)
                .min_by_key(|(number, (_, len, metric))| (std::cmp::Reverse(*len), *metric, *number));
            let found = fib.route(Ipv6Addr::from(wanted).into(), None).map(|(_, route)| route.target.clone());
            prop_assert_eq!(found, best.map(|(number, _)| out(number)));
        }
    }
}
