//! A diff as JSON: an object per line.
//!
//! - `{"type":"pair","left":3,"right":3,"matched":"key","moved":false,"differences":[…]}`
//!   for each pair that differs or came in another order. A difference has its
//!   `"layer"` (as in the packet notation, with a number where there are
//!   several), its `"field"`, what `"kind"` it is (`field`, `layer`, `bytes`,
//!   `frame`), and its values `"left"` and `"right"`, typed as in
//!   [`crate::show::json`], `null` where a side has none. Of a layer and of bytes
//!   the values are hexadecimal text. With verdicts there are `"accepted"`,
//!   `"verdict"`, `"message"` and `"source"`, too.
//! - `{"type":"left_only","left":4,"within_window":false}`, or `right_only` and
//!   `right`. `within_window` is whether the window passed the packet before the
//!   other capture ended, so that a match farther away is possible.
//! - `{"type":"summary",…}` at the end.
//!
//! All begin with `"schema"`, whose number changes when a member changes its
//! meaning or goes away, not when new ones come.

use serde_json::json;

use crate::dissect::Packet;
use crate::show::json::{string, value};
use crate::show::text::{decimal, hex_bytes};
use crate::wire::field::{Kind, Value};

use super::compare::{Comparison, Difference, What};
use super::matcher::{By, How};
use super::tally::Tally;
use super::text::layer_name;

/// The version of what is written.
pub const SCHEMA: &str = "sr6.diff/1";

/// What comes before the numbers and values of both sides.
const KEYS: [&[u8]; 2] = [b",\"left\":", b",\"right\":"];

fn begin(out: &mut Vec<u8>, kind: &str) {
    out.extend_from_slice(b"{\"schema\":\"");
    out.extend_from_slice(SCHEMA.as_bytes());
    out.extend_from_slice(b"\",\"type\":\"");
    out.extend_from_slice(kind.as_bytes());
    out.push(b'"');
}

/// Appends a pair that differs; accepted differences only where `all` are wanted.
pub fn pair(out: &mut Vec<u8>, comparison: &Comparison<'_>, how: How, moved: bool, all: bool) {
    let wanted = |difference: &&Difference| all || difference.counts();
    if !moved && !comparison.differences.iter().any(|difference| wanted(&difference)) {
        return;
    }
    begin(out, "pair");
    for (key, packet) in KEYS.iter().zip(&comparison.packets) {
        out.extend_from_slice(key);
        decimal(out, packet.frame.number);
    }
    out.extend_from_slice(b",\"matched\":");
    string(out, how.name());
    out.extend_from_slice(if moved { b",\"moved\":true" } else { b",\"moved\":false" });
    out.extend_from_slice(b",\"differences\":[");
    for (index, difference) in comparison.differences.iter().filter(wanted).enumerate() {
        if index > 0 {
            out.push(b',');
        }
        one(out, comparison, difference);
    }
    out.extend_from_slice(b"]}\n");
}

fn one(out: &mut Vec<u8>, comparison: &Comparison<'_>, difference: &Difference) {
    out.extend_from_slice(b"{\"layer\":\"");
    layer_name(out, comparison, difference);
    out.extend_from_slice(b"\",\"field\":");
    string(out, difference.field.name);
    out.extend_from_slice(b",\"kind\":");
    string(
        out,
        match difference.what {
            What::Field => "field",
            What::Layer => "layer",
            What::Bytes => "bytes",
            What::Frame => "frame",
        },
    );
    for (side, key) in KEYS.iter().enumerate() {
        out.extend_from_slice(key);
        match comparison.value(difference, side) {
            None => out.extend_from_slice(b"null"),
            Some(Value::Bytes(bytes)) if difference.what != What::Field || difference.field.kind == Kind::Group => {
                out.push(b'"');
                hex_bytes(out, bytes);
                out.push(b'"');
            }
            Some(of) => value(out, difference.field, &of),
        }
    }
    if let Some(verdict) = difference.verdict {
        out.extend_from_slice(if verdict.is_accepted() { b",\"accepted\":true" } else { b",\"accepted\":false" });
        let texts: [(&[u8], &str); 3] = [
            (b",\"verdict\":", verdict.id()),
            (b",\"message\":", verdict.sentence()),
            (b",\"source\":", verdict.source()),
        ];
        for (key, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
            out.extend_from_slice(key);
            string(out, text);
        }
    }
    out.push(b'}');
}

/// Appends a packet that only one side has.
pub fn alone(out: &mut Vec<u8>, packet: &Packet<'_>, side: usize, window: bool) {
    let name = if side == 0 { "left" } else { "right" };
    begin(out, &format!("{name}_only"));
    out.extend_from_slice(KEYS[side]);
    decimal(out, packet.frame.number);
    out.extend_from_slice(if window { b",\"within_window\":true}\n" } else { b",\"within_window\":false}\n" });
}

/// The summary's line.
pub fn summary(tally: &Tally, names: [&str; 2], by: By) -> String {
    let [left, right] = names;
    let mut fields = tally.fields.clone();
    fields.sort_by_key(|(field, _)| field.name);
    let mut by_name = serde_json::Map::new();
    for (field, count) in fields {
        let known = by_name.get(field.name).and_then(serde_json::Value::as_u64).unwrap_or(0);
        by_name.insert(field.name.to_owned(), json!(known + count));
    }
    let verdicts = |accepted| {
        tally
            .given(accepted)
            .map(|(verdict, count)| (verdict.id().to_owned(), json!(count)))
            .collect::<serde_json::Map<_, _>>()
    };
    let mut summary = json!({
        "same": tally.is_same(),
        "by": match by {
            By::KeyAndPlace => "key, place",
            By::Key => "key",
            By::Position => "position",
            By::Time(_) => "time",
        },
        "left": { "file": left, "packets": tally.packets[0], "only": tally.alone[0], "passed_by_window": tally.passed[0] },
        "right": { "file": right, "packets": tally.packets[1], "only": tally.alone[1], "passed_by_window": tally.passed[1] },
        "pairs": {
            "all": tally.pairs(),
            "by_key": tally.key,
            "by_place": tally.place,
            "by_position": tally.position,
            "by_time": tally.time,
            "same": tally.same,
            "accepted": tally.accepted,
            "different": tally.different,
            "moved": tally.moved,
        },
        "fields": by_name,
        "allowed": verdicts(true),
        "not_allowed": verdicts(false),
    });
    if let Some(delay) = tally.delay {
        let seconds = |nanos: i128| nanos as f64 / 1e9;
        summary["delay"] = json!({
            "least": seconds(delay.least),
            "mean": seconds(delay.sum) / delay.count.max(1) as f64,
            "most": seconds(delay.most),
        });
    }
    let mut out = Vec::new();
    begin(&mut out, "summary");
    out.push(b',');
    // The rest of the object, without the brace that begins it.
    out.extend(summary.to_string().bytes().skip(1));
    out.push(b'\n');
    String::from_utf8(out).unwrap_or_default()
}
