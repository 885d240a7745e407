//! Numbers, addresses and bytes as text, appended to a buffer without a heap
//! allocation of their own: formatting is where the time goes.
//!
//! What `std::fmt` is to write quickly, too, is wrapped in [`Fast`].

use std::cell::RefCell;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// Room for the longest address, and then some: copying a little more than there is
/// to copy is faster than looking at how much there is.
pub const LONGEST: usize = 48;

/// Appends a decimal number.
pub fn decimal(out: &mut Vec<u8>, number: u64) {
    match short_decimal(number) {
        Some((digits, 1)) => out.push(digits[0]),
        Some((digits, length)) => append(out, &digits, length),
        None => long_decimal(out, number),
    }
}

/// The digits of a number of at most eight, and how many they are; the rest is not
/// of the number.
#[inline(always)]
pub fn short_decimal(number: u64) -> Option<([u8; 8], usize)> {
    Some(match number {
        0..1000 => {
            let digits = DIGITS[number as usize];
            (u64::from(digits).to_le_bytes(), (digits >> 24) as usize)
        }
        // Ports and lengths are these, mostly.
        1000..100_000 => {
            let first = DIGITS[number as usize / 100];
            let (first, length) = (first & 0xff_ffff, first >> 24);
            let last = PADDED[number as usize % 100] >> 8;
            ((u64::from(first) | u64::from(last) << (8 * length)).to_le_bytes(), length as usize + 2)
        }
        // All digits are worked out as one, and moved so that those that count come
        // first.
        100_000..100_000_000 => {
            let (high, low) = (number as u32 / 10_000, number as u32 % 10_000);
            let digits = u64::from(split_decimal(high as u16)) << 32 | u64::from(split_decimal(low as u16));
            let skipped = digits.leading_zeros() / 8;
            (((digits + 0x3030_3030_3030_3030) << (8 * skipped)).to_be_bytes(), 8 - skipped as usize)
        }
        _ => return None,
    })
}

/// The digits of every number below 1000, the first in the lowest byte, and in the
/// highest byte how many they are.
static DIGITS: [u32; 1000] = {
    let mut table = PADDED;
    let mut number = 0;
    while number < table.len() {
        let length = if number < 10 { 1 } else { 2 + (number >= 100) as u32 };
        table[number] = table[number] >> (8 * (3 - length)) | length << 24;
        number += 1;
    }
    table
};

/// The three last digits of every number below 1000, the first in the lowest byte.
static PADDED: [u32; 1000] = {
    let mut table = [0; 1000];
    let mut number = 0;
    while number < table.len() {
        let [_, a, b, c] = (split_decimal(number as u16) + 0x3030_3030).to_be_bytes();
        table[number] = u32::from_le_bytes([a, b, c, 0]);
        number += 1;
    }
    table
};

/// Nine digits of nanoseconds below a second.
#[inline]
pub fn nine_digits(nanos: u32) -> [u8; 9] {
    let mut digits = [0; 9];
    let (millis, micros) = (nanos / 1_000_000, nanos / 1000 % 1000);
    for (place, number) in digits.chunks_exact_mut(3).zip([millis, micros, nanos % 1000]) {
        let [a, b, c, _] = PADDED[number as usize % PADDED.len()].to_le_bytes();
        place.copy_from_slice(&[a, b, c]);
    }
    digits
}

/// Appends a decimal number of more than eight digits. Not inlined, for the short
/// ones to be quick.
#[inline(never)]
fn long_decimal(out: &mut Vec<u8>, number: u64) {
    decimal(out, number / 100_000_000);
    let last = (number % 100_000_000) as u32;
    out.extend_from_slice(&four_digits((last / 10_000) as u16));
    out.extend_from_slice(&four_digits((last % 10_000) as u16));
}

/// The last four decimal digits of a number, with leading zeros.
pub const fn four_digits(number: u16) -> [u8; 4] {
    (split_decimal(number % 10_000) + 0x3030_3030).to_be_bytes()
}

/// The four decimal digits of a number below 10,000, one a byte, worked out
/// side by side.
const fn split_decimal(number: u16) -> u32 {
    let pairs = ((number as u32 / 100) << 16) | (number as u32 % 100);
    // Multiplying by 103 and dividing by 1024 divides what is below 100 by 10.
    let tens = (pairs * 103) >> 10 & 0x000f_000f;
    (tens << 8) | (pairs - tens * 10)
}

/// Appends the first `length` bytes of a small buffer, which is faster than
/// appending a slice: a copy of fixed length is a few instructions, and what is
/// too much of it is taken back.
pub fn append<const N: usize>(out: &mut Vec<u8>, buffer: &[u8; N], length: usize) {
    let end = out.len() + length;
    out.extend_from_slice(buffer);
    out.truncate(end);
}

/// Lets `write` put bytes where the text goes on, and keeps as many of them as
/// it says: nothing has to be copied.
pub fn in_place<const N: usize>(out: &mut Vec<u8>, write: impl FnOnce(&mut [u8; N]) -> usize) {
    let start = out.len();
    out.extend_from_slice(&[0; N]);
    if let Some(room) = out[start..].first_chunk_mut() {
        let used = write(room).min(N);
        out.truncate(start + used);
    }
}

/// The four hexadecimal digits of a number, in order, worked out side by side.
const fn digits_of(number: u16) -> u32 {
    let spread = (number as u32 & 0xff00) << 8 | number as u32 & 0xff;
    let nibbles = (spread << 4 | spread) & 0x0f0f_0f0f;
    // Where a nibble is above 9, adding 6 carries into the bit above it.
    let letters = (nibbles + 0x0606_0606) >> 4 & 0x0101_0101;
    nibbles + 0x3030_3030 + letters * (b'a' - b'0' - 10) as u32
}

/// Appends `digits` hexadecimal digits, more if the number needs them. Inlined,
/// since how many digits is mostly known.
#[inline]
pub fn hexadecimal(out: &mut Vec<u8>, number: u64, digits: u32) {
    if digits == 4 && number <= u64::from(u16::MAX) {
        return out.extend_from_slice(&digits_of(number as u16).to_be_bytes());
    }
    long_hexadecimal(out, number, digits);
}

fn long_hexadecimal(out: &mut Vec<u8>, number: u64, digits: u32) {
    let quarter = |place: u32| digits_of((number >> (place * 16)) as u16).to_be_bytes();
    let mut all = [0; 16];
    for place in 0..4 {
        all[place * 4..place * 4 + 4].copy_from_slice(&quarter(3 - place as u32));
    }
    let needed = (64 - number.leading_zeros()).div_ceil(4).max(digits).max(1) as usize;
    out.extend(std::iter::repeat_n(b'0', needed.saturating_sub(all.len())));
    out.extend_from_slice(&all[all.len() - needed.min(all.len())..]);
}

/// Appends bytes as hexadecimal digits.
pub fn hex_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    let start = out.len();
    out.resize(start + bytes.len() * 2, 0);
    // Fails only where there are not two places for each byte.
    let written = const_hex::encode_to_slice(bytes, &mut out[start..]);
    debug_assert!(written.is_ok());
}

/// The two hexadecimal digits of a byte.
const fn two_digits(byte: u8) -> [u8; 2] {
    let [.., high, low] = digits_of(byte as u16).to_be_bytes();
    [high, low]
}

/// Appends a MAC address.
pub fn ether(out: &mut Vec<u8>, octets: [u8; 6]) {
    let mut text = *b"00:00:00:00:00:00";
    for (place, byte) in text.chunks_mut(3).zip(octets) {
        place[..2].copy_from_slice(&two_digits(byte));
    }
    out.extend_from_slice(&text);
}

/// Every byte as two digits with a colon before them, and one more behind them.
static COLON_DIGITS: [[u8; 4]; 256] = {
    let mut table = [[b':'; 4]; 256];
    let mut byte = 0;
    while byte < table.len() {
        let [high, low] = two_digits(byte as u8);
        table[byte] = [b':', high, low, b':'];
        byte += 1;
    }
    table
};

/// Appends bytes as hexadecimal digits, with a colon between each two bytes.
pub fn colon_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    /// Four characters a byte are fewer instructions than three; the fourth is
    /// where the next byte's first will be.
    fn put<const ROOM: usize>(room: &mut [u8; ROOM], bytes: &[u8]) {
        for (index, byte) in bytes.iter().enumerate() {
            if let Some(place) = room.get_mut(3 * index..3 * index + 4) {
                place.copy_from_slice(&COLON_DIGITS[usize::from(*byte)]);
            }
        }
    }
    let [first, rest @ ..] = bytes else { return };
    out.extend_from_slice(&two_digits(*first));
    let start = out.len();
    out.resize(start + rest.len() * 3 + 1, 0);
    let (eights, few) = rest.as_chunks::<8>();
    let mut at = start;
    for eight in eights {
        if let Some(room) = out.get_mut(at..).and_then(<[u8]>::first_chunk_mut::<25>) {
            put(room, eight);
        }
        at += 24;
    }
    for byte in few {
        if let Some(room) = out.get_mut(at..).and_then(<[u8]>::first_chunk_mut::<4>) {
            *room = COLON_DIGITS[usize::from(*byte)];
        }
        at += 3;
    }
    out.truncate(at);
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
    with_ipv6(octets, |text, length| append(out, text, length));
}

/// Hands over the text of an IPv6 address in its canonical form, and its length:
/// the rest is not of the text.
#[inline]
pub fn with_ipv6<R>(octets: [u8; 16], use_it: impl FnOnce(&[u8; LONGEST], usize) -> R) -> R {
    RECENT.with_borrow_mut(|recent| {
        let (text, length) = recent.text(octets);
        use_it(text, length)
    })
}

thread_local! {
    /// What this thread wrote last.
    static RECENT: RefCell<Recent> = const { RefCell::new(Recent::NONE) };
}

/// The texts of the last addresses: packets repeat them, within one and from
/// one to the next, and copying is faster than writing anew.
#[derive(Debug, Clone)]
pub struct Recent([Written; RECENTLY]);

/// How many addresses are kept, each in a place that only it and a few others
/// may have.
const RECENTLY: usize = 2048;

/// Bits without a pattern: the fraction of the golden ratio, and of pi.
const MIX: [u64; 2] = [0x9e37_79b9_7f4a_7c15, 0x243f_6a88_85a3_08d3];

/// An address and its text, which lie in one cache line.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Written {
    octets: [u8; 16],
    /// Its last byte, which no address reaches, is the length of the text; 0 where
    /// there is none yet.
    text: [u8; LONGEST],
}

impl Default for Recent {
    fn default() -> Self {
        Self::NONE
    }
}

impl Recent {
    /// None yet.
    const NONE: Self = Self([Written { octets: [0; 16], text: [0; LONGEST] }; RECENTLY]);

    /// The text of an address in its canonical form (RFC 5952), and its length: the
    /// rest is not of the text. Written unless it is here.
    #[inline(always)]
    pub fn text(&mut self, octets: [u8; 16]) -> (&[u8; LONGEST], usize) {
        let number = u128::from_ne_bytes(octets);
        // A product of the halves mixes all of their bits into the middle ones.
        let product = u128::from(number as u64 ^ MIX[0]) * u128::from((number >> 64) as u64 ^ MIX[1]);
        let place = &mut self.0[((product >> 64) as u64 ^ product as u64) as usize % RECENTLY];
        if place.octets != octets || place.text[LONGEST - 1] == 0 {
            place.octets = octets;
            place.text[LONGEST - 1] = write_ipv6(&mut place.text, octets) as u8;
        }
        (&place.text, usize::from(place.text[LONGEST - 1]))
    }
}

/// Writes an IPv6 address; returns its length.
#[inline(never)]
fn write_ipv6(buffer: &mut [u8; LONGEST], octets: [u8; 16]) -> usize {
    if let [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ref embedded @ ..] = octets {
        return write_mapped(buffer, embedded);
    }
    let (groups, _) = octets.as_chunks::<2>();
    let zeros = groups.iter().enumerate().fold(0, |zeros, (i, group)| zeros | u8::from(*group == [0, 0]) << i);
    let run = LONGEST_RUNS[usize::from(zeros)];
    let first = run & !(run << 1);
    // Which groups are zero, and how many digits the others have, differs from
    // address to address, and no processor foresees it: so every group is written,
    // and counts or not.
    let mut at = 0;
    for (index, group) in groups.iter().enumerate() {
        // Eight bytes are written; those that count come first.
        let [high, low] = group.map(|octet| u64::from(u32::from_le_bytes(COLON_DIGITS[usize::from(octet)]) >> 8));
        let digits = (u16::from_be_bytes(*group) | 1).ilog2() / 4 + 1;
        // The second byte's digits take the place of the colon behind the first's.
        let mut text = (high & 0xffff | low << 16) >> (8 * (4 - digits));
        let mut length = digits as usize + 1;
        if run >> index & 1 != 0 {
            // The zeros are two colons, of which a group before them brought one.
            let colons = if index == 0 { 2 } else { 1 };
            (text, length) = (0x3a3a, colons * usize::from(first >> index & 1));
        }
        if let Some(place) = buffer.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
            *place = text.to_le_bytes();
        }
        at += length;
    }
    // The last group brought a colon, too.
    at - usize::from(run >> 7 == 0)
}

/// By the set of an address's zero groups, the lowest bit for its first group:
/// those of the longest run of at least two, the first of equals; none where there
/// is none.
static LONGEST_RUNS: [u8; 256] = {
    let mut longest = [0; 256];
    let mut zeros = 0;
    while zeros < longest.len() {
        let mut length = 8;
        while longest[zeros] == 0 && length >= 2 {
            let mut start = 0;
            while longest[zeros] == 0 && start + length <= 8 {
                let run = ((1 << length) - 1) << start;
                if zeros & run == run {
                    longest[zeros] = run as u8;
                }
                start += 1;
            }
            length -= 1;
        }
        zeros += 1;
    }
    longest
};

/// Writes an IPv4 address that is mapped into IPv6 (RFC 4291 §2.5.5.2); returns
/// its length.
#[cold]
fn write_mapped(buffer: &mut [u8; LONGEST], embedded: &[u8; 4]) -> usize {
    let mut at = 7;
    buffer[..at].copy_from_slice(b"::ffff:");
    for (index, byte) in embedded.iter().enumerate() {
        if index > 0 {
            buffer[at] = b'.';
            at += 1;
        }
        let (digits, length) = short_decimal(u64::from(*byte)).unwrap_or_default();
        buffer[at..at + 8].copy_from_slice(&digits);
        at += length;
    }
    at
}

/// An address that displays as the standard library shows it, only faster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fast<T>(pub T);

impl fmt::Display for Fast<Ipv6Addr> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut buffer = [0; LONGEST];
        let length = write_ipv6(&mut buffer, self.0.octets());
        f.write_str(std::str::from_utf8(&buffer[..length]).unwrap_or_default())
    }
}

impl fmt::Display for Fast<IpAddr> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => address.fmt(f),
            IpAddr::V6(address) => Fast(address).fmt(f),
        }
    }
}

/// A MAC address.
impl fmt::Display for Fast<[u8; 6]> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = *b"00:00:00:00:00:00";
        for (place, byte) in text.chunks_mut(3).zip(self.0) {
            place[..2].copy_from_slice(&two_digits(byte));
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

/// A number as four hexadecimal digits.
impl fmt::Display for Fast<u16> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&digits_of(self.0).to_be_bytes()).unwrap_or_default())
    }
}

/// Appends what `text` formats.
pub fn formatted(out: &mut Vec<u8>, text: fmt::Arguments<'_>) {
    /// Takes text; never fails.
    struct Append<'o>(&'o mut Vec<u8>);

    impl fmt::Write for Append<'_> {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0.extend_from_slice(text.as_bytes());
            Ok(())
        }
    }

    match text.as_str() {
        Some(text) => out.extend_from_slice(text.as_bytes()),
        // Only a Display that fails by itself fails here, and loses its text.
        None => drop(fmt::write(&mut Append(out), text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    proptest! {
        #[test]
        fn ipv6_is_canonical(mut groups in any::<[u16; 8]>(), zeros in any::<u8>(), short in any::<u8>()) {
            for (index, group) in groups.iter_mut().enumerate() {
                if zeros >> index & 1 == 1 {
                    *group = 0;
                } else if short >> index & 1 == 1 {
                    *group >>= 4 * (index % 4);
                }
            }
            let address = Ipv6Addr::from(groups);
            prop_assert_eq!(text(|out| ipv6(out, address.octets())), address.to_string());
            prop_assert_eq!(Fast(address).to_string(), address.to_string());
        }

        #[test]
        fn numbers_are_as_the_standard_library_writes_them(number in any::<u64>(), shift in 0u32..64) {
            let number = number >> shift;
            prop_assert_eq!(text(|out| decimal(out, number)), number.to_string());
            prop_assert_eq!(text(|out| hexadecimal(out, number, 4)), format!("{number:04x}"));
            prop_assert_eq!(text(|out| hexadecimal(out, number, 20)), format!("{number:020x}"));
            prop_assert_eq!(Fast(number as u16).to_string(), format!("{:04x}", number as u16));
        }

        #[test]
        fn bytes_are_pairs_of_digits(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(text(|out| hex_bytes(out, &bytes)), hex::encode(&bytes));
            let pairs: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            prop_assert_eq!(text(|out| colon_bytes(out, &bytes)), pairs.join(":"));
        }
    }

    #[test]
    fn addresses_of_every_shape() {
        for address in
            ["::", "::1", "1::", "1::1", "0:0:1::", "1:0:2::", "::ffff:1.2.3.4", "::fffe:102:304", "1:2:3:4:5:6:7:0"]
        {
            let address: Ipv6Addr = address.parse().unwrap();
            assert_eq!(text(|out| ipv6(out, address.octets())), address.to_string());
            assert_eq!(Fast(address).to_string(), address.to_string());
        }
        assert_eq!(text(|out| ether(out, [0, 1, 0xab, 0xff, 0x10, 9])), "00:01:ab:ff:10:09");
        assert_eq!(Fast([0, 1, 0xab, 0xff, 0x10, 9]).to_string(), "00:01:ab:ff:10:09");
        assert_eq!(text(|out| formatted(out, format_args!("{}-{}", 1, "x"))), "1-x");
    }
}
