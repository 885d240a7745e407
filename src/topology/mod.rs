//! Networks of SRv6 nodes, as types; the text form is one TOML file.
//!
//! Everything is typed: a route knows its segment list, a SID its behaviour
//! and parameters. Those who build it on a kernel and those who merely reason
//! about it work from the same values.
//!
//! # The file format
//!
//! Every key there is; no others are accepted. `name` is the only one a file
//! must have. Order matters nowhere but in lists of segments.
//!
//! ```toml
//! name = "example"                 # [A-Za-z0-9_-], names the lab
//! description = "what it shows"    # one line, for `sr6 lab list`
//!
//! [[node]]
//! name = "n1"                      # [A-Za-z0-9_]
//! seg6 = true                      # default true: seg6_enabled=1 on all, default and every interface
//! forwarding = true                # default false: a router, for IPv6 and IPv4
//! addresses = ["fc00:1::1/128"]    # on lo
//! tunsrc = "fc00:1::1"             # source address of what `encap` makes (real root only)
//! sysctl = { "net.ipv6.seg6_flowlabel" = 1 }    # any below net.; `default.*` is set before interfaces exist
//! hmac = [{ id = 42, algorithm = "sha256", secret = "not really" }]    # sha1 or sha256; real root only
//!
//! [[node]]
//! name = "n2"
//!
//! [[link]]                         # a veth pair between two nodes
//! mtu = 1500                       # default 1500
//! a = { node = "n1", interface = "v12", addresses = ["2001:db8::1/64"], mac = "02:00:00:00:00:12" }
//! b = { node = "n2", interface = "v21" }        # addresses and mac may be left out
//!
//! [[route]]
//! node = "n1"
//! to = "2001:db9::/64"             # a prefix, or one address
//! via = "2001:db8::2"              # via, dev or both; with encap, dev
//! dev = "v12"
//! table = 100                      # number, "main" (default), "local" or "default"
//! metric = 10
//! encap = { mode = "encap", segs = ["2001:db8::2"], hmac = 42 }
//! #         mode: encap (default), inline, encap.red, l2encap, l2encap.red
//! #         segs: in the order they are travelled; hmac: the id of a key, may be left out
//!
//! [[sid]]                          # a seg6local SID
//! node = "n1"
//! sid = "fc00:1::e"                # an address, or a prefix for next-csid
//! action = "End"
//! flavors = ["psp", "next-csid"]   # psp, usp, usd, next-csid, replace-csid; see below
//! csid = { block = 32, function = 16 }          # bits, with next-csid or replace-csid; 32 and 16 by default
//! count = true                     # default false: per-SID counters
//! dev = "v12"                      # any interface of the node, default its first
//! table = "main"                   # the table the SID itself is in
//! ```
//!
//! The actions and what each needs beside the keys above:
//!
//! | `action` | needs |
//! |---|---|
//! | `End` | |
//! | `End.X`, `End.DX6` | `nh6 = "ADDRESS"` |
//! | `End.DX4` | `nh4 = "ADDRESS"` |
//! | `End.DX2` | `oif = "INTERFACE"` |
//! | `End.T` | `lookup = TABLE` |
//! | `End.DT6` | `lookup = TABLE`, or `vrf = TABLE` |
//! | `End.DT4`, `End.DT46` | `vrf = TABLE` |
//! | `End.B6` (or `End.B6.Insert`), `End.B6.Encaps` | `srh = { segs = [...], hmac = ID }` |
//!
//! These can be simulated, but Linux does not have them:
//!
//! | `action` | needs |
//! |---|---|
//! | `End.B6.Insert.Red`, `End.B6.Encaps.Red` | `srh = { segs = [...], hmac = ID }` |
//! | `End.BM` | `labels = [NUMBER, ...]`, `oif = "INTERFACE"` |
//! | `End.DT2U` | `bridge = ["INTERFACE", ...]`; may have `macs = { "02:00:00:00:00:01" = "INTERFACE" }` |
//! | `End.AS` | `oif = "TO THE SERVICE"`, `iif = "FROM IT"`, `srh = { segs = [...] }` |
//! | `End.AD`, `End.AM` | `oif = "TO THE SERVICE"`, `iif = "FROM IT"` |
//!
//! Flavors, as they are registered (IANA "SRv6 Endpoint Behaviors"), and what
//! Linux makes of them:
//!
//! | flavor | of | on Linux |
//! |---|---|---|
//! | `psp` | End, End.X, End.T | End has it; End.X is refused; End.T takes and ignores it |
//! | `usp`, `usd` | End, End.X, End.T | refused; End.T takes and ignores them |
//! | `next-csid` | every action but End.B6.Insert | End, End.X have it; others take and ignore it |
//! | `next-csid` with `psp` and `usd` | End.B6.Insert.Red, End.B6.Encaps.Red | no such action |
//! | `replace-csid` | every action but End.B6.Insert and End.B6.Insert.Red | refused |
//!
//! Addresses of a lab are usable at once: duplicate address detection is off.

use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::path::Path;
use std::str::FromStr;

mod parse;
mod parse_sid;
mod prefix;
mod raw;

/// A behaviour whose interfaces are named as in the file.
pub type Behavior = crate::srv6::endpoint::Behavior<String>;

pub use crate::srv6::endpoint::{Bridge, Encap, EncapMode, Flavors, Lookup, Proxy, SegmentList, Table};
pub use parse::{Problem, TopologyError};
pub use prefix::Prefix;

/// The topologies that come with the tool: name and text.
pub const BUILT_IN: [(&str, &str); 1] = [("line3", include_str!("line3.toml"))];

/// A network: checked, so that every name it mentions exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topology {
    /// What the lab is called.
    pub name: String,
    /// One line about it, possibly empty.
    pub description: String,
    /// The nodes, in the file's order.
    pub nodes: Vec<Node>,
    /// The veth pairs between them.
    pub links: Vec<Link>,
}

/// One node: a network namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its name, `[A-Za-z0-9_]+`.
    pub name: String,
    /// Process SRHs addressed to it (`seg6_enabled` on everything)?
    pub seg6: bool,
    /// Forward packets, IPv6 and IPv4?
    pub forwarding: bool,
    /// Addresses of `lo`.
    pub addresses: Vec<Prefix>,
    /// Source address of encapsulated packets.
    pub tunsrc: Option<Ipv6Addr>,
    /// Further settings: key with dots, value as text.
    pub sysctls: Vec<(String, String)>,
    /// Keys for the HMAC TLV.
    pub hmac_keys: Vec<HmacKey>,
    /// Its routes.
    pub routes: Vec<Route>,
    /// Its seg6local SIDs.
    pub sids: Vec<LocalSid>,
}

/// A veth pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The largest IP packet in bytes, on both ends.
    pub mtu: u32,
    /// One end.
    pub a: LinkEnd,
    /// The other end.
    pub b: LinkEnd,
}

/// One end of a [`Link`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkEnd {
    /// The node it is on.
    pub node: String,
    /// Its name there.
    pub interface: String,
    /// Its MAC address; the kernel picks one if `None`.
    pub mac: Option<Mac>,
    /// Its addresses.
    pub addresses: Vec<Prefix>,
}

/// An Ethernet address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mac(pub [u8; 6]);

/// A key for the HMAC TLV (RFC 8754 §2.1.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HmacKey {
    /// The HMAC Key ID, never 0.
    pub id: u32,
    /// The hash.
    pub algorithm: HmacAlgorithm,
    /// The secret, 1 to 64 bytes.
    pub secret: String,
}

/// The hashes Linux knows for the HMAC TLV.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HmacAlgorithm {
    /// HMAC-SHA-1.
    Sha1,
    /// HMAC-SHA-256.
    Sha256,
}

/// A route of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The destinations it is for.
    pub to: Prefix,
    /// The next hop's address, of the same family as `to`.
    pub via: Option<IpAddr>,
    /// The interface it leaves by.
    pub dev: Option<String>,
    /// The table it is in.
    pub table: Table,
    /// Its priority: lower wins. The kernel's default if `None`.
    pub metric: Option<u32>,
    /// The segment list it puts packets on.
    pub encap: Option<Encap>,
}

/// A SID and what the node does with packets to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalSid {
    /// The SID, /128, or a shorter prefix where an argument follows.
    pub sid: Prefix,
    /// What happens.
    pub behavior: Behavior,
    /// And in which variant.
    pub flavors: Flavors,
    /// Count packets, bytes and errors?
    pub count: bool,
    /// The interface the kernel wants for it; any of the node will do.
    pub dev: String,
    /// The table the SID is in.
    pub table: Table,
}

impl Topology {
    /// A built-in topology.
    pub fn built_in(name: &str) -> Option<Self> {
        let text = built_in_text(name)?;
        Some(Self::parse(name, text).expect("the built-in topologies are tested"))
    }

    /// A built-in topology by name, or the user's own by path (see [`text`]).
    pub fn load(name_or_path: &str) -> Result<Self, TopologyError> {
        Self::parse(name_or_path, &text(name_or_path)?)
    }

    /// As [`load`](Self::load), with files read by `read`.
    pub fn load_by(name_or_path: &str, read: impl FnOnce(&Path) -> io::Result<String>) -> Result<Self, TopologyError> {
        Self::parse(name_or_path, &text_by(name_or_path, read)?)
    }

    /// Parses and checks a text; `file` is what errors call it.
    pub fn parse(file: &str, text: &str) -> Result<Self, TopologyError> {
        parse::parse(text).map_err(|problem| TopologyError { file: file.to_string(), problem })
    }

    /// The Ethernet address of an end (0 or 1) of the `number`th link: its own,
    /// or one that tells link and end where the kernel would pick one.
    pub fn mac(&self, number: usize, end: usize) -> Mac {
        let own = self.links.get(number).and_then(|link| if end == 0 { link.a.mac } else { link.b.mac });
        own.unwrap_or(Mac([0x02, 0, 0x5e, (number >> 8) as u8, number as u8, end as u8]))
    }

    /// Gives every interface without one an Ethernet address ([`mac`](Self::mac)),
    /// so that nothing is left to the kernel.
    pub fn fill_macs(&mut self) {
        for number in 0..self.links.len() {
            let (a, b) = (self.mac(number, 0), self.mac(number, 1));
            let link = &mut self.links[number];
            link.a.mac = Some(a);
            link.b.mac = Some(b);
        }
    }

    /// The node of that name.
    pub fn node(&self, name: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| node.name == name)
    }

    /// The link ends on a node, in the file's order.
    pub fn interfaces(&self, node: &str) -> impl Iterator<Item = &LinkEnd> {
        self.links.iter().flat_map(|link| [&link.a, &link.b]).filter(move |end| end.node == node)
    }

    /// What is at the other end of a node's interface.
    pub fn peer(&self, node: &str, interface: &str) -> Option<&LinkEnd> {
        let is = |end: &LinkEnd| end.node == node && end.interface == interface;
        self.links.iter().find_map(|link| match link {
            Link { a, b, .. } if is(a) => Some(b),
            Link { a, b, .. } if is(b) => Some(a),
            _ => None,
        })
    }
}

impl FromStr for Topology {
    type Err = TopologyError;

    fn from_str(text: &str) -> Result<Self, TopologyError> {
        Self::parse("topology", text)
    }
}

/// The text of a built-in topology, comments included.
pub fn built_in_text(name: &str) -> Option<&'static str> {
    BUILT_IN.iter().find(|(built_in, _)| *built_in == name).map(|(_, text)| *text)
}

/// The text of a built-in topology, or of a file. `line3` is always the
/// built-in one, `./line3` never.
pub fn text(name_or_path: &str) -> Result<String, TopologyError> {
    text_by(name_or_path, |path| std::fs::read_to_string(path))
}

fn text_by(name_or_path: &str, read: impl FnOnce(&Path) -> io::Result<String>) -> Result<String, TopologyError> {
    if let Some(text) = built_in_text(name_or_path) {
        return Ok(text.to_string());
    }
    read(Path::new(name_or_path)).map_err(|source| {
        let built_in = BUILT_IN.map(|(name, _)| name).join(", ");
        let problem = Problem::Unreadable { source, built_in };
        TopologyError { file: name_or_path.escape_debug().to_string(), problem }
    })
}
