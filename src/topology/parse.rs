//! Topology text → checked [`Topology`]. The first thing wrong is reported,
//! with the node, link, route or SID it is in and the key that is at fault.

use std::io;
use std::net::IpAddr;

use super::prefix::Prefix;
use super::{Encap, EncapMode, HmacKey, Link, LinkEnd, Mac, Node, Route, SegmentList, Table, Topology};
use super::{parse_sid, raw};

/// Why a topology cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {problem}")]
pub struct TopologyError {
    /// The file, or what stands for it.
    pub file: String,
    /// What is wrong.
    #[source]
    pub problem: Problem,
}

/// What can be wrong with a topology; `place` says in which part of it.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)] // every field is explained by the sentence it is in
pub enum Problem {
    /// The file cannot be read.
    #[error("neither a built-in topology ({built_in}) nor a readable file: {source}")]
    Unreadable { source: io::Error, built_in: String },
    /// Not TOML, an unknown or missing key, or a value of the wrong type.
    #[error("line {line}: {message}")]
    Toml { line: usize, message: String },
    /// A name with characters that namespaces or interfaces cannot have.
    #[error("{place}: {key} = {name:?}: 1 to {max} of {allowed} expected")]
    Name { place: String, key: &'static str, name: String, max: usize, allowed: &'static str },
    /// The same thing twice.
    #[error("{place}: {what} appears twice")]
    Twice { place: String, what: String },
    /// No nodes at all.
    #[error("no [[node]]")]
    NoNodes,
    /// A reference to a node that is not there.
    #[error("{place}: there is no node {node:?}")]
    NoNode { place: String, node: String },
    /// A reference to an interface that is not there.
    #[error("{place}: {key} = {interface:?}: {node} has no such interface")]
    NoInterface { place: String, key: &'static str, interface: String, node: String },
    /// A reference to an HMAC key that is not there.
    #[error("{place}: hmac = {id}: {node} has no key with that id")]
    NoKey { place: String, id: u32, node: String },
    /// A value that is of the right type and yet wrong.
    #[error("{place}: {key} = {value}: {expected} expected")]
    Value { place: String, key: &'static str, value: String, expected: &'static str },
    /// A key that this action or mode needs.
    #[error("{place}: {subject} needs {key}")]
    Needs { place: String, subject: String, key: &'static str },
    /// A key that this action or mode does not have.
    #[error("{place}: {subject} takes no {key}")]
    TakesNo { place: String, subject: String, key: &'static str },
}

/// Parses and checks.
pub(super) fn parse(text: &str) -> Result<Topology, Problem> {
    let raw: raw::Topology = toml::from_str(text).map_err(|e| Problem::Toml {
        line: e.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count()),
        message: e.message().replace('\n', ", "),
    })?;
    name("topology", "name", &raw.name, 32, LAB_NAME)?;
    if raw.description.contains(char::is_control) {
        return Err(value("topology", "description", &raw.description, "one line"));
    }
    let mut topology = Topology { name: raw.name, description: raw.description, nodes: Vec::new(), links: Vec::new() };
    for node in raw.node {
        let node = check_node(node)?;
        if topology.node(&node.name).is_some() {
            return Err(Problem::Twice { place: "topology".into(), what: format!("node {}", node.name) });
        }
        topology.nodes.push(node);
    }
    if topology.nodes.is_empty() {
        return Err(Problem::NoNodes);
    }
    for link in raw.link {
        let link = check_link(&topology, link)?;
        topology.links.push(link);
    }
    for route in raw.route {
        let (index, route) = check_route(&topology, route)?;
        topology.nodes[index].routes.push(route);
    }
    for sid in raw.sid {
        let (index, sid) = parse_sid::check_sid(&topology, sid)?;
        topology.nodes[index].sids.push(sid);
    }
    Ok(topology)
}

type Allowed = (&'static str, fn(char) -> bool);
const LAB_NAME: Allowed = ("letters, digits, _ and -", |c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
const WORD: Allowed = ("letters, digits and _", |c| c.is_ascii_alphanumeric() || c == '_');
const SYSCTL: Allowed = ("letters, digits, _, - and .", |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));

fn name(place: &str, key: &'static str, name: &str, max: usize, allowed: Allowed) -> Result<(), Problem> {
    if (1..=max).contains(&name.len()) && name.chars().all(allowed.1) && !name.starts_with('-') {
        return Ok(());
    }
    Err(Problem::Name { place: place.into(), key, name: name.into(), max, allowed: allowed.0 })
}

pub(super) fn value(place: &str, key: &'static str, value: impl ToString, expected: &'static str) -> Problem {
    Problem::Value { place: place.into(), key, value: value.to_string().escape_debug().to_string(), expected }
}

/// Parses a string value of a key.
pub(super) fn text<T: std::str::FromStr>(
    place: &str,
    key: &'static str,
    text: &str,
    expected: &'static str,
) -> Result<T, Problem> {
    text.parse().map_err(|_| value(place, key, text, expected))
}

fn prefixes(place: &str, key: &'static str, list: &[String]) -> Result<Vec<Prefix>, Problem> {
    list.iter().map(|item| text(place, key, item, "an address with prefix length")).collect()
}

fn check_node(raw: raw::Node) -> Result<Node, Problem> {
    name("node", "name", &raw.name, 32, WORD)?;
    let place = format!("node {}", raw.name);
    let mut sysctls = Vec::new();
    for (key, setting) in raw.sysctl {
        name(&place, "sysctl", &key, 128, SYSCTL)?;
        let setting = match setting {
            raw::Setting::Number(n) => n.to_string(),
            raw::Setting::Text(text) => text,
        };
        if !key.starts_with("net.") || key.contains("..") || key.ends_with('.') {
            return Err(value(&place, "sysctl", key, "a key below net."));
        }
        if setting.contains(char::is_control) {
            return Err(value(&place, "sysctl", setting, "one line"));
        }
        sysctls.push((key, setting));
    }
    let mut hmac_keys: Vec<HmacKey> = Vec::new();
    for key in raw.hmac {
        if key.id == 0 {
            return Err(value(&place, "hmac.id", 0, "a number above 0"));
        }
        if !(1..=64).contains(&key.secret.len()) || key.secret.contains(char::is_control) {
            return Err(value(&place, "hmac.secret", &key.secret, "1 to 64 bytes on one line"));
        }
        if hmac_keys.iter().any(|known| known.id == key.id) {
            return Err(Problem::Twice { place, what: format!("hmac key {}", key.id) });
        }
        hmac_keys.push(HmacKey { id: key.id, algorithm: key.algorithm, secret: key.secret });
    }
    Ok(Node {
        addresses: prefixes(&place, "addresses", &raw.addresses)?,
        name: raw.name,
        seg6: raw.seg6,
        forwarding: raw.forwarding,
        tunsrc: raw.tunsrc,
        sysctls,
        hmac_keys,
        routes: Vec::new(),
        sids: Vec::new(),
    })
}

fn check_link(topology: &Topology, raw: raw::Link) -> Result<Link, Problem> {
    let place = format!("link {} - {}", raw.a.interface.escape_debug(), raw.b.interface.escape_debug());
    if !(1280..=65535).contains(&raw.mtu) {
        return Err(value(&place, "mtu", raw.mtu, "1280 to 65535"));
    }
    let end = |end: raw::LinkEnd| {
        known_node(topology, &place, &end.node)?;
        name(&place, "interface", &end.interface, 15, WORD)?;
        if matches!(end.interface.as_str(), "lo" | "all" | "default") {
            return Err(value(&place, "interface", &end.interface, "a name of its own"));
        }
        let taken = topology.interfaces(&end.node).any(|other| other.interface == end.interface);
        if taken {
            return Err(Problem::Twice { place: format!("node {}", end.node), what: end.interface });
        }
        Ok(LinkEnd {
            mac: end.mac.map(|mac| parse_mac(&place, "mac", &mac)).transpose()?,
            addresses: prefixes(&place, "addresses", &end.addresses)?,
            node: end.node,
            interface: end.interface,
        })
    };
    let (a, b) = (end(raw.a)?, end(raw.b)?);
    if a.node == b.node && a.interface == b.interface {
        return Err(Problem::Twice { place: format!("node {}", a.node), what: a.interface });
    }
    Ok(Link { mtu: raw.mtu, a, b })
}

pub(super) fn parse_mac(place: &str, key: &'static str, text: &str) -> Result<Mac, Problem> {
    let error = || value(place, key, text, "a unicast address like 02:00:00:00:00:01");
    let mut mac = [0; 6];
    let mut parts = text.split(':');
    for byte in &mut mac {
        let part = parts.next().filter(|part| part.len() == 2).ok_or_else(error)?;
        *byte = u8::from_str_radix(part, 16).map_err(|_| error())?;
    }
    if parts.next().is_some() || mac[0] & 1 != 0 || mac == [0; 6] {
        return Err(error());
    }
    Ok(Mac(mac))
}

fn check_route(topology: &Topology, raw: raw::Route) -> Result<(usize, Route), Problem> {
    let place = format!("route to {} on {}", raw.to.escape_debug(), raw.node.escape_debug());
    let (index, node) = known_node(topology, &place, &raw.node)?;
    let to: Prefix = text(&place, "to", &raw.to, "an address or prefix")?;
    let via: Option<IpAddr> = raw.via.map(|via| text(&place, "via", &via, "an address")).transpose()?;
    if let Some(via) = via.filter(|via| via.is_ipv6() != to.address.is_ipv6()) {
        return Err(value(&place, "via", via, "an address of the same family as the destination"));
    }
    if via.is_none() && raw.dev.is_none() {
        return Err(Problem::Needs { place, subject: "a route".into(), key: "via or dev" });
    }
    known_interface(topology, &place, "dev", node, raw.dev.as_deref())?;
    let encap = match raw.encap {
        Some(encap) => {
            let path = SegmentList { segs: encap.segs, hmac: encap.hmac };
            segments(&place, node, &path)?;
            if encap.mode == EncapMode::Inline && !to.address.is_ipv6() {
                return Err(value(&place, "encap.mode", "inline", "an IPv6 destination, or another mode,"));
            }
            if raw.dev.is_none() {
                return Err(Problem::Needs { place, subject: "encap".into(), key: "dev" });
            }
            Some(Encap { mode: encap.mode, path })
        }
        None => None,
    };
    let table = table(&place, "table", raw.table)?.unwrap_or(Table::MAIN);
    Ok((index, Route { to, via, dev: raw.dev, table, metric: raw.metric, encap }))
}

pub(super) fn segments(place: &str, node: &Node, list: &SegmentList) -> Result<(), Problem> {
    if !(1..=127).contains(&list.segs.len()) {
        return Err(value(place, "segs", format!("{} segments", list.segs.len()), "1 to 127"));
    }
    match list.hmac {
        Some(id) if node.hmac_keys.iter().all(|key| key.id != id) => {
            Err(Problem::NoKey { place: place.into(), id, node: node.name.clone() })
        }
        _ => Ok(()),
    }
}

pub(super) fn table(place: &str, key: &'static str, raw: Option<raw::Table>) -> Result<Option<Table>, Problem> {
    match raw {
        None => Ok(None),
        Some(raw::Table::Number(number @ 1..)) => Ok(Some(Table(number))),
        Some(raw::Table::Number(zero)) => Err(value(place, key, zero, "a number above 0")),
        Some(raw::Table::Name(name)) => match name.as_str() {
            "main" => Ok(Some(Table::MAIN)),
            "local" => Ok(Some(Table::LOCAL)),
            "default" => Ok(Some(Table::DEFAULT)),
            _ => Err(value(place, key, name, "a number, \"main\", \"local\" or \"default\"")),
        },
    }
}

pub(super) fn known_node<'t>(topology: &'t Topology, place: &str, node: &str) -> Result<(usize, &'t Node), Problem> {
    let found = topology.nodes.iter().enumerate().find(|(_, known)| known.name == node);
    found.ok_or_else(|| Problem::NoNode { place: place.into(), node: node.into() })
}

pub(super) fn known_interface(
    topology: &Topology,
    place: &str,
    key: &'static str,
    node: &Node,
    interface: Option<&str>,
) -> Result<(), Problem> {
    match interface {
        None | Some("lo") => Ok(()),
        Some(name) if topology.interfaces(&node.name).any(|end| end.interface == name) => Ok(()),
        Some(name) => {
            Err(Problem::NoInterface { place: place.into(), key, interface: name.into(), node: node.name.clone() })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "\
name = 't'
[[node]]
name = 'a'
hmac = [{ id = 7, algorithm = 'sha1', secret = 's' }]
[[node]]
name = 'b'
[[link]]
a = { node = 'a', interface = 'ab' }
b = { node = 'b', interface = 'ba' }
";

    /// What is said about [`TWO`] with more at its end.
    fn error(more: &str) -> String {
        Topology::parse("f", &format!("{TWO}{more}\n")).expect_err(more).to_string()
    }

    fn whole(text: &str) -> String {
        Topology::parse("f", text).expect_err(text).to_string()
    }

    #[test]
    fn the_built_in_topologies_are_good() {
        for (name, _) in super::super::BUILT_IN {
            let topology = Topology::built_in(name).unwrap();
            assert_eq!(topology.name, name);
            assert!(!topology.description.is_empty());
        }
    }

    #[test]
    fn line3_keeps_the_premise() {
        let line3 = Topology::built_in("line3").unwrap();
        assert!(line3.nodes.iter().all(|node| node.routes.is_empty() && node.sids.is_empty() && node.seg6));
        let forwarding: Vec<_> = line3.nodes.iter().filter(|n| n.forwarding).map(|n| n.name.as_str()).collect();
        assert_eq!(forwarding, ["n2"]);
        assert_eq!(line3.peer("n1", "v12").unwrap().interface, "v21");
        assert_eq!(line3.peer("n3", "v32").unwrap().addresses[0].to_string(), "2001:db9::2/64");
        assert!(line3.peer("n1", "v21").is_none());
    }

    #[test]
    fn the_example_in_the_documentation_is_good() {
        let docs = include_str!("mod.rs");
        let lines = docs.lines().skip_while(|l| *l != "//! ```toml").skip(1).take_while(|l| *l != "//! ```");
        let text: String = lines.map(|l| l.trim_start_matches("//!").to_string() + "\n").collect();
        let topology = Topology::parse("docs", &text).unwrap();
        assert_eq!(topology.nodes[0].routes.len() + topology.nodes[0].sids.len(), 2);
    }

    #[test]
    fn text_errors_name_the_line_and_the_key() {
        assert_eq!(
            whole("name = 't'\nnodes = []"),
            "f: line 2: unknown field `nodes`, expected one of `name`, `description`, `node`, `link`, `route`, `sid`"
        );
        assert_eq!(whole("[[node]]\nname = 'a'"), "f: line 1: missing field `name`");
        assert_eq!(whole("name = 't'\n[[node]]\nname = 5"), "f: line 3: invalid type: integer `5`, expected a string");
        assert!(whole("name = 't'\n[[node]\n").starts_with("f: line 2: "));
        assert!(
            error("[[route]]\nnode='a'\nto='::/0'\nencap={mode='push',segs=[]}")
                .contains("line 13: unknown variant `push`")
        );
        assert!(
            error("[[route]]\nnode='a'\nto='::/0'\nencap={segs=['x']}").starts_with("f: line 13: invalid IPv6 address")
        );
        assert!(error("[[sid]]\nnode='a'\nsid='::1'\naction='End'\nnh8='::'").contains("line 14: unknown field `nh8`"));
        assert!(whole("name='t'\n[[node]]\nname='a'\nsysctl={x=true}").contains("line 4: "));
        assert!(
            whole("name='t'\n[[node]]\nname='a'\nhmac=[{id=1,algorithm='md5',secret='x'}]")
                .contains("unknown variant `md5`")
        );
        assert!(error("[[sid]]\nnode='a'\nsid='::1'\naction='End'\ntable=[]").ends_with("a table number or name"));
        assert!(
            whole("name = 't'\n[[node]]\nname = 'a'\nsysctl = { \"net.x\" = [] }").ends_with("a number or a string")
        );
    }

    #[test]
    fn names_have_to_fit_the_kernel() {
        for (text, said) in [
            ("name = ''", "f: topology: name = \"\": 1 to 32 of letters, digits, _ and - expected"),
            ("name = '../x'", "f: topology: name = \"../x\": 1 to 32 of letters, digits, _ and - expected"),
            ("name = '-x'", "f: topology: name = \"-x\": 1 to 32 of letters, digits, _ and - expected"),
            ("name = 't'\ndescription = \"a\\nb\"", "f: topology: description = a\\nb: one line expected"),
            ("name = 't'", "f: no [[node]]"),
            ("name='t'\n[[node]]\nname='a-b'", "f: node: name = \"a-b\": 1 to 32 of letters, digits and _ expected"),
            ("name='t'\n[[node]]\nname='a'\n[[node]]\nname='a'", "f: topology: node a appears twice"),
        ] {
            assert_eq!(whole(text), said);
        }
    }

    #[test]
    fn node_errors() {
        for (more, said) in [
            ("sysctl = { \"kernel.x\" = 1 }", "node n: sysctl = kernel.x: a key below net. expected"),
            (
                "sysctl = { \"net/ipv6\" = 1 }",
                "node n: sysctl = \"net/ipv6\": 1 to 128 of letters, digits, _, - and . expected",
            ),
            ("sysctl = { \"net..x\" = 1 }", "node n: sysctl = net..x: a key below net. expected"),
            ("sysctl = { \"net.x\" = \"1\\n2\" }", "node n: sysctl = 1\\n2: one line expected"),
            ("addresses = ['::1/129']", "node n: addresses = ::1/129: an address with prefix length expected"),
            ("hmac = [{ id = 0, algorithm = 'sha1', secret = 's' }]", "node n: hmac.id = 0: a number above 0 expected"),
            (
                "hmac = [{ id = 1, algorithm = 'sha1', secret = '' }]",
                "node n: hmac.secret = : 1 to 64 bytes on one line expected",
            ),
            (
                "hmac = [{ id = 1, algorithm = 'sha1', secret = 's' }, { id = 1, algorithm = 'sha256', secret = 's' }]",
                "node n: hmac key 1 appears twice",
            ),
        ] {
            assert_eq!(whole(&format!("name='t'\n[[node]]\nname='n'\n{more}")), format!("f: {said}"));
        }
    }

    #[test]
    fn link_errors() {
        for (more, said) in [
            ("a={node='a',interface='x'}\nb={node='c',interface='y'}", "link x - y: there is no node \"c\""),
            (
                "a={node='a',interface='toolonganinterface'}\nb={node='b',interface='y'}",
                "link toolonganinterface - y: interface = \"toolonganinterface\": 1 to 15 of letters, digits and _ expected",
            ),
            (
                "a={node='a',interface='lo'}\nb={node='b',interface='y'}",
                "link lo - y: interface = lo: a name of its own expected",
            ),
            ("a={node='a',interface='ab'}\nb={node='b',interface='y'}", "node a: ab appears twice"),
            ("a={node='a',interface='x'}\nb={node='a',interface='x'}", "node a: x appears twice"),
            (
                "mtu=1000\na={node='a',interface='x'}\nb={node='b',interface='y'}",
                "link x - y: mtu = 1000: 1280 to 65535 expected",
            ),
            (
                "a={node='a',interface='x',mac='01:00:00:00:00:01'}\nb={node='b',interface='y'}",
                "link x - y: mac = 01:00:00:00:00:01: a unicast address like 02:00:00:00:00:01 expected",
            ),
            (
                "a={node='a',interface='x',mac='2:0:0:0:0:1'}\nb={node='b',interface='y'}",
                "link x - y: mac = 2:0:0:0:0:1: a unicast address like 02:00:00:00:00:01 expected",
            ),
            (
                "a={node='a',interface='x',addresses=['y']}\nb={node='b',interface='y'}",
                "link x - y: addresses = y: an address with prefix length expected",
            ),
        ] {
            assert_eq!(error(&format!("[[link]]\n{more}")), format!("f: {said}"));
        }
    }

    #[test]
    fn route_errors() {
        for (more, said) in [
            ("node='c'\nto='::/0'\ndev='ab'", "route to ::/0 on c: there is no node \"c\""),
            ("node='a'\nto='x'\ndev='ab'", "route to x on a: to = x: an address or prefix expected"),
            ("node='a'\nto='::/0'\nvia='x'", "route to ::/0 on a: via = x: an address expected"),
            (
                "node='a'\nto='::/0'\nvia='10.0.0.1'",
                "route to ::/0 on a: via = 10.0.0.1: an address of the same family as the destination expected",
            ),
            ("node='a'\nto='::/0'", "route to ::/0 on a: a route needs via or dev"),
            ("node='a'\nto='::/0'\ndev='ba'", "route to ::/0 on a: dev = \"ba\": a has no such interface"),
            (
                "node='a'\nto='::/0'\ndev='ab'\nencap={segs=[]}",
                "route to ::/0 on a: segs = 0 segments: 1 to 127 expected",
            ),
            (
                "node='a'\nto='::/0'\ndev='ab'\nencap={segs=['::1'],hmac=8}",
                "route to ::/0 on a: hmac = 8: a has no key with that id",
            ),
            ("node='a'\nto='::/0'\nvia='::1'\nencap={segs=['::1']}", "route to ::/0 on a: encap needs dev"),
            (
                "node='a'\nto='10.0.0.0/8'\ndev='ab'\nencap={mode='inline',segs=['::1']}",
                "route to 10.0.0.0/8 on a: encap.mode = inline: an IPv6 destination, or another mode, expected",
            ),
            (
                "node='a'\nto='::/0'\ndev='ab'\ntable='blue'",
                "route to ::/0 on a: table = blue: a number, \"main\", \"local\" or \"default\" expected",
            ),
            ("node='a'\nto='::/0'\ndev='ab'\ntable=0", "route to ::/0 on a: table = 0: a number above 0 expected"),
        ] {
            assert_eq!(error(&format!("[[route]]\n{more}")), format!("f: {said}"));
        }
        assert!(
            Topology::parse(
                "f",
                &format!("{TWO}[[route]]\nnode='a'\nto='::/0'\ndev='ab'\nencap={{segs=['::1'],hmac=7}}")
            )
            .is_ok()
        );
    }

    #[test]
    fn names_in_errors_cannot_command_the_terminal() {
        let text = error("[[route]]\nnode=\"\\u001b[2J\"\nto='::/0'\ndev='ab'");
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }
}
