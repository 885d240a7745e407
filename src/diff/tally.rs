//! What a diff comes to.

use super::compare::Comparison;
use super::matcher::How;
use super::semantic::Verdict;
use crate::wire::field::Field;

/// Counts over a diff.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Packets of each capture that were looked at.
    pub packets: [u64; 2],
    /// Pairs, by what they were matched by.
    pub key: u64,
    /// See [`How::Place`].
    pub place: u64,
    /// See [`How::Position`].
    pub position: u64,
    /// See [`How::Time`].
    pub time: u64,
    /// Pairs that do not differ at all.
    pub same: u64,
    /// Pairs that differ only as SRv6 allows.
    pub accepted: u64,
    /// Pairs that differ.
    pub different: u64,
    /// Pairs that came in another order.
    pub moved: u64,
    /// Packets that only one capture has.
    pub alone: [u64; 2],
    /// Of those, the ones that the window passed before the other capture ended.
    pub passed: [u64; 2],
    /// Differences that count, by field.
    pub fields: Vec<(&'static Field, u64)>,
    /// Verdicts, by their place in [`Verdict::ALL`].
    pub verdicts: Vec<u64>,
    /// How much later the right packets were seen, where that was asked.
    pub delay: Option<Delay>,
}

/// Nanoseconds between the packets of pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delay {
    /// The least.
    pub least: i128,
    /// The most.
    pub most: i128,
    /// All of them added up.
    pub sum: i128,
    /// How many.
    pub count: u64,
}

impl Delay {
    fn merge(one: Option<Self>, two: Option<Self>) -> Option<Self> {
        match (one, two) {
            (Some(a), Some(b)) => Some(Self {
                least: a.least.min(b.least),
                most: a.most.max(b.most),
                sum: a.sum + b.sum,
                count: a.count + b.count,
            }),
            (one, two) => one.or(two),
        }
    }
}

impl Tally {
    /// Counts a pair.
    pub(super) fn pair(&mut self, how: How, moved: bool) {
        let counter = match how {
            How::Key => &mut self.key,
            How::Place => &mut self.place,
            How::Position => &mut self.position,
            How::Time => &mut self.time,
        };
        *counter += 1;
        self.moved += u64::from(moved);
    }

    /// Counts how much later one was seen.
    pub(super) fn delay(&mut self, nanos: i128) {
        self.delay = Delay::merge(self.delay, Some(Delay { least: nanos, most: nanos, sum: nanos, count: 1 }));
    }

    /// Counts what differs in a pair.
    pub(super) fn comparison(&mut self, comparison: &Comparison<'_>) {
        if comparison.differences.is_empty() {
            self.same += 1;
            return;
        }
        let mut counts = false;
        for difference in comparison.differences {
            if let Some(verdict) = difference.verdict {
                self.verdicts.resize(Verdict::ALL.len(), 0);
                self.verdicts[verdict as usize] += 1;
            }
            if difference.counts() {
                counts = true;
                self.field(difference.field, 1);
            }
        }
        *(if counts { &mut self.different } else { &mut self.accepted }) += 1;
    }

    fn field(&mut self, field: &'static Field, count: u64) {
        match self.fields.iter_mut().find(|(known, _)| std::ptr::eq(*known, field)) {
            Some((_, known)) => *known += count,
            None => self.fields.push((field, count)),
        }
    }

    /// Adds the counts of another, and empties it.
    pub(super) fn take(&mut self, other: &mut Self) {
        for side in 0..2 {
            self.packets[side] += other.packets[side];
            self.alone[side] += other.alone[side];
            self.passed[side] += other.passed[side];
        }
        self.key += other.key;
        self.place += other.place;
        self.position += other.position;
        self.time += other.time;
        self.same += other.same;
        self.accepted += other.accepted;
        self.different += other.different;
        self.moved += other.moved;
        for (field, count) in other.fields.drain(..) {
            self.field(field, count);
        }
        self.verdicts.resize(self.verdicts.len().max(other.verdicts.len()), 0);
        self.verdicts.iter_mut().zip(&other.verdicts).for_each(|(count, more)| *count += more);
        self.delay = Delay::merge(self.delay, other.delay);
        let (mut fields, mut verdicts) = (std::mem::take(&mut other.fields), std::mem::take(&mut other.verdicts));
        fields.clear();
        verdicts.clear();
        *other = Self { fields, verdicts, ..Self::default() };
    }

    /// Pairs.
    pub fn pairs(&self) -> u64 {
        self.key + self.place + self.position + self.time
    }

    /// Whether the captures are the same, or differ only as is allowed.
    pub fn is_same(&self) -> bool {
        self.different == 0 && self.moved == 0 && self.alone == [0, 0]
    }

    /// The verdicts that were given, and how often.
    pub fn given(&self, accepted: bool) -> impl Iterator<Item = (Verdict, u64)> {
        let all = Verdict::ALL.iter().copied().zip(self.verdicts.iter().copied());
        all.filter(move |(verdict, count)| *count > 0 && verdict.is_accepted() == accepted)
    }
}
