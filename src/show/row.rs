//! A line of text being written into a room of its own, and then copied at once.

use std::net::IpAddr;

use crate::show::text;

/// Room for the longest line, in bytes: what a frame's [`MAX_LAYERS`] headers may
/// say of themselves, which are three addresses at most for each.
///
/// [`MAX_LAYERS`]: crate::dissect::MAX_LAYERS
pub const ROOM: usize = 16 << 10;

/// A line so far. It goes by value from one part to the next, so that where it
/// ends stays in a register: with a `Vec`, each part would have to wait for the one
/// before it to write its length to memory. What finds no room is left out.
#[derive(Debug)]
#[must_use]
pub struct Row<'r> {
    room: &'r mut [u8; ROOM],
    end: usize,
}

impl<'r> Row<'r> {
    /// An empty line in `room`.
    pub fn new(room: &'r mut [u8; ROOM]) -> Self {
        Self { room, end: 0 }
    }

    /// The text.
    pub fn text(self) -> &'r [u8] {
        self.room.get(..self.end).unwrap_or_default()
    }

    /// Adds the first `length` of a few bytes, by writing them all.
    #[inline(always)]
    pub fn few<const N: usize>(mut self, bytes: &[u8; N], length: usize) -> Self {
        if let Some(place) = self.room.get_mut(self.end..).and_then(<[u8]>::first_chunk_mut::<N>) {
            *place = *bytes;
            self.end += length.min(N);
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
        if let Some(place) = self.room.get_mut(self.end..self.end + bytes.len()) {
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
    #[inline]
    pub fn address(self, address: IpAddr) -> Self {
        match address {
            IpAddr::V6(address) => text::with_ipv6(address.octets(), |text, length| self.few(text, length)),
            IpAddr::V4(address) => {
                let [a, b, c, d] = address.octets().map(u64::from);
                self.decimal(a).put(b".").decimal(b).put(b".").decimal(c).put(b".").decimal(d)
            }
        }
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
    use proptest::prelude::*;

    fn text(write: impl FnOnce(Row<'_>) -> Row<'_>) -> String {
        String::from_utf8(write(Row::new(&mut [0; ROOM])).text().to_vec()).unwrap()
    }

    proptest! {
        #[test]
        fn numbers_are_aligned(number in any::<u64>(), shift in 0u32..64, width in 0usize..9) {
            let number = number >> shift;
            prop_assert_eq!(text(|row| row.right(number, width)), format!("{number:width$}"));
        }

        #[test]
        fn addresses_are_as_the_standard_library_writes_them(octets: [u8; 16], kind in 0u8..3) {
            let address = match kind {
                0 => IpAddr::from(octets),
                1 => IpAddr::V4([octets[0], octets[1], octets[2], octets[3]].into()),
                _ => IpAddr::V6(std::net::Ipv4Addr::new(octets[0], octets[1], octets[2], octets[3]).to_ipv6_mapped()),
            };
            prop_assert_eq!(text(|row| row.address(address).arrow()), format!("{address} → "));
        }
    }

    #[test]
    fn a_line_has_an_end() {
        let full = text(|row| (0..ROOM).fold(row, |row, _| row.put(b"0123456789")));
        assert_eq!(full.len(), ROOM / 10 * 10);
        assert_eq!(text(|row| row.bytes(&[b'x'; ROOM]).put(b"y").bytes(b"z")).len(), ROOM);
    }
}
