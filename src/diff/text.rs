//! A diff as text: a paragraph per pair that differs, a line per difference,
//! and a summary.
//!
//! ```text
//! packet 3 ↔ 3
//!   ip6    ipv6.hlim                     64 → 63
//!   srh    ipv6.routing.segleft          1 → 0
//! packet 4, only in a.pcap
//!     4   0.000100 2001:db8::1 → 2001:db8::2  UDP 1 → 2  119 bytes
//! ```

use std::io::Write;

use crate::dissect::Packet;
use crate::show::{line, text, time};
use crate::wire::field::Value;

use super::compare::{Comparison, Difference, What};
use super::matcher::{By, How};
use super::tally::{Delay, Tally};

/// Bytes of a value that are shown from the first that differs on.
const SHOWN_BYTES: usize = 12;

/// Columns of the layer and of the field.
const LAYER_WIDTH: usize = 6;
const FIELD_WIDTH: usize = 28;

/// Appends what differs in a pair; accepted differences only where `all` are
/// wanted.
pub fn pair(out: &mut Vec<u8>, comparison: &Comparison<'_>, how: How, moved: bool, all: bool) {
    let wanted = |difference: &&Difference| all || difference.counts();
    if !moved && !comparison.differences.iter().any(|difference| wanted(&difference)) {
        return;
    }
    let [left, right] = comparison.packets.map(|packet| packet.frame.number);
    let place = if how == How::Place { "  (matched by its place)" } else { "" };
    let order = if moved { "  (in another order)" } else { "" };
    out.extend_from_slice(b"packet ");
    text::decimal(out, left);
    out.extend_from_slice(" ↔ ".as_bytes());
    text::decimal(out, right);
    out.extend_from_slice(place.as_bytes());
    out.extend_from_slice(order.as_bytes());
    out.push(b'\n');
    for difference in comparison.differences.iter().filter(wanted) {
        difference_line(out, comparison, difference);
    }
}

/// Appends a packet that only one capture has.
pub fn alone(out: &mut Vec<u8>, packet: &Packet<'_>, capture: &str, window: bool) {
    let _ = write!(out, "packet {}, only in ", packet.frame.number);
    text::escaped(out, capture);
    out.extend_from_slice(if window { b" within the window\n" } else { b"\n" });
    line::line(out, packet, Some(time::Form::Relative));
}

fn difference_line(out: &mut Vec<u8>, comparison: &Comparison<'_>, difference: &Difference) {
    out.extend_from_slice(b"  ");
    let start = out.len();
    layer_name(out, comparison, difference);
    pad(out, start, LAYER_WIDTH);
    out.push(b' ');
    let start = out.len();
    out.extend_from_slice(difference.field.name.as_bytes());
    pad(out, start, FIELD_WIDTH);
    out.extend_from_slice(b"  ");
    values(out, comparison, difference);
    if let Some(verdict) = difference.verdict {
        out.extend_from_slice(if verdict.is_accepted() { b"  ok: " } else { b"  wrong: " });
        out.extend_from_slice(verdict.sentence().as_bytes());
        if !verdict.source().is_empty() {
            out.extend_from_slice(b" (");
            out.extend_from_slice(verdict.source().as_bytes());
            out.push(b')');
        }
    }
    out.push(b'\n');
}

/// Appends the layer in the words of the notation, with its number where there
/// are several of its kind.
pub(super) fn layer_name(out: &mut Vec<u8>, comparison: &Comparison<'_>, difference: &Difference) {
    let side = usize::from(difference.layers[0].is_none());
    let Some(layer) = comparison.layer(difference, side) else { return out.extend_from_slice(b"frame") };
    let info = layer.proto.info();
    let name = if info.notation.is_empty() || info.notation == "hex" { info.name } else { info.notation };
    out.extend_from_slice(name.as_bytes());
    let same = comparison.packets[side].layers().iter().filter(|l| l.proto == layer.proto);
    if same.clone().nth(1).is_some() {
        out.push(b'#');
        text::decimal(out, same.take_while(|l| l.start < layer.start).count() as u64 + 1);
    }
}

fn values(out: &mut Vec<u8>, comparison: &Comparison<'_>, difference: &Difference) {
    let value = |side| comparison.value(difference, side);
    match (difference.what, value(0), value(1)) {
        (What::Layer, left, _) => {
            let side = if left.is_some() { "left" } else { "right" };
            let len = comparison.layer(difference, usize::from(left.is_none())).map_or(0, |layer| layer.header_len());
            let title = comparison
                .layer(difference, usize::from(left.is_none()))
                .map_or(difference.field.label, |layer| layer.proto.info().title);
            let _ = write!(out, "only on the {side}: {title}, {len} bytes");
        }
        (_, Some(Value::Bytes(left)), Some(Value::Bytes(right))) => two_runs(out, left, right),
        (_, Some(Value::Nanos(left)), Some(Value::Nanos(right))) => {
            text::value(out, difference.field, &Value::Nanos(left));
            out.extend_from_slice(" → ".as_bytes());
            text::value(out, difference.field, &Value::Nanos(right));
            out.extend_from_slice(if right < left { b"  (" } else { b"  (+" });
            time::seconds(out, right - left);
            out.extend_from_slice(b" s)");
        }
        (_, left, right) => {
            one_value(out, difference, left);
            out.extend_from_slice(" → ".as_bytes());
            one_value(out, difference, right);
        }
    }
}

fn one_value(out: &mut Vec<u8>, difference: &Difference, value: Option<Value<'_>>) {
    match value {
        None => out.extend_from_slice(b"absent"),
        Some(Value::Bytes(bytes)) => run(out, bytes, 0, bytes.len()),
        Some(value) => text::described(out, difference.field, &value),
    }
}

/// Two runs of bytes, around the first that differs.
fn two_runs(out: &mut Vec<u8>, left: &[u8], right: &[u8]) {
    let same = left.iter().zip(right).take_while(|(a, b)| a == b).count();
    let from = if left.len().max(right.len()) <= SHOWN_BYTES { 0 } else { same };
    if from > 0 {
        let _ = write!(out, "from byte {from} on: ");
    }
    run(out, left, from, left.len());
    out.extend_from_slice(" → ".as_bytes());
    run(out, right, from, right.len());
    if left.len() != right.len() {
        let _ = write!(out, "  ({} → {} bytes)", left.len(), right.len());
    }
}

fn run(out: &mut Vec<u8>, bytes: &[u8], from: usize, to: usize) {
    let shown = bytes.get(from..to.min(from + SHOWN_BYTES)).unwrap_or_default();
    if shown.is_empty() {
        out.extend_from_slice(b"nothing");
    }
    text::hex_bytes(out, shown);
    if from + shown.len() < to {
        out.extend_from_slice("…".as_bytes());
    }
}

/// Spaces up to a width.
fn pad(out: &mut Vec<u8>, start: usize, width: usize) {
    let used = out.len() - start;
    out.extend(std::iter::repeat_n(b' ', width.saturating_sub(used)));
}

/// The summary: what was compared, how it was matched, and what came out.
pub fn summary(tally: &Tally, names: [&str; 2], by: By, semantic: bool) -> String {
    let escaped = |name: &str| {
        let mut out = Vec::new();
        text::escaped(&mut out, name);
        String::from_utf8_lossy(&out).into_owned()
    };
    let names = names.map(escaped);
    let mut out = String::new();
    let mut row = |count: u64, what: &str| out += &format!("{count:>12} {what}\n");
    for (count, name) in tally.packets.iter().zip(&names) {
        row(*count, &format!("packets in {name}"));
    }
    let matched = match by {
        By::KeyAndPlace | By::Key => "pairs by key: what SRv6 leaves alone",
        By::Position => "pairs by position",
        By::Time(_) => "pairs by time",
    };
    row(tally.key + tally.position + tally.time, matched);
    if tally.place > 0 {
        row(tally.place, "pairs by place: left over between the same packets, and alike");
    }
    row(tally.same, "pairs are the same");
    if semantic {
        row(tally.accepted, "pairs differ as SRv6 allows");
    }
    row(tally.different, if semantic { "pairs differ as SRv6 does not allow" } else { "pairs differ" });
    if tally.moved > 0 {
        row(tally.moved, "pairs came in another order");
    }
    for (side, name) in names.iter().enumerate() {
        if tally.alone[side] > 0 {
            row(tally.alone[side], &format!("packets only in {name}"));
        }
        if tally.passed[side] > 0 {
            row(tally.passed[side], "  of them might have a match beyond the window: see --window");
        }
    }
    if let Some(Delay { least, most, sum, count }) = tally.delay {
        let seconds = |nanos: i128| {
            let mut out = Vec::new();
            time::seconds(&mut out, nanos);
            String::from_utf8_lossy(&out).into_owned()
        };
        let mean = sum / i128::from(count.max(1));
        let text = format!("{} / {} / {}", seconds(least), seconds(mean), seconds(most));
        out += &format!("  later on the right by (least / mean / most) {text} s\n");
    }
    if !semantic && !tally.fields.is_empty() {
        out += "differences by field:\n";
        let mut fields = tally.fields.clone();
        fields.sort_by_key(|(field, count)| (std::cmp::Reverse(*count), field.name));
        for (field, count) in fields {
            out += &format!("{count:>12} {}\n", field.name);
        }
    }
    for (accepted, title) in [(true, "allowed:\n"), (false, "not allowed:\n")] {
        let mut given = tally.given(accepted).peekable();
        if given.peek().is_some() {
            out += title;
        }
        for (verdict, count) in given {
            let source = if verdict.source().is_empty() { String::new() } else { format!(" ({})", verdict.source()) };
            out += &format!("{count:>12} {}: {}{source}\n", verdict.id(), verdict.sentence());
        }
    }
    out
}
