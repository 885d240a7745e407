//! The topology file as it is written: keys and types, nothing checked yet.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use serde::Deserialize;

use super::{EncapMode, HmacAlgorithm, SegmentList};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Topology {
    pub name: String,
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub node: Vec<Node>,
    #[serde(default)]
    pub link: Vec<Link>,
    #[serde(default)]
    pub route: Vec<Route>,
    #[serde(default)]
    pub sid: Vec<Sid>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Node {
    pub name: String,
    #[serde(default = "yes")]
    pub seg6: bool,
    #[serde(default)]
    pub forwarding: bool,
    #[serde(default)]
    pub addresses: Vec<String>,
    pub tunsrc: Option<Ipv6Addr>,
    #[serde(default)]
    pub sysctl: BTreeMap<String, Setting>,
    #[serde(default)]
    pub hmac: Vec<HmacKey>,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "a number or a string")]
pub(super) enum Setting {
    Number(i64),
    Text(String),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HmacKey {
    pub id: u32,
    pub algorithm: HmacAlgorithm,
    pub secret: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Link {
    #[serde(default = "ethernet")]
    pub mtu: u32,
    pub a: LinkEnd,
    pub b: LinkEnd,
}

fn ethernet() -> u32 {
    1500
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LinkEnd {
    pub node: String,
    pub interface: String,
    pub mac: Option<String>,
    #[serde(default)]
    pub addresses: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Route {
    pub node: String,
    pub to: String,
    pub via: Option<String>,
    pub dev: Option<String>,
    pub table: Option<Table>,
    pub metric: Option<u32>,
    pub encap: Option<Encap>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Encap {
    #[serde(default)]
    pub mode: EncapMode,
    pub segs: Vec<Ipv6Addr>,
    pub hmac: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sid {
    pub node: String,
    pub sid: String,
    pub action: String,
    #[serde(default)]
    pub count: bool,
    pub dev: Option<String>,
    pub table: Option<Table>,
    pub flavors: Option<Vec<String>>,
    pub csid: Option<Csid>,
    pub nh6: Option<Ipv6Addr>,
    pub nh4: Option<Ipv4Addr>,
    pub oif: Option<String>,
    pub lookup: Option<Table>,
    pub vrf: Option<Table>,
    pub srh: Option<SegmentList>,
    pub labels: Option<Vec<u32>>,
    pub iif: Option<String>,
    pub bridge: Option<Vec<String>>,
    pub macs: Option<BTreeMap<String, String>>,
}

/// Lengths in bits.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Csid {
    pub block: u8,
    pub function: u8,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "a table number or name")]
pub(super) enum Table {
    Number(u32),
    Name(String),
}
