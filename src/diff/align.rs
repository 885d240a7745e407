//! From matches to a report in the order of the captures: what came in another
//! order, what is alone, and what is left over at the same place on both sides.
//!
//! Packets are reported in regions: the shortest runs of both captures that
//! match only within each other. Mostly that is one pair. In a longer one the
//! packets that have to be called moved are as few as can be: all those outside
//! of a longest run that is in order on both sides.

use super::matcher::{Event, How, Window};
use super::side::{Side, State};

/// How many packets of the other capture at the same place a packet is held
/// against.
const LOOK_AHEAD: usize = 64;

/// Packets of a region after which it is cut: at least, and at most.
const LONG: [u64; 2] = [1024, 1 << 16];

pub(super) struct Align {
    /// Whether what is alone at the same place may be a pair.
    by_place: bool,
    /// Packets of a region after which it is cut.
    long: u64,
    /// The open packet that everything after it waits for: side and index.
    blocked: Option<(usize, u64)>,
    /// Whether all packets of a side were taken, and no more come.
    exhausted: [bool; 2],
    /// Whether memory is short, so that what is alone cannot wait for others
    /// at its place.
    pub pressed: bool,
    /// Reused: pairs of indices within a region; those that are in order.
    pairs: Vec<(u64, u64)>,
    kept: Vec<(u64, u64)>,
    alone: [Vec<u64>; 2],
}

/// Runs of both captures.
#[derive(Clone, Copy)]
struct Region {
    left: (u64, u64),
    right: (u64, u64),
}

impl Align {
    pub fn new(by_place: bool, window: Window) -> Self {
        let long = match window {
            Window::Packets(count) => count.clamp(LONG[0], LONG[1]),
            Window::Nanos(_) => LONG[1],
        };
        Self {
            by_place,
            long,
            blocked: None,
            exhausted: [false; 2],
            pressed: false,
            pairs: Vec::new(),
            kept: Vec::new(),
            alone: Default::default(),
        }
    }

    /// Reports what is certain.
    pub fn run(&mut self, sides: &mut [Side; 2], events: &mut Vec<Event>) {
        if let Some((side, index)) = self.blocked
            && sides[side].state(index) == Some(State::Open)
        {
            return;
        }
        self.blocked = None;
        for (exhausted, side) in self.exhausted.iter_mut().zip(sides.iter_mut()) {
            *exhausted = side.is_exhausted();
        }
        loop {
            let [left, right] = &*sides;
            let (a, b) = (left.first(), right.first());
            match (left.slot(a), right.slot(b)) {
                (None, None) => return,
                // The usual: the next of both are each other.
                (Some(one), Some(two)) if one.state == State::Matched(b) && two.state == State::Matched(a) => {
                    events.push(Event::Pair { left: one.at, right: two.at, how: How::Key, moved: false });
                    sides[0].forget_before(a + 1);
                    sides[1].forget_before(b + 1);
                }
                _ => match self.region(sides) {
                    Some(region) => {
                        self.report(sides, region, events);
                        sides[0].forget_before(region.left.1);
                        sides[1].forget_before(region.right.1);
                    }
                    None => return,
                },
            }
        }
    }

    /// The next region; `None` where it is not complete.
    fn region(&mut self, sides: &[Side; 2]) -> Option<Region> {
        let starts = [sides[0].first(), sides[1].first()];
        let mut ends = starts;
        // First whatever is alone on either side; it ends at a match.
        for side in 0..2 {
            ends[side] = self.run_of_alone(&sides[side], side, starts[side])?;
        }
        if ends != starts {
            return Some(Region { left: (starts[0], ends[0]), right: (starts[1], ends[1]) });
        }
        // Then both sides start with matches; one may not have come yet.
        let mut looked = starts;
        let mut wanted = [starts[0] + 1, starts[1] + 1];
        loop {
            let mut grew = false;
            for side in 0..2 {
                while looked[side] < wanted[side].min(starts[side] + self.long) {
                    match sides[side].state(looked[side]) {
                        Some(State::Open) => {
                            self.blocked = Some((side, looked[side]));
                            return None;
                        }
                        Some(State::Matched(other)) => {
                            wanted[1 - side] = wanted[1 - side].max(other + 1);
                        }
                        Some(State::Lone { .. } | State::Done) => {}
                        // At the end of a capture there may be nothing.
                        None if self.exhausted[side] => {
                            wanted[side] = looked[side];
                            break;
                        }
                        None => return None,
                    }
                    looked[side] += 1;
                    grew = true;
                }
            }
            if !grew {
                return Some(Region { left: (starts[0], looked[0]), right: (starts[1], looked[1]) });
            }
        }
    }

    /// The end of the run of packets that are alone, from `start` on; `None`
    /// where it may go on.
    fn run_of_alone(&mut self, side: &Side, number: usize, start: u64) -> Option<u64> {
        let mut end = start;
        loop {
            match side.state(end) {
                Some(State::Lone { .. } | State::Done) if end - start < self.long => end += 1,
                Some(State::Lone { .. } | State::Done | State::Matched(_)) => return Some(end),
                Some(State::Open) | None if self.pressed => return Some(end),
                Some(State::Open) => {
                    self.blocked = Some((number, end));
                    return None;
                }
                None if self.exhausted[number] => return Some(end),
                None => return None,
            }
        }
    }

    fn report(&mut self, sides: &mut [Side; 2], region: Region, events: &mut Vec<Event>) {
        self.pairs.clear();
        for index in region.left.0..region.left.1 {
            if let Some(State::Matched(other)) = sides[0].state(index)
                && (region.right.0..region.right.1).contains(&other)
            {
                self.pairs.push((index, other));
            }
        }
        longest_in_order(&self.pairs, &mut self.kept);
        let kept = std::mem::take(&mut self.kept);
        let (mut a, mut b) = (region.left.0, region.right.0);
        for (left, right) in &kept {
            self.report_gap(sides, (a, *left), (b, *right), region.left.1, events);
            pair(sides, *left, *right, How::Key, false, events);
            (a, b) = (left + 1, right + 1);
        }
        self.report_gap(sides, (a, region.left.1), (b, region.right.1), region.left.1, events);
        self.kept = kept;
    }

    /// Reports what lies between two matches that are in order, in a region
    /// that goes up to `end` on the left.
    fn report_gap(
        &mut self,
        sides: &mut [Side; 2],
        left: (u64, u64),
        right: (u64, u64),
        end: u64,
        events: &mut Vec<Event>,
    ) {
        let lone = |side: &Side, index: u64| matches!(side.state(index), Some(State::Lone { .. }));
        let [mut left_alone, mut right_alone] = std::mem::take(&mut self.alone);
        left_alone.clear();
        right_alone.clear();
        right_alone.extend((right.0..right.1).filter(|index| lone(&sides[1], *index)));
        // How many of `right_alone` are reported.
        let mut used = 0;
        for index in left.0..left.1 {
            match sides[0].state(index) {
                Some(State::Matched(other)) => pair(sides, index, other, How::Key, true, events),
                Some(State::Lone { .. }) => {
                    let ahead = right_alone.iter().skip(used).take(LOOK_AHEAD);
                    let like = |other: &&u64| self.by_place && is_like(sides, index, **other);
                    match ahead.clone().position(|other| like(&other)) {
                        Some(skipped) => {
                            for other in right_alone.iter().skip(used).take(skipped) {
                                alone(sides, 1, *other, events);
                            }
                            if let Some(other) = right_alone.get(used + skipped) {
                                pair(sides, index, *other, How::Place, false, events);
                            }
                            used += skipped + 1;
                        }
                        None => alone(sides, 0, index, events),
                    }
                }
                _ => {}
            }
        }
        for other in right_alone.iter().skip(used) {
            alone(sides, 1, *other, events);
        }
        // Only where a region was cut: the left one is yet to come.
        for index in right.0..right.1 {
            if let Some(State::Matched(other)) = sides[1].state(index)
                && other >= end
            {
                pair(sides, other, index, How::Key, true, events);
            }
        }
        self.alone = [left_alone, right_alone];
    }
}

fn is_like(sides: &[Side; 2], left: u64, right: u64) -> bool {
    let key = |side: &Side, index: u64| side.slot(index).and_then(|slot| side.entry(slot.at)).map(|entry| entry.key);
    key(&sides[0], left).zip(key(&sides[1], right)).is_some_and(|(a, b)| a.is_like(&b))
}

fn pair(sides: &mut [Side; 2], left: u64, right: u64, how: How, moved: bool, events: &mut Vec<Event>) {
    let at = |side: &Side, index| side.slot(index).map(|slot| slot.at);
    if let (Some(one), Some(two)) = (at(&sides[0], left), at(&sides[1], right)) {
        events.push(Event::Pair { left: one, right: two, how, moved });
        sides[0].set(left, State::Done);
        sides[1].set(right, State::Done);
    }
}

fn alone(sides: &mut [Side; 2], side: usize, index: u64, events: &mut Vec<Event>) {
    if let Some(slot) = sides[side].slot(index)
        && let State::Lone { window } = slot.state
    {
        events.push(Event::Alone { side, at: slot.at, window });
        sides[side].set(index, State::Done);
    }
}

/// The longest sequence of pairs, which are in the order of their first number,
/// whose second numbers rise, too (patience sorting).
fn longest_in_order(pairs: &[(u64, u64)], kept: &mut Vec<(u64, u64)>) {
    kept.clear();
    if pairs.is_sorted_by_key(|(_, right)| *right) {
        return kept.extend_from_slice(pairs);
    }
    // For each length, the pair that ends a sequence of it with the least
    // number; and for each pair the one before it.
    let mut ends: Vec<usize> = Vec::new();
    let mut before = vec![None; pairs.len()];
    for (index, (_, right)) in pairs.iter().enumerate() {
        let length = ends.partition_point(|end| pairs[*end].1 < *right);
        before[index] = length.checked_sub(1).map(|shorter| ends[shorter]);
        match ends.get_mut(length) {
            Some(end) => *end = index,
            None => ends.push(index),
        }
    }
    let mut at = ends.last().copied();
    while let Some(index) = at {
        kept.push(pairs[index]);
        at = before[index];
    }
    kept.reverse();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_few_as_can_be_are_moved() {
        let kept = |rights: &[u64]| {
            let pairs: Vec<_> = rights.iter().enumerate().map(|(left, right)| (left as u64, *right)).collect();
            let mut kept = Vec::new();
            longest_in_order(&pairs, &mut kept);
            kept.into_iter().map(|(_, right)| right).collect::<Vec<_>>()
        };
        assert_eq!(kept(&[0, 1, 2]), [0, 1, 2]);
        assert_eq!(kept(&[3, 0, 1, 2]), [0, 1, 2]);
        assert_eq!(kept(&[1, 2, 3, 0]), [1, 2, 3]);
        assert_eq!(kept(&[2, 1, 0]).len(), 1);
        assert_eq!(kept(&[]), [0; 0]);
    }
}
