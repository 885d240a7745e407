//! The vocabulary: every field of every protocol, defined once.
//!
//! Dissecting, building, printing, filtering and the packet notation all speak
//! of fields through these definitions. A field that Wireshark knows has
//! Wireshark's name, label and number format, so that columns and filters
//! carry over; what only sr6 knows is marked [`Origin::Sr6`].

use std::net::{Ipv4Addr, Ipv6Addr};

use thiserror::Error;

use crate::wire::padded::Padded;

use crate::wire::element::Family;

/// Where a field's bits lie in its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// At a fixed place, counted in bits from the header's first byte, most
    /// significant bit first.
    Bits {
        /// Bits before the field.
        offset: u16,
        /// Bits in the field; up to 64 for numbers, any multiple of 8 for the rest.
        width: u16,
        /// The bits a diagram of the field shows: first bit and count; a count
        /// of 0 means the field fills its bytes and needs no diagram.
        drawn: (u16, u16),
    },
    /// In the header, at a place that depends on the packet.
    Varies,
    /// Nowhere: worked out from other fields.
    Derived,
}

/// `width` bits after the first `offset` bits of the header.
pub const fn bits(offset: u16, width: u16) -> At {
    At::Bits { offset, width, drawn: (0, 0) }
}

/// `count` whole bytes after the first `offset` bytes of the header.
pub const fn bytes(offset: u16, count: u16) -> At {
    bits(offset * 8, count * 8)
}

impl At {
    /// Shows the field within `count` bytes from byte `first` on.
    #[must_use]
    pub const fn drawn(self, first: u16, count: u16) -> Self {
        self.drawn_bits(first * 8, count * 8)
    }

    /// Shows the field within `count` bits from bit `first` on.
    #[must_use]
    pub const fn drawn_bits(self, first: u16, count: u16) -> Self {
        match self {
            Self::Bits { offset, width, .. } => Self::Bits { offset, width, drawn: (first, count) },
            other => other,
        }
    }
}

/// How numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// Decimal.
    Dec,
    /// Hexadecimal with 0x and leading zeros.
    Hex,
    /// In trees: hexadecimal, then decimal in parentheses; hexadecimal elsewhere.
    HexDec,
    /// In trees: only its name; decimal elsewhere.
    Name,
}

/// The type of a field's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A whole header or a group of fields; its value is its title.
    Group,
    /// One bit.
    Bool,
    /// A number; the second part is its size in bytes as Wireshark declares
    /// it, which fixes the digits of a hexadecimal column.
    Uint(Base, u8),
    /// A 48-bit MAC address.
    Ether,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address or segment.
    Ipv6,
    /// Raw bytes, written as hex without separators.
    Bytes,
    /// Text.
    Text,
    /// A moment (nanoseconds since 1970 UTC).
    Time,
    /// A span of time (nanoseconds).
    Duration,
}

/// Who named the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The name, type and format are Wireshark's.
    Wireshark,
    /// Wireshark has no such field.
    Sr6,
}

/// Gives a number's meaning, where it has one.
pub type Names = fn(u64) -> Option<&'static str>;

/// Short words for numbers: `udp` for 17. Where all of a field's words are one
/// letter long they are flags, and a word of several letters is their union.
pub type Words = &'static [(&'static str, u64)];

/// One field of one protocol.
#[derive(Debug)]
pub struct Field {
    /// The full name, as in filters and columns: `ipv6.hlim`.
    pub name: &'static str,
    /// The name as a key in JSON.
    pub key: Padded,
    /// What a tree calls it: `Hop Limit`.
    pub label: &'static str,
    /// The label as a tree writes it before the value.
    pub lead: Padded,
    /// What the packet notation calls it inside its layer: `hlim`; empty where
    /// it cannot be written.
    pub arg: &'static str,
    /// Where it lies.
    pub at: At,
    /// The type of its value.
    pub kind: Kind,
    /// The meanings of its numbers.
    pub names: Option<Names>,
    /// Short words for its numbers, as the notation writes them.
    pub words: Words,
    /// Who named it.
    pub origin: Origin,
    /// One sentence for `sr6 fields`, where the label does not say it all.
    pub about: &'static str,
    /// Whether colons stand between its bytes, where it is bytes.
    pub colons: bool,
    /// Whether it may occur several times in one layer, or one group of a
    /// layer: such fields are arrays where types matter.
    pub many: bool,
    /// What its value is a list of, where it is one of options, TLVs or the like.
    pub elements: Option<&'static Family>,
}

impl Field {
    /// A field of any kind, with Wireshark's name.
    pub const fn new(name: &'static str, label: &'static str, kind: Kind, at: At) -> Self {
        Self {
            name,
            key: Padded::key(name),
            label,
            lead: Padded::label(label),
            arg: "",
            at,
            kind,
            names: None,
            words: &[],
            origin: Origin::Wireshark,
            about: "",
            colons: false,
            many: false,
            elements: None,
        }
    }

    /// A decimal number.
    pub const fn dec(name: &'static str, label: &'static str, at: At) -> Self {
        Self::new(name, label, Kind::Uint(Base::Dec, size_of(at)), at)
    }

    /// A hexadecimal number.
    pub const fn hex(name: &'static str, label: &'static str, at: At) -> Self {
        Self::new(name, label, Kind::Uint(Base::Hex, size_of(at)), at)
    }

    /// A flag.
    pub const fn bool(name: &'static str, label: &'static str, at: At) -> Self {
        Self::new(name, label, Kind::Bool, at)
    }

    /// A MAC address.
    pub const fn ether(name: &'static str, label: &'static str, at: At) -> Self {
        Self::new(name, label, Kind::Ether, at)
    }

    /// An IPv4 address.
    pub const fn ipv4(name: &'static str, label: &'static str, at: At) -> Self {
        Self::new(name, label, Kind::Ipv4, at)
    }

    /// An IPv6 address.
    pub const fn ipv6(name: &'static str, label: &'static str, at: At) -> Self {
        Self::new(name, label, Kind::Ipv6, at)
    }

    /// Raw bytes.
    pub const fn bytes(name: &'static str, label: &'static str, at: At) -> Self {
        Self::new(name, label, Kind::Bytes, at)
    }

    /// Text.
    pub const fn text(name: &'static str, label: &'static str, at: At) -> Self {
        Self::new(name, label, Kind::Text, at)
    }

    /// A header, or a group of fields under one title.
    pub const fn group(name: &'static str, label: &'static str) -> Self {
        Self::new(name, label, Kind::Group, At::Varies)
    }

    /// Writes the bytes with colons between them.
    #[must_use]
    pub const fn colons(self) -> Self {
        Self { colons: true, ..self }
    }

    /// Says that the field may occur several times in one layer or group.
    #[must_use]
    pub const fn many(self) -> Self {
        Self { many: true, ..self }
    }

    /// Makes the field writable in the notation under `arg`.
    #[must_use]
    pub const fn arg(self, arg: &'static str) -> Self {
        Self { arg, ..self }
    }

    /// The same value elsewhere: in an element of a list, under a name of its own.
    #[must_use]
    pub const fn param(&self, arg: &'static str, at: At) -> Self {
        Self { arg, at, many: false, ..*self }
    }

    /// Says that it holds several values, one after the other.
    #[must_use]
    pub const fn list(self) -> Self {
        Self { many: true, at: At::Varies, ..self }
    }

    /// Says what its value is a list of.
    #[must_use]
    pub const fn elements(self, family: &'static Family) -> Self {
        Self { elements: Some(family), ..self }
    }

    /// Gives the numbers meanings.
    #[must_use]
    pub const fn names(self, names: Names) -> Self {
        Self { names: Some(names), ..self }
    }

    /// Gives the numbers short words.
    #[must_use]
    pub const fn words(self, words: Words) -> Self {
        Self { words, ..self }
    }

    /// Sets the declared size in bytes of a number, where Wireshark's differs
    /// from the field's own width.
    #[must_use]
    pub const fn size(self, size: u8) -> Self {
        match self.kind {
            Kind::Uint(base, _) => Self { kind: Kind::Uint(base, size), ..self },
            _ => self,
        }
    }

    /// Shows only the number's name in trees.
    #[must_use]
    pub const fn name_only(self) -> Self {
        match self.kind {
            Kind::Uint(_, size) => Self { kind: Kind::Uint(Base::Name, size), ..self },
            _ => self,
        }
    }

    /// Shows hexadecimal first, then decimal, in trees.
    #[must_use]
    pub const fn hex_dec(self) -> Self {
        match self.kind {
            Kind::Uint(_, size) => Self { kind: Kind::Uint(Base::HexDec, size), ..self },
            _ => self,
        }
    }

    /// Marks the field as sr6's own, and says what it means.
    #[must_use]
    pub const fn own(self, about: &'static str) -> Self {
        Self { origin: Origin::Sr6, about, ..self }
    }

    /// The field's bytes in `header`: first byte and count, both 0 where the
    /// field has no fixed place.
    pub const fn byte_range(&self) -> (usize, usize) {
        match self.at {
            At::Bits { offset, width, .. } => {
                let (first, end) = (offset / 8, (offset + width).div_ceil(8));
                (first as usize, (end - first) as usize)
            }
            At::Varies | At::Derived => (0, 0),
        }
    }

    /// Reads the field from its fixed place in `header`; `None` where the
    /// header is too short, or the field has no fixed place.
    #[inline(always)]
    pub fn read<'a>(&self, header: &'a [u8]) -> Option<Value<'a>> {
        let At::Bits { offset, width, .. } = self.at else { return None };
        let (first, count) = self.byte_range();
        let raw = header.get(first..first + count)?;
        Some(match self.kind {
            Kind::Bool => Value::Bool(bits_of(raw, offset % 8, width) != 0),
            Kind::Uint(..) => Value::Uint(bits_of(raw, offset % 8, width)),
            Kind::Ether => Value::Ether(*raw.first_chunk()?),
            Kind::Ipv4 => Value::Ipv4(*raw.first_chunk()?),
            Kind::Ipv6 => Value::Ipv6(*raw.first_chunk()?),
            Kind::Bytes | Kind::Text | Kind::Group | Kind::Time | Kind::Duration => Value::Bytes(raw),
        })
    }

    /// Writes a number to the field's fixed place in `header`, leaving the bits
    /// around it alone.
    ///
    /// # Errors
    /// The number is wider than the field, the header too short for it, or the
    /// field not a number at a fixed place.
    pub fn write_uint(&self, header: &mut [u8], value: u64) -> Result<(), WriteError> {
        let At::Bits { offset, width, .. } = self.at else { return Err(WriteError::NoPlace(self.name)) };
        if width < 64 && value >> width != 0 {
            return Err(WriteError::TooWide { name: self.name, value, width });
        }
        let (first, count) = self.byte_range();
        let raw = header.get_mut(first..first + count).ok_or(WriteError::NoPlace(self.name))?;
        for bit in 0..width {
            let at = usize::from(offset % 8 + bit);
            let mask = 0x80u8 >> (at % 8);
            if value >> (width - 1 - bit) & 1 == 1 {
                raw[at / 8] |= mask;
            } else {
                raw[at / 8] &= !mask;
            }
        }
        Ok(())
    }

    /// Writes bytes (an address, raw bytes) to the field's fixed place.
    ///
    /// # Errors
    /// The count of bytes is not the field's, or there is no such place.
    pub fn write_bytes(&self, header: &mut [u8], value: &[u8]) -> Result<(), WriteError> {
        let (first, count) = self.byte_range();
        if value.len() != count || count == 0 {
            return Err(WriteError::NoPlace(self.name));
        }
        header.get_mut(first..first + count).ok_or(WriteError::NoPlace(self.name))?.copy_from_slice(value);
        Ok(())
    }
}

/// Why a value does not fit its field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum WriteError {
    /// More bits than the field has.
    #[error("{name}: {value} does not fit in {width} bits")]
    TooWide {
        /// The field's full name.
        name: &'static str,
        /// The value.
        value: u64,
        /// The field's width in bits.
        width: u16,
    },
    /// The field has no fixed place in this header.
    #[error("{0}: the header has no place for it")]
    NoPlace(&'static str),
}

/// The whole bytes a field at `at` needs, for its declared size.
const fn size_of(at: At) -> u8 {
    match at {
        At::Bits { width, drawn: (_, 0), .. } => width.div_ceil(8) as u8,
        At::Bits { drawn: (_, count), .. } => count.div_ceil(8) as u8,
        At::Varies | At::Derived => 4,
    }
}

/// `width` (at most 64) bits of `raw` after its first `skip` bits.
#[inline(always)]
fn bits_of(raw: &[u8], skip: u16, width: u16) -> u64 {
    // Nearly all fields lie within one, two or four bytes.
    let (word, have): (u32, u16) = match *raw {
        [a] => (u32::from(a), 8),
        [a, b] => (u32::from(u16::from_be_bytes([a, b])), 16),
        [a, b, c] => (u32::from_be_bytes([0, a, b, c]), 24),
        [a, b, c, d] => (u32::from_be_bytes([a, b, c, d]), 32),
        _ => return wide_bits_of(raw, skip, width),
    };
    u64::from(word >> have.saturating_sub(skip + width)) & ((1u64 << width) - 1)
}

/// As [`bits_of`], for what spans more bytes.
fn wide_bits_of(raw: &[u8], skip: u16, width: u16) -> u64 {
    let wide = raw.iter().take(9).fold(0u128, |acc, byte| acc << 8 | u128::from(*byte));
    let have = raw.len().min(9) as u16 * 8;
    let mask = if width >= 64 { u64::MAX } else { (1 << width) - 1 };
    (wide >> have.saturating_sub(skip + width)) as u64 & mask
}

/// A field's value, borrowed from the packet where it is bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// Nothing beyond being there.
    None,
    /// A flag.
    Bool(bool),
    /// A number.
    Uint(u64),
    /// A MAC address.
    Ether([u8; 6]),
    /// An IPv4 address.
    Ipv4([u8; 4]),
    /// An IPv6 address.
    Ipv6([u8; 16]),
    /// Raw bytes.
    Bytes(&'a [u8]),
    /// Text, not escaped.
    Text(&'a str),
    /// Nanoseconds: since 1970 UTC for times, a span for durations.
    Nanos(i128),
}

impl From<Ipv6Addr> for Value<'_> {
    fn from(address: Ipv6Addr) -> Self {
        Self::Ipv6(address.octets())
    }
}

impl From<Ipv4Addr> for Value<'_> {
    fn from(address: Ipv4Addr) -> Self {
        Self::Ipv4(address.octets())
    }
}

/// What the rest of the program needs to know of a protocol as a whole.
#[derive(Debug)]
pub struct Protocol {
    /// The filter name of the header itself: `ipv6`.
    pub name: &'static str,
    /// The layer's name in the packet notation: `ip6`.
    pub notation: &'static str,
    /// The first words of its line in a tree.
    pub title: &'static str,
    /// What a length error calls it.
    pub short: &'static str,
    /// Its header, as a field.
    pub header: &'static Field,
    /// Its fields, in the order of the header.
    pub fields: &'static [&'static Field],
    /// Whether a tree shows it inside the IP header it belongs to.
    pub inside: bool,
}

/// The fields of several lists as one; `N` is the count of them all.
///
/// # Panics
/// At compile time, where `N` is another number.
pub const fn joined<const N: usize>(lists: &[&[&'static Field]]) -> [&'static Field; N] {
    let mut all = [lists[0][0]; N];
    let (mut list, mut count) = (0, 0);
    while list < lists.len() {
        let mut at = 0;
        while at < lists[list].len() {
            all[count] = lists[list][at];
            at += 1;
            count += 1;
        }
        list += 1;
    }
    assert!(count == N);
    all
}

/// Defines a protocol's fields as statics, and `FIELDS`, the list of them all
/// in the order of the header. Fields that another protocol defines come first,
/// after `shared`.
macro_rules! fields {
    (shared [$($shared:path),* $(,)?] $($(#[$doc:meta])* $name:ident = $field:expr;)*) => {
        $($(#[$doc])* #[allow(missing_docs)] pub static $name: $crate::wire::field::Field = $field;)*
        /// Every field of this protocol.
        pub static FIELDS: &[&$crate::wire::field::Field] = &[$(&$shared,)* $(&$name),*];
    };
    ($($tokens:tt)*) => { $crate::wire::field::fields! { shared [] $($tokens)* } };
}
pub(crate) use fields;

#[cfg(test)]
mod tests {
    use super::*;

    static FLOW: Field = Field::hex("ipv6.flow", "Flow Label", bits(12, 20).drawn(1, 3));

    #[test]
    fn reads_and_writes_bits_across_bytes() {
        let mut header = [0xff; 40];
        FLOW.write_uint(&mut header, 0x6d8f6).unwrap();
        assert_eq!(header[..5], [0xff, 0xf6, 0xd8, 0xf6, 0xff]);
        assert_eq!(FLOW.read(&header), Some(Value::Uint(0x6d8f6)));
        assert_eq!(
            FLOW.write_uint(&mut header, 1 << 20).unwrap_err().to_string(),
            "ipv6.flow: 1048576 does not fit in 20 bits"
        );
        assert_eq!(FLOW.read(&header[..3]), None);
    }

    #[test]
    fn reads_64_bits_at_any_bit_offset() {
        static WIDE: Field = Field::dec("x", "x", bits(3, 64));
        let mut raw = [0u8; 9];
        WIDE.write_uint(&mut raw, 0x8123_4567_89ab_cdef).unwrap();
        assert_eq!(WIDE.read(&raw), Some(Value::Uint(0x8123_4567_89ab_cdef)));
    }
}
