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

use crate::dissect::{Item, Packet, Visitor};
use crate::show::{text, time};
use crate::wire::field::{Field, Kind, Protocol, Value};
use crate::wire::proto::Proto;

/// Writes packets as `tshark -T ek` does. Its buffers are reused.
#[derive(Debug, Clone, Default)]
pub struct Ek {
    nodes: Vec<Node>,
    /// The nodes that are open, by index.
    open: Vec<usize>,
    /// The text of all values.
    values: Vec<u8>,
}

/// A field in the tree of a packet.
#[derive(Debug, Clone)]
struct Node {
    field: &'static Field,
    /// Where its value is in the text of all values.
    value: (usize, usize),
    /// The index after that of its last descendant.
    end: usize,
}

impl Ek {
    /// Appends the packet's two lines.
    pub fn packet(&mut self, out: &mut Vec<u8>, packet: &Packet<'_>) {
        self.nodes.clear();
        self.values.clear();
        self.open.clear();
        packet.visit(self);
        let nanos = packet.frame.time.map_or(0, |time| time.0);
        out.extend_from_slice(b"{\"index\":{\"_index\":\"packets-");
        time::day(out, &time::Date::new(nanos));
        out.extend_from_slice(b"\",\"_type\":\"doc\"}}\n{\"timestamp\":\"");
        text::decimal(out, (nanos / 1_000_000).max(0) as u64);
        out.extend_from_slice(b"\",\"layers\":{");
        self.members(out, &[(0, self.nodes.len())], &mut true);
        out.extend_from_slice(b"}}\n");
    }

    /// The nodes directly within a range of nodes.
    fn children(&self, (start, end): (usize, usize)) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(start), |at| self.nodes.get(*at).map(|node| node.end))
            .take_while(move |at| *at < end)
    }

    /// Appends what is directly within the ranges, grouped by name, as members
    /// of the object being written.
    fn members(&self, out: &mut Vec<u8>, within: &[(usize, usize)], first: &mut bool) {
        let all: Vec<usize> = within.iter().flat_map(|range| self.children(*range)).collect();
        let name = |node: &usize| self.nodes[*node].field.name;
        for (place, node) in all.iter().enumerate() {
            if all[..place].iter().any(|earlier| name(earlier) == name(node)) {
                continue;
            }
            let group: Vec<usize> = all[place..].iter().copied().filter(|other| name(other) == name(node)).collect();
            if !std::mem::take(first) {
                out.push(b',');
            }
            out.push(b'"');
            let is_layer = is_protocol(self.nodes[*node].field);
            if !is_layer {
                underscored(out, owner(self.nodes[*node].field));
                out.push(b'_');
            }
            underscored(out, name(node));
            out.extend_from_slice(b"\":");
            self.array(out, &group, |out, node| if is_layer { self.object(out, node) } else { self.value(out, node) });
            if !is_layer {
                let below: Vec<_> = group.iter().map(|node| (node + 1, self.nodes[*node].end)).collect();
                self.members(out, &below, first);
            }
        }
    }

    /// Appends one thing as it is, several as an array.
    fn array(&self, out: &mut Vec<u8>, nodes: &[usize], write: impl Fn(&mut Vec<u8>, usize)) {
        if let [only] = nodes {
            return write(out, *only);
        }
        let mut before = b'[';
        for node in nodes {
            out.push(before);
            write(out, *node);
            before = b',';
        }
        out.push(b']');
    }

    fn object(&self, out: &mut Vec<u8>, node: usize) {
        out.push(b'{');
        self.members(out, &[(node + 1, self.nodes[node].end)], &mut true);
        out.push(b'}');
    }

    fn value(&self, out: &mut Vec<u8>, node: usize) {
        let (start, end) = self.nodes[node].value;
        out.extend_from_slice(&self.values[start..end]);
    }

    fn push(&mut self, item: &Item<'_>) {
        let start = self.values.len();
        write_value(&mut self.values, item.field, &item.value);
        let end = self.nodes.len() + 1;
        self.nodes.push(Node { field: item.field, value: (start, self.values.len()), end });
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
            for (index, byte) in bytes.iter().enumerate() {
                if index > 0 {
                    out.push(b':');
                }
                text::hex_bytes(out, &[*byte]);
            }
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
