//! A layer: a protocol and the fields given to it. A stack: layers in order.

use std::ops::{Deref, Div};

use crate::craft::Arg;
use crate::craft::given::Given;
use crate::wire::data;
use crate::wire::field::Field;
use crate::wire::proto::Proto;

/// One header (or the payload) of a packet to be built: the protocol, and the
/// fields that are given. Everything else is computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// The protocol.
    pub proto: Proto,
    /// The given fields, each at most once, in the order they are written in;
    /// where two overlap, the later one wins.
    args: Given,
}

impl Layer {
    /// A layer with nothing given.
    pub fn new(proto: Proto) -> Self {
        Self { proto, args: Given::default() }
    }

    /// Bytes as they are.
    pub fn data(bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(Proto::Data).with(&data::DATA, bytes.into())
    }

    /// Gives a field, in place of what it may have been given before. Whether
    /// the value suits the field shows in [`build`](crate::craft::build).
    pub fn set(&mut self, field: &'static Field, value: impl Into<Arg>) {
        self.args.set(field, value.into());
    }

    /// As [`Layer::set`], for chains.
    #[must_use]
    pub fn with(mut self, field: &'static Field, value: impl Into<Arg>) -> Self {
        self.set(field, value);
        self
    }

    /// Takes a field back, to be computed again.
    pub fn unset(&mut self, field: &'static Field) {
        self.args.unset(field);
    }

    /// What the field was given; `None` where it is to be computed.
    pub fn get(&self, field: &'static Field) -> Option<&Arg> {
        self.args.get(field)
    }

    /// Whether the field was given.
    pub fn has(&self, field: &'static Field) -> bool {
        self.get(field).is_some()
    }

    /// The given fields, in the order they were given.
    pub fn args(&self) -> impl ExactSizeIterator<Item = (&'static Field, &Arg)> {
        self.args.iter()
    }

    /// The number given to a field, as far as it was given a number.
    pub(super) fn uint(&self, field: &'static Field) -> Option<u64> {
        match self.get(field)? {
            Arg::Uint(value) => Some(*value),
            _ => None,
        }
    }

    /// The raw bytes given to a field; none where nothing was given.
    pub(super) fn raw(&self, field: &'static Field) -> &[u8] {
        match self.get(field) {
            Some(Arg::Bytes(bytes)) => bytes,
            _ => &[],
        }
    }
}

/// A packet to be built: layers, outermost first, joined by `/`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stack(pub Vec<Layer>);

impl Stack {
    /// Whether some of its values differ from packet to packet.
    pub fn varies(&self) -> bool {
        self.0.iter().any(|layer| layer.args().any(|(_, value)| value.varies()))
    }
}

impl Deref for Stack {
    type Target = [Layer];

    fn deref(&self) -> &[Layer] {
        &self.0
    }
}

impl From<Layer> for Stack {
    fn from(layer: Layer) -> Self {
        Self(vec![layer])
    }
}

impl From<Vec<Layer>> for Stack {
    fn from(layers: Vec<Layer>) -> Self {
        Self(layers)
    }
}

impl From<&str> for Stack {
    fn from(text: &str) -> Self {
        Layer::data(text).into()
    }
}

impl From<&[u8]> for Stack {
    fn from(bytes: &[u8]) -> Self {
        Layer::data(bytes).into()
    }
}

impl<T: Into<Stack>> Div<T> for Stack {
    type Output = Stack;

    fn div(mut self, inner: T) -> Stack {
        self.0.extend(inner.into().0);
        self
    }
}

impl<T: Into<Stack>> Div<T> for Layer {
    type Output = Stack;

    fn div(self, inner: T) -> Stack {
        Stack::from(self) / inner
    }
}
