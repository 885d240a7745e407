//! Chosen fields as columns, as `tshark -T fields -e NAME …` prints them.

use crate::dissect::{Item, Packet, Visitor};
use crate::show::text;
use crate::wire::field::{Field, Kind};
use crate::wire::proto::Proto;

/// Prints chosen fields, a line per packet.
#[derive(Debug, Clone)]
pub struct Columns {
    fields: Vec<&'static Field>,
    /// Which protocols have one of the fields.
    wanted: Vec<Proto>,
    /// The current packet's values, one buffer per column.
    cells: Vec<Vec<u8>>,
}

impl Columns {
    /// Prepares columns for `fields`, in this order.
    pub fn new(fields: Vec<&'static Field>) -> Self {
        let has = |proto: &&Proto| {
            let info = proto.info();
            fields.iter().any(|f| f.name == info.name || info.fields.iter().any(|own| own.name == f.name))
        };
        let wanted = Proto::ALL.iter().filter(has).copied().collect();
        let cells = vec![Vec::new(); fields.len()];
        Self { fields, wanted, cells }
    }

    /// Appends the packet's line: tabs between columns, commas between a
    /// field's occurrences.
    pub fn line(&mut self, out: &mut Vec<u8>, packet: &Packet<'_>) {
        self.cells.iter_mut().for_each(Vec::clear);
        packet.visit(self);
        for (index, cell) in self.cells.iter().enumerate() {
            if index > 0 {
                out.push(b'\t');
            }
            out.extend_from_slice(cell);
        }
        out.push(b'\n');
    }

    fn cell(&mut self, item: &Item<'_>) {
        // Several statics may carry one name: the name is the field.
        for (field, cell) in self.fields.iter().zip(&mut self.cells).filter(|(f, _)| f.name == item.field.name) {
            if !cell.is_empty() {
                cell.push(b',');
            }
            match (field.kind, item.text) {
                (Kind::Group, Some(title)) => {
                    let _ = std::io::Write::write_fmt(cell, title);
                }
                _ => text::value(cell, field, &item.value),
            }
        }
    }
}

impl Visitor for Columns {
    fn wants(&mut self, proto: Proto) -> bool {
        self.wanted.contains(&proto)
    }

    fn leaf(&mut self, item: &Item<'_>) {
        self.cell(item);
    }

    fn open(&mut self, item: &Item<'_>) {
        self.cell(item);
    }

    fn close(&mut self) {}
}
