//! Which packet of one capture is which of the other.
//!
//! Both captures are read side by side, a packet of the one that is less far
//! past the last match at a time, so that they stay level even where one has
//! many packets that the other lacks. A packet is matched with the oldest open
//! one on the other side that has its key. What finds no match while the window
//! passes over it is alone.
//!
//! What this makes depends on the packets alone: not on how they came in
//! batches, nor on threads.

use std::sync::Arc;

use super::align::Align;
use super::feed::Keyed;
use super::side::{At, Side, State};

/// How packets are matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum By {
    /// By what SRv6 leaves alone; what is left over between two matches, by its
    /// place there.
    #[default]
    KeyAndPlace,
    /// By what SRv6 leaves alone.
    Key,
    /// The first with the first, the second with the second.
    Position,
    /// In order, where the times differ by so many nanoseconds at most.
    Time(i128),
}

/// How far apart two packets may be and still be matched by their keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// So many packets of one capture.
    Packets(u64),
    /// So many nanoseconds of one capture.
    Nanos(i128),
}

impl Default for Window {
    fn default() -> Self {
        Self::Packets(65_536)
    }
}

/// What a pair was matched by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum How {
    /// The same key.
    Key,
    /// The same place between two matches, and something in common.
    Place,
    /// The same position.
    Position,
    /// The same time.
    Time,
}

impl How {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Place => "place",
            Self::Position => "position",
            Self::Time => "time",
        }
    }
}

/// What is to be reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    Pair {
        left: At,
        right: At,
        how: How,
        /// Whether the packets came in another order.
        moved: bool,
    },
    /// A packet of the left (0) or right (1) capture alone.
    Alone { side: usize, at: At, window: bool },
}

/// Why matching does not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// This side's next batch is needed.
    Needs(usize),
    /// A good part is done; there may be more.
    Pause,
    /// All is done.
    End,
}

/// The most bytes of frames of both captures together that are held for a match.
const MAX_HELD: usize = 256 << 20;

/// Packets to give up on at once, beside the oldest.
const AT_ONCE: u64 = 255;

/// Packets to take before reporting what there is.
const PART: usize = 8192;

/// Matches two captures.
pub(super) struct Matcher {
    pub sides: [Side; 2],
    by: By,
    window: Window,
    max_held: usize,
    align: Align,
}

impl Matcher {
    pub fn new(by: By, window: Window) -> Self {
        Self {
            sides: Default::default(),
            by,
            window,
            max_held: MAX_HELD,
            align: Align::new(by == By::KeyAndPlace, window),
        }
    }

    #[cfg(test)]
    pub fn with_room(mut self, bytes: usize) -> Self {
        self.max_held = bytes;
        self
    }

    /// Adds a side's next batch.
    pub fn push(&mut self, side: usize, keyed: Keyed) {
        if let Some(side) = self.sides.get_mut(side) {
            side.push(keyed);
        }
    }

    /// Goes on as far as the batches go, and adds what is to be reported.
    pub fn advance(&mut self, events: &mut Vec<Event>) -> Stop {
        match self.by {
            By::Key | By::KeyAndPlace => self.by_key(events),
            By::Position => self.in_order(events, How::Position, |_, _| 0),
            By::Time(apart) => self.in_order(events, How::Time, move |left, right| match (left, right) {
                // What has no time is the same as nothing.
                (None, _) => -1,
                (_, None) => 1,
                (Some(left), Some(right)) if (left - right).abs() <= apart => 0,
                (Some(left), Some(right)) => (left - right).signum(),
            }),
        }
    }

    /// The batch of a packet; that of an event just reported is there.
    pub fn batch(&self, side: usize, number: u64) -> Option<&Arc<Keyed>> {
        self.sides.get(side)?.batch(number)
    }

    /// Lets go of what is reported.
    pub fn release(&mut self) {
        self.sides.iter_mut().for_each(Side::release);
    }

    /// Gives up on the oldest packets where too many bytes are held.
    pub fn make_room(&mut self, events: &mut Vec<Event>) {
        while self.sides.iter().map(Side::held).sum::<usize>() > self.max_held {
            // Of the side that holds more, if it waits for matches at all.
            let order = if self.sides[0].held() >= self.sides[1].held() { [0, 1] } else { [1, 0] };
            let sides = &mut self.sides;
            let oldest = order.into_iter().find_map(|side| Some((side, sides[side].oldest_open()?)));
            let Some((side, index)) = oldest else { return };
            let window = !self.sides[1 - side].is_exhausted();
            self.expire_through(side, index + AT_ONCE, window);
            self.align.pressed = true;
            self.align.run(&mut self.sides, events);
            self.align.pressed = false;
            // What is reported now is held until it is handed on.
            if !events.is_empty() {
                return;
            }
        }
    }

    fn expire_through(&mut self, side: usize, through: u64, window: bool) {
        while let Some(index) = self.sides[side].oldest_open().filter(|index| *index <= through) {
            self.sides[side].expire(index, window);
        }
    }

    fn by_key(&mut self, events: &mut Vec<Event>) -> Stop {
        let mut stop = Stop::Pause;
        for _ in 0..PART {
            if let Some(reason) = self.feed() {
                stop = reason;
                break;
            }
        }
        if stop == Stop::End {
            for side in 0..2 {
                self.expire_through(side, u64::MAX, false);
            }
        }
        self.align.run(&mut self.sides, events);
        stop
    }

    /// Takes a packet, or a pair; why it cannot, if so.
    fn feed(&mut self) -> Option<Stop> {
        let [left, right] = &mut self.sides;
        let (left_next, right_next) = (left.peek(), right.peek());
        let side = match (left_next, right_next) {
            (None, None) if left.ended && right.ended => return Some(Stop::End),
            // Whether a side goes on has to be known, so that what is said does
            // not depend on when that is found out.
            (None, _) if !left.ended => return Some(Stop::Needs(0)),
            (_, None) if !right.ended => return Some(Stop::Needs(1)),
            // Both at the same place: most likely they are the same packet.
            (Some((left_at, a)), Some((right_at, b))) if left.lead() == right.lead() => {
                if a.key.whole == b.key.whole && !left.has_open(b.key.whole) && !right.has_open(a.key.whole) {
                    let (left_index, right_index) = (left.taken(), right.taken());
                    left.add_matched(left_at, right_index);
                    right.add_matched(right_at, left_index);
                    left.step();
                    right.step();
                    self.pass(0, false);
                    self.pass(1, false);
                    return None;
                }
                0
            }
            (None, _) => 1,
            (_, None) => 0,
            _ => usize::from(left.lead() > right.lead()),
        };
        let next = if side == 0 { left_next } else { right_next };
        let Some((at, entry)) = next else { return Some(Stop::Needs(side)) };
        let key = entry.key.whole;
        match self.sides[1 - side].take_open(key) {
            Some(other) => {
                let index = self.sides[side].taken();
                self.sides[side].add_matched(at, other);
                let partner = &mut self.sides[1 - side];
                partner.set(other, State::Matched(index));
                partner.anchor = partner.anchor.max(other + 1);
            }
            None => self.sides[side].add_open(at, key),
        }
        self.sides[side].step();
        let other = if side == 0 { right_next } else { left_next };
        self.pass(side, other.is_none());
        None
    }

    /// Moves the window over a side's oldest open packets, and over all of the
    /// other side where that had come to its end before (`other_ended`).
    fn pass(&mut self, side: usize, other_ended: bool) {
        if let Window::Packets(count) = self.window
            && self.sides[side].lead() > count
            && other_ended
        {
            self.expire_through(1 - side, u64::MAX, true);
        }
        let this = &mut self.sides[side];
        while let Some(index) = this.oldest_open() {
            let newest = this.taken() - 1;
            let passed = match self.window {
                Window::Packets(count) => newest - index > count,
                Window::Nanos(span) => {
                    let time = |index: u64| this.slot(index).and_then(|slot| this.entry(slot.at)?.time);
                    time(newest).zip(time(index)).is_some_and(|(now, then)| now - then > span)
                }
            };
            if !passed {
                break;
            }
            this.expire(index, !other_ended);
        }
    }

    /// Pairs what `order` calls equal (0), and gives up on what comes too early.
    fn in_order(
        &mut self,
        events: &mut Vec<Event>,
        how: How,
        order: impl Fn(Option<i128>, Option<i128>) -> i128,
    ) -> Stop {
        let [left, right] = &mut self.sides;
        for _ in 0..PART {
            let (a, b) = (left.peek(), right.peek());
            let earlier = match (a, b) {
                (Some((left_at, a)), Some((right_at, b))) => match order(a.time, b.time) {
                    0 => {
                        events.push(Event::Pair { left: left_at, right: right_at, how, moved: false });
                        left.step();
                        right.step();
                        continue;
                    }
                    order => usize::from(order > 0),
                },
                (Some(_), None) if right.ended => 0,
                (None, Some(_)) if left.ended => 1,
                (None, None) if left.ended && right.ended => return Stop::End,
                (None, _) if !left.ended => return Stop::Needs(0),
                _ => return Stop::Needs(1),
            };
            let next = if earlier == 0 { a } else { b };
            if let Some((at, _)) = next {
                events.push(Event::Alone { side: earlier, at, window: false });
                if earlier == 0 { left.step() } else { right.step() }
            }
        }
        Stop::Pause
    }
}
