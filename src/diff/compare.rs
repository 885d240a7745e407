//! Two packets that are one: what differs.

use crate::capture::Frame;
use crate::dissect::{Dissection, Layer, Packet, Settings};
use crate::wire::field::{Field, Kind, Value};
use crate::wire::frame;
use crate::wire::proto::Proto;

use super::fields::{Fields, Seen};
use super::fixed;
use super::ignore::Ignore;
use super::layers::{Aligner, Beside};
use super::semantic::{self, Between, Verdict};

use std::sync::Arc;

/// What is compared, and how.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// What does not matter.
    pub ignore: Ignore,
    /// Whether times are compared.
    pub times: bool,
    /// Whether packets that come in another order are no difference.
    pub any_order: bool,
    /// Whether what SRv6 nodes may do between the captures is accepted.
    pub semantic: Option<Between>,
}

/// What is on one side of a difference.
#[derive(Debug, Clone, Copy)]
pub(super) enum Held {
    /// Nothing.
    Absent,
    /// A field.
    Seen(Seen),
    /// Bytes of the frame.
    Raw { start: u32, len: u32 },
    /// A value that is no part of the frame's bytes.
    Fixed(Value<'static>),
}

impl Held {
    /// A value that does not borrow, as it is.
    pub fn fixed(value: Option<Value<'_>>) -> Self {
        match value {
            Some(Value::Uint(number)) => Self::Fixed(Value::Uint(number)),
            Some(Value::Ipv6(octets)) => Self::Fixed(Value::Ipv6(octets)),
            Some(Value::Ipv4(octets)) => Self::Fixed(Value::Ipv4(octets)),
            Some(Value::Nanos(nanos)) => Self::Fixed(Value::Nanos(nanos)),
            _ => Self::Absent,
        }
    }
}

/// What kind of thing differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A field's value, or its being there.
    Field,
    /// A layer's being there.
    Layer,
    /// Bytes that no field shows.
    Bytes,
    /// What the capture says of the packet.
    Frame,
}

/// One difference.
#[derive(Debug, Clone, Copy)]
pub struct Difference {
    /// What kind of thing it is.
    pub what: What,
    /// The indices of the layer; both `None` for what the capture says.
    pub layers: [Option<usize>; 2],
    /// The field; of a layer, its header.
    pub field: &'static Field,
    pub(super) sides: [Held; 2],
    /// What SRv6 says of it, where that was asked.
    pub verdict: Option<Verdict>,
}

impl Difference {
    /// Exchanges left and right.
    pub(super) fn turn(&mut self) {
        self.layers.swap(0, 1);
        self.sides.swap(0, 1);
    }

    /// Whether it counts: whether nothing allows it.
    pub fn counts(&self) -> bool {
        self.verdict.is_none_or(|verdict| !verdict.is_accepted())
    }
}

/// Compares packets. Everything in it is reused.
pub struct Comparer {
    rules: Arc<Rules>,
    dissections: [Box<Dissection>; 2],
    aligner: Aligner,
    beside: Vec<Beside>,
    fields: [Fields; 2],
    differences: Vec<Difference>,
    /// Whether the layer at hand had any difference, ignored or not.
    found: bool,
    /// Whether fields at fixed places are visited like all others.
    #[cfg(test)]
    pub(super) visits_all: bool,
}

/// Two packets and what differs between them.
#[derive(Clone, Copy)]
pub struct Comparison<'c> {
    /// The packets.
    pub packets: [Packet<'c>; 2],
    /// How their layers stand beside each other.
    pub beside: &'c [Beside],
    /// What differs.
    pub differences: &'c [Difference],
    fields: &'c [Fields; 2],
}

impl Comparison<'_> {
    /// What is on one side (0 or 1) of a difference; `None` for nothing.
    pub fn value(&self, difference: &Difference, side: usize) -> Option<Value<'_>> {
        match difference.sides.get(side)? {
            Held::Absent => None,
            Held::Seen(seen) => match self.fields.get(side)?.value(seen) {
                // A group: its bytes.
                Value::None => Some(Value::Bytes(self.bytes(side, seen.start, seen.len))),
                value => Some(value),
            },
            Held::Raw { start, len } => Some(Value::Bytes(self.bytes(side, *start, *len))),
            Held::Fixed(value) => Some(*value),
        }
    }

    fn bytes(&self, side: usize, start: u32, len: u32) -> &[u8] {
        let data = self.packets.get(side).map_or(&[][..], |packet| packet.frame.data);
        data.get(start as usize..(start + len) as usize).unwrap_or_default()
    }

    /// The layer that a difference is in, where a side has it.
    pub fn layer(&self, difference: &Difference, side: usize) -> Option<&Layer> {
        self.packets.get(side)?.layers().get((*difference.layers.get(side)?)?)
    }
}

impl Comparer {
    /// One that goes by these rules, and by what `settings` know.
    pub fn new(rules: Arc<Rules>, settings: &Arc<Settings>) -> Self {
        let dissection = || Box::new(Dissection::with(Arc::clone(settings)));
        Self {
            rules,
            dissections: [dissection(), dissection()],
            aligner: Aligner::default(),
            beside: Vec::new(),
            fields: Default::default(),
            differences: Vec::new(),
            found: false,
            #[cfg(test)]
            visits_all: false,
        }
    }

    #[cfg(test)]
    fn visits_all(&self) -> bool {
        self.visits_all
    }

    #[cfg(not(test))]
    fn visits_all(&self) -> bool {
        false
    }

    /// Whether two frames are surely the same, without a look inside.
    pub fn is_same(&self, left: &Frame<'_>, right: &Frame<'_>) -> bool {
        left.data == right.data
            && left.original_len == right.original_len
            && (left.link == right.link || left.link.is_ip() && right.link.is_ip())
            && (!self.rules.times || left.time == right.time)
            && self.rules.semantic.is_none_or(|between| matches!(between.hops, None | Some(0)))
    }

    /// Compares two packets.
    pub fn compare<'c>(&'c mut self, left: &'c Frame<'c>, right: &'c Frame<'c>) -> Comparison<'c> {
        self.differences.clear();
        for (dissection, frame) in self.dissections.iter_mut().zip([left, right]) {
            dissection.refill_layers(frame);
        }
        let visits_all = self.visits_all();
        let Self { rules, dissections, aligner, beside, fields, differences, found, .. } = self;
        let [a, b] = &*dissections;
        let packets = [Packet::new(left, a), Packet::new(right, b)];
        aligner.layers(&packets[0], &packets[1], beside);
        // The layers on the left that differ, and of both sides those that
        // have to be visited to tell how.
        let (mut differing, mut wanted) = (0u64, [0u64; 2]);
        for (i, j) in beside.iter() {
            if let (Some(i), Some(j)) = (*i, *j)
                && differ(&packets, i, j)
                && let (Some(a), Some(b)) = (layer_at(&packets[0], i), layer_at(&packets[1], j))
                && !rules.ignore.has_layer(a.proto)
            {
                differing |= 1 << i;
                if visits_all || fixed::fields(a.proto, packets[0].header(a), packets[1].header(b)).is_none() {
                    wanted[0] |= 1 << i;
                    wanted[1] |= 1 << j;
                }
            }
        }
        for (side, fields) in fields.iter_mut().enumerate() {
            fields.fill(&packets[side], wanted[side]);
        }
        let mut walk = Walk { rules, packets: &packets, fields, aligner, differences, found };
        for place in beside.iter() {
            walk.layer(*place, differing, wanted[0]);
        }
        walk.frame();
        if let Some(between) = rules.semantic {
            semantic::judge(&packets, beside, fields, between, &rules.ignore, differences);
        }
        Comparison { packets, beside, differences, fields }
    }
}

fn layer_at<'a>(packet: &Packet<'a>, index: usize) -> Option<&'a Layer> {
    packet.layers().get(index)
}

/// Whether two layers that stand beside each other have other bytes, as far as
/// both were captured.
fn differ(packets: &[Packet<'_>; 2], i: usize, j: usize) -> bool {
    let (Some(a), Some(b)) = (layer_at(&packets[0], i), layer_at(&packets[1], j)) else { return false };
    let (one, two) = (packets[0].header(a), packets[1].header(b));
    if one == two {
        return false;
    }
    // That a length claims more is no excuse, only that the capture left it out.
    let cut = |packet: &Packet<'_>, layer: &Layer| {
        layer.is_cut() && packet.frame.original_len as usize > packet.frame.data.len()
    };
    !((cut(&packets[0], a) && two.starts_with(one)) || (cut(&packets[1], b) && one.starts_with(two)))
}

struct Walk<'w, 'a> {
    rules: &'w Rules,
    packets: &'w [Packet<'a>; 2],
    fields: &'w [Fields; 2],
    aligner: &'w mut Aligner,
    differences: &'w mut Vec<Difference>,
    found: &'w mut bool,
}

impl Walk<'_, '_> {
    fn add(&mut self, what: What, layers: [Option<usize>; 2], field: &'static Field, sides: [Held; 2]) {
        *self.found = true;
        if !self.rules.ignore.has(field) {
            self.differences.push(Difference { what, layers, field, sides, verdict: None });
        }
    }

    fn layer(&mut self, (left, right): Beside, differing: u64, visited: u64) {
        match (left, right) {
            (Some(i), Some(j)) if differing >> i & 1 == 1 => {
                *self.found = false;
                let layers = [left, right];
                if visited >> i & 1 == 0 {
                    self.fixed(layers, i, j);
                    return;
                }
                self.level(layers, (0, self.fields[0].of(i).len()), (0, self.fields[1].of(j).len()));
                if !*self.found
                    && let (Some(a), Some(b)) = (layer_at(&self.packets[0], i), layer_at(&self.packets[1], j))
                {
                    let raw = |layer: &Layer| Held::Raw { start: layer.start, len: layer.header_end - layer.start };
                    self.add(What::Bytes, layers, a.proto.info().header, [raw(a), raw(b)]);
                }
            }
            (Some(_), Some(_)) | (None, None) => {}
            (Some(i), None) => self.one_sided(0, i),
            (None, Some(j)) => self.one_sided(1, j),
        }
    }

    /// Two headers whose fields all stand at fixed places.
    fn fixed(&mut self, layers: [Option<usize>; 2], i: usize, j: usize) {
        let (Some(a), Some(b)) = (layer_at(&self.packets[0], i), layer_at(&self.packets[1], j)) else { return };
        let (one, two) = (self.packets[0].header(a), self.packets[1].header(b));
        for (field, over) in fixed::fields(a.proto, one, two).unwrap_or_default() {
            let same = match field.read(one) {
                Some(value) => Some(value) == field.read(two),
                // The one field of a run of data.
                None => one == two,
            };
            if !same && !over.is_some_and(|over| self.rules.ignore.has(over)) {
                self.add(What::Field, layers, field, [fixed::held(field, a, one), fixed::held(field, b, two)]);
            }
        }
    }

    /// A layer that only one side has: one difference, however many fields.
    fn one_sided(&mut self, side: usize, index: usize) {
        let Some(layer) = layer_at(&self.packets[side], index) else { return };
        let other = &self.packets[1 - side];
        // What a capture left out may well have been there.
        let cut = other.frame.original_len as usize > other.frame.data.len();
        let innermost = other.layers().last().map(|layer| layer.header_end as usize);
        if cut && innermost == Some(other.frame.data.len()) && self.is_behind(side, index) {
            return;
        }
        if self.rules.ignore.has_layer(layer.proto) {
            return;
        }
        let mut sides = [Held::Absent; 2];
        sides[side] = Held::Raw { start: layer.start, len: layer.header_end - layer.start };
        let mut layers = [None; 2];
        layers[side] = Some(index);
        self.add(What::Layer, layers, layer.proto.info().header, sides);
    }

    /// Whether a layer is behind all that the other side captured of it.
    fn is_behind(&self, side: usize, index: usize) -> bool {
        let layer = |packet: &Packet<'_>| packet.layers().iter().filter(|l| l.proto != Proto::Trailer).count();
        let (own, other) = (layer(&self.packets[side]), layer(&self.packets[1 - side]));
        own > other && index >= other
    }

    /// Compares what stands at one level of a layer.
    fn level(&mut self, layers: [Option<usize>; 2], left: (usize, usize), right: (usize, usize)) {
        let (Some(i), Some(j)) = (layers[0], layers[1]) else { return };
        let (ours, theirs) = (self.fields[0].of(i), self.fields[1].of(j));
        if in_step(ours, left, theirs, right) {
            let (mut a, mut b) = (left.0, right.0);
            while a < left.1 && b < right.1 {
                self.pair(layers, a, b);
                (a, b) = (ours[a].end.max(a + 1), theirs[b].end.max(b + 1));
            }
            return;
        }
        let (ours_here, theirs_here): (Vec<_>, Vec<_>) = (siblings(ours, left), siblings(theirs, right));
        let mut beside = Vec::new();
        let mut aligner = std::mem::take(self.aligner);
        let worth = |x: usize, y: usize| self.worth(i, ours_here[x], j, theirs_here[y]);
        aligner.align(ours_here.len(), theirs_here.len(), worth, &mut beside);
        *self.aligner = aligner;
        for (x, y) in beside {
            match (x.map(|x| ours_here[x]), y.map(|y| theirs_here[y])) {
                (Some(a), Some(b)) => self.pair(layers, a, b),
                (Some(a), None) if self.is_only_seen_as_another(layers, 0, &ours[a]) => {}
                (None, Some(b)) if self.is_only_seen_as_another(layers, 1, &theirs[b]) => {}
                (Some(a), None) => self.add(What::Field, layers, ours[a].field, [Held::Seen(ours[a]), Held::Absent]),
                (None, Some(b)) => {
                    self.add(What::Field, layers, theirs[b].field, [Held::Absent, Held::Seen(theirs[b])]);
                }
                (None, None) => {}
            }
        }
    }

    /// Whether the other side has the same bytes at the same place, and only
    /// shows them as another field.
    fn is_only_seen_as_another(&self, layers: [Option<usize>; 2], side: usize, seen: &Seen) -> bool {
        let header = |side: usize| {
            let index = (*layers.get(side)?)?;
            Some((
                self.packets[side].header(layer_at(&self.packets[side], index)?),
                layer_at(&self.packets[side], index)?,
            ))
        };
        let (Some((own, layer)), Some((other, _))) = (header(side), header(1 - side)) else { return false };
        let Some(from) = seen.start.checked_sub(layer.start) else { return false };
        let range = from as usize..(from + seen.len) as usize;
        own.get(range.clone()).is_some_and(|bytes| other.get(range) == Some(bytes))
    }

    /// What it is worth to compare two fields with each other.
    fn worth(&self, i: usize, a: usize, j: usize, b: usize) -> u32 {
        let (ours, theirs) = (self.fields[0].of(i), self.fields[1].of(j));
        if !std::ptr::eq(ours[a].field, theirs[b].field) {
            return 0;
        }
        let bytes = |side: usize, seen: &Seen| {
            let at = seen.start as usize;
            self.packets[side].frame.data.get(at..at + seen.len as usize)
        };
        // Of a group, the first field inside it is what kind of thing it is.
        let kind = |list: &[Seen], at: usize, side: usize| {
            let first = list.get(at + 1).filter(|_| list[at].end > at + 1);
            first.map(|first| bytes(side, first).map(<[u8]>::to_vec))
        };
        let same = bytes(0, &ours[a]) == bytes(1, &theirs[b]);
        4 + 8 * u32::from(same) + 2 * u32::from(kind(ours, a, 0) == kind(theirs, b, 1))
    }

    /// Compares two fields, or what is inside them.
    fn pair(&mut self, layers: [Option<usize>; 2], a: usize, b: usize) {
        let (Some(i), Some(j)) = (layers[0], layers[1]) else { return };
        let (ours, theirs) = (&self.fields[0].of(i)[a], &self.fields[1].of(j)[b]);
        let has_inside = ours.end > a + 1 || theirs.end > b + 1;
        // An address is more than the bits that stand under it.
        let whole = matches!(ours.field.kind, Kind::Ether | Kind::Ipv4 | Kind::Ipv6);
        if has_inside && !whole && !self.rules.ignore.has(ours.field) {
            let before = *self.found;
            *self.found = false;
            self.level(layers, (a + 1, ours.end), (b + 1, theirs.end));
            let inside = std::mem::replace(self.found, before);
            *self.found |= inside;
            if inside {
                return;
            }
        }
        if self.fields[0].value(ours) != self.fields[1].value(theirs) {
            self.add(What::Field, layers, ours.field, [Held::Seen(*ours), Held::Seen(*theirs)]);
        }
    }

    /// Compares what the captures say of the packets.
    fn frame(&mut self) {
        let [left, right] = self.packets.map(|packet| packet.frame);
        let missing = |frame: &Frame<'_>| (frame.original_len as usize).saturating_sub(frame.data.len());
        if missing(left) != missing(right) {
            let number = |count: usize| Held::Fixed(Value::Uint(count as u64));
            let (field, sides) = if left.data.len() == right.data.len() {
                (&frame::LENGTH, [left, right].map(|frame| number(frame.original_len as usize)))
            } else {
                (&frame::CAPTURED, [left, right].map(|frame| number(frame.data.len())))
            };
            self.add(What::Frame, [None; 2], field, sides);
        }
        if self.rules.times && left.time != right.time {
            let time = |frame: &Frame<'_>| Held::fixed(frame.time.map(|time| Value::Nanos(time.0)));
            self.add(What::Frame, [None; 2], &frame::TIME, [time(left), time(right)]);
        }
    }
}

/// Whether both levels have the same fields in the same order.
fn in_step(ours: &[Seen], left: (usize, usize), theirs: &[Seen], right: (usize, usize)) -> bool {
    let (mut a, mut b) = (left.0, right.0);
    while a < left.1 && b < right.1 {
        let (one, two) = (&ours[a], &theirs[b]);
        // Groups that may occur several times are told apart by what is in them.
        if !std::ptr::eq(one.field, two.field) || (one.field.many && one.end > a + 1) {
            return false;
        }
        (a, b) = (one.end.max(a + 1), two.end.max(b + 1));
    }
    a >= left.1 && b >= right.1
}

fn siblings(list: &[Seen], (start, end): (usize, usize)) -> Vec<usize> {
    let mut all = Vec::new();
    let mut at = start;
    while at < end {
        all.push(at);
        at = list[at].end.max(at + 1);
    }
    all
}
