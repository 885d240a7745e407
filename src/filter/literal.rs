//! Values as people write them.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::filter::names::Type;
use crate::filter::program::mask;
use crate::wire::field::Names;

/// A value that was written in a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Literal {
    Integer(i128),
    Bytes(Box<[u8]>),
    /// Addresses that share their first bits, so many; the others are 0.
    Prefix(Box<[u8]>, u8),
}

/// How a value was written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Written<'t> {
    /// Without quotes.
    Plain(&'t str),
    /// In quotes; escapes are resolved.
    Quoted(&'t [u8]),
    /// A single byte in single quotes.
    Character(u8),
}

/// What is wrong with a value for its field, without the field's name.
pub(super) type Wrong = String;

/// Reads a value for a field of type `kind`, whose numbers have `names`.
pub(super) fn read(written: Written<'_>, kind: Type, names: Option<Names>) -> Result<Literal, Wrong> {
    match kind {
        Type::Number(size) => number(written, size, names).map(Literal::Integer),
        Type::Flag => flag(written, names).map(Literal::Integer),
        Type::Ether => match (written, bytes(written)) {
            (Written::Plain(_), Ok(octets)) if octets.len() == 6 => Ok(Literal::Bytes(octets.into())),
            _ => Err(not(written, "a MAC address, such as 02:00:00:00:00:01")),
        },
        Type::Ipv4 => address(written, 32, |text| text.parse().ok().map(|a: Ipv4Addr| a.octets().to_vec()))
            .ok_or_else(|| not(written, "an IPv4 address or prefix")),
        Type::Ipv6 => address(written, 128, |text| text.parse().ok().map(|a: Ipv6Addr| a.octets().to_vec()))
            .ok_or_else(|| not(written, "an IPv6 address or prefix")),
        Type::Bytes | Type::Protocol => bytes(written).map(|bytes| Literal::Bytes(bytes.into())),
        Type::Text => Ok(Literal::Bytes(match written {
            Written::Plain(word) => word.as_bytes().into(),
            Written::Quoted(bytes) => bytes.into(),
            Written::Character(byte) => [byte].into(),
        })),
        Type::Time => text(written)
            .and_then(time)
            .map(Literal::Integer)
            .ok_or_else(|| not(written, "a time, such as \"2026-07-04 12:34:56.789\" (UTC unless it says +01:00)")),
        Type::Duration => match written {
            Written::Plain(word) => seconds(word).map(Literal::Integer),
            _ => None,
        }
        .ok_or_else(|| not(written, "a number of seconds, such as 0.25")),
        Type::Label => Err("there is nothing to compare".into()),
    }
}

/// "… is not …".
fn not(written: Written<'_>, what: &str) -> Wrong {
    match text(written) {
        Some(text) => format!("'{}' is not {what}", text.escape_default()),
        None => format!("this is not {what}"),
    }
}

/// The text between the quotes, or without any.
fn text(written: Written<'_>) -> Option<&str> {
    match written {
        Written::Plain(word) => Some(word),
        Written::Quoted(bytes) => std::str::from_utf8(bytes).ok(),
        Written::Character(_) => None,
    }
}

fn number(written: Written<'_>, size: Option<u8>, names: Option<Names>) -> Result<i128, Wrong> {
    let most = match size {
        Some(size @ 0..=7) => (1 << (u32::from(size) * 8)) - 1,
        _ => i128::from(u64::MAX),
    };
    let plain = match written {
        Written::Plain(word) => integer(word),
        Written::Character(byte) => Some(byte.into()),
        Written::Quoted(_) => None,
    };
    if let Some(value) = plain {
        return if value <= most {
            Ok(value)
        } else {
            Err(format!("{value} is too big, the field holds at most {most}"))
        };
    }
    let Some(names) = names else { return Err(not(written, "a number")) };
    let word = text(written).ok_or_else(|| not(written, "a number"))?;
    // No table of names goes beyond what 16 bits number.
    let numbers = 0..=u64::try_from(most.min(0xffff)).unwrap_or_default();
    let named = numbers.clone().find(|number| names(*number).is_some_and(|name| name.eq_ignore_ascii_case(word)));
    named.map(i128::from).ok_or_else(|| {
        let mut message = not(written, "a number or one of the field's words");
        let known = numbers.filter_map(names);
        if let Some(near) = crate::caret::nearest(word, known) {
            message.push_str(&format!("; did you mean \"{near}\"?"));
        }
        message
    })
}

/// A number without a sign: decimal, 0x hexadecimal, 0b binary, or octal after 0.
fn integer(word: &str) -> Option<i128> {
    let (digits, radix) = match word.as_bytes() {
        [b'0', b'x' | b'X', ..] => (&word[2..], 16),
        [b'0', b'b' | b'B', ..] => (&word[2..], 2),
        [b'0', _, ..] => (&word[1..], 8),
        _ => (word, 10),
    };
    if !digits.starts_with(|c: char| c.is_ascii_hexdigit()) {
        return None;
    }
    // More digits than any number has still are a number, which is too big.
    match i128::from_str_radix(digits, radix) {
        Ok(number) => Some(number),
        Err(error) if *error.kind() == std::num::IntErrorKind::PosOverflow => Some(i128::MAX),
        Err(_) => None,
    }
}

fn flag(written: Written<'_>, names: Option<Names>) -> Result<i128, Wrong> {
    if let Written::Plain(word) = written {
        if let Some(number) = integer(word) {
            return Ok(i128::from(number != 0));
        }
        if word.eq_ignore_ascii_case("true") {
            return Ok(1);
        }
        if word.eq_ignore_ascii_case("false") {
            return Ok(0);
        }
    }
    let means = |value: u64| Some(names?(value)?.eq_ignore_ascii_case(text(written)?)).filter(|same| *same);
    (0..=1)
        .find(|value| means(*value).is_some())
        .map(i128::from)
        .ok_or_else(|| not(written, "true, false, 1, 0 or a word of the field"))
}

/// An address, or a prefix `address/bits`, of `width` bits.
fn address(written: Written<'_>, width: u8, parse: impl Fn(&str) -> Option<Vec<u8>>) -> Option<Literal> {
    let Written::Plain(word) = written else { return None };
    let Some((address, bits)) = word.split_once('/') else { return Some(Literal::Bytes(parse(word)?.into())) };
    let bits: u8 = bits.parse().ok().filter(|bits| *bits <= width)?;
    let octets = parse(address)?;
    let masked: Vec<u8> = octets.iter().enumerate().map(|(at, byte)| byte & mask(bits, at)).collect();
    Some(if bits == width { Literal::Bytes(masked.into()) } else { Literal::Prefix(masked.into(), bits) })
}

/// Text, or hexadecimal digits: `48656c`, `0x48656c`, or parted by `:`, `-` or `.`.
fn bytes(written: Written<'_>) -> Result<Vec<u8>, Wrong> {
    let word = match written {
        Written::Quoted(bytes) => return Ok(bytes.to_vec()),
        Written::Character(byte) => return Ok(vec![byte]),
        Written::Plain(word) => word,
    };
    hexadecimal(word).ok_or_else(|| not(written, "a string of bytes, such as 48:65:6c, 48656c or \"Hel\""))
}

fn hexadecimal(word: &str) -> Option<Vec<u8>> {
    let word = word.strip_prefix("0x").unwrap_or(word);
    let separator = word.chars().find(|c| matches!(c, ':' | '-' | '.'));
    let Some(separator) = separator else { return hex::decode(word).ok().filter(|bytes| !bytes.is_empty()) };
    let mut bytes = Vec::new();
    for group in word.split(separator) {
        match group.len() {
            1 => bytes.push(u8::from_str_radix(group, 16).ok()?),
            2 | 4 => bytes.extend(hex::decode(group).ok()?),
            _ => return None,
        }
    }
    Some(bytes)
}

/// Seconds with up to nine decimals, in nanoseconds.
fn seconds(word: &str) -> Option<i128> {
    let (whole, fraction) = word.split_once('.').unwrap_or((word, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 20 || fraction.len() > 9 || !digits(whole) || !digits(fraction) {
        return None;
    }
    let nanos: i128 = format!("{fraction:0<9}").parse().ok()?;
    Some(whole.parse::<i128>().ok()? * 1_000_000_000 + nanos)
}

/// Nanoseconds since 1970 UTC of `2026-07-04`, `2026-07-04 12:34:56.789`,
/// `2026-07-04T12:34:56+02:00` or `Jul 4, 2026 12:34:56`.
fn time(text: &str) -> Option<i128> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let text = text.trim();
    let (date, clock) = if let Some((first, rest)) = text.split_once(", ") {
        let (month, day) = first.split_once(' ')?;
        let month = MONTHS.iter().position(|name| *name == month)? + 1;
        let (year, clock) = rest.split_once(' ').unwrap_or((rest, ""));
        ((year.parse().ok()?, month as i64, day.trim().parse().ok()?), clock)
    } else {
        let (date, clock) = text.split_once([' ', 'T']).unwrap_or((text, ""));
        let mut parts = date.split('-').map(|part| part.parse::<i64>().ok());
        let date = (parts.next()??, parts.next()??, parts.next()??);
        if parts.next().is_some() {
            return None;
        }
        (date, clock)
    };
    let days = days(date)?;
    let clock = clock.trim().trim_end_matches(['Z', 'z']).trim_end_matches("UTC").trim_end();
    let (clock, zone) = match clock.find(['+', '-']) {
        Some(at) => (&clock[..at], minutes(&clock[at..])?),
        None => (clock, 0),
    };
    Some((i128::from(days) * 86_400 - i128::from(zone) * 60) * 1_000_000_000 + time_of_day(clock)?)
}

/// `+02:00` or `-0530` in minutes.
fn minutes(zone: &str) -> Option<i64> {
    let digits: String = zone.get(1..)?.chars().filter(|c| *c != ':').collect();
    let number: i64 = digits.parse().ok().filter(|_| digits.len() == 4)?;
    let minutes = number / 100 * 60 + number % 100;
    Some(if zone.starts_with('-') { -minutes } else { minutes })
}

/// `12:34`, `12:34:56`, `12:34:56.789` or nothing, in nanoseconds.
fn time_of_day(clock: &str) -> Option<i128> {
    if clock.is_empty() {
        return Some(0);
    }
    let mut parts = clock.splitn(3, ':');
    let below = |text: &str, end: i128| text.parse::<i128>().ok().filter(|n| (0..end).contains(n));
    let hours = below(parts.next()?, 24)?;
    let minutes = below(parts.next()?, 60)?;
    let nanos = parts.next().map_or(Some(0), seconds).filter(|nanos| *nanos < 61_000_000_000)?;
    Some((hours * 60 + minutes) * 60_000_000_000 + nanos)
}

/// Days from 1970-01-01 to a date of the Gregorian calendar.
fn days((year, month, day): (i64, i64, i64)) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let lengths = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let length = lengths.get(usize::try_from(month - 1).ok()?)?;
    if !(1..=*length).contains(&day) || !(1..=9999).contains(&year) {
        return None;
    }
    let before = year - 1;
    let of_years = before * 365 + before / 4 - before / 100 + before / 400;
    let of_months: i64 = lengths.iter().take(month as usize - 1).sum();
    Some(of_years + of_months + day - 1 - 719_162)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str, kind: Type) -> Result<Literal, Wrong> {
        read(Written::Plain(text), kind, None)
    }

    #[test]
    fn numbers_have_four_bases_and_a_limit() {
        for (text, value) in [("53", 53), ("0x35", 53), ("065", 53), ("0b110101", 53), ("0", 0)] {
            assert_eq!(plain(text, Type::Number(Some(1))), Ok(Literal::Integer(value)), "{text}");
        }
        assert_eq!(plain("256", Type::Number(Some(1))), Err("256 is too big, the field holds at most 255".into()));
        for text in ["", "0x", "1e3", "53u", "08", "+5", "0x-1"] {
            assert!(plain(text, Type::Number(Some(8))).is_err(), "{text}");
        }
        assert!(plain(&"9".repeat(60), Type::Number(Some(8))).unwrap_err().contains("too big"));
    }

    #[test]
    fn bytes_are_parted_or_not() {
        for text in ["020000000001", "02:00:00:00:00:01", "02-00-00-00-00-01", "0200.0000.0001", "2:0:0:0:0:1"] {
            assert_eq!(plain(text, Type::Ether), Ok(Literal::Bytes([2, 0, 0, 0, 0, 1].into())), "{text}");
        }
        assert!(plain("02:00", Type::Ether).is_err());
        assert!(plain("0x123", Type::Bytes).is_err());
    }

    #[test]
    fn prefixes_lose_their_other_bits() {
        assert_eq!(plain("10.9.8.7/12", Type::Ipv4), Ok(Literal::Prefix([10, 0, 0, 0].into(), 12)));
        assert_eq!(plain("10.9.8.7/32", Type::Ipv4), Ok(Literal::Bytes([10, 9, 8, 7].into())));
        assert!(plain("10.0.0.0/33", Type::Ipv4).is_err());
        assert!(plain("5", Type::Ipv6).is_err());
    }

    #[test]
    fn times_are_utc_unless_they_say() {
        let at = |text| time(text).map(|nanos| nanos as f64 / 1e9);
        assert_eq!(at("1970-01-01"), Some(0.0));
        assert_eq!(at("2000-03-01 00:00:00"), Some(951_868_800.0));
        assert_eq!(at("Mar 1, 2000 00:00:00.5"), Some(951_868_800.5));
        assert_eq!(at("2000-03-01T02:00:00+02:00"), Some(951_868_800.0));
        assert_eq!(at("2000-03-01T00:00:00Z"), Some(951_868_800.0));
        for text in ["2001-02-29", "2000-13-01", "2000-01-01 24:00", "yesterday", "", "2000-1"] {
            assert_eq!(at(text), None, "{text}");
        }
        assert_eq!(plain("1.5", Type::Duration), Ok(Literal::Integer(1_500_000_000)));
    }
}
