//! The `[[sid]]` part of a topology: which action takes which parameters.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::parse::{Problem, known_interface, known_node, parse_mac, segments, table, text, value};
use super::prefix::Prefix;
use super::raw;
use super::{Behavior, Bridge, Flavors, LocalSid, Lookup, Node, Proxy, SegmentList, Table, Topology};
use crate::srv6::csid::{self, Layout};

/// The SID and the index of its node.
pub(super) fn check_sid(topology: &Topology, raw: raw::Sid) -> Result<(usize, LocalSid), Problem> {
    let place = format!("sid {} on {}", raw.sid.escape_debug(), raw.node.escape_debug());
    let (index, node) = known_node(topology, &place, &raw.node)?;
    let sid: Prefix = text(&place, "sid", &raw.sid, "an IPv6 address or prefix")?;
    if !sid.address.is_ipv6() {
        return Err(value(&place, "sid", sid, "an IPv6 address or prefix"));
    }
    known_interface(topology, &place, "dev", node, raw.dev.as_deref())?;
    let dev = match raw.dev.clone().or_else(|| topology.interfaces(&node.name).next().map(|end| end.interface.clone()))
    {
        Some(dev) => dev,
        None => return Err(Problem::Needs { place, subject: node.name.clone(), key: "an interface for its SIDs" }),
    };
    let in_table = table(&place, "table", raw.table.clone())?.unwrap_or(Table::MAIN);
    let count = raw.count;
    let (behavior, flavors) = check_behavior(topology, &place, node, raw)?;
    Ok((index, LocalSid { sid, behavior, flavors, count, dev, table: in_table }))
}

/// The keys of a SID that only some actions have. Each is taken at most once;
/// what is left at the end does not belong there.
struct Parameters<'a> {
    place: &'a str,
    action: String,
    raw: raw::Sid,
}

impl Parameters<'_> {
    fn need<T>(&self, key: &'static str, value: Option<T>) -> Result<T, Problem> {
        value.ok_or_else(|| Problem::Needs { place: self.place.into(), subject: self.action.clone(), key })
    }

    fn nh6(&mut self) -> Result<Ipv6Addr, Problem> {
        let nh6 = self.raw.nh6.take();
        self.need("nh6", nh6)
    }

    fn nh4(&mut self) -> Result<Ipv4Addr, Problem> {
        let nh4 = self.raw.nh4.take();
        self.need("nh4", nh4)
    }

    fn lookup(&mut self) -> Result<Option<Table>, Problem> {
        table(self.place, "lookup", self.raw.lookup.take())
    }

    fn vrf(&mut self) -> Result<Option<Table>, Problem> {
        table(self.place, "vrf", self.raw.vrf.take())
    }

    fn srh(&mut self, node: &Node) -> Result<SegmentList, Problem> {
        let srh = self.raw.srh.take();
        let srh = self.need("srh", srh)?;
        segments(self.place, node, &srh)?;
        Ok(srh)
    }

    fn flavors(&mut self) -> Result<Flavors, Problem> {
        let mut flavors = Flavors::default();
        let lengths = self.raw.csid.take();
        for flavor in self.raw.flavors.take().unwrap_or_default() {
            let set = match flavor.as_str() {
                "psp" => &mut flavors.psp,
                "usp" => &mut flavors.usp,
                "usd" => &mut flavors.usd,
                "next-csid" | "replace-csid" => {
                    let kind = if flavor.starts_with('n') { csid::Flavor::Next } else { csid::Flavor::Replace };
                    if flavors.csid.is_some_and(|layout| layout.flavor != kind) {
                        return Err(value(self.place, "flavors", "next-csid and replace-csid", "one of them"));
                    }
                    flavors.csid = Some(self.layout(lengths, kind)?);
                    continue;
                }
                _ => return Err(value(self.place, "flavors", flavor, "psp, usp, usd, next-csid or replace-csid")),
            };
            *set = true;
        }
        if lengths.is_some() && flavors.csid.is_none() {
            return self.need("flavors = [\"next-csid\"] with csid", None);
        }
        Ok(flavors)
    }

    /// Where a compressed SID lies. Whole bytes, as Linux wants them.
    fn layout(&self, lengths: Option<raw::Csid>, flavor: csid::Flavor) -> Result<Layout, Problem> {
        let Some(raw::Csid { block, function }) = lengths else { return Ok(Layout { flavor, ..Layout::F3216 }) };
        Layout::new(block, function, flavor).filter(|_| block % 8 == 0 && function % 8 == 0).ok_or_else(|| {
            let expected =
                "two multiples of 8, the second at most 64, together (with replace-csid's index) at most 128,";
            value(self.place, "csid", format!("{block}+{function}"), expected)
        })
    }

    /// An interface of the node, by one of the keys that name one.
    fn interface(
        &mut self,
        topology: &Topology,
        node: &Node,
        key: &'static str,
        take: fn(&mut raw::Sid) -> Option<String>,
    ) -> Result<String, Problem> {
        let taken = take(&mut self.raw);
        let name = self.need(key, taken)?;
        link_interface(topology, self.place, key, node, &name)?;
        Ok(name)
    }

    fn bridge(&mut self, topology: &Topology, node: &Node) -> Result<Bridge<String>, Problem> {
        let ports = self.raw.bridge.take();
        let ports = self.need("bridge", ports)?;
        let mut table = Vec::new();
        for (mac, port) in self.raw.macs.take().unwrap_or_default() {
            if !ports.contains(&port) {
                return Err(value(self.place, "macs", port, "an interface of the bridge"));
            }
            table.push((parse_mac(self.place, "macs", &mac)?.0, port));
        }
        for port in &ports {
            link_interface(topology, self.place, "bridge", node, port)?;
        }
        Ok(Bridge { ports, table })
    }

    fn proxy(&mut self, topology: &Topology, node: &Node, kind: Proxy) -> Result<Behavior, Problem> {
        let oif = self.interface(topology, node, "oif", |raw| raw.oif.take())?;
        let iif = self.interface(topology, node, "iif", |raw| raw.iif.take())?;
        let path = if kind == Proxy::Static { Some(self.srh(node)?) } else { None };
        Ok(Behavior::EndProxy { kind, oif, iif, path })
    }

    fn labels(&mut self) -> Result<Vec<u32>, Problem> {
        let labels = self.raw.labels.take();
        let labels = self.need("labels", labels)?;
        if labels.is_empty() || labels.len() > 16 || labels.iter().any(|label| *label >= 1 << 20) {
            return Err(value(self.place, "labels", format!("{labels:?}"), "1 to 16 numbers below 2^20"));
        }
        Ok(labels)
    }

    fn nothing_left(self) -> Result<(), Problem> {
        let raw = &self.raw;
        let left = [
            ("nh6", raw.nh6.is_some()),
            ("nh4", raw.nh4.is_some()),
            ("oif", raw.oif.is_some()),
            ("lookup", raw.lookup.is_some()),
            ("vrf", raw.vrf.is_some()),
            ("srh", raw.srh.is_some()),
            ("labels", raw.labels.is_some()),
            ("iif", raw.iif.is_some()),
            ("bridge", raw.bridge.is_some()),
            ("macs", raw.macs.is_some()),
        ];
        match left.into_iter().find(|(_, given)| *given) {
            Some((key, _)) => Err(Problem::TakesNo { place: self.place.into(), subject: self.action, key }),
            None => Ok(()),
        }
    }
}

/// Every action, for those who write another.
const KNOWN: &str = "End, End.X, End.T, End.DX2, End.DX6, End.DX4, End.DT6, End.DT4, End.DT46, End.DT2U, End.BM, \
     End.B6.Insert, End.B6.Insert.Red, End.B6.Encaps, End.B6.Encaps.Red, End.AS, End.AD or End.AM";

/// An interface that packets can leave by.
fn link_interface(topology: &Topology, place: &str, key: &'static str, node: &Node, name: &str) -> Result<(), Problem> {
    match name {
        "lo" => Err(value(place, key, name, "an interface of a link")),
        _ => known_interface(topology, place, key, node, Some(name)),
    }
}

fn check_behavior(
    topology: &Topology,
    place: &str,
    node: &Node,
    raw: raw::Sid,
) -> Result<(Behavior, Flavors), Problem> {
    let mut given = Parameters { place, action: raw.action.clone(), raw };
    let behavior = match given.action.as_str() {
        "End" => Behavior::End,
        "End.X" => Behavior::EndX { nh6: given.nh6()? },
        "End.T" => {
            let lookup = given.lookup()?;
            Behavior::EndT { lookup: given.need("lookup", lookup)? }
        }
        "End.DX2" => Behavior::EndDx2 { oif: given.interface(topology, node, "oif", |raw| raw.oif.take())? },
        "End.DX6" => Behavior::EndDx6 { nh6: given.nh6()? },
        "End.DX4" => Behavior::EndDx4 { nh4: given.nh4()? },
        "End.DT6" => match given.lookup()? {
            Some(lookup) => Behavior::EndDt6(Lookup::Table(lookup)),
            None => {
                let vrf = given.vrf()?;
                Behavior::EndDt6(Lookup::Vrf(given.need("lookup or vrf", vrf)?))
            }
        },
        "End.DT4" | "End.DT46" => {
            let vrf = given.vrf()?;
            let vrf = given.need("vrf", vrf)?;
            if given.action == "End.DT4" { Behavior::EndDt4 { vrf } } else { Behavior::EndDt46 { vrf } }
        }
        "End.B6" | "End.B6.Insert" => Behavior::EndB6 { path: given.srh(node)?, reduced: false },
        "End.B6.Insert.Red" => Behavior::EndB6 { path: given.srh(node)?, reduced: true },
        "End.B6.Encaps" => Behavior::EndB6Encaps { path: given.srh(node)?, reduced: false },
        "End.B6.Encaps.Red" => Behavior::EndB6Encaps { path: given.srh(node)?, reduced: true },
        "End.BM" => Behavior::EndBm {
            labels: given.labels()?,
            oif: given.interface(topology, node, "oif", |raw| raw.oif.take())?,
        },
        "End.DT2U" => Behavior::EndDt2u(given.bridge(topology, node)?),
        "End.AS" => given.proxy(topology, node, Proxy::Static)?,
        "End.AD" => given.proxy(topology, node, Proxy::Dynamic)?,
        "End.AM" => given.proxy(topology, node, Proxy::Masquerading)?,
        unknown => return Err(value(place, "action", unknown, KNOWN)),
    };
    let flavors = given.flavors()?;
    if !behavior.takes(&flavors) {
        return Err(value(place, "flavors", flavors, "flavors that this action is registered with"));
    }
    given.nothing_left()?;
    Ok((behavior, flavors))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(more: &str) -> Result<LocalSid, String> {
        let text = format!(
            "name = 't'\n[[node]]\nname = 'a'\n[[node]]\nname = 'b'\n[[node]]\nname = 'alone'\n\
             [[link]]\na = {{ node = 'a', interface = 'ab' }}\nb = {{ node = 'b', interface = 'ba' }}\n\
             [[sid]]\nnode = 'a'\nsid = 'fc00::1'\n{more}\n"
        );
        Topology::parse("f", &text).map(|mut t| t.nodes[0].sids.remove(0)).map_err(|e| e.to_string())
    }

    fn behavior(more: &str) -> Behavior {
        parse(more).unwrap().behavior
    }

    fn flavors(more: &str) -> Flavors {
        parse(more).unwrap().flavors
    }

    #[test]
    fn every_action_becomes_its_behavior() {
        let nh6: Ipv6Addr = "fe80::1".parse().unwrap();
        let path = SegmentList { segs: vec![nh6], hmac: None };
        assert_eq!(behavior("action='End'"), Behavior::End);
        assert_eq!(behavior("action='End.X'\nnh6='fe80::1'"), Behavior::EndX { nh6 });
        assert_eq!(behavior("action='End.T'\nlookup='main'"), Behavior::EndT { lookup: Table::MAIN });
        assert_eq!(behavior("action='End.DX2'\noif='ab'"), Behavior::EndDx2 { oif: "ab".into() });
        assert_eq!(behavior("action='End.DX6'\nnh6='fe80::1'"), Behavior::EndDx6 { nh6 });
        assert_eq!(behavior("action='End.DX4'\nnh4='10.0.0.1'"), Behavior::EndDx4 { nh4: [10, 0, 0, 1].into() });
        assert_eq!(behavior("action='End.DT6'\nlookup=9"), Behavior::EndDt6(Lookup::Table(Table(9))));
        assert_eq!(behavior("action='End.DT6'\nvrf=9"), Behavior::EndDt6(Lookup::Vrf(Table(9))));
        assert_eq!(behavior("action='End.DT4'\nvrf=9"), Behavior::EndDt4 { vrf: Table(9) });
        assert_eq!(behavior("action='End.DT46'\nvrf=9"), Behavior::EndDt46 { vrf: Table(9) });
        assert_eq!(
            behavior("action='End.B6'\nsrh={segs=['fe80::1']}"),
            Behavior::EndB6 { path: path.clone(), reduced: false }
        );
        assert_eq!(
            behavior("action='End.B6.Encaps'\nsrh={segs=['fe80::1']}"),
            Behavior::EndB6Encaps { path: path.clone(), reduced: false }
        );
    }

    #[test]
    fn what_linux_lacks_can_be_described() {
        let path = SegmentList { segs: vec!["fe80::1".parse().unwrap()], hmac: None };
        let (oif, iif) = ("ab".to_string(), "ab".to_string());
        assert_eq!(
            behavior("action='End.B6.Insert.Red'\nsrh={segs=['fe80::1']}"),
            Behavior::EndB6 { path: path.clone(), reduced: true }
        );
        assert_eq!(
            behavior("action='End.B6.Encaps.Red'\nsrh={segs=['fe80::1']}"),
            Behavior::EndB6Encaps { path: path.clone(), reduced: true }
        );
        assert_eq!(
            behavior("action='End.BM'\nlabels=[16, 17]\noif='ab'"),
            Behavior::EndBm { labels: vec![16, 17], oif: oif.clone() }
        );
        assert_eq!(
            behavior("action='End.DT2U'\nbridge=['ab']\nmacs={'02:00:00:00:00:01'='ab'}"),
            Behavior::EndDt2u(Bridge { ports: vec![oif.clone()], table: vec![([2, 0, 0, 0, 0, 1], oif.clone())] })
        );
        assert_eq!(
            behavior("action='End.AS'\noif='ab'\niif='ab'\nsrh={segs=['fe80::1']}"),
            Behavior::EndProxy { kind: Proxy::Static, oif: oif.clone(), iif: iif.clone(), path: Some(path) }
        );
        assert_eq!(
            behavior("action='End.AM'\noif='ab'\niif='ab'"),
            Behavior::EndProxy { kind: Proxy::Masquerading, oif, iif, path: None }
        );
        let replace = flavors("action='End'\nflavors=['replace-csid']\ncsid={block=48,function=32}");
        assert_eq!(replace.replace(), Layout::new(48, 32, csid::Flavor::Replace));
    }

    #[test]
    fn flavors_are_told_apart() {
        let both = flavors("action='End'\nflavors=['psp','next-csid']");
        assert!(both.psp && !both.usp && !both.usd && both.replace().is_none());
        assert_eq!(both.next(), Some(Layout::F3216));
        let next = flavors("action='End'\nflavors=['next-csid']\ncsid={block=48,function=16}");
        assert_eq!(next.next(), Layout::new(48, 16, csid::Flavor::Next));
    }

    #[test]
    fn actions_take_the_flavors_they_are_registered_with() {
        let all = [
            ("End", ""),
            ("End.X", "nh6='::1'"),
            ("End.T", "lookup=1"),
            ("End.DX2", "oif='ab'"),
            ("End.DX4", "nh4='1.1.1.1'"),
            ("End.DX6", "nh6='::1'"),
            ("End.DT4", "vrf=1"),
            ("End.DT6", "lookup=1"),
            ("End.DT46", "vrf=1"),
            ("End.DT2U", "bridge=['ab']"),
            ("End.BM", "oif='ab'\nlabels=[1]"),
            ("End.B6.Insert", "srh={segs=['::1']}"),
            ("End.B6.Insert.Red", "srh={segs=['::1']}"),
            ("End.B6.Encaps", "srh={segs=['::1']}"),
            ("End.B6.Encaps.Red", "srh={segs=['::1']}"),
            ("End.AS", "oif='ab'\niif='ab'\nsrh={segs=['::1']}"),
            ("End.AD", "oif='ab'\niif='ab'"),
            ("End.AM", "oif='ab'\niif='ab'"),
        ];
        let taking = |flavors: &str| -> Vec<&str> {
            let takes = |(action, more): &&(&str, &str)| {
                parse(&format!("action='{action}'\n{more}\nflavors=[{flavors}]\ncsid={{block=32,function=16}}")).is_ok()
            };
            all.iter().filter(takes).map(|(action, _)| *action).collect()
        };
        let but = |left_out: &[&str]| -> Vec<&str> {
            all.iter().map(|(action, _)| *action).filter(|action| !left_out.contains(action)).collect()
        };
        assert_eq!(taking("'next-csid'"), but(&["End.B6.Insert"]));
        assert_eq!(taking("'replace-csid'"), but(&["End.B6.Insert", "End.B6.Insert.Red"]));
        assert_eq!(taking("'next-csid','psp'"), ["End", "End.X", "End.T"]);
        assert_eq!(taking("'replace-csid','usp','usd'"), ["End", "End.X", "End.T"]);
        let pop_and_decapsulate = ["End", "End.X", "End.T", "End.B6.Insert.Red", "End.B6.Encaps.Red"];
        assert_eq!(taking("'next-csid','psp','usd'"), pop_and_decapsulate);
    }

    #[test]
    fn the_interface_is_the_nodes_first_unless_said() {
        let sid = parse("action='End'\ncount=true").unwrap();
        assert_eq!((sid.dev.as_str(), sid.count, sid.sid.len), ("ab", true, 128));
        assert_eq!(parse("action='End'\ndev='lo'\ntable=100").unwrap().dev, "lo");
    }

    #[test]
    fn every_mistake_has_its_sentence() {
        for (more, said) in [
            ("action='End.Q'", format!("action = End.Q: {KNOWN} expected").as_str()),
            ("action='End.X'", "End.X needs nh6"),
            ("action='End.DX6'", "End.DX6 needs nh6"),
            ("action='End.DX4'", "End.DX4 needs nh4"),
            ("action='End.DX2'", "End.DX2 needs oif"),
            ("action='End.DX2'\noif='ba'", "oif = \"ba\": a has no such interface"),
            ("action='End.T'", "End.T needs lookup"),
            ("action='End.DT6'", "End.DT6 needs lookup or vrf"),
            ("action='End.DT4'", "End.DT4 needs vrf"),
            ("action='End.B6'", "End.B6 needs srh"),
            ("action='End.B6'\nsrh={segs=[]}", "segs = 0 segments: 1 to 127 expected"),
            ("action='End.B6'\nsrh={segs=['::1'],hmac=1}", "hmac = 1: a has no key with that id"),
            ("action='End.BM'\noif='ab'\nlabels=[]", "labels = []: 1 to 16 numbers below 2^20 expected"),
            ("action='End.AD'\noif='ab'", "End.AD needs iif"),
            ("action='End.AD'\noif='lo'\niif='ab'", "oif = lo: an interface of a link expected"),
            ("action='End.DT2U'\nbridge=['x']", "bridge = \"x\": a has no such interface"),
            (
                "action='End.DT2U'\nbridge=['ab']\nmacs={'02:00:00:00:00:01'='x'}",
                "macs = x: an interface of the bridge expected",
            ),
            ("action='End'\nlabels=[1]", "End takes no labels"),
            (
                "action='End'\nflavors=['next-csid','replace-csid']",
                "flavors = next-csid and replace-csid: one of them expected",
            ),
            ("action='End'\nnh6='::1'", "End takes no nh6"),
            ("action='End'\nnh4='1.1.1.1'", "End takes no nh4"),
            ("action='End'\noif='ab'", "End takes no oif"),
            ("action='End'\nlookup=1", "End takes no lookup"),
            ("action='End'\nvrf=1", "End takes no vrf"),
            ("action='End'\nsrh={segs=['::1']}", "End takes no srh"),
            (
                "action='End.DX6'\nnh6='::'\nflavors=['psp']",
                "flavors = PSP: flavors that this action is registered with expected",
            ),
            ("action='End.DT6'\nlookup=1\nvrf=1", "End.DT6 takes no vrf"),
            ("action='End'\nflavors=['pop']", "flavors = pop: psp, usp, usd, next-csid or replace-csid expected"),
            ("action='End'\ncsid={block=32,function=16}", "End needs flavors = [\"next-csid\"] with csid"),
            (
                "action='End'\nflavors=['next-csid']\ncsid={block=120,function=16}",
                "csid = 120+16: two multiples of 8, the second at most 64, together (with replace-csid's index) at most 128, expected",
            ),
            (
                "action='End'\nflavors=['next-csid']\ncsid={block=30,function=16}",
                "csid = 30+16: two multiples of 8, the second at most 64, together (with replace-csid's index) at most 128, expected",
            ),
            ("action='End'\ndev='ba'", "dev = \"ba\": a has no such interface"),
        ] {
            assert_eq!(parse(more).unwrap_err(), format!("f: sid fc00::1 on a: {said}"), "{more}");
        }
    }

    #[test]
    fn a_sid_is_an_ipv6_address_on_a_node_with_interfaces() {
        let text = |node: &str, sid: &str| {
            let text = format!("name='t'\n[[node]]\nname='a'\n[[sid]]\nnode='{node}'\nsid='{sid}'\naction='End'");
            Topology::parse("f", &text).unwrap_err().to_string()
        };
        assert_eq!(text("a", "x"), "f: sid x on a: sid = x: an IPv6 address or prefix expected");
        assert_eq!(
            text("a", "10.0.0.1"),
            "f: sid 10.0.0.1 on a: sid = 10.0.0.1/32: an IPv6 address or prefix expected"
        );
        assert_eq!(text("b", "::1"), "f: sid ::1 on b: there is no node \"b\"");
        assert_eq!(text("a", "::1"), "f: sid ::1 on a: a needs an interface for its SIDs");
    }
}
