//! Where nodes and links lie on the paper.
//!
//! In columns, by how many links a node is from the one at an end of the
//! network: links then run between neighbouring columns, or between neighbours
//! in one. Where that cannot be, in a circle.

use std::collections::{BTreeMap, VecDeque};
use std::f64::consts::TAU;

use crate::simulate::network::{Network, NodeId};

/// A point, in pixels from the upper left corner.
pub type Point = (f64, f64);

/// The width of a node's box.
pub const WIDTH: f64 = 230.0;
/// Between two ways over a link that lie side by side.
pub const LANE: f64 = 17.0;
const GAP: (f64, f64) = (170.0, 80.0);
const MARGIN: f64 = 30.0;
/// Above the first line of a box's text, and below the last.
const HEAD: f64 = 40.0;
const LINE: f64 = 15.0;

/// A network on paper.
pub struct Layout {
    /// The middle of each node's box.
    pub places: Vec<Point>,
    /// Each box's height.
    pub heights: Vec<f64>,
    /// The size of the paper.
    pub size: Point,
    /// Each link's middle line.
    pub links: Vec<Run>,
}

/// How a link runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From side to side of boxes in neighbouring columns.
    Across,
    /// Between boxes above each other.
    Down,
    /// Any way, in a circle.
    Free,
}

/// A link's middle line, from the edge of its first end's box to its second's.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    pub direction: Direction,
    pub start: Point,
    pub end: Point,
}

impl Layout {
    /// Lays out a network whose boxes have so many lines of text below the
    /// name, and whose links so many lanes.
    pub fn of(network: &Network, lines: &[usize], lanes: &[usize]) -> Self {
        let columns = columns(network);
        let sides = columns.as_ref().map(|columns| Sides::of(network, columns, lanes));
        let heights: Vec<f64> = network
            .ids()
            .map(|id| {
                let text = HEAD + LINE * lines[id.0].max(1) as f64;
                let lanes = sides.as_ref().map_or(0.0, |sides| sides.most_lanes(id) as f64 * LANE + 2.0 * LANE);
                text.max(lanes)
            })
            .collect();
        match (columns, sides) {
            (Some(columns), Some(sides)) => in_columns(network, heights, &columns, &sides, lanes),
            _ => in_circle(network, heights),
        }
    }
}

/// The nodes by column, each column from top to bottom; `None` where a link
/// would run behind boxes.
fn columns(network: &Network) -> Option<Vec<Vec<NodeId>>> {
    let mut all: Vec<Vec<NodeId>> = Vec::new();
    let mut left: Vec<NodeId> = network.ids().collect();
    while !left.is_empty() {
        // The way from an end of the network to the farthest node is long.
        let ends = left.iter().filter(|id| neighbours(network, **id).len() <= 1);
        let starts: Vec<_> = ends.copied().chain(left.first().copied()).collect();
        let best = starts.into_iter().map(|start| distances(network, start)).max_by_key(|distances| {
            let farthest = distances.values().copied().max().unwrap_or(0);
            // Of equals the first.
            (farthest, std::cmp::Reverse(distances.iter().find(|(_, far)| **far == 0).map(|(id, _)| *id)))
        })?;
        left.retain(|id| !best.contains_key(id));
        for (id, distance) in best {
            if all.len() <= distance {
                all.resize(distance + 1, Vec::new());
            }
            all[distance].push(id);
        }
    }
    for column in 1..all.len() {
        let (before, here) = all.split_at_mut(column);
        let before = before.last()?;
        // Near to what they are linked to.
        let height = |id: &NodeId| {
            let linked = neighbours(network, *id).into_iter().filter_map(|far| before.iter().position(|b| *b == far));
            let linked: Vec<_> = linked.collect();
            linked.iter().sum::<usize>() * 1000 / linked.len().max(1)
        };
        here[0].sort_by_key(height);
    }
    let adjacent = |a: NodeId, b: NodeId| {
        all.iter().all(|column| {
            let at = |id| column.iter().position(|known| *known == id);
            !matches!((at(a), at(b)), (Some(a), Some(b)) if a.abs_diff(b) != 1)
        })
    };
    let fits = network.links().iter().all(|link| adjacent(link.ends[0].node, link.ends[1].node));
    fits.then_some(all)
}

fn neighbours(network: &Network, id: NodeId) -> Vec<NodeId> {
    let ends = network.links().iter().map(|link| &link.ends);
    let mut found: Vec<_> = ends
        .filter_map(|[a, b]| match () {
            () if a.node == id => Some(b.node),
            () if b.node == id => Some(a.node),
            () => None,
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

/// How many links each node is away that can be reached.
fn distances(network: &Network, start: NodeId) -> BTreeMap<NodeId, usize> {
    let mut found = BTreeMap::from([(start, 0)]);
    let mut waiting = VecDeque::from([start]);
    while let Some(id) = waiting.pop_front() {
        for near in neighbours(network, id) {
            if !found.contains_key(&near) {
                found.insert(near, found[&id] + 1);
                waiting.push_back(near);
            }
        }
    }
    found
}

/// Which side of a box a link is on: its numbers per side, in order.
struct Sides {
    /// By node and side (left, right, above, below): link and its lanes.
    links: BTreeMap<(NodeId, u8), Vec<(usize, usize)>>,
}

impl Sides {
    fn of(network: &Network, columns: &[Vec<NodeId>], lanes: &[usize]) -> Self {
        let mut links: BTreeMap<(NodeId, u8), Vec<(usize, usize)>> = BTreeMap::new();
        let place = |id: NodeId| place(columns, id);
        let mut ends: Vec<_> = (0..network.links().len()).flat_map(|link| [(link, 0), (link, 1)]).collect();
        // From top to bottom by where they lead.
        ends.sort_by_key(|(link, end)| {
            let ends = &network.links()[*link].ends;
            let far = place(ends[1 - end].node);
            let count = columns[far.0].len();
            (far.1 * 2 * 60 + 60) / count.max(1)
        });
        for (link, end) in ends {
            let (near, far) = (network.links()[link].ends[end].node, network.links()[link].ends[1 - end].node);
            let (from, to) = (place(near), place(far));
            let side = match () {
                () if to.0 < from.0 => 0,
                () if to.0 > from.0 => 1,
                () if to.1 < from.1 => 2,
                () => 3,
            };
            links.entry((near, side)).or_default().push((link, lanes[link].max(1)));
        }
        Self { links }
    }

    fn most_lanes(&self, id: NodeId) -> usize {
        let count = |side: u8| {
            let links = self.links.get(&(id, side)).map(Vec::as_slice).unwrap_or_default();
            // One lane's room between links.
            links.iter().map(|(_, lanes)| lanes + 1).sum::<usize>()
        };
        count(0).max(count(1))
    }

    /// How far along a side, from its middle, a link is.
    fn offset(&self, id: NodeId, link: usize) -> f64 {
        for ((node, _), links) in &self.links {
            if *node != id || links.iter().all(|(known, _)| *known != link) {
                continue;
            }
            let total: usize = links.iter().map(|(_, lanes)| lanes + 1).sum::<usize>() - 1;
            let before: usize = links.iter().take_while(|(known, _)| *known != link).map(|(_, lanes)| lanes + 1).sum();
            let own = links.iter().find(|(known, _)| *known == link).map_or(1, |(_, lanes)| *lanes);
            return (before as f64 + own as f64 / 2.0 - total as f64 / 2.0) * LANE;
        }
        0.0
    }
}

/// Column, and place in it.
fn place(columns: &[Vec<NodeId>], id: NodeId) -> (usize, usize) {
    let find = |column: &Vec<NodeId>| column.iter().position(|known| *known == id);
    columns.iter().enumerate().find_map(|(number, column)| Some((number, find(column)?))).unwrap_or_default()
}

fn in_columns(network: &Network, heights: Vec<f64>, columns: &[Vec<NodeId>], sides: &Sides, lanes: &[usize]) -> Layout {
    let gap = GAP.1.max(lanes.iter().copied().max().unwrap_or(0) as f64 * LANE + 40.0);
    let column_height = |column: &Vec<NodeId>| column.iter().map(|id| heights[id.0] + gap).sum::<f64>() - gap;
    let tallest = columns.iter().map(column_height).fold(0.0, f64::max);
    let mut places = vec![(0.0, 0.0); heights.len()];
    for (number, column) in columns.iter().enumerate() {
        let x = MARGIN + WIDTH / 2.0 + number as f64 * (WIDTH + GAP.0);
        let mut y = MARGIN + (tallest - column_height(column)) / 2.0;
        for id in column {
            places[id.0] = (x, y + heights[id.0] / 2.0);
            y += heights[id.0] + gap;
        }
    }
    let links = network.links().iter().enumerate().map(|(number, link)| {
        let [a, b] = link.ends.each_ref().map(|end| end.node);
        let (at_a, at_b) = (places[a.0], places[b.0]);
        let (off_a, off_b) = (sides.offset(a, number), sides.offset(b, number));
        if at_a.0 == at_b.0 {
            let down = if at_b.1 > at_a.1 { 1.0 } else { -1.0 };
            let start = (at_a.0 + off_a, at_a.1 + down * heights[a.0] / 2.0);
            let end = (at_b.0 + off_a, at_b.1 - down * heights[b.0] / 2.0);
            return Run { direction: Direction::Down, start, end };
        }
        let right = if at_b.0 > at_a.0 { 1.0 } else { -1.0 };
        let start = (at_a.0 + right * WIDTH / 2.0, at_a.1 + off_a);
        let end = (at_b.0 - right * WIDTH / 2.0, at_b.1 + off_b);
        Run { direction: Direction::Across, start, end }
    });
    let links = links.collect();
    let width = 2.0 * MARGIN + columns.len() as f64 * (WIDTH + GAP.0) - GAP.0;
    Layout { places, heights, size: (width, 2.0 * MARGIN + tallest), links }
}

fn in_circle(network: &Network, heights: Vec<f64>) -> Layout {
    let count = heights.len() as f64;
    let tallest = heights.iter().copied().fold(0.0, f64::max);
    let radius = (count * (WIDTH + 80.0) / TAU).max(WIDTH);
    let center = (MARGIN + WIDTH / 2.0 + radius, MARGIN + tallest / 2.0 + radius);
    let at = |number: usize| {
        let angle = number as f64 / count * TAU - TAU / 4.0;
        (center.0 + radius * angle.cos(), center.1 + radius * angle.sin())
    };
    let places: Vec<Point> = (0..heights.len()).map(at).collect();
    let links = network.links().iter().map(|link| {
        let [a, b] = link.ends.each_ref().map(|end| end.node);
        Run { direction: Direction::Free, start: places[a.0], end: places[b.0] }
    });
    let links = links.collect();
    Layout { places, heights, size: (2.0 * center.0, 2.0 * center.1), links }
}

impl Layout {
    /// A lane of a link, so far beside its middle, from box to box. In a circle
    /// the link's own line ends inside the boxes, and is cut off here.
    pub fn lane(&self, network: &Network, link: usize, beside: f64) -> (Point, Point) {
        let Run { direction, start, end } = self.links[link];
        match direction {
            Direction::Across => ((start.0, start.1 + beside), (end.0, end.1 + beside)),
            Direction::Down => ((start.0 + beside, start.1), (end.0 + beside, end.1)),
            Direction::Free => {
                let length = (end.0 - start.0).hypot(end.1 - start.1).max(1.0);
                let normal = ((end.1 - start.1) / length, -(end.0 - start.0) / length);
                let moved = |at: Point| (at.0 + normal.0 * beside, at.1 + normal.1 * beside);
                let [a, b] = network.links()[link].ends.each_ref().map(|end| end.node);
                let (from, to) = (moved(start), moved(end));
                (self.leaving(a, from, to), self.leaving(b, to, from))
            }
        }
    }

    /// Where a line from inside a node's box leaves it.
    fn leaving(&self, id: NodeId, from: Point, to: Point) -> Point {
        let (middle, half) = (self.places[id.0], (WIDTH / 2.0, self.heights[id.0] / 2.0));
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let part = |from: f64, step: f64, middle: f64, half: f64| match step {
            step if step > 0.0 => (middle + half - from) / step,
            step if step < 0.0 => (middle - half - from) / step,
            _ => f64::INFINITY,
        };
        let part = part(from.0, dx, middle.0, half.0).min(part(from.1, dy, middle.1, half.1)).clamp(0.0, 1.0);
        (from.0 + dx * part, from.1 + dy * part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::Topology;

    /// So many nodes with these links between them.
    fn network(nodes: usize, links: &[(usize, usize)]) -> Network {
        let mut text = "name = 'shape'\n".to_string();
        (0..nodes).for_each(|node| text += &format!("[[node]]\nname = 'n{node}'\n"));
        for (number, (a, b)) in links.iter().enumerate() {
            let end = |node, side| format!("{{ node = 'n{node}', interface = 'i{number}{side}' }}");
            text += &format!("[[link]]\na = {}\nb = {}\n", end(a, 'a'), end(b, 'b'));
        }
        Network::new(&Topology::parse("shape", &text).unwrap()).unwrap()
    }

    /// Nothing may lie upon anything else, or off the paper.
    fn check(name: &str, network: &Network, lanes: usize) -> Layout {
        let count = network.links().len();
        let layout = Layout::of(network, &vec![4; network.ids().count()], &vec![lanes; count]);
        let half = |id: NodeId| (WIDTH / 2.0, layout.heights[id.0] / 2.0);
        let on_paper = |(x, y): Point| (0.0..=layout.size.0).contains(&x) && (0.0..=layout.size.1).contains(&y);
        for a in network.ids() {
            let (at, half_a) = (layout.places[a.0], half(a));
            assert!(on_paper((at.0 - half_a.0, at.1 - half_a.1)), "{name}: {a:?}");
            assert!(on_paper((at.0 + half_a.0, at.1 + half_a.1)), "{name}: {a:?}");
            for b in network.ids().filter(|b| *b > a) {
                let (other, half_b) = (layout.places[b.0], half(b));
                let apart =
                    (at.0 - other.0).abs() >= half_a.0 + half_b.0 || (at.1 - other.1).abs() >= half_a.1 + half_b.1;
                assert!(apart, "{name}: {a:?} and {b:?}");
            }
        }
        for link in 0..count {
            for lane in 0..lanes {
                let beside = (lane as f64 - (lanes as f64 - 1.0) / 2.0) * LANE;
                let (start, end) = layout.lane(network, link, beside);
                for (at, end) in [(start, &network.links()[link].ends[0]), (end, &network.links()[link].ends[1])] {
                    let (middle, half) = (layout.places[end.node.0], half(end.node));
                    let (dx, dy) = ((at.0 - middle.0).abs() - half.0, (at.1 - middle.1).abs() - half.1);
                    assert!(dx.max(dy).abs() < 0.5, "{name}: lane {lane} of link {link} touches its box: {dx} {dy}");
                    assert!(on_paper(at), "{name}");
                }
            }
        }
        layout
    }

    fn mesh(nodes: usize) -> Vec<(usize, usize)> {
        (0..nodes).flat_map(|a| (a + 1..nodes).map(move |b| (a, b))).collect()
    }

    #[test]
    fn nothing_lies_upon_anything_else() {
        let line: Vec<_> = (1..7).map(|node| (node - 1, node)).collect();
        let ring: Vec<_> = (0..6).map(|node| (node, (node + 1) % 6)).collect();
        let star: Vec<_> = (1..9).map(|node| (0, node)).collect();
        let tree: Vec<_> = (1..12).map(|node| ((node - 1) / 2, node)).collect();
        for lanes in [0, 1, 2, 5] {
            check("one", &network(1, &[]), lanes);
            check("line", &network(7, &line), lanes);
            check("ring", &network(6, &ring), lanes);
            check("star", &network(9, &star), lanes);
            check("tree", &network(12, &tree), lanes);
            check("mesh", &network(4, &mesh(4)), lanes.min(2));
            check("two that are apart", &network(4, &[(0, 1), (2, 3)]), lanes);
            check("two links between two nodes", &network(2, &[(0, 1), (0, 1), (1, 0)]), lanes);
        }
    }

    #[test]
    fn lines_are_lines_and_meshes_are_round() {
        let direction = |layout: &Layout| layout.links[0].direction;
        assert_eq!(direction(&check("line", &network(3, &[(1, 0), (0, 2)]), 1)), Direction::Across);
        assert_eq!(direction(&check("mesh", &network(6, &mesh(6)), 1)), Direction::Free);
        // A ring of five has two neighbours in its last column.
        let ring = check("ring", &network(5, &[(0, 1), (1, 2), (2, 3), (3, 4), (4, 0)]), 1);
        assert_eq!(ring.links[2].direction, Direction::Down);
    }
}
