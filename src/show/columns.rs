//! Chosen fields as columns, as `tshark -T fields -e NAME …` prints them.

use crate::dissect::{FieldSet, Item, Packet, Visitor};
use crate::show::text;
use crate::wire::field::{Field, Kind};
use crate::wire::proto::{Proto, ProtoSet, all_fields};

/// How columns are laid out: tshark's `-E`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Whether the first line names the fields.
    pub header: bool,
    /// What stands between columns.
    pub separator: u8,
    /// Which of a field's occurrences are shown.
    pub occurrence: Occurrence,
    /// What stands between a field's occurrences.
    pub aggregator: u8,
    /// What stands around a column that has something in it.
    pub quote: Option<u8>,
}

/// Which of a field's occurrences in a packet are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occurrence {
    /// The first.
    First,
    /// The last.
    Last,
    /// All.
    All,
}

impl Default for Layout {
    /// Tabs between columns, commas between a field's occurrences, all of them.
    fn default() -> Self {
        Self { header: false, separator: b'\t', occurrence: Occurrence::All, aggregator: b',', quote: None }
    }
}

/// Prints chosen fields, a line per packet.
#[derive(Debug, Clone)]
pub struct Columns {
    names: Vec<&'static str>,
    layout: Layout,
    /// The statics that carry the columns' names: several may carry one name.
    targets: Vec<Target>,
    /// The targets without their columns.
    fields: FieldSet,
    /// Which protocols have one of the fields.
    wanted: ProtoSet,
    /// The current packet's values, one buffer per column.
    cells: Vec<Vec<u8>>,
}

/// A field that goes into a column.
#[derive(Debug, Clone, Copy)]
struct Target {
    field: &'static Field,
    column: usize,
    /// Whether it stands for a whole header.
    is_header: bool,
}

impl Columns {
    /// Prepares columns for `fields`, in this order.
    pub fn new(fields: &[&'static Field], layout: Layout) -> Self {
        let names: Vec<_> = fields.iter().map(|field| field.name).collect();
        let mut targets: Vec<Target> = Vec::new();
        for (_, field) in all_fields() {
            if !targets.iter().any(|known| std::ptr::eq(known.field, field)) {
                let same = names.iter().enumerate().filter(|(_, name)| **name == field.name);
                let is_header = is_header(field);
                targets.extend(same.map(|(column, _)| Target { field, column, is_header }));
            }
        }
        let wanted = all_fields().filter(|(_, field)| names.contains(&field.name)).map(|(proto, _)| proto).collect();
        let set = targets.iter().map(|target| target.field).collect();
        let cells = vec![Vec::new(); names.len()];
        Self { names, layout, targets, fields: set, wanted, cells }
    }

    /// Appends the line with the fields' names, if there is to be one.
    pub fn header(&self, out: &mut Vec<u8>) {
        if self.layout.header {
            for (index, name) in self.names.iter().enumerate() {
                if index > 0 {
                    out.push(self.layout.separator);
                }
                out.extend_from_slice(name.as_bytes());
            }
            out.push(b'\n');
        }
    }

    /// Appends the packet's line.
    pub fn line(&mut self, out: &mut Vec<u8>, packet: &Packet<'_>) {
        self.cells.iter_mut().for_each(Vec::clear);
        packet.visit(self);
        for (index, cell) in self.cells.iter().enumerate() {
            if index > 0 {
                out.push(self.layout.separator);
            }
            if cell.is_empty() {
                continue;
            }
            out.extend(self.layout.quote);
            out.extend_from_slice(cell);
            out.extend(self.layout.quote);
        }
        out.push(b'\n');
    }

    fn cell(&mut self, item: &Item<'_>) {
        if !self.fields.may_have(item.field) {
            return;
        }
        for target in self.targets.iter().filter(|target| std::ptr::eq(target.field, item.field)) {
            let field = target.field;
            let cell = &mut self.cells[target.column];
            if !cell.is_empty() {
                match self.layout.occurrence {
                    Occurrence::First => continue,
                    Occurrence::Last => cell.clear(),
                    Occurrence::All => cell.push(self.layout.aggregator),
                }
            }
            match (field.kind, item.text) {
                // A protocol's column has its title, as tshark's; other groups
                // are only there or not.
                (Kind::Group, Some(title)) if target.is_header => title.write(cell),
                (Kind::Group, _) => cell.push(b'1'),
                _ => text::value(cell, field, &item.value),
            }
        }
    }
}

/// Whether a field stands for a whole header.
fn is_header(field: &'static Field) -> bool {
    Proto::ALL.iter().any(|proto| std::ptr::eq(proto.info().header, field))
}

impl Visitor for Columns {
    fn wants(&mut self, proto: Proto) -> bool {
        self.wanted.contains(proto)
    }

    fn fields(&self) -> FieldSet {
        self.fields
    }

    fn leaf(&mut self, item: &Item<'_>) {
        self.cell(item);
    }

    fn open(&mut self, item: &Item<'_>) {
        self.cell(item);
    }

    fn close(&mut self) {}
}
