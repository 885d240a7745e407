//! The fields of TCP options.

use crate::dissect::visit::Out;
use crate::wire::bytes::{tail, u8_at, u16_at, u32_at};
use crate::wire::field::{Field, Value};
use crate::wire::tcp::{self, option};

pub(super) fn options(out: &mut Out<'_, '_>) {
    let bytes = out.bytes;
    let all = tail(bytes, tcp::MIN_LEN);
    if all.is_empty() {
        return;
    }
    let length = all.len();
    let text = format_args!("Options: ({length} bytes)");
    out.open_value(&tcp::OPTIONS, Value::Bytes(all), tcp::MIN_LEN, all.len(), text);
    let mut at = tcp::MIN_LEN;
    while let Some(kind) = u8_at(bytes, at) {
        let len = match kind {
            option::EOL | option::NOP => 1,
            // A length below 2, or past the end, cannot be walked.
            _ => match u8_at(bytes, at + 1).map(usize::from) {
                Some(len @ 2..) if at + len <= bytes.len() => len,
                _ => break,
            },
        };
        let option = &bytes[at..at + len];
        let mut inner = out.over(option, at);
        one_option(&mut inner, kind);
        at += len;
        // Padding is zero, and shown as more ends of the list.
        if kind == option::EOL && tail(bytes, at).iter().any(|byte| *byte != 0) {
            break;
        }
    }
    out.close();
}

/// An option, whose bytes are all of `out`'s.
fn one_option(out: &mut Out<'_, '_>, kind: u8) {
    let bytes = out.bytes;
    let (len, value) = (bytes.len(), tail(bytes, 2));
    let number8 = |at| u8_at(bytes, at).map(u64::from);
    let number16 = |at| u16_at(bytes, at).map(u64::from);
    let number32 = |at| u32_at(bytes, at).map(u64::from);
    match (kind, len) {
        (option::EOL, _) => open(out, &tcp::OPTION_EOL),
        (option::NOP, _) => open(out, &tcp::OPTION_NOP),
        (option::MSS, 4) => {
            let mss = u16_at(bytes, 2).unwrap_or_default();
            let text = format_args!("TCP Option - Maximum segment size: {mss} bytes");
            out.open_value(&tcp::OPTION_MSS, Value::Bytes(bytes), 0, len, text);
            kind_and_length(out);
            number(out, &tcp::MSS, number16(2), 2, 2);
        }
        (option::MSS, _) => open(out, &tcp::OPTION_MSS),
        (option::WINDOW_SCALE, 3) => {
            let shift = u8_at(bytes, 2).unwrap_or_default();
            // RFC 7323 §2.3: larger shifts count as 14.
            let multiplier = 1u32 << shift.min(14);
            let text = format_args!("TCP Option - Window scale: {shift} (multiply by {multiplier})");
            out.open_value(&tcp::OPTION_WINDOW_SCALE, Value::Bytes(bytes), 0, len, text);
            kind_and_length(out);
            number(out, &tcp::WINDOW_SCALE, number8(2), 2, 1);
            out.derived(&tcp::MULTIPLIER, Value::Uint(u64::from(multiplier)));
        }
        (option::WINDOW_SCALE, _) => open(out, &tcp::OPTION_WINDOW_SCALE),
        (option::SACK_PERMITTED, _) => open(out, &tcp::OPTION_SACK_PERMITTED),
        (option::SACK, _) => {
            open(out, &tcp::OPTION_SACK);
            let mut blocks = 0;
            while let (Some(left), Some(right)) = (number32(2 + blocks * 8), number32(6 + blocks * 8)) {
                out.value(&tcp::SACK_LEFT, Value::Uint(left), 2 + blocks * 8, 4);
                out.value(&tcp::SACK_RIGHT, Value::Uint(right), 6 + blocks * 8, 4);
                blocks += 1;
            }
            out.derived(&tcp::SACK_COUNT, Value::Uint(blocks as u64));
        }
        (option::TIMESTAMP, 10) => {
            let text = format_args!(
                "TCP Option - Timestamps: TSval {}, TSecr {}",
                u32_at(bytes, 2).unwrap_or_default(),
                u32_at(bytes, 6).unwrap_or_default()
            );
            out.open_group(&tcp::OPTION_TIMESTAMP, 0, len, text);
            kind_and_length(out);
            number(out, &tcp::TIMESTAMP, number32(2), 2, 4);
            number(out, &tcp::TIMESTAMP_ECHO, number32(6), 6, 4);
        }
        (option::TIMESTAMP, _) => {
            out.open_group(&tcp::OPTION_TIMESTAMP, 0, len, format_args!("TCP Option - Timestamps"));
            kind_and_length(out);
        }
        (option::MD5, _) => {
            open(out, &tcp::OPTION_MD5);
            out.value(&tcp::MD5, Value::Bytes(value), 2, value.len());
        }
        (option::USER_TIMEOUT, _) => {
            open(out, &tcp::OPTION_USER_TIMEOUT);
            if let Some(timeout) = u16_at(bytes, 2) {
                out.value(&tcp::USER_TIMEOUT_GRANULARITY, Value::Bool(timeout & 0x8000 != 0), 2, 2);
                out.value(&tcp::USER_TIMEOUT, Value::Uint(u64::from(timeout & 0x7fff)), 2, 2);
            }
        }
        (option::AO, _) => {
            open(out, &tcp::OPTION_AO);
            number(out, &tcp::AO_KEY, number8(2), 2, 1);
            number(out, &tcp::AO_NEXT_KEY, number8(3), 3, 1);
            let mac = tail(bytes, 4);
            if !mac.is_empty() {
                out.value(&tcp::AO_MAC, Value::Bytes(mac), 4, mac.len());
            }
        }
        (option::MULTIPATH, _) => {
            out.open_group(&tcp::OPTION_MULTIPATH, 0, len, format_args!("Multipath Transmission Control Protocol"));
            kind_and_length(out);
            number(out, &tcp::MULTIPATH_SUBTYPE, number8(2).map(|first| first >> 4), 2, 1);
        }
        (option::FAST_OPEN, _) => {
            open(out, &tcp::OPTION_FAST_OPEN);
            if value.is_empty() {
                out.value_as(&tcp::FAST_OPEN_REQUEST, Value::None, 0, 2, format_args!("Fast Open Cookie Request"));
            } else {
                out.value(&tcp::FAST_OPEN_COOKIE, Value::Bytes(value), 2, value.len());
            }
        }
        (option::EXPERIMENT_1 | option::EXPERIMENT_2, _) => {
            open(out, &tcp::OPTION_EXPERIMENTAL);
            experiment(out);
        }
        // Options that Wireshark takes apart and sr6 does not.
        (6 | 7 | 9 | 11..=13 | 20 | 21 | 27 | 76 | 78 | 172 | 174, _) => open(out, &tcp::OPTION_OTHER),
        _ => {
            open(out, &tcp::OPTION_UNKNOWN);
            if !value.is_empty() {
                out.value(&tcp::OPTION_UNKNOWN_DATA, Value::Bytes(value), 2, value.len());
            }
        }
    }
    out.close();
}

/// An experiment's identifier (RFC 6994), and what it carries.
fn experiment(out: &mut Out<'_, '_>) {
    /// TCP Fast Open before it had a kind (RFC 7413 §4.1.1).
    const FAST_OPEN: u16 = 0xf989;
    let bytes = out.bytes;
    let Some(identifier) = u16_at(bytes, 2) else { return };
    out.value(&tcp::EXPERIMENT, Value::Uint(u64::from(identifier)), 2, 2);
    let data = tail(bytes, 4);
    match identifier {
        FAST_OPEN if data.is_empty() => {
            out.value_as(&tcp::FAST_OPEN_REQUEST, Value::None, 0, 2, format_args!("Fast Open Cookie Request"));
        }
        FAST_OPEN => out.value(&tcp::FAST_OPEN_COOKIE, Value::Bytes(data), 4, data.len()),
        _ if data.is_empty() => {}
        _ => out.value(&tcp::EXPERIMENT_DATA, Value::Bytes(data), 4, data.len()),
    }
}

/// Begins an option under its field's label, with its kind and length.
fn open(out: &mut Out<'_, '_>, field: &'static Field) {
    out.open_value(field, Value::Bytes(out.bytes), 0, out.bytes.len(), format_args!("{}", field.label));
    kind_and_length(out);
}

fn kind_and_length(out: &mut Out<'_, '_>) {
    number(out, &tcp::OPTION_KIND, u8_at(out.bytes, 0).map(u64::from), 0, 1);
    number(out, &tcp::OPTION_LENGTH, u8_at(out.bytes, 1).map(u64::from), 1, 1);
}

fn number(out: &mut Out<'_, '_>, field: &'static Field, number: Option<u64>, at: usize, len: usize) {
    if let Some(number) = number {
        out.value(field, Value::Uint(number), at, len);
    }
}
