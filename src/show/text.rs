//! Values of fields as text.

use crate::show::time;
use crate::wire::field::{At, Base, Field, Kind, Value};
use crate::wire::options::option;
pub use crate::wire::text::*;

/// Appends text from a packet with everything escaped that could move a
/// terminal's cursor or forge a line.
pub fn escaped(out: &mut Vec<u8>, text: &str) {
    escape(out, text, |c| c == '\\');
}

/// Appends text, with what a terminal would act on and what `also` says escaped.
fn escape(out: &mut Vec<u8>, text: &str, also: fn(char) -> bool) {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'\\') {
        return out.extend_from_slice(text.as_bytes());
    }
    for c in text.chars() {
        if c.is_control() || is_direction_mark(c) || also(c) {
            out.extend(c.escape_default().map(|c| c as u8));
        } else {
            out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

/// Characters that reorder what is shown around them, or break lines.
fn is_direction_mark(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Appends a value as a column shows it, which is as tshark's `-T fields` does.
/// Inlined, since the kind of value is mostly known.
#[inline(always)]
pub fn value(out: &mut Vec<u8>, field: &Field, value: &Value<'_>) {
    match *value {
        Value::None => {}
        Value::Bool(flag) => out.push(if flag { b'1' } else { b'0' }),
        Value::Uint(number) => match field.kind {
            Kind::Uint(Base::Hex | Base::HexDec, size) => {
                out.extend_from_slice(b"0x");
                hexadecimal(out, number, u32::from(size) * 2);
            }
            _ => decimal(out, number),
        },
        Value::Ether(octets) => ether(out, octets),
        Value::Ipv4(octets) => ipv4(out, octets),
        Value::Ipv6(octets) => ipv6(out, octets),
        // What tshark has instead of nothing: of PadN, whose bytes are often
        // none, it knows.
        Value::Bytes([]) if std::ptr::eq(field, &option::PADN) => out.extend_from_slice(b"<none>"),
        Value::Bytes([]) => out.extend_from_slice(b"<MISSING>"),
        Value::Bytes(bytes) if field.colons => colon_bytes(out, bytes),
        Value::Bytes(bytes) => hex_bytes(out, bytes),
        // tshark leaves backslashes alone, which Windows' interfaces are full of.
        Value::Text(text) => escape(out, text, |_| false),
        Value::Nanos(nanos) => match field.kind {
            Kind::Time => time::date(out, nanos),
            _ => time::seconds(out, nanos),
        },
    }
}

/// Appends a value as a tree shows it after the label: with its meaning. Inlined,
/// since the field is mostly known, and how its values look.
#[inline(always)]
pub fn described(out: &mut Vec<u8>, field: &Field, of: &Value<'_>) {
    let number = match *of {
        Value::Uint(number) => number,
        Value::Bool(flag) => u64::from(flag),
        _ => return value(out, field, of),
    };
    let name = field.names.map(|names| names(number));
    // In a bit diagram only the digits that the bits need are shown.
    let digits = match (field.at, field.kind) {
        (At::Bits { drawn: (_, 1..), width, .. }, _) => u32::from(width.div_ceil(4)),
        (_, Kind::Uint(_, size)) => u32::from(size) * 2,
        _ => 1,
    };
    let hex = |out: &mut Vec<u8>| {
        out.extend_from_slice(b"0x");
        hexadecimal(out, number, digits);
    };
    match (field.kind, name) {
        (Kind::Bool, Some(name)) => out.extend_from_slice(name.unwrap_or("Unknown").as_bytes()),
        (Kind::Bool, None) => out.extend_from_slice(if number == 0 { b"False" } else { b"True" }),
        (Kind::Uint(Base::Name, _), Some(Some(name))) => out.extend_from_slice(name.as_bytes()),
        (Kind::Uint(Base::Dec | Base::Name, _), None) => decimal(out, number),
        (Kind::Uint(Base::Dec | Base::Name, _), Some(name)) => {
            out.extend_from_slice(name.unwrap_or("Unknown").as_bytes());
            out.extend_from_slice(b" (");
            decimal(out, number);
            out.push(b')');
        }
        (Kind::Uint(Base::HexDec, _), _) => {
            hex(out);
            out.extend_from_slice(b" (");
            decimal(out, number);
            out.push(b')');
        }
        (_, None) => hex(out),
        (_, Some(name)) => {
            out.extend_from_slice(name.unwrap_or("Unknown").as_bytes());
            out.extend_from_slice(b" (");
            hex(out);
            out.push(b')');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_packet_cannot_write_to_the_terminal() {
        assert_eq!(text(|out| escaped(out, "a\x1b[2J\n\u{202e}ü\\")), "a\\u{1b}[2J\\n\\u{202e}ü\\\\");
    }
}
