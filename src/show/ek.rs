//! A packet as `tshark -T ek` prints it, for pipelines that expect it: the two
//! lines of Elasticsearch's bulk format. Fields that Wireshark does not have
//! follow its rules for names.
//!
//! The rules, as tshark 4 has them: every layer is an object under its
//! protocol's name, and an array of objects where there are several; the
//! layers that a tree shows inside another are members of it. A field's key
//! is the name of the protocol that owns it and its own full name, with `_`
//! for `.`. Fields below a field follow it, in the same object. Numbers and
//! addresses are text as in columns, but bytes have colons, flags are booleans,
//! and what has no value is `null`; several values under one heading are an
//! array. (A key can come twice where the same field is below two headings, as
//! `eth.addr` below both addresses: so it does in tshark.)

use crate::dissect::refrain::Refrain;
use crate::dissect::{Again, Item, Packet, Visitor};
use crate::show::kept::{Found, Kept};
use crate::show::{text, time};
use crate::wire::field::{Field, Kind, Protocol, Value};
use crate::wire::field_map::FieldMap;
use crate::wire::proto::Proto;

/// Writes packets as `tshark -T ek` does. Its buffers are reused.
#[derive(Debug, Clone, Default)]
pub struct Ek {
    keys: Keys,
    nodes: Vec<Node>,
    /// The nodes that are open, by index.
    open: Vec<usize>,
    /// The text of all values.
    values: Vec<u8>,
    /// For [`Members::together`].
    together: Vec<usize>,
    /// The text of values, and the nodes that have them.
    kept: Kept<Run>,
    /// For each run of fields that is to be kept: how many nodes there were
    /// before it, and open ones.
    runs: Vec<(usize, usize)>,
}

/// The nodes of a run of fields, with places from its start.
#[derive(Debug, Clone, Default)]
struct Run {
    nodes: Vec<Node>,
    /// Those that it leaves open.
    open: Vec<usize>,
}

/// A field in the tree of a packet.
#[derive(Debug, Clone, Copy)]
struct Node {
    /// Its key, by index.
    key: usize,
    /// The number of its name, which fields share that are grouped.
    name: usize,
    /// Where its value is in the text of all values.
    value: (usize, usize),
    /// The index after that of its last descendant.
    end: usize,
}

/// The keys of the fields that came up so far: they take long to make.
#[derive(Debug, Clone, Default)]
struct Keys {
    keys: Vec<Key>,
    /// The index of each field's.
    known: FieldMap<usize>,
}

#[derive(Debug, Clone)]
struct Key {
    /// The field's full name.
    field: &'static str,
    /// The index of the first key of a field of this name.
    name: usize,
    /// With quotes and colon.
    text: Vec<u8>,
    /// Whether it is that of a whole header.
    is_layer: bool,
}

impl Keys {
    /// The index of a field's key.
    fn of(&mut self, field: &'static Field) -> usize {
        let Self { keys, known } = self;
        *known.entry(field, || {
            let name = keys.iter().position(|key| key.field == field.name).unwrap_or(keys.len());
            keys.push(Key::new(field, name));
            keys.len() - 1
        })
    }
}

impl Key {
    fn new(field: &'static Field, name: usize) -> Self {
        let is_layer = is_protocol(field);
        let mut text = vec![b'"'];
        if !is_layer {
            underscored(&mut text, owner(field));
            text.push(b'_');
        }
        underscored(&mut text, field.name);
        text.extend_from_slice(b"\":");
        Self { field: field.name, name, text, is_layer }
    }
}

impl Ek {
    /// Appends the packet's two lines.
    pub fn packet(&mut self, out: &mut Vec<u8>, packet: &Packet<'_>) {
        self.nodes.clear();
        self.values.clear();
        self.open.clear();
        packet.visit_closely(self);
        let nanos = packet.frame.time.map_or(0, |time| time.0);
        out.extend_from_slice(b"{\"index\":{\"_index\":\"packets-");
        time::day(out, &time::Date::new(nanos));
        out.extend_from_slice(b"\",\"_type\":\"doc\"}}\n{\"timestamp\":\"");
        text::decimal(out, (nanos / 1_000_000).max(0) as u64);
        out.extend_from_slice(b"\",\"layers\":");
        let Self { keys, nodes, values, together, .. } = self;
        let mut members = Members { out, keys: &keys.keys, nodes, values, together };
        members.object(0, nodes.len());
        out.extend_from_slice(b"}\n");
    }

    fn push(&mut self, item: &Item<'_>) {
        let key = self.keys.of(item.field);
        let start = self.values.len();
        write_value(&mut self.values, item.field, &item.value);
        let end = self.nodes.len() + 1;
        self.nodes.push(Node { key, name: self.keys.keys[key].name, value: (start, self.values.len()), end });
    }
}

impl Node {
    /// The same with places from elsewhere: in the values, and among the nodes.
    fn moved(self, value: impl Fn(usize) -> usize, node: impl Fn(usize) -> usize) -> Self {
        Self { value: (value(self.value.0), value(self.value.1)), end: node(self.end), ..self }
    }
}

/// Writes the nodes of a packet as members of objects.
struct Members<'m> {
    out: &'m mut Vec<u8>,
    keys: &'m [Key],
    nodes: &'m [Node],
    values: &'m [u8],
    /// The nodes that become members of one object together; after them, those
    /// of objects within it.
    together: &'m mut Vec<usize>,
}

impl Members<'_> {
    /// Appends the nodes from `start` to `end` as an object.
    fn object(&mut self, start: usize, end: usize) {
        self.out.push(b'{');
        let from = self.together.len();
        self.add_children(start, end);
        self.members(from);
        self.out.push(b'}');
    }

    /// Notes the nodes directly within a range of nodes.
    fn add_children(&mut self, start: usize, end: usize) {
        let nodes = self.nodes;
        let next = |at: &usize| nodes.get(*at).map(|node| node.end);
        self.together.extend(std::iter::successors(Some(start), next).take_while(|at| *at < end));
    }

    /// Takes the noted nodes from place `from` on, and appends them, grouped by
    /// name, as members of the object being written.
    fn members(&mut self, from: usize) {
        let to = self.together.len();
        let nodes = self.nodes;
        // Most names come once, which one bit of 64 is mostly enough to tell.
        let bit = |name: usize| 1u64 << (name % 64);
        let (mut once, mut again) = (0, 0);
        for node in &self.together[from..] {
            let bit = bit(nodes[*node].name);
            again |= once & bit;
            once |= bit;
        }
        for place in from..to {
            let index = self.together[place];
            let node = nodes[index];
            let same = |other: &usize| nodes[*other].name == node.name;
            let repeated = again & bit(node.name) != 0;
            if repeated && self.together[from..place].iter().any(same) {
                continue;
            }
            if self.out.last() != Some(&b'{') {
                self.out.push(b',');
            }
            let key = &self.keys[node.key];
            self.out.extend_from_slice(&key.text);
            if repeated && self.together[place + 1..to].iter().any(same) {
                self.list(place, to, key);
            } else {
                self.value(index, &node, key);
            }
            // Fields below those that were just written.
            if self.together.len() > to {
                self.members(to);
            }
        }
        self.together.truncate(from);
    }

    /// Appends the values of the noted nodes before `to` that have the name of that
    /// at `place`, as an array.
    fn list(&mut self, place: usize, to: usize, key: &Key) {
        let nodes = self.nodes;
        let name = nodes[self.together[place]].name;
        let mut before = b'[';
        for at in place..to {
            let index = self.together[at];
            if nodes[index].name == name {
                self.out.push(before);
                before = b',';
                self.value(index, &nodes[index], key);
            }
        }
        self.out.push(b']');
    }

    /// Appends the value of a node, and notes those below it.
    fn value(&mut self, index: usize, node: &Node, key: &Key) {
        if key.is_layer {
            return self.object(index + 1, node.end);
        }
        let (start, end) = node.value;
        self.out.extend_from_slice(&self.values[start..end]);
        if node.end > index + 1 {
            self.add_children(index + 1, node.end);
        }
    }
}

/// Appends a value as JSON.
fn write_value(out: &mut Vec<u8>, field: &Field, value: &Value<'_>) {
    match *value {
        Value::None => out.extend_from_slice(b"null"),
        Value::Bool(flag) => out.extend_from_slice(if flag { b"true" } else { b"false" }),
        // Text needs escaping; neither text nor a Vec to write to can fail.
        Value::Text(words) => drop(serde_json::to_writer(out, words)),
        Value::Bytes(bytes) => {
            out.push(b'"');
            text::colon_bytes(out, bytes);
            out.push(b'"');
        }
        _ => {
            out.push(b'"');
            match *value {
                Value::Nanos(nanos) if field.kind == Kind::Time => time::rfc3339(out, nanos),
                _ => text::value(out, field, value),
            }
            out.push(b'"');
        }
    }
}

fn underscored(out: &mut Vec<u8>, name: &str) {
    out.extend(name.bytes().map(|byte| if byte == b'.' { b'_' } else { byte }));
}

/// Whether the field is a whole header.
fn is_protocol(field: &Field) -> bool {
    Proto::ALL.iter().any(|proto| std::ptr::eq(proto.info().header, field))
}

/// The name of the protocol that owns the field: the longest that the field's
/// name begins with, unless that protocol has another field of this name, as
/// IPv4 has for IPv6's `ip.version`.
fn owner(field: &'static Field) -> &'static str {
    let name = field.name;
    let begins = |owner: &&Protocol| name.strip_prefix(owner.name).is_some_and(|rest| rest.starts_with('.'));
    let protocols = || Proto::ALL.iter().map(|proto| proto.info());
    let lists = |owner: &&Protocol| owner.fields.iter().any(|listed| std::ptr::eq(*listed, field));
    let Some(longest) = protocols().filter(begins).max_by_key(|owner| owner.name.len()) else {
        return name.split('.').next().unwrap_or(name);
    };
    let has_another = !lists(&longest) && longest.fields.iter().any(|listed| listed.name == name);
    let lister = protocols().find(lists).filter(|_| has_another);
    lister.unwrap_or(longest).name
}

impl Visitor for Ek {
    fn keeps(&self) -> bool {
        true
    }

    fn again(&mut self, refrain: &Refrain<'_>) -> Again {
        let (value, node) = (self.values.len(), self.nodes.len());
        // What is written of a run does not depend on what it is in.
        match self.kept.find(refrain, 0, value) {
            Found::Unkept => Again::Show,
            Found::Begun => {
                self.runs.push((node, self.open.len()));
                Again::Keep
            }
            Found::Made(text, run) => {
                self.values.extend_from_slice(text);
                self.nodes.extend(run.nodes.iter().map(|own| own.moved(|at| at + value, |at| at + node)));
                self.open.extend(run.open.iter().map(|at| at + node));
                Again::Done
            }
        }
    }

    fn keep(&mut self) {
        let (node, open) = self.runs.pop().unwrap_or_default();
        let Some((value, run)) = self.kept.keep(&self.values) else { return };
        let (nodes, open) = (self.nodes.get(node..).unwrap_or_default(), self.open.get(open..).unwrap_or_default());
        run.nodes.clear();
        run.nodes.extend(nodes.iter().map(|own| own.moved(|at| at - value, |at| at - node)));
        run.open.clear();
        run.open.extend(open.iter().map(|at| at - node));
    }

    fn leaf(&mut self, item: &Item<'_>) {
        self.push(item);
    }

    fn open(&mut self, item: &Item<'_>) {
        self.open.push(self.nodes.len());
        self.push(item);
    }

    fn close(&mut self) {
        let end = self.nodes.len();
        if let Some(node) = self.open.pop().and_then(|index| self.nodes.get_mut(index)) {
            node.end = end;
        }
    }
}
