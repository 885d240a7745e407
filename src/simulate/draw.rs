//! A network as a picture, with a packet's way through it.

use std::collections::BTreeMap;
use std::f64::consts::TAU;
use std::fmt::Write;

use crate::srv6::endpoint::{Decision, Interface};

use super::network::{Network, NodeId};
use super::walk::{End, Walk};

/// A stretch of the way: over which link, from which of its ends, and the
/// numbers of the hops it leads to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Stretch {
    link: usize,
    from: usize,
    is_reply: bool,
}

fn stretches(walk: &Walk) -> BTreeMap<Stretch, Vec<String>> {
    let mut found: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for (number, hop) in walk.hops.iter().enumerate() {
        for crossing in &hop.crossings {
            let stretch = Stretch { link: crossing.link, from: crossing.from, is_reply: crossing.is_reply };
            let number = match crossing.end {
                End::Hop(next) => format!("{}→{}", number + 1, next + 1),
                _ => format!("{}→✕", number + 1),
            };
            found.entry(stretch).or_default().push(number);
        }
    }
    found
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

impl Fate {
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
        let label = std::iter::once(network.name(id).to_string()).chain(sids(network, id)).collect::<Vec<_>>();
        let color = fate(walk, id).color();
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
            numbers.join(" ")
        );
    }
    out.push_str("}\n");
    out
}

const BOX: (f64, f64) = (230.0, 64.0);
const LINE: f64 = 15.0;
/// SIDs shown per node; the rest are counted.
const MOST_SIDS: usize = 6;

/// A picture of its own, that needs no other program.
pub fn svg(network: &Network, walk: &Walk) -> String {
    let labels: Vec<Vec<String>> = network.ids().map(|id| shortened(sids(network, id))).collect();
    let height = |id: NodeId| BOX.1 + LINE * labels[id.0].len() as f64;
    let tallest = network.ids().map(height).fold(BOX.1, f64::max);
    let (places, width, full_height) = places(network, tallest);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {full_height:.0}\" width=\"{width:.0}\" height=\"{full_height:.0}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <defs>\n{}{}</defs>\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
        arrow("way", WAY),
        arrow("reply", REPLY)
    );
    for link in network.links() {
        let [a, b] = &link.ends;
        draw_link(&mut out, network, (a.node, a.interface), (b.node, b.interface), &places, &height);
    }
    // Several ways over one link lie beside each other.
    let mut lanes: BTreeMap<usize, usize> = BTreeMap::new();
    for (stretch, numbers) in stretches(walk) {
        let ends = &network.links()[stretch.link].ends;
        let (from, to) = (ends[stretch.from].node, ends[1 - stretch.from].node);
        let lane = lanes.entry(stretch.link).or_default();
        *lane += 1;
        draw_stretch(&mut out, &stretch, &numbers, (places[from.0], height(from)), (places[to.0], height(to)), *lane);
    }
    for id in network.ids() {
        draw_node(&mut out, network.name(id), &labels[id.0], places[id.0], height(id), fate(walk, id));
    }
    out.push_str("</svg>\n");
    out
}

fn shortened(mut sids: Vec<String>) -> Vec<String> {
    if sids.len() > MOST_SIDS {
        let more = sids.len() - (MOST_SIDS - 1);
        sids.truncate(MOST_SIDS - 1);
        sids.push(format!("and {more} more"));
    }
    sids
}

fn arrow(id: &str, color: &str) -> String {
    format!(
        "<marker id=\"{id}\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"6\" markerHeight=\"6\" orient=\"auto\"><path d=\"M0 0L10 5L0 10z\" fill=\"{color}\"/></marker>\n"
    )
}

/// The middle of each node's box: a line where every node has at most two
/// links and there is no ring, else a circle. And the size of it all.
fn places(network: &Network, tallest: f64) -> (Vec<(f64, f64)>, f64, f64) {
    const GAP: f64 = 150.0;
    const MARGIN: f64 = 30.0;
    let count = network.ids().count();
    if let Some(order) = line(network) {
        let mut places = vec![(0.0, 0.0); count];
        for (at, id) in order.iter().enumerate() {
            places[id.0] = (MARGIN + BOX.0 / 2.0 + at as f64 * (BOX.0 + GAP), MARGIN + 20.0 + tallest / 2.0);
        }
        let width = 2.0 * MARGIN + count as f64 * (BOX.0 + GAP) - GAP;
        return (places, width, 2.0 * MARGIN + 40.0 + tallest);
    }
    let radius = (count as f64 * (BOX.0 + GAP) / TAU).max(BOX.0);
    let center = (MARGIN + BOX.0 / 2.0 + radius, MARGIN + tallest / 2.0 + radius);
    let place = |at: usize| {
        let angle = at as f64 / count as f64 * TAU - TAU / 4.0;
        (center.0 + radius * angle.cos(), center.1 + radius * angle.sin())
    };
    ((0..count).map(place).collect(), 2.0 * center.0, 2.0 * center.1)
}

/// The nodes in the order they are lined up, if they are.
fn line(network: &Network) -> Option<Vec<NodeId>> {
    let neighbours = |id: NodeId| -> Vec<NodeId> {
        let ends = network.links().iter().map(|link| &link.ends);
        ends.filter_map(|[a, b]| match () {
            () if a.node == id => Some(b.node),
            () if b.node == id => Some(a.node),
            () => None,
        })
        .collect()
    };
    let start = network.ids().find(|id| neighbours(*id).len() <= 1)?;
    let mut order = vec![start];
    while let Some(last) = order.last().copied() {
        let near = neighbours(last);
        if near.len() > 2 {
            return None;
        }
        match near.into_iter().find(|id| !order.contains(id)) {
            Some(next) => order.push(next),
            None => break,
        }
    }
    (order.len() == network.ids().count()).then_some(order)
}

type Place = (f64, f64);

/// Where the line between two boxes meets the edge of the first.
fn edge(from: Place, height: f64, to: Place) -> Place {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let by_width = if dx == 0.0 { f64::INFINITY } else { BOX.0 / 2.0 / dx.abs() };
    let by_height = if dy == 0.0 { f64::INFINITY } else { height / 2.0 / dy.abs() };
    let part = by_width.min(by_height).min(1.0);
    (from.0 + dx * part, from.1 + dy * part)
}

fn draw_link(
    out: &mut String,
    network: &Network,
    a: (NodeId, Interface),
    b: (NodeId, Interface),
    places: &[Place],
    height: &dyn Fn(NodeId) -> f64,
) {
    let (at_a, at_b) = (places[a.0.0], places[b.0.0]);
    let (start, end) = (edge(at_a, height(a.0), at_b), edge(at_b, height(b.0), at_a));
    let _ = writeln!(
        out,
        "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"#8a8f98\"/>",
        start.0, start.1, end.0, end.1
    );
    for (near, far, (node, interface)) in [(start, end, a), (end, start, b)] {
        let length = (far.0 - near.0).hypot(far.1 - near.1).max(1.0);
        let (dx, dy) = ((far.0 - near.0) / length, (far.1 - near.1) / length);
        // On the side that no packet's way is on.
        let up = if end.0 >= start.0 { 1.0 } else { -1.0 };
        let (nx, ny) = ((end.1 - start.1) / length * up, -(end.0 - start.0) / length * up);
        let (x, y) = (near.0 + dx * 30.0 - nx * 16.0, near.1 + dy * 30.0 - ny * 12.0);
        let _ = writeln!(
            out,
            "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" font-size=\"10\" fill=\"#5a5f68\">{}</text>",
            y + 4.0,
            network.interface_name(node, interface)
        );
    }
}

fn draw_stretch(
    out: &mut String,
    stretch: &Stretch,
    numbers: &[String],
    from: (Place, f64),
    to: (Place, f64),
    lane: usize,
) {
    let (start, end) = (edge(from.0, from.1, to.0), edge(to.0, to.1, from.0));
    let length = (end.0 - start.0).hypot(end.1 - start.1).max(1.0);
    // Beside the link, always on the same side of the paper.
    let up = if end.0 >= start.0 { 1.0 } else { -1.0 };
    let (nx, ny) = ((end.1 - start.1) / length * up, -(end.0 - start.0) / length * up);
    let off = 4.0 + 20.0 * (lane as f64 - 1.0) + 2.0;
    let (x1, y1, x2, y2) = (start.0 + nx * off, start.1 + ny * off, end.0 + nx * off, end.1 + ny * off);
    let (color, marker, dash) =
        if stretch.is_reply { (REPLY, "reply", " stroke-dasharray=\"6 4\"") } else { (WAY, "way", "") };
    let _ = writeln!(
        out,
        "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"{color}\" stroke-width=\"2.5\"{dash} marker-end=\"url(#{marker})\"/>"
    );
    let label = match numbers {
        [first, .., last] if numbers.len() > 4 => format!("{first} … {last} ({} times)", numbers.len()),
        few => few.join(" "),
    };
    let (x, y) = ((x1 + x2) / 2.0 + nx * 4.0, (y1 + y2) / 2.0 + ny * 4.0);
    let _ = writeln!(
        out,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\" fill=\"{color}\" font-size=\"11\" paint-order=\"stroke\" stroke=\"white\" stroke-width=\"3\">{label}</text>"
    );
}

fn draw_node(out: &mut String, name: &str, sids: &[String], place: Place, height: f64, fate: Fate) {
    let (x, y) = (place.0 - BOX.0 / 2.0, place.1 - height / 2.0);
    let _ = writeln!(
        out,
        "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.0}\" height=\"{height:.1}\" rx=\"8\" fill=\"#f6f8fa\" stroke=\"{}\" stroke-width=\"2\"/>\n\
         <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\" font-size=\"15\" font-weight=\"bold\">{name}</text>",
        BOX.0,
        fate.color(),
        place.0,
        y + 26.0
    );
    let fate = match fate {
        Fate::Untouched => "",
        Fate::Passed => "forwarded",
        Fate::Told => "told of the error",
        Fate::Delivered => "delivered",
        Fate::Died => "died here",
    };
    let lines = std::iter::once(fate).chain(sids.iter().map(String::as_str));
    for (number, line) in lines.enumerate() {
        let y = y + 44.0 + LINE * number as f64;
        let _ = writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{y:.1}\" text-anchor=\"middle\" font-size=\"10\">{line}</text>",
            place.0
        );
    }
}
