//! The one shape in which every source hands out what it captured.

use std::borrow::Cow;
use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::wire::link_type::LinkType;

/// Nanoseconds in a second.
const NANOS: i128 = 1_000_000_000;

/// A moment, in nanoseconds since 1970-01-01T00:00:00 UTC, without leap
/// seconds. Signed and 128 bits wide, so that no file's claim overflows it.
///
/// It displays as seconds with nine decimals: `1700000000.000000042`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i128);

impl Timestamp {
    /// The system clock's time.
    pub fn now() -> Self {
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(after) => Self(after.as_nanos() as i128),
            Err(before) => Self(-(before.duration().as_nanos() as i128)),
        }
    }

    /// The moment `seconds` and `nanos` after 1970.
    pub fn new(seconds: i64, nanos: u32) -> Self {
        Self(i128::from(seconds) * NANOS + i128::from(nanos))
    }

    /// Whole seconds since 1970, rounded towards the past.
    pub fn seconds(self) -> i128 {
        // A division of 128 bits takes as long as encoding a packet.
        i64::try_from(self.0).map_or_else(|_| self.0.div_euclid(NANOS), |nanos| nanos.div_euclid(NANOS as i64).into())
    }

    /// Nanoseconds since the second that [`seconds`](Self::seconds) names:
    /// 0 to 999,999,999.
    pub fn subsec_nanos(self) -> u32 {
        i64::try_from(self.0)
            .map_or_else(|_| self.0.rem_euclid(NANOS) as u32, |nanos| nanos.rem_euclid(NANOS as i64) as u32)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let nanos = self.0.unsigned_abs();
        let per_second = NANOS as u128;
        write!(f, "{sign}{}.{:09}", nanos / per_second, nanos % per_second)
    }
}

/// One captured frame, as a source hands it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Its place among its source's frames, counted from 1.
    pub number: u64,
    /// When it was captured; `None` where the file does not say (pcapng SPB).
    pub time: Option<Timestamp>,
    /// What the bytes start with.
    pub link: LinkType,
    /// The bytes that were captured.
    pub data: &'a [u8],
    /// How long the frame was on the wire, in bytes.
    pub original_len: u32,
    /// Which of the source's interfaces saw it, counted from 0; in a pcapng
    /// file of several sections, counted anew in each section. `None` where
    /// the source has no numbers for them (classic pcap).
    pub interface: Option<u32>,
    /// The name of that interface, where the source tells it. Not escaped.
    pub interface_name: Option<&'a str>,
    /// What people wrote about it (pcapng `opt_comment`).
    pub comments: Comments<'a>,
}

impl<'a> Frame<'a> {
    /// A frame of which only the bytes are known: number 1 on no interface, as
    /// long on the wire as `data`, without time and comments.
    pub fn new(link: LinkType, data: &'a [u8]) -> Self {
        Self {
            number: 1,
            time: None,
            link,
            data,
            original_len: u32::try_from(data.len()).unwrap_or(u32::MAX),
            interface: None,
            interface_name: None,
            comments: Comments::default(),
        }
    }
}

/// The comments on a frame, in the order they were written.
///
/// Read straight from the file's option bytes when asked for, so that frames
/// without readers of comments cost nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Comments<'a> {
    stored: Stored<'a>,
    /// More of them, a line each.
    added: &'a str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Stored<'a> {
    #[default]
    None,
    Text(&'a str),
    Options {
        bytes: &'a [u8],
        big_endian: bool,
    },
}

impl<'a> Comments<'a> {
    /// One comment, for a frame about to be written.
    pub fn text(comment: &'a str) -> Self {
        Self { stored: Stored::Text(comment), added: "" }
    }

    /// These, and each line of `lines` that is not among them.
    #[must_use]
    pub fn and(self, lines: &'a str) -> Self {
        Self { added: lines, ..self }
    }

    /// The comments among a pcapng block's options, given as the file stores
    /// them: in the byte order of their section.
    pub fn options(bytes: &'a [u8], big_endian: bool) -> Self {
        if bytes.is_empty() {
            return Self::default();
        }
        Self { stored: Stored::Options { bytes, big_endian }, added: "" }
    }

    /// The bytes of the options that hold them, as their file stores them, and
    /// whether its byte order is big-endian; empty for [`text`](Self::text) and
    /// without those that were [added](Self::and).
    pub(super) fn stored(self) -> (&'a [u8], bool) {
        match self.stored {
            Stored::Options { bytes, big_endian } => (bytes, big_endian),
            Stored::None | Stored::Text(_) => (&[], false),
        }
    }

    /// Each comment in turn. What is not UTF-8 is replaced by U+FFFD; nothing
    /// is escaped, so escape before showing it to a terminal.
    pub fn iter(self) -> impl Iterator<Item = Cow<'a, str>> {
        let added = self.added.lines().filter(move |line| !self.originals().any(|comment| comment == *line));
        self.originals().chain(added.map(Cow::Borrowed))
    }

    /// As [`iter`](Self::iter), without those that were added.
    fn originals(self) -> impl Iterator<Item = Cow<'a, str>> {
        let (text, options) = match self.stored {
            Stored::None => (None, None),
            Stored::Text(text) => (Some(Cow::Borrowed(text)), None),
            Stored::Options { bytes, big_endian } => (None, Some(Options { bytes, big_endian })),
        };
        let listed = options.into_iter().flatten().filter(|(code, _)| *code == OPT_COMMENT);
        text.into_iter().chain(listed.map(|(_, value)| String::from_utf8_lossy(value)))
    }
}

/// pcapng option code of a comment, in any block.
pub(super) const OPT_COMMENT: u16 = 1;

/// Walks a pcapng block's options: code (16 bits), length (16 bits), value,
/// padding to a multiple of four. Ends at `opt_endofopt` or where the bytes do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Options<'a> {
    /// What is left to walk.
    pub bytes: &'a [u8],
    /// The byte order of the section.
    pub big_endian: bool,
}

impl Options<'_> {
    /// Once walked: whether bytes are left that are no option, because they
    /// claim to be longer than their block.
    pub fn overran(&self) -> bool {
        !self.bytes.is_empty() && !self.bytes.starts_with(&[0, 0])
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (header, rest) = self.bytes.split_first_chunk::<4>()?;
        let read = |pair: [u8; 2]| if self.big_endian { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) };
        let code = read([header[0], header[1]]);
        let length = usize::from(read([header[2], header[3]]));
        if code == 0 {
            return None;
        }
        let value = rest.get(..length)?;
        self.bytes = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((code, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_read_as_decimal_seconds() {
        assert_eq!(Timestamp::new(1_700_000_000, 42).to_string(), "1700000000.000000042");
        assert_eq!(Timestamp(-1_500_000_000).to_string(), "-1.500000000");
        assert_eq!(Timestamp(-1).to_string(), "-0.000000001");
        assert_eq!(Timestamp(0).to_string(), "0.000000000");
    }

    #[test]
    fn seconds_and_nanos_add_up_before_1970_too() {
        for nanos in [-1_500_000_000, -1, 0, 1, 1_999_999_999] {
            let t = Timestamp(nanos);
            assert_eq!(t.seconds() * NANOS + i128::from(t.subsec_nanos()), nanos);
        }
    }

    #[test]
    fn comments_come_out_of_both_byte_orders() {
        let le = [2, 0, 1, 0, 9, 0, 0, 0, 1, 0, 2, 0, b'h', b'i', 0, 0, 1, 0, 1, 0, b'!', 0, 0, 0, 0, 0, 0, 0];
        let be = [0, 1, 0, 3, b'o', b'n', b'e', 0, 0, 1, 0, 1, 0xff, 0, 0, 0];
        let texts = |bytes, big| Comments::options(bytes, big).iter().map(Cow::into_owned).collect::<Vec<_>>();
        assert_eq!(texts(&le, false), ["hi", "!"]);
        assert_eq!(texts(&be, true), ["one", "\u{fffd}"]);
        assert_eq!(Comments::text("x").iter().collect::<Vec<_>>(), ["x"]);
        assert_eq!(Comments::default().iter().count(), 0);
        let added = Comments::options(&le, false).and("new\n!\n");
        assert_eq!(added.iter().collect::<Vec<_>>(), ["hi", "!", "new"]);
    }

    #[test]
    fn options_that_overrun_end_the_walk() {
        for bytes in [&[1, 0, 9, 0, b'x'][..], &[1, 0, 4], &[1, 0, 0xff, 0xff]] {
            assert_eq!(Comments::options(bytes, false).iter().count(), 0);
        }
        // The last value may come without its padding.
        assert_eq!(Comments::options(&[1, 0, 1, 0, b'x'], false).iter().collect::<Vec<_>>(), ["x"]);
    }
}
