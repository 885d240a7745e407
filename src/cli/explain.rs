//! `sr6 explain`: one packet at one node, step by step.

use std::io::Write;

use clap::Args;

use crate::simulate::text;
use crate::simulate::{Hop, Network};
use crate::srv6::endpoint::{self, Decision, Input, Interface};

use super::paper::{self, PaperArguments};
use super::{Exit, Failure, Outcome};

/// Explain what one node does with one packet, step by step
///
/// The exit code is 1 if the packet dies there.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sr6 explain 'ip6(src=2001:db8::1)/srh(path=[2001:db8::2, 2001:db9::1])/udp' --at n2 -n line3
  sr6 explain 'ip6(src=2001:db8::1, dst=2001:db8::2)/srh(segs=[2001:db9::1], sl=9)/udp' --at n2 -n line3 --profile linux")]
pub struct Arguments {
    /// The packet, in notation
    #[arg(value_name = "PACKET")]
    packet: String,
    /// The node
    #[arg(long, value_name = "NODE")]
    at: String,
    /// The interface it arrives by [default: the one that leads to its source; none if the node is]
    #[arg(short, long, value_name = "INTERFACE")]
    interface: Option<String>,
    #[command(flatten)]
    paper: PaperArguments,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Outcome {
    let network = arguments.paper.network()?;
    let node = paper::node(&network, &arguments.at)?;
    let given = paper::packets(std::slice::from_ref(&arguments.packet), None)?.remove(0);
    let interface = match &arguments.interface {
        Some(name) => Some(paper::interface(&network, node, name)?),
        None => given.source().and_then(|source| network.arrival(node, source)),
    };
    let input = Input { packet: &given.packet, frame_header: &given.frame_header, interface, cache: None };
    let mut steps = Vec::new();
    let outcome = endpoint::process(input, network.node(node), arguments.paper.profile(), &mut steps);
    let died = matches!(outcome.decision, Decision::Drop { .. } | Decision::Error { .. });
    let hop = Hop {
        cause: None,
        node,
        interface,
        packet: given.packet.clone(),
        steps,
        decision: outcome.decision,
        oam_copy: outcome.oam_copy,
        crossings: Vec::new(),
    };
    let mut out = std::io::stdout().lock();
    out.write_all(explanation(&network, &hop).as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| Failure::output(&error))?;
    Ok(if died { Exit::No } else { Exit::Done })
}

fn explanation(network: &Network, hop: &Hop) -> String {
    let name = |interface: Interface| network.interface_name(hop.node, interface).to_string();
    let mut out = String::new();
    for (number, step) in hop.steps.iter().enumerate() {
        out += &format!("{:>2}. {}\n", number + 1, step.text(&name));
    }
    out + &format!("{:>2}. {}\n", hop.steps.len() + 1, text::outcome(network, hop))
}
