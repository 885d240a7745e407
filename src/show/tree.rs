//! The packet as a tree, in the form Wireshark made familiar.

use std::io::Write;

use anstyle::Style;

use crate::dissect::refrain::Refrain;
use crate::dissect::{Again, Item, Layer, Packet, Shown, Visitor};
use crate::show::kept::{Found, Kept};
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
    draw(out, packet, &Options::default(), None);
}

/// Draws one tree after another. Its buffers are reused.
#[derive(Debug, Clone, Default)]
pub struct Trees {
    options: Options,
    /// Lines, and the level after them.
    kept: Kept<usize>,
}

impl Trees {
    /// Draws trees in the way that `options` say.
    pub fn new(options: Options) -> Self {
        Self { options, kept: Kept::default() }
    }

    /// Appends the packet's tree, as [`tree`] does.
    pub fn packet(&mut self, out: &mut Vec<u8>, packet: &Packet<'_>) {
        draw(out, packet, &self.options, Some(&mut self.kept));
    }
}

fn draw(out: &mut Vec<u8>, packet: &Packet<'_>, options: &Options, kept: Option<&mut Kept<usize>>) {
    let whole = options.only.is_none_or(|only| only.contains(Proto::Frame));
    let mut tree = Tree { out, level: 0, options, whole, title: true, kept };
    packet.visit_closely(&mut tree);
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
    kept: Option<&'o mut Kept<usize>>,
    level: usize,
    options: &'o Options,
    /// Whether the current layer is shown whole.
    whole: bool,
    /// Whether the next line is the current layer's title.
    title: bool,
}

impl Tree<'_> {
    /// Appends an item's line. Inlined, since most fields are known where they are
    /// shown, and with them how the line looks.
    #[inline(always)]
    fn line(&mut self, item: &Item<'_>) {
        let colored = self.title && self.options.color;
        let generated = item.shown == Shown::Generated;
        indent(self.out, self.level);
        if colored {
            color_title(self.out);
        }
        if generated {
            self.out.push(b'[');
        }
        diagram(self.out, item);
        match item.text {
            Some(text) => text.write(self.out),
            None if item.value == Value::None => self.out.extend_from_slice(item.field.label.as_bytes()),
            None => {
                item.field.lead.append(self.out);
                text::described(self.out, item.field, &item.value);
                if item.field.kind == Kind::Duration {
                    self.out.extend_from_slice(b" seconds");
                }
            }
        }
        let end = if generated { "]\n" } else { "\n" };
        if colored {
            end_colored(self.out, end);
        } else {
            self.out.extend_from_slice(end.as_bytes());
        }
    }
}

/// Appends the spaces before a line.
#[inline]
fn indent(out: &mut Vec<u8>, level: usize) {
    let indent = level * 4;
    if indent <= SPACES.len() {
        text::append(out, SPACES, indent);
    } else {
        out.extend(std::iter::repeat_n(b' ', indent));
    }
}

#[cold]
fn color_title(out: &mut Vec<u8>) {
    // Writing to a Vec cannot fail.
    let _ = write!(out, "{}", color::TITLE);
}

/// Ends a title of which the last characters are those of `end`.
#[cold]
fn end_colored(out: &mut Vec<u8>, end: &str) {
    let (before, line_feed) = end.split_at(end.len() - 1);
    let _ = write!(out, "{before}{:#}{line_feed}", color::TITLE);
}

/// Appends which bits of which bytes a field is: `.... 0000 0000 .... = `.
#[inline(always)]
fn diagram(out: &mut Vec<u8>, item: &Item<'_>) {
    let At::Bits { offset, width, drawn: (first, count @ 1..) } = item.field.at else { return };
    let number = match item.value {
        Value::Uint(number) => number,
        Value::Bool(flag) => u64::from(flag),
        _ => return,
    };
    // Both with the first bit drawn as the highest: which bits are the field's,
    // and what they are.
    let place = |bits: u64| {
        let high = bits.checked_shl(64 - u32::from(width)).unwrap_or_default();
        high.checked_shr(u32::from(offset - first)).unwrap_or_default()
    };
    draw_bits(out, place(u64::MAX), place(number), usize::from(count.min(64)));
}

/// Appends the first `count` bits of a number, with a dot for each that `own` has
/// not, in fours.
fn draw_bits(out: &mut Vec<u8>, own: u64, set: u64, count: usize) {
    text::in_place::<96>(out, |drawn| {
        let fives = drawn.as_chunks_mut::<5>().0;
        for (index, five) in fives.iter_mut().take(count.div_ceil(4)).enumerate() {
            let bits = |of: u64| spread((of >> (60 - 4 * index)) as u8 & 15);
            // '0' is two after '.', and '1' comes next.
            let text = u32::from_be_bytes(*b"....") + 2 * bits(own) + bits(set);
            let [a, b, c, d] = text.to_be_bytes();
            *five = [a, b, c, d, b' '];
        }
        let drawn_length = count + (count - 1) / 4;
        if let Some(end) = drawn.get_mut(drawn_length..drawn_length + 3) {
            end.copy_from_slice(b" = ");
        }
        drawn_length + 3
    });
}

/// The four bits of a number below 16, one a byte.
const fn spread(bits: u8) -> u32 {
    (bits as u32 * 0x0020_4081) & 0x0101_0101
}

impl Visitor for Tree<'_> {
    fn wants_layer(&mut self, _index: usize, layer: &Layer) -> bool {
        self.whole = self.options.only.is_none_or(|only| only.contains(layer.proto));
        self.title = true;
        true
    }

    fn keeps(&self) -> bool {
        self.kept.is_some()
    }

    fn wants_hidden(&self) -> bool {
        false
    }

    fn again(&mut self, refrain: &Refrain<'_>) -> Again {
        let Some(kept) = &mut self.kept else { return Again::Show };
        match kept.find(refrain, self.level, self.out.len()) {
            Found::Begun => Again::Keep,
            Found::Unkept => Again::Show,
            Found::Made(lines, level) => {
                self.out.extend_from_slice(lines);
                // No run ends where its layer's title is still to come.
                (self.level, self.title) = (*level, false);
                Again::Done
            }
        }
    }

    fn keep(&mut self) {
        if let Some((_, level)) = self.kept.as_mut().and_then(|kept| kept.keep(self.out)) {
            *level = self.level;
        }
    }

    #[inline(always)]
    fn leaf(&mut self, item: &Item<'_>) {
        if self.whole {
            self.line(item);
        }
    }

    #[inline(always)]
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
