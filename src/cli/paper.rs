//! What `simulate` and `explain` share: a network on paper, and the packets
//! that go into it.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::capture::{Frame, Reader};
use crate::craft;
use crate::dissect::{Dissection, Packet};
use crate::notation;
use crate::simulate::{Given, Network, NodeId};
use crate::srv6::endpoint::{Interface, Profile};
use crate::topology::Topology;
use crate::wire::link_type::LinkType;

use super::Failure;

#[derive(Debug, Args)]
pub(super) struct PaperArguments {
    /// The network: a topology file, or a built-in one (line3)
    #[arg(short, long, value_name = "NET")]
    network: String,
    /// Whose rules the nodes follow
    #[arg(long, value_enum, default_value_t = Rules::Rfc)]
    profile: Rules,
}

/// A [`Profile`] by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Rules {
    /// RFC 8754, 8986 and 9800
    Rfc,
    /// Linux, as measured on 6.18
    Linux,
}

impl From<Rules> for Profile {
    fn from(rules: Rules) -> Self {
        match rules {
            Rules::Rfc => Self::Rfc,
            Rules::Linux => Self::Linux,
        }
    }
}

impl PaperArguments {
    pub(super) fn network(&self) -> Result<Network, Failure> {
        let topology = Topology::load(&self.network).map_err(Failure::input)?;
        Network::new(&topology)
            .map_err(|error| Failure::input(format_args!("{}: {error}", self.network.escape_debug())))
    }

    pub(super) fn profile(&self) -> Profile {
        self.profile.into()
    }
}

/// The node of a name.
pub(super) fn node(network: &Network, name: &str) -> Result<NodeId, Failure> {
    network.find(name).ok_or_else(|| {
        let known: Vec<_> = network.ids().map(|id| network.name(id)).collect();
        Failure::input(format_args!("there is no node {name:?}, only {}", known.join(", ")))
    })
}

/// The interface of a name on a node.
pub(super) fn interface(network: &Network, node: NodeId, name: &str) -> Result<Interface, Failure> {
    network.find_interface(node, name).ok_or_else(|| {
        let known: Vec<_> = network.node(node).interfaces.iter().map(|port| port.name.as_str()).collect();
        Failure::input(format_args!("{} has no interface {name:?}, only {}", network.name(node), known.join(", ")))
    })
}

/// Packets in notation, or those of a capture file; one of the two is there.
pub(super) fn packets(notations: &[String], file: Option<&PathBuf>) -> Result<Vec<Given>, Failure> {
    let mut all = Vec::new();
    for text in notations {
        let layers = notation::parse_with_files(text).map_err(Failure::input)?;
        let bytes = craft::build(&layers).map_err(Failure::input)?;
        let link = craft::link_type(&layers).unwrap_or(LinkType::RAW);
        let given = from_frame(&Frame::new(link, &bytes));
        all.push(given.ok_or_else(|| Failure::input("no IPv6 or IPv4 packet; begin with ip6, ip4 or eth/ip6"))?);
    }
    if let Some(path) = file {
        let mut reader = Reader::open(path).map_err(Failure::input)?;
        while let Some(frame) = reader.next_frame().map_err(Failure::input)? {
            // ARP and the like go nowhere.
            all.extend(from_frame(&frame));
        }
        if all.is_empty() {
            return Err(Failure::input(format_args!("{}: no IPv6 or IPv4 packet in it", path.display())));
        }
    }
    Ok(all)
}

/// The IP packet of a frame.
fn from_frame(frame: &Frame<'_>) -> Option<Given> {
    let dissection = Dissection::of(frame);
    Given::of(&Packet::new(frame, &dissection))
}
