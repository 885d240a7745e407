//! Numbers, addresses and bytes as text, appended to a buffer without a heap
//! allocation of their own: formatting is where the time goes.
//!
//! What `std::fmt` is to write quickly, too, is wrapped in [`Fast`].

use std::cell::RefCell;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// Room for the longest address.
const LONGEST: usize = 48;

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
    // All digits are worked out as one, and moved so that those that count come
    // first.
    Some(match number {
        0..10 => ([b'0' + number as u8, 0, 0, 0, 0, 0, 0, 0], 1),
        10..10_000 => {
            let digits = split_decimal(number as u16);
            let skipped = digits.leading_zeros() / 8;
            let [a, b, c, d] = ((digits + 0x3030_3030) << (8 * skipped)).to_be_bytes();
            ([a, b, c, d, 0, 0, 0, 0], 4 - skipped as usize)
        }
        10_000..100_000_000 => {
            let (high, low) = (number as u32 / 10_000, number as u32 % 10_000);
            // Ports have one digit there.
            let high = if high < 10 { high } else { split_decimal(high as u16) };
            let digits = u64::from(high) << 32 | u64::from(split_decimal(low as u16));
            let skipped = digits.leading_zeros() / 8;
            (((digits + 0x3030_3030_3030_3030) << (8 * skipped)).to_be_bytes(), 8 - skipped as usize)
        }
        _ => return None,
    })
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
        let Written { text, length, .. } = recent.find(octets);
        use_it(text, *length)
    })
}

thread_local! {
    /// What this thread wrote last.
    static RECENT: RefCell<Recent> = const { RefCell::new(Recent::new()) };
}

/// The texts of the last addresses: packets repeat them, within one and from
/// one to the next, and copying is faster than writing anew.
struct Recent([Written; RECENTLY]);

/// How many addresses are kept, each in a place that only it and a few others
/// may have.
const RECENTLY: usize = 1024;

#[derive(Clone, Copy)]
struct Written {
    octets: [u8; 16],
    text: [u8; LONGEST],
    /// 0 where there is none yet.
    length: usize,
}

impl Recent {
    const fn new() -> Self {
        Self([Written { octets: [0; 16], text: [0; LONGEST], length: 0 }; RECENTLY])
    }

    /// The text of an address, written unless it is here.
    fn find(&mut self, octets: [u8; 16]) -> &Written {
        let number = u128::from_be_bytes(octets);
        let mixed = ((number >> 64) as u64 ^ number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let place = &mut self.0[(mixed >> (64 - RECENTLY.ilog2())) as usize % RECENTLY];
        if place.octets != octets || place.length == 0 {
            place.octets = octets;
            place.length = write_ipv6(&mut place.text, octets);
        }
        place
    }
}

/// Writes an IPv6 address; returns its length.
fn write_ipv6(buffer: &mut [u8; LONGEST], octets: [u8; 16]) -> usize {
    if let [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ref embedded @ ..] = octets {
        return write_mapped(buffer, embedded);
    }
    let groups: [u16; 8] = std::array::from_fn(|i| u16::from_be_bytes([octets[i * 2], octets[i * 2 + 1]]));
    let (start, end) = longest_zeros(&groups);
    let mut at = write_groups(buffer, 0, &groups[..start]);
    if start == end {
        return at - 1;
    }
    // The zeros are two colons, of which a group before them brought one.
    for _ in usize::from(start > 0)..2 {
        buffer[at] = b':';
        at += 1;
    }
    if end == groups.len() { at } else { write_groups(buffer, at, &groups[end..]) - 1 }
}

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

/// Writes groups from `at` on, each with a colon behind it; returns where the
/// next one goes.
fn write_groups(buffer: &mut [u8; LONGEST], mut at: usize, groups: &[u16]) -> usize {
    for group in groups {
        // Eight bytes are written; those that count come first.
        let skipped = (group | 1).leading_zeros() / 4;
        let text = u64::from(digits_of(*group)) << 32 | u64::from(b':') << 24;
        buffer[at..at + 8].copy_from_slice(&(text << (8 * skipped)).to_be_bytes());
        at += 5 - skipped as usize;
    }
    at
}

/// The longest run of at least two zero groups, the first of equals; past the
/// end where there is none.
fn longest_zeros(groups: &[u16; 8]) -> (usize, usize) {
    let zeros = groups.iter().enumerate().fold(0u16, |zeros, (i, group)| zeros | u16::from(*group == 0) << i);
    // Each step leaves a bit where a run goes on that long from there.
    let (mut runs, mut length) = (zeros & zeros >> 1, 2);
    if runs == 0 {
        return (8, 8);
    }
    while runs & zeros >> length != 0 {
        runs &= zeros >> length;
        length += 1;
    }
    let start = runs.trailing_zeros() as usize;
    (start, start + length)
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
