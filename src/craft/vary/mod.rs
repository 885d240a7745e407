//! Packets that differ in some of their values, as many as are wanted.
//!
//! A value of a layer can be a [`Vary`]: a range, a list, a counter, a die. A
//! [`Series`] is a stack with such values. Its packet number `n` is always the
//! same bytes, whoever builds it and in which order: several threads can each
//! take every other packet by a [`Cursor`] of their own.
//!
//! ```
//! use sr6::craft::{self, Vary, Values, vary::{Options, Series}};
//! use sr6::wire::udp;
//!
//! let ports = Vary::Each(vec![Values::Range { first: 53u16.into(), last: 55u16.into(), step: 1 }]);
//! let packet = craft::ip6() / craft::udp(1, 2).with(&udp::DESTINATION, ports) / "hi";
//! let series = Series::new(packet, &Options::default())?;
//! assert_eq!(series.size(), 3);
//! let mut packets = series.cursor(0, 1);
//! let mut seen = Vec::new();
//! while packets.number() < series.size() {
//!     seen.push(packets.next()?[43]);
//! }
//! assert_eq!(seen, [53, 54, 55]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Values that have an end ([`Vary::Each`]) are combined, the last one varying
//! fastest, or go side by side ([`Options::zip`]) and start again with the
//! shortest. Those without ([`Vary::Rand`], [`Vary::Count`]) go on with every
//! packet. After the last packet comes the first again.
//!
//! How it is fast: the packet is built once, what varies is written over it, and
//! checksums are made up from the sum of what stays. What cannot be written
//! over, because other bytes depend on it (lengths, Segments Left, what is
//! signed), has a template for each of its values, or where there are too many
//! of them a packet built anew.

mod axis;
mod cursor;
mod random;
mod template;
mod value;

use std::sync::Arc;

use thiserror::Error;

use self::axis::Axis;
use self::random::Random;
use crate::craft::{Arg, ArgError, CraftError, Layer, Stack, build};
use crate::wire::data;
use crate::wire::field::Field;
use crate::wire::proto::Proto;
pub use cursor::Cursor;
pub(crate) use value::Domain;
pub use value::{Values, Vary};

/// How the values of a series go together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// Side by side, instead of every one with every other.
    pub zip: bool,
    /// What random values start from.
    pub seed: u64,
}

/// A packet of a series that cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct SeriesError {
    /// The packet's number, from 0; `None` where the series has only this one.
    pub packet: Option<u64>,
    /// What is wrong with it.
    pub error: CraftError,
}

impl std::fmt::Display for SeriesError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.packet {
            Some(packet) => write!(f, "packet {}: {}", packet.saturating_add(1), self.error),
            None => self.error.fmt(f),
        }
    }
}

/// Layers with values that vary, and how they do.
#[derive(Debug, Clone)]
pub struct Series {
    layers: Stack,
    axes: Vec<Axis>,
    /// Which axes are written into a finished packet.
    plain: Vec<bool>,
    options: Options,
    size: u64,
}

impl Series {
    /// Makes a series of layers; those without varying values make the same
    /// packet every time.
    ///
    /// # Errors
    /// A varying value that does not suit its field, or a packet that cannot be
    /// built: the first, the last, and some others are tried.
    pub fn new(layers: impl Into<Stack>, options: &Options) -> Result<Arc<Self>, SeriesError> {
        let layers = layers.into();
        let mut axes = Vec::new();
        for (index, layer) in layers.iter().enumerate() {
            let place = |error: ArgError| {
                let (number, layer) = (index + 1, layer.proto.info().notation);
                SeriesError { packet: None, error: CraftError { number, layer, problem: error.into() } }
            };
            for (field, arg) in layer.args() {
                if !arg.varies() {
                    continue;
                }
                if layer.proto == Proto::Data {
                    check_payload(layer, field, arg).map_err(place)?;
                } else {
                    arg.check(field).map_err(place)?;
                }
                let mut add = |element, own: &'static Field, vary: &Vary| {
                    let mut axis = Axis::new(index, layer, own, vary, options.seed, axes.len() as u64);
                    (axis.list, axis.element) = (field, element);
                    axes.push(axis);
                };
                match arg {
                    Arg::Vary(vary) => add(None, field, vary),
                    Arg::List(items) => {
                        for (number, item) in items.iter().enumerate() {
                            match item {
                                Arg::Vary(vary) => add(Some(number), field, vary),
                                Arg::Element(element) => {
                                    for (own, value) in element.args() {
                                        match value {
                                            Arg::Vary(vary) => add(Some(number), own, vary),
                                            value if value.varies() => return Err(place(ArgError::Nested(own.arg))),
                                            _ => {}
                                        }
                                    }
                                }
                                _ => {}
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
        let ends = axes.iter().filter_map(Axis::len);
        let size = if options.zip { ends.min() } else { ends.reduce(u64::saturating_mul) };
        let plain = vec![false; axes.len()];
        let mut series = Self { layers, axes, plain, options: *options, size: size.unwrap_or(1) };
        let first = series.layers(0);
        series.plain = template::in_place(&first, &series.axes);
        if !series.try_some()? {
            series.plain.fill(false);
        }
        Ok(Arc::new(series))
    }

    /// Whether some packets, written over a template, are those that are built;
    /// should a layer ever depend on a value in a way not known here, this finds
    /// out.
    fn try_some(&self) -> Result<bool, SeriesError> {
        let numbers = Random::new(0, 0);
        let last = self.size - 1;
        let some = (0..6).map(|index| numbers.up_to(u128::from(last.max(1 << 20)), index) as u64);
        let mut cursor = Arc::new(self.clone()).cursor(0, 1);
        for packet in (0..last.min(4)).chain([last]).chain(some.filter(|_| self.varies())) {
            if cursor.packet(packet)? != self.build(packet)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether there is more than one packet in it.
    pub fn varies(&self) -> bool {
        !self.axes.is_empty()
    }

    /// How many packets there are before the first one comes again: the
    /// combinations of all values that have an end, 1 where there are none, and
    /// at most `u64::MAX`.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Whether every packet is written over one template.
    pub fn is_template(&self) -> bool {
        self.plain.iter().all(|plain| *plain)
    }

    /// How its values go together.
    pub fn options(&self) -> Options {
        self.options
    }

    /// The layers as they were given.
    pub fn given(&self) -> &Stack {
        &self.layers
    }

    /// The layers of packet `packet`, counted from 0.
    pub fn layers(&self, packet: u64) -> Stack {
        let mut layers = self.layers.clone();
        let mut digits = vec![0; self.axes.len()];
        self.digits(packet, &mut digits);
        for (axis, digit) in self.axes.iter().zip(digits) {
            axis.put(&mut layers.0, packet, digit);
        }
        layers
    }

    /// Builds packet `packet` from its layers.
    ///
    /// # Errors
    /// Where they do not build.
    pub fn build(&self, packet: u64) -> Result<Vec<u8>, SeriesError> {
        build(&self.layers(packet)).map_err(|error| self.error(packet, error))
    }

    /// A cursor on packet `first` that goes on by `stride`.
    pub fn cursor(self: &Arc<Self>, first: u64, stride: u64) -> Cursor {
        Cursor::new(Arc::clone(self), first, stride)
    }

    fn error(&self, packet: u64, error: CraftError) -> SeriesError {
        SeriesError { packet: self.varies().then_some(packet), error }
    }

    /// How far each axis that has an end is in packet `packet`.
    fn digits(&self, packet: u64, digits: &mut [u64]) {
        let mut left = packet;
        for (digit, axis) in digits.iter_mut().zip(&self.axes).rev() {
            let Some(len) = axis.len() else { continue };
            if self.options.zip {
                *digit = packet % self.size;
            } else {
                (*digit, left) = (left % len, left / len);
            }
        }
    }

    /// Goes on from the digits of a packet to those of the one `step` later.
    fn advance(&self, digits: &mut [u64], step: u64) {
        let mut carry = step;
        for (digit, axis) in digits.iter_mut().zip(&self.axes).rev() {
            let Some(len) = axis.len() else { continue };
            let end = if self.options.zip { self.size } else { len };
            let (sum, over) = digit.overflowing_add(carry);
            if over {
                let sum = u128::from(*digit) + u128::from(carry);
                *digit = (sum % u128::from(end)) as u64;
                carry = (sum / u128::from(end)) as u64;
            } else if sum < end {
                *digit = sum;
                carry = 0;
            } else {
                *digit = sum % end;
                carry = sum / end;
            }
            if self.options.zip {
                carry = step;
            } else if carry == 0 {
                break;
            }
        }
    }
}

/// Checks a varying payload: bytes to choose from, a length, or as many bytes to
/// count or roll dice in as a fixed length says.
fn check_payload(layer: &Layer, field: &'static Field, arg: &Arg) -> Result<(), ArgError> {
    let Arg::Vary(vary) = arg else { return Ok(()) };
    if std::ptr::eq(field, &data::LENGTH) {
        return vary.check(field, false);
    }
    let size = layer.uint(&data::LENGTH).unwrap_or(0);
    let enough = match &**vary {
        Vary::Each(values) | Vary::Rand(values) if !values.is_empty() => {
            let bytes = values.iter().all(|values| matches!(values, Values::One(Arg::Bytes(_))));
            return if bytes { Ok(()) } else { Err(ArgError::Kind { arg: "the payload", takes: "bytes" }) };
        }
        Vary::Each(_) => return Err(ArgError::NoValues("the payload")),
        Vary::Rand(_) => (1..=data::MAX_LENGTH).contains(&size),
        Vary::Count { .. } => (1..=16).contains(&size),
    };
    if enough {
        Ok(())
    } else {
        Err(ArgError::Kind { arg: "the payload", takes: "a fixed number of bytes to vary in" })
    }
}
