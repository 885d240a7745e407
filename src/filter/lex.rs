//! Text → tokens.
//!
//! A word is anything that may be a name or a value: `ipv6.src`, `0x35`,
//! `2001:db8::/32`, `02-00-00-00-00-01`, `2020-01-01`. What it is depends on
//! what it stands beside, and is decided later.

use std::borrow::Cow;
use std::iter::Peekable;
use std::net::IpAddr;
use std::str::CharIndices;

use crate::caret::{Fault, Span};

/// A token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token<'t> {
    /// A name, a keyword, or a value without quotes.
    Word(&'t str),
    /// `"text"`, its escapes resolved, or `r"text"`.
    Quoted(Cow<'t, [u8]>),
    /// `'c'`.
    Character(u8),
    /// What stands in square brackets.
    Bracket(&'t str),
    /// Anything else: `==`, `&&`, `(`, `..` and so on.
    Sign(&'static str),
}

impl Token<'_> {
    /// As an error names it.
    pub fn describe(&self) -> String {
        match self {
            Self::Word(word) => format!("'{}'", word.escape_default()),
            Self::Quoted(_) => "text in quotes".into(),
            Self::Character(_) => "a character".into(),
            Self::Bracket(_) => "a slice".into(),
            Self::Sign(sign) => format!("'{sign}'"),
        }
    }
}

/// The signs, longer ones before those they start with.
const SIGNS: &[&str] = &[
    "===", "!==", "==", "!=", "~=", "<=", ">=", "&&", "||", "^^", "..", "<", ">", "!", "~", "&", "(", ")", "{", "}",
    ",", "#", "+", "-", "*", "/", "%",
];

/// Splits a text into tokens, each with its place.
///
/// # Errors
/// A string or bracket has no end, an escape is unknown, or there is a
/// character that nothing starts with.
pub(super) fn tokens(text: &str) -> Result<Vec<(Token<'_>, Span)>, Fault> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let (token, len) = match c {
            c if c.is_whitespace() => {
                at += c.len_utf8();
                continue;
            }
            '"' => string(text, at, at)?,
            'r' | 'R' if rest[1..].starts_with('"') => raw_string(rest, at)?,
            '\'' => character(text, at)?,
            '[' => {
                let end = rest.find(']').ok_or_else(|| Fault::new(at..at + 1, "this '[' has no ']'"))?;
                (Token::Bracket(&rest[1..end]), end + 1)
            }
            _ => match word_len(rest) {
                0 => match SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
                    Some(sign) => (Token::Sign(sign), sign.len()),
                    None if c == '=' => return Err(Fault::new(at..at + 1, "equality is written '=='")),
                    None if c == '|' => return Err(Fault::new(at..at + 1, "'or' is written '||'")),
                    None => {
                        let message = format!("nothing here starts with '{}'", c.escape_default());
                        return Err(Fault::new(at..at + c.len_utf8(), message));
                    }
                },
                len => (Token::Word(&rest[..len]), len),
            },
        };
        found.push((token, at..at + len));
        at += len;
    }
    Ok(found)
}

/// Bytes of the word that `rest` starts with; 0 where it starts with none.
fn word_len(rest: &str) -> usize {
    let bytes = rest.as_bytes();
    let alphanumeric = |at: usize| bytes.get(at).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    let starts = alphanumeric(0)
        || rest.starts_with("::")
        // A leading dot says that a name follows.
        || (rest.starts_with('.') && bytes.get(1).is_some_and(u8::is_ascii_alphabetic));
    if !starts {
        return 0;
    }
    let mut at = 1;
    while let Some(&byte) = bytes.get(at) {
        let inside = match byte {
            b'.' => alphanumeric(at + 1) && alphanumeric(at - 1),
            b':' => true,
            // In MAC addresses, dates and names; a minus has spaces around it.
            b'-' => alphanumeric(at - 1) && alphanumeric(at + 1),
            b'/' => bytes.get(at + 1).is_some_and(u8::is_ascii_digit) && rest[..at].parse::<IpAddr>().is_ok(),
            _ => alphanumeric(at),
        };
        if !inside {
            break;
        }
        at += 1;
    }
    at
}

/// `r"…"`, in which nothing but `"` is special.
fn raw_string(rest: &str, at: usize) -> Result<(Token<'_>, usize), Fault> {
    let end = rest[2..].find('"').ok_or_else(|| Fault::new(at..at + 2, "this string has no end: a '\"' is missing"))?;
    Ok((Token::Quoted(Cow::Borrowed(&rest.as_bytes()[2..2 + end])), end + 3))
}

/// `"…"` with its escapes.
fn string(text: &str, start: usize, at: usize) -> Result<(Token<'_>, usize), Fault> {
    let mut bytes = Vec::new();
    let mut chars = text[at + 1..].char_indices().peekable();
    while let Some((offset, c)) = chars.next() {
        match c {
            '"' => return Ok((Token::Quoted(Cow::Owned(bytes)), offset + 2)),
            '\\' => escape(&mut chars, at + 1 + offset, &mut bytes)?,
            c => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Err(Fault::new(start..start + 1, "this string has no end: a '\"' is missing"))
}

/// `'c'`, which is one byte.
fn character(text: &str, at: usize) -> Result<(Token<'_>, usize), Fault> {
    let wrong = || Fault::new(at..at + 1, "a character in quotes is one byte: 'a' or '\\x00'");
    let mut bytes = Vec::new();
    let mut chars = text[at + 1..].char_indices().peekable();
    match chars.next() {
        Some((offset, '\\')) => escape(&mut chars, at + 1 + offset, &mut bytes)?,
        Some((_, c)) if c.is_ascii() && c != '\'' => bytes.push(c as u8),
        _ => return Err(wrong()),
    }
    match (chars.next(), bytes.as_slice()) {
        (Some((offset, '\'')), [byte]) => Ok((Token::Character(*byte), offset + 2)),
        _ => Err(wrong()),
    }
}

/// What follows a backslash at `at`.
fn escape(chars: &mut Peekable<CharIndices<'_>>, at: usize, bytes: &mut Vec<u8>) -> Result<(), Fault> {
    let next = chars.next().map(|(_, c)| c);
    let unknown = || {
        let end = at + 1 + next.map_or(0, char::len_utf8);
        let known =
            r#"unknown escape; there are \n \t \r \a \b \f \v \" \' \\ \xHH \NNN \uHHHH \UHHHHHHHH; r"…" has none"#;
        Fault::new(at..end, known)
    };
    let mut digits = |start: Option<u32>, radix: u32, most: usize| {
        let mut value = start;
        for _ in 0..most {
            let Some(digit) = chars.peek().and_then(|(_, c)| c.to_digit(radix)) else { break };
            chars.next();
            value = Some(value.unwrap_or(0) * radix + digit);
        }
        value.ok_or_else(unknown)
    };
    let byte = match next.ok_or_else(unknown)? {
        'n' => b'\n',
        't' => b'\t',
        'r' => b'\r',
        'a' => 7,
        'b' => 8,
        'f' => 12,
        'v' => 11,
        quoted @ ('"' | '\'' | '\\') => quoted as u8,
        'x' => u8::try_from(digits(None, 16, 2)?).map_err(|_| unknown())?,
        first @ '0'..='7' => u8::try_from(digits(first.to_digit(8), 8, 2)?).map_err(|_| unknown())?,
        long @ ('u' | 'U') => {
            let c = digits(None, 16, if long == 'u' { 4 } else { 8 })?;
            let c = char::from_u32(c).ok_or_else(unknown)?;
            bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            return Ok(());
        }
        _ => return Err(unknown()),
    };
    bytes.push(byte);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        tokens(text)
            .unwrap()
            .into_iter()
            .map(|(token, _)| match token {
                Token::Word(word) => word.to_owned(),
                Token::Quoted(bytes) => format!("{:?}", String::from_utf8_lossy(&bytes)),
                Token::Character(byte) => format!("{byte}"),
                Token::Bracket(text) => format!("[{text}]"),
                Token::Sign(sign) => sign.to_owned(),
            })
            .collect()
    }

    #[test]
    fn words_hold_addresses_ranges_do_not() {
        assert_eq!(
            words("ip.addr in{10.0.0.1..10.0.0.5,fc00::/16}"),
            ["ip.addr", "in", "{", "10.0.0.1", "..", "10.0.0.5", ",", "fc00::/16", "}"]
        );
        assert_eq!(words("a==::1||b==02-00-5e||c-1"), ["a", "==", "::1", "||", "b", "==", "02-00-5e", "||", "c-1"]);
        assert_eq!(words("udp.srcport/2 - 1"), ["udp.srcport", "/", "2", "-", "1"]);
        assert_eq!(words("50..60 .udp fc00::1..fc00::9"), ["50", "..", "60", ".udp", "fc00::1", "..", "fc00::9"]);
        assert_eq!(words("udp[0:2]&&!x"), ["udp", "[0:2]", "&&", "!", "x"]);
    }

    #[test]
    fn strings_have_escapes() {
        let quoted = |text: &str| match tokens(text).unwrap().remove(0).0 {
            Token::Quoted(bytes) => bytes.into_owned(),
            other => panic!("{other:?}"),
        };
        assert_eq!(quoted(r#""a\n\x41\101\0\u00e9\"\xff""#), b"a\nAA\0\xc3\xa9\"\xff");
        assert_eq!(quoted(r#"r"^10\.""#), b"^10\\.");
        assert_eq!(words(r"'H' '\x00' '\''"), ["72", "0", "39"]);
        for bad in
            [r#""\q""#, r#""\x""#, "\"\\", "'", "''", "'ab'", "\"abc", r#"r"abc"#, "udp[1", "a = b", "€", "'\\777'"]
        {
            assert!(tokens(bad).is_err(), "{bad}");
        }
    }
}
