//! Topology → the steps that build it on a kernel, in order, each of them a
//! line that people can paste into a root shell.

use std::fmt;

use crate::topology::{
    Behavior, Encap, EncapMode, Flavors, HmacAlgorithm, HmacKey, Link, LinkEnd, LocalSid, Lookup, Mac, Node, Route,
    SegmentList, Table, Topology,
};

/// One step. Its text is the equivalent shell command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What the step is for, for error messages: `node n1`, `link v12 - v21`.
    pub place: String,
    /// What is done.
    pub action: Action,
}

/// What a [`Step`] does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// `ip` with these arguments.
    Ip(Vec<String>),
    /// `ip` with these arguments and this line on standard input, away from
    /// the terminal.
    IpAsking(Vec<String>, String),
    /// A file below `/proc/sys` as a network namespace sees it.
    Sysctl {
        /// The namespace's name for `ip netns`.
        namespace: String,
        /// The key, with dots.
        key: String,
        /// The new value.
        value: String,
    },
}

impl Step {
    /// `ip sr …` (tunsrc, HMAC keys): the kernel allows it only to the root of
    /// the machine, not to that of a user namespace.
    pub(super) fn is_for_real_root(&self) -> bool {
        match &self.action {
            Action::Ip(args) | Action::IpAsking(args, _) => args.iter().any(|arg| arg == "sr"),
            Action::Sysctl { .. } => false,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.action {
            Action::Ip(args) => write!(f, "ip {}", args.join(" ")),
            Action::IpAsking(args, input) => {
                write!(f, "printf '%s\\n' '{}' | setsid ip {}", input.replace('\'', r"'\''"), args.join(" "))
            }
            Action::Sysctl { namespace, key, value } => {
                // One quoting rule for all values: harmless ones stay bare.
                let plain = value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':'));
                let value = if plain { value.clone() } else { format!("'{}'", value.replace('\'', r"'\''")) };
                write!(f, "ip netns exec {namespace} sysctl -qw {key}={value}")
            }
        }
    }
}

/// The namespace that stands for a node: `PREFIXnode`.
pub fn namespace(prefix: &str, node: &str) -> String {
    format!("{prefix}{node}")
}

/// Interface indexes are unique in a lab. That spares readers of `v12@if102` a
/// guess, and a second of waiting: where both ends of a veth pair have the same
/// index, Linux does not see that their news is urgent. Devices that some
/// kernels put into every new namespace (`sit0`) have small indexes.
const FIRST_INDEX: usize = 101;

/// All steps, for namespaces whose names start with `prefix`.
pub fn plan(topology: &Topology, prefix: &str) -> Vec<Step> {
    let mut plan = Plan { prefix, steps: Vec::new() };
    for node in &topology.nodes {
        plan.node(node);
    }
    for (number, link) in topology.links.iter().enumerate() {
        plan.link(link, FIRST_INDEX + 2 * number);
    }
    for node in &topology.nodes {
        plan.interfaces(topology, node);
    }
    // Only now: a route's next hop may be anywhere.
    for node in &topology.nodes {
        plan.routing(node);
    }
    plan.steps
}

struct Plan<'a> {
    prefix: &'a str,
    steps: Vec<Step>,
}

impl Plan<'_> {
    fn push(&mut self, place: &str, action: Action) {
        self.steps.push(Step { place: place.to_string(), action });
    }

    /// `ip -n NAMESPACE …`; the words are split at blanks.
    fn ip(&mut self, place: &str, node: &str, words: &str) {
        let namespace = namespace(self.prefix, node);
        let args = ["-n", &namespace].into_iter().chain(words.split_whitespace());
        self.push(place, Action::Ip(args.map(str::to_string).collect()));
    }

    fn sysctl(&mut self, place: &str, node: &str, key: &str, value: &str) {
        let namespace = namespace(self.prefix, node);
        self.push(place, Action::Sysctl { namespace, key: key.to_string(), value: value.to_string() });
    }

    /// The namespace, and everything that must be set before interfaces appear
    /// in it.
    fn node(&mut self, node: &Node) {
        let place = format!("node {}", node.name);
        let namespace = namespace(self.prefix, &node.name);
        self.push(&place, Action::Ip(vec!["netns".into(), "add".into(), namespace]));
        self.sysctl(&place, &node.name, "net.ipv6.conf.default.accept_dad", "0");
        for conf in ["all", "default", "lo"] {
            let key = format!("net.ipv6.conf.{conf}.seg6_enabled");
            self.sysctl(&place, &node.name, &key, if node.seg6 { "1" } else { "0" });
        }
        if node.forwarding {
            self.sysctl(&place, &node.name, "net.ipv6.conf.all.forwarding", "1");
            self.sysctl(&place, &node.name, "net.ipv4.ip_forward", "1");
        }
        for (key, value) in node.sysctls.iter().filter(|(key, _)| key.contains(".default.")) {
            self.sysctl(&place, &node.name, key, value);
        }
        self.ip(&place, &node.name, "link set lo up");
    }

    fn link(&mut self, link: &Link, index: usize) {
        let Link { a, b, mtu } = link;
        let place = format!("link {} - {}", a.interface, b.interface);
        let mac = |end: &LinkEnd| end.mac.map_or(String::new(), |mac| format!("address {}", mac_text(mac)));
        let words = format!(
            "link add {} index {index} mtu {mtu} {} type veth peer name {} index {} mtu {mtu} {} netns {}",
            a.interface,
            mac(a),
            b.interface,
            index + 1,
            mac(b),
            namespace(self.prefix, &b.node)
        );
        self.ip(&place, &a.node, &words);
    }

    fn interfaces(&mut self, topology: &Topology, node: &Node) {
        let place = format!("node {}", node.name);
        for address in &node.addresses {
            self.ip(&place, &node.name, &format!("addr add {address} dev lo"));
        }
        for end in topology.interfaces(&node.name) {
            for address in &end.addresses {
                let nodad = if address.address.is_ipv6() { "nodad" } else { "" };
                self.ip(&place, &node.name, &format!("addr add {address} dev {} {nodad}", end.interface));
            }
            let key = format!("net.ipv6.conf.{}.seg6_enabled", end.interface);
            self.sysctl(&place, &node.name, &key, if node.seg6 { "1" } else { "0" });
        }
        for (key, value) in node.sysctls.iter().filter(|(key, _)| !key.contains(".default.")) {
            self.sysctl(&place, &node.name, key, value);
        }
        for end in topology.interfaces(&node.name) {
            self.ip(&place, &node.name, &format!("link set {} up", end.interface));
        }
    }

    fn routing(&mut self, node: &Node) {
        let place = format!("node {}", node.name);
        if let Some(source) = node.tunsrc {
            self.ip(&place, &node.name, &format!("sr tunsrc set {source}"));
        }
        for HmacKey { id, algorithm, secret } in &node.hmac_keys {
            let algorithm = match algorithm {
                HmacAlgorithm::Sha1 => "sha1",
                HmacAlgorithm::Sha256 => "sha256",
            };
            let words = format!("-n {} sr hmac set {id} {algorithm}", namespace(self.prefix, &node.name));
            let args = words.split(' ').map(str::to_string).collect();
            self.push(&place, Action::IpAsking(args, secret.clone()));
        }
        for route in &node.routes {
            let place = format!("route to {} on {}", route.to, node.name);
            self.ip(&place, &node.name, &route_words(route));
        }
        for sid in &node.sids {
            let place = format!("sid {} on {}", sid.sid, node.name);
            self.ip(&place, &node.name, &sid_words(sid));
        }
    }
}

/// `02:00:00:00:00:12`.
fn mac_text(Mac(bytes): Mac) -> String {
    bytes.map(|byte| format!("{byte:02x}")).join(":")
}

fn route_words(route: &Route) -> String {
    let mut words = format!("{} route add {}", if route.to.address.is_ipv6() { "-6" } else { "-4" }, route.to);
    if let Some(Encap { mode, path }) = &route.encap {
        words += &format!(" encap seg6 mode {} {}", mode_word(*mode), path_words(path));
    }
    if let Some(via) = route.via {
        words += &format!(" via {via}");
    }
    if let Some(dev) = &route.dev {
        words += &format!(" dev {dev}");
    }
    words += &table_words(route.table);
    if let Some(metric) = route.metric {
        words += &format!(" metric {metric}");
    }
    words
}

fn mode_word(mode: EncapMode) -> &'static str {
    match mode {
        EncapMode::Encap => "encap",
        EncapMode::Inline => "inline",
        EncapMode::EncapRed => "encap.red",
        EncapMode::L2Encap => "l2encap",
        EncapMode::L2EncapRed => "l2encap.red",
    }
}

fn path_words(path: &SegmentList) -> String {
    let segs: Vec<_> = path.segs.iter().map(ToString::to_string).collect();
    let hmac = path.hmac.map_or(String::new(), |id| format!(" hmac {id}"));
    format!("segs {}{hmac}", segs.join(","))
}

/// Main is where `ip` puts routes anyway.
fn table_words(table: Table) -> String {
    if table == Table::MAIN { String::new() } else { format!(" table {}", table.0) }
}

fn sid_words(sid: &LocalSid) -> String {
    let count = if sid.count { " count" } else { "" };
    let behavior = behavior_words(&sid.behavior);
    let flavors = flavor_words(&sid.flavors);
    let table = table_words(sid.table);
    format!("-6 route add {} encap seg6local action {behavior}{flavors}{count} dev {}{table}", sid.sid, sid.dev)
}

fn behavior_words(behavior: &Behavior) -> String {
    match behavior {
        Behavior::End => "End".into(),
        Behavior::EndX { nh6 } => format!("End.X nh6 {nh6}"),
        Behavior::EndT { lookup } => format!("End.T table {}", lookup.0),
        Behavior::EndDx2 { oif } => format!("End.DX2 oif {oif}"),
        Behavior::EndDx6 { nh6 } => format!("End.DX6 nh6 {nh6}"),
        Behavior::EndDx4 { nh4 } => format!("End.DX4 nh4 {nh4}"),
        Behavior::EndDt6(Lookup::Table(table)) => format!("End.DT6 table {}", table.0),
        Behavior::EndDt6(Lookup::Vrf(vrf)) => format!("End.DT6 vrftable {}", vrf.0),
        Behavior::EndDt4 { vrf } => format!("End.DT4 vrftable {}", vrf.0),
        Behavior::EndDt46 { vrf } => format!("End.DT46 vrftable {}", vrf.0),
        Behavior::EndB6 { path, reduced: false } => format!("End.B6 srh {}", path_words(path)),
        Behavior::EndB6Encaps { path, reduced: false } => format!("End.B6.Encaps srh {}", path_words(path)),
        // What Linux lacks, `ip` will not take; a lab is refused before.
        lacking => lacking.name().to_string(),
    }
}

fn flavor_words(flavors: &Flavors) -> String {
    let names: Vec<&str> = [
        (flavors.psp, "psp"),
        (flavors.usp, "usp"),
        (flavors.usd, "usd"),
        (flavors.next().is_some(), "next-csid"),
        (flavors.replace().is_some(), "replace-csid"),
    ]
    .into_iter()
    .filter_map(|(set, name)| set.then_some(name))
    .collect();
    let layout = flavors.next().map_or(String::new(), |l| format!(" lblen {} nflen {}", l.block, l.csid));
    if names.is_empty() { String::new() } else { format!(" flavors {}{layout}", names.join(",")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The commands for what follows two linked nodes `a` and `b`.
    fn commands(more: &str) -> Vec<String> {
        let text = format!(
            "name = 't'\n[[node]]\nname = 'a'\nhmac = [{{ id = 42, algorithm = 'sha256', secret = \"it's\" }}]\n\
             tunsrc = 'fc00::a'\n[[node]]\nname = 'b'\nseg6 = false\n\
             sysctl = {{ \"net.ipv4.ping_group_range\" = \"0 1\", \"net.ipv6.conf.default.hop_limit\" = 9 }}\n\
             [[link]]\na = {{ node = 'a', interface = 'ab' }}\nb = {{ node = 'b', interface = 'ba' }}\n{more}\n"
        );
        plan(&text.parse().unwrap(), "x-").iter().map(ToString::to_string).collect()
    }

    fn last(more: &str) -> String {
        commands(more).pop().unwrap()
    }

    #[test]
    fn routes_are_what_ip_takes() {
        let route = |more: &str| last(&format!("[[route]]\nnode = 'a'\n{more}"));
        assert_eq!(route("to = '2001:db9::/64'\nvia = '::1'"), "ip -n x-a -6 route add 2001:db9::/64 via ::1");
        assert_eq!(
            route("to = '10.0.0.0/8'\ndev = 'ab'\ntable = 100\nmetric = 5"),
            "ip -n x-a -4 route add 10.0.0.0/8 dev ab table 100 metric 5"
        );
        assert_eq!(
            route(
                "to = 'fc00::9'\nvia = '::1'\ndev = 'ab'\nencap = { mode = 'encap.red', segs = ['fc00::1', 'fc00::2'], hmac = 42 }"
            ),
            "ip -n x-a -6 route add fc00::9/128 encap seg6 mode encap.red segs fc00::1,fc00::2 hmac 42 via ::1 dev ab"
        );
        for mode in ["encap", "inline", "l2encap", "l2encap.red"] {
            let line = route(&format!("to = '::/0'\ndev = 'ab'\nencap = {{ mode = '{mode}', segs = ['::1'] }}"));
            assert_eq!(line, format!("ip -n x-a -6 route add ::/0 encap seg6 mode {mode} segs ::1 dev ab"));
        }
    }

    #[test]
    fn sids_are_what_ip_takes() {
        for (more, words) in [
            ("action = 'End'", "End"),
            ("action = 'End'\nflavors = ['psp']\ncount = true", "End flavors psp count"),
            ("action = 'End'\nflavors = ['next-csid', 'psp']", "End flavors psp,next-csid lblen 32 nflen 16"),
            ("action = 'End.T'\nlookup = 100\nflavors = ['psp']", "End.T table 100 flavors psp"),
            (
                "action = 'End.DX2'\noif = 'ab'\nflavors = ['next-csid']",
                "End.DX2 oif ab flavors next-csid lblen 32 nflen 16",
            ),
            ("action = 'End.X'\nnh6 = 'fe80::1'", "End.X nh6 fe80::1"),
            ("action = 'End.T'\nlookup = 100", "End.T table 100"),
            ("action = 'End.DX2'\noif = 'ab'", "End.DX2 oif ab"),
            ("action = 'End.DX6'\nnh6 = '::'", "End.DX6 nh6 ::"),
            ("action = 'End.DX4'\nnh4 = '10.0.0.1'", "End.DX4 nh4 10.0.0.1"),
            ("action = 'End.DT6'\nlookup = 'local'", "End.DT6 table 255"),
            ("action = 'End.DT6'\nvrf = 10", "End.DT6 vrftable 10"),
            ("action = 'End.DT4'\nvrf = 10", "End.DT4 vrftable 10"),
            ("action = 'End.DT46'\nvrf = 10", "End.DT46 vrftable 10"),
            ("action = 'End.B6'\nsrh = { segs = ['fc00::1'] }", "End.B6 srh segs fc00::1"),
            (
                "action = 'End.B6.Encaps'\nsrh = { segs = ['fc00::1'], hmac = 42 }",
                "End.B6.Encaps srh segs fc00::1 hmac 42",
            ),
        ] {
            let line = last(&format!("[[sid]]\nnode = 'a'\nsid = 'fc00::e'\n{more}"));
            assert_eq!(line, format!("ip -n x-a -6 route add fc00::e/128 encap seg6local action {words} dev ab"));
        }
        let line = last("[[sid]]\nnode = 'a'\nsid = 'fc00:1::/48'\naction = 'End'\ntable = 7");
        assert!(line.ends_with("add fc00:1::/48 encap seg6local action End dev ab table 7"), "{line}");
    }

    #[test]
    fn settings_come_in_the_order_the_kernel_needs() {
        let all = commands("");
        let at = |part: &str| all.iter().position(|line| line.contains(part)).unwrap_or_else(|| panic!("{part}"));
        assert!(at("default.hop_limit=9") < at("link add ab"), "defaults shape the interfaces made later");
        assert!(at("link add ab") < at("ab.seg6_enabled=1"));
        assert!(at("ba.seg6_enabled=0") > 0 && at("x-b sysctl -qw net.ipv6.conf.all.seg6_enabled=0") > 0);
        assert!(at("net.ipv4.ping_group_range='0 1'") < at("link set ba up"));
        assert!(all.contains(&"printf '%s\\n' 'it'\\''s' | setsid ip -n x-a sr hmac set 42 sha256".to_string()));
        assert!(all.contains(&"ip -n x-a sr tunsrc set fc00::a".to_string()));
    }
}
