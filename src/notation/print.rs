//! Layers → text, in the form that reads back as the same layers.

use std::fmt::Write as _;

use crate::craft::{Arg, Element, Layer};
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
            match layer.get(&data::DATA) {
                Some(Arg::Bytes(bytes)) => payload(&mut out, bytes),
                _ => payload(&mut out, &[]),
            }
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
