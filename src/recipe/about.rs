//! What is known of a packet besides its bytes: `frame(…)` in a recipe.

use crate::capture::{Comments, Frame, Timestamp};
use crate::caret::{Fault, Span};
use crate::notation;
use crate::wire::data;
use crate::wire::link_type::LinkType;

/// What is known of a packet besides its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct About {
    /// When it was seen.
    pub time: Time,
    /// The link type, where it is not the one that the first layer implies.
    pub link: Option<LinkType>,
    /// How many of its bytes are kept, where not all of them are.
    pub captured: Option<u32>,
    /// How long it was on the wire, in bytes, where not all of it is here.
    pub original_len: Option<u32>,
    /// The number of the interface that saw it.
    pub interface: Option<u32>,
    /// The name of that interface.
    pub interface_name: Option<String>,
    /// Its comments, as options of a little-endian pcapng block.
    comments: Vec<u8>,
}

/// When a packet was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Time {
    /// Nothing is said.
    #[default]
    Unsaid,
    /// At this moment.
    At(Timestamp),
    /// So many nanoseconds after the packet before.
    After(i128),
    /// Nobody knows, which a pcapng file can say.
    Unknown,
}

/// The arguments of `frame(…)`.
const NAMES: [&str; 7] = ["time", "link", "cap", "len", "if", "ifname", "comment"];

impl About {
    /// The frame of a packet: its bytes, and all of this.
    pub fn frame<'a>(&'a self, number: u64, time: Option<Timestamp>, link: LinkType, data: &'a [u8]) -> Frame<'a> {
        let frame = Frame::new(link, data);
        let kept = self.captured.map_or(data.len(), |length| data.len().min(length as usize));
        Frame {
            number,
            time,
            data: &data[..kept],
            original_len: self.original_len.unwrap_or(frame.original_len),
            interface: self.interface,
            interface_name: self.interface_name.as_deref(),
            comments: Comments::options(&self.comments, false),
            ..frame
        }
    }

    /// Adds a comment, of at most 65,535 bytes; `None` where it is longer.
    pub(super) fn comment(&mut self, text: &[u8]) -> Option<()> {
        let length = u16::try_from(text.len()).ok()?;
        self.comments.extend(1u16.to_le_bytes());
        self.comments.extend(length.to_le_bytes());
        self.comments.extend(text);
        self.comments.resize(self.comments.len().next_multiple_of(4), 0);
        Some(())
    }

    /// Reads the `frame(…)/` that `text` may start with: what it says, and where
    /// the layers begin.
    pub(super) fn parse(text: &str) -> Result<(Self, usize), Fault> {
        let mut about = Self::default();
        let mut parser = Parser { text, at: 0 };
        parser.space();
        let start = parser.at;
        if parser.word() != "frame" || !parser.eat('(') {
            return Ok((about, start));
        }
        let mut seen = Vec::new();
        while !parser.eat(')') {
            let place = parser.at;
            let name = parser.word();
            let span = place..parser.at;
            if name.is_empty() {
                return Err(parser.expected("an argument of frame, or ')'"));
            }
            if !NAMES.contains(&name) {
                return Err(Fault::unknown(span, "argument", name, " of frame", NAMES));
            }
            if seen.contains(&name) && name != "comment" {
                return Err(Fault::new(span, format!("'{name}' is given twice")));
            }
            seen.push(name);
            if !parser.eat('=') {
                return Err(parser.expected("'=' and a value"));
            }
            about.argument(name, &mut parser)?;
            if !parser.eat(',') && parser.peek() != Some(')') {
                return Err(parser.expected("',' or ')'"));
            }
        }
        if !parser.eat('/') {
            return Err(parser.expected("'/' and the packet's layers"));
        }
        Ok((about, parser.at))
    }

    fn argument(&mut self, name: &str, parser: &mut Parser<'_>) -> Result<(), Fault> {
        if matches!(name, "ifname" | "comment") {
            let (text, span) = parser.string()?;
            let wrong = |message: &str| Fault::new(span.clone(), message);
            if name == "comment" {
                return self.comment(&text).ok_or_else(|| wrong("a comment has at most 65535 bytes"));
            }
            let name = String::from_utf8(text).map_err(|_| wrong("the name is no text in UTF-8"))?;
            self.interface_name = Some(name);
            return Ok(());
        }
        let start = parser.at;
        let word = parser.value();
        let span = start..parser.at;
        let takes = |what: &str| Fault::new(span.clone(), format!("{name} takes {what}"));
        let number = |what: &str| word.parse::<u32>().map_err(|_| takes(what));
        match name {
            "time" => self.time = time(word).ok_or_else(|| takes("seconds since 1970, +TIME, or none"))?,
            "link" => self.link = Some(link(word).ok_or_else(|| link_fault(word, span.clone()))?),
            "cap" => self.captured = Some(number("the number of bytes that are kept")?),
            "len" => self.original_len = Some(number("the number of bytes on the wire")?),
            _ => self.interface = Some(number("the number of an interface, counted from 0")?),
        }
        Ok(())
    }
}

/// Reads a moment: `1700000000.5`, `+1ms`, `none`.
fn time(word: &str) -> Option<Time> {
    if word == "none" {
        return Some(Time::Unknown);
    }
    if let Some(later) = word.strip_prefix('+') {
        let split = later.find(|c: char| c != '.' && !c.is_ascii_digit()).unwrap_or(later.len());
        let (number, unit) = later.split_at(split);
        let scale = match unit {
            "ns" => 0,
            "us" => 3,
            "ms" => 6,
            "" | "s" => 9,
            _ => return None,
        };
        return decimal(number, scale).map(Time::After);
    }
    let (sign, digits) = word.strip_prefix('-').map_or((1, word), |digits| (-1, digits));
    decimal(digits, 9).map(|nanos| Time::At(Timestamp(sign * nanos)))
}

/// A decimal number times 10^`scale`, if that is whole.
fn decimal(text: &str, scale: usize) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 24 || fraction.len() > scale || !digits(whole) || !digits(fraction) {
        return None;
    }
    format!("{whole}{fraction:0<scale$}").parse().ok()
}

/// Reads a link type's name or number.
fn link(word: &str) -> Option<LinkType> {
    LinkType::named(word).or_else(|| word.parse().ok().map(LinkType))
}

fn link_fault(word: &str, span: Span) -> Fault {
    let known = LinkType::NAMED.iter().filter_map(|link| link.name());
    match Fault::unknown(span.clone(), "link type", word, "", known) {
        fault if fault.suggests() => fault,
        _ => Fault::new(span, "link takes a link type: a number from 0 to 65535, or a name such as ETHERNET or RAW"),
    }
}

/// Reads the few things that `frame(…)` is made of.
struct Parser<'t> {
    text: &'t str,
    /// How far it has read, in bytes.
    at: usize,
}

impl<'t> Parser<'t> {
    fn space(&mut self) {
        self.at = self.text.len() - self.text[self.at..].trim_start().len();
    }

    /// The next character that is no space.
    fn peek(&mut self) -> Option<char> {
        self.space();
        self.text[self.at..].chars().next()
    }

    fn eat(&mut self, wanted: char) -> bool {
        let next = self.peek() == Some(wanted);
        if next {
            self.at += wanted.len_utf8();
            self.space();
        }
        next
    }

    /// Letters; may be none.
    fn word(&mut self) -> &'t str {
        self.while_is(|c| c.is_ascii_alphanumeric() || c == '_')
    }

    /// What a number, a time or a name is made of; may be empty.
    fn value(&mut self) -> &'t str {
        self.while_is(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '+' | '-' | ':'))
    }

    fn while_is(&mut self, is: impl Fn(char) -> bool) -> &'t str {
        let rest = &self.text[self.at..];
        let len = rest.find(|c| !is(c)).unwrap_or(rest.len());
        self.at += len;
        &rest[..len]
    }

    /// A string as the notation has it.
    fn string(&mut self) -> Result<(Vec<u8>, Span), Fault> {
        if self.peek() != Some('"') {
            return Err(self.expected("a string in quotes"));
        }
        let start = self.at;
        let mut chars = self.text[start + 1..].char_indices();
        let end = loop {
            match chars.next() {
                Some((at, '"')) => break start + 1 + at + 1,
                Some((_, '\\')) => {
                    chars.next();
                }
                Some(_) => {}
                None => return Err(Fault::new(start..start + 1, "this string has no end: a '\"' is missing")),
            }
        };
        self.at = end;
        let layers = notation::parse(&self.text[start..end]).map_err(|error| {
            let span = error.span();
            Fault::from(error).moved(start + span.start..start + span.end)
        })?;
        let bytes = match layers.first().and_then(|layer| layer.get(&data::DATA)) {
            Some(crate::craft::Arg::Bytes(bytes)) => bytes.clone(),
            _ => Vec::new(),
        };
        Ok((bytes, start..end))
    }

    /// An error at the next character.
    fn expected(&mut self, what: &str) -> Fault {
        match self.peek() {
            Some(c) => {
                let message = format!("expected {what}, found '{}'", c.escape_default());
                Fault::new(self.at..self.at + c.len_utf8(), message)
            }
            None => Fault::new(self.at..self.at, format!("expected {what}, found the end")),
        }
    }
}

/// Turns what packets say of their times into moments.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    /// The time of packets that say nothing, before any has.
    base: Option<Timestamp>,
    last: Option<Timestamp>,
    /// Whether `last` is a moment that a packet named.
    said: bool,
}

impl Clock {
    /// A clock that gives packets which say nothing the time `base`, or where
    /// that is `None`, the time they pass.
    pub fn new(base: Option<Timestamp>) -> Self {
        Self { base, last: None, said: false }
    }

    /// Whether the last moment was told, by a packet or by the base.
    pub fn is_told(&self) -> bool {
        self.said || self.base.is_some()
    }

    /// The moment of the next packet.
    pub fn next(&mut self, time: Time) -> Option<Timestamp> {
        let start = || self.base.unwrap_or_else(Timestamp::now);
        let next = match time {
            Time::Unknown => return None,
            Time::At(moment) => moment,
            // It saturates 10^20 years from here.
            Time::After(nanos) => Timestamp(self.last.unwrap_or_else(start).0.saturating_add(nanos)),
            // Where times are told, a packet that tells none does not leave.
            Time::Unsaid => self.last.filter(|_| self.said).unwrap_or_else(start),
        };
        self.said |= time != Time::Unsaid;
        self.last = Some(next);
        Some(next)
    }
}
