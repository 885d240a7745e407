//! The values a layer's fields can be given.

use std::net::{Ipv4Addr, Ipv6Addr};

use thiserror::Error;

use crate::craft::Element;
use crate::craft::vary::Vary;
use crate::wire::field::{At, Field, Kind};

/// A value given to a field.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Arg {
    /// A number; 0 and 1 for flags.
    Uint(u64),
    /// A MAC address.
    Ether([u8; 6]),
    /// An IPv4 address.
    Ipv4(Ipv4Addr),
    /// An IPv6 address.
    Ipv6(Ipv6Addr),
    /// Raw bytes; for a field at a fixed place, as many as it has.
    Bytes(Vec<u8>),
    /// One element of a list: an option, a TLV.
    Element(Element),
    /// Several values.
    List(Vec<Arg>),
    /// For checksums: a wrong one, whatever the right one is.
    Bad,
    /// Another value in each packet. Only a [`Series`](crate::craft::vary::Series)
    /// builds packets from it.
    Vary(Box<Vary>),
}

macro_rules! from {
    ($($type:ty => $variant:ident $(via $via:path)?),* $(,)?) => {$(
        impl From<$type> for Arg {
            fn from(value: $type) -> Self {
                Self::$variant($($via)?(value))
            }
        }
    )*};
}

from! {
    bool => Uint via u64::from,
    u8 => Uint via u64::from,
    u16 => Uint via u64::from,
    u32 => Uint via u64::from,
    u64 => Uint via std::convert::identity,
    [u8; 6] => Ether via std::convert::identity,
    Ipv4Addr => Ipv4 via std::convert::identity,
    Ipv6Addr => Ipv6 via std::convert::identity,
    Vec<u8> => Bytes via std::convert::identity,
    &[u8] => Bytes via Vec::from,
    Element => Element via std::convert::identity,
    Vec<Arg> => List via std::convert::identity,
    Vary => Vary via Box::new,
}

/// Why a value cannot be given to a field.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ArgError {
    /// Another type of value is needed.
    #[error("{arg} takes {takes}")]
    Kind {
        /// The notation's name of the field.
        arg: &'static str,
        /// What it takes.
        takes: &'static str,
    },
    /// A number with more bits than the field has.
    #[error("{value} does not fit in the {width} bits of {arg} (at most {})", u64::MAX >> (64 - *.width))]
    TooWide {
        /// The notation's name of the field.
        arg: &'static str,
        /// The value.
        value: u64,
        /// The field's width in bits, 1 to 63.
        width: u16,
    },
    /// Raw bytes, but not as many as the field has.
    #[error("{arg} has {needed} bytes, not {given}")]
    Size {
        /// The notation's name of the field.
        arg: &'static str,
        /// Bytes the field has.
        needed: usize,
        /// Bytes given.
        given: usize,
    },
    /// A varying value among the values of another one.
    #[error("{0} varies within one of its values; let it vary once")]
    Nested(&'static str),
    /// A varying value that has none.
    #[error("{0} has no values to choose from")]
    NoValues(&'static str),
    /// A range that does not get on.
    #[error("a range of {0} goes on by 1 or more")]
    NoStep(&'static str),
    /// A field whose values cannot be counted through.
    #[error("{arg} has no order to count or roll dice in; give its values by each(…): it takes {takes}")]
    Endless {
        /// The notation's name of the field.
        arg: &'static str,
        /// What it takes.
        takes: &'static str,
    },
    /// The field is only read, never written.
    #[error("{0} is worked out from other fields and cannot be given")]
    ReadOnly(&'static str),
}

/// What can be given to `field`, in words: "an IPv6 address".
pub fn expects(field: &Field) -> &'static str {
    match field.kind {
        Kind::Bool => "a flag: nothing, 0 or 1",
        Kind::Uint(..) if field.arg == "cksum" => "a number, or bad",
        Kind::Uint(..) if is_list(field) => "a list of numbers: [1, 2]",
        Kind::Uint(..) => "a number",
        Kind::Ether => "a MAC address",
        Kind::Ipv4 if is_list(field) => "a list of IPv4 addresses: [A, B]",
        Kind::Ipv4 => "an IPv4 address",
        Kind::Ipv6 if is_list(field) => "a list of IPv6 addresses: [A, B]",
        Kind::Ipv6 => "an IPv6 address",
        Kind::Bytes if field.elements.is_some() => {
            if field.elements.is_some_and(|family| family.what == "TLV") {
                "a list of TLVs: [padn(4), tlv(9, 00ff)]"
            } else {
                "a list: [opt(30, 00ff)], or bytes in hexadecimal"
            }
        }
        Kind::Bytes if numeric_bytes(field) => "a number",
        Kind::Bytes => "bytes in hexadecimal",
        Kind::Text => "text",
        Kind::Group | Kind::Time | Kind::Duration => "nothing",
    }
}

/// Whether `field` holds several values.
pub fn is_list(field: &Field) -> bool {
    let varies = !matches!(field.at, At::Bits { .. });
    field.elements.is_some()
        || varies && field.kind == Kind::Ipv6
        || varies && field.many && matches!(field.kind, Kind::Uint(..) | Kind::Ipv4)
}

/// Whether `field`, though Wireshark shows its bytes, is small enough to be
/// given as a number.
fn numeric_bytes(field: &Field) -> bool {
    field.kind == Kind::Bytes && matches!(field.byte_range().1, 1..=8)
}

/// The bits a number may have in `field`.
pub(super) fn width(field: &Field) -> u16 {
    match (field.at, field.kind) {
        (At::Bits { width, .. }, _) => width,
        (_, Kind::Uint(_, size)) => u16::from(size) * 8,
        _ => 1,
    }
}

/// Checks that a number fits in `width` bits.
fn fits(value: u64, width: u16, arg: &'static str) -> Result<(), ArgError> {
    if width < 64 && value >> width != 0 { Err(ArgError::TooWide { arg, value, width }) } else { Ok(()) }
}

impl Arg {
    /// Whether it, or an element of it, differs from packet to packet.
    pub fn varies(&self) -> bool {
        match self {
            Self::Vary(_) => true,
            Self::List(items) => items.iter().any(Self::varies),
            Self::Element(element) => element.args().any(|(_, value)| value.varies()),
            _ => false,
        }
    }

    /// Checks that the value can be given to `field`.
    ///
    /// # Errors
    /// It is of another type, too wide, or of the wrong size.
    pub fn check(&self, field: &'static Field) -> Result<(), ArgError> {
        let arg = field.arg;
        let takes = || ArgError::Kind { arg, takes: expects(field) };
        if arg.is_empty() {
            return Err(ArgError::ReadOnly(field.name));
        }
        match (self, field.kind) {
            (Self::Vary(vary), _) => vary.check(field, false),
            (Self::Uint(value), Kind::Uint(..) | Kind::Bool | Kind::Bytes) if !is_list(field) => {
                if field.kind == Kind::Bytes && !numeric_bytes(field) {
                    return Err(takes());
                }
                fits(*value, width(field), arg)
            }
            (Self::Ether(_), Kind::Ether) => Ok(()),
            (Self::Ipv4(_), Kind::Ipv4) if !is_list(field) => Ok(()),
            (Self::Ipv6(_), Kind::Ipv6) if !is_list(field) => Ok(()),
            (Self::Bad, Kind::Uint(..)) if arg == "cksum" => Ok(()),
            (Self::List(items), kind) if is_list(field) => items.iter().try_for_each(|item| match (item, kind) {
                (Self::Vary(vary), Kind::Ipv6 | Kind::Ipv4 | Kind::Uint(..)) => vary.check(field, true),
                (Self::Ipv6(_), Kind::Ipv6) | (Self::Ipv4(_), Kind::Ipv4) => Ok(()),
                (Self::Uint(value), Kind::Uint(..)) => fits(*value, width(field), arg),
                (Self::Bytes(_), Kind::Bytes) => Ok(()),
                (Self::Element(element), Kind::Bytes)
                    if field.elements.is_some_and(|family| std::ptr::eq(family, element.family())) =>
                {
                    element.check()
                }
                _ => Err(takes()),
            }),
            (Self::Bytes(bytes), _) => match field.at {
                At::Bits { offset, width, .. } if offset % 8 == 0 && width % 8 == 0 => {
                    let (needed, given) = (usize::from(width) / 8, bytes.len());
                    if needed == given { Ok(()) } else { Err(ArgError::Size { arg, needed, given }) }
                }
                At::Varies if !is_list(field) || field.kind == Kind::Bytes => Ok(()),
                At::Derived if field.kind == Kind::Text => Ok(()),
                _ => Err(takes()),
            },
            _ => Err(takes()),
        }
    }
}
