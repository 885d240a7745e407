//! A walk for people: a paragraph per hop.

use std::fmt::Write;

use crate::srv6::endpoint::{Decision, Reason, Step};
use crate::wire::names;

use super::network::Network;
use super::walk::{End, Hop, Walk};

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Where the packet was, what was done to it, what became of it.
    Changes,
    /// Every step of every decision.
    Steps,
}

/// The walk as text, hops numbered from 1.
pub fn walk(network: &Network, walk: &Walk, detail: Detail) -> String {
    let mut out = String::new();
    for (number, hop) in walk.hops.iter().enumerate() {
        hop_text(&mut out, network, walk, number, hop, detail);
    }
    out
}

fn hop_text(out: &mut String, network: &Network, walk: &Walk, number: usize, hop: &Hop, detail: Detail) {
    let how = match hop.interface {
        Some(interface) => format!("by {}", network.interface_name(hop.node, interface)),
        None => "made here".into(),
    };
    let about = match hop.cause {
        Some(cause) if matches!(walk.hops[cause].decision, Decision::Error { .. }) => {
            format!(", the error that hop {} caused", cause + 1)
        }
        _ => String::new(),
    };
    let name = network.name(hop.node);
    // The first step says what came; it goes into the paragraph's first line.
    let (first, steps) = match hop.steps.split_first() {
        Some((Step::Received { source, destination, hop_limit, .. }, rest)) => {
            (format!(": {source} → {destination}, hop limit {hop_limit}"), rest)
        }
        _ => (String::new(), &hop.steps[..]),
    };
    let _ = writeln!(out, "{}. {name}, {how}{about}{first}", number + 1);
    let shown = steps.iter().filter(|step| detail == Detail::Steps || is_told(step));
    for step in shown {
        let _ = writeln!(out, "     {}", step.text(&|i| network.interface_name(hop.node, i).to_string()));
    }
    let _ = writeln!(out, "   {}", outcome(network, hop));
    for crossing in &hop.crossings {
        let link = &network.links()[crossing.link];
        let far = &link.ends[1 - crossing.from];
        let what = if crossing.is_reply { "the error goes" } else { "goes" };
        let (to, by) = (network.name(far.node), network.interface_name(far.node, far.interface));
        let rest = match crossing.end {
            End::Hop(next) => format!("hop {}", next + 1),
            End::NoNeighbour => "which does not have the next hop's address: lost".into(),
            End::NotForIt => "whose address is not the frame's: lost".into(),
            End::NotIp => "not followed further, since it is no IP".into(),
            End::TooLong => "not followed further: the walk is too long".into(),
        };
        let _ = writeln!(out, "   {what} to {to} ({by}), {rest}");
    }
}

/// The steps told in short.
fn is_told(step: &Step) -> bool {
    step.is_change()
        || matches!(step, Step::Received { .. } | Step::Behavior { .. } | Step::OamCopy | Step::HmacGood { .. })
}

/// What became of the packet, as a line.
pub fn outcome(network: &Network, hop: &Hop) -> String {
    match &hop.decision {
        Decision::Forward(forward) => {
            let by = network.interface_name(hop.node, forward.interface);
            let bytes = forward.packet.len();
            match forward.next_hop {
                Some(next_hop) => format!("forwarded: {bytes} bytes by {by} to {next_hop}"),
                None => format!("forwarded: {bytes} bytes by {by}"),
            }
        }
        Decision::Flood { frame, ports } => format!("flooded: {} bytes by {} interfaces", frame.len(), ports.len()),
        Decision::Deliver { upper, packet, offset } => {
            let name = names::ip_proto(u64::from(*upper)).unwrap_or("protocol");
            format!("delivered: {name} ({upper}), {} bytes", packet.len().saturating_sub(*offset))
        }
        Decision::Error { error, reply: Some(_), .. } => format!("dropped, with {error}"),
        Decision::Error { error, reply: None, .. } => format!("dropped; {error}; the source is not told"),
        Decision::Drop { reason: reason @ Reason::Loop } => format!("dropped: {reason}"),
        Decision::Drop { reason } => format!("dropped in silence: {reason}"),
    }
}
