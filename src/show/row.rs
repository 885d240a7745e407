//! Lines of text, written part by part into a room, and copied from there many at
//! once.

use std::net::IpAddr;

use crate::show::text;

/// The length of the longest line, in bytes: what a frame's [`MAX_LAYERS`] headers
/// may say of themselves, which are three addresses at most for each.
///
/// [`MAX_LAYERS`]: crate::dissect::MAX_LAYERS
const LONGEST: usize = 16 << 10;

/// Where lines are written, one after the other, until there are many to be copied
/// at once: a copy of bytes that have just been written one by one has to wait for
/// each of them.
#[derive(Debug, Clone)]
pub struct Room {
    text: [u8; SIZE],
    /// How much of it is lines.
    used: usize,
    addresses: text::Recent,
}

/// Bytes of a room: for some lines, and one of any length.
const SIZE: usize = (4 << 10) + LONGEST;

impl Default for Room {
    fn default() -> Self {
        Self { text: [0; SIZE], used: 0, addresses: text::Recent::default() }
    }
}

impl Room {
    /// Whether there is no room for another line of any length.
    #[inline(always)]
    pub fn is_full(&self) -> bool {
        self.used > SIZE - LONGEST
    }

    /// Appends the lines to `out`, and makes room for others.
    #[inline(never)]
    pub fn empty(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.text.get(..self.used).unwrap_or_default());
        self.used = 0;
    }
}

/// A line so far. It goes by value from one part to the next, so that where it
/// ends stays in a register: with a `Vec`, each part would have to wait for the one
/// before it to write its length to memory. What finds no room is left out.
#[derive(Debug)]
#[must_use]
pub struct Row<'r> {
    room: &'r mut Room,
    end: usize,
}

impl<'r> Row<'r> {
    /// An empty line in `room`, of which there must be enough: see
    /// [`is_full`](Room::is_full).
    #[inline(always)]
    pub fn new(room: &'r mut Room) -> Self {
        let end = room.used;
        Self { room, end }
    }

    /// Ends the line.
    #[inline(always)]
    pub fn done(self) {
        self.room.used = self.end;
    }

    /// Adds the first `length` of a few bytes, by writing them all; they must be as
    /// many.
    #[inline(always)]
    pub fn few<const N: usize>(mut self, bytes: &[u8; N], length: usize) -> Self {
        debug_assert!(length <= N);
        if let Some(place) = self.room.text.get_mut(self.end..).and_then(<[u8]>::first_chunk_mut::<N>) {
            *place = *bytes;
            self.end += length;
        }
        self
    }

    /// Adds bytes whose number is known where they are written.
    #[inline(always)]
    pub fn put<const N: usize>(self, bytes: &[u8; N]) -> Self {
        self.few(bytes, N)
    }

    /// Adds bytes.
    #[inline]
    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        if let Some(place) = self.room.text.get_mut(self.end..self.end + bytes.len()) {
            place.copy_from_slice(bytes);
            self.end += bytes.len();
        }
        self
    }

    /// Adds a number, right-aligned in `width` columns, of which there are 8 at most.
    #[inline(always)]
    pub fn right(self, number: u64, width: usize) -> Self {
        match text::short_decimal(number) {
            Some((digits, length)) => self.few(&[b' '; 8], width.saturating_sub(length)).few(&digits, length),
            None => self.long_decimal(number),
        }
    }

    /// Adds a number.
    #[inline(always)]
    pub fn decimal(self, number: u64) -> Self {
        self.right(number, 0)
    }

    #[cold]
    fn long_decimal(self, number: u64) -> Self {
        let row = self.decimal(number / 100_000_000);
        let last = (number % 100_000_000) as u32;
        row.put(&text::four_digits((last / 10_000) as u16)).put(&text::four_digits((last % 10_000) as u16))
    }

    /// Adds an address.
    #[inline(never)]
    pub fn address(self, address: IpAddr) -> Self {
        match address {
            IpAddr::V6(address) => self.ipv6(address.octets()),
            IpAddr::V4(address) => self.ipv4(address.octets()),
        }
    }

    fn ipv4(self, octets: [u8; 4]) -> Self {
        let [a, b, c, d] = octets.map(u64::from);
        self.decimal(a).put(b".").decimal(b).put(b".").decimal(c).put(b".").decimal(d)
    }

    /// Adds an IPv6 address.
    #[inline(always)]
    pub fn ipv6(mut self, octets: [u8; 16]) -> Self {
        let (text, length) = self.room.addresses.text(octets);
        if let Some(place) = self.room.text.get_mut(self.end..).and_then(<[u8]>::first_chunk_mut) {
            *place = *text;
            self.end += length;
        }
        self
    }

    /// Adds an arrow.
    #[inline(always)]
    pub fn arrow(self) -> Self {
        self.put(b" \xe2\x86\x92 ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    use proptest::prelude::*;

    fn text(write: impl FnOnce(Row<'_>) -> Row<'_>) -> String {
        let mut room = Room::default();
        write(Row::new(&mut room)).done();
        let mut out = Vec::new();
        room.empty(&mut out);
        String::from_utf8(out).unwrap()
    }

    proptest! {
        #[test]
        fn numbers_are_aligned(number in any::<u64>(), shift in 0u32..64, width in 0usize..9) {
            let number = number >> shift;
            prop_assert_eq!(text(|row| row.right(number, width)), format!("{number:width$}"));
        }

        #[test]
        fn addresses_are_as_the_standard_library_writes_them(octets: [u8; 16]) {
            let [a, b, c, d, ..] = octets;
            let (four, six) = (Ipv4Addr::from([a, b, c, d]), Ipv6Addr::from(octets));
            prop_assert_eq!(text(|row| row.address(four.into()).arrow()), format!("{four} → "));
            for six in [six, four.to_ipv6_mapped()] {
                prop_assert_eq!(text(|row| row.address(six.into()).arrow()), format!("{six} → "));
            }
        }
    }

    #[test]
    fn lines_follow_one_another() {
        let (mut room, mut out, mut expected) = (Room::default(), Vec::new(), String::new());
        for number in 0..9999 {
            if room.is_full() {
                room.empty(&mut out);
            }
            Row::new(&mut room).decimal(number).put(b"\n").done();
            expected += &format!("{number}\n");
        }
        room.empty(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn a_line_has_an_end() {
        let full = text(|row| (0..SIZE).fold(row, |row, _| row.put(b"0123456789")));
        assert_eq!(full.len(), SIZE / 10 * 10);
        assert_eq!(text(|row| row.bytes(&[b'x'; SIZE]).put(b"y").bytes(b"z")).len(), SIZE);
    }
}
