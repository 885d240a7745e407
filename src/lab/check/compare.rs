//! Where a frame is not the predicted one, field by field.

use std::collections::{BTreeMap, BTreeSet};

use crate::capture::Frame;
use crate::dissect::{Dissection, Item, Layer, Packet, Shown, Visitor};
use crate::show::text;
use crate::wire::field::Kind;
use crate::wire::link_type::LinkType;
use crate::wire::proto::Proto;

/// A field in which two frames differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Its name; `.2` behind it where it is the second of its name, and so on.
    pub field: String,
    /// What was predicted; `None` where there was to be no such field.
    pub predicted: Option<String>,
    /// What came; `None` where there is no such field.
    pub seen: Option<String>,
}

/// Where two frames differ; never empty unless they are equal.
pub fn differences(predicted: &[u8], seen: &[u8]) -> Vec<Difference> {
    let (a, b) = (Leaves::of(predicted), Leaves::of(seen));
    let mut found = Vec::new();
    // A header that only one has is one difference, not one for each field.
    for proto in a.headers.keys().chain(b.headers.keys()).copied().collect::<BTreeSet<_>>() {
        let (in_a, in_b) = (a.count(proto), b.count(proto));
        if in_a != in_b {
            let count = |n: usize| (n > 0).then(|| format!("{n} of them"));
            found.push(Difference { field: format!("{proto} headers"), predicted: count(in_a), seen: count(in_b) });
        }
    }
    let named = |(proto, layer, name, nth): &Key| {
        let layer = if *layer > 1 { format!("#{layer}") } else { String::new() };
        let nth = if *nth > 1 { format!("[{nth}]") } else { String::new() };
        let _ = proto;
        format!("{name}{layer}{nth}")
    };
    for key in a.order.iter().chain(b.order.iter().filter(|key| !a.fields.contains_key(key))) {
        let (proto, layer, ..) = key;
        if *layer > a.count(proto).min(b.count(proto)) {
            continue;
        }
        let (in_a, in_b) = (a.fields.get(key), b.fields.get(key));
        if in_a != in_b {
            found.push(Difference { field: named(key), predicted: in_a.cloned(), seen: in_b.cloned() });
        }
    }
    if found.is_empty() && predicted != seen {
        let at = predicted.iter().zip(seen).take_while(|(a, b)| a == b).count();
        let byte = |bytes: &[u8]| bytes.get(at).map(|byte| format!("{byte:02x}"));
        found.push(Difference { field: format!("byte {at}"), predicted: byte(predicted), seen: byte(seen) });
    }
    found
}

/// Protocol, which of its headers, field, which of its name in that header.
type Key = (&'static str, usize, &'static str, usize);

/// The fields that stand in a frame, with their values.
#[derive(Default)]
struct Leaves {
    headers: BTreeMap<&'static str, usize>,
    fields: BTreeMap<Key, String>,
    order: Vec<Key>,
    /// The header whose fields come now.
    current: Option<&'static str>,
}

impl Leaves {
    fn of(bytes: &[u8]) -> Self {
        let frame = Frame::new(LinkType::ETHERNET, bytes);
        let dissection = Dissection::of(&frame);
        let mut leaves = Self::default();
        Packet::new(&frame, &dissection).visit(&mut leaves);
        leaves
    }

    fn count(&self, proto: &str) -> usize {
        self.headers.get(proto).copied().unwrap_or(0)
    }
}

impl Visitor for Leaves {
    fn wants(&mut self, proto: Proto) -> bool {
        proto != Proto::Frame
    }

    fn wants_layer(&mut self, _index: usize, layer: &Layer) -> bool {
        let name = layer.proto.info().name;
        *self.headers.entry(name).or_default() += 1;
        self.current = Some(name);
        true
    }

    fn leaf(&mut self, item: &Item<'_>) {
        if item.len == 0 || item.field.kind == Kind::Group || item.shown == Shown::Hidden {
            return;
        }
        let Some(proto) = self.current else { return };
        let layer = self.count(proto);
        let same = |key: &&Key| (key.0, key.1, key.2) == (proto, layer, item.field.name);
        let key = (proto, layer, item.field.name, 1 + self.order.iter().rev().filter(same).count());
        let mut value = Vec::new();
        text::value(&mut value, item.field, &item.value);
        self.fields.insert(key, String::from_utf8_lossy(&value).into_owned());
        self.order.push(key);
    }

    fn open(&mut self, item: &Item<'_>) {
        self.leaf(item);
    }

    fn close(&mut self) {}
}
