//! One varying value of a series: from a packet's number to the value in it.

use super::random::Random;
use super::value::{Domain, Values, Vary};
use crate::craft::{Arg, Layer};
use crate::wire::data;
use crate::wire::field::{At, Field};

/// A varying value, and where in the stack it stands.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    /// The layer.
    pub layer: usize,
    /// The layer's field.
    pub list: &'static Field,
    /// Which element of the field's list it is or is in, where it is only one of
    /// them.
    pub element: Option<usize>,
    /// The field that varies: the layer's, or the element's.
    pub field: &'static Field,
    /// How it goes on.
    how: How,
    /// The type of its values, where they are all numbers of one.
    domain: Option<Domain>,
    runs: Vec<Run>,
    /// How many values there are before each run, and after the last.
    before: Vec<u128>,
}

#[derive(Debug, Clone, Copy)]
enum How {
    Each,
    Rand(Random),
    /// Random bytes, this many.
    Bytes(Random, usize),
    Count {
        start: u128,
        step: i64,
    },
}

/// Values that follow each other.
#[derive(Debug, Clone)]
enum Run {
    One(Arg),
    Numbers { first: u128, step: u64, down: bool },
}

/// A value as the bytes of a packet need it.
pub(super) enum Picked<'a> {
    /// A number of the axis' domain.
    Number(u128),
    /// A value of any type.
    Arg(&'a Arg),
    /// So many random bytes.
    Random(Random, usize),
}

impl Axis {
    /// The axis of a varying value; `number` is its place among all of them.
    pub fn new(layer: usize, owner: &Layer, field: &'static Field, vary: &Vary, seed: u64, number: u64) -> Self {
        let random = Random::new(seed, number);
        // Payload is as many bytes as its length says.
        let payload = std::ptr::eq(field, &data::DATA).then(|| owner.uint(&data::LENGTH).unwrap_or(0) as usize);
        let domain = match payload {
            // What is chosen from are bytes as they are.
            Some(_) if !vary.values().is_empty() => None,
            Some(count @ 1..=16) => Some(Domain::Bytes(count as u16)),
            Some(_) => None,
            None => Domain::of(field),
        };
        let how = match (vary, domain) {
            (Vary::Each(_), _) => How::Each,
            (Vary::Rand(values), None) if values.is_empty() => How::Bytes(random, payload.unwrap_or(0)),
            (Vary::Rand(_), _) => How::Rand(random),
            (Vary::Count { start, step }, domain) => {
                let start = match &**start {
                    Arg::Uint(number) => u128::from(*number),
                    arg => domain.and_then(|domain| domain.number(arg)).unwrap_or(0),
                };
                How::Count { start, step: *step }
            }
        };
        let mut axis =
            Self { layer, list: field, element: None, field, how, domain, runs: Vec::new(), before: vec![0] };
        for values in vary.values() {
            let (run, count) = axis.run(values);
            axis.runs.push(run);
            axis.before.push(axis.total().saturating_add(count));
        }
        if axis.runs.iter().any(|run| matches!(run, Run::One(_))) {
            axis.domain = None;
        }
        axis
    }

    /// Values as a run, and how many they are.
    fn run(&self, values: &Values) -> (Run, u128) {
        // Raw bytes are a number only where the builder takes them for one.
        let raw = |arg: &Arg| matches!(arg, Arg::Bytes(_)) && !matches!(self.field.at, At::Bits { .. });
        let number = |arg| self.domain.filter(|_| !raw(arg)).and_then(|domain| domain.number(arg));
        match values {
            Values::One(arg) => match number(arg) {
                Some(first) => (Run::Numbers { first, step: 1, down: false }, 1),
                None => (Run::One(arg.clone()), 1),
            },
            Values::Range { first, last, step } => {
                let (first, last) = (number(first).unwrap_or(0), number(last).unwrap_or(0));
                let count = (first.abs_diff(last) / u128::from((*step).max(1))).saturating_add(1);
                (Run::Numbers { first, step: *step, down: last < first }, count)
            }
        }
    }

    fn total(&self) -> u128 {
        self.before.last().copied().unwrap_or(0)
    }

    /// How many values it goes through before it starts again; `None` where it
    /// goes on for ever.
    pub fn len(&self) -> Option<u64> {
        match self.how {
            How::Each => Some(u64::try_from(self.total()).unwrap_or(u64::MAX)),
            How::Rand(_) | How::Bytes(..) | How::Count { .. } => None,
        }
    }

    /// Which of its values it has in packet `packet`, of which `digit` says how
    /// far it is where it has an end: the same place, the same value.
    pub fn place(&self, packet: u64, digit: u64) -> u128 {
        match self.how {
            How::Each => u128::from(digit),
            How::Rand(random) => {
                let all = self.domain.map_or(0, Domain::max);
                random.up_to(if self.runs.is_empty() { all } else { self.total() - 1 }, packet)
            }
            How::Bytes(..) => u128::from(packet),
            How::Count { start, step } => {
                let moved = (step as i128 as u128).wrapping_mul(u128::from(packet));
                start.wrapping_add(moved) & self.domain.map_or(0, Domain::max)
            }
        }
    }

    /// The value in that place.
    pub fn value(&self, place: u128) -> Picked<'_> {
        match self.how {
            How::Bytes(random, count) => return Picked::Random(random, count),
            How::Rand(_) | How::Count { .. } if self.runs.is_empty() => return Picked::Number(place),
            _ => {}
        }
        let index = match self.runs.len() {
            1 => 0,
            _ => self.before.partition_point(|before| *before <= place) - 1,
        };
        match &self.runs[index.min(self.runs.len() - 1)] {
            Run::One(arg) => Picked::Arg(arg),
            Run::Numbers { first, step, down } => {
                let moved = (place - self.before[index]).wrapping_mul(u128::from(*step));
                Picked::Number(if *down { first.wrapping_sub(moved) } else { first.wrapping_add(moved) })
            }
        }
    }

    /// The value in packet `packet`, for a layer.
    pub fn arg(&self, packet: u64, digit: u64) -> Arg {
        match self.value(self.place(packet, digit)) {
            Picked::Number(number) => {
                self.domain_of_runs().map_or(Arg::Uint(number as u64), |domain| domain.arg(number))
            }
            Picked::Arg(arg) => arg.clone(),
            Picked::Random(random, count) => {
                let mut bytes = vec![0; count];
                random.fill(&mut bytes, packet);
                Arg::Bytes(bytes)
            }
        }
    }

    /// The type of those of its values that are numbers.
    fn domain_of_runs(&self) -> Option<Domain> {
        self.domain.or_else(|| Domain::of(self.field))
    }

    /// Whether all of its values are numbers of one type.
    pub fn is_numbers(&self) -> bool {
        self.domain.is_some()
    }

    /// How many bytes each of its values has in a payload, where they are alike.
    pub fn size(&self) -> Option<usize> {
        match (self.how, self.domain) {
            (How::Bytes(_, count), _) => return Some(count),
            (_, Some(domain)) => return Some(usize::from(domain.width() / 8)),
            _ => {}
        }
        let mut counts = self.runs.iter().map(|run| match run {
            Run::One(Arg::Bytes(bytes)) => Some(bytes.len()),
            _ => None,
        });
        let first = counts.next()??;
        counts.all(|count| count == Some(first)).then_some(first)
    }

    /// How many different values there are; at most `u128::MAX`.
    pub fn variety(&self) -> u128 {
        match (self.how, self.domain) {
            (How::Bytes(..), _) => u128::MAX,
            _ if !self.runs.is_empty() => self.total(),
            (_, domain) => domain.map_or(u128::MAX, Domain::max).saturating_add(1),
        }
    }

    /// Puts the value of a packet into its layers.
    pub fn put(&self, layers: &mut [Layer], packet: u64, digit: u64) {
        let (value, layer) = (self.arg(packet, digit), &mut layers[self.layer]);
        let Some(element) = self.element else { return layer.set(self.list, value) };
        let Some(Arg::List(mut items)) = layer.get(self.list).cloned() else { return };
        match items.get_mut(element) {
            Some(Arg::Element(inner)) => inner.set(self.field, value),
            Some(item) => *item = value,
            None => {}
        }
        layer.set(self.list, items);
    }
}
