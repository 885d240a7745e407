//! The packet as a tree, in the form Wireshark made familiar.

use std::io::Write;

use anstyle::Style;

use crate::dissect::{Item, Layer, Packet, Shown, Visitor};
use crate::show::{color, text};
use crate::wire::field::{At, Kind, Value};
use crate::wire::proto::{Proto, ProtoSet};

/// How a tree is drawn.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// The protocols to show whole, where that is not all; of the others, the
    /// title line.
    pub only: Option<ProtoSet>,
    /// Whether titles and findings are coloured.
    pub color: bool,
}

/// Appends the packet's tree: a line per field, four spaces per level.
pub fn tree(out: &mut Vec<u8>, packet: &Packet<'_>) {
    draw(out, packet, &Options::default());
}

/// As [`tree`], in the way that `options` say.
pub fn draw(out: &mut Vec<u8>, packet: &Packet<'_>, options: &Options) {
    let whole = options.only.is_none_or(|only| only.contains(Proto::Frame));
    let mut tree = Tree { out, level: 0, options, whole, title: true };
    packet.visit(&mut tree);
    for finding in packet.findings() {
        let source = finding.what.source();
        let (open, close) = if source.is_empty() { ("", "") } else { (" (", ")") };
        let layer = packet.layers().get(usize::from(finding.layer)).map_or("Frame", |l| l.proto.info().short);
        let severity = finding.what.severity();
        let style = if options.color { color::of_severity(severity) } else { Style::new() };
        // Writing to a Vec cannot fail.
        let _ = writeln!(
            tree.out,
            "{style}[{}: {layer}: {finding}{open}{source}{close} <{}>]{style:#}",
            capital(severity.name()),
            finding.what.id()
        );
    }
}

/// The indentation of any tree that is not nested absurdly.
const SPACES: &[u8; 64] = &[b' '; 64];

/// A severity as the first word of a line.
fn capital(word: &str) -> &str {
    match word {
        "note" => "Note",
        "warn" => "Warning",
        _ => "Error",
    }
}

struct Tree<'o> {
    out: &'o mut Vec<u8>,
    level: usize,
    options: &'o Options,
    /// Whether the current layer is shown whole.
    whole: bool,
    /// Whether the next line is the current layer's title.
    title: bool,
}

impl Tree<'_> {
    fn line(&mut self, item: &Item<'_>) {
        let indent = self.level * 4;
        match SPACES.get(..indent) {
            Some(spaces) => self.out.extend_from_slice(spaces),
            None => self.out.extend(std::iter::repeat_n(b' ', indent)),
        }
        let colored = self.title && self.options.color;
        if colored {
            let _ = write!(self.out, "{}", color::TITLE);
        }
        let generated = item.shown == Shown::Generated;
        if generated {
            self.out.push(b'[');
        }
        diagram(self.out, item);
        match item.text {
            Some(text) => text::formatted(self.out, text),
            None => {
                self.out.extend_from_slice(item.field.label.as_bytes());
                if item.value != Value::None {
                    self.out.extend_from_slice(b": ");
                    text::described(self.out, item.field, &item.value);
                    if item.field.kind == Kind::Duration {
                        self.out.extend_from_slice(b" seconds");
                    }
                }
            }
        }
        if generated {
            self.out.push(b']');
        }
        if colored {
            let _ = write!(self.out, "{:#}", color::TITLE);
        }
        self.out.push(b'\n');
    }
}

/// Appends which bits of which bytes a field is: `.... 0000 0000 .... = `.
fn diagram(out: &mut Vec<u8>, item: &Item<'_>) {
    let At::Bits { offset, width, drawn: (first, count @ 1..) } = item.field.at else { return };
    let number = match item.value {
        Value::Uint(number) => number,
        Value::Bool(flag) => u64::from(flag),
        _ => return,
    };
    let start = offset - first;
    let mut drawn = [b' '; 80];
    let mut at = 0;
    for bit in 0..count.min(64) {
        at += usize::from(bit > 0 && bit % 4 == 0);
        drawn[at] = if (start..start + width).contains(&bit) {
            b'0' + (number >> (start + width - 1 - bit) & 1) as u8
        } else {
            b'.'
        };
        at += 1;
    }
    out.extend_from_slice(&drawn[..at]);
    out.extend_from_slice(b" = ");
}

impl Visitor for Tree<'_> {
    fn wants_layer(&mut self, _index: usize, layer: &Layer) -> bool {
        self.whole = self.options.only.is_none_or(|only| only.contains(layer.proto));
        self.title = true;
        true
    }

    fn leaf(&mut self, item: &Item<'_>) {
        if self.whole && item.shown != Shown::Hidden {
            self.line(item);
        }
    }

    fn open(&mut self, item: &Item<'_>) {
        if self.whole || self.title {
            self.line(item);
            self.title = false;
        }
        self.level += 1;
    }

    fn close(&mut self) {
        self.level = self.level.saturating_sub(1);
    }
}
