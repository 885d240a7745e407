//! A network as a picture, with a packet's way through it: for Graphviz
//! ([`dot`]), or as a picture that needs no other program ([`svg`]).

mod layout;
mod svg;

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::srv6::endpoint::Decision;

use super::network::{Network, NodeId};
use super::walk::{End, Walk};
pub use svg::svg;

/// A stretch of the way: over which link, from which of its ends, and the
/// numbers of the hops it leads to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Stretch {
    link: usize,
    from: usize,
    is_reply: bool,
}

/// All of them, and on each link those from its first end first.
fn stretches(walk: &Walk) -> BTreeMap<Stretch, Vec<String>> {
    let mut found: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for (number, hop) in walk.hops.iter().enumerate() {
        for crossing in &hop.crossings {
            // An error stays one all its way back.
            let is_reply = crossing.is_reply || walk.is_about_error(hop);
            let stretch = Stretch { link: crossing.link, from: crossing.from, is_reply };
            let number = match crossing.end {
                End::Hop(next) => format!("{}→{}", number + 1, next + 1),
                _ => format!("{}→✕", number + 1),
            };
            found.entry(stretch).or_default().push(number);
        }
    }
    found
}

/// The numbers in a few words.
fn numbered(numbers: &[String]) -> String {
    match numbers {
        [first, rest @ ..] if rest.len() > 2 => format!("{first} and {} more", rest.len()),
        few => few.join(" "),
    }
}

/// What became of packets at a node, as the colour of its outline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Untouched,
    Passed,
    Told,
    Delivered,
    Died,
}

fn fate(walk: &Walk, node: NodeId) -> Fate {
    let fates = walk.hops.iter().filter(|hop| hop.node == node).map(|hop| match hop.decision {
        Decision::Deliver { .. } if walk.is_about_error(hop) => Fate::Told,
        Decision::Deliver { .. } => Fate::Delivered,
        Decision::Error { .. } | Decision::Drop { .. } => Fate::Died,
        Decision::Forward(_) | Decision::Flood { .. } => Fate::Passed,
    });
    fates.max().unwrap_or(Fate::Untouched)
}

/// The first reason why a packet died at a node.
fn death(walk: &Walk, node: NodeId) -> Option<String> {
    walk.hops.iter().filter(|hop| hop.node == node).find_map(|hop| match &hop.decision {
        Decision::Error { error, .. } => Some(format!("ICMPv6 {}/{}: {}", error.kind, error.code, error.reason.text())),
        Decision::Drop { reason } => Some(reason.text().to_string()),
        _ => None,
    })
}

impl Fate {
    /// In a word; nothing where no packet came.
    fn word(self) -> &'static str {
        match self {
            Self::Untouched => "",
            Self::Passed => "forwarded",
            Self::Told => "told of the error",
            Self::Delivered => "delivered",
            Self::Died => "died here",
        }
    }

    fn color(self) -> &'static str {
        match self {
            Self::Untouched => "#8a8f98",
            Self::Passed => "#1f5fbf",
            Self::Told => "#b26a00",
            Self::Delivered => "#1a7f37",
            Self::Died => "#c62828",
        }
    }
}

const WAY: &str = "#1f5fbf";
const REPLY: &str = "#c62828";

/// The node's SIDs, a line each.
fn sids(network: &Network, node: NodeId) -> Vec<String> {
    let sids = network.node(node).sids.iter();
    sids.map(|sid| {
        let flavors = sid.flavors.to_string();
        let length = if sid.len == 128 { String::new() } else { format!("/{}", sid.len) };
        let separator = if flavors.is_empty() { "" } else { " " };
        format!("{}{length} {}{separator}{flavors}", sid.locator, sid.behavior.name())
    })
    .collect()
}

/// For Graphviz.
pub fn dot(network: &Network, walk: &Walk) -> String {
    let mut out = String::from(
        "digraph network {\n  rankdir=LR;\n  node [shape=box, style=rounded, fontname=sans];\n  edge [fontname=sans, fontsize=10];\n",
    );
    for id in network.ids() {
        let fate = fate(walk, id);
        let word = Some(fate.word().to_string()).filter(|word| !word.is_empty());
        let label: Vec<_> = [network.name(id).to_string()].into_iter().chain(word).chain(sids(network, id)).collect();
        let color = fate.color();
        let _ = writeln!(out, "  n{} [label=\"{}\", color=\"{color}\"];", id.0, label.join("\\n"));
    }
    for link in network.links() {
        let [a, b] = &link.ends;
        let (tail, head) = (network.interface_name(a.node, a.interface), network.interface_name(b.node, b.interface));
        let _ = writeln!(
            out,
            "  n{} -> n{} [dir=none, color=\"#8a8f98\", taillabel=\"{tail}\", headlabel=\"{head}\"];",
            a.node.0, b.node.0
        );
    }
    for (stretch, numbers) in stretches(walk) {
        let ends = &network.links()[stretch.link].ends;
        let (from, to) = (&ends[stretch.from], &ends[1 - stretch.from]);
        let (color, style) = if stretch.is_reply { (REPLY, "dashed") } else { (WAY, "solid") };
        let _ = writeln!(
            out,
            "  n{} -> n{} [constraint=false, color=\"{color}\", fontcolor=\"{color}\", style={style}, penwidth=2, label=\"{}\"];",
            from.node.0,
            to.node.0,
            numbered(&numbers)
        );
    }
    out.push_str("}\n");
    out
}
