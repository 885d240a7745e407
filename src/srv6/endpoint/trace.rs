//! The decision, step by step, for those who want to know why.

use std::net::{IpAddr, Ipv6Addr};

use super::fib::Table;
use super::model::{Flavors, Interface};

/// Where the steps of a decision go.
pub trait Trace {
    /// Takes the next step.
    fn step(&mut self, step: Step);
}

/// Nobody asks: costs nothing.
impl Trace for () {
    fn step(&mut self, _: Step) {}
}

/// All steps, in order.
impl Trace for Vec<Step> {
    fn step(&mut self, step: Step) {
        self.push(step);
    }
}

/// One step of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // every field is explained by the sentence it is in
pub enum Step {
    /// It came by an interface, or was made here.
    Received { interface: Option<Interface>, source: IpAddr, destination: IpAddr, hop_limit: u8 },
    /// A table had a route for the destination.
    Matched { table: Table, prefix: IpAddr, len: u8, to: Matched },
    /// No table has one.
    NoRoute { destination: IpAddr },
    /// It goes to a neighbour whatever the destination.
    Neighbour { address: IpAddr },
    /// The behaviour that the SID is bound to.
    Behavior { name: &'static str, flavors: Flavors },
    /// The Routing header that counts.
    Srh { offset: usize, segments_left: u8, last_entry: u8 },
    /// An SRH without segments left, passed over.
    PassedOver { offset: usize },
    /// Segments Left was changed.
    SegmentsLeft { from: u8, to: u8 },
    /// The destination was changed.
    Destination { from: Ipv6Addr, to: Ipv6Addr },
    /// The hop limit or TTL was decremented.
    HopLimit { from: u8, to: u8 },
    /// An SRH was removed.
    Removed { bytes: usize, flavor: &'static str },
    /// The outer headers were removed.
    Decapsulated { bytes: usize, protocol: u8 },
    /// Outer headers were pushed.
    Encapsulated { name: &'static str, source: Ipv6Addr, destination: Ipv6Addr, segments: usize, bytes: usize },
    /// An SRH was inserted.
    Inserted { name: &'static str, destination: Ipv6Addr, segments: usize, bytes: usize },
    /// MPLS labels were pushed.
    Labelled { labels: usize },
    /// A key verified the HMAC TLV.
    HmacGood { key: u32 },
    /// A copy goes to the node's OAM process (O-flag).
    OamCopy,
    /// A rule that applied.
    Rule { text: &'static str, section: &'static str },
}

/// What a route led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // a route's parts
pub enum Matched {
    /// The node itself.
    Local,
    /// A SID of the node.
    Sid,
    /// A way out.
    Forward { interface: Interface, via: Option<IpAddr> },
    /// A segment list.
    Encap { mode: &'static str },
}

impl Step {
    /// The step as a clause; `name` knows what interfaces are called.
    pub fn text(&self, name: &dyn Fn(Interface) -> String) -> String {
        match *self {
            Self::Received { interface, source, destination, hop_limit } => {
                let from = interface.map_or("made here".into(), |i| format!("arrived by {}", name(i)));
                format!("{from}: {source} → {destination}, hop limit {hop_limit}")
            }
            Self::Matched { table, prefix, len, to } => {
                let to = match to {
                    Matched::Local => "the node itself".into(),
                    Matched::Sid => "a SID of the node".into(),
                    Matched::Forward { interface, via: Some(via) } => format!("{via} by {}", name(interface)),
                    Matched::Forward { interface, via: None } => format!("on the link of {}", name(interface)),
                    Matched::Encap { mode } => format!("a segment list ({mode})"),
                };
                format!("the longest match is {prefix}/{len} in table {table}: {to}")
            }
            Self::NoRoute { destination } => format!("no route to {destination}"),
            Self::Neighbour { address } => format!("to the neighbour {address}, whatever the destination"),
            Self::Behavior { name, flavors } => match flavors.to_string() {
                none if none.is_empty() => format!("the SID's behaviour is {name}"),
                flavors => format!("the SID's behaviour is {name} with {flavors}"),
            },
            Self::Srh { offset, segments_left, last_entry } => {
                format!("SRH at offset {offset}: Segments Left {segments_left}, Last Entry {last_entry}")
            }
            Self::PassedOver { offset } => format!("SRH at offset {offset} has no segments left: passed over"),
            Self::SegmentsLeft { from, to } => format!("Segments Left {from} → {to}"),
            Self::Destination { from, to } => format!("destination {from} → {to}"),
            Self::HopLimit { from, to } => format!("hop limit {from} → {to}"),
            Self::Removed { bytes, flavor } => format!("SRH removed, {bytes} bytes ({flavor})"),
            Self::Decapsulated { bytes, protocol } => {
                let inner = match protocol {
                    4 => "IPv4",
                    41 => "IPv6",
                    143 => "Ethernet",
                    _ => "payload",
                };
                format!("outer headers removed, {bytes} bytes; {inner} inside")
            }
            Self::Encapsulated { name, source, destination, segments, bytes } => {
                let srh = match segments {
                    0 => "no SRH".to_string(),
                    1 => "an SRH of 1 segment".into(),
                    n => format!("an SRH of {n} segments"),
                };
                format!("{name}: encapsulated {source} → {destination} with {srh}, {bytes} bytes")
            }
            Self::Inserted { name, destination, segments, bytes } => {
                format!("{name}: SRH of {segments} segments inserted, {bytes} bytes; destination {destination}")
            }
            Self::Labelled { labels } => format!("{labels} MPLS labels pushed"),
            Self::HmacGood { key } => format!("the HMAC fits key {key}"),
            Self::OamCopy => "O-flag: a copy goes to the OAM process (RFC 9259 §2.1.1)".into(),
            Self::Rule { text, section } => format!("{text} ({section})"),
        }
    }

    /// Whether the step changed the packet.
    pub fn is_change(&self) -> bool {
        matches!(
            self,
            Self::SegmentsLeft { .. }
                | Self::Destination { .. }
                | Self::HopLimit { .. }
                | Self::Removed { .. }
                | Self::Decapsulated { .. }
                | Self::Encapsulated { .. }
                | Self::Inserted { .. }
                | Self::Labelled { .. }
        )
    }
}
