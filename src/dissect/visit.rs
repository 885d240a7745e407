//! How every field of a packet is shown to whoever needs them all.

use crate::dissect::Layer;
use crate::dissect::refrain::{Refrain, Run};
use crate::wire::field::{Field, Value};
use crate::wire::phrase::Phrase;
use crate::wire::proto::Proto;

/// Whether a tree shows an item, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// As it is: it stands in the packet.
    Plain,
    /// In brackets: it was worked out.
    Generated,
    /// Not at all: it is there for filters and columns.
    Hidden,
}

/// A field with its value.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    /// Which field.
    pub field: &'static Field,
    /// Its value.
    pub value: Value<'a>,
    /// Its first byte, from the start of the frame.
    pub start: u32,
    /// Its count of bytes; 0 for what was worked out.
    pub len: u32,
    /// Whether and how a tree shows it.
    pub shown: Shown,
    /// A tree's whole line, where it is not made from label and value.
    pub text: Option<Phrase<'a>>,
}

/// A set of fields that may hold a few that were not put in: what is surely
/// not in it need not be worked out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FieldSet(u64);

impl FieldSet {
    /// Every field.
    pub const ALL: Self = Self(u64::MAX);

    /// No field.
    pub const NONE: Self = Self(0);

    /// Puts `field` in, and says whether it may have been there before.
    pub fn insert(&mut self, field: &Field) -> bool {
        let bit = Self::bit(field);
        let before = self.0;
        self.0 |= bit;
        before & bit != 0
    }

    /// Puts in what is in another.
    pub fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Whether `field` may be in it.
    pub fn may_have(self, field: &Field) -> bool {
        self == Self::ALL || self.0 & Self::bit(field) != 0
    }

    /// One of 64 bits, by where the definition lies.
    fn bit(field: &Field) -> u64 {
        1 << ((std::ptr::from_ref(field).addr() / size_of::<Field>()) & 63)
    }
}

impl<'f> FromIterator<&'f Field> for FieldSet {
    fn from_iter<I: IntoIterator<Item = &'f Field>>(fields: I) -> Self {
        Self(fields.into_iter().fold(0, |set, field| set | Self::bit(field)))
    }
}

/// What a visitor says to a [`Refrain`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// It had kept what it made of the fields, and has made it again.
    Done,
    /// It wants to be shown the fields.
    Show,
    /// The same, and to be told of their end by [`Visitor::keep`].
    Keep,
}

/// Is shown a packet's fields in order.
pub trait Visitor {
    /// Whether the fields of `proto` matter at all; others are left out.
    fn wants(&mut self, _proto: Proto) -> bool {
        true
    }

    /// Whether the fields of this layer matter, the `index`th of the packet:
    /// for those who choose by more than the protocol. If so they come next,
    /// beginning with the header's [`open`](Self::open).
    fn wants_layer(&mut self, _index: usize, layer: &Layer) -> bool {
        self.wants(layer.proto)
    }

    /// The fields that matter. Others may be left out, but for those that have
    /// more inside. It stays the same during a visit.
    fn fields(&self) -> FieldSet {
        FieldSet::ALL
    }

    /// Whether the visitor keeps what it made of runs of fields, to be asked about
    /// with [`Visitor::again`]. It stays the same during a visit.
    fn keeps(&self) -> bool {
        false
    }

    /// Asks for what the visitor made of the fields that `refrain` stands for. They
    /// are shown to it where it has not kept that.
    fn again(&mut self, _refrain: &Refrain<'_>) -> Again {
        Again::Show
    }

    /// Whether fields that a tree does not show matter. It stays the same during
    /// a visit.
    fn wants_hidden(&self) -> bool {
        true
    }

    /// The end of fields of which it is to keep what it made.
    fn keep(&mut self) {}

    /// A field.
    fn leaf(&mut self, item: &Item<'_>);

    /// A field, header or group with more inside, until [`Visitor::close`].
    fn open(&mut self, item: &Item<'_>);

    /// The end of what [`Visitor::open`] began.
    fn close(&mut self);
}

/// A visitor of which one can forget everything but that it is one: what shows
/// every packet's fields is compiled for each kind of visitor that looks at all of
/// them, and what shows rare ones only once.
pub(super) trait Erase: Visitor {
    /// The same as any visitor.
    fn erased(&mut self) -> &mut dyn Visitor;
}

impl<V: Visitor> Erase for V {
    fn erased(&mut self) -> &mut dyn Visitor {
        self
    }
}

impl Erase for dyn Visitor + '_ {
    fn erased(&mut self) -> &mut dyn Visitor {
        self
    }
}

/// Shows fields read from a run of bytes, usually one header: to a visitor of a
/// known kind, or else to any.
pub(super) struct Out<'v, 'a, V: Visitor + ?Sized = dyn Visitor + 'v> {
    /// Who is shown them.
    pub visitor: &'v mut V,
    /// The bytes from the header's first on.
    pub bytes: &'a [u8],
    /// Where `bytes` lies in the frame.
    pub base: u32,
    /// The fields that matter to the visitor.
    pub wanted: FieldSet,
    /// Whether the visitor keeps what it made of runs of fields.
    pub keeps: bool,
    /// Whether hidden fields matter to the visitor.
    pub hidden: bool,
}

impl<'a> Out<'_, 'a> {
    /// The same for other bytes, which lie `offset` bytes from these.
    pub fn over<'b>(&mut self, bytes: &'b [u8], offset: usize) -> Out<'_, 'b> {
        Out { visitor: &mut *self.visitor, bytes, base: self.base + offset as u32, ..*self }
    }
}

impl<'v, 'a, V: Erase + ?Sized> Out<'v, 'a, V> {
    /// Shows `visitor` what is in `bytes`, which lie at `base` in the frame.
    pub fn new(visitor: &'v mut V, bytes: &'a [u8], base: u32) -> Self {
        let (wanted, keeps, hidden) = (visitor.fields(), visitor.keeps(), visitor.wants_hidden());
        Self { visitor, bytes, base, wanted, keeps, hidden }
    }

    /// The same for what is shown to any visitor in the same way.
    pub fn erased(&mut self) -> Out<'_, 'a> {
        let Self { bytes, base, wanted, keeps, hidden, .. } = *self;
        Out { visitor: self.visitor.erased(), bytes, base, wanted, keeps, hidden }
    }

    /// Shows fields that depend on nothing but `number` and `pieces` (and what is
    /// the same for all packets, as settings are): whoever has kept what it made
    /// of them the last time need not be shown them again.
    pub fn refrain(&mut self, run: Run, number: u64, pieces: [&[u8]; 2], show: impl FnOnce(&mut Self)) {
        self.part(&Refrain { run, number, pieces, rest: false }, show);
    }

    /// As [`Out::refrain`], where others come in the middle of such fields: those
    /// that `between` shows, of which no run may be a refrain.
    pub fn refrain_around(
        &mut self,
        (run, number, pieces): (Run, u64, [&[u8]; 2]),
        before: impl FnOnce(&mut Self),
        between: impl FnOnce(&mut Self),
        after: impl FnOnce(&mut Self),
    ) {
        let refrain = Refrain { run, number, pieces, rest: false };
        self.part(&refrain, before);
        between(self);
        self.part(&Refrain { rest: true, ..refrain }, after);
    }

    fn part(&mut self, refrain: &Refrain<'_>, show: impl FnOnce(&mut Self)) {
        if !self.keeps {
            return show(self);
        }
        match self.visitor.again(refrain) {
            Again::Done => {}
            Again::Show => show(self),
            Again::Keep => {
                show(self);
                self.visitor.keep();
            }
        }
    }

    /// The item for `field` at its fixed place; `None` where it is not there.
    #[inline(always)]
    fn fixed(&self, field: &'static Field) -> Option<Item<'a>> {
        let bytes: &'a [u8] = self.bytes;
        let value = field.read(bytes)?;
        let (first, count) = field.byte_range();
        Some(Item { field, value, start: self.base + first as u32, len: count as u32, shown: Shown::Plain, text: None })
    }

    /// Whether a field that takes work to find out may be wanted.
    pub fn wants(&self, field: &'static Field) -> bool {
        self.wanted.may_have(field)
    }

    /// Shows a field at its fixed place, if it is there. Inlined, since the field
    /// is known where it is called: reading it is then a load or two.
    #[inline(always)]
    pub fn field(&mut self, field: &'static Field) {
        if !self.wants(field) {
            return;
        }
        if let Some(item) = self.fixed(field) {
            self.visitor.leaf(&item);
        }
    }

    /// Shows fields at their fixed places, those that are there.
    #[inline(always)]
    pub fn fields(&mut self, fields: &[&'static Field]) {
        for field in fields {
            self.field(field);
        }
    }

    /// Shows a field at its fixed place under a line of its own.
    #[inline(always)]
    pub fn field_as<'t>(&mut self, field: &'static Field, text: impl Into<Phrase<'t>>) {
        if !self.wants(field) {
            return;
        }
        if let Some(item) = self.fixed(field) {
            self.visitor.leaf(&Item { text: Some(text.into()), ..item });
        }
    }

    /// Begins a group headed by a field at its fixed place. Where it is not
    /// there nothing begins, and the answer is false.
    #[inline(always)]
    pub fn open<'t>(&mut self, field: &'static Field, text: impl Into<Phrase<'t>>) -> bool {
        match self.fixed(field) {
            Some(item) => {
                self.visitor.open(&Item { text: Some(text.into()), ..item });
                true
            }
            None => false,
        }
    }

    /// As [`Out::open`], with the field's own line.
    #[inline(always)]
    pub fn open_plain(&mut self, field: &'static Field) -> bool {
        match self.fixed(field) {
            Some(item) => {
                self.visitor.open(&item);
                true
            }
            None => false,
        }
    }

    /// Begins a group over `len` bytes from `offset` on, under a title.
    #[inline(always)]
    pub fn open_group<'t>(&mut self, field: &'static Field, offset: usize, len: usize, text: impl Into<Phrase<'t>>) {
        let item = Item { text: Some(text.into()), ..self.placed(field, Value::None, offset, len) };
        self.visitor.open(&item);
    }

    /// Begins a group of things worked out, under a title.
    #[inline(always)]
    pub fn open_derived<'t>(&mut self, field: &'static Field, value: Value<'_>, text: impl Into<Phrase<'t>>) {
        let item = Item { shown: Shown::Generated, text: Some(text.into()), ..self.placed(field, value, 0, 0) };
        self.visitor.open(&item);
    }

    /// Begins a group headed by a value found `offset` bytes into the header.
    #[inline(always)]
    pub fn open_value<'t>(
        &mut self,
        field: &'static Field,
        value: Value<'_>,
        offset: usize,
        len: usize,
        text: impl Into<Phrase<'t>>,
    ) {
        let item = Item { text: Some(text.into()), ..self.placed(field, value, offset, len) };
        self.visitor.open(&item);
    }

    /// Ends a group.
    pub fn close(&mut self) {
        self.visitor.close();
    }

    /// Shows a value found `offset` bytes into the header.
    #[inline(always)]
    pub fn value(&mut self, field: &'static Field, value: Value<'_>, offset: usize, len: usize) {
        if !self.wants(field) {
            return;
        }
        self.visitor.leaf(&self.placed(field, value, offset, len));
    }

    /// As [`Out::value`], under a line of its own.
    #[inline(always)]
    pub fn value_as<'t>(
        &mut self,
        field: &'static Field,
        value: Value<'_>,
        offset: usize,
        len: usize,
        text: impl Into<Phrase<'t>>,
    ) {
        if !self.wants(field) {
            return;
        }
        let item = Item { text: Some(text.into()), ..self.placed(field, value, offset, len) };
        self.visitor.leaf(&item);
    }

    /// Shows a field only to filters and columns.
    #[inline(always)]
    pub fn hidden(&mut self, field: &'static Field, value: Value<'_>, offset: usize, len: usize) {
        if !self.hidden || !self.wants(field) {
            return;
        }
        let item = Item { shown: Shown::Hidden, ..self.placed(field, value, offset, len) };
        self.visitor.leaf(&item);
    }

    /// Shows something worked out.
    #[inline(always)]
    pub fn derived(&mut self, field: &'static Field, value: Value<'_>) {
        if !self.wants(field) {
            return;
        }
        let item = Item { shown: Shown::Generated, ..self.placed(field, value, 0, 0) };
        self.visitor.leaf(&item);
    }

    /// As [`Out::derived`], under a line of its own.
    #[inline(always)]
    pub fn derived_as<'t>(&mut self, field: &'static Field, value: Value<'_>, text: impl Into<Phrase<'t>>) {
        if !self.wants(field) {
            return;
        }
        let item = Item { shown: Shown::Generated, text: Some(text.into()), ..self.placed(field, value, 0, 0) };
        self.visitor.leaf(&item);
    }

    #[inline(always)]
    fn placed<'b>(&self, field: &'static Field, value: Value<'b>, offset: usize, len: usize) -> Item<'b> {
        Item { field, value, start: self.base + offset as u32, len: len as u32, shown: Shown::Plain, text: None }
    }
}
