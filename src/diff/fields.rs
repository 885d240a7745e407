//! The fields of some layers of a packet, kept for comparing.

use crate::dissect::{Item, Layer, Packet, Shown, Visitor};
use crate::wire::field::{Field, Value};
use crate::wire::proto::Proto;

/// A field's value; of bytes and text where they are kept.
#[derive(Debug, Clone, Copy)]
enum Kept {
    Fixed(Value<'static>),
    Bytes { start: usize, end: usize },
    Text { start: usize, end: usize },
}

/// A field as it was seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub field: &'static Field,
    value: Kept,
    /// First byte and count, from the start of the frame.
    pub start: u32,
    pub len: u32,
    /// The index after what is inside it.
    pub end: usize,
}

/// The fields of some layers. Made to be reused.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields {
    /// By layer, as a list in which groups come before what is inside them.
    layers: Vec<Vec<Seen>>,
    /// Bytes and text of values.
    text: Vec<u8>,
    /// Which layers are wanted.
    wanted: u64,
    /// The layers being shown, outermost first: index, and the header's end.
    open: Vec<(usize, u32)>,
    /// Groups begun within them: the index in its list, or that it is not kept.
    groups: Vec<Option<usize>>,
    /// A layer whose header group comes next.
    next: Option<(usize, u32)>,
}

impl Fields {
    /// Takes the fields of those layers of `packet` whose bits are set.
    pub fn fill(&mut self, packet: &Packet<'_>, wanted: u64) {
        self.layers.resize_with(packet.layers().len().max(self.layers.len()), Vec::new);
        self.layers.iter_mut().for_each(Vec::clear);
        self.text.clear();
        self.open.clear();
        self.groups.clear();
        self.next = None;
        self.wanted = wanted;
        if wanted != 0 {
            packet.visit(self);
        }
    }

    /// The fields of a layer.
    pub fn of(&self, layer: usize) -> &[Seen] {
        self.layers.get(layer).map_or(&[], Vec::as_slice)
    }

    /// A field's value.
    pub fn value(&self, seen: &Seen) -> Value<'_> {
        match seen.value {
            Kept::Fixed(value) => value,
            Kept::Bytes { start, end } => Value::Bytes(self.text.get(start..end).unwrap_or_default()),
            Kept::Text { start, end } => {
                let text = self.text.get(start..end).and_then(|text| std::str::from_utf8(text).ok());
                Value::Text(text.unwrap_or_default())
            }
        }
    }

    fn keep(&mut self, value: &Value<'_>) -> Kept {
        let start = self.text.len();
        match *value {
            Value::None => Kept::Fixed(Value::None),
            Value::Bool(flag) => Kept::Fixed(Value::Bool(flag)),
            Value::Uint(number) => Kept::Fixed(Value::Uint(number)),
            Value::Ether(octets) => Kept::Fixed(Value::Ether(octets)),
            Value::Ipv4(octets) => Kept::Fixed(Value::Ipv4(octets)),
            Value::Ipv6(octets) => Kept::Fixed(Value::Ipv6(octets)),
            Value::Nanos(nanos) => Kept::Fixed(Value::Nanos(nanos)),
            Value::Bytes(bytes) => {
                self.text.extend_from_slice(bytes);
                Kept::Bytes { start, end: self.text.len() }
            }
            Value::Text(text) => {
                self.text.extend_from_slice(text.as_bytes());
                Kept::Text { start, end: self.text.len() }
            }
        }
    }

    /// Adds a field that stands in the header of the innermost open layer.
    /// Others say again what stands elsewhere, or were worked out.
    fn add(&mut self, item: &Item<'_>) -> Option<usize> {
        let (layer, header_end) = *self.open.last()?;
        if item.shown != Shown::Plain || item.len == 0 || item.start + item.len > header_end {
            return None;
        }
        let value = self.keep(&item.value);
        let list = self.layers.get_mut(layer)?;
        let end = list.len() + 1;
        list.push(Seen { field: item.field, value, start: item.start, len: item.len, end });
        Some(end - 1)
    }
}

impl Visitor for Fields {
    fn wants(&mut self, proto: Proto) -> bool {
        proto != Proto::Frame
    }

    fn wants_layer(&mut self, index: usize, layer: &Layer) -> bool {
        let wanted = layer.proto != Proto::Trailer && self.wanted >> index & 1 == 1;
        self.next = wanted.then_some((index, layer.header_end));
        wanted
    }

    fn leaf(&mut self, item: &Item<'_>) {
        self.add(item);
    }

    fn open(&mut self, item: &Item<'_>) {
        if let Some(layer) = self.next.take() {
            // The header itself is the layer.
            self.open.push(layer);
            self.groups.push(None);
            return;
        }
        let added = self.add(item);
        // What has no group of its own is no layer's header either: it is told
        // apart by standing in `groups` alone.
        self.groups.push(Some(added.unwrap_or(usize::MAX)));
    }

    fn close(&mut self) {
        match self.groups.pop() {
            Some(Some(index)) => {
                let Some(list) = self.open.last().and_then(|(layer, _)| self.layers.get_mut(*layer)) else { return };
                let end = list.len();
                if let Some(seen) = list.get_mut(index) {
                    seen.end = end;
                }
            }
            Some(None) => {
                self.open.pop();
            }
            None => {}
        }
    }
}
