//! The picture that needs no other program.

use std::fmt::Write;

use super::layout::{Direction, LANE, Layout, Point, WIDTH};
use super::{Fate, REPLY, Stretch, WAY, death, fate, numbered, sids, stretches};
use crate::simulate::network::{Network, NodeId};
use crate::simulate::walk::Walk;

/// SIDs shown per node; the rest are counted.
const MOST_SIDS: usize = 6;
/// Characters of a line that fit into a box.
const MOST_CHARS: usize = 40;

/// The network and the way as SVG.
pub fn svg(network: &Network, walk: &Walk) -> String {
    let texts: Vec<Vec<String>> = network.ids().map(|id| lines(network, walk, id)).collect();
    let stretches: Vec<(Stretch, Vec<String>)> = stretches(walk).into_iter().collect();
    let on = |link: usize| stretches.iter().filter(move |(stretch, _)| stretch.link == link);
    let lanes: Vec<usize> = (0..network.links().len()).map(|link| on(link).count()).collect();
    let counts: Vec<usize> = texts.iter().map(Vec::len).collect();
    let layout = Layout::of(network, &counts, &lanes);
    let (width, height) = layout.size;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" height=\"{height:.0}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <title>{}</title>\n<defs>\n{}{}</defs>\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
        network.title(),
        arrow("way", WAY),
        arrow("reply", REPLY)
    );
    // Links below, ways above them, and their numbers above all lines.
    for link in 0..network.links().len() {
        let (start, end) = layout.lane(network, link, 0.0);
        line(&mut out, start, end, "stroke=\"#8a8f98\"");
    }
    let mut labels = String::new();
    for (link, lanes) in lanes.iter().enumerate() {
        for (lane, (stretch, numbers)) in on(link).enumerate() {
            let beside = (lane as f64 - (*lanes as f64 - 1.0) / 2.0) * LANE;
            way(&mut out, &mut labels, network, &layout, stretch, numbers, beside);
        }
        interfaces(&mut labels, network, &layout, link, *lanes);
    }
    out += &labels;
    for (id, text) in network.ids().zip(&texts) {
        node(&mut out, network.name(id), text, layout.places[id.0], layout.heights[id.0], fate(walk, id));
    }
    out.push_str("</svg>\n");
    out
}

/// What stands in a node's box below its name.
fn lines(network: &Network, walk: &Walk, id: NodeId) -> Vec<String> {
    let mut sids = sids(network, id);
    if sids.len() > MOST_SIDS {
        let more = sids.len() - (MOST_SIDS - 1);
        sids.truncate(MOST_SIDS - 1);
        sids.push(format!("and {more} more"));
    }
    let word = Some(fate(walk, id).word().to_string()).filter(|word| !word.is_empty());
    word.into_iter().chain(death(walk, id).map(|reason| shortened(&reason))).chain(sids).collect()
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= MOST_CHARS {
        return text.to_string();
    }
    text.chars().take(MOST_CHARS - 1).chain(['…']).collect()
}

fn arrow(id: &str, color: &str) -> String {
    format!(
        "<marker id=\"{id}\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"5\" markerHeight=\"5\" orient=\"auto\"><path d=\"M0 0L10 5L0 10z\" fill=\"{color}\"/></marker>\n"
    )
}

fn line(out: &mut String, start: Point, end: Point, more: &str) {
    let _ = writeln!(
        out,
        "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" {more}/>",
        start.0, start.1, end.0, end.1
    );
}

/// A stretch of the way and, among the labels, its numbers.
fn way(
    out: &mut String,
    labels: &mut String,
    network: &Network,
    layout: &Layout,
    stretch: &Stretch,
    numbers: &[String],
    beside: f64,
) {
    let (mut start, mut end) = layout.lane(network, stretch.link, beside);
    if stretch.from == 1 {
        std::mem::swap(&mut start, &mut end);
    }
    let (color, marker, dash) =
        if stretch.is_reply { (REPLY, "reply", " stroke-dasharray=\"6 4\"") } else { (WAY, "way", "") };
    let style = format!("stroke=\"{color}\" stroke-width=\"2.5\"{dash} marker-end=\"url(#{marker})\"");
    line(out, start, end, &style);
    // Nearer to where it starts, so that those of two ways do not meet; where
    // lines are steep, each a line of text further.
    let along = match layout.links[stretch.link].direction {
        Direction::Across => 0.38,
        Direction::Down | Direction::Free => {
            let length = (end.0 - start.0).hypot(end.1 - start.1).max(1.0);
            let side = if stretch.from == 1 { -beside } else { beside };
            0.45 + side / length
        }
    };
    let lift = if layout.links[stretch.link].direction == Direction::Across { -4.0 } else { 4.0 };
    let (x, y) = (start.0 + (end.0 - start.0) * along, start.1 + (end.1 - start.1) * along + lift);
    text(labels, (x, y), "middle", 11, color, &numbered(numbers));
}

/// The names of a link's interfaces, beside its outermost lane.
fn interfaces(out: &mut String, network: &Network, layout: &Layout, link: usize, lanes: usize) {
    let beyond = (lanes.max(1) as f64 - 1.0) / 2.0 * LANE;
    let (start, end) = layout.lane(network, link, 0.0);
    let ends = &network.links()[link].ends;
    for (near, far, end) in [(start, end, &ends[0]), (end, start, &ends[1])] {
        let name = network.interface_name(end.node, end.interface);
        let (at, anchor) = match layout.links[link].direction {
            Direction::Across => {
                // Where the line does not go.
                let below = if far.1 > near.1 { -beyond - 6.0 } else { beyond + 12.0 };
                let (x, anchor) = if far.0 > near.0 { (near.0 + 5.0, "start") } else { (near.0 - 5.0, "end") };
                ((x, near.1 + below), anchor)
            }
            Direction::Down => {
                let away = if far.1 > near.1 { 14.0 } else { -6.0 };
                ((near.0 + beyond + 6.0, near.1 + away), "start")
            }
            Direction::Free => {
                let length = (far.0 - near.0).hypot(far.1 - near.1).max(1.0);
                let (dx, dy) = ((far.0 - near.0) / length, (far.1 - near.1) / length);
                // On it where nothing goes, else beside it, and not back into
                // the box.
                let side = match lanes {
                    0 => 0.0,
                    _ if dx * dy >= 0.0 => beyond + 12.0,
                    _ => -beyond - 12.0,
                };
                ((near.0 + dx * 26.0 - dy * side, near.1 + dy * 26.0 + dx * side + 3.0), "middle")
            }
        };
        text(out, at, anchor, 10, "#5a5f68", name);
    }
}

fn text(out: &mut String, at: Point, anchor: &str, size: u8, color: &str, text: &str) {
    let _ = writeln!(
        out,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\" font-size=\"{size}\" fill=\"{color}\" paint-order=\"stroke\" stroke=\"white\" stroke-width=\"3\">{text}</text>",
        at.0, at.1
    );
}

fn node(out: &mut String, name: &str, lines: &[String], place: Point, height: f64, fate: Fate) {
    let (x, y) = (place.0 - WIDTH / 2.0, place.1 - height / 2.0);
    let _ = writeln!(
        out,
        "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{WIDTH:.0}\" height=\"{height:.1}\" rx=\"8\" fill=\"#f6f8fa\" stroke=\"{}\" stroke-width=\"2\"/>\n\
         <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\" font-size=\"15\" font-weight=\"bold\">{name}</text>",
        fate.color(),
        place.0,
        y + 24.0
    );
    for (number, line) in lines.iter().enumerate() {
        let y = y + 42.0 + 15.0 * number as f64;
        let _ = writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{y:.1}\" text-anchor=\"middle\" font-size=\"10\">{line}</text>",
            place.0
        );
    }
}
