//! Words around numbers and addresses, written by whoever wants them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::wire::text;

/// A line of text, not written yet.
#[derive(Clone, Copy)]
pub enum Phrase<'a> {
    /// What the standard library formats: anything, but slowly.
    Format(fmt::Arguments<'a>),
    /// Words as they are.
    Words(&'a str),
    /// What appends part after part, as `phrase!` makes it: for lines that every
    /// packet has. Who has no use for the text has not paid for it.
    Parts(&'a dyn Fn(&mut Vec<u8>)),
}

/// A part of a [`Phrase`].
#[derive(Debug, Clone, Copy)]
pub enum Part<'a> {
    /// Words as they are.
    Words(&'a str),
    /// A decimal number.
    Number(u64),
    /// A number as at least so many hexadecimal digits.
    Hex(u64, u32),
    /// A MAC address.
    Ether([u8; 6]),
    /// An IPv4 address.
    Ipv4(Ipv4Addr),
    /// An IPv6 address.
    Ipv6(Ipv6Addr),
}

/// A [`Phrase`] of parts: `phrase!["Src: ", source, ", ", count, " bytes"]`.
macro_rules! phrase {
    ($($part:expr),+ $(,)?) => {
        $crate::wire::phrase::Phrase::Parts(&|out: &mut Vec<u8>| {
            $($crate::wire::phrase::Part::from($part).write(out);)+
        })
    };
}
pub(crate) use phrase;

impl Phrase<'_> {
    /// Appends the text. Inlined, since what it is made of is mostly known where it
    /// is written.
    #[inline(always)]
    pub fn write(self, out: &mut Vec<u8>) {
        match self {
            Self::Format(text) => text::formatted(out, text),
            Self::Words(words) => out.extend_from_slice(words.as_bytes()),
            Self::Parts(write) => write(out),
        }
    }
}

impl fmt::Debug for Phrase<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::new();
        self.write(&mut text);
        String::from_utf8_lossy(&text).fmt(f)
    }
}

impl Part<'_> {
    /// Appends the part. Inlined, since which one it is is known where it is made.
    #[inline(always)]
    pub fn write(self, out: &mut Vec<u8>) {
        match self {
            Self::Words(words) => out.extend_from_slice(words.as_bytes()),
            Self::Number(number) => text::decimal(out, number),
            Self::Hex(number, digits) => text::hexadecimal(out, number, digits),
            Self::Ether(octets) => text::ether(out, octets),
            Self::Ipv4(address) => text::ipv4(out, address.octets()),
            Self::Ipv6(address) => text::ipv6(out, address.octets()),
        }
    }
}

impl<'a> From<fmt::Arguments<'a>> for Phrase<'a> {
    fn from(text: fmt::Arguments<'a>) -> Self {
        Self::Format(text)
    }
}

impl<'a> From<&'a str> for Phrase<'a> {
    fn from(words: &'a str) -> Self {
        Self::Words(words)
    }
}

impl<'a> From<&'a str> for Part<'a> {
    fn from(words: &'a str) -> Self {
        Self::Words(words)
    }
}

impl From<u64> for Part<'_> {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<u16> for Part<'_> {
    fn from(number: u16) -> Self {
        Self::Number(u64::from(number))
    }
}

impl From<usize> for Part<'_> {
    fn from(number: usize) -> Self {
        Self::Number(number as u64)
    }
}

impl From<[u8; 6]> for Part<'_> {
    fn from(octets: [u8; 6]) -> Self {
        Self::Ether(octets)
    }
}

impl From<Ipv4Addr> for Part<'_> {
    fn from(address: Ipv4Addr) -> Self {
        Self::Ipv4(address)
    }
}

impl From<Ipv6Addr> for Part<'_> {
    fn from(address: Ipv6Addr) -> Self {
        Self::Ipv6(address)
    }
}

impl From<IpAddr> for Part<'_> {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::Ipv4(address),
            IpAddr::V6(address) => Self::Ipv6(address),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_written_as_they_would_be_formatted() {
        let (v4, v6) = (Ipv4Addr::new(10, 0, 0, 1), Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 1));
        let mut parts = Vec::new();
        phrase!["a ", 7u64, 8u16, 9usize, " 0x", Part::Hex(0xab, 4), " ", v4, " ", v6, " ", [1, 2, 3, 4, 5, 0xff]]
            .write(&mut parts);
        let mut formatted = Vec::new();
        Phrase::from(format_args!("a 789 0x{:04x} {v4} {v6} 01:02:03:04:05:ff", 0xab)).write(&mut formatted);
        assert_eq!(String::from_utf8(parts), String::from_utf8(formatted));
    }
}
