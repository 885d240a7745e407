//! Numbers, addresses and bytes as text, appended to a buffer without a heap
//! allocation of their own: formatting is where the time goes.

use crate::show::time;
use crate::wire::field::{At, Base, Field, Kind, Value};

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Appends a decimal number.
pub fn decimal(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Appends `digits` hexadecimal digits, more if the number needs them.
pub fn hexadecimal(out: &mut Vec<u8>, number: u64, digits: u32) {
    let needed = (64 - number.leading_zeros()).div_ceil(4);
    for place in (0..needed.max(digits).max(1)).rev() {
        out.push(if place < 16 { DIGITS[(number >> (place * 4) & 15) as usize] } else { b'0' });
    }
}

/// Appends bytes as hexadecimal digits.
pub fn hex_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.reserve(bytes.len() * 2);
    for byte in bytes {
        out.extend_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
}

/// Appends a MAC address.
pub fn ether(out: &mut Vec<u8>, octets: [u8; 6]) {
    for (index, byte) in octets.iter().enumerate() {
        if index > 0 {
            out.push(b':');
        }
        hex_bytes(out, &[*byte]);
    }
}

/// Appends an IPv4 address.
pub fn ipv4(out: &mut Vec<u8>, octets: [u8; 4]) {
    for (index, byte) in octets.iter().enumerate() {
        if index > 0 {
            out.push(b'.');
        }
        decimal(out, u64::from(*byte));
    }
}

/// Appends an IPv6 address in its canonical form (RFC 5952).
pub fn ipv6(out: &mut Vec<u8>, octets: [u8; 16]) {
    let groups: [u16; 8] = std::array::from_fn(|i| u16::from_be_bytes([octets[i * 2], octets[i * 2 + 1]]));
    if groups[..6] == [0, 0, 0, 0, 0, 0xffff] {
        out.extend_from_slice(b"::ffff:");
        return ipv4(out, [octets[12], octets[13], octets[14], octets[15]]);
    }
    // The longest run of at least two zero groups, the first of equals.
    let (mut best, mut run) = ((0, 0), (0, 0));
    for (index, group) in groups.iter().enumerate() {
        run = if *group == 0 { (if run.1 == 0 { index } else { run.0 }, run.1 + 1) } else { (0, 0) };
        if run.1 > best.1 {
            best = run;
        }
    }
    let (start, end) = if best.1 >= 2 { (best.0, best.0 + best.1) } else { (8, 8) };
    for (index, group) in groups.iter().enumerate() {
        if index == start {
            out.extend_from_slice(b"::");
        }
        if (start..end).contains(&index) {
            continue;
        }
        if index > 0 && index != end {
            out.push(b':');
        }
        hexadecimal(out, u64::from(*group), 1);
    }
}

/// Appends text from a packet with everything escaped that could move a
/// terminal's cursor or forge a line.
pub fn escaped(out: &mut Vec<u8>, text: &str) {
    for c in text.chars() {
        if c.is_control() || is_direction_mark(c) || c == '\\' {
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
        Value::Bytes(bytes) => hex_bytes(out, bytes),
        Value::Text(text) => escaped(out, text),
        Value::Nanos(nanos) => match field.kind {
            Kind::Time => time::date(out, nanos),
            _ => time::seconds(out, nanos),
        },
    }
}

/// Appends a value as a tree shows it after the label: with its meaning.
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
    use proptest::prelude::*;
    use std::net::Ipv6Addr;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    proptest! {
        #[test]
        fn ipv6_is_canonical(mut groups in any::<[u16; 8]>(), zeros in any::<u8>()) {
            for (index, group) in groups.iter_mut().enumerate() {
                if zeros >> index & 1 == 1 {
                    *group = 0;
                }
            }
            let address = Ipv6Addr::from(groups);
            prop_assert_eq!(text(|out| ipv6(out, address.octets())), address.to_string());
        }

        #[test]
        fn numbers_are_as_the_standard_library_writes_them(number in any::<u64>()) {
            prop_assert_eq!(text(|out| decimal(out, number)), number.to_string());
            prop_assert_eq!(text(|out| hexadecimal(out, number, 4)), format!("{number:04x}"));
        }
    }

    #[test]
    fn a_packet_cannot_write_to_the_terminal() {
        assert_eq!(text(|out| escaped(out, "a\x1b[2J\n\u{202e}ü\\")), "a\\u{1b}[2J\\n\\u{202e}ü\\\\");
    }
}
