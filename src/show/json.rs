//! A packet as one JSON object on one line, written as it is visited.
//!
//! ```json
//! {"schema":"sr6.packet/1","number":1,"time":"2023-11-14T22:13:20.000001000Z","time_relative":0.000000000,
//!  "interface":0,"link_type":1,"length":118,"captured":118,
//!  "layers":[{"protocol":"eth","eth.dst":"02:00:00:00:00:02",…},
//!            {"protocol":"ip6","ipv6.hlim":64,…},
//!            {"protocol":"srh","ipv6.routing.segleft":1,"ipv6.routing.srh.addr":["2001:db9::1","2001:db8::2"],…}],
//!  "findings":[{"id":"checksum.bad","severity":"error","layer":3,"message":"…","source":"RFC 8200 §8.1","start":98,"len":2}]}
//! ```
//!
//! Layers stand in the order of the bytes, outermost first, and are named as in
//! the packet notation, or as in Wireshark where that has no name for them;
//! `"quoted":true` marks those inside an ICMP error. Fields have the names that
//! filters and columns use. Numbers are numbers, flags are booleans, addresses
//! are text, bytes are hexadecimal text. A field that may occur several times
//! in its layer ([`Field::many`]) is always an array; a group that may, an
//! array of objects. No object has a key twice. What others say again is left
//! out: the payload of UDP and TCP, which is what the layers after them show,
//! and second names of fields (`eth.addr`, `udp.port`).
//!
//! With ranges, each object has one more member `"ranges"`: for each of its
//! fields that stand in the packet, its first byte and its length, as
//! `[start, length]`, in a list of those for a field that is an array.

use std::io::Write;

use crate::capture::Comments;
use crate::dissect::refrain::Refrain;
use crate::dissect::{Again, FieldSet, Finding, Item, Layer, Packet, Visitor};
use crate::show::kept::{Found, Kept};
use crate::show::text;
use crate::show::time;
use crate::wire::field::{Field, Kind, Value};
use crate::wire::padded::Padded;
use crate::wire::proto::Proto;
use crate::wire::{ethernet, tcp, udp};

/// The version of what is written: the number changes when a member changes
/// its meaning or goes away, not when new ones come.
pub const SCHEMA: &str = "sr6.packet/1";

/// Writes packets as JSON. Its buffers are reused.
#[derive(Debug, Clone, Default)]
pub struct Json {
    ranges: bool,
    state: State,
    kept: Kept<Run>,
}

/// What there is to know of the text of a run of fields, which stand directly in
/// a layer: its members are complete, since none of its fields comes again.
#[derive(Debug, Clone, Default)]
struct Run {
    /// How many groups it began that are no objects.
    opened: usize,
}

/// The state of a packet being written, but for the text itself.
#[derive(Debug, Clone, Default)]
struct State {
    /// The objects that are open: the layer's, then those of groups in it.
    objects: Vec<Object>,
    /// Their members.
    members: Vec<Member>,
    /// Where members stand in the frame: index in `members`, start, length.
    ranges: Vec<(usize, u32, u32)>,
    /// For each [`Visitor::open`]: whether it began an object.
    opened: Vec<bool>,
    /// A layer that has come, and nothing of it yet.
    next: Option<(Proto, bool)>,
    /// Whether the next group is the layer's header.
    header: bool,
    /// Whether nothing is in the innermost object yet.
    empty: bool,
    /// Whether a layer is complete, so that a comma comes before the next.
    comma: bool,
    /// A field that came twice and was not known to.
    surprise: Option<&'static str>,
    /// For each run of fields that is to be kept: how many things were opened
    /// before it.
    runs: Vec<usize>,
}

#[derive(Debug, Clone, Copy)]
struct Object {
    /// Its first member in `State::members`.
    members: usize,
    /// Its first range in `State::ranges`.
    ranges: usize,
    /// The fields of its members: most are new to it, and this says so at once.
    fields: FieldSet,
    /// What it is a value of; none for a layer.
    slot: Option<Slot>,
}

#[derive(Debug, Clone, Copy)]
struct Member {
    field: &'static Field,
    /// Where its value lies in the text.
    start: usize,
    end: usize,
    array: bool,
}

/// A value that is being appended to the text.
#[derive(Debug, Clone, Copy)]
struct Slot {
    /// Index of its member in `State::members`.
    member: usize,
    /// Where it starts, if it has to be moved into its array once it is complete.
    moved: Option<usize>,
}

impl Json {
    /// A writer; `ranges` adds where each field stands.
    pub fn new(ranges: bool) -> Self {
        Self { ranges, ..Self::default() }
    }

    /// Appends the packet's line.
    pub fn packet(&mut self, out: &mut Vec<u8>, packet: &Packet<'_>) {
        let frame = packet.frame;
        const HEAD: Padded = Padded::joined(["{\"schema\":\"", SCHEMA, "\",\"number\":"]);
        HEAD.append(out);
        text::decimal(out, frame.number);
        if let Some(time) = frame.time {
            out.extend_from_slice(b",\"time\":\"");
            time::rfc3339(out, time.0);
            out.extend_from_slice(b"\",\"time_relative\":");
            time::seconds(out, time.0 - packet.first_time.unwrap_or(time).0);
        }
        if let Some(interface) = frame.interface {
            out.extend_from_slice(b",\"interface\":");
            text::decimal(out, u64::from(interface));
        }
        if let Some(name) = frame.interface_name {
            out.extend_from_slice(b",\"interface_name\":");
            string(out, name);
        }
        out.extend_from_slice(b",\"link_type\":");
        text::decimal(out, u64::from(frame.link.0));
        out.extend_from_slice(b",\"length\":");
        text::decimal(out, u64::from(frame.original_len));
        out.extend_from_slice(b",\"captured\":");
        text::decimal(out, frame.data.len() as u64);
        if frame.comments != Comments::default() {
            let mut comments = frame.comments.iter().peekable();
            if comments.peek().is_some() {
                list(out, b",\"comments\":", comments, |out, comment| string(out, &comment));
            }
        }
        out.extend_from_slice(b",\"layers\":[");
        let mut writer = Writer { out, state: &mut self.state, kept: &mut self.kept, with_ranges: self.ranges };
        packet.visit_closely(&mut writer);
        writer.end_layer();
        writer.state.opened.clear();
        writer.state.next = None;
        writer.state.comma = false;
        out.push(b']');
        if !packet.findings().is_empty() {
            list(out, b",\"findings\":", packet.findings(), finding);
        }
        out.extend_from_slice(b"}\n");
    }
}

/// Appends a member that is an array.
fn list<T>(out: &mut Vec<u8>, key: &[u8], items: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut Vec<u8>, T)) {
    out.extend_from_slice(key);
    let mut before = b'[';
    for item in items {
        out.push(before);
        write(out, item);
        before = b',';
    }
    out.push(b']');
}

/// Appends text with its quotes and what JSON needs to be escaped.
pub fn string(out: &mut Vec<u8>, text: &str) {
    if text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        return out.push(b'"');
    }
    // Neither text nor a Vec to write to can fail.
    let _ = serde_json::to_writer(out, text);
}

fn finding(out: &mut Vec<u8>, finding: &Finding) {
    let what = finding.what;
    out.extend_from_slice(b"{\"id\":");
    string(out, what.id());
    out.extend_from_slice(b",\"severity\":");
    string(out, what.severity().name());
    let _ = write!(out, ",\"layer\":{},\"message\":", finding.layer);
    string(out, &finding.to_string());
    if !what.source().is_empty() {
        out.extend_from_slice(b",\"source\":");
        string(out, what.source());
    }
    let _ = write!(out, ",\"start\":{},\"len\":{}}}", finding.start, finding.len);
}

/// For each protocol, how a layer of it begins that follows another.
static OPENINGS: [Padded; Proto::ALL.len()] = {
    let mut openings = [Padded::joined(["", "", ""]); Proto::ALL.len()];
    let mut index = 0;
    while index < openings.len() {
        let info = Proto::ALL[index].info();
        let name = if info.notation.is_empty() { info.name } else { info.notation };
        openings[Proto::ALL[index] as usize] = Padded::joined([",{\"protocol\":\"", name, "\""]);
        index += 1;
    }
    openings
};

/// Writes a packet's fields.
struct Writer<'w> {
    out: &'w mut Vec<u8>,
    state: &'w mut State,
    kept: &'w mut Kept<Run>,
    with_ranges: bool,
}

impl Writer<'_> {
    /// Begins the layer that has come, if one has.
    #[inline]
    fn begin_layer(&mut self) {
        if let Some((proto, quoted)) = self.state.next.take() {
            self.begin(proto, quoted);
        }
    }

    fn begin(&mut self, proto: Proto, quoted: bool) {
        self.end_layer();
        let opening = &OPENINGS[proto as usize];
        if std::mem::replace(&mut self.state.comma, true) {
            opening.append(self.out);
        } else {
            opening.append_first(self.out);
        }
        if quoted {
            self.out.extend_from_slice(b",\"quoted\":true");
        }
        self.begin_object(None);
    }

    /// Ends the layer being written, if one is.
    fn end_layer(&mut self) {
        let State { objects, members, opened, .. } = &mut *self.state;
        match objects[..] {
            [] => {}
            // As mostly: nothing is open in it.
            [_] if !self.with_ranges => {
                objects.clear();
                members.clear();
                self.out.push(b'}');
            }
            _ => {
                opened.fill(false);
                while !self.state.objects.is_empty() {
                    self.end_object();
                }
            }
        }
    }

    fn begin_object(&mut self, slot: Option<Slot>) {
        let State { objects, members, ranges, .. } = &mut *self.state;
        objects.push(Object { members: members.len(), ranges: ranges.len(), fields: FieldSet::NONE, slot });
    }

    /// Ends the innermost object.
    fn end_object(&mut self) {
        let Some(object) = self.state.objects.pop() else { return };
        if self.with_ranges {
            self.write_ranges(&object);
        }
        self.out.push(b'}');
        self.state.empty = false;
        self.state.members.truncate(object.members);
        self.state.ranges.truncate(object.ranges);
        if let Some(slot) = object.slot {
            self.end_value(slot);
        }
    }

    /// The member that the innermost object has for `field` already, by its
    /// index; if it has none, it is about to.
    #[inline(always)]
    fn known(&mut self, field: &'static Field) -> Option<usize> {
        let object = self.state.objects.last_mut()?;
        if object.fields.insert(field) { self.search(field) } else { None }
    }

    /// The member of the innermost object for `field`, by its index.
    fn search(&self, field: &'static Field) -> Option<usize> {
        let State { objects, members, .. } = &*self.state;
        let object = objects.last()?;
        let own = members.get(object.members..)?;
        let place = own.iter().rposition(|known| std::ptr::eq(known.field, field))?;
        Some(place + object.members)
    }

    /// Writes what comes before the first value of a new member; returns where
    /// its value starts, with the bracket of an array.
    #[inline(always)]
    fn begin_member(&mut self, field: &'static Field) -> usize {
        // Every object has a member by now that is no field, but those of groups.
        if std::mem::take(&mut self.state.empty) {
            field.key.append_first(self.out)
        } else {
            field.key.append(self.out)
        }
        let start = self.out.len();
        if field.many {
            self.out.push(b'[');
        }
        start
    }

    /// Writes what comes before a value of `field` in the innermost object.
    fn begin_value(&mut self, field: &'static Field) -> Slot {
        if let Some(index) = self.known(field) {
            return self.again(index);
        }
        let start = self.begin_member(field);
        self.state.members.push(Member { field, start, end: start, array: field.many });
        Slot { member: self.state.members.len() - 1, moved: None }
    }

    /// Prepares one more value of a member.
    fn again(&mut self, index: usize) -> Slot {
        if !self.state.members[index].array {
            self.make_array(index);
        }
        let moved = if self.state.members[index].end == self.out.len() {
            // The array ends the text: it is opened again.
            self.out.pop();
            None
        } else {
            Some(self.out.len())
        };
        self.out.push(b',');
        Slot { member: index, moved }
    }

    /// Completes a value that was appended to the text.
    fn end_value(&mut self, slot: Slot) {
        let members = &mut self.state.members;
        match slot.moved {
            None => {
                let member = &mut members[slot.member];
                if member.array {
                    self.out.push(b']');
                }
                member.end = self.out.len();
            }
            Some(from) => {
                let length = self.out.len() - from;
                self.out[members[slot.member].end - 1..].rotate_right(length);
                members[slot.member].end += length;
                for later in &mut members[slot.member + 1..] {
                    later.start += length;
                    later.end += length;
                }
            }
        }
    }

    /// Puts brackets around the value of a member that is to have more of them.
    fn make_array(&mut self, index: usize) {
        let member = &mut self.state.members[index];
        self.state.surprise = Some(member.field.name);
        self.out.insert(member.end, b']');
        self.out.insert(member.start, b'[');
        member.array = true;
        member.end += 2;
        for later in &mut self.state.members[index + 1..] {
            later.start += 2;
            later.end += 2;
        }
    }

    fn note_range(&mut self, member: usize, item: &Item<'_>) {
        if item.len > 0 {
            self.state.ranges.push((member, item.start, item.len));
        }
    }

    fn write_ranges(&mut self, object: &Object) {
        let State { members, ranges, .. } = &*self.state;
        let ranges = &ranges[object.ranges..];
        if ranges.is_empty() {
            return;
        }
        self.out.extend_from_slice(b",\"ranges\":");
        let mut before = b'{';
        for (index, member) in members.iter().enumerate().skip(object.members) {
            let mut own = ranges.iter().filter(|(of, ..)| *of == index).peekable();
            if own.peek().is_none() {
                continue;
            }
            self.out.push(before);
            before = b',';
            self.out.push(b'"');
            self.out.extend_from_slice(member.field.name.as_bytes());
            let pair = |out: &mut Vec<u8>, (_, start, len): &(usize, u32, u32)| {
                out.push(b'[');
                text::decimal(out, u64::from(*start));
                out.push(b',');
                text::decimal(out, u64::from(*len));
                out.push(b']');
            };
            if member.array {
                list(self.out, b"\":", own, pair);
            } else {
                self.out.extend_from_slice(b"\":");
                own.for_each(|range| pair(self.out, range));
            }
        }
        self.out.push(b'}');
    }

    /// Inlined, since most fields are known where they are shown.
    #[inline(always)]
    fn member(&mut self, item: &Item<'_>) {
        let field = item.field;
        if let Some(index) = self.known(field) {
            return self.another(index, item);
        }
        let start = self.begin_member(field);
        value(self.out, field, &item.value);
        if field.many {
            self.out.push(b']');
        }
        self.state.members.push(Member { field, start, end: self.out.len(), array: field.many });
        if self.with_ranges {
            self.note_range(self.state.members.len() - 1, item);
        }
    }

    /// Adds a value to a member.
    fn another(&mut self, index: usize, item: &Item<'_>) {
        let slot = self.again(index);
        value(self.out, item.field, &item.value);
        self.end_value(slot);
        if self.with_ranges {
            self.note_range(index, item);
        }
    }
}

/// Whether the field says once more what other members say: the bytes of the
/// layers that follow, or an address under a second name.
#[inline(always)]
fn is_again(field: &Field) -> bool {
    [&udp::PAYLOAD, &tcp::PAYLOAD, &ethernet::ADDRESS].iter().any(|again| std::ptr::eq(*again, field))
}

/// Appends a value with JSON's type for it. Inlined, since the kind of value is
/// mostly known.
#[inline(always)]
pub fn value(out: &mut Vec<u8>, field: &Field, value: &Value<'_>) {
    match *value {
        Value::None => out.extend_from_slice(b"true"),
        Value::Bool(flag) => out.extend_from_slice(if flag { b"true" } else { b"false" }),
        Value::Uint(number) => text::decimal(out, number),
        Value::Text(words) => string(out, words),
        Value::Nanos(nanos) if field.kind == Kind::Time => {
            out.push(b'"');
            time::rfc3339(out, nanos);
            out.push(b'"');
        }
        Value::Nanos(nanos) => time::seconds(out, nanos),
        Value::Ipv6(octets) => {
            out.push(b'"');
            text::ipv6(out, octets);
            out.push(b'"');
        }
        Value::Ether(_) | Value::Ipv4(_) | Value::Bytes(_) => {
            out.push(b'"');
            text::value(out, field, value);
            out.push(b'"');
        }
    }
}

impl Visitor for Writer<'_> {
    fn wants(&mut self, proto: Proto) -> bool {
        // What the frame says of itself is written by hand.
        proto != Proto::Frame
    }

    fn wants_layer(&mut self, _index: usize, layer: &Layer) -> bool {
        self.state.next = Some((layer.proto, layer.quoted));
        self.state.header = true;
        true
    }

    fn keeps(&self) -> bool {
        // Ranges differ where the bytes do not.
        !self.with_ranges
    }

    fn wants_hidden(&self) -> bool {
        false
    }

    fn again(&mut self, refrain: &Refrain<'_>) -> Again {
        self.begin_layer();
        let State { objects, opened, header, runs, .. } = &mut *self.state;
        match self.kept.find(refrain, objects.len(), self.out.len()) {
            Found::Unkept => Again::Show,
            Found::Begun => {
                runs.push(opened.len());
                Again::Keep
            }
            Found::Made(text, run) => {
                self.out.extend_from_slice(text);
                opened.extend(std::iter::repeat_n(false, run.opened));
                *header = false;
                Again::Done
            }
        }
    }

    fn keep(&mut self) {
        let opened = self.state.runs.pop().unwrap_or_default();
        if let Some((_, run)) = self.kept.keep(self.out) {
            run.opened = self.state.opened.len().saturating_sub(opened);
        }
    }

    #[inline(always)]
    fn leaf(&mut self, item: &Item<'_>) {
        if !is_again(item.field) {
            self.begin_layer();
            self.member(item);
        }
    }

    #[inline(always)]
    fn open(&mut self, item: &Item<'_>) {
        self.begin_layer();
        let header = std::mem::take(&mut self.state.header);
        let groups = !header && item.field.many && item.value == Value::None;
        if groups {
            let slot = self.begin_value(item.field);
            if self.with_ranges {
                self.note_range(slot.member, item);
            }
            self.out.push(b'{');
            self.state.empty = true;
            self.begin_object(Some(slot));
        } else if !header && item.value != Value::None {
            self.member(item);
        }
        self.state.opened.push(groups);
    }

    fn close(&mut self) {
        if self.state.opened.pop() == Some(true) {
            self.end_object();
        }
    }
}

#[cfg(test)]
mod tests;
