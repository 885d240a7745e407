//! Layers → text, in the form that reads back as the same layers.

use std::fmt::Write as _;

use crate::craft::vary::Domain;
use crate::craft::{Arg, Element, Layer, Values, Vary};
use crate::wire::data;
use crate::wire::field::{At, Base, Field, Kind};
use crate::wire::proto::Proto;

/// Writes layers in notation, the given fields only: [`parse`](super::parse)
/// reads the same layers back.
///
/// ```
/// use sr6::{craft, notation};
///
/// let packet = craft::ip6().src("2001:db8::1".parse()?).hlim(3) / craft::udp(1, 2) / "hi\n";
/// assert_eq!(notation::print(&packet), r#"ip6(src=2001:db8::1, hlim=3)/udp(sport=1, dport=2)/"hi\n""#);
/// assert_eq!(notation::parse(&notation::print(&packet))?, packet);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn print(layers: &[Layer]) -> String {
    let mut out = String::new();
    for (index, layer) in layers.iter().enumerate() {
        if index > 0 {
            out.push('/');
        }
        if layer.proto == Proto::Data {
            payload_layer(&mut out, layer);
            continue;
        }
        out.push_str(layer.proto.info().notation);
        for (place, (field, value)) in layer.args().enumerate() {
            out.push_str(if place == 0 { "(" } else { ", " });
            out.push_str(field.arg);
            if field.kind != Kind::Bool || *value != Arg::Uint(1) {
                out.push('=');
                argument(&mut out, field, value);
            }
        }
        if layer.args().len() > 0 {
            out.push(')');
        }
    }
    out
}

/// Bytes as they are, so many of them, or those that vary.
fn payload_layer(out: &mut String, layer: &Layer) {
    let length = layer.get(&data::LENGTH);
    let varying = match layer.get(&data::DATA) {
        Some(Arg::Vary(vary)) => &**vary,
        Some(Arg::Bytes(bytes)) => return payload(out, bytes),
        _ => match length {
            Some(length) => {
                out.push_str("pad(");
                argument(out, &data::LENGTH, length);
                return out.push(')');
            }
            None => return payload(out, &[]),
        },
    };
    let length = length.unwrap_or(&Arg::Uint(0));
    match varying {
        Vary::Rand(values) if values.is_empty() => {
            out.push_str("rand(");
            argument(out, &data::LENGTH, length);
            out.push(')');
        }
        Vary::Count { start, step } => {
            out.push_str("count(");
            argument(out, &data::LENGTH, length);
            let _ = match (&**start, step) {
                (Arg::Uint(0), 1) => Ok(()),
                (Arg::Uint(start), 1) => write!(out, ", {start}"),
                (Arg::Uint(start), step) => write!(out, ", {start}, {step}"),
                _ => Ok(()),
            };
            out.push(')');
        }
        vary => varied(out, &data::DATA, vary),
    }
}

/// A value that varies.
fn varied(out: &mut String, field: &Field, vary: &Vary) {
    match vary {
        Vary::Each(list) => match list.as_slice() {
            [values @ Values::Range { .. }] => values_of(out, field, values),
            _ => called(out, "each", field, list),
        },
        Vary::Rand(list) if list.is_empty() => out.push_str("rand"),
        Vary::Rand(list) => called(out, "rand", field, list),
        Vary::Count { start, step } => {
            out.push_str("count");
            let zero = Domain::of(field).and_then(|domain| domain.number(start)) == Some(0);
            if zero && *step == 1 {
                return;
            }
            out.push('(');
            argument(out, field, start);
            if *step != 1 {
                let _ = write!(out, ", {step}");
            }
            out.push(')');
        }
    }
}

fn called(out: &mut String, name: &str, field: &Field, list: &[Values]) {
    out.push_str(name);
    out.push('(');
    for (index, values) in list.iter().enumerate() {
        out.push_str(if index == 0 { "" } else { ", " });
        values_of(out, field, values);
    }
    out.push(')');
}

/// One value, a range, or the prefix that it fills.
fn values_of(out: &mut String, field: &Field, values: &Values) {
    match values {
        Values::One(Arg::Bytes(bytes)) if std::ptr::eq(field, &data::DATA) => payload(out, bytes),
        Values::One(value) => argument(out, field, value),
        Values::Range { first, last, step } => {
            if let Some((first, length)) = prefix(first, last).filter(|_| *step == 1) {
                argument(out, field, first);
                let _ = write!(out, "/{length}");
                return;
            }
            argument(out, field, first);
            out.push_str("..");
            argument(out, field, last);
            if *step != 1 {
                let _ = write!(out, "..{step}");
            }
        }
    }
}

/// The prefix whose addresses these are from first to last, where it has some
/// hundreds of them.
fn prefix<'a>(first: &'a Arg, last: &Arg) -> Option<(&'a Arg, u32)> {
    let (from, to, width) = match (first, last) {
        (Arg::Ipv6(from), Arg::Ipv6(to)) => (from.to_bits(), to.to_bits(), 128),
        (Arg::Ipv4(from), Arg::Ipv4(to)) => (from.to_bits().into(), to.to_bits().into(), 32),
        _ => return None,
    };
    let host = from ^ to;
    let fills = host & host.wrapping_add(1) == 0 && from & host == 0 && host >= 0xff;
    fills.then(|| (first, width - host.count_ones()))
}

/// Text where most of it can be read, hexadecimal otherwise.
fn payload(out: &mut String, bytes: &[u8]) {
    let readable = |byte: &&u8| matches!(byte, b' '..=b'~' | b'\n' | b'\t' | b'\r');
    if bytes.iter().filter(readable).count() * 4 < bytes.len() * 3 {
        let _ = write!(out, "hex({})", hex::encode(bytes));
    } else {
        quote(out, bytes);
    }
}

/// Appends bytes as a string in quotes.
pub fn quote(out: &mut String, bytes: &[u8]) {
    out.push('"');
    for &byte in bytes {
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\t' => out.push_str("\\t"),
            b'\r' => out.push_str("\\r"),
            b' '..=b'~' => out.push(char::from(byte)),
            _ => {
                let _ = write!(out, "\\x{byte:02x}");
            }
        }
    }
    out.push('"');
}

// Writing to a String cannot fail.
fn argument(out: &mut String, field: &Field, value: &Arg) {
    let _ = match value {
        Arg::Uint(number) => match (word(field, *number), field.kind) {
            (Some(word), _) => write!(out, "{word}"),
            (None, Kind::Uint(Base::Hex | Base::HexDec, _) | Kind::Bytes) => write!(out, "{number:#x}"),
            (None, _) => write!(out, "{number}"),
        },
        Arg::Ether([a, b, c, d, e, f]) => write!(out, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}"),
        Arg::Ipv4(address) => write!(out, "{address}"),
        Arg::Ipv6(address) => write!(out, "{address}"),
        Arg::Bytes(bytes) if field.kind == Kind::Text => {
            quote(out, bytes);
            Ok(())
        }
        Arg::Bytes(bytes) => write!(out, "hex({})", hex::encode(bytes)),
        Arg::Element(element) => {
            write_element(out, element);
            Ok(())
        }
        Arg::Bad => write!(out, "bad"),
        Arg::Vary(vary) => {
            varied(out, field, vary);
            Ok(())
        }
        Arg::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                argument(out, field, item);
            }
            out.push(']');
            Ok(())
        }
    };
}

/// The word for a number, or the letters of its flags, where the field has them.
fn word(field: &Field, number: u64) -> Option<String> {
    if let Some((name, _)) = field.words.iter().find(|(_, known)| *known == number) {
        return Some((*name).to_owned());
    }
    if number == 0 || field.words.iter().any(|(name, _)| name.len() != 1) {
        return None;
    }
    let set = field.words.iter().filter(|(_, flag)| number & flag == *flag);
    let (letters, sum) = set.fold((String::new(), 0), |(letters, sum), (name, flag)| (letters + name, sum | flag));
    (sum == number).then_some(letters)
}

fn write_element(out: &mut String, element: &Element) {
    let form = element.form();
    out.push_str(form.name);
    let mut bare = true;
    for (place, (field, value)) in element.args().enumerate() {
        out.push_str(if place == 0 { "(" } else { ", " });
        bare &= place < form.positional && form.params.get(place).is_some_and(|own| std::ptr::eq(field, own));
        if field.kind == Kind::Bool && *value == Arg::Uint(1) {
            out.push_str(field.arg);
            continue;
        }
        if !bare {
            out.push_str(field.arg);
            out.push('=');
        }
        match value {
            Arg::Bytes(bytes) if field.kind == Kind::Bytes && field.at == At::Varies && !bytes.is_empty() => {
                out.push_str(&hex::encode(bytes));
            }
            _ => argument(out, field, value),
        }
    }
    if element.args().len() > 0 {
        out.push(')');
    }
}
